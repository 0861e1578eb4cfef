"""Redeliveries that may be an earlier receipt of a stored record: of several deliveries the earliest counts. Pure."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from gateway.store.rows import TimedNozzleEvent, TimedSample, TimedSession

Timed: TypeAlias = TimedSample | TimedSession | TimedNozzleEvent
T = TypeVar("T", TimedSample, TimedSession, TimedNozzleEvent)
_Name: TypeAlias = tuple[str, str, int]


def _name(timed: Timed) -> _Name:
    record = timed[3]
    return (record.device_id, record.boot_id, record.seq)


def is_earlier(one: Timed, other: Timed) -> bool:
    """Whether `one` counts instead of `other`: received earlier, or at once in a message that puts it earlier."""
    return (one.received_ms, one.event_ms) < (other.received_ms, other.event_ms)


def settle(redelivered: list[T], fresh: list[T]) -> tuple[tuple[T, ...], frozenset[str]]:
    """Sorts out the redeliveries of one kind: what an earlier receipt makes of the batch's fresh records is put in
    their place.

    Gives the redeliveries of records stored before, one for each record, and the devices whose fresh records changed.
    """
    if not redelivered:
        return (), frozenset()
    places = {_name(timed): place for place, timed in enumerate(fresh)}
    changed: set[str] = set()
    earlier: dict[_Name, T] = {}
    for timed in redelivered:
        name = _name(timed)
        place = places.get(name)
        if place is not None:
            if is_earlier(timed, fresh[place]):
                fresh[place] = timed
                changed.add(name[0])
        elif name not in earlier or is_earlier(timed, earlier[name]):
            earlier[name] = timed
    return tuple(earlier.values()), frozenset(changed)
