"""The words about claims that nothing confirms: what was claimed, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import Final

from dashboards.web.message_strings import ClaimRows, MessageWords
from gateway.notify import mail_style
from gateway.notify.notice import Notice, OrderItem
from gateway.notify.texts import count, more, one_line, under, when, where_line

_TONES: Final[Mapping[str, mail_style.Tone]] = MappingProxyType({"reminder": "warning", "escalation": "critical"})


def claim_subject(notice: Notice, words: MessageWords) -> str:
    """The headline: what and where."""
    first, said = notice.orders[0], words.claims
    told = len(notice.orders) + notice.left_out
    what = said.orders.format(n=count(told, words))
    if told == 1:
        what = said.thing.format(kind=said.kinds[first.kind], subject=first.subject)
    where = where_line(first.place, words, device=told == 1)
    return one_line(said.subject.format(mark=said.marks[notice.reason], what=what, where=where))


def claim_lines(notice: Notice, words: MessageWords) -> Iterator[str]:
    """The message as plain text, without headline and link."""
    labels = words.claims.text_rows
    for item in notice.orders:
        yield ""
        yield _what(item, words)
        for label, text in _rows(item, notice.timezone, labels, words):
            yield under(label, labels, text)
    if notice.left_out:
        yield ""
        yield more(notice.left_out, words)
    yield ""
    yield words.claims.to_do[notice.reason]


def claim_html(notice: Notice, words: MessageWords) -> Iterator[str]:
    """The message's parts as HTML, without headline and link."""
    tone = _TONES[notice.reason]
    for item in notice.orders:
        rows = "".join(
            f"<br><b>{escape(label)}:</b> {escape(text)}"
            for label, text in _rows(item, notice.timezone, words.claims.rows, words)
        )
        yield (
            f"<div {mail_style.block(tone)}><b {mail_style.title(tone)}>{escape(_what(item, words))}</b>{rows}</div>"
        )
    if notice.left_out:
        yield f"<p>{escape(more(notice.left_out, words))}</p>"
    yield f"<p>{escape(words.claims.to_do[notice.reason])}</p>"


def thing_line(item: OrderItem, words: MessageWords) -> str:
    """What it is about, and what was to be done."""
    said = words.claims
    kind, what = said.first_kinds[item.kind], one_line(item.summary)
    return said.thing_said.format(kind=kind, subject=one_line(item.subject), what=what)


def _what(item: OrderItem, words: MessageWords) -> str:
    """What was to be done; an alert's own sentence names its subject, a person's need not."""
    summary = one_line(item.summary)
    return summary if item.subject in summary else thing_line(item, words)


def _rows(item: OrderItem, zone: str, labels: ClaimRows, words: MessageWords) -> Iterator[tuple[str, str]]:
    yield labels.where, where_line(item.place, words)
    yield labels.claimed, _claimed(item, zone, words)
    yield labels.urgent, words.severities[item.severity]
    if item.part:
        yield labels.part, one_line(item.part)


def _claimed(item: OrderItem, zone: str, words: MessageWords) -> str:
    said, time = words.claims, when(item.claimed_ms, zone, words)
    name = one_line(item.claimed_by)
    if item.claim_reason is None:
        return said.claimed.format(name=name, time=time)
    return said.claimed_as.format(name=name, reason=said.reasons[item.claim_reason], time=time)
