"""Gathers a report's facts: reads the store, and has each part made of what was read."""

from __future__ import annotations

from typing import NamedTuple

from gateway.errors import InvalidInputError, NotFoundError
from gateway.hours import zone_or_utc
from gateway.ingest.fleet import NozzleState
from gateway.serve.reports.judged import alert_facts, forecast_facts
from gateway.serve.reports.period import common_zone, day_bounds, local_day, month_before, month_of, month_so_far
from gateway.serve.reports.replacements import Old, cost_facts, replacement_facts, swaps_of
from gateway.serve.reports.scene import Scene
from gateway.serve.reports.use import use_facts, usual_bounds
from gateway.serve.reports.wear import FittedNozzle, current_wear, wear_facts
from gateway.store.base import Store
from gateway.store.forecast_rows import IssuedForecast
from gateway.wear.level import nozzle_wear
from schemas.access import Viewer
from schemas.alert import Alert
from schemas.report import FleetFacts, Period, ReportHead, UseFacts, WearFacts

_LATE_ALERT = "nozzle_worn_out"


class ReportAsked(NamedTuple):
    """What a report shall be about. Without times it is the last whole month, or this one so far where nothing is
    known of that. `clinic` as the viewer calls it."""

    viewer: Viewer
    clinic: str | None
    since_ms: int | None
    until_ms: int | None
    made_ms: int
    due_wear: float
    cost_ratio: float
    month: tuple[int, int] | None = None
    """Year and month, in place of times: a whole one in the report's zone, or as far as it has come."""


async def fleet_facts(store: Store, asked: ReportAsked) -> FleetFacts:
    """The facts of a fleet's or a clinic's report.

    Raises NotFoundError for a clinic that the viewer does not see, InvalidInputError for times that make no period,
    StoreError.
    """
    scene = await Scene.load(store, asked.viewer, asked.clinic)
    if asked.clinic is not None and not scene.devices:
        raise NotFoundError(f"no clinic {asked.clinic} with devices is in sight: see silverpoint registry export")
    first_ms = await store.first_session_ms()
    period = period_of(scene, asked, first_ms)
    swaps = swaps_of(scene.ledgers())
    names = {clinic_id: scene.name_of(clinic_id) for clinic_id in scene.clinic_ids()}
    reasons = dict(await store.claim_reasons([swap.old for swap in swaps]))

    def old(serial: str) -> Old:
        nozzle = scene.fleet.nozzle(serial)
        if nozzle is None:
            return Old(None, None, reasons.get(serial))
        return Old(nozzle.model, nozzle_wear(nozzle, scene.registry.model(nozzle.model)), reasons.get(serial))

    def model_of(serial: str) -> str | None:
        nozzle = scene.fleet.nozzle(serial)
        return nozzle.model if nozzle is not None else None

    settled = await store.settled_forecasts(period.since_ms, period.until_ms)
    firings = await store.firings(period.since_ms, period.until_ms)
    return FleetFacts(
        head=ReportHead(
            clinic=names.get(next(iter(names))) if asked.clinic is not None else None,
            period=period,
            made_ms=asked.made_ms,
            role=asked.viewer.role,
            clinics=len({state.clinic_id for state in scene.working.values()}),
            devices=len(scene.working),
        ),
        use=await _use(store, scene, period, first_ms),
        wear=await _wear(store, scene, asked, period.zone),
        replacements=replacement_facts(swaps, period, old, model_of, scene.price_of, scene.name_of),
        forecasts=forecast_facts([one for one in settled if _sees(scene, one.serial)]),
        alerts=alert_facts([one for one in firings if _sees_alert(scene, one.clinic_id, one.device_id)], period),
        costs=cost_facts(swaps, period, asked.made_ms, model_of, scene.price_of, names),
    )


def period_of(scene: Scene, asked: ReportAsked, first_ms: int | None) -> Period:
    """In the zone of most devices' clinics. Raises InvalidInputError where it would be empty."""
    zone = common_zone(scene.registry.clinic(state.clinic_id).timezone for state in scene.devices.values())
    if asked.month is not None:
        return _not_empty(month_of(*asked.month, asked.made_ms, zone))
    month = month_before(asked.made_ms, zone)
    if asked.since_ms is None and asked.until_ms is None:
        known = first_ms is not None and first_ms < month.until_ms
        return month if known else month_so_far(asked.made_ms, zone)
    until_ms = min(asked.until_ms or asked.made_ms, asked.made_ms)
    since_ms = asked.since_ms if asked.since_ms is not None else month_so_far(until_ms - 1, zone).since_ms
    return _not_empty(Period(since_ms, until_ms, zone))


def _not_empty(period: Period) -> Period:
    if period.since_ms >= period.until_ms:
        raise InvalidInputError(["the report's --since must lie before its --until, and in the past"])
    return period


async def _use(store: Store, scene: Scene, period: Period, first_ms: int | None) -> UseFacts:
    devices = None if scene.is_whole else list(scene.devices)
    before = usual_bounds(period, first_ms)
    return use_facts(
        period,
        await store.clinic_use(day_bounds(period.since_ms, period.until_ms, period.zone), devices),
        await store.clinic_use(before, devices),
        before,
        await store.device_use_between(period.since_ms, period.until_ms),
        {device_id: state.clinic_id for device_id, state in scene.working.items()},
        {clinic_id: scene.name_of(clinic_id) for clinic_id in scene.clinic_ids()},
        first_ms,
    )


async def _wear(store: Store, scene: Scene, asked: ReportAsked, zone: str) -> WearFacts:
    serials = [nozzle.serial for nozzle in scene.fitted]
    forecasts = {one.serial: one for one in await store.newest_forecasts(serials, asked.made_ms)}
    worn = {alert.subject for alert in await store.open_alerts() if _says_worn_out(alert)}
    fitted = [_fitted(scene, nozzle, forecasts.get(nozzle.serial), nozzle.serial in worn) for nozzle in scene.fitted]
    today = local_day(asked.made_ms, zone_or_utc(zone))
    return wear_facts(fitted, asked.made_ms, today, asked.due_wear, asked.cost_ratio)


def _fitted(scene: Scene, nozzle: NozzleState, forecast: IssuedForecast | None, alerted: bool) -> FittedNozzle:
    read = nozzle_wear(nozzle, scene.registry.model(nozzle.model))
    wear = current_wear(read, nozzle, forecast)
    return FittedNozzle(
        nozzle=nozzle,
        clinic=scene.name_of(nozzle.clinic_id),
        label=scene.registry.device(nozzle.device_id).label if scene.viewer.role != "vendor" else "",
        wear=max(wear or 0.0, 1.0) if alerted else wear,
        worn_out=alerted or (wear is not None and wear >= 1.0),
        forecast=forecast,
        price=scene.price_of(nozzle.model),
    )


def _says_worn_out(alert: Alert) -> bool:
    return alert.rule == _LATE_ALERT and alert.state == "firing"


def _sees(scene: Scene, serial: str) -> bool:
    nozzle = scene.fleet.nozzle(serial)
    return nozzle is not None and scene.sight.sees_nozzle(scene.viewer, nozzle)


def _sees_alert(scene: Scene, clinic_id: str, device_id: str | None) -> bool:
    if not scene.viewer.scope.sees_clinic(clinic_id):
        return False
    return scene.viewer.scope.models is None or device_id in scene.devices
