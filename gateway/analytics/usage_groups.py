"""Groups of use: sums by label and bucket, put against what could have been, with intervals and trends. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from gateway.analytics.local_days import Floats
from gateway.analytics.usage_exposure import Exposure
from gateway.analytics.usage_rates import Interval, Trend, rate_interval, trend
from gateway.store.use_rows import UseSums

UsageBy: TypeAlias = Literal["clinic", "model", "firmware", "day", "region", "weekday", "nozzle_model", "form"]

FIELDS: Final = UseSums._fields[2:]


class UseTotals(NamedTuple):
    """What sessions come to; see `UseSums`."""

    sessions: int = 0
    strikes: int = 0
    timed: int = 0
    duration_ms: int = 0
    depths: int = 0
    depth_um: int = 0
    on_battery: int = 0
    battery_ms: int = 0
    cut: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class UseGroup:
    """One group's use. `rate`: sessions a device and open day; `utilisation`: session time over opening hours, None
    where the hours of some clinic are not known."""

    key: str | None
    totals: UseTotals
    devices: int
    rate: Interval | None = None
    utilisation: float | None = None
    trend: Trend | None = None


@dataclass(slots=True)
class Series:
    """Sums by label and bucket, as they come in."""

    labels: int
    starts: tuple[int, ...]
    """The first day of each bucket."""
    sums: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros((self.labels, len(self.starts), len(FIELDS)), dtype=np.int64)

    def add(self, rows: Iterable[UseSums]) -> None:
        """What has no label counts with the last one."""
        place = {day: number for number, day in enumerate(self.starts)}
        for row in rows:
            self.sums[row.label, place[row.day]] += row[2:]

    def totals(self, label: int) -> UseTotals:
        return UseTotals(*(int(value) for value in self.sums[label].sum(axis=0)))

    def counts(self) -> Floats:
        """Sessions (labels, buckets)."""
        return self.sums[:, :, 0].astype(float)


def bucket_starts(since_day: int, until_day: int, bucket_days: int) -> tuple[int, ...]:
    """The first day of each bucket; weeks begin on Mondays, so the first and the last may be cut."""
    if bucket_days == 1:
        return tuple(range(since_day, until_day))
    first = since_day - (since_day + 3) % 7
    return tuple(range(first, until_day, 7))


def exposure_by_bucket(by_day: Floats, since_day: int, starts: tuple[int, ...]) -> Floats:
    """Sums (labels, days) over each bucket."""
    if not starts:
        return np.zeros((len(by_day), 0))
    return np.asarray(np.add.reduceat(by_day, [max(start - since_day, 0) for start in starts], axis=1))


def groups_of(keys: tuple[str | None, ...], series: Series, could: Exposure, *, weeks_over: int) -> list[UseGroup]:
    """One group for each label. Only the first `weeks_over` buckets, which are over, tell a trend."""
    counts = series.counts()
    open_days = exposure_by_bucket(could.open_days, could.since_day, series.starts)
    return [
        UseGroup(
            key=key,
            totals=series.totals(label),
            devices=int(could.devices[label]),
            rate=rate_interval(counts[label], open_days[label]),
            utilisation=_utilisation(series.totals(label), float(could.open_ms[label].sum()), could, label),
            trend=trend(counts[label, :weeks_over], open_days[label, :weeks_over]),
        )
        for label, key in enumerate(keys)
    ]


def by_bucket(
    keys: tuple[str, ...], places: Iterable[tuple[int, ...]], series: Series, could: Exposure
) -> list[UseGroup]:
    """One group for each set of buckets of a series of one label: days, or the days of a weekday."""
    counts = series.counts()[0]
    groups = []
    for key, chosen in zip(keys, places, strict=True):
        at = list(chosen)
        totals = UseTotals(*(int(value) for value in series.sums[0, at].sum(axis=0)))
        open_ms = float(could.open_ms[0, at].sum())
        groups.append(
            UseGroup(
                key=key,
                totals=totals,
                devices=int(could.devices[0]),
                rate=rate_interval(counts[at], could.open_days[0, at]),
                utilisation=_utilisation(totals, open_ms, could, 0),
                trend=trend(counts[at], could.open_days[0, at]),
            )
        )
    return groups


def _utilisation(totals: UseTotals, open_ms: float, could: Exposure, label: int) -> float | None:
    if not could.hours_known[label] or open_ms <= 0 or not totals.timed:
        return None
    # Sessions whose duration is not known count as long as the others.
    return totals.duration_ms / totals.timed * totals.sessions / open_ms
