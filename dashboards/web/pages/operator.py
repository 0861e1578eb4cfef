"""The operator page: the gateway itself, its broker, its store, its quarantine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dashboards.web.format import (
    UTC_ZONE,
    bytes_text,
    compact_text,
    count_text,
    decimal_text,
    local_time_text,
    short_time_text,
    wall_time_text,
)
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.rows import BAR_UNITS
from dashboards.web.strings import Strings
from schemas.page_views import MessageLine, OperatorView, QuarantinedView

_WHOLE_FROM = 10
_MOST_DIGITS = 9


class Card(NamedTuple):
    """One figure; `wanting`: it asks for attention."""

    title: str
    figure: str
    unit: str
    note: str
    wanting: bool


class Share(NamedTuple):
    """One line of a breakdown, with a bar."""

    name: str
    number: str
    units: float


class Fact(NamedTuple):
    """One named value."""

    name: str
    value: str


class QuarantineRow(NamedTuple):
    """One kept rejection."""

    last_ms: int
    last_title: str
    reason: str
    path: str
    topic: str
    times: str
    size: str
    id: int
    readable: bool


class MessageRow(NamedTuple):
    """One message of the outbox. `then`: its next attempt, or when it was given up."""

    id: int
    created_ms: int
    created_title: str
    receiver: str
    channel: str
    reason: str
    attempts: str
    then: str
    then_title: str
    error: str


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """All that the operator page shows, as text."""

    as_of_ms: int
    as_of_text: str
    fault: str
    cards: tuple[Card, ...]
    received: tuple[Share, ...]
    rejected: tuple[Share, ...]
    facts: tuple[Fact, ...]
    quarantine_text: str
    quarantine: tuple[QuarantineRow, ...]
    any_readable: bool
    waiting: tuple[MessageRow, ...]
    dead: tuple[MessageRow, ...]


def operator_page(view: OperatorView, strings: Strings) -> OperatorPage:
    """The page of that view."""
    words, numbers = strings.pages.operator, strings.numbers
    return OperatorPage(
        as_of_ms=view.as_of_ms,
        as_of_text=short_time_text(view.as_of_ms, UTC_ZONE, numbers),
        fault=view.commit_fault or "",
        cards=_cards(view, strings),
        received=_shares(view.received, strings),
        rejected=_shares(view.rejected, strings),
        facts=_facts(view, strings),
        quarantine_text=words.quarantine_count.of(view.quarantined).format(n=count_text(view.quarantined, numbers)),
        quarantine=tuple(_quarantined(entry, strings) for entry in view.quarantine),
        any_readable=any(entry.readable for entry in view.quarantine),
        waiting=tuple(_message(line, line.next_try_ms, strings) for line in view.waiting),
        dead=tuple(_message(line, line.ended_ms, strings) for line in view.dead),
    )


def released_text(released: str, kept: str, strings: Strings) -> str:
    """What an address says of a release; empty where it says nothing."""
    words, numbers = strings.outbox, strings.numbers
    taken, left = whole_number(released, _MOST_DIGITS), whole_number(kept, _MOST_DIGITS)
    if taken is None:
        return ""
    said = [words.released.of(taken).format(n=count_text(taken, numbers))]
    if left:
        said.append(words.kept.of(left).format(n=count_text(left, numbers)))
    return " ".join(said)


def again_text(again: str, strings: Strings) -> str:
    """What an address says of a message that was to be sent again; empty where it says nothing."""
    words = strings.outbox
    return {"1": words.again_done, "0": words.again_gone}.get(again, "")


def _cards(view: OperatorView, strings: Strings) -> tuple[Card, ...]:
    words, numbers = strings.pages.operator, strings.numbers
    rejected = sum(view.rejected.values())
    broker = words.broker_note.format(
        n=count_text(view.broker_disconnects, numbers), lost=count_text(view.broker_sessions_lost, numbers)
    )
    return (
        _rate_card(view.messages_per_s, strings),
        Card(
            words.latency,
            _ms(view.latency_p50_ms, strings) or words.latency_none,
            "",
            words.latency_note.format(n=_ms(view.latency_p99_ms, strings)) if view.latency_p99_ms is not None else "",
            wanting=False,
        ),
        Card(
            words.missing,
            count_text(view.records_missing, numbers),
            "",
            words.missing_note.format(n=count_text(view.records_lost, numbers)),
            wanting=view.records_missing > 0,
        ),
        Card(words.rejected, compact_text(rejected, numbers), "", words.rejected_note, wanting=False),
        Card(
            words.broker,
            words.broker_up if view.broker_connected else words.broker_down,
            "",
            broker,
            wanting=not view.broker_connected,
        ),
        Card(
            words.store,
            bytes_text(view.store_bytes, words.bytes, numbers),
            "",
            words.store_free.format(n=bytes_text(view.free_bytes, words.bytes, numbers)),
            wanting=view.commit_fault is not None,
        ),
    )


def _rate_card(per_s: float | None, strings: Strings) -> Card:
    words, numbers = strings.pages.operator, strings.numbers
    if per_s is None:
        return Card(words.rate, "–", "", words.rate_waits, wanting=False)
    figure = compact_text(round(per_s), numbers) if per_s >= _WHOLE_FROM else decimal_text(per_s, 1, numbers)
    return Card(words.rate, figure, words.rate_unit, words.rate_note, wanting=False)


def _ms(latency_ms: float | None, strings: Strings) -> str:
    if latency_ms is None:
        return ""
    return strings.pages.operator.milliseconds.format(n=count_text(round(latency_ms), strings.numbers))


def _shares(counts: Mapping[str, int], strings: Strings) -> tuple[Share, ...]:
    most = max(counts.values(), default=0)
    return tuple(
        Share(name, compact_text(count, strings.numbers), round(BAR_UNITS * count / most, 1) if most else 0.0)
        for name, count in counts.items()
    )


def _facts(view: OperatorView, strings: Strings) -> tuple[Fact, ...]:
    words, numbers = strings.pages.operator, strings.numbers
    oldest = words.none_yet
    if view.oldest_sample_ms is not None:
        oldest = local_time_text(view.oldest_sample_ms, UTC_ZONE, numbers)
    return (
        Fact(words.samples, count_text(view.samples, numbers)),
        Fact(words.samples_unsealed, count_text(view.samples_unsealed, numbers)),
        Fact(words.session_records, count_text(view.sessions, numbers)),
        Fact(words.oldest, oldest),
        Fact(words.stored, count_text(view.stored, numbers)),
        Fact(words.duplicates, count_text(view.duplicates, numbers)),
        Fact(words.commit_retries, count_text(view.commit_retries, numbers)),
    )


def _quarantined(entry: QuarantinedView, strings: Strings) -> QuarantineRow:
    words, numbers = strings.pages.operator, strings.numbers
    return QuarantineRow(
        last_ms=entry.last_received_ms,
        last_title=local_time_text(entry.last_received_ms, UTC_ZONE, numbers),
        reason=entry.reason,
        path=entry.path,
        topic=entry.topic,
        times=count_text(entry.count, numbers),
        size=bytes_text(entry.size_bytes, words.bytes, numbers),
        id=entry.id,
        readable=entry.readable,
    )


def _message(line: MessageLine, then_ms: int | None, strings: Strings) -> MessageRow:
    words, numbers, common = strings.outbox, strings.numbers, strings.pages.common
    return MessageRow(
        id=line.id,
        created_ms=line.created_ms,
        created_title=local_time_text(line.created_ms, UTC_ZONE, numbers),
        receiver=line.receiver,
        channel=words.channels.get(line.channel, line.channel),
        reason=words.reasons.get(line.reason, line.reason),
        attempts=words.attempts.of(line.attempts).format(n=count_text(line.attempts, numbers)),
        then="" if then_ms is None else wall_time_text(then_ms, UTC_ZONE, numbers, common),
        then_title="" if then_ms is None else local_time_text(then_ms, UTC_ZONE, numbers),
        error=line.error,
    )
