"""What the API answers of a nozzle's forecasts: the distribution, the fan, and past forecasts against what came."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gateway.forecasting.board import FanPoint, NozzleForecast, Remaining, WearPoint
from gateway.store.forecast_rows import Coverage, IssuedForecast, Outcome


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class RemainingView(_Answer):
    """Quantiles of what is left until wear reaches the limit."""

    p05: float
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    p95: float

    @classmethod
    def of(cls, values: tuple[float, ...]) -> RemainingView:
        return cls(**dict(zip(cls.model_fields, (round(value, 1) for value in values), strict=True)))


class NozzleForecastView(_Answer):
    """A nozzle's forecast as it stands. `group` is whose experience it rests on, `lives` how many lives that is;
    not `measured`: the coating is not, so the strikes alone decide."""

    as_of_ms: int
    wear: float
    wear_low: float
    wear_high: float
    remaining_strikes: RemainingView
    remaining_sessions: RemainingView | None
    remaining_days: RemainingView | None
    replace_by: str | None
    chance_before_next: float | None
    group: str
    lives: int
    measured: bool

    @classmethod
    def of(cls, forecast: NozzleForecast) -> NozzleForecastView:
        return cls(
            as_of_ms=forecast.as_of_ms,
            wear=forecast.wear,
            wear_low=forecast.wear_low,
            wear_high=forecast.wear_high,
            remaining_strikes=RemainingView.of(forecast.remaining_strikes.values()),
            remaining_sessions=_remaining(forecast.remaining_sessions),
            remaining_days=_remaining(forecast.remaining_days),
            replace_by=forecast.replace_by.isoformat() if forecast.replace_by else None,
            chance_before_next=forecast.chance_before_next,
            group=forecast.group,
            lives=forecast.lives,
            measured=forecast.measured,
        )


class WearPointView(_Answer):
    """Readings of one bin of use: their means, and how many they were."""

    strikes: int
    wear: float
    readings: int

    @classmethod
    def of(cls, point: WearPoint) -> WearPointView:
        return cls(**point._asdict())


class BandView(_Answer):
    """Quantiles of the wear at a future use."""

    strikes: int
    p10: float
    p50: float
    p90: float

    @classmethod
    def of(cls, point: FanPoint) -> BandView:
        return cls(**point._asdict())


class PastForecastView(_Answer):
    """A forecast as it was given, and what came. `outcome` null: the life goes on. `came_strikes` is how many were
    really left (of a `censored` one: at least so many); `pit` is where in the forecast that lies, 0 to 1."""

    as_of_ms: int
    strikes: int
    wear: float
    remaining_strikes: RemainingView
    replace_by: str | None
    outcome: Outcome | None
    came_strikes: float | None
    pit: float | None

    @classmethod
    def of(cls, issued: IssuedForecast) -> PastForecastView:
        return cls(
            as_of_ms=issued.as_of_ms,
            strikes=issued.strikes,
            wear=issued.wear,
            remaining_strikes=RemainingView.of(issued.remaining_strikes),
            replace_by=issued.replace_by,
            outcome=issued.outcome,
            came_strikes=issued.came_strikes,
            pit=issued.pit,
        )


class CoverageView(_Answer):
    """How past forecasts of one group turned out: of `scored` ones, of `nozzles` nozzles, the share `inside_80` lay
    within the 80 % that was said. `censored` ones ended too early to tell."""

    group: str
    settled: int
    scored: int
    censored: int
    nozzles: int
    inside_80: float | None
    mean_pit: float | None

    @classmethod
    def of(cls, row: Coverage) -> CoverageView:
        return cls(**row._asdict())


def _remaining(remaining: Remaining | None) -> RemainingView | None:
    return RemainingView.of(remaining.values()) if remaining is not None else None
