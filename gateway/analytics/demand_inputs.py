"""What demand is drawn from: lives so far, seats of devices, and how steady the fleet's use has been. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gateway.analytics.demand_draws import UNKNOWN_MODEL, DemandSeat
from gateway.analytics.local_days import Floats
from gateway.analytics.practice import Life
from gateway.forecasting.board import NozzleForecast
from gateway.ingest.fleet import NozzleState
from gateway.wear.level import nozzle_wear
from gateway.wear.usage_rate import UsageRate, usage_rate
from schemas.registry import NozzleModel

RATE_DAYS: Final = 84
"""The days that say how fast a device uses its nozzles up."""
_BLOCK_WEEKS: Final = 4
_BLOCKS_AHEAD: Final = 2.0
"""Half of a quarter is so far away."""
_PRIOR_SD: Final = 0.02
_PRIOR_BLOCKS: Final = 3.0
_MOST_SD: Final = 0.3


def life_so_far(
    nozzle: NozzleState,
    model: NozzleModel | None,
    *,
    device_model: str | None,
    ended: bool,
    open_days: float,
    followed_by: str | None,
) -> Life | None:
    """One nozzle's life; None where it never told its strikes or its model."""
    if nozzle.strikes is None or nozzle.model is None:
        return None
    wear = nozzle_wear(nozzle, model)
    return Life(nozzle.model, device_model, float(nozzle.strikes), wear, ended, open_days, followed_by)


def demand_seat(
    nozzle: NozzleState | None,
    model: NozzleModel | None,
    forecast: NozzleForecast | None,
    *,
    device_id: str,
    clinic_id: str,
    device_model: str | None,
    rate: UsageRate,
    open_weekdays: tuple[bool, ...],
) -> DemandSeat:
    """A device with the nozzle on it; one that has none will need a nozzle like any other that is halfway through."""
    measured = forecast is not None and forecast.measured
    wear = nozzle_wear(nozzle, model) if nozzle is not None else None
    if forecast is not None and measured:
        wear = forecast.wear
    rated = (nozzle.rated_strikes if nozzle else None) or (model.rated_strikes if model else None)
    return DemandSeat(
        device_id=device_id,
        clinic_id=clinic_id,
        device_model=device_model,
        model=(nozzle.model if nozzle else None) or UNKNOWN_MODEL,
        strikes=float(nozzle.strikes) if nozzle is not None and nozzle.strikes is not None else None,
        wear=wear,
        rated_strikes=float(rated) if rated else None,
        remaining=forecast.remaining_strikes.values() if forecast is not None and measured else None,
        lives=forecast.lives if forecast is not None else 0,
        rate=rate,
        open_weekdays=open_weekdays,
    )


def rate_of(
    daily_strikes: Floats, opened: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], usual: float, known_from: int = 0
) -> UsageRate:
    """Strikes an open day, from the days since the device was known (`known_from`) or first used, whichever is
    earlier; `usual` is the fleet's mean."""
    used_from = int(np.argmax(daily_strikes > 0)) if daily_strikes.any() else daily_strikes.size
    first = min(used_from, known_from)
    counted = (opened | (daily_strikes > 0))[first:]
    return usage_rate(daily_strikes[first:][counted], usual=max(usual, 1.0))


def busy_sd(weekly_rates: Sequence[float]) -> float:
    """How far, as standard deviation of its logarithm, the fleet's use of the next quarter may be from that of late:
    by how its use of four weeks has gone up and down so far, which goes on as it did (a random walk)."""
    rates = np.asarray([rate for rate in weekly_rates if rate > 0], dtype=float)
    blocks = rates.size // _BLOCK_WEEKS
    changes = np.empty(0)
    if blocks > 1:
        means = rates[-blocks * _BLOCK_WEEKS :].reshape(blocks, _BLOCK_WEEKS).mean(axis=1)
        changes = np.diff(np.log(means))
    variance = (_PRIOR_BLOCKS * _PRIOR_SD**2 + float((changes**2).sum())) / (_PRIOR_BLOCKS + changes.size)
    return float(min(np.sqrt(_BLOCKS_AHEAD * variance), _MOST_SD))
