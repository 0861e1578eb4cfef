"""The outlook of nozzles: from states, fits and use to the forecasts that the board shows. Pure.

Nozzles of one fit are forecast side by side. Where the coating is not measured, the strikes alone decide: by the lives
of the model's nozzles that are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.forecasting.abnormal import Pace, own_pace
from gateway.forecasting.board import FanPoint, NozzleForecast, Remaining
from gateway.forecasting.filtering import WearNow, wear_now, with_prior
from gateway.forecasting.fit import LIMIT, ModelFit
from gateway.forecasting.use import Calendar, DeviceUse, day_cdf, day_quantiles, session_quantiles
from gateway.ingest.fleet import NozzleState
from gateway.store.forecast_rows import WearState
from gateway.wear.age import age_cdf
from gateway.wear.calibrate import UNCHANGED
from gateway.wear.decide import replace_at
from gateway.wear.distribution import AHEAD, quantiles
from gateway.wear.paths import Floats
from gateway.wear.refresh import Fleet, Recalibration, refreshed_quantiles
from gateway.wear.wiener import Moments

SHOWN: Final = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
"""The levels of `Remaining`."""

LEVELS: Final = np.unique(
    np.concatenate([SHOWN, [0.001, 0.005, 0.01, 0.025, 0.975, 0.99], np.linspace(0.15, 0.85, 15)])
)
_SHOWN_AT: Final = np.searchsorted(LEVELS, SHOWN - 1e-9)
_FAN_POINTS: Final = 25
_Z_90: Final = float(ndtri(0.9))


@dataclass(frozen=True, slots=True)
class Subject:
    """One nozzle to forecast, and what it depends on."""

    nozzle: NozzleState
    state: WearState | None
    """None where its coating is not measured."""
    rated_strikes: int | None
    use: DeviceUse | None
    calendar: Calendar
    lead_days: int


class Outlook(NamedTuple):
    """One nozzle's forecast, and how fast it wears by its own readings."""

    forecast: NozzleForecast
    pace: Pace | None


def forecasts(fit: ModelFit, subjects: Sequence[Subject], *, cost_ratio: float, now_ms: int) -> list[Outlook]:
    """The forecasts of nozzles of one model; those without strikes told, or with another fit's filter, have none."""
    made: list[Outlook] = []
    measured: list[tuple[Subject, WearNow]] = []
    for subject in subjects:
        strikes = subject.nozzle.strikes
        if strikes is None:
            continue
        if subject.state is None:
            wear = strikes / subject.rated_strikes if subject.rated_strikes else strikes / fit.typical_life
            now = WearNow((), wear, wear, wear)
            made.append(Outlook(_forecast(fit, subject, now, _by_age(fit, strikes), cost_ratio, now_ms), None))
        elif (known := wear_now(subject.state, fit, strikes)) is not None:
            measured.append((subject, known))
    for (subject, known), left in zip(measured, _by_wear(fit, measured), strict=True):
        pace = own_pace(subject.nozzle, known.by_model[0], fit.groups[0])
        made.append(Outlook(_forecast(fit, subject, known, left, cost_ratio, now_ms), pace))
    return made


def _by_age(fit: ModelFit, strikes: int) -> Floats:
    forecaster = fit.forecaster
    used = float(fit.use(np.array([float(strikes)]))[0])
    cdf = forecaster.parts[-1].apply(age_cdf(forecaster.age, used, AHEAD))
    return np.asarray(quantiles(cdf, LEVELS)[0] * fit.typical_life)


def _by_wear(fit: ModelFit, measured: Sequence[tuple[Subject, WearNow]]) -> Floats:
    """Quantiles (nozzles, LEVELS) of the remaining strikes."""
    if not measured:
        return np.empty((0, LEVELS.size))
    use = fit.use(np.array([float(subject.nozzle.strikes or 0) for subject, _ in measured]))
    by_model = []
    for number, model in enumerate(fit.models):
        states = [
            with_prior(now.by_model[number], fit.groups[number], *model.lots.prior(subject.nozzle.lot))
            for subject, now in measured
        ]
        table = np.array(states, dtype=float).T
        by_model.append(Moments(table[1], table[2], table[3], table[4], table[5]))
    taught = [fit.taught_of(subject.nozzle.lot) for subject, _ in measured]
    again = Recalibration(np.array([one.shift for one in taught]), np.array([one.spread for one in taught]))
    left = refreshed_quantiles(fit.forecaster, Fleet(use, tuple(by_model), again), LEVELS) * fit.typical_life
    passed = np.array([now.wear >= LIMIT for _, now in measured])
    return np.asarray(np.where(passed[:, None], 0.0, np.minimum(left, fit.forecaster.longest)))


def _forecast(
    fit: ModelFit, subject: Subject, now: WearNow, left: Floats, cost_ratio: float, now_ms: int
) -> NozzleForecast:
    nozzle = subject.nozzle
    ahead = np.concatenate([[0.0], np.maximum.accumulate(left), [left[-1] * 1.25 + 1.0]])
    cdf = np.concatenate([[0.0], LEVELS, [1.0]])
    plan = _plan(fit, subject, ahead, cdf, cost_ratio, now_ms) if subject.use is not None else None
    known_lot = subject.state is not None and nozzle.lot is not None and nozzle.lot in fit.models[0].lots.lots
    return NozzleForecast(
        serial=nozzle.serial,
        as_of_ms=nozzle.last_event_ms,
        model=nozzle.model,
        lot=nozzle.lot,
        device_id=nozzle.device_id,
        clinic_id=nozzle.clinic_id,
        strikes=nozzle.strikes or 0,
        wear=now.wear,
        wear_low=now.wear_low,
        wear_high=now.wear_high,
        remaining_strikes=_shown(left[_SHOWN_AT]),
        remaining_sessions=plan.sessions if plan else None,
        remaining_days=plan.days if plan else None,
        replace_by=plan.replace_by if plan else None,
        chance_before_next=plan.chance if plan else None,
        group=f"lot {nozzle.lot}" if known_lot else f"model {nozzle.model}" if nozzle.model else "fleet",
        fit_no=fit.fit_no,
        lives=fit.lives,
        fitted=nozzle.fitted,
        measured=subject.state is not None,
        taught=fit.taught_of(nozzle.lot) if subject.state is not None else UNCHANGED,
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    sessions: Remaining
    days: Remaining
    replace_by: date
    chance: float


def _plan(fit: ModelFit, subject: Subject, ahead: Floats, cdf: Floats, cost_ratio: float, now_ms: int) -> _Plan:
    use, calendar = subject.use, subject.calendar
    assert use is not None
    today = calendar.day_of(now_ms)
    by_day = day_cdf(ahead, cdf, use, calendar, today)
    share = sum(calendar.open_weekdays) / 7.0
    mean_life_days = fit.forecaster.mean_life / use.by_open_day.mean / share
    wait = replace_at(np.arange(float(by_day.size)), by_day, cost_ratio=cost_ratio, mean_life=mean_life_days)
    next_open = calendar.next_open_after(today)
    horizon = min((next_open - today).days + subject.lead_days, by_day.size - 1)
    return _Plan(
        sessions=_shown(session_quantiles(ahead, cdf, use, SHOWN)),
        days=_shown(day_quantiles(by_day, SHOWN)),
        replace_by=calendar.last_open_until(today + timedelta(days=int(wait))),
        chance=float(by_day[horizon]),
    )


def _shown(values: Floats) -> Remaining:
    return Remaining(*(round(max(float(value), 0.0), 3) for value in np.maximum.accumulate(values)))


def fan(fit: ModelFit, subject: Subject, furthest: float) -> list[FanPoint]:
    """How the wear may go on, over the next `furthest` strikes: the first model's quantiles, without its limit."""
    strikes = subject.nozzle.strikes
    now = wear_now(subject.state, fit, strikes) if subject.state is not None and strikes is not None else None
    if now is None or strikes is None:
        return []
    model, group = fit.models[0], fit.groups[0]
    state = with_prior(now.by_model[0], group, *model.lots.prior(subject.nozzle.lot))
    ahead = np.linspace(0.0, max(furthest, 1.0), _FAN_POINTS)
    dx = model.warp.along(fit.use(strikes + ahead)) - state.usage
    middle = state.wear + state.drift * dx
    variance = state.wear_var + dx * (2.0 * state.covariance + dx * state.drift_var + float(group.q))
    spread = _Z_90 * np.sqrt(np.maximum(variance, 0.0))
    low, half, high = (np.maximum(fit.down(level), 0.0) for level in (middle - spread, middle, middle + spread))
    return [
        FanPoint(round(float(at) + strikes), float(a), float(b), float(c))
        for at, a, b, c in zip(ahead, low, half, high, strict=True)
    ]
