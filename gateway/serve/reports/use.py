"""Use in a period against the usual: by day and by clinic. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import Final

from gateway.hours import zone_or_utc
from gateway.serve.reports.period import day_bounds, local_day
from gateway.store.report_base import Use
from schemas.report import ClinicUse, Period, UseDay, UseFacts

USUAL_DAYS: Final = 56
"""The usual is the mean of eight weeks before the period."""
_LEAST_WEEKS: Final = 2
_DAY_MS: Final = 86_400_000
_DAYS_A_WEEK: Final = 7


def usual_bounds(period: Period, first_ms: int | None) -> list[int]:
    """The midnights of the days before the period that tell what is usual: none before anything was known."""
    since_ms = max(period.since_ms - USUAL_DAYS * _DAY_MS, first_ms if first_ms is not None else period.since_ms)
    bounds = day_bounds(min(since_ms, period.since_ms), period.since_ms, period.zone)
    whole = bounds[1:] if since_ms == first_ms else bounds
    # Whole weeks only: the first days, in which the gateway learnt to know the fleet, are left out.
    return whole[max(0, len(whole) - 1) % _DAYS_A_WEEK :]


def use_facts(
    period: Period,
    clinic_use: Sequence[Use],
    before: Sequence[Use],
    before_bounds: Sequence[int],
    device_use: Sequence[Use],
    devices: Mapping[str, str],
    names: Mapping[str, str],
    first_ms: int | None,
) -> UseFacts:
    """`devices` gives each device's clinic, `names` each clinic's name."""
    days = _days(day_bounds(period.since_ms, period.until_ms, period.zone)[:-1], period.zone)
    first = local_day(first_ms, zone_or_utc(period.zone)) if first_ms is not None else None
    known = first if first is not None and first_ms is not None and first_ms > period.since_ms else None
    days = {start_ms: day for start_ms, day in days.items() if known is None or day >= known}
    past = _days(before_bounds[:-1], period.zone)
    usual = _by_weekday(before, past)
    by_day: Counter[int] = Counter()
    for use in clinic_use:
        by_day[use.start_ms] += use.sessions
    return UseFacts(
        days=tuple(
            UseDay(day, by_day[start_ms], _part_of_day(usual.get(day.weekday()), start_ms, period))
            for start_ms, day in days.items()
        ),
        clinics=_clinics(period, days, clinic_use, before, past, device_use, devices, names),
        known_from=known,
        usual_days=len(past) if usual else 0,
    )


def _days(starts: Iterable[int], zone: str) -> dict[int, date]:
    calendar = zone_or_utc(zone)
    return {start_ms: local_day(start_ms, calendar) for start_ms in starts}


def _part_of_day(usual: float | None, start_ms: int, period: Period) -> float | None:
    """The day on which the report is made is not over: it can't be held against whole ones."""
    if usual is None or period.until_ms - start_ms >= _DAY_MS - 2 * 3_600_000:
        return usual
    return usual * (period.until_ms - start_ms) / _DAY_MS


def _by_weekday(before: Sequence[Use], past: Mapping[int, date]) -> dict[int, float]:
    """The mean sessions of each weekday; empty where fewer than two weeks are known."""
    if len(past) < _LEAST_WEEKS * _DAYS_A_WEEK:
        return {}
    by_day: Counter[int] = Counter()
    for use in before:
        by_day[use.start_ms] += use.sessions
    grouped: defaultdict[int, list[int]] = defaultdict(list)
    for start_ms, day in past.items():
        grouped[day.weekday()].append(by_day[start_ms])
    return {weekday: fmean(counts) for weekday, counts in grouped.items()}


def _clinics(
    period: Period,
    days: Mapping[int, date],
    clinic_use: Sequence[Use],
    before: Sequence[Use],
    past: Mapping[int, date],
    device_use: Sequence[Use],
    devices: Mapping[str, str],
    names: Mapping[str, str],
) -> tuple[ClinicUse, ...]:
    sums = {clinic_id: Use(clinic_id, period.since_ms, 0, 0, 0, 0) for clinic_id in names}
    for use in clinic_use:
        if use.place in sums:
            sums[use.place] = _added(sums[use.place], use)
    has = Counter(devices.values())
    used = Counter(devices[use.place] for use in device_use if use.place in devices)
    made = []
    for clinic_id, total in sums.items():
        usual = _by_weekday([use for use in before if use.place == clinic_id], past)
        parts = [_part_of_day(usual.get(day.weekday()), start_ms, period) for start_ms, day in days.items()]
        made.append(
            ClinicUse(
                clinic=names[clinic_id],
                devices=has[clinic_id],
                used=used[clinic_id],
                sessions=total.sessions,
                usual=sum(part for part in parts if part is not None) if usual else None,
                strikes=total.strikes,
                busy_ms=total.busy_ms,
                on_mains=total.on_mains,
            )
        )
    return tuple(sorted(made, key=lambda use: (-use.sessions, use.clinic)))


def _added(total: Use, use: Use) -> Use:
    return Use(
        total.place,
        total.start_ms,
        total.sessions + use.sessions,
        total.strikes + use.strikes,
        total.busy_ms + use.busy_ms,
        total.on_mains + use.on_mains,
    )
