"""How it went: forecasts against what came, and alerts against what was done about them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import fmean, median
from typing import Final

from gateway.hours import zone_or_utc
from gateway.serve.reports.period import local_day, week_of
from gateway.store.forecast_rows import IssuedForecast
from gateway.store.report_base import Firing
from schemas.alert import SEVERITIES
from schemas.report import AlertFacts, AlertUse, AlertWeek, Check, ForecastFacts, Period

_P10: Final = 1
_P50: Final = 3
_P90: Final = 5


def forecast_facts(settled: Sequence[IssuedForecast]) -> ForecastFacts:
    """Of the forecasts that are settled, in order of (serial, day)."""
    scored = [one for one in settled if one.inside_80 is not None and one.came_strikes is not None]
    checks: list[Check] = []
    for _, group in groupby(scored, key=lambda one: one.serial):
        own = list(group)
        checks.append(_check(own[len(own) // 2]))
    return ForecastFacts(
        scored=len(scored),
        inside=fmean(one.inside_80 or 0.0 for one in scored) if scored else None,
        nozzles=len(checks),
        censored=sum(1 for one in settled if one.outcome == "censored"),
        checks=tuple(checks),
    )


def _check(one: IssuedForecast) -> Check:
    said, came = one.remaining_strikes, one.came_strikes or 0.0
    return Check(one.serial, said[_P10], said[_P50], said[_P90], came, said[_P10] <= came <= said[_P90])


def alert_facts(firings: Sequence[Firing], period: Period) -> AlertFacts:
    """Of the alerts that began to fire in the period."""
    zone = zone_or_utc(period.zone)
    by_rule: defaultdict[str, list[Firing]] = defaultdict(list)
    for firing in firings:
        by_rule[firing.rule].append(firing)
    rules = sorted(
        (_rule(own) for own in by_rule.values()),
        key=lambda rule: (-SEVERITIES.index(rule.severity), -rule.fired, rule.rule),
    )
    weeks = Counter((week_of(local_day(firing.fired_ms, zone)), firing.severity) for firing in firings)
    waits = [wait for firing in firings if (wait := _acknowledged_after(firing)) is not None]
    return AlertFacts(
        rules=tuple(rules),
        weeks=tuple(AlertWeek(week, severity, number) for (week, severity), number in sorted(weeks.items())),
        acknowledge_ms=_median(waits),
        acknowledged=len(waits),
        fired=len(firings),
    )


def _rule(own: Sequence[Firing]) -> AlertUse:
    waits = [wait for firing in own if (wait := _acknowledged_after(firing)) is not None]
    over = [firing.resolved_ms - firing.fired_ms for firing in own if firing.resolved_ms is not None]
    return AlertUse(
        rule=own[0].rule,
        severity=max((firing.severity for firing in own), key=SEVERITIES.index),
        fired=len(own),
        acknowledged=len(waits),
        acknowledge_ms=_median(waits),
        resolved=len(over),
        resolve_ms=_median(over),
    )


def _acknowledged_after(firing: Firing) -> int | None:
    """None where nobody did while it fired; the store knows only the last acknowledgement of an alert."""
    at_ms = firing.acknowledged_ms
    if at_ms is None or at_ms < firing.fired_ms:
        return None
    if firing.resolved_ms is not None and at_ms > firing.resolved_ms:
        return None
    return at_ms - firing.fired_ms


def _median(values: Iterable[int]) -> int | None:
    kept = list(values)
    return round(median(kept)) if kept else None
