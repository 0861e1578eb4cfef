"""Screening: whether a reading may concern any rule, by a few comparisons. Quicker than finding out which. Pure.

Nearly every reading of a fleet is well, and the rules are asked about each. So what they go by is kept as plain
numbers here, and nothing is made for a reading that none of them could mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.alerts.conditions import WORN_OUT_WEAR, Rules
from gateway.alerts.device_conditions import Reading
from gateway.store.rows import LedgerRow
from schemas.registry import DEFAULT_COATING_LIMIT, NozzleModel

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a rule may be true at one place."""

    charge: float
    health: float
    overlong_ms: float
    least_depth_mm: float
    most_depth_mm: float
    skew_ms: float
    wear: float


def limits_of(rules: Rules) -> Limits:
    """The limits of the rules as they are set there."""
    depth = rules.rule("depth_out_of_range")
    return Limits(
        charge=rules.rule("battery_low").threshold or 0.0,
        health=rules.rule("battery_degraded").threshold or 0.0,
        overlong_ms=1_000 * (rules.rule("session_overlong").threshold or 0.0),
        least_depth_mm=depth.low or 0.0,
        most_depth_mm=depth.threshold or 0.0,
        skew_ms=1_000 * (rules.rule("clock_skew").threshold or 0.0),
        wear=min(WORN_OUT_WEAR, rules.rule("nozzle_due").threshold or WORN_OUT_WEAR),
    )


def reading_may_concern(reading: Reading, limits: Limits) -> bool:
    """Whether charge, health or depth could concern a rule."""
    charge, health, depth = reading.charge_ratio, reading.health_ratio, reading.depth_mm
    if (charge is not None and charge <= limits.charge) or (health is not None and health <= limits.health):
        return True
    return bool(depth) and not limits.least_depth_mm <= (depth or 0.0) <= limits.most_depth_mm


def clock_is_off(clock_ms: int | None, received_ms: int, limits: Limits) -> bool:
    """Whether the device's clock was not set, or far from ours."""
    return clock_ms is None or abs(clock_ms - received_ms) >= limits.skew_ms


def may_be_worn(
    coating_ratio: float | None, strikes: int | None, rated: int | None, model: NozzleModel | None, limits: Limits
) -> bool:
    """Whether a nozzle's wear is at least that of the mildest rule, as `wear_ratio` has it. `rated`: by its own swap
    record; the model's counts without."""
    if coating_ratio is not None:
        limit = DEFAULT_COATING_LIMIT if model is None else model.coating_limit
        return 1.0 - coating_ratio >= limits.wear * (1.0 - limit)
    rated = rated or (model.rated_strikes if model is not None else None)
    return bool(rated) and strikes is not None and strikes >= limits.wear * (rated or _NEVER)


def is_sighted_anew(serial: str, ledger: Sequence[LedgerRow]) -> bool:
    """Whether the device showed the nozzle after another one, and no swap record told of it."""
    return len(ledger) > 1 and ledger[-1].action == "sighted" and ledger[-1].serial == serial


def may_be_unreported(serial: str, ledger: Sequence[LedgerRow], shown: int | None, most: int | None) -> bool:
    """Whether the nozzle may have changed, or its counter fallen, without a swap record."""
    if not ledger:
        return False
    return is_sighted_anew(serial, ledger) or (shown is not None and most is not None and shown < most)
