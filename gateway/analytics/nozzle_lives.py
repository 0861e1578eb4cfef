"""A nozzle's life as statistics read it: from which age on it was watched, how far it came, how that ended. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from gateway.forecasting.board import NozzleForecast
from gateway.forecasting.fit import ModelFit
from gateway.ingest.fleet import NozzleState
from gateway.wear.level import wear_ratio
from schemas.registry import DEFAULT_COATING_LIMIT
from schemas.work import ReplaceReason

LifeState: TypeAlias = Literal["ended", "early", "in_use"]
"""`ended`: worn to the limit before our eyes. `early`: off its device before that."""

LIMIT: Final = 1.0
_DAY_MS: Final = 86_400_000
_Z_90: Final = 1.2815515655446004
_LEAST_WEAR: Final = 0.1
"""Less wear tells no pace."""
_READING_SD: Final = 0.02
"""Of the wear in one reading, where no filter says better."""
_LEAST_DAYS: Final = 3.0
_WEEK_DAYS: Final = 7
_MONDAY: Final = date(1970, 1, 5).toordinal()


@dataclass(frozen=True, slots=True)
class NozzleLife:
    """One nozzle. Ages are its own strikes; `log_pace` is the log of the share of its life that a strike takes."""

    serial: str
    model: str
    """'' where it is unknown."""
    lot: str | None
    device_id: str
    clinic_id: str
    firmware: str | None
    """That the device which showed it last had for most of its life."""
    form: str | None
    entry_strikes: float
    """Its age when the gateway first saw it."""
    strikes: float
    """Its age at its end, or when it was last seen."""
    state: LifeState
    measured: bool
    """Whether its coating is measured; otherwise its end can't be seen."""
    wear: float | None
    log_pace: float | None
    pace_variance: float
    strikes_per_day: float | None
    made_week: int | None
    """Weeks since 1970-01-05 of its expiry date: shelf life being alike, those of production are as far apart."""
    reason: str | None
    """Why a person took it off: a ReplaceReason, or what stands in its place where it is not told."""
    first_ms: int
    last_ms: int

    @property
    def counts(self) -> bool:
        """Whether it was ever at risk before our eyes: measured, and seen at work before it was worn out."""
        return self.measured and self.strikes > self.entry_strikes


class Facts(NamedTuple):
    """What is known of a nozzle beside its state."""

    coating_limit: float
    entry_strikes: int
    fitted_ms: int
    firmware: str | None
    form: str | None
    forecast: NozzleForecast | None
    fit: ModelFit | None
    reached_limit: float | None
    """The strikes at which its wear reached the limit, where that is known."""
    reason: ReplaceReason | None


def nozzle_life(nozzle: NozzleState, facts: Facts) -> NozzleLife | None:
    """The nozzle's life; None where it never told its strikes."""
    if nozzle.strikes is None:
        return None
    wear, spread = present_wear(nozzle, facts.forecast, facts.coating_limit)
    measured = wear is not None
    ended = wear is not None and wear >= LIMIT
    strikes = float(nozzle.strikes)
    if wear is not None and ended:
        # Where the readings in between are not kept, the last one tells by how much it is beyond the limit.
        strikes = min(facts.reached_limit or strikes / wear, strikes)
    pace = _pace(nozzle.strikes, wear, spread, facts.fit) if wear is not None else None
    return NozzleLife(
        serial=nozzle.serial,
        model=nozzle.model or "",
        lot=nozzle.lot,
        device_id=nozzle.device_id,
        clinic_id=nozzle.clinic_id,
        firmware=facts.firmware,
        form=facts.form,
        entry_strikes=float(facts.entry_strikes),
        strikes=strikes,
        state="ended" if ended else "in_use" if nozzle.fitted else "early",
        measured=measured,
        wear=wear,
        log_pace=pace[0] if pace is not None else None,
        pace_variance=pace[1] if pace is not None else 0.0,
        strikes_per_day=_strikes_per_day(nozzle, facts),
        made_week=week_of(nozzle.expires_on),
        reason=facts.reason,
        first_ms=nozzle.first_event_ms,
        last_ms=nozzle.last_event_ms,
    )


def present_wear(
    nozzle: NozzleState, forecast: NozzleForecast | None, coating_limit: float
) -> tuple[float | None, float]:
    """The wear now and its standard deviation, by the filter or else by the last reading; None where nothing
    measures it."""
    if forecast is not None and forecast.measured:
        return forecast.wear, max((forecast.wear_high - forecast.wear_low) / (2.0 * _Z_90), 1e-4)
    if nozzle.coating_ratio is None:
        return None, 0.0
    limit = coating_limit if 0.0 <= coating_limit < 1.0 else DEFAULT_COATING_LIMIT
    wear = wear_ratio(coating_ratio=nozzle.coating_ratio, coating_limit=limit, strikes=None, rated_strikes=None)
    return wear, _READING_SD


def week_of(day: str | None) -> int | None:
    """The number of a date's week; None where there is no date."""
    return None if day is None else (date.fromisoformat(day).toordinal() - _MONDAY) // _WEEK_DAYS


def week_name(week: int) -> str:
    """A week's name by ISO 8601, as 2026-W07."""
    year, number, _ = date.fromordinal(_MONDAY + week * _WEEK_DAYS).isocalendar()
    return f"{year}-W{number:02d}"


def _pace(strikes: int, wear: float, spread: float, fit: ModelFit | None) -> tuple[float, float] | None:
    """Log of life used up by a strike, and its variance by the reading; on the axis on which the model's mean path is
    a straight line, so that nozzles of all ages compare."""
    use, level, deviation = float(strikes), wear, spread
    if fit is not None:
        places = fit.readings(0, np.array([use]), np.array([wear, wear + spread]), fit.shift)
        use = float(places[0][0]) * fit.typical_life
        level, deviation = float(places[1][0]), float(places[1][1] - places[1][0])
    if use <= 0.0 or level < _LEAST_WEAR:
        return None
    return math.log(level / use), (deviation / level) ** 2


def _strikes_per_day(nozzle: NozzleState, facts: Facts) -> float | None:
    days = (nozzle.last_event_ms - facts.fitted_ms) / _DAY_MS
    if nozzle.strikes is None or days < _LEAST_DAYS:
        return None
    return max(nozzle.strikes - facts.entry_strikes, 0) / days
