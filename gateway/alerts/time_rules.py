"""Rules that time drives: silence of devices and clinics, faults that nobody repeats, and the gateway itself.

Their evidence is the gateway's: receipt and elapsed time. A tick looks at what has come due, what went wrong since
the last one, and the alerts of these rules that are open; never at the fleet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.conditions import Finding
from gateway.alerts.device_conditions import (
    FaultFacts,
    SilenceFacts,
    clinic_silent,
    data_gap,
    device_silent,
    message_rejected,
    silence_limit_ms,
)
from gateway.alerts.evidence import Found
from gateway.alerts.listening import Counters, LastHeard, Schedule
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.watch import DiskSpace
from gateway.alerts.wide_conditions import FEWEST_DEVICES, gateway_broker_lost, gateway_disk_low, gateway_message_dead
from gateway.config_alerts import RuleSet
from gateway.ingest.faults import Fault, FaultKind
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState
from schemas.alert import Rule

TIMED_RULES: Final = frozenset[Rule](
    {
        "device_silent",
        "clinic_silent",
        "data_gap",
        "message_rejected",
        "gateway_disk_low",
        "gateway_broker_lost",
        "gateway_message_dead",
    }
)
"""Timed by the gateway's clock: their evidence is never older than what was judged, though that clock be set back."""

_FAULT_RULES: Final[Mapping[FaultKind, Rule]] = MappingProxyType({"rejected": "message_rejected", "lost": "data_gap"})
_SLACK: Final = 1.25
"""A clinic whose devices announced long silences is silent only after this much more than the shortest of them."""


class _Recent(NamedTuple):
    times: int
    at_ms: int


class TimeRules:
    """Finds; whoever calls decides and stores."""

    def __init__(
        self, *, fleet: Fleet, registry: Registry, book: RuleBook, clinics: Clinics, alerts: OpenAlerts
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._clinics = clinics
        self._open = alerts
        self._counters = Counters()
        self._devices = LastHeard(self._counters, self._device_schedule, self._device_limit_ms)
        self._clinic_heard = LastHeard(self._counters, self._schedule, self._clinic_limit_ms)
        self._recent: dict[tuple[Rule, str], _Recent] = {}
        self._lost_ms = 0
        self._again: set[str] = set()

    def hear(self, states: Iterable[DeviceState], *, live: bool = True) -> None:
        """The devices as they stand: something new may have been received of them. Not `live`: before the start."""
        clinics: dict[str, int] = {}
        hear = self._devices.hear
        for state in states:
            seen_ms = state.last_seen_ms
            if seen_ms and hear(state.device_id, seen_ms, live=live) and seen_ms > clinics.get(state.clinic_id, 0):
                clinics[state.clinic_id] = seen_ms
        for clinic_id, seen_ms in clinics.items():
            self._clinic_heard.hear(clinic_id, seen_ms, live=live)

    def pass_time(self, elapsed_ms: int, now_ms: int, *, listening: bool, connected: bool) -> None:
        """So much time has passed on a clock that only grows; `now_ms` is the time of day, for opening hours."""
        if listening:
            self._counters.listen(elapsed_ms, now_ms)
        self._lost_ms = 0 if connected else self._lost_ms + elapsed_ms

    def silence(self, device_id: str, now_ms: int) -> Found | None:
        """Of a device with an open alert: whether it is still silent."""
        if not self._open.has(device_id) or "device_silent" not in self._open.of(device_id):
            return None
        state = self._fleet.device(device_id)
        return None if state is None else self._device(state, now_ms)

    def tick(self, now_ms: int) -> dict[str, list[Found]]:
        """What time alone has brought about, clinics before their devices."""
        found: dict[str, list[Found]] = {}
        clinic_ids = set(self._clinic_heard.due()) | self._open_subjects("clinic_silent")
        for clinic_id in sorted(clinic_ids):
            silent = self._clinic(clinic_id, now_ms)
            if silent is not None:
                found[clinic_id] = [silent]
        device_ids = set(self._devices.due()) | self._open_subjects("device_silent") | self._again
        self._again.clear()
        for device_id in sorted(device_ids):
            state = self._fleet.device(device_id)
            if state is not None:
                found.setdefault(device_id, []).append(self._device(state, now_ms))
        return found

    def free_children(self, clinic_id: str) -> None:
        """The clinic's alert is over: its devices are looked at again, each by itself, at the next tick."""
        self._again.update(self._clinics.devices(clinic_id))

    def faults(self, faults: Iterable[Fault], now_ms: int) -> dict[str, list[Found]]:
        """What was refused and lost since the last call, and whether it has been quiet since."""
        found: dict[str, list[Found]] = {}
        seen: set[tuple[Rule, str]] = set()
        for fault in faults:
            state = self._fleet.device(fault.device_id)
            clinic_id = state.clinic_id if state is not None else fault.clinic_id
            if clinic_id is None:
                continue
            rule = _FAULT_RULES[fault.kind]
            rules = self._book.at(clinic_id, state.model if state else None, fault.device_id)
            facts = self._counted(rule, fault, clinic_id, rules, now_ms)
            seen.add((rule, fault.device_id))
            found.setdefault(fault.device_id, []).append(Found(rules, (_fault_finding(rule, facts, rules),)))
        for rule in _FAULT_RULES.values():
            for alert in self._open.of_rule(rule):
                if (rule, alert.subject) not in seen:
                    rules = self._book.at(alert.clinic_id, None, alert.subject)
                    quiet = FaultFacts(alert.subject, alert.clinic_id, 0, now_ms, "")
                    found.setdefault(alert.subject, []).append(Found(rules, (_fault_finding(rule, quiet, rules),)))
        return found

    def rejections_count_ms(self) -> int:
        """For how long rejected messages count."""
        return self._book.everywhere.rule("message_rejected").keep_firing_ms

    def gateway(self, disk: DiskSpace | None, dead_messages: int, now_ms: int) -> Found:
        """How the gateway itself stands."""
        rules = self._book.everywhere
        findings: tuple[Finding, ...] = (
            gateway_broker_lost(self._lost_ms, now_ms, rules),
            gateway_message_dead(dead_messages, now_ms, rules),
        )
        if disk is not None and disk.total_bytes:
            ratio = disk.free_bytes / disk.total_bytes
            findings = (*findings, gateway_disk_low(ratio, disk.free_bytes, now_ms, rules))
        return Found(rules, findings)

    def _device(self, state: DeviceState, now_ms: int) -> Found:
        device_id = state.device_id
        rules = self._book.at(state.clinic_id, state.model, device_id)
        facts = SilenceFacts(
            subject=device_id,
            clinic_id=state.clinic_id,
            device_id=device_id,
            silent_ms=self._devices.silent_ms(device_id),
            limit_ms=self._device_limit_ms(device_id),
            heard=self._devices.heard_live(device_id),
            out_of_service=not self._clinics.is_counted(device_id),
            at_ms=now_ms,
        )
        return Found(rules, (device_silent(facts, rules),))

    def _clinic(self, clinic_id: str, now_ms: int) -> Found | None:
        rules = self._book.at(clinic_id, None, None)
        facts = SilenceFacts(
            subject=clinic_id,
            clinic_id=clinic_id,
            device_id=None,
            silent_ms=self._clinic_heard.silent_ms(clinic_id),
            limit_ms=self._clinic_limit_ms(clinic_id),
            heard=self._clinic_heard.heard_live(clinic_id),
            out_of_service=len(self._clinics.devices(clinic_id)) < FEWEST_DEVICES,
            at_ms=now_ms,
        )
        return Found(rules, (clinic_silent(facts, rules),))

    def _counted(self, rule: Rule, fault: Fault, clinic_id: str, rules: RuleSet, now_ms: int) -> FaultFacts:
        place = (rule, fault.device_id)
        before = self._recent.get(place)
        times = fault.times
        if before is not None and now_ms - before.at_ms <= rules.rule(rule).keep_firing_ms:
            times += before.times
        self._recent[place] = _Recent(times, now_ms)
        return FaultFacts(fault.device_id, clinic_id, times, now_ms, fault.what)

    def _open_subjects(self, rule: Rule) -> set[str]:
        return {alert.subject for alert in self._open.of_rule(rule)}

    def _schedule(self, clinic_id: str) -> Schedule:
        clinic = self._registry.clinic(clinic_id)
        return Schedule(clinic.timezone, clinic.opening_hours)

    def _device_schedule(self, device_id: str) -> Schedule:
        state = self._fleet.device(device_id)
        return self._schedule(state.clinic_id) if state is not None else Schedule("UTC", "")

    def _device_limit_ms(self, device_id: str) -> int:
        state = self._fleet.device(device_id)
        if state is None:
            return silence_limit_ms(self._book.everywhere.rule("device_silent").threshold, None)
        rules = self._book.at(state.clinic_id, state.model, device_id)
        return silence_limit_ms(rules.rule("device_silent").threshold, state.interval_s)

    def _clinic_limit_ms(self, clinic_id: str) -> int:
        threshold_s = self._book.at(clinic_id, None, None).rule("clinic_silent").threshold or 0.0
        states = (self._fleet.device(device_id) for device_id in self._clinics.devices(clinic_id))
        announced = min((state.interval_s for state in states if state is not None and state.interval_s), default=0)
        return round(1_000 * max(threshold_s, _SLACK * announced))


def _fault_finding(rule: Rule, facts: FaultFacts, rules: RuleSet) -> Finding:
    return data_gap(facts, rules) if rule == "data_gap" else message_rejected(facts, rules)
