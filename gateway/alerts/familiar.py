"""Familiar readings: most say nothing that any rule could mean, which a few comparisons tell. No I/O, no clock.

A reading moves the wear, the counts and the power. All else that the rules go by (limits, the nozzle's model and lot,
when it expires, when it is due, what the ledger says) mostly stays the same from one reading to the next: it is found
once and kept as plain numbers. What is familiar is well. Of the rest nothing is said: the rules look at it closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.due import never_due_before_ms
from gateway.alerts.nozzle_conditions import mismatched, never_expired_before_ms
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.screening import Limits, is_sighted_anew
from gateway.alerts.sessions import RunningSessions
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, Sighting
from schemas.registry import DEFAULT_COATING_LIMIT, NozzleModel

_NEVER: Final = float("inf")
_NO_SIGHTINGS: Final[Mapping[str, Sighting]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Known:
    """What counts for a device and the nozzle that it has fitted, while its ledger and the five fields after `rows` are
    as they were."""

    rows: Mapping[str, Sighting]
    """What each device says of the nozzle; changes in place."""
    clinic_id: str
    device_model: str | None
    fitted: str
    lot_read: str | None
    replace_by: date | None
    limits: Limits
    well_before_ms: float
    """Before this the nozzle has not expired and is not due, in any zone. Never where it is not well in itself."""
    worn_from: float
    """How much of the coating is off where the mildest rule about wear begins."""
    strikes_from: float
    """The same by strikes, for a coating that is not measured."""


class FamiliarReadings:
    """Remembers what is known of each device until the registry, or the lots that wear too fast, change."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        book: RuleBook,
        clinics: Clinics,
        forecasts: Forecasts,
        alerts: OpenAlerts,
        sessions: RunningSessions,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._clinics = clinics
        self._forecasts = forecasts
        self._open = alerts
        self._sessions = sessions
        self._fast_lots: frozenset[str] = frozenset()
        self._revision = -1
        self._known: dict[str, _Known] = {}

    def refresh(self, fast_lots: Iterable[str]) -> None:
        """Takes over the registry as it stands, and which lots wear too fast."""
        fast = frozenset(fast_lots)
        if fast != self._fast_lots or self._registry.revision != self._revision:
            self._fast_lots, self._revision = fast, self._registry.revision
            self._known.clear()

    def strange(self, states: Iterable[DeviceState]) -> list[DeviceState]:
        """The devices whose latest reading is not familiar, or of which, or of whose nozzle, an alert is open."""
        known_of, forecast_of, lots_read = self._known.get, self._forecasts.forecast_of, self._fleet.lots_read
        with_alert, abnormal = self._open.subjects(), self._forecasts.abnormal_nozzles()
        stands, running, lasts_ms = self._clinics.stands, self._sessions.running(), self._sessions.lasts_ms
        self._forget_rewritten()
        found: list[DeviceState] = []
        for state in states:
            latest, device_id = state.latest, state.device_id
            known = known_of(device_id)
            row = known.rows.get(device_id) if known is not None else None
            if latest is None or known is None or row is None:
                found.append(state)
                continue
            event_ms, received_ms, _, sample = latest
            _, _, _, _, ts_ms, _, power, charge, _, health, _, _, shown, _, depth, _, active = sample
            fitted, limits = known.fitted, known.limits
            strikes, coating_ratio, forecast = row.strikes, row.coating_ratio, forecast_of(fitted)
            if (
                len(known.rows) > 1
                or lots_read.get(fitted) != known.lot_read
                or state.model != known.device_model
                or state.clinic_id != known.clinic_id
                or device_id in with_alert
                or fitted in with_alert
                or fitted in abnormal
                or row.last_key[0] >= known.well_before_ms
                or (forecast is not None and forecast.replace_by != known.replace_by)
                or (strikes is not None and shown is not None and strikes > shown)
                or (coating_ratio is not None and 1.0 - coating_ratio >= known.worn_from)
                or (coating_ratio is None and strikes is not None and strikes >= known.strikes_from)
                or ts_ms is None
                or not -limits.skew_ms < ts_ms - received_ms < limits.skew_ms
                or (charge is not None and charge <= limits.charge)
                or (health is not None and health <= limits.health)
                or (depth and not limits.least_depth_mm <= depth <= limits.most_depth_mm)
                or (power == "battery" and stands(state, power))
                or (
                    (active or device_id in running)
                    and lasts_ms(device_id, event_ms, active=active) >= limits.overlong_ms
                )
            ):
                found.append(state)
        return found

    def _forget_rewritten(self) -> None:
        for device_id in self._fleet.ledgers_changed:
            self._known.pop(device_id, None)
        self._fleet.ledgers_changed.clear()

    def learn(self, state: DeviceState) -> None:
        """Finds out what counts for the device and the nozzle that it has fitted, as both stand."""
        device_id, fitted = state.device_id, self._fleet.fitted_serial(state.device_id)
        rows = self._fleet.sightings.get(fitted, _NO_SIGHTINGS) if fitted is not None else _NO_SIGHTINGS
        row = rows.get(device_id)
        if fitted is None or row is None:
            self._known.pop(device_id, None)
            return
        model, forecast = self._registry.model(row.model), self._forecasts.forecast_of(fitted)
        replace_by = None if forecast is None else forecast.replace_by
        limits = self._book.limits_at(state.clinic_id, state.model, device_id)
        rated = row.rated_strikes or (model.rated_strikes if model is not None else None)
        coating_limit = DEFAULT_COATING_LIMIT if model is None else model.coating_limit
        self._known[device_id] = _Known(
            rows=rows,
            clinic_id=state.clinic_id,
            device_model=state.model,
            fitted=fitted,
            lot_read=self._fleet.lots_read.get(fitted),
            replace_by=replace_by,
            limits=limits,
            well_before_ms=self._well_before_ms(row, model, state.model, replace_by),
            worn_from=limits.wear * (1.0 - coating_limit),
            strikes_from=limits.wear * rated if rated else _NEVER,
        )

    def _well_before_ms(
        self, row: Sighting, model: NozzleModel | None, device_model: str | None, replace_by: date | None
    ) -> float:
        lot = row.lot or self._fleet.lots_read.get(row.serial)
        if lot is not None and (self._registry.lot(lot).recalled_ms is not None or lot in self._fast_lots):
            return -_NEVER
        if mismatched(model, device_model) or is_sighted_anew(row.serial, self._fleet.ledger(row.device_id)):
            return -_NEVER
        expired_ms = _NEVER if row.expires_on is None else never_expired_before_ms(row.expires_on)
        lead_days = model.lead_days if model is not None else None
        return min(expired_ms, _NEVER if replace_by is None else never_due_before_ms(replace_by, lead_days))
