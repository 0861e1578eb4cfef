"""Looking: which subjects a change of devices concerns, and what the rules find about each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence, Found
from gateway.alerts.familiar import FamiliarReadings
from gateway.alerts.history import History, Step
from gateway.alerts.insisting import Insist
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.time_rules import TimeRules
from gateway.alerts.walking import Readings, Stretch, Walker
from gateway.alerts.walks import Standing, Walk, WalkReader
from gateway.config_alerts import AlertsConfig
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState


class Group(NamedTuple):
    """Devices that are looked at together. `in_order`: they are of one clinic of which more came than the latest
    readings, or whose mains may be lost: what they said is gone through in the order in which it came."""

    states: Sequence[DeviceState]
    in_order: bool = False


class Looked(NamedTuple):
    """What was found, by subject: clinics first, since their alerts silence those of their devices. Before all that,
    in `history`, what was found on the way."""

    clinics: Mapping[str, Sequence[Found]]
    subjects: Mapping[str, Sequence[Found]]
    history: Sequence[Step] = ()


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
        self._clinics = Clinics(registry.out_of_use)
        book = RuleBook(settings)
        self.evidence = FleetEvidence(
            fleet=fleet, registry=registry, book=book, forecasts=forecasts, clinics=self._clinics, alerts=alerts
        )
        self._familiar = FamiliarReadings(
            fleet=fleet, registry=registry, book=book, clinics=self._clinics, forecasts=forecasts, alerts=alerts,
            sessions=self.evidence.sessions,
        )  # fmt: skip
        self.time_rules = TimeRules(fleet=fleet, registry=registry, book=book, clinics=self._clinics, alerts=alerts)
        self._history = History(
            fleet=fleet, registry=registry, book=book, clinics=self._clinics, evidence=self.evidence, alerts=alerts
        )
        self._walker = Walker()
        self._walk_reader = WalkReader(store, insist, alerts)
        self.left_out = 0
        """How many times a device was left to the next look."""
        self.waiting: set[str] = set()
        """Devices that are doubtful, or may have to go together with one that is: the next look begins with them."""

    def start(self, unlooked: Collection[str], since_ms: Mapping[str, int] | None = None) -> None:
        """Takes the fleet as it was restored; all but `unlooked` were looked at before the last run ended, and of
        those everything before `since_ms`, where that is known."""
        waiting = frozenset(unlooked)
        self._walker.resume(waiting, since_ms)
        self.time_rules.hear(self._fleet.devices(), live=False)
        looked: list[DeviceState] = []
        for state in self._fleet.devices():
            if state.device_id in waiting:
                self._clinics.enter(state)
            else:
                looked.append(state)
        self._note(looked)
        active = {
            state.device_id: state.latest.event_ms
            for state in looked
            if state.latest is not None and state.latest.sample.session_active
        }
        self.evidence.sessions.restore(active)
        self._fleet.rewritten.intersection_update(waiting)
        self._walker.read_starts(active)

    def refresh(self) -> None:
        """Takes over the registry as it stands, and which lots wear too fast."""
        self._familiar.refresh(self.evidence.refresh())

    def groups(self, device_ids: Iterable[str], size: int) -> Iterator[Group]:
        """The devices in groups of `size`; the clinics of which much has come since the last look each by itself."""
        waiting, self.waiting = self.waiting, set()
        everybody = map(self._fleet.states.get, chain(device_ids, waiting.difference(device_ids)))
        found = [state for state in everybody if state is not None]
        behind: dict[str, list[DeviceState]] = {clinic_id: [] for clinic_id in self._behind(found)}
        if behind:
            for state in found:
                if state.clinic_id in behind:
                    behind[state.clinic_id].append(state)
            for _, states in sorted(behind.items()):
                yield Group(states, in_order=True)
            found = [state for state in found if state.clinic_id not in behind]
        rest = iter(found)
        while chunk := tuple(islice(rest, size)):
            yield Group(chunk)

    async def look(self, group: Group, now_ms: int) -> Looked:
        """What the rules find about these devices, their nozzles and their clinics."""
        steps: Sequence[Step] = ()
        states = list(group.states)
        if self._fleet.doubtful and (unsure := self._fleet.doubtful.intersection(one.device_id for one in states)):
            # In a clinic whose devices go together, all wait for one of them.
            self.waiting.update(state.device_id for state in states if group.in_order or state.device_id in unsure)
            states = [state for state in states if state.device_id not in self.waiting]
        if group.in_order and states:
            steps = await self._in_order(states)
        # Of a device that has said more meanwhile the feed tells again: it is left to the next look.
        doubtful, newest = self._fleet.doubtful, self._fleet.states
        states = [one for one in states if newest.get(one.device_id) is one and one.device_id not in doubtful]
        self.left_out += len(group.states) - len(states)
        self._note(states)
        self.time_rules.hear(states)
        clinic_ids = sorted({state.clinic_id for state in states})
        clinics = {one: (found,) for one in clinic_ids if (found := self.evidence.clinic(one)) is not None}
        return Looked(clinics, self._subjects(states, now_ms), steps)

    async def _in_order(self, states: list[DeviceState]) -> Sequence[Step]:
        """What was found on the way to these devices as they stand; `states` are brought up to that."""
        states[:] = [self._fleet.device(state.device_id) or state for state in states]
        standings = [_standing(self._fleet, state) for state in states]
        self._fleet.rewritten.difference_update(state.device_id for state in states)
        for state in states:
            self._clinics.enter(state)
        steps = await self._history.steps(await self._walks(standings))
        self._walker.looked_at(states)
        return steps

    def group_of(self, device_ids: Iterable[str]) -> Group:
        """These devices as they stand, whatever came before."""
        return Group([state for one in device_ids if (state := self._fleet.device(one)) is not None])

    def _subjects(self, states: Sequence[DeviceState], now_ms: int) -> dict[str, list[Found]]:
        subjects: dict[str, list[Found]] = {}
        strange, subjects_on = self._familiar.strange(states), self._open.subjects_on()
        serials: set[str] = set()
        for state in strange:
            if state.device_id not in subjects_on:  # with an alert it is strange, whatever is known of it
                self._familiar.learn(state)
            subjects |= self._device(state, now_ms)
            fitted = self._fleet.fitted_serial(state.device_id)
            if fitted is not None:
                serials.add(fitted)
        for device_id in subjects_on.keys() & {state.device_id for state in states}:
            serials.update(subjects_on[device_id])
        for serial in sorted(serials):
            of_nozzle = self.evidence.nozzle(serial)
            if of_nozzle is not None:
                subjects.setdefault(serial, []).append(of_nozzle)
        return subjects

    def _device(self, state: DeviceState, now_ms: int) -> dict[str, list[Found]]:
        silence = self.time_rules.silence(state.device_id, now_ms)
        found = [one for one in (self.evidence.device(state), silence) if one is not None]
        return {state.device_id: found} if found else {}

    def _note(self, states: Sequence[DeviceState]) -> None:
        self._clinics.note(states)
        self._walker.looked_at(states)

    def _behind(self, states: Sequence[DeviceState]) -> set[str]:
        """The clinics of which more came than the latest readings, or that may lose their mains by those, or have it
        back: there the order of what their devices said counts."""
        with_alert, rewritten = self._open.subjects(), self._fleet.rewritten
        behind = {clinic_id for clinic_id in {state.clinic_id for state in states} if clinic_id in with_alert}
        behind.update(state.clinic_id for state in self._walker.astray(states))
        behind.update(state.clinic_id for state in self._clinics.on_battery(states))
        if rewritten:
            found = (state for state in states if state.device_id in rewritten)
            behind.update(state.clinic_id for state in found if self._is_rewritten(state))
        return behind

    def _is_rewritten(self, state: DeviceState) -> bool:
        if self._walker.is_rewritten(state, self._fleet.ledger(state.device_id)):
            return True
        self._fleet.rewritten.discard(state.device_id)
        return False

    async def _walks(self, standings: Sequence[Standing]) -> list[Walk]:
        walks: list[Walk] = []
        for one in standings:
            if one.state.latest is not None:
                stretch = self._walker.stretch(one.state) or Stretch(self._walker.before(one.state), None)
                walks.append(await self._walk_reader.read(one, one.state.latest, stretch))
        return walks


def _standing(fleet: Fleet, state: DeviceState) -> Standing:
    device_id = state.device_id
    return Standing(state, fleet.ledger(device_id), fleet.sightings_of(device_id), fleet.overtaken.pop(device_id, None))
