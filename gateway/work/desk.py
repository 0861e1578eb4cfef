"""The work desk: opens, confirms and reopens orders as alerts and the ledger have it, and carries out what people do.

It looks at the state as it stands, not at how it came about: whatever was seen before, or comes again after a kill,
makes no second change. Orders and their history change in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final, Protocol, TypeAlias, TypeVar

from collectors.backoff import Backoff
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.errors import ConflictError, NotFoundError, StoreUnavailableError
from gateway.events import Events
from gateway.ingest.feed import CommitFeed, Follower
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.service_rows import AuditRow
from gateway.store.work_base import OrderChange, OrderHistory, WorkStore
from gateway.wear.level import nozzle_wear
from gateway.work.evidence import Worn, fitted_since, new_battery, replacement
from gateway.work.orders import Asked, Fitted, Raised, Replaced, Step, step, wanted
from schemas.alert import Alert, Rule
from schemas.work import SubjectKind, WorkOrder

T = TypeVar("T")
Subject: TypeAlias = tuple[SubjectKind, str]

ORDERS_BY_RULE: Final[dict[Rule, SubjectKind]] = {
    "nozzle_due": "nozzle",
    "nozzle_worn_out": "nozzle",
    "nozzle_expired": "nozzle",
    "nozzle_recalled": "nozzle",
    "battery_degraded": "battery",
}
"""The alerts that ask for work, and what is to be replaced."""

_CHUNK: Final = 64
_PAUSE_S: Final = 0.25
_RETRY_MIN_MS: Final = 200
_RETRY_MAX_MS: Final = 5_000


class FiringAlerts(Protocol):
    """What the desk needs of the alert engine."""

    def firing(self) -> Sequence[Alert]: ...


class WorkDesk:
    """The only writer of work orders."""

    def __init__(
        self,
        *,
        store: WorkStore,
        fleet: Fleet,
        registry: Registry,
        alerts: FiringAlerts,
        feeds: Sequence[CommitFeed],
        events: Events,
        clock: Clock,
    ) -> None:
        """`feeds`: the commit feed, and the alert engine's changes."""
        self.changes = CommitFeed()
        """Told the devices of every order that changed, after it is stored."""
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._alerts = alerts
        self._events = events
        self._clock = clock
        self._followers = [feed.follow() for feed in feeds]
        self._writing = asyncio.Lock()
        self._live: dict[int, WorkOrder] = {}
        self._newest: dict[Subject, WorkOrder] = {}
        """Live orders, and ended ones that were asked for."""
        self._ended: set[Subject] = set()
        self._mark = 0
        """The last fired alert that was made work of; what fired and was over before we looked is work too."""

    def live(self) -> tuple[WorkOrder, ...]:
        """Every open and claimed order, oldest first."""
        return tuple(order for _, order in sorted(self._live.items()))

    async def restore(self) -> None:
        """Reads the orders and looks at every device. Comes after the alert engine's restore and before `run`."""
        await self.load()
        await self.evaluate([state.device_id for state in self._fleet.devices()])

    async def run(self) -> None:
        """Follows the feeds until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for follower in self._followers:
                tasks.create_task(self._follow(follower))

    async def _follow(self, follower: Follower) -> None:
        try:
            while True:
                changed = await follower.next()
                await self.evaluate(changed.device_ids)
                await asyncio.sleep(_PAUSE_S)
        finally:
            follower.close()

    async def evaluate(self, device_ids: Collection[str]) -> None:
        """Brings the orders of these devices to what alerts and ledger say now."""
        breath = Breath()
        await self._take_fired(breath)
        for chunk in _chunks(device_ids):
            async with self._writing:
                wishes = self._wishes(frozenset(chunk))
                changes = await self._changes(self._subjects(chunk) | wishes.keys(), wishes)
                if changes:
                    await self._apply(changes)
            await breath.take()

    async def _take_fired(self, breath: Breath) -> None:
        """Makes work of every alert that has fired since the last look, be it over by now."""
        while True:
            async with self._writing:
                fired = await self._insist(partial(self._store.fired_alerts, self._mark, _CHUNK))
                if not fired:
                    return
                wishes = _by_subject(one.alert for one in fired)
                changes = await self._changes(wishes.keys(), wishes)
                self._mark = fired[-1].number
                if changes:
                    await self._apply(changes)
            await breath.take()

    async def ask(self, event: Asked, audit: AuditRow) -> WorkOrder:
        """Opens an order for a person. Raises ConflictError where one is open already."""
        async with self._writing:
            newest = (await self._newest_of([(event.kind, event.subject)])).get((event.kind, event.subject))
            made = wanted(newest, event)
            if made is None:
                raise ConflictError(f"there is an order for {event.subject} already")
            return await self._written(_change(newest, [made], self._clock.now_ms(), audit))

    async def act(self, order_id: int, do: Callable[[WorkOrder], Step | None], audit: AuditRow) -> WorkOrder:
        """Does to one order what a person did; where that changes nothing, gives it as it is.

        Raises NotFoundError, ConflictError.
        """
        async with self._writing:
            order = await self._store.work_order(order_id)
            if order is None:
                raise NotFoundError(f"there is no work order {order_id}")
            done = do(order)
            if done is None:
                return order
            return await self._written(_change(order, [done], self._clock.now_ms(), audit))

    async def _written(self, change: OrderChange) -> WorkOrder:
        stored = await self._store.apply_orders([change])
        await self._show(stored, 1)
        if not stored:
            raise ConflictError("somebody else changed this order meanwhile: look at it again")
        return stored[0]

    async def load(self) -> None:
        """Reads the orders from the store."""
        self._live.clear()
        self._newest.clear()
        self._ended = set(await self._insist(self._store.ended_subjects))
        for order in await self._insist(self._store.live_orders):
            self._remember(order)
        self._mark = max(self._mark, await self._insist(self._store.work_mark))

    def _remember(self, order: WorkOrder) -> None:
        subject = (order.kind, order.subject)
        if order.live:
            self._live[order.order_id] = order
        else:
            self._live.pop(order.order_id, None)
            self._ended.add(subject)
        if subject not in self._newest or order.order_id >= self._newest[subject].order_id:
            self._newest[subject] = order

    async def _changes(
        self, subjects: Collection[Subject], wishes: Mapping[Subject, Sequence[Alert]]
    ) -> list[OrderChange]:
        newest = await self._newest_of(sorted(subjects))
        now_ms = self._clock.now_ms()
        changes: list[OrderChange] = []
        for subject in sorted(subjects):
            order = newest.get(subject)
            steps = self._steps(order, subject, wishes.get(subject, ()))
            if steps:
                changes.append(_change(order, steps, now_ms, None))
        return changes

    def _wishes(self, device_ids: frozenset[str]) -> dict[Subject, list[Alert]]:
        """The firing alerts on these devices that ask for work, most severe first."""
        return _by_subject(alert for alert in self._alerts.firing() if alert.device_id in device_ids)

    def _subjects(self, device_ids: Sequence[str]) -> set[Subject]:
        """What has an order and may have changed on these devices."""
        changed = frozenset(device_ids)
        found: set[Subject] = {
            (order.kind, order.subject)
            for order in self._live.values()
            if order.kind != "device" and order.device_id in changed
        }
        for device_id in device_ids:
            fitted = self._fleet.fitted_serial(device_id)
            subject: Subject = ("nozzle", fitted or "")
            if fitted is not None and (subject in self._ended or subject in self._newest):
                found.add(subject)
        return found

    async def _newest_of(self, subjects: Sequence[Subject]) -> dict[Subject, WorkOrder]:
        unread = [subject for subject in subjects if subject in self._ended and subject not in self._newest]
        if unread:
            for order in await self._insist(lambda: self._store.latest_orders(unread)):
                self._remember(order)
        return {subject: self._newest[subject] for subject in subjects if subject in self._newest}

    def _steps(self, order: WorkOrder | None, subject: Subject, alerts: Iterable[Alert]) -> list[Step]:
        kind, name = subject
        steps: list[Step] = []
        events: list[Callable[[WorkOrder | None], Step | None]] = [
            partial(wanted, event=Raised(kind, alert, self._health_of(alert, name) if kind == "battery" else None))
            for alert in alerts
        ]
        events.append(lambda current: self._by_evidence(current, kind, name))
        for happens in events:
            made = happens(order)
            if made is not None:
                steps.append(made)
                order = made.order
        return steps

    def _by_evidence(self, order: WorkOrder | None, kind: SubjectKind, name: str) -> Step | None:
        if order is None:
            return None
        seen = self._nozzle_seen(order) if kind == "nozzle" else self._battery_seen(order)
        return None if seen is None else step(order, seen)

    def _nozzle_seen(self, order: WorkOrder) -> Fitted | Replaced | None:
        nozzle = self._fleet.nozzle(order.subject)
        device_id = order.device_id if nozzle is None else nozzle.device_id
        rows = self._fleet.ledger(device_id)
        if nozzle is not None and nozzle.fitted:
            since_ms = fitted_since(order.subject, rows)
            return Fitted(nozzle.clinic_id, device_id, nozzle.first_event_ms if since_ms is None else since_ms)
        shown = {sighting.serial for sighting in self._fleet.sightings_of(device_id)}
        return replacement(order.subject, rows, self._used, shown.__contains__)

    def _battery_seen(self, order: WorkOrder) -> Replaced | None:
        state = self._fleet.device(order.device_id)
        if state is None or state.latest is None:
            return None
        return new_battery(order.health_then, state.latest.sample.health_ratio, state.latest.event_ms)

    def _used(self, serial: str) -> Worn | None:
        nozzle = self._fleet.nozzle(serial)
        if nozzle is None:
            return None
        return Worn(nozzle_wear(nozzle, self._registry.model(nozzle.model)), nozzle.strikes)

    def _health(self, device_id: str) -> float | None:
        state = self._fleet.device(device_id)
        return state.latest.sample.health_ratio if state is not None and state.latest is not None else None

    def _health_of(self, alert: Alert, device_id: str) -> float | None:
        """The health that the alert fired for; it may be another battery's by now."""
        return alert.value if alert.value is not None else self._health(device_id)

    async def _apply(self, changes: Sequence[OrderChange]) -> None:
        stored = await self._insist(lambda: self._store.apply_orders(changes, self._mark))
        await self._show(stored, len(changes))

    async def _show(self, stored: Sequence[WorkOrder], wanted_changes: int) -> None:
        for order in stored:
            self._remember(order)
            self._events.work_order_changed(order.kind, order.subject, order.state)
        if len(stored) < wanted_changes:
            # Somebody else was first: what the store has is what counts.
            await self.load()
        told = {order.device_id for order in stored}
        if told:
            self.changes.publish(0, told)

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until the store answers."""
        backoff = Backoff(_RETRY_MIN_MS, _RETRY_MAX_MS)
        while True:
            try:
                return await attempt()
            except StoreUnavailableError as error:
                wait_ms = backoff.next_ms()
                self._events.commit_retried(str(error), wait_ms)
                await asyncio.sleep(wait_ms / 1000)


def _change(order: WorkOrder | None, steps: Sequence[Step], now_ms: int, audit: AuditRow | None) -> OrderChange:
    last = steps[-1].order
    known = order if order is not None and last.order_id == order.order_id else None
    expected = known.version if known is not None else 0
    history = tuple(
        OrderHistory(made.at_ms, now_ms, made.actor, made.act, made.order.state, made.note, made.told) for made in steps
    )
    return OrderChange(replace(last, version=expected + 1), expected, history, audit)


def _by_subject(alerts: Iterable[Alert]) -> dict[Subject, list[Alert]]:
    """Those that ask for work, under what is to be replaced."""
    wishes: dict[Subject, list[Alert]] = {}
    for alert in alerts:
        kind = ORDERS_BY_RULE.get(alert.rule)
        if kind is not None and alert.device_id is not None:
            wishes.setdefault((kind, alert.subject if kind == "nozzle" else alert.device_id), []).append(alert)
    return wishes


def _chunks(device_ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(device_ids)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk
