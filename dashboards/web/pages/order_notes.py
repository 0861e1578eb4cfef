"""What an order's history tells of each act, in the reader's words; what people wrote as they wrote it. Pure."""

from __future__ import annotations

from dashboards.web.format import percent_text
from dashboards.web.strings import Strings
from schemas.alert import RULES
from schemas.order_told import ELSEWHERE, OrderTold
from schemas.work import REPLACE_REASONS
from schemas.work_views import OrderHistoryView


def history_note(entry: OrderHistoryView, strings: Strings) -> str:
    """The note of one act."""
    if entry.told is None:
        return _note_of_old(entry, strings)
    told = entry.told
    match entry.act:
        case "opened" | "raised":
            return _asked(told, strings)
        case "moved":
            return f"→ {_device(told, strings)}"
        case "claimed":
            return _claimed(told, strings)
        case "confirmed":
            return _confirmed(told, entry.note, strings)
        case _:
            return entry.note


def _asked(told: OrderTold, strings: Strings) -> str:
    words = strings.pages.work.order
    if told.rule is None:
        return words.told_refitted.format(device=_device(told, strings))
    what = strings.fleet.rules[told.rule]
    return words.told_again.format(what=what) if told.again else what


def _device(told: OrderTold, strings: Strings) -> str:
    hidden = told.device_id is None or told.device_id == ELSEWHERE
    return strings.pages.work.order.told_elsewhere if hidden else str(told.device_id)


def _claimed(told: OrderTold, strings: Strings) -> str:
    words = strings.pages.work.order
    reason = words.reasons[told.reason] if told.reason is not None else ""
    fitted = words.told_fitted.format(serial=told.serial) if told.serial is not None else ""
    return ": ".join(part for part in (reason, fitted, told.text) if part)


def _confirmed(told: OrderTold, note: str, strings: Strings) -> str:
    words, numbers = strings.pages.work.order, strings.numbers
    if told.serial is not None and told.made_by is not None:
        return words.told_replaced[told.made_by].format(serial=told.serial)
    if told.health_then is not None and told.health_now is not None:
        before, now = percent_text(told.health_then, numbers), percent_text(told.health_now, numbers)
        return words.told_health.format(before=before, now=now)
    return note


def _note_of_old(entry: OrderHistoryView, strings: Strings) -> str:
    """What an older version wrote begins with a code, where it is not a person's own words."""
    words = strings.pages.work.order
    if entry.note == ELSEWHERE:
        return words.told_elsewhere
    head, _, rest = entry.note.partition(": ")
    reason = next((known for known in REPLACE_REASONS if known == head), None)
    if entry.act == "claimed" and reason is not None:
        return f"{words.reasons[reason]}: {rest}" if rest else words.reasons[reason]
    rule = next((known for known in RULES if known == entry.note.partition(",")[0]), None)
    if entry.act in ("opened", "raised") and rule is not None:
        return strings.fleet.rules[rule]
    if entry.act in ("assigned", "moved"):
        name = entry.note.removeprefix("to ")
        return words.nobody if name == "nobody" else f"→ {name}"
    return entry.note
