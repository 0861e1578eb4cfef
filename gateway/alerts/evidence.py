"""Evidence: the facts of one subject as the fleet has them now, and what the rules find in them. No I/O, no clock.

Facts are gathered only for what may concern a rule, or has an alert open. Most readings are passed over before that, by
`gateway.alerts.familiar`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.conditions import DueBy, Finding, nozzle_facts
from gateway.alerts.device_conditions import ClockFacts, Moment, Reading, clock_skew, reading_findings
from gateway.alerts.due import due_by
from gateway.alerts.nozzle_conditions import (
    NozzleCase,
    Pace,
    case_findings,
    duplicates,
    expiry_ms,
    is_reset,
    left_by,
    mismatched,
    never_expired_before_ms,
    shown_since,
    unreported_change,
    use_of,
)
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.rules import nozzle_findings
from gateway.alerts.screening import Limits, clock_is_off, may_be_unreported, may_be_worn, reading_may_concern
from gateway.alerts.sessions import RunningSessions
from gateway.alerts.wide_conditions import clinic_mains_lost
from gateway.config_alerts import RuleSet
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, LedgerRow, SamplePoint, TimedSample
from schemas.alert import Rule
from schemas.registry import NozzleModel

WEAR_RULES: frozenset[Rule] = frozenset({"nozzle_worn_out", "nozzle_due"})


class Found(NamedTuple):
    """What the rules find about one subject, and what they go by there."""

    rules: RuleSet
    findings: tuple[Finding, ...]


class FleetEvidence:
    """Asks the fleet, the registry and the forecasts."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        book: RuleBook,
        clinics: Clinics,
        forecasts: Forecasts,
        alerts: OpenAlerts,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._clinics = clinics
        self._forecasts = forecasts
        self._open = alerts
        self.sessions = RunningSessions()
        self._fast_lots: dict[str, Pace] = {}

    def refresh(self) -> Collection[str]:
        """Takes over which lots wear too fast; gives them back."""
        lots = self._forecasts.abnormal_lots()
        self._fast_lots = {lot.subject: Pace(lot.speed_ratio, lot.model, lot.as_of_ms) for lot in lots}
        return self._fast_lots

    def reading(self, state: DeviceState, at_ms: int, reading: Reading, *, concerned: bool) -> Found | None:
        """What a reading of the device says; None where nothing is wrong, and nobody is `concerned` about it."""
        rules = self._book.at(state.clinic_id, state.model, state.device_id)
        if not self._may_say(state, at_ms, reading, self._book.limits(rules)) and not concerned:
            return None
        active_since_ms = self.sessions.since_ms(state.device_id, at_ms, active=reading.session_active)
        stands = self._stands(state, reading)
        moment = Moment(state.device_id, state.clinic_id, stands, at_ms, reading, active_since_ms)
        return Found(rules, reading_findings(moment, rules))

    def device(self, state: DeviceState) -> Found | None:
        """What the device's latest reading says, and its clock."""
        latest = state.latest
        if latest is None:
            return None
        concerned = self._open.has(state.device_id)
        found = self.reading(state, latest.event_ms, latest.sample, concerned=concerned)
        rules = self._book.at(state.clinic_id, state.model, state.device_id)
        if not concerned and not clock_is_off(latest.sample.ts_ms, latest.received_ms, self._book.limits(rules)):
            return found
        findings = found.findings if found is not None else ()
        return Found(rules, (*findings, clock_skew(_clock_facts(state, latest), rules)))

    def clock(self, state: DeviceState, point: SamplePoint, *, concerned: bool) -> Found | None:
        """What the newest reading of a delivery says of the device's clock."""
        rules = self._book.at(state.clinic_id, state.model, state.device_id)
        if not concerned and not clock_is_off(point.clock_ms, point.received_ms, self._book.limits(rules)):
            return None
        facts = ClockFacts(state.device_id, state.clinic_id, point.clock_ms, point.received_ms)
        return Found(rules, (clock_skew(facts, rules),))

    def clinic(self, clinic_id: str, *, concerned: bool = False) -> Found | None:
        """Whether the clinic has lost its mains."""
        if not (concerned or self._clinics.may_be_dark(clinic_id) or self._open.has(clinic_id)):
            return None
        rules = self._book.at(clinic_id, None, None)
        found = clinic_mains_lost(clinic_id, self._clinics.power(clinic_id), rules)
        return None if found is None else Found(rules, (found,))

    def nozzle(self, serial: str) -> Found | None:
        """What the rules say of a nozzle; None where nothing is known of it, or nothing is wrong and nothing open."""
        nozzle = self._fleet.nozzle(serial)
        if nozzle is None:
            return None
        state = self._fleet.device(nozzle.device_id)
        rules = self._book.at(nozzle.clinic_id, state.model if state else None, nozzle.device_id)
        model = self._registry.model(nozzle.model)
        limits = self._book.limits(rules)
        if not self._open.has(serial) and not self._may_concern(nozzle, model, state, limits):
            return None
        case = self._case(nozzle, model, state)
        findings = (*nozzle_findings(case.facts, rules), *case_findings(case, rules))
        if case.facts.due_by is None and self._is_unmeasured(nozzle, state):
            findings = tuple(finding for finding in findings if finding.rule not in WEAR_RULES)
        return Found(rules, findings)

    def recalled_ms(self, nozzle: NozzleState) -> int | None:
        """When the nozzle's lot was recalled."""
        return self._registry.lot(nozzle.lot).recalled_ms if nozzle.lot is not None else None

    def is_forecast(self, serial: str) -> bool:
        """Whether a forecast says when the nozzle is due."""
        forecast = self._forecasts.forecast_of(serial)
        return forecast is not None and forecast.replace_by is not None

    def _may_say(self, state: DeviceState, at_ms: int, reading: Reading, limits: Limits) -> bool:
        lasts_ms = self.sessions.lasts_ms(state.device_id, at_ms, active=reading.session_active)
        return (
            (reading.session_active and lasts_ms >= limits.overlong_ms)
            or reading_may_concern(reading, limits)
            or (reading.power_source == "battery" and self._stands(state, reading))
        )

    def _may_concern(
        self, nozzle: NozzleState, model: NozzleModel | None, state: DeviceState | None, limits: Limits
    ) -> bool:
        """Whether any rule about the nozzle could be true."""
        serial = nozzle.serial
        if may_be_worn(nozzle.coating_ratio, nozzle.strikes, nozzle.rated_strikes, model, limits):
            return True
        if self._is_expired(nozzle) or self._is_due(nozzle, model):
            return True
        if model is not None and model.fits and mismatched(model, state.model if state else None):
            return True
        if self.recalled_ms(nozzle) is not None or self._pace(nozzle) is not None:
            return True
        ledger = self._fleet.ledger(nozzle.device_id)
        if may_be_unreported(serial, ledger, _shown_strikes(serial, state, ledger), nozzle.strikes):
            return True
        return self._is_duplicate(serial)

    def _case(self, nozzle: NozzleState, model: NozzleModel | None, state: DeviceState | None) -> NozzleCase:
        serial = nozzle.serial
        ledger = self._fleet.ledger(nozzle.device_id)
        left_ms = None if nozzle.fitted else left_by(serial, ledger)
        shown = _shown_strikes(serial, state, ledger)
        return NozzleCase(
            facts=nozzle_facts(nozzle, model, left_ms, self._due_by(nozzle, model)),
            model=model,
            device_model=state.model if state else None,
            recalled_ms=self.recalled_ms(nozzle),
            expires_ms=expiry_ms(nozzle.expires_on, self._registry.clinic(nozzle.clinic_id).timezone),
            uses=tuple(
                use_of(sighting, self._fleet.ledger(sighting.device_id))
                for sighting in self._fleet.sightings_on(serial)
                if self._fleet.fitted_serial(sighting.device_id) == serial
            ),
            unreported=unreported_change(serial, ledger, shown, nozzle.strikes),
            count_unseen=shown is None and not is_reset(ledger),
            pace=self._pace(nozzle),
            known_ms=_known_ms(state, ledger, nozzle.last_event_ms),
        )

    def _is_due(self, nozzle: NozzleState, model: NozzleModel | None) -> bool:
        due = self._due_by(nozzle, model)
        return due is not None and nozzle.last_event_ms >= due.due_ms

    def _due_by(self, nozzle: NozzleState, model: NozzleModel | None) -> DueBy | None:
        forecast = self._forecasts.forecast_of(nozzle.serial)
        if forecast is None or forecast.replace_by is None:
            return None
        clinic = self._registry.clinic(nozzle.clinic_id)
        lead_days = model.lead_days if model is not None else None
        return due_by(forecast.replace_by, lead_days, clinic.timezone, clinic.opening_hours)

    def _is_expired(self, nozzle: NozzleState) -> bool:
        if nozzle.expires_on is None or nozzle.last_event_ms < never_expired_before_ms(nozzle.expires_on):
            return False
        expires_ms = expiry_ms(nozzle.expires_on, self._registry.clinic(nozzle.clinic_id).timezone)
        return expires_ms is not None and nozzle.last_event_ms >= expires_ms

    def _pace(self, nozzle: NozzleState) -> Pace | None:
        own = self._forecasts.abnormal_nozzles().get(nozzle.serial)
        if own is not None:
            return Pace(own.speed_ratio, own.model, own.as_of_ms)
        return self._fast_lots.get(nozzle.lot) if nozzle.lot is not None and self._fast_lots else None

    def _is_duplicate(self, serial: str) -> bool:
        sightings = self._fleet.sightings_on(serial)
        if len(sightings) < 2:
            return False
        fitted = (one for one in sightings if self._fleet.fitted_serial(one.device_id) == serial)
        return bool(duplicates([use_of(one, self._fleet.ledger(one.device_id)) for one in fitted]))

    def _is_unmeasured(self, nozzle: NozzleState, state: DeviceState | None) -> bool:
        """Whether the newest reading lacks the measurement of a coating that is measured, or there is none yet of a
        nozzle that a swap record told of: its strikes say nothing of wear then."""
        latest = state.latest if state is not None else None
        if not nozzle.fitted:
            return False
        if latest is None:
            return nozzle.coating_ratio is None
        if latest.sample.nozzle_serial == nozzle.serial:
            return nozzle.coating_ratio is not None and latest.sample.coating_ratio is None
        if nozzle.coating_ratio is None:
            return True
        ledger = self._fleet.ledger(nozzle.device_id)
        if ledger and ledger[-1].event_ms > latest.event_ms and ledger[-1].action == "fitted":
            return False
        # The latest reading can't tell which nozzle it was: what showed this one last may not have measured it.
        return not any(one.coating_key == one.last_key for one in self._fleet.sightings_on(nozzle.serial))

    def _stands(self, state: DeviceState, reading: Reading) -> bool:
        if self._clinics.stands(state, reading.power_source):
            return True
        return self._open.has(state.device_id) and "mains_lost" in self._open.of(state.device_id)


def _shown_strikes(serial: str, state: DeviceState | None, ledger: Sequence[LedgerRow]) -> int | None:
    latest = state.latest if state is not None else None
    if latest is None or latest.sample.nozzle_serial != serial:
        return None
    return shown_since(ledger, latest.event_ms, latest.sample.strikes)


def _known_ms(state: DeviceState | None, ledger: Sequence[LedgerRow], without_ms: int) -> int:
    """When the newest reading of the device was received, or the last row of its ledger that somebody said: an older
    reading that was overtaken is history, whatever the ledger infers from it."""
    latest = state.latest if state is not None else None
    receipts = [row.received_ms for row in ledger if row.received_ms is not None and row.action != "sighted"]
    if latest is not None:
        receipts.append(latest.received_ms)
    return max(receipts, default=without_ms)


def _clock_facts(state: DeviceState, latest: TimedSample) -> ClockFacts:
    return ClockFacts(state.device_id, state.clinic_id, latest.sample.ts_ms, latest.received_ms)
