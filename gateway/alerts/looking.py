"""Looking: which subjects a change of devices concerns, and what the rules find about each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence, Found, serials_of
from gateway.alerts.insisting import Insist
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.time_rules import TimeRules
from gateway.alerts.walking import Readings, Walker, read_all
from gateway.config_alerts import AlertsConfig
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, SamplePoint


class Looked(NamedTuple):
    """What was found, by subject: clinics first, since their alerts silence those of their devices."""

    clinics: Mapping[str, Sequence[Found]]
    subjects: Mapping[str, Sequence[Found]]


class Looking:
    """Keeps what is needed to look at a device without looking at the fleet."""

    def __init__(
        self,
        *,
        store: Readings,
        insist: Insist,
        fleet: Fleet,
        registry: Registry,
        settings: AlertsConfig,
        forecasts: Forecasts,
        alerts: OpenAlerts,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._open = alerts
        self._clinics = Clinics()
        book = RuleBook(settings)
        self.evidence = FleetEvidence(
            fleet=fleet, registry=registry, book=book, forecasts=forecasts, clinics=self._clinics, alerts=alerts
        )
        self.time_rules = TimeRules(fleet=fleet, registry=registry, book=book, clinics=self._clinics, alerts=alerts)

        async def read(device_id: str, since_ms: int, until_ms: int) -> Sequence[SamplePoint]:
            return await insist(partial(read_all, store, device_id, since_ms, until_ms))

        self._walker = Walker(read)

    def start(self, unlooked: Collection[str]) -> None:
        """Takes the fleet as it was restored; all but `unlooked` were looked at before the last run ended."""
        waiting = frozenset(unlooked)
        self._walker.start_back(len(waiting))
        self.time_rules.hear(self._fleet.devices(), live=False)
        for state in self._fleet.devices():
            self._clinics.note(state, self._registry.device(state.device_id).state)
            self.evidence.note_active(state)
            if state.device_id not in waiting:
                self._walker.looked_at(state)

    async def look(self, device_ids: Iterable[str], now_ms: int) -> Looked:
        """What the rules find about these devices, their nozzles and their clinics."""
        states = [state for one in device_ids if (state := self._fleet.device(one)) is not None]
        clinic_ids: set[str] = set()
        for state in states:
            self._clinics.note(state, self._registry.device(state.device_id).state)
            clinic_ids.add(state.clinic_id)
        self.time_rules.hear(states)
        clinics = {one: [found] for one in sorted(clinic_ids) if (found := self.evidence.clinic(one)) is not None}
        subjects: dict[str, list[Found]] = {}
        for state in states:
            of_device = await self._device(state, now_ms)
            if of_device:
                subjects[state.device_id] = of_device
        for serial in sorted(serials_of(self._fleet, self._open, (state.device_id for state in states))):
            of_nozzle = self.evidence.nozzle(serial)
            if of_nozzle is not None:
                subjects.setdefault(serial, []).append(of_nozzle)
        return Looked(clinics, subjects)

    async def _device(self, state: DeviceState, now_ms: int) -> list[Found]:
        walked = await self._walker.walk(state)
        found = list(self.evidence.device(state, walked))
        silence = self.time_rules.silence(state.device_id, now_ms)
        if silence is not None:
            found.append(silence)
        return found
