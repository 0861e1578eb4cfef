"""Wear as it stands: the fitted nozzles, which are due, and what waiting would cost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np

from gateway.forecasting.outlook import SHOWN
from gateway.ingest.fleet import NozzleState
from gateway.serve.device_views import wear_band
from gateway.store.forecast_rows import IssuedForecast
from schemas.report import DueNozzle, Wait, WearBin, WearFacts

DUE_DAYS: Final = (7, 14, 30)
_BIN: Final = 0.1
_BINS: Final = 11
_DAY_MS: Final = 86_400_000
_P10: Final = 1
_P90: Final = 5
_FRESH_MS: Final = 3 * _DAY_MS


class FittedNozzle(NamedTuple):
    """A nozzle on a device, with what is known of its wear and its future."""

    nozzle: NozzleState
    clinic: str
    label: str
    wear: float | None
    """By its last reading, or as the forecast has it."""
    worn_out: bool
    forecast: IssuedForecast | None
    price: float | None


def current_wear(read: float | None, nozzle: NozzleState, forecast: IssuedForecast | None) -> float | None:
    """What the forecast's filter makes of all readings says more than the last one, as long as it is fresh."""
    if forecast is not None and nozzle.last_event_ms - forecast.as_of_ms < _FRESH_MS:
        return forecast.wear
    return read


def wear_facts(
    fitted: Sequence[FittedNozzle], made_ms: int, today: date, due_wear: float, cost_ratio: float
) -> WearFacts:
    """As of the report's making."""
    due = sorted((one for one in fitted if _days_until(one, today) <= DUE_DAYS[-1]), key=_urgency)
    return WearFacts(
        fitted=len(fitted),
        bins=_bins(fitted, due_wear),
        unknown=sum(1 for one in fitted if one.wear is None and not one.worn_out),
        worn_out=sum(1 for one in fitted if one.worn_out),
        due=tuple(_due(one, made_ms) for one in due),
        due_within=tuple((days, sum(1 for one in fitted if _days_until(one, today) <= days)) for days in DUE_DAYS),
        waiting=tuple(_wait(fitted, days, made_ms, cost_ratio) for days in DUE_DAYS),
        cost_ratio=cost_ratio,
    )


def chance_until(forecast: IssuedForecast, at_ms: int) -> float:
    """The probability that the limit is reached until then, by the quantiles of the days that were left."""
    if not forecast.remaining_days:
        return 0.0
    said = np.array(forecast.remaining_days)
    days = max(0.0, (at_ms - forecast.as_of_ms) / _DAY_MS)
    beyond = said[-1] + max(said[-1] - said[len(said) // 2], 1.0)
    places = np.concatenate([[min(0.0, said[0] - 1e-9)], said, [beyond]])
    return float(np.interp(days, places, np.concatenate([[0.0], SHOWN, [1.0]])))


def _replace_by(one: FittedNozzle) -> date | None:
    text = one.forecast.replace_by if one.forecast is not None else None
    return date.fromisoformat(text) if text is not None else None


def _days_until(one: FittedNozzle, today: date) -> float:
    if one.worn_out:
        return 0.0
    by = _replace_by(one)
    return float((by - today) / timedelta(days=1)) if by is not None else float("inf")


def _urgency(one: FittedNozzle) -> tuple[bool, date, float, str]:
    return (not one.worn_out, _replace_by(one) or date.min, -(one.wear or 0.0), one.nozzle.serial)


def _due(one: FittedNozzle, made_ms: int) -> DueNozzle:
    left = one.forecast.remaining_days if one.forecast is not None else None
    gone = (made_ms - one.forecast.as_of_ms) / _DAY_MS if one.forecast is not None else 0.0
    return DueNozzle(
        clinic=one.clinic,
        device_id=one.nozzle.device_id,
        label=one.label,
        serial=one.nozzle.serial,
        model=one.nozzle.model,
        wear=one.wear,
        worn_out=one.worn_out,
        replace_by=_replace_by(one),
        days_low=max(0.0, left[_P10] - gone) if left else None,
        days_high=max(0.0, left[_P90] - gone) if left else None,
    )


def _bins(fitted: Sequence[FittedNozzle], due_wear: float) -> tuple[WearBin, ...]:
    counts = [0] * _BINS
    for one in fitted:
        if one.wear is not None:
            counts[min(_BINS - 1, int(one.wear / _BIN + 1e-9))] += 1
    return tuple(
        WearBin(place / 10, number, wear_band(place / 10 + _BIN / 2, due_wear)) for place, number in enumerate(counts)
    )


def _wait(fitted: Sequence[FittedNozzle], days: int, made_ms: int, cost_ratio: float) -> Wait:
    at_ms = made_ms + days * _DAY_MS
    chances = [
        (1.0 if one.worn_out else chance_until(one.forecast, at_ms) if one.forecast is not None else 0.0, one.price)
        for one in fitted
    ]
    return Wait(
        days=days,
        worn_out=sum(chance for chance, _ in chances),
        cost=sum(chance * price * (cost_ratio - 1) for chance, price in chances if price is not None),
        unpriced=sum(chance for chance, price in chances if price is None),
    )
