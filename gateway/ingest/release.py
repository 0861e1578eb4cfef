"""Releasing quarantined messages: their complete known parts are taken in after all, as if received then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.ingest.arrival import Arrival, arrive
from gateway.ingest.event_time import event_time, largest_up
from gateway.store.rows import QuarantineEntry
from schemas.delivery import Delivery
from schemas.records import Sample


class Refused(NamedTuple):
    """An entry that can't be released, and why."""

    entry_id: int
    why: str


class Released(NamedTuple):
    """What a release did. `stored` counts records; those that had come in another way meanwhile are not counted."""

    entry_ids: tuple[int, ...]
    stored: int
    refused: tuple[Refused, ...]


class Candidate(NamedTuple):
    """An entry that can be taken in."""

    entry_id: int
    arrival: Arrival


def sort_out(entries: Iterable[QuarantineEntry], root: str, retention_ms: int) -> tuple[list[Candidate], list[Refused]]:
    """Which entries are complete now, and what is wrong with the others. Pure."""
    candidates: list[Candidate] = []
    refused: list[Refused] = []
    for entry in entries:
        if entry.released_ms is not None:
            refused.append(Refused(entry.entry_id, "was released before"))
            continue
        if entry.rejection.known_json is None:
            refused.append(Refused(entry.entry_id, f"nothing of it could be read ({entry.rejection.reason})"))
            continue
        delivery = Delivery(entry.topic, entry.rejection.known_json.encode(), entry.first_received_ms)
        arrival = arrive(delivery, root)
        why = _fault(arrival, retention_ms)
        if why is None:
            candidates.append(Candidate(entry.entry_id, arrival))
        else:
            refused.append(Refused(entry.entry_id, why))
    return candidates, refused


def _fault(arrival: Arrival, retention_ms: int) -> str | None:
    delivery, (records, rejections, _) = arrival
    if rejections:
        return f"what is known of it is not complete ({rejections[0].reason} at {rejections[0].path})"
    if not records:
        return "it says nothing"
    largest_up_ms = largest_up(records)
    for record in records:
        if isinstance(record, Sample):
            event_ms, _estimated = event_time(record.ts_ms, record.up_ms, delivery.received_ms, largest_up_ms)
            if event_ms < delivery.received_ms - retention_ms:
                return "it is older than its retention"
    return None
