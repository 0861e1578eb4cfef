"""Device views: one device as it stands, made from its state, its nozzle and what the registry says. Pure."""

from __future__ import annotations

from typing import NamedTuple, cast

from gateway.forecasting.board import NozzleForecast, Remaining
from gateway.ingest.fleet import NozzleState
from gateway.store.rows import DeviceState, LedgerRow, TimedSample
from gateway.wear.level import nozzle_wear, wear_ratio
from schemas.records import Form, Sample
from schemas.registry import DEFAULT_COATING_LIMIT, DeviceLifecycle, NozzleModel
from schemas.views import DeviceView, ForecastView, NozzleView, PowerView, Quantiles, SessionsView, WearBand


class FittedNozzle(NamedTuple):
    """What a device has fitted: a nozzle by its serial, or one whose tag can't be read (`serial` None)."""

    serial: str | None


def fitted_nozzle(latest: TimedSample | None, ledger: tuple[LedgerRow, ...], serial: str | None) -> FittedNozzle | None:
    """What is fitted now: the newer of the latest sample and the ledger decides. None: nothing.

    `ledger` is the device's, in order of key; `serial` is the nozzle that it has fitted.
    """
    if latest is not None and (not ledger or latest.key >= ledger[-1].key):
        sample = latest.sample
        return FittedNozzle(sample.nozzle_serial) if sample.nozzle_fitted else None
    return FittedNozzle(serial) if serial is not None else None


def wear_band(wear: float | None, due_wear: float, due: bool | None = None) -> WearBand:
    """The band that pages colour by. `due` is what the forecast says; None: it says nothing, and wear decides."""
    if wear is not None and wear >= 1.0:
        return "worn_out"
    if due or (due is None and wear is not None and wear >= due_wear):
        return "due"
    return "unknown" if wear is None else "ok"


def nozzle_view(nozzle: NozzleState, model: NozzleModel | None, forecast: NozzleForecast | None = None) -> NozzleView:
    """A nozzle that is known by its serial. Its wear is the last reading's; low and high are what all of them say, and
    wide enough to hold that reading; without a reading of it there is no wear to tell."""
    wear = nozzle_wear(nozzle, model)
    held = [wear] if wear is not None else []
    return NozzleView(
        serial=nozzle.serial,
        model=nozzle.model,
        lot=nozzle.lot,
        strikes=nozzle.strikes,
        coating=nozzle.coating_ratio,
        wear=wear,
        wear_low=min([forecast.wear_low, *held]) if forecast and held else None,
        wear_high=max([forecast.wear_high, *held]) if forecast and held else None,
    )


def forecast_view(forecast: NozzleForecast | None) -> ForecastView | None:
    """What is left, in the three quantiles that are shown."""
    if forecast is None:
        return None
    return ForecastView(
        remaining_sessions=_quantiles(forecast.remaining_sessions),
        remaining_days=_quantiles(forecast.remaining_days),
        replace_by=forecast.replace_by.isoformat() if forecast.replace_by else None,
    )


def _quantiles(remaining: Remaining | None) -> Quantiles | None:
    if remaining is None:
        return None
    return Quantiles(p10=round(remaining.p10, 1), p50=round(remaining.p50, 1), p90=round(remaining.p90, 1))


def unread_nozzle_view(serial: str | None, sample: Sample | None) -> NozzleView:
    """A nozzle of which only the sample is known: its tag can't be read, or nothing was merged of it yet."""
    coating = sample.coating_ratio if sample else None
    strikes = sample.strikes if sample else None
    wear = wear_ratio(coating_ratio=coating, coating_limit=DEFAULT_COATING_LIMIT, strikes=strikes, rated_strikes=None)
    return NozzleView(
        serial=serial,
        model=None,
        lot=None,
        strikes=strikes,
        coating=coating,
        wear=wear,
        wear_low=None,
        wear_high=None,
    )


def device_view(
    *,
    state: DeviceState,
    clinic_id: str,
    label: str,
    lifecycle: DeviceLifecycle,
    online: bool,
    nozzle: NozzleView | None,
    due_wear: float,
    due: bool | None = None,
    forecast: ForecastView | None = None,
) -> DeviceView:
    """The device; `clinic_id` as the viewer may see it, `due` as the forecast of its nozzle says."""
    sample = state.latest.sample if state.latest else None
    return DeviceView(
        id=state.device_id,
        clinic_id=clinic_id,
        label=label,
        model=state.model,
        firmware=state.firmware,
        form=cast("Form | None", state.form),
        state=lifecycle,
        online=online,
        last_seen_ms=state.last_seen_ms or None,
        power=_power(sample) if sample else None,
        sessions=SessionsView(total=sample.sessions_total, active=sample.session_active and online) if sample else None,
        nozzle=nozzle,
        wear_band=wear_band(nozzle.wear if nozzle else None, due_wear, due),
        forecast=forecast,
    )


def _power(sample: Sample) -> PowerView:
    return PowerView(
        source=sample.power_source,
        charge=sample.charge_ratio,
        voltage_v=sample.voltage_v,
        health=sample.health_ratio,
    )
