"""Usage: who used what how much, answered from sums by device and day; never from samples.

One question at a time, off the loop: the store sums a week in one go, the statistics run in a thread. Answers are kept
for a minute, for pages that many people have open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.local_days import DAY_MS, OpenHours, date_of, zone_spans
from gateway.analytics.usage_anomalies import Explanation, Odd, explained, odd_buckets
from gateway.analytics.usage_exposure import Exposure, Seat, exposure
from gateway.analytics.usage_groups import (
    Series,
    UsageBy,
    UseGroup,
    bucket_starts,
    by_bucket,
    exposure_by_bucket,
    groups_of,
)
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState
from gateway.store.use_base import UseStore
from gateway.store.use_rows import UseAsk, UseKind, ZoneSpan

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_DAYS: Final = 1_100
"""Three years: what one question may span."""
_KEPT_MS: Final = 60_000
_MOST_KEPT: Final = 64
_MOST_ANOMALIES: Final = 5
_REFERENCES: Final = 4
"""Buckets that say what each device usually does."""


@dataclass(frozen=True, slots=True)
class UseScope:
    """What the asker may see: see `UseAsk`. `seen` are the devices as they stand."""

    clinics: frozenset[str] | None
    devices: frozenset[str] | None
    nozzles: frozenset[str]
    seen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day or week of a group that is unlike the others."""

    key: str | None
    """The group; None: all together."""
    since_day: int
    until_day: int
    came: float
    usual: float
    p_value: float
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The groups in order of key, all of them together, and what is unlike the rest."""

    since_day: int
    until_day: int
    groups: tuple[UseGroup, ...]
    total: UseGroup
    anomalies: tuple[Anomaly, ...]


class _Labels(NamedTuple):
    """How sessions and devices are labelled; the last key is that of what has none."""

    kind: UseKind
    keys: tuple[str | None, ...]
    by_id: Mapping[str, int] | None
    of_device: Mapping[str, int]

    @property
    def unknown(self) -> int:
        return len(self.keys) - 1


@dataclass(slots=True)
class _Kept:
    at_ms: int
    report: UsageReport


@dataclass(slots=True)
class _Cache:
    kept: dict[tuple[object, ...], _Kept] = field(default_factory=dict)

    def get(self, key: tuple[object, ...], now_ms: int) -> UsageReport | None:
        found = self.kept.get(key)
        return found.report if found is not None and now_ms - found.at_ms < _KEPT_MS else None

    def put(self, key: tuple[object, ...], now_ms: int, report: UsageReport) -> None:
        self.kept.pop(key, None)
        while len(self.kept) >= _MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        self.kept[key] = _Kept(now_ms, report)


class Usage:
    """Answers questions about use."""

    def __init__(self, *, store: UseStore, fleet: Fleet, registry: Registry, clock: Clock) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._cache = _Cache()

    async def report(self, by: UsageBy, since_day: int, until_day: int, scope: UseScope) -> UsageReport:
        """Use over the local days since_day <= day < until_day, as the asker may see it. Raises
        StoreUnavailableError."""
        key = (by, since_day, until_day, scope)
        async with self._one_at_a_time:
            now_ms = self._clock.now_ms()
            found = self._cache.get(key, now_ms)
            if found is None:
                found = await self._made(by, since_day, until_day, scope, now_ms)
                self._cache.put(key, now_ms, found)
        return found

    def zones(self, since_day: int, until_day: int) -> list[ZoneSpan]:
        """The clinics' clocks over these days."""
        clinics = {state.clinic_id for state in self._fleet.devices()}
        return zone_spans({name: self._registry.clinic(name).timezone for name in clinics}, since_day, until_day)

    async def _made(self, by: UsageBy, since_day: int, until_day: int, scope: UseScope, now_ms: int) -> UsageReport:
        nozzles = await self._nozzle_models() if by == "nozzle_model" else {}
        states = tuple(self._fleet.devices())
        seen = [state for state in states if state.device_id in scope.seen]
        labels = await asyncio.to_thread(self._labels, by, states, seen, nozzles)
        daily = by in ("day", "weekday")
        ask = UseAsk(
            since_day=since_day,
            until_day=until_day,
            kind=labels.kind,
            labels=labels.by_id,
            bucket_days=1 if daily else 7,
            clinics=scope.clinics,
            devices=scope.devices,
            nozzles=scope.nozzles,
        )
        zones = await asyncio.to_thread(self.zones, since_day, until_day)
        series = Series(len(labels.keys), bucket_starts(since_day, until_day, ask.bucket_days))
        async for rows in self._store.use_sums(ask, zones):
            series.add(rows)
        seats = await asyncio.to_thread(lambda: [_seat(state, labels) for state in seen])
        hours = {clinic: OpenHours.of(self._registry.clinic(clinic)) for clinic in {seat.clinic_id for seat in seats}}
        could = await asyncio.to_thread(exposure, seats, hours, len(labels.keys), since_day, until_day, now_ms)
        groups, total, odd = await asyncio.to_thread(_summed, by, labels.keys, series, could, now_ms // DAY_MS)
        anomalies = [await self._explained(one, ask, series, labels, zones) for one in odd[:_MOST_ANOMALIES]]
        return UsageReport(since_day, until_day, tuple(groups), total, tuple(anomalies))

    async def _nozzle_models(self) -> dict[str, str | None]:
        breath, models = Breath(), {}
        for nozzle in self._fleet.nozzles():
            models[nozzle.serial] = nozzle.model
            await breath.take()
        return models

    def _labels(
        self, by: UsageBy, states: Iterable[DeviceState], seen: Iterable[DeviceState], nozzles: Mapping[str, str | None]
    ) -> _Labels:
        if by in ("day", "weekday"):
            return _Labels("all", (None,), None, {})
        if by in ("clinic", "region"):
            names = {state.clinic_id for state in states}
            key_of = {name: name if by == "clinic" else self._registry.clinic(name).region for name in names}
            return _labelled("clinic", key_of, {state.device_id: key_of[state.clinic_id] for state in seen})
        if by == "nozzle_model":
            fitted = {state.device_id: self._fleet.fitted_serial(state.device_id) for state in seen}
            return _labelled("nozzle", nozzles, {device: nozzles.get(s or "") for device, s in fitted.items()})
        told = {state.device_id: _told(by, state) for state in states}
        return _labelled("device", told, told)

    async def _explained(
        self, odd: Odd, ask: UseAsk, series: Series, labels: _Labels, zones: list[ZoneSpan]
    ) -> Anomaly:
        """Asks for the devices' own sums in the odd bucket, and in those that say what is usual."""
        start = series.starts[odd.place]
        references = [start + 7 * back for back in range(-_REFERENCES, _REFERENCES + 1) if back]
        wanted = [day for day in references if ask.since_day <= day < ask.until_day]
        wanted = sorted(wanted, key=lambda day: abs(day - start))[:_REFERENCES]
        came = await self._by_device(start, ask, odd, labels, zones)
        usual: dict[str, float] = {}
        for day in wanted:
            for device, sessions in (await self._by_device(day, ask, odd, labels, zones)).items():
                usual[device] = usual.get(device, 0.0) + sessions / len(wanted)
        return Anomaly(
            key=labels.keys[odd.label],
            since_day=start,
            until_day=start + ask.bucket_days,
            came=odd.came,
            usual=odd.usual,
            p_value=odd.p_value,
            explanation=explained(odd, came, usual),
        )

    async def _by_device(
        self, day: int, ask: UseAsk, odd: Odd, labels: _Labels, zones: list[ZoneSpan]
    ) -> dict[str, float]:
        names = [state.device_id for state in self._fleet.devices()]
        narrowed = replace(
            ask,
            since_day=max(day, ask.since_day),
            until_day=min(day + ask.bucket_days, ask.until_day),
            kind="device",
            labels={name: number for number, name in enumerate(names)},
            bucket_days=0,
        )
        if labels.kind == "clinic":
            here = frozenset(name for name, label in (labels.by_id or {}).items() if label == odd.label)
            narrowed = replace(narrowed, clinics=here if ask.clinics is None else here & ask.clinics)
        found: dict[str, float] = {}
        async for rows in self._store.use_sums(narrowed, zones):
            for row in rows:
                name = names[row.label]
                if labels.kind != "device" or labels.of_device.get(name, labels.unknown) == odd.label:
                    found[name] = found.get(name, 0.0) + row.sessions
        return found


def _seat(state: DeviceState, labels: _Labels) -> Seat:
    label = labels.of_device.get(state.device_id, labels.unknown)
    return Seat(state.device_id, state.clinic_id, label, state.first_seen_ms // DAY_MS)


def _told(by: UsageBy, state: DeviceState) -> str | None:
    if by == "model":
        return state.model
    return state.firmware if by == "firmware" else state.form


def _labelled(kind: UseKind, by_id: Mapping[str, str | None], of_device: Mapping[str, str | None]) -> _Labels:
    keys: tuple[str | None, ...] = (*sorted({key for key in by_id.values() if key}), None)
    place = {key: number for number, key in enumerate(keys)}
    last = len(keys) - 1
    return _Labels(
        kind,
        keys,
        {name: place[key or None] for name, key in by_id.items()},
        {device: place.get(key or None, last) for device, key in of_device.items()},
    )


def _summed(
    by: UsageBy, keys: tuple[str | None, ...], series: Series, could: Exposure, today: int
) -> tuple[list[UseGroup], UseGroup, list[Odd]]:
    """The groups that have anything to tell, all together, and the odd buckets, the surest first."""
    days = series.starts
    over = sum(start + (1 if by in ("day", "weekday") else 7) <= today for start in days)
    whole = Series(1, days)
    whole.sums = series.sums.sum(axis=0, keepdims=True)
    together = Exposure(
        could.since_day,
        could.devices.sum(keepdims=True),
        could.open_days.sum(axis=0, keepdims=True),
        could.open_ms.sum(axis=0, keepdims=True),
        np.array([bool(could.hours_known[could.devices > 0].all())]),
    )
    if by in ("day", "weekday"):
        groups = _by_day(by, whole, together)
        weeks = Series(1, bucket_starts(could.since_day, could.since_day + len(days), 7))
        for place, day in enumerate(days):
            weeks.sums[0, (day - weeks.starts[0]) // 7] += whole.sums[0, place]
        total = groups_of((None,), weeks, together, weeks_over=sum(start + 7 <= today for start in weeks.starts))[0]
        odd = odd_buckets(whole.counts()[:, :over], together.open_days[:, :over], 7)
        return groups, total, odd
    groups = [
        group for group in groups_of(keys, series, could, weeks_over=over) if group.totals.sessions or group.devices
    ]
    total = groups_of((None,), whole, together, weeks_over=over)[0]
    open_days = exposure_by_bucket(could.open_days, could.since_day, days)
    return groups, total, odd_buckets(series.counts()[:, :over], open_days[:, :over], 1)


def _by_day(by: UsageBy, whole: Series, could: Exposure) -> list[UseGroup]:
    days = whole.starts
    if by == "day":
        names = tuple(date_of(day).isoformat() for day in days)
        return by_bucket(names, ((place,) for place in range(len(days))), whole, could)
    places = [tuple(p for p, day in enumerate(days) if (day + 3) % 7 == weekday) for weekday in range(7)]
    chosen = [(WEEKDAYS[weekday], at) for weekday, at in enumerate(places) if at]
    return by_bucket(tuple(name for name, _ in chosen), (at for _, at in chosen), whole, could)
