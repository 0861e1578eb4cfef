"""The forecast board: what the rest of the gateway may ask of the forecasts. Rows that are frozen, and one protocol.

Nothing here computes: the board that the gateway runs is `gateway.forecasting.online.ForecastKeeper`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from gateway.ingest.feed import CommitFeed
from gateway.store.forecast_rows import Coverage, IssuedForecast
from gateway.wear.calibrate import UNCHANGED, Calibration


@dataclass(frozen=True, slots=True)
class Remaining:
    """Quantiles of what is left until wear reaches the limit: finite, at least 0, in rising order."""

    p05: float
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    p95: float

    def values(self) -> tuple[float, ...]:
        """All of them, in order."""
        return (self.p05, self.p10, self.p25, self.p50, self.p75, self.p90, self.p95)


@dataclass(frozen=True, slots=True)
class NozzleForecast:
    """What is expected of one nozzle, from all that was committed of it up to `as_of_ms`."""

    serial: str
    as_of_ms: int
    """Event time of the nozzle's last reading in it."""
    model: str | None
    lot: str | None
    device_id: str
    """The device that showed the nozzle last; its use and its clinic's calendar made strikes into days."""
    clinic_id: str
    strikes: int
    """Needle strikes so far."""
    wear: float
    """Mean of what the readings say of the wear now; at 1 the nozzle must be replaced."""
    wear_low: float
    """10 % quantile of the wear now."""
    wear_high: float
    """90 % quantile of the wear now."""
    remaining_strikes: Remaining
    remaining_sessions: Remaining | None
    """None where nothing is known of how the device is used."""
    remaining_days: Remaining | None
    """Calendar days, closed days counted; None where nothing is known of how the device is used."""
    replace_by: date | None
    """The last open day, in the clinic's zone, on which replacing costs least by the cost ratio. The part's lead time
    is not taken off: order that much earlier."""
    chance_before_next: float | None
    """Probability that the limit is passed before the clinic's next opening day plus the part's lead time has come:
    what is not ordered now comes too late then."""
    group: str
    """Whose experience it rests on: `lot <lot>`, `model <model>`, or `fleet`."""
    fit_no: int
    """Which fit of the group's parameters made it."""
    lives: int
    """Ended lives (censored ones too) that the fit had learnt from; few make a wide forecast."""
    fitted: bool
    """Whether it is on a device now."""
    measured: bool
    """Whether the coating is measured; otherwise the forecast counts strikes alone."""
    taught: Calibration = UNCHANGED
    """What came of past forecasts has moved and widened this one so."""


@dataclass(frozen=True, slots=True)
class Abnormality:
    """Evidence that a nozzle, or a lot, wears faster than its group; only what survives the fleet's
    false-discovery control is evidence."""

    subject: str
    """The nozzle's serial, or the lot."""
    model: str | None
    """The nozzle model whose others it was compared with; None: with the fleet's."""
    speed_ratio: float
    """How fast it wears over what is usual in the group: 1.5 is half as fast again."""
    z: float
    """Log drift less the group's (of a lot: and less the margin), in standard deviations of their difference."""
    p_value: float
    """Chance that the evidence would ever have become so strong, at any number of looks, were nothing wrong."""
    nozzles: int
    """How many nozzles it rests on; 1 for a nozzle."""
    as_of_ms: int


class WearPoint(NamedTuple):
    """What the readings of one bin of use say: their means, and how many they were."""

    strikes: int
    wear: float
    readings: int


class FanPoint(NamedTuple):
    """Quantiles of the wear at a future use."""

    strikes: int
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class NozzleStory:
    """A nozzle's wear so far, how it may go on, and what was forecast of it."""

    history: tuple[WearPoint, ...]
    fan: tuple[FanPoint, ...]
    past: tuple[IssuedForecast, ...]


class Forecasts(Protocol):
    """Forecasts as they stand, from memory; never waits. None or empty: nothing is known, which says nothing."""

    changes: CommitFeed
    """Told the devices whose nozzle's forecast, or abnormality, has changed, after it is stored."""

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        """The nozzle's forecast as it stands."""
        ...

    def abnormal_nozzles(self) -> Mapping[str, Abnormality]:
        """The nozzles that wear faster than their group, by serial."""
        ...

    def abnormal_lots(self) -> Sequence[Abnormality]:
        """The lots that wear faster than their model, the surest first."""
        ...


class ForecastBook(Forecasts, Protocol):
    """Forecasts with the stories behind them, for whoever looks closer."""

    def coverage(self) -> Sequence[Coverage]:
        """How past forecasts turned out, by group."""
        ...

    async def story(self, serial: str) -> NozzleStory:
        """Empty where nothing is known of the nozzle. Raises StoreUnavailableError."""
        ...


class NoForecasts:
    """The board where nothing is forecast: commands that work on the store itself, and tests."""

    def __init__(self) -> None:
        self.changes = CommitFeed()

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        return None

    def abnormal_nozzles(self) -> Mapping[str, Abnormality]:
        return {}

    def abnormal_lots(self) -> Sequence[Abnormality]:
        return ()

    def coverage(self) -> Sequence[Coverage]:
        return ()

    async def story(self, serial: str) -> NozzleStory:
        return NozzleStory((), (), ())
