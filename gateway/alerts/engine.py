"""The alert engine: reads what is committed past its own mark, and keeps alerts as the evidence has them.

Changes, their history and the mark are one transaction, so a kill anywhere resumes where it was: what was not
applied is found again from the fleet's state, and what was applied makes no second change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, Protocol

from gateway.alerts.board import OpenAlerts
from gateway.alerts.inhibition import CHILDREN
from gateway.alerts.insisting import insisting
from gateway.alerts.judge import Judge, Judgement
from gateway.alerts.looking import Group, Looking
from gateway.alerts.muting import Muting
from gateway.alerts.watch import DiskSpace, GatewayWatch
from gateway.alerts.wide_conditions import GATEWAY
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.config_alerts import AlertsConfig
from gateway.events import Events
from gateway.forecasting.board import Forecasts, NoForecasts
from gateway.ingest.faults import Fault
from gateway.ingest.feed import CommitFeed, Follower
from gateway.ingest.fleet import Fleet
from gateway.ingest.presence import is_online
from gateway.ingest.registry import Registry
from gateway.store.base import AlertStore
from gateway.store.resume_base import Position, ResumeStore
from gateway.store.rows import QuarantineEntry, SamplePoint
from gateway.store.service_rows import AlertChange, AuditRow, EndedSilences
from gateway.store.silence_base import SilenceStore
from schemas.alert import Alert, Rule, Silence

TICK_MS: Final = 5_000
"""How often time alone is looked at: silence, faults, the gateway itself."""

_CHUNK: Final = 128
"""Devices evaluated, and written of, before others get their turn: about a millisecond, and a short transaction."""
_PART: Final = 1_000
_PAUSE_S: Final = 0.25
"""Between two looks at the feed: a busy device is evaluated once for all its messages of that time."""
_MARK_EVERY_MS: Final = 10_000
"""A mark without changes is worth a commit only now and then."""
_DISK_EVERY_TICKS: Final = 12
_REJECTED_PAGE: Final = 1_000
_DEAD_FOR_MS: Final = 86_400_000
"""For how long a message that was given up is worth an alert."""


class EvidenceStore(AlertStore, SilenceStore, ResumeStore, Protocol):
    """The store as the engine needs it: alerts, silences, and what they rest on."""

    async def dead_messages(self, since_ms: int) -> int: ...

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]: ...

    async def quarantine(
        self, *, limit: int, before: int | None, reason: str | None = None, released: bool | None = None
    ) -> tuple[QuarantineEntry, ...]: ...


class AlertEngine:
    """Evaluates changed devices, and what time changes. The only writer of alerts but for acknowledgements.

    Without a `watch` nothing is known of the gateway itself, and nobody counts as silent.
    """

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
        forecasts: Forecasts | None = None,
        watch: GatewayWatch | None = None,
    ) -> None:
        self.changes = CommitFeed()
        """Told the devices of every alert that changed, after it is stored."""
        self._store = store
        self._fleet = fleet
        self._events = events
        self._clock = clock
        self._watch = watch
        self._open = OpenAlerts()
        self._muting = Muting()
        self._insist = insisting(events)
        board = forecasts if forecasts is not None else NoForecasts()
        self._looking = Looking(
            store=store,
            insist=self._insist,
            fleet=fleet,
            registry=registry,
            settings=settings,
            forecasts=board,
            alerts=self._open,
        )
        self._judge = Judge(store=store, insist=self._insist, alerts=self._open)
        self._follower = feed.follow()
        self._forecast_follower = board.changes.follow()
        self._writing = asyncio.Lock()
        self._mark = self._told = 0
        self._ahead: Position | None = None
        """Where samples stood at some commit; once that one is evaluated, everything before it is."""
        self._position: Position | None = None
        self._behind: tuple[str, ...] = ()
        self._marked_at_ms = clock.monotonic_ms()
        self._ticked_at_ms = clock.monotonic_ms()
        self._listened = False
        self._disk: DiskSpace | None = None
        self._dead_messages = 0
        self._ticks = 0

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

    def muted(self, alert: Alert) -> Silence | None:
        """Why nothing is sent about the alert now; None where it is."""
        return self._muting.silence(alert, self._clock.now_ms())

    def stale(self, alert: Alert) -> bool:
        """Whether the alert rests on the word of a device that is silent now."""
        if alert.state == "resolved" or alert.device_id is None or alert.rule == "device_silent":
            return False
        state = self._fleet.device(alert.device_id)
        return state is not None and not is_online(state, self._clock.now_ms())

    @property
    def mark(self) -> int:
        """The latest commit that is evaluated with all before it."""
        return self._mark

    async def restore(self) -> None:
        """Reads the open alerts, and which devices were committed since the mark. Comes before `run`."""
        self._open.replace(await self._store.open_alerts())
        self._muting.replace(await self._store.open_silences(self._clock.now_ms()))
        self._mark = await self._store.alert_mark()
        self._behind = await self._store.changed_since(self._mark)
        self._looking.start(self._behind, await self._store.unlooked_since_ms())
        await self._note_rejected()

    async def catch_up(self) -> None:
        """Evaluates what the last run left: may walk through long histories, so nobody's start waits for it."""
        behind, self._behind = self._behind, ()
        await self.evaluate(behind, self._mark)

    async def run(self) -> None:
        """Catches up, then follows the commit feed, the forecasts and the time until it is cancelled."""
        await self.catch_up()
        self._ticked_at_ms = self._clock.monotonic_ms()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(self._follower), name="alerts: commits")
                tasks.create_task(self._follow(self._forecast_follower), name="alerts: forecasts")
                tasks.create_task(self._keep_time(), name="alerts: time")
        finally:
            self._follower.close()
            self._forecast_follower.close()

    async def evaluate(self, device_ids: Collection[str], commit_no: int) -> None:
        """Evaluates these devices as they stand now; then everything up to `commit_no` counts as evaluated."""
        self._looking.refresh()
        ahead = self._ahead
        if ahead is None:
            ahead = self._ahead = await self._insist(self._store.sample_position)
        breath, left_out = Breath(), self._looking.left_out
        for group in self._groups(device_ids):
            async with self._writing:
                judgement = Judgement()
                await self._judge_devices(group, judgement)
                if judgement.changes:
                    # The mark waits for the last chunk: after a kill in between, all are evaluated again.
                    await self._apply(judgement.changes, self._mark)
            await breath.take()
        self._told = max(self._told, commit_no)
        if not self._looking.waiting:
            self._mark = max(self._mark, self._told)
        if not self._looking.waiting and self._mark >= ahead.commit_no:
            self._ahead = None
            if self._looking.left_out == left_out:
                self._position = ahead
        if self._clock.monotonic_ms() - self._marked_at_ms >= _MARK_EVERY_MS:
            async with self._writing:
                await self._apply((), self._mark)

    def _groups(self, device_ids: Collection[str]) -> Iterator[Group]:
        """All of them in groups; so many at a time that finding out how they belong together holds nobody up."""
        rest = iter(device_ids)
        while part := tuple(islice(rest, _PART)):
            yield from self._looking.groups(part, _CHUNK)

    async def tick(self) -> None:
        """Looks at what time alone has brought about since the last tick."""
        now_ms, monotonic_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        # A process that was suspended has not listened meanwhile.
        elapsed_ms = min(monotonic_ms - self._ticked_at_ms, 2 * TICK_MS)
        self._ticked_at_ms = monotonic_ms
        connected = self._watch is not None and self._watch.broker_connected()
        listens = connected and self._watch is not None and self._watch.caught_up()
        rules = self._looking.time_rules
        rules.pass_time(elapsed_ms, now_ms, listening=listens and self._listened, connected=connected)
        self._listened = listens
        await self._look_at_itself(now_ms)
        async with self._writing:
            judgement = Judgement()
            await self._judge.judge(rules.tick(now_ms), judgement)
            await self._judge.judge(rules.faults(self._fleet.faults.take(), now_ms), judgement)
            if self._watch is not None:
                await self._judge.judge({GATEWAY: [rules.gateway(self._disk, self._dead_messages, now_ms)]}, judgement)
            await self._judge_children(judgement)
            if judgement.changes:
                await self._apply(judgement.changes, self._mark)

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        """Notes in the store, and here, that a person has seen the alert. None where there is no such alert."""
        async with self._writing:
            alert = await self._store.acknowledge(alert_id, by, at_ms, audit)
            if alert is not None and alert.rule in self._open.of(alert.subject):
                self._open.put(alert)
        if alert is not None:
            self._tell((alert,), 0)
        return alert

    async def add_silence(self, silence: Silence, audit: AuditRow) -> Silence:
        """Stores a silence; it counts from its start on."""
        async with self._writing:
            stored = await self._store.add_silence(silence, audit)
            self._muting.put(stored)
        self._tell((alert for alert in self._open.all() if stored.matchers.match(alert)), 0)
        return stored

    async def end_silence(self, silence_id: int, by: str, at_ms: int, audit: AuditRow) -> Silence | None:
        """Ends a silence before its time. None where there is none of that id."""
        async with self._writing:
            stored = await self._store.end_silence(silence_id, by, at_ms, audit)
            if stored is not None:
                self._muting.put(stored)
        if stored is not None:
            self._tell((alert for alert in self._open.all() if stored.matchers.match(alert)), 0)
        return stored

    async def _follow(self, follower: Follower) -> None:
        while True:
            changed = await follower.next()
            # A forecast's number is none of a commit.
            commit_no = changed.commit_no if follower is self._follower else 0
            await self.evaluate(changed.device_ids, commit_no)
            await asyncio.sleep(_PAUSE_S)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_MS / 1000)
            await self.tick()

    async def _judge_devices(self, group: Group, judgement: Judgement) -> None:
        looked = await self._looking.look(group, self._clock.now_ms())
        if looked.history:
            await self._judge.in_order(looked.history, judgement)
        await self._judge.judge(looked.clinics, judgement)
        await self._judge.judge(looked.subjects, judgement)
        await self._judge_children(judgement)

    async def _judge_children(self, judgement: Judgement) -> None:
        """A clinic's alert that has opened silences those of its devices; one that is over sets them free."""
        for change in tuple(judgement.changes):
            child = CHILDREN.get(change.alert.rule)
            if child is None:
                continue
            if change.alert.state == "resolved":
                self._looking.time_rules.free_children(change.alert.subject)
                continue
            open_there = [one for one in self._open.of_rule(child) if one.clinic_id == change.alert.subject]
            ids = [alert.subject for alert in open_there if alert.subject not in judgement.after]
            looked = await self._looking.look(self._looking.group_of(ids), self._clock.now_ms())
            await self._judge.judge(looked.subjects, judgement)

    async def _look_at_itself(self, now_ms: int) -> None:
        if self._watch is not None and self._ticks % _DISK_EVERY_TICKS == 0:
            self._disk = await self._watch.disk()
            count = partial(self._store.dead_messages, now_ms - _DEAD_FOR_MS)
            self._dead_messages = await self._insist(count)
        self._ticks += 1

    async def _note_rejected(self) -> None:
        """What was rejected just before the start, and that nobody may have looked at."""
        rules = self._looking.time_rules
        since_ms = self._clock.now_ms() - rules.rejections_count_ms()
        entries = await self._store.quarantine(limit=_REJECTED_PAGE, before=None, released=False)
        recent = (entry for entry in entries if entry.last_received_ms >= since_ms and entry.rejection.device_id)
        for entry in recent:
            told = entry.rejection
            fault = Fault("rejected", str(told.device_id), told.clinic_id, 1, entry.last_received_ms, told.reason)
            self._fleet.faults.add(fault)

    async def _apply(self, changes: Sequence[AlertChange], mark: int) -> None:
        wanted = {(change.alert.rule, change.alert.subject): change.alert for change in changes}
        ended = self._ended_silences(wanted.values())
        stored = await self._insist(lambda: self._store.apply_alerts(changes, mark, ended, self._position))
        self._marked_at_ms = self._clock.monotonic_ms()
        for alert in stored:
            self._open.put(alert)
            self._events.alert_changed(alert.rule, alert.subject, alert.state, alert.severity)
        if ended is not None:
            self._muting.drop(ended.silence_ids)
        if {(alert.rule, alert.subject, alert.state) for alert in stored} != {
            (*place, alert.state) for place, alert in wanted.items()
        }:
            # Somebody else changed one of them first: what the store has is what counts.
            self._open.replace(await self._insist(self._store.open_alerts))
        self._tell((*wanted.values(), *stored), mark)

    def _ended_silences(self, wanted: Collection[Alert]) -> EndedSilences | None:
        resolved = [alert for alert in wanted if alert.state == "resolved"]
        if not resolved:
            return None
        over = {(alert.rule, alert.subject) for alert in resolved}
        still_open = [alert for alert in self._open.all() if (alert.rule, alert.subject) not in over]
        ids = self._muting.ended_by(resolved, [*still_open, *(one for one in wanted if one.state != "resolved")])
        return EndedSilences(ids, self._clock.now_ms()) if ids else None

    def _tell(self, alerts: Iterable[Alert], mark: int) -> None:
        told = {alert.device_id or alert.subject for alert in alerts}
        if told:
            self.changes.publish(mark, told)


__all__ = ["TICK_MS", "AlertEngine", "EvidenceStore"]
