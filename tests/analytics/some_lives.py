"""Nozzle lives made up for tests: Weibull lives of lots, watched each to an age of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gateway.analytics.nozzle_lives import NozzleLife

MODEL = "fine-24"
LIFE_STRIKES = 10_000_000.0
DAY_MS = 86_400_000


def life(serial: str, **fields: Any) -> NozzleLife:
    """One life with what a test does not care for filled in."""
    plain: dict[str, Any] = {
        "serial": serial,
        "model": MODEL,
        "lot": "lot-a",
        "device_id": f"d-{serial}",
        "clinic_id": "c-1",
        "firmware": "1.0",
        "form": "stationary",
        "entry_strikes": 0.0,
        "strikes": 1e6,
        "state": "in_use",
        "measured": True,
        "wear": 0.5,
        "log_pace": None,
        "pace_variance": 1e-3,
        "strikes_per_day": 1e5,
        "made_week": None,
        "reason": None,
        "first_ms": 1_767_571_200_000,
        "last_ms": 1_767_571_200_000 + 60 * DAY_MS,
    }
    return NozzleLife(**{**plain, **fields})


def lot_lives(
    factors: Mapping[str, float], each: int = 40, seed: int = 1, clinics: int = 12, *, replaced_at: float | None = None
) -> list[NozzleLife]:
    """Lives of each lot, its factor times as long as usual; taken off at `replaced_at` wear, where that is given."""
    rng = np.random.default_rng(seed)
    made = []
    for lot, factor in factors.items():
        for number in range(each):
            full = factor * LIFE_STRIKES * float(rng.weibull(3.2))
            watched = 1.6 * LIFE_STRIKES * float(rng.uniform(0.1, 1.0))
            off = full * replaced_at if replaced_at is not None else math.inf
            strikes = min(full, watched, off)
            wear = strikes / full
            made.append(
                life(
                    f"{lot}-{number}",
                    lot=lot,
                    clinic_id=f"c-{rng.integers(clinics)}",
                    strikes=strikes,
                    state="ended" if wear >= 1.0 else "early" if strikes == off else "in_use",
                    wear=wear,
                    log_pace=math.log(wear / strikes) if wear > 0.1 else None,
                )
            )
    return made


EIGHT_LOTS = {f"lot-{letter}": 1.0 for letter in "abcdefgh"}
ONE_BAD = {**EIGHT_LOTS, "lot-c": 0.6}
