"""The words of a message: subject, plain text, HTML. In the language of whoever gets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from dashboards.web.format import wear_percent
from dashboards.web.message_strings import AlertRows, MessageWords
from dashboards.web.strings import strings_of
from gateway.notify import mail_style
from gateway.notify.claim_wording import claim_html, claim_lines, claim_subject
from gateway.notify.notice import Item, Notice
from gateway.notify.texts import count, more, one_line, under, when, where_line
from gateway.notify.urgency import has_interval, left, percent, urgency_line

_LONGEST_SUBJECT: Final = 150
_BAR_CELLS: Final = 20
_NONE: Final[Mapping[int, str]] = MappingProxyType({})


def words_of(notice: Notice) -> MessageWords:
    """The words of the notice's language."""
    return strings_of(notice.language).message


def subject(notice: Notice) -> str:
    """The headline: what and where."""
    words = words_of(notice)
    if notice.reason == "test":
        return words.test_subject
    if notice.orders:
        return _cut(claim_subject(notice, words))
    items = notice.firing or notice.resolved
    told = len(items) + notice.left_out
    head = items[0]
    clinics = {item.place.clinic_id for item in (*notice.firing, *notice.resolved)}
    where = words.clinics.format(n=count(len(clinics), words))
    if len(clinics) == 1:
        where = where_line(head.place, words, device=told == 1)
    template = words.subject_again if notice.reason == "repeat" else words.subject
    mark = words.marks[head.severity] if notice.firing else words.mark_resolved
    return _cut(one_line(template.format(mark=mark, what=_what(items, told, words), where=where)))


def _what(items: Sequence[Item], told: int, words: MessageWords) -> str:
    title = words.titles[items[0].rule]
    if told == 1:
        return title
    if told == len(items) and all(item.rule == items[0].rule for item in items):
        return words.same.format(n=count(told, words), title=title)
    return words.others.of(told - 1).format(title=title, n=count(told - 1, words))


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1] + "…"


def plain(notice: Notice) -> str:
    """The whole message as plain text."""
    return "\n".join(_plain_lines(notice, words_of(notice))) + "\n"


def html(notice: Notice, pictures: Mapping[int, str] = _NONE) -> str:
    """The whole message as HTML. An alert about wear has its picture where there is one: `pictures` names the part of
    the mail for each alert; otherwise a bar. It loads nothing from elsewhere."""
    strings = strings_of(notice.language)
    words = strings.message
    parts = [
        f'<!DOCTYPE html><html lang="{strings.language}">{mail_style.head()}{mail_style.body()}',
        f'<h1 style="font-size:19px;line-height:1.35;margin:0 0 12px">{escape(subject(notice))}</h1>',
        f"<p>{escape(bring)}</p>" if (bring := bring_line(notice)) else "",
        *(_html_item(item, notice.timezone, pictures, words) for item in (*notice.firing, *notice.resolved)),
    ]
    if notice.orders:
        parts += claim_html(notice, words)
    elif notice.left_out:
        parts.append(f"<p>{escape(more(notice.left_out, words))}</p>")
    if notice.reason == "test":
        parts.append(f"<p>{escape(words.test)}</p>")
    if any(map(has_interval, notice.firing)):
        parts.append(f"<p {mail_style.muted()}>{escape(words.outlook.interval_note)}</p>")
    address = escape(notice.link, quote=True)
    parts.append(f'<p style="margin:24px 0 8px"><a href="{address}" {mail_style.button()}>{escape(words.act)}</a></p>')
    parts.append(f"<p {mail_style.muted()}>{address}</p></div></body></html>")
    return "".join(parts)


def bring_line(notice: Notice) -> str:
    """All parts that a message is about, where it is more than one alert's."""
    words = words_of(notice)
    needed = ", ".join(
        words.needed.format(n=count(need.number, words), part=one_line(need.part)) for need in notice.parts
    )
    return words.bring.format(parts=needed) if sum(need.number for need in notice.parts) > 1 else ""


def wear_line(item: Item, words: MessageWords) -> str:
    """What a picture of the wear shows, in words: how far it is, and when it will be at its limit."""
    if item.wear_ratio is None:
        return ""
    said = words.outlook
    worn = percent(item.wear_ratio, said)
    days = item.forecast.remaining_days if item.forecast is not None else None
    if days is None or item.wear_ratio >= 1.0:
        return said.wear.format(wear=worn)
    return said.wear_ahead.format(wear=worn, left=left(days, "day", words))


def _plain_lines(notice: Notice, words: MessageWords) -> Iterator[str]:
    yield subject(notice)
    if notice.reason == "test":
        yield words.test
    if bring := bring_line(notice):
        yield bring
    for item in (*notice.firing, *notice.resolved):
        yield ""
        yield from _plain_item(item, notice.timezone, words)
    if notice.orders:
        yield from claim_lines(notice, words)
    elif notice.left_out:
        yield ""
        yield more(notice.left_out, words)
    if any(map(has_interval, notice.firing)):
        yield ""
        yield words.outlook.interval_note
    yield ""
    yield f"{words.act}: {notice.link}"


def _plain_item(item: Item, zone: str, words: MessageWords) -> Iterator[str]:
    labels, title = words.text_rows, words.titles[item.rule]
    yield f"{title if item.firing else words.ended_text.format(title=title)}: {one_line(item.summary)}"
    rows = [*_rows(item, zone, labels, words)]
    if item.firing and item.wear_ratio is not None:
        worn = words.outlook.of_limit.format(wear=percent(item.wear_ratio, words.outlook))
        rows.append((labels.wear, f"{_text_bar(item.wear_ratio)} {worn}"))
    for label, text in (*rows, *_part_row(item, labels)):
        yield under(label, labels, text)


def _rows(item: Item, zone: str, labels: AlertRows, words: MessageWords) -> Iterator[tuple[str, str]]:
    yield labels.where, where_line(item.place, words)
    began = when(item.since_ms, zone, words)
    if item.ended_ms is None:
        yield labels.since, began
    else:
        yield labels.lasted, words.until.format(since=began, ended=when(item.ended_ms, zone, words))
    if item.firing:
        yield labels.urgent, urgency_line(item, words)


def _part_row(item: Item, labels: AlertRows) -> Iterator[tuple[str, str]]:
    if item.firing and item.part:
        yield labels.part, one_line(item.part)


def _html_item(item: Item, zone: str, pictures: Mapping[int, str], words: MessageWords) -> str:
    tone: mail_style.Tone = item.severity if item.firing else "over"
    title = words.titles[item.rule] if item.firing else words.ended.format(title=words.titles[item.rule])
    lines = "".join(
        f"<br><b>{escape(label)}:</b> {escape(text)}"
        for label, text in (*_rows(item, zone, words.rows, words), *_part_row(item, words.rows))
    )
    shown = pictures.get(item.alert_id)
    if shown is not None:
        bar = _html_picture(shown, wear_line(item, words))
    else:
        bar = _html_bar(item.wear_ratio, tone, words) if item.firing and item.wear_ratio is not None else ""
    return (
        f"<div {mail_style.block(tone)}>"
        f"<b {mail_style.title(tone)}>{escape(title)}</b>: {escape(one_line(item.summary))}{lines}{bar}</div>"
    )


def _html_picture(content_id: str, words: str) -> str:
    return (
        f'<br><img src="cid:{escape(content_id, quote=True)}" alt="{escape(words, quote=True)}" width="560"'
        ' class="picture" style="display:block;width:100%;max-width:560px;height:auto;margin:10px 0 0">'
    )


def _html_bar(wear_ratio: float, tone: mail_style.Tone, words: MessageWords) -> str:
    filled = min(100, max(0, wear_percent(wear_ratio)))
    rest = f"<td {mail_style.rest(100 - filled)}>&nbsp;</td>" if filled < 100 else ""
    done = f"<td {mail_style.filled(tone, filled)}>&nbsp;</td>" if filled else ""
    label = words.outlook.wear.format(wear=percent(wear_ratio, words.outlook))
    return (
        f'<table role="img" aria-label="{escape(label, quote=True)}" cellspacing="0" cellpadding="0"'
        ' style="width:100%;max-width:320px;height:12px;font-size:8px;line-height:12px;margin:8px 0">'
        f"<tr>{done}{rest}</tr></table>"
    )


def _text_bar(wear_ratio: float) -> str:
    filled = round(_BAR_CELLS * min(1.0, max(0.0, wear_ratio)))
    return f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}]"
