"""The alert engine: reads what is committed past its own mark, and keeps alerts as the evidence has them.

Changes, their history and the mark are one transaction, so a kill anywhere resumes where it was: what was not
applied is found again from the fleet's state, and what was applied makes no second change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final, Protocol, TypeVar

from collectors.backoff import Backoff
from gateway.alerts.board import OpenAlerts
from gateway.alerts.conditions import NOZZLE_CONDITIONS, WORN_OUT_WEAR, Finding, nozzle_facts
from gateway.alerts.inhibition import inhibitor
from gateway.alerts.lookback import MARGIN_MS, is_needed, stood_since
from gateway.alerts.rules import decide, nozzle_findings, timing
from gateway.clock import Clock
from gateway.config import AlertsConfig
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.base import AlertStore
from gateway.store.rows import SamplePoint
from gateway.store.service_rows import AlertChange, AuditRow
from schemas.alert import Alert, Rule

T = TypeVar("T")

_CHUNK: Final = 500
"""Devices evaluated before the loop gets its turn: a few milliseconds."""
_PAUSE_S: Final = 0.25
"""Between two looks at the feed: a busy device is evaluated once for all its messages of that time."""
_MARK_EVERY_MS: Final = 10_000
"""A mark without changes is worth a commit only now and then."""
_PAGE: Final = 5_000
_RETRY_MIN_MS: Final = 200
_RETRY_MAX_MS: Final = 5_000


class EvidenceStore(AlertStore, Protocol):
    """The store as the engine needs it: alerts, and the readings that they rest on."""

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]: ...


class AlertEngine:
    """Evaluates the nozzles of changed devices. The only writer of alerts but for acknowledgements."""

    def __init__(
        self,
        *,
        store: EvidenceStore,
        fleet: Fleet,
        registry: Registry,
        feed: CommitFeed,
        events: Events,
        clock: Clock,
        settings: AlertsConfig,
    ) -> None:
        self.changes = CommitFeed()
        """Told the devices of every alert that changed, after it is stored."""
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._events = events
        self._clock = clock
        self._settings = settings
        self._open = OpenAlerts()
        self._follower = feed.follow()
        self._writing = asyncio.Lock()
        self._mark = 0
        self._marked_at_ms = clock.monotonic_ms()

    def open(self) -> tuple[Alert, ...]:
        """Every pending and firing alert: most severe first, then the longest open."""
        return self._open.all()

    def firing(self) -> tuple[Alert, ...]:
        """Every firing alert, in the same order."""
        return tuple(alert for alert in self._open.all() if alert.state == "firing")

    def pending(self) -> tuple[Alert, ...]:
        """Every pending alert, in the same order."""
        return tuple(alert for alert in self._open.all() if alert.state == "pending")

    def of(self, subject: str) -> dict[Rule, Alert]:
        """The open alerts of one subject, by rule."""
        return self._open.of(subject)

    async def restore(self) -> None:
        """Reads the open alerts and evaluates what was committed since the mark. Comes before `run`."""
        self._open.replace(await self._store.open_alerts())
        self._mark = await self._store.alert_mark()
        await self.evaluate(await self._store.changed_since(self._mark), self._mark)

    async def run(self) -> None:
        """Follows the commit feed until it is cancelled."""
        try:
            while True:
                changed = await self._follower.next()
                await self.evaluate(changed.device_ids, changed.commit_no)
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._follower.close()

    async def evaluate(self, device_ids: Collection[str], commit_no: int) -> None:
        """Evaluates these devices as they stand now; then everything up to `commit_no` counts as evaluated."""
        for chunk in _chunks(device_ids):
            async with self._writing:
                changes = await self._changes(chunk)
                if changes:
                    # The mark waits for the last chunk: after a kill in between, all are evaluated again.
                    await self._apply(changes, self._mark)
            await asyncio.sleep(0)
        self._mark = max(self._mark, commit_no)
        if self._clock.monotonic_ms() - self._marked_at_ms >= _MARK_EVERY_MS:
            async with self._writing:
                await self._apply((), self._mark)

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        """Notes in the store, and here, that a person has seen the alert. None where there is no such alert."""
        async with self._writing:
            alert = await self._store.acknowledge(alert_id, by, at_ms, audit)
            if alert is not None and alert.rule in self._open.of(alert.subject):
                self._open.put(alert)
        if alert is not None and alert.device_id is not None:
            self.changes.publish(0, (alert.device_id,))
        return alert

    async def _changes(self, device_ids: Iterable[str]) -> tuple[AlertChange, ...]:
        subjects = {subject for device_id in device_ids for subject in self._subjects(device_id)}
        found = {subject: findings for subject in sorted(subjects) if (findings := self._findings(subject))}
        closed = await self._closed(found.values())
        changes: list[AlertChange] = []
        for subject, findings in found.items():
            newest = closed.get(subject, {}) | self._open.of(subject)
            changes += decide(await self._dated(findings, newest), newest, self._settings)
        return tuple(changes)

    def _subjects(self, device_id: str) -> frozenset[str]:
        fitted = self._fleet.fitted_serial(device_id)
        alerted = self._open.subjects_on(device_id)
        return alerted if fitted is None else alerted | {fitted}

    def _findings(self, serial: str) -> tuple[Finding, ...]:
        nozzle = self._fleet.nozzle(serial)
        if nozzle is None:
            return ()
        ledger = self._fleet.ledger(nozzle.device_id) if not nozzle.fitted else ()
        left_ms = ledger[-1].event_ms if ledger else None
        facts = nozzle_facts(nozzle, self._registry.model(nozzle.model), left_ms)
        findings = nozzle_findings(facts, self._settings)
        # Most nozzles are well: where nothing is open, only what is true can change anything.
        concerns = self._open.has(serial) or any(finding.verdict == "true" for finding in findings)
        return findings if concerns else ()

    async def _dated(self, findings: Sequence[Finding], newest: Mapping[Rule, Alert]) -> list[Finding]:
        """The findings with the time since when they have stood, where that matters."""
        dated: list[Finding] = []
        for finding in findings:
            if is_needed(newest.get(finding.rule), finding):
                stands = await self._stood_since(finding)
                wanted = finding.verdict == "true" or newest[finding.rule].state == "pending"
                finding = finding._replace(since_ms=stands.get(wanted))  # noqa: PLW2901
            dated.append(finding)
        return dated

    async def _stood_since(self, finding: Finding) -> dict[bool, int]:
        nozzle = self._fleet.nozzle(finding.subject)
        if nozzle is None:
            return {}
        holds = timing(finding.rule, self._settings)
        since_ms = finding.at_ms - max(holds.hold_ms, holds.keep_firing_ms) - MARGIN_MS
        readings = await self._readings(nozzle.device_id, since_ms, finding.at_ms + 1)
        model = self._registry.model(nozzle.model)
        return stood_since(nozzle, model, readings, NOZZLE_CONDITIONS[finding.rule], self._settings)

    async def _readings(self, device_id: str, since_ms: int, until_ms: int) -> list[SamplePoint]:
        readings: list[SamplePoint] = []
        while True:
            page = await self._insist(partial(self._store.samples, device_id, since_ms, until_ms, _PAGE))
            readings += page
            if len(page) < _PAGE:
                return readings
            since_ms = page[-1].ts_ms + 1

    async def _closed(self, found: Iterable[Sequence[Finding]]) -> dict[str, dict[Rule, Alert]]:
        """The resolved alerts that may open again: looked up only where a finding is true and nothing is open."""
        wanted = [
            (finding.rule, finding.subject)
            for findings in found
            for finding in findings
            if finding.verdict == "true" and self._might_open(finding)
        ]
        closed: dict[str, dict[Rule, Alert]] = {}
        for alert in await self._insist(lambda: self._store.latest_alerts(wanted)) if wanted else ():
            closed.setdefault(alert.subject, {})[alert.rule] = alert
        return closed

    def _might_open(self, finding: Finding) -> bool:
        alerts = self._open.of(finding.subject)
        if finding.rule in alerts:
            return False
        by = inhibitor(finding.rule, [rule for rule, alert in alerts.items() if alert.state == "firing"])
        # An inhibitor that may itself resolve by this evidence sets the milder alert free at once.
        return by is None or finding.value is None or finding.value < WORN_OUT_WEAR

    async def _apply(self, changes: Sequence[AlertChange], mark: int) -> None:
        stored = await self._insist(lambda: self._store.apply_alerts(changes, mark))
        self._marked_at_ms = self._clock.monotonic_ms()
        for alert in stored:
            self._open.put(alert)
            self._events.alert_changed(alert.rule, alert.subject, alert.state, alert.severity)
        if len(stored) < len(changes):
            # Somebody else changed one of them first: what the store has is what counts.
            self._open.replace(await self._insist(self._store.open_alerts))
        told = {change.alert.device_id for change in changes} | {alert.device_id for alert in stored}
        if told:
            self.changes.publish(mark, [device_id for device_id in told if device_id is not None])

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until the store answers: meanwhile the feed gathers what changes."""
        backoff = Backoff(_RETRY_MIN_MS, _RETRY_MAX_MS)
        while True:
            try:
                return await attempt()
            except StoreUnavailableError as error:
                wait_ms = backoff.next_ms()
                self._events.commit_retried(str(error), wait_ms)
                await asyncio.sleep(wait_ms / 1000)


def _chunks(device_ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(device_ids)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk
