"""Evidence: the facts of one subject as the fleet has them now, and what the rules find in them. No I/O, no clock.

Most devices and nozzles are well. So each is first screened with a few comparisons, and only what may concern a rule,
or has an alert open, is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.conditions import DueBy, Finding, nozzle_facts
from gateway.alerts.device_conditions import (
    ClockFacts,
    Moment,
    Reading,
    clock_skew,
    may_concern,
    reading_findings,
)
from gateway.alerts.due import due_by
from gateway.alerts.nozzle_conditions import (
    NozzleCase,
    Pace,
    case_findings,
    duplicates,
    expiry_ms,
    mismatched,
    never_expired_before_ms,
    unreported_change,
    use_of,
)
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.rules import nozzle_findings
from gateway.alerts.wide_conditions import clinic_mains_lost
from gateway.config_alerts import RuleSet
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, SamplePoint, TimedSample
from gateway.wear.level import nozzle_wear
from schemas.registry import NozzleModel

_NOTHING: Final[tuple[Finding, ...]] = ()


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
        self._active_since_ms: dict[str, int] = {}
        self._fast_lots: dict[str, Pace] = {}

    def refresh_lots(self) -> None:
        """Takes over which lots wear too fast, as they stand."""
        lots = self._forecasts.abnormal_lots()
        self._fast_lots = {lot.subject: Pace(lot.speed_ratio, lot.group, lot.as_of_ms) for lot in lots}

    def rules_of(self, state: DeviceState) -> RuleSet:
        return self._book.at(state.clinic_id, state.model, state.device_id)

    def note_active(self, state: DeviceState) -> None:
        """A session that was running already when the gateway started counts from the last sample on."""
        if state.latest is not None and state.latest.sample.session_active:
            self._active_since_ms.setdefault(state.device_id, state.latest.event_ms)

    def device(self, state: DeviceState, walked: Sequence[SamplePoint]) -> Iterator[Found]:
        """What the device's readings say, one after the other: those since the last look, then the latest."""
        rules = self.rules_of(state)
        concerns = self._open.has(state.device_id)
        for point in walked:
            moment = self._moment(state, point.ts_ms, point)
            if concerns or may_concern(moment, rules):
                concerns = True
                yield Found(rules, reading_findings(moment, rules))
        latest = state.latest
        if latest is None:
            return
        moment = self._moment(state, latest.event_ms, latest.sample)
        findings = reading_findings(moment, rules) if concerns or may_concern(moment, rules) else _NOTHING
        if concerns or _clock_may_be_off(latest, rules):
            findings = (*findings, clock_skew(_clock_facts(state, latest), rules))
        if findings:
            yield Found(rules, findings)

    def clinic(self, clinic_id: str) -> Found | None:
        """Whether the clinic has lost its mains."""
        if not (self._clinics.may_be_dark(clinic_id) or self._open.has(clinic_id)):
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
        if not self._open.has(serial) and not self._may_concern(nozzle, model, state, rules):
            return None
        case = self._case(nozzle, model, state)
        return Found(rules, (*nozzle_findings(case.facts, rules), *case_findings(case, rules)))

    def _may_concern(
        self, nozzle: NozzleState, model: NozzleModel | None, state: DeviceState | None, rules: RuleSet
    ) -> bool:
        """Whether any rule about the nozzle could be true: quicker than finding out which."""
        serial = nozzle.serial
        wear = nozzle_wear(nozzle, model)
        if wear is not None and wear >= min(1.0, rules.rule("nozzle_due").threshold or 1.0):
            return True
        due = self._due_by(nozzle, model)
        if due is not None and nozzle.last_event_ms >= due.due_ms:
            return True
        if self._is_expired(nozzle):
            return True
        if model is not None and model.fits and mismatched(model, state.model if state else None):
            return True
        if self._recalled_ms(nozzle) is not None or self._pace(nozzle) is not None:
            return True
        return self._unreported(nozzle, state) is not None or self._is_duplicate(serial)

    def _case(self, nozzle: NozzleState, model: NozzleModel | None, state: DeviceState | None) -> NozzleCase:
        ledger = self._fleet.ledger(nozzle.device_id) if not nozzle.fitted else ()
        left_ms = ledger[-1].event_ms if ledger else None
        return NozzleCase(
            facts=nozzle_facts(nozzle, model, left_ms, self._due_by(nozzle, model)),
            model=model,
            device_model=state.model if state else None,
            recalled_ms=self._recalled_ms(nozzle),
            expires_ms=expiry_ms(nozzle.expires_on, self._registry.clinic(nozzle.clinic_id).timezone),
            uses=tuple(
                use_of(sighting, self._fleet.ledger(sighting.device_id))
                for sighting in self._fleet.sightings_on(nozzle.serial)
                if self._fleet.fitted_serial(sighting.device_id) == nozzle.serial
            ),
            unreported=self._unreported(nozzle, state),
            pace=self._pace(nozzle),
        )

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

    def _recalled_ms(self, nozzle: NozzleState) -> int | None:
        return self._registry.lot(nozzle.lot).recalled_ms if nozzle.lot is not None else None

    def _pace(self, nozzle: NozzleState) -> Pace | None:
        own = self._forecasts.abnormal(nozzle.serial)
        if own is not None:
            return Pace(own.speed_ratio, own.group, own.as_of_ms)
        return self._fast_lots.get(nozzle.lot) if nozzle.lot is not None and self._fast_lots else None

    def _unreported(self, nozzle: NozzleState, state: DeviceState | None) -> str | None:
        sample = state.latest.sample if state is not None and state.latest is not None else None
        shown = sample.strikes if sample is not None and sample.nozzle_serial == nozzle.serial else None
        return unreported_change(nozzle.serial, self._fleet.ledger(nozzle.device_id), shown, nozzle.strikes)

    def _is_duplicate(self, serial: str) -> bool:
        sightings = self._fleet.sightings_on(serial)
        if len(sightings) < 2:
            return False
        fitted = (one for one in sightings if self._fleet.fitted_serial(one.device_id) == serial)
        return bool(duplicates([use_of(one, self._fleet.ledger(one.device_id)) for one in fitted]))

    def _moment(self, state: DeviceState, at_ms: int, reading: Reading) -> Moment:
        device_id = state.device_id
        since_ms: int | None = None
        if reading.session_active:
            since_ms = self._active_since_ms.setdefault(device_id, at_ms)
        elif device_id in self._active_since_ms:
            del self._active_since_ms[device_id]
        stands = self._clinics.stands(state, reading.power_source)
        if not stands and self._open.has(device_id):
            stands = "mains_lost" in self._open.of(device_id)
        return Moment(device_id, state.clinic_id, stands, at_ms, reading, since_ms)


def _clock_may_be_off(latest: TimedSample, rules: RuleSet) -> bool:
    ts_ms = latest.sample.ts_ms
    return ts_ms is None or abs(ts_ms - latest.received_ms) >= 1_000 * (rules.rule("clock_skew").threshold or 0.0)


def _clock_facts(state: DeviceState, latest: TimedSample) -> ClockFacts:
    return ClockFacts(state.device_id, state.clinic_id, latest.sample.ts_ms, latest.received_ms)


def serials_of(fleet: Fleet, alerts: OpenAlerts, device_ids: Iterable[str]) -> set[str]:
    """The nozzles that these devices have fitted, and the subjects of the alerts that are open on them."""
    serials: set[str] = set()
    for device_id in device_ids:
        fitted = fleet.fitted_serial(device_id)
        if fitted is not None:
            serials.add(fitted)
        serials |= alerts.subjects_on(device_id)
    return serials
