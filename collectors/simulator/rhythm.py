"""When a device is used: sessions within opening hours, by weekday, with a lunch dip and quiet holidays."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from collectors.simulator.clinics import Window
from collectors.simulator.settings import HOUR_MS, MINUTE_MS

MIN_SESSION_MS = 15 * MINUTE_MS
MAX_SESSION_MS = 45 * MINUTE_MS
MIN_STRIKES_PER_S = 50.0
MAX_STRIKES_PER_S = 150.0
MIN_DEPTH_MM = 0.5
MAX_DEPTH_MM = 2.0

_WEEKDAY_FACTORS = (0.85, 1.0, 1.05, 1.1, 1.2, 1.0, 0.85)
_QUIET_DAYS = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
_QUIET_FACTOR = 0.1
_FULL_DAY_MS = 9 * HOUR_MS
_PAUSE_MS = 8 * MINUTE_MS
_LUNCH = (0.38, 0.5)
_LUNCH_SKIPPED_SHARE = 0.7
_STOPPED_SHARE = 0.04


class SessionPlan(NamedTuple):
    """A session that will be held unless something comes between."""

    start_ms: int
    end_ms: int
    strikes_per_s: float
    depth_mm: float
    stopped: bool


def plan_sessions(rng: Random, hours: Window, day: date, sessions_per_day: float) -> list[SessionPlan]:
    """The sessions of one device on one open day, in order and apart from each other."""
    open_ms = hours.end_ms - hours.start_ms
    factor = _WEEKDAY_FACTORS[day.weekday()] * open_ms / _FULL_DAY_MS
    if (day.month, day.day) in _QUIET_DAYS:
        factor *= _QUIET_FACTOR
    wanted = max(0, round(rng.gauss(sessions_per_day * factor, 0.8)))
    last_start_ms = open_ms - MAX_SESSION_MS
    starts = sorted(int(rng.random() * last_start_ms) for _ in range(wanted))
    plans: list[SessionPlan] = []
    free_ms = 0
    for offset_ms in starts:
        at_lunch = _LUNCH[0] <= offset_ms / open_ms <= _LUNCH[1]
        if at_lunch and rng.random() < _LUNCH_SKIPPED_SHARE:
            continue
        start_ms = max(offset_ms, free_ms)
        if start_ms > last_start_ms:
            break
        plan = _draw_session(rng, hours.start_ms + start_ms)
        plans.append(plan)
        free_ms = plan.end_ms - hours.start_ms + _PAUSE_MS
    return plans


def _draw_session(rng: Random, start_ms: int) -> SessionPlan:
    stopped = rng.random() < _STOPPED_SHARE
    minutes = rng.uniform(15, 20) if stopped else rng.triangular(15, 45, 30)
    strikes_per_s = min(140.0, max(58.0, rng.gauss(96.0, 18.0)))
    depth_mm = round(min(MAX_DEPTH_MM, max(MIN_DEPTH_MM, rng.gauss(1.1, 0.35))), 1)
    return SessionPlan(start_ms, start_ms + int(minutes * MINUTE_MS), strikes_per_s, depth_mm, stopped)
