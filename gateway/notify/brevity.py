"""A message in little room, for chats and SMS: they refuse what is too long, and show the headline apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dashboards.web.message_strings import MessageWords
from gateway.notify.claim_wording import thing_line
from gateway.notify.notice import Item, Notice
from gateway.notify.texts import more, one_line
from gateway.notify.urgency import urgency_line
from gateway.notify.wording import bring_line, plain, words_of

_MARK: Final = "- "


def body_within(notice: Notice, room: int) -> str:
    """The message without its headline, in full or else as a line for each alert, of as many as there is room for.

    The number of the others and the link are always there, be the room ever so small.
    """
    full = plain(notice).partition("\n")[2].strip("\n")
    return full if len(full) <= room else _brief(notice, room)


def _brief(notice: Notice, room: int) -> str:
    words = words_of(notice)
    lines = [_MARK + line for line in _lines(notice, words)]
    head = [bring] if (bring := bring_line(notice)) else []
    for shown in range(len(lines), -1, -1):
        left_out = notice.left_out + len(lines) - shown
        tail = [more(left_out, words)] if left_out and shown else []
        text = "\n".join((*head, *lines[:shown], *tail, notice.link))
        if len(text) <= room:
            return text
    return notice.link


def _lines(notice: Notice, words: MessageWords) -> Iterator[str]:
    for item in (*notice.firing, *notice.resolved):
        yield _line(item, words)
    for order in notice.orders:
        yield f"{thing_line(order, words)} ({order.claimed_by})"


def _line(item: Item, words: MessageWords) -> str:
    title = words.titles[item.rule]
    told = [
        f"{title if item.firing else words.ended_brief.format(title=title)}: {one_line(item.summary)}",
        one_line(item.place.room),
    ]
    if item.firing:
        told.append(urgency_line(item, words))
    return "; ".join(part for part in told if part)
