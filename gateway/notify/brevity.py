"""A message in little room, for chats and SMS: they refuse what is too long, and show the headline apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.notify.notice import Item, Notice
from gateway.notify.texts import one_line
from gateway.notify.urgency import urgency_line
from gateway.notify.wording import TITLES, bring_line, plain

_MARK: Final = "- "


def body_within(notice: Notice, room: int) -> str:
    """The message without its headline, in full or else as a line for each alert, of as many as there is room for.

    The number of the others and the link are always there, be the room ever so small.
    """
    full = plain(notice).partition("\n")[2].strip("\n")
    return full if len(full) <= room else _brief(notice, room)


def _brief(notice: Notice, room: int) -> str:
    lines = [_MARK + line for line in _lines(notice)]
    head = [bring] if (bring := bring_line(notice)) else []
    for shown in range(len(lines), -1, -1):
        left_out = notice.left_out + len(lines) - shown
        tail = [f"and {left_out} more"] if left_out and shown else []
        text = "\n".join((*head, *lines[:shown], *tail, notice.link))
        if len(text) <= room:
            return text
    return notice.link


def _lines(notice: Notice) -> Iterator[str]:
    for item in (*notice.firing, *notice.resolved):
        yield _line(item)
    for order in notice.orders:
        yield f"{order.kind.capitalize()} {one_line(order.subject)}: {one_line(order.summary)} ({order.claimed_by})"


def _line(item: Item) -> str:
    title = TITLES[item.rule] if item.firing else f"{TITLES[item.rule]} - resolved"
    told = [f"{title}: {one_line(item.summary)}", one_line(item.place.room)]
    if item.firing:
        told.append(urgency_line(item))
    return "; ".join(part for part in told if part)
