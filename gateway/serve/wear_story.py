"""The wear story of a device: how its nozzle's wear may go on, and what was forecast of it and the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.forecasting.board import FanPoint, ForecastBook, NozzleForecast
from gateway.store.forecast_rows import IssuedForecast
from schemas.page_views import DaysLeft, NozzlePast, PastForecast, WearStory

_TOLD: Final = ("crossed", "worn")
_P05, _P10, _P50, _P90, _P95 = 0, 1, 3, 5, 6
"""Places in what is kept of a forecast."""


async def wear_story(
    forecasts: ForecastBook, current: str | None, before: str | None, shown: Callable[[str, IssuedForecast], bool]
) -> WearStory:
    """The story of the nozzle that is fitted and of the one before; None where there is none.

    Only those past forecasts are told that are `shown`. Raises StoreUnavailableError."""
    stories = [(serial, await forecasts.story(serial)) for serial in (current, before) if serial is not None]
    forecast = forecasts.forecast_of(current) if current is not None else None
    path = wear_path(forecast, stories[0][1].fan) if forecast is not None else ()
    pasts = (past_of(serial, [one for one in story.past if shown(serial, one)]) for serial, story in stories)
    return WearStory(days_left=_days_left(forecast), path=path, past=tuple(past for past in pasts if past.items))


def wear_path(forecast: NozzleForecast, fan: Sequence[FanPoint]) -> tuple[tuple[float, float], ...]:
    """The median's way up to the limit, as (part of the strikes that are left, wear); empty where it is not known."""
    left = forecast.remaining_strikes.p50
    if left <= 0:
        return ()
    parts = [((point.strikes - forecast.strikes) / left, point.p50) for point in fan]
    rising = [(part, wear) for part, wear in parts if 0 < part < 1 and forecast.wear <= wear < 1]
    return tuple((round(part, 4), round(wear, 4)) for part, wear in rising if wear == max(wear, *_up_to(rising, part)))


def _up_to(points: Sequence[tuple[float, float]], part: float) -> list[float]:
    return [wear for place, wear in points if place <= part]


def past_of(serial: str, issued: Sequence[IssuedForecast]) -> NozzlePast:
    """What was forecast, in strikes of the whole life. Pure."""
    ends = [one.strikes + one.came_strikes for one in issued if one.outcome in _TOLD and one.came_strikes is not None]
    return NozzlePast(serial=serial, items=tuple(map(_past, issued)), came=ends[-1] if ends else None)


def _past(one: IssuedForecast) -> PastForecast:
    life = [one.strikes + left for left in one.remaining_strikes]
    came = one.came_strikes if one.outcome in _TOLD else None
    held = None if came is None else one.remaining_strikes[_P10] <= came <= one.remaining_strikes[_P90]
    return PastForecast(
        as_of_ms=one.as_of_ms,
        strikes=one.strikes,
        p05=life[_P05],
        p10=life[_P10],
        p50=life[_P50],
        p90=life[_P90],
        p95=life[_P95],
        held=held,
    )


def _days_left(forecast: NozzleForecast | None) -> DaysLeft | None:
    days = forecast.remaining_days if forecast is not None else None
    if days is None:
        return None
    return DaysLeft(p05=days.p05, p25=days.p25, p50=days.p50, p75=days.p75, p95=days.p95)
