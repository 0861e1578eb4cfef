"""The words about claims that nothing confirms: what was claimed, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from gateway.notify.notice import Notice, OrderItem
from gateway.notify.texts import one_line, when, where_line

_MARKS: Final = {"reminder": "REMINDER", "escalation": "ESCALATED"}
_COLOURS: Final = {"reminder": "#a86100", "escalation": "#b3261e"}
_TO_DO: Final = {
    "reminder": "Nothing that the devices sent confirms what you claimed. Record the swap if the device did not report"
    " it, do the work if it is still to be done, or ask a manager to close the order.",
    "escalation": "This was claimed some days ago, and nothing that the devices sent confirms it. Ask whoever claimed"
    " it; then record the swap, or close the order with a reason.",
}


def claim_subject(notice: Notice) -> str:
    """The headline: what and where."""
    first = notice.orders[0]
    told = len(notice.orders) + notice.left_out
    what = f"{first.kind} {first.subject}" if told == 1 else f"{told} orders"
    return one_line(f"[{_MARKS[notice.reason]}] Claimed, not confirmed: {what}, {_where(first, one=told == 1)}")


def claim_lines(notice: Notice) -> Iterator[str]:
    """The message as plain text, without headline and link."""
    for item in notice.orders:
        yield ""
        yield _what(item)
        for name, text in _rows(item, notice.timezone):
            yield f"  {name.lower() + ':':<9}{text}"
    if notice.left_out:
        yield ""
        yield f"and {notice.left_out} more"
    yield ""
    yield _TO_DO[notice.reason]


def claim_html(notice: Notice) -> Iterator[str]:
    """The message's parts as HTML, without headline and link."""
    colour = _COLOURS[notice.reason]
    for item in notice.orders:
        rows = "".join(f"<br><b>{name}:</b> {escape(text)}" for name, text in _rows(item, notice.timezone))
        yield (
            f'<div style="border-left:4px solid {colour};padding:0 0 0 12px;margin:16px 0">'
            f'<b style="color:{colour}">{escape(_what(item))}</b>{rows}</div>'
        )
    if notice.left_out:
        yield f"<p>and {notice.left_out} more</p>"
    yield f"<p>{escape(_TO_DO[notice.reason])}</p>"


def _what(item: OrderItem) -> str:
    """What was to be done; an alert's own sentence names its subject, a person's need not."""
    summary = one_line(item.summary)
    return summary if item.subject in summary else f"{item.kind.capitalize()} {one_line(item.subject)}: {summary}"


def _rows(item: OrderItem, zone: str) -> Iterator[tuple[str, str]]:
    yield "Where", where_line(item.place)
    why = f" as {item.claim_reason}" if item.claim_reason else ""
    yield "Claimed", f"{one_line(item.claimed_by)}{why}, {when(item.claimed_ms, zone)}"
    yield "Urgent", item.severity
    if item.part:
        yield "Part", one_line(item.part)


def _where(item: OrderItem, *, one: bool) -> str:
    return where_line(item.place, device=one)
