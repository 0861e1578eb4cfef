"""A report's facts: what is told of a stretch of time and of the state at its making, without a word or a colour.

Made by `gateway.reporting`, shown by `dashboards.reports`. Clinics carry the names that the reader may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

from schemas.access import Role
from schemas.alert import Rule, Severity
from schemas.views import WearBand
from schemas.work import ReplaceReason

Moment: TypeAlias = Literal["early", "in_time", "late", "unknown"]
"""When a nozzle was replaced: well before its limit, near it, past it."""


class Period(NamedTuple):
    """From `since_ms` until before `until_ms`, in the calendar of `zone`."""

    since_ms: int
    until_ms: int
    zone: str


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Whom the report is about, and when."""

    clinic: str | None
    """None: all clinics that the reader sees."""
    period: Period
    made_ms: int
    role: Role
    clinics: int
    devices: int
    """Devices that are not retired."""


class UseDay(NamedTuple):
    """One local day; `usual` is the mean of that weekday before the period, None where too few are known."""

    day: date
    sessions: int
    usual: float | None


@dataclass(frozen=True, slots=True)
class ClinicUse:
    """One clinic's use in the period."""

    clinic: str
    devices: int
    used: int
    """Devices with a session."""
    sessions: int
    usual: float | None
    strikes: int
    busy_ms: int
    on_mains: int


@dataclass(frozen=True, slots=True)
class UseFacts:
    days: tuple[UseDay, ...]
    clinics: tuple[ClinicUse, ...]
    """Most sessions first."""
    known_from: date | None
    """The first day of which anything is known, where that lies within the period."""
    usual_days: int
    """Days before the period that the usual is the mean of."""

    @property
    def sessions(self) -> int:
        return sum(day.sessions for day in self.days)

    @property
    def usual(self) -> float | None:
        """What the same days usually bring together; None where any of them has no usual."""
        known = [day.usual for day in self.days if day.usual is not None]
        return sum(known) if known and len(known) == len(self.days) else None


class WearBin(NamedTuple):
    """Fitted nozzles of wear from `low` on, a tenth wide; the last bin is open."""

    low: float
    nozzles: int
    band: WearBand


@dataclass(frozen=True, slots=True)
class DueNozzle:
    """A fitted nozzle that is to be replaced within 30 days."""

    clinic: str
    device_id: str
    label: str
    serial: str
    model: str | None
    wear: float | None
    worn_out: bool
    replace_by: date | None
    days_low: float | None
    """10 % quantile of the days left; `days_high` 90 %."""
    days_high: float | None


class Wait(NamedTuple):
    """What comes of replacing nothing for so many days: nozzles that wear out in use, as an expectation."""

    days: int
    worn_out: float
    cost: float
    unpriced: float
    """Of `worn_out`, those whose model has no price: they are not in `cost`."""


@dataclass(frozen=True, slots=True)
class WearFacts:
    """The fitted nozzles when the report was made."""

    fitted: int
    bins: tuple[WearBin, ...]
    unknown: int
    worn_out: int
    due: tuple[DueNozzle, ...]
    """Worn out ones first, then by date."""
    due_within: tuple[tuple[int, int], ...]
    """(days, nozzles to be replaced until then, worn out ones among them)"""
    waiting: tuple[Wait, ...]
    cost_ratio: float
    """How often a planned replacement a nozzle costs that wears out in use."""


class Replacement(NamedTuple):
    """A nozzle that another one took the place of; what is said of it is of the old one, `price` of the new one."""

    at_ms: int
    clinic: str
    device_id: str
    serial: str
    model: str | None
    wear: float | None
    moment: Moment
    reason: ReplaceReason | None
    price: float | None
    model_now: str | None


class WeekCount(NamedTuple):
    """Replacements of a week (from Monday) by their moment."""

    week: date
    moment: Moment
    nozzles: int


@dataclass(frozen=True, slots=True)
class ReplacementFacts:
    rows: tuple[Replacement, ...]
    """Of the period, oldest first."""
    weeks: tuple[WeekCount, ...]


class Check(NamedTuple):
    """One forecast and what came, in strikes."""

    serial: str
    said_low: float
    said: float
    said_high: float
    came: float
    inside: bool


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    """Forecasts whose nozzle's life ended, as far as that was found out in the period."""

    scored: int
    inside: float | None
    """Share that lay within the range that was to hold 80 %."""
    nozzles: int
    censored: int
    """Forecasts whose nozzle was taken off too early to tell."""
    checks: tuple[Check, ...]
    """One for each nozzle: that from the middle of its forecasts."""


@dataclass(frozen=True, slots=True)
class AlertUse:
    """One rule's alerts that began to fire in the period."""

    rule: Rule
    severity: Severity
    """The highest."""
    fired: int
    acknowledged: int
    acknowledge_ms: int | None
    """Median time until somebody acknowledged it; None: nobody did."""
    resolved: int
    resolve_ms: int | None
    """Median time until it was over."""


class AlertWeek(NamedTuple):
    week: date
    severity: Severity
    alerts: int


@dataclass(frozen=True, slots=True)
class AlertFacts:
    rules: tuple[AlertUse, ...]
    """Most severe first, then most often."""
    weeks: tuple[AlertWeek, ...]
    acknowledge_ms: int | None
    acknowledged: int
    fired: int


class QuarterCost(NamedTuple):
    """Nozzles that one clinic used up in a calendar quarter, at today's prices of their models."""

    clinic: str
    quarter: str
    """`2026-Q4`, in the report's zone."""
    nozzles: int
    cost: float
    unpriced: int
    """Nozzles whose model has no price: they are not in `cost`."""


@dataclass(frozen=True, slots=True)
class CostFacts:
    quarters: tuple[str, ...]
    """In order; the last one is that of the period's end, up to the report's making."""
    rows: tuple[QuarterCost, ...]
    unpriced_models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """All of a fleet's or a clinic's report."""

    head: ReportHead
    use: UseFacts
    wear: WearFacts
    replacements: ReplacementFacts
    forecasts: ForecastFacts
    alerts: AlertFacts
    costs: CostFacts
