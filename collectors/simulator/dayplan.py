"""What a local day holds for one device: its sessions, and what befalls it."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from collectors.simulator.clinics import SimulatedClinic, Window
from collectors.simulator.rhythm import SessionPlan, plan_sessions
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, Oddities
from collectors.simulator.traits import Traits


class DayPlan(NamedTuple):
    """One local day of one device. What is None or empty does not happen."""

    hours: Window | None
    sessions: list[SessionPlan]
    reboot_ms: int | None
    offline: Window | None
    tag_unreadable: Window | None
    cleaning_ms: int | None
    is_damaged: bool
    docked_at_night: bool


def plan_day(rng: Random, odd: Oddities, traits: Traits, clinic: SimulatedClinic, day: date) -> DayPlan:
    """Draws a day."""
    midnight_ms = clinic.midnight_ms(day)
    hours = clinic.open_on(day)
    tag_ms = _maybe_at(rng, odd.unreadable_tag_per_day, midnight_ms)
    return DayPlan(
        hours=hours,
        sessions=plan_sessions(rng, hours, day, traits.sessions_per_day) if hours else [],
        reboot_ms=_maybe_at(rng, odd.reboots_per_day, midnight_ms),
        offline=_draw_offline(rng, odd, midnight_ms),
        tag_unreadable=None if tag_ms is None else Window(tag_ms, tag_ms + int(rng.uniform(0.5, 6) * HOUR_MS)),
        cleaning_ms=_maybe_at(rng, odd.cleaning_per_day, midnight_ms) if hours else None,
        is_damaged=hours is not None and rng.random() < odd.damage_per_day,
        docked_at_night=rng.random() < traits.dock_share,
    )


def _maybe_at(rng: Random, chance: float, midnight_ms: int) -> int | None:
    at_ms = midnight_ms + int(rng.random() * DAY_MS)
    return at_ms if rng.random() < chance else None


def _draw_offline(rng: Random, odd: Oddities, midnight_ms: int) -> Window | None:
    start_ms = _maybe_at(rng, odd.offline_per_day, midnight_ms)
    if start_ms is None:
        return None
    if rng.random() < odd.long_offline_share:
        return Window(start_ms, start_ms + int(rng.uniform(12, 72) * HOUR_MS))
    return Window(start_ms, start_ms + 2 * MINUTE_MS + int(rng.expovariate(1 / 60) * MINUTE_MS))
