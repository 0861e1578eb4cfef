"""The words of a message: subject, plain text, HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from gateway.notify.claim_wording import claim_html, claim_lines, claim_subject
from gateway.notify.notice import Item, Notice
from gateway.notify.texts import one_line, when, where_line
from gateway.notify.urgency import INTERVAL_NOTE, has_interval, left, percent, urgency_line
from schemas.alert import Rule

_LONGEST_SUBJECT: Final = 150
_BAR_CELLS: Final = 20
_COLOURS: Final = {"info": "#2c6e9e", "warning": "#a86100", "critical": "#b3261e"}
_NONE: Final[Mapping[int, str]] = MappingProxyType({})

TITLES: Final[dict[Rule, str]] = {
    "nozzle_due": "Nozzle due",
    "nozzle_worn_out": "Nozzle worn out",
    "nozzle_expired": "Nozzle expired",
    "nozzle_recalled": "Nozzle recalled",
    "nozzle_mismatched": "Nozzle does not fit",
    "nozzle_duplicate": "Nozzle serial seen twice",
    "nozzle_unconfirmed_swap": "Nozzle swap not reported",
    "nozzle_wear_abnormal": "Nozzle wears too fast",
    "battery_low": "Battery low",
    "battery_degraded": "Battery worn",
    "mains_lost": "Mains lost",
    "clinic_mains_lost": "Clinic without mains",
    "device_silent": "Device silent",
    "clinic_silent": "Clinic silent",
    "session_overlong": "Session overlong",
    "depth_out_of_range": "Depth out of range",
    "clock_skew": "Device clock wrong",
    "data_gap": "Records missing",
    "message_rejected": "Messages rejected",
    "gateway_disk_low": "Gateway: disk low",
    "gateway_broker_lost": "Gateway: broker lost",
    "gateway_message_dead": "Gateway: messages not delivered",
}


def subject(notice: Notice) -> str:
    """The headline: what and where."""
    if notice.reason == "test":
        return "Silverpoint: test message"
    if notice.orders:
        return _cut(claim_subject(notice))
    items = notice.firing or notice.resolved
    told = len(items) + notice.left_out
    head = items[0]
    mark = head.severity.upper() if notice.firing else "RESOLVED"
    again = " (still open)" if notice.reason == "repeat" else ""
    what = _what(items, told)
    clinics = {item.place.clinic_id for item in (*notice.firing, *notice.resolved)}
    where = where_line(head.place, device=told == 1) if len(clinics) == 1 else f"{len(clinics)} clinics"
    return _cut(one_line(f"[{mark}] {what}{again}: {where}"))


def _what(items: Sequence[Item], told: int) -> str:
    title = TITLES[items[0].rule]
    if told == 1:
        return title
    same = told == len(items) and all(item.rule == items[0].rule for item in items)
    return f"{told} × {title}" if same else f"{title} and {told - 1} more"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1] + "…"


def plain(notice: Notice) -> str:
    """The whole message as plain text."""
    return "\n".join(_plain_lines(notice)) + "\n"


def html(notice: Notice, pictures: Mapping[int, str] = _NONE) -> str:
    """The whole message as HTML. An alert about wear has its picture where there is one: `pictures` names the part of
    the mail for each alert; otherwise a bar. It loads nothing from elsewhere."""
    parts = [
        '<!DOCTYPE html><html lang="en"><body style="font:15px/1.5 sans-serif;color:#222;max-width:40em">',
        f'<h1 style="font-size:18px">{escape(subject(notice))}</h1>',
        f"<p>{escape(bring)}</p>" if (bring := bring_line(notice)) else "",
        *(_html_item(item, notice.timezone, pictures) for item in (*notice.firing, *notice.resolved)),
    ]
    if notice.orders:
        parts += claim_html(notice)
    elif notice.left_out:
        parts.append(f"<p>and {notice.left_out} more</p>")
    if notice.reason == "test":
        parts.append("<p>Messages from Silverpoint reach you.</p>")
    if any(map(has_interval, notice.firing)):
        parts.append(f"<p><small>{INTERVAL_NOTE}</small></p>")
    address = escape(notice.link, quote=True)
    parts.append(f'<p><a href="{address}">Open and act</a><br><small>{address}</small></p></body></html>')
    return "".join(parts)


def bring_line(notice: Notice) -> str:
    """All parts that a message is about, where it is more than one alert's."""
    needed = ", ".join(f"{need.number} × {one_line(need.part)}" for need in notice.parts)
    return f"Bring: {needed}" if sum(need.number for need in notice.parts) > 1 else ""


def wear_line(item: Item) -> str:
    """What a picture of the wear shows, in words: how far it is, and when it will be at its limit."""
    if item.wear_ratio is None:
        return ""
    days = item.forecast.remaining_days if item.forecast is not None else None
    ahead = f"; {left(days, 'day')}" if days is not None and item.wear_ratio < 1.0 else ""
    return f"wear {percent(item.wear_ratio)} of the limit{ahead}"


def _plain_lines(notice: Notice) -> Iterator[str]:
    yield subject(notice)
    if notice.reason == "test":
        yield "Messages from Silverpoint reach you."
    if bring := bring_line(notice):
        yield bring
    for item in (*notice.firing, *notice.resolved):
        yield ""
        yield f"{TITLES[item.rule]}{'' if item.firing else ' - resolved; it was'}: {one_line(item.summary)}"
        yield f"  where:  {where_line(item.place)}"
        yield f"  since:  {when(item.since_ms, notice.timezone)}{_until(item, notice.timezone)}"
        if item.firing:
            yield f"  urgent: {urgency_line(item)}"
        if item.firing and item.wear_ratio is not None:
            yield f"  wear:   {_text_bar(item.wear_ratio)} {percent(item.wear_ratio)} of the limit"
        if item.firing and item.part:
            yield f"  part:   {one_line(item.part)}"
    if notice.orders:
        yield from claim_lines(notice)
    elif notice.left_out:
        yield ""
        yield f"and {notice.left_out} more"
    if any(map(has_interval, notice.firing)):
        yield ""
        yield INTERVAL_NOTE
    yield ""
    yield f"Open and act: {notice.link}"


def _html_item(item: Item, zone: str, pictures: Mapping[int, str]) -> str:
    colour = _COLOURS[item.severity] if item.firing else "#3b7a3b"
    title = TITLES[item.rule] + ("" if item.firing else " – resolved; it was")
    rows = [
        ("Where", where_line(item.place)),
        ("Since", when(item.since_ms, zone) + _until(item, zone)),
        ("Urgent", urgency_line(item) if item.firing else ""),
        ("Part", one_line(item.part) if item.firing else ""),
    ]
    lines = "".join(f"<br><b>{name}:</b> {escape(text)}" for name, text in rows if text)
    shown = pictures.get(item.alert_id)
    if shown is not None:
        bar = _html_picture(shown, wear_line(item))
    else:
        bar = _html_bar(item.wear_ratio, colour) if item.firing and item.wear_ratio is not None else ""
    return (
        f'<div style="border-left:4px solid {colour};padding:0 0 0 12px;margin:16px 0">'
        f'<b style="color:{colour}">{escape(title)}</b>: {escape(one_line(item.summary))}{lines}{bar}</div>'
    )


def _html_picture(content_id: str, words: str) -> str:
    return (
        f'<br><img src="cid:{escape(content_id, quote=True)}" alt="{escape(words, quote=True)}" width="560"'
        ' style="display:block;width:100%;max-width:560px;height:auto;margin:10px 0 0">'
    )


def _html_bar(wear_ratio: float, colour: str) -> str:
    filled = round(100 * min(1.0, max(0.0, wear_ratio)))
    rest = f'<td style="background:#e4e4e4;width:{100 - filled}%">&nbsp;</td>' if filled < 100 else ""
    done = f'<td style="background:{colour};width:{filled}%">&nbsp;</td>' if filled else ""
    return (
        f'<table role="img" aria-label="wear {percent(wear_ratio)} of the limit" cellspacing="0" cellpadding="0"'
        f' style="width:240px;height:12px;font-size:8px;margin:6px 0"><tr>{done}{rest}</tr></table>'
    )


def _text_bar(wear_ratio: float) -> str:
    filled = round(_BAR_CELLS * min(1.0, max(0.0, wear_ratio)))
    return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}]"


def _until(item: Item, zone: str) -> str:
    return f" until {when(item.ended_ms, zone)}" if item.ended_ms is not None else ""
