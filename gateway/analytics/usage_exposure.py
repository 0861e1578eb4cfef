"""Exposure: how long devices could have been used, by group and day: what use is set against. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.analytics.local_days import MINUTE_MS, Floats, OpenHours


class Seat(NamedTuple):
    """A device where it is now, and the group that it counts in."""

    device_id: str
    clinic_id: str
    label: int
    since_day: int
    """Its first day in the fleet."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """By label and day, over since_day <= day < since_day + days."""

    since_day: int
    devices: Floats
    """(labels,): how many there are."""
    open_days: Floats
    """(labels, days): devices whose clinic is open; a day that is not over counts in part."""
    open_ms: Floats
    """(labels, days): their opening hours together."""
    hours_known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    """(labels,): whether every clinic's hours were written down."""


def exposure(
    seats: Iterable[Seat], hours: Mapping[str, OpenHours], labels: int, since_day: int, until_day: int, now_ms: int
) -> Exposure:
    """Sums the devices' opening days and hours; a device counts from its first day on."""
    days = max(until_day - since_day, 0)
    by_place: dict[tuple[str, int], list[int]] = {}
    for seat in seats:
        by_place.setdefault((seat.clinic_id, seat.label), []).append(seat.since_day)
    devices, known = np.zeros(labels), np.ones(labels, dtype=bool)
    open_days, open_ms = np.zeros((labels, days)), np.zeros((labels, days))
    open_of = {clinic: _open(hours[clinic], since_day, until_day, now_ms) for clinic in {c for c, _ in by_place}}
    for (clinic, label), firsts in by_place.items():
        devices[label] += len(firsts)
        known[label] &= hours[clinic].known
        starts = np.clip(np.array(firsts) - since_day, 0, days)
        there = np.cumsum(np.bincount(starts, minlength=days + 1)[:days])
        share, minutes = open_of[clinic]
        open_days[label] += there * share
        open_ms[label] += there * minutes * MINUTE_MS
    return Exposure(since_day, devices, open_days, open_ms, known)


def _open(hours: OpenHours, since_day: int, until_day: int, now_ms: int) -> tuple[Floats, Floats]:
    """The share of each day that it is open, of what it is on such a weekday; and its open minutes."""
    minutes = hours.minutes(since_day, until_day, now_ms)
    whole = hours.usual_minutes()[(np.arange(since_day, until_day) + 3) % 7]
    return np.divide(minutes, whole, out=np.zeros_like(minutes), where=whole > 0), minutes
