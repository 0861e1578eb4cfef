"""Advice to devices: how the fitted nozzle stands, retained at the broker for as long as it is valid.

What to say is decided by `advice_for`, which is pure. The publisher says it when the word or the nozzle changes,
again at half of its validity, and all of it again when the broker has lost our session.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from collectors.backoff import Backoff
from collectors.errors import CollectorError
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.events import Events
from gateway.forecasting.board import Forecasts, NoForecasts, NozzleForecast
from gateway.ingest.feed import CommitFeed, Follower
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState
from gateway.wear.level import nozzle_wear
from schemas.alert import Alert, Rule
from schemas.messages import AdviceMessage, RemainingSessions
from schemas.topics import device_topic

AdviceWord: TypeAlias = Literal["ok", "due", "replace", "unknown"]

_PAUSE_S: Final = 0.25
_REFRESH_LOOK_S: Final = 60.0
_RETRY_MIN_MS: Final = 500
_RETRY_MAX_MS: Final = 30_000
_HOUR_MS: Final = 3_600_000


class Advice(NamedTuple):
    """What to tell one device. Two that are equal need no second message before the first runs out."""

    clinic_id: str
    serial: str | None
    word: AdviceWord


class AlertsBySubject(Protocol):
    """Open alerts; the alert engine is one."""

    changes: CommitFeed

    def of(self, subject: str) -> Mapping[Rule, Alert]: ...


class Outlet(Protocol):
    """A connection that publishes; raises `CollectorError` where it can't."""

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> None: ...


Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Outlet]]


def advice_for(
    device: DeviceState, nozzle: NozzleState | None, wear_ratio: float | None, alerts: Mapping[Rule, Alert]
) -> Advice:
    """What the device should be told. The alerts decide, not the wear: they have been held against noise."""
    if nozzle is None:
        return Advice(device.clinic_id, None, "unknown")
    firing = {rule for rule, alert in alerts.items() if alert.state == "firing"}
    if "nozzle_worn_out" in firing:
        word: AdviceWord = "replace"
    elif "nozzle_due" in firing:
        word = "due"
    else:
        word = "unknown" if wear_ratio is None else "ok"
    return Advice(device.clinic_id, nozzle.serial, word)


class _Said(NamedTuple):
    advice: Advice
    refresh_ms: int
    """On the monotonic clock."""


class AdvicePublisher:
    """Keeps every device's retained advice true. While the broker is away it keeps the newest word only."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        alerts: AlertsBySubject,
        feed: CommitFeed,
        connect: Connect,
        root: str,
        valid_h: int,
        clock: Clock,
        events: Events,
        forecasts: Forecasts | None = None,
    ) -> None:
        self._forecasts = forecasts if forecasts is not None else NoForecasts()
        self._fleet = fleet
        self._registry = registry
        self._alerts = alerts
        self._connect = connect
        self._root = root
        self._valid_ms = valid_h * _HOUR_MS
        self._clock = clock
        self._events = events
        self._followers = (feed.follow(), alerts.changes.follow())
        self._said: dict[str, _Said] = {}
        # Ordered: taking the first of a plain dictionary goes past all that were taken before.
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Publishes until it is cancelled."""
        self.republish()
        try:
            async with asyncio.TaskGroup() as tasks:
                for follower in self._followers:
                    tasks.create_task(self._follow(follower), name="advice-follow")
                tasks.create_task(self._keep_fresh(), name="advice-refresh")
                tasks.create_task(self._publish(), name="advice-publish")
        finally:
            for follower in self._followers:
                follower.close()

    def republish(self) -> None:
        """Says everything again: the broker has lost our session, and perhaps its retained messages."""
        self._said.clear()
        self._look_at(state.device_id for state in self._fleet.devices())

    def refresh(self) -> None:
        """Says again what has lived through half of its validity."""
        now_ms = self._clock.monotonic_ms()
        self._look_at([device_id for device_id, said in self._said.items() if said.refresh_ms <= now_ms])

    def _look_at(self, device_ids: Iterable[str]) -> None:
        self._waiting.update(dict.fromkeys(device_ids))
        if self._waiting:
            self._wake.set()

    async def _follow(self, follower: Follower) -> None:
        while True:
            self._look_at((await follower.next()).device_ids)
            await asyncio.sleep(_PAUSE_S)

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_LOOK_S)
            self.refresh()

    async def _publish(self) -> None:
        backoff = Backoff(_RETRY_MIN_MS, _RETRY_MAX_MS)
        while True:
            try:
                async with self._connect() as outlet:
                    while True:
                        await self._publish_waiting(outlet)
                        backoff.reset()
                        await self._wake.wait()
            except CollectorError as error:
                wait_ms = backoff.next_ms()
                self._events.advice_delayed(str(error), len(self._waiting), wait_ms)
                await asyncio.sleep(wait_ms / 1000)

    async def _publish_waiting(self, outlet: Outlet) -> None:
        self._wake.clear()
        breath = Breath()
        while self._waiting:
            device_id = next(iter(self._waiting))
            await self._publish_one(outlet, device_id)
            await breath.take()

    async def _publish_one(self, outlet: Outlet, device_id: str) -> None:
        device = self._fleet.device(device_id)
        said = self._said.get(device_id)
        del self._waiting[device_id]
        if device is None or self._registry.device(device_id).state == "retired":
            return
        serial = self._fleet.fitted_serial(device_id)
        nozzle = self._fleet.nozzle(serial) if serial is not None else None
        wear_ratio = nozzle_wear(nozzle, self._registry.model(nozzle.model)) if nozzle else None
        advice = advice_for(device, nozzle, wear_ratio, self._alerts.of(serial) if serial is not None else {})
        if said is not None and said.advice == advice and self._clock.monotonic_ms() < said.refresh_ms:
            return
        try:
            await self._send(outlet, device, advice, nozzle)
        except BaseException:
            self._waiting[device_id] = None
            raise
        if device_id not in self._waiting:  # otherwise it may have been sent before the broker lost what it had
            self._said[device_id] = _Said(advice, self._clock.monotonic_ms() + self._valid_ms // 2)
        self._events.advice_published(device_id, advice.word)

    async def _send(self, outlet: Outlet, device: DeviceState, advice: Advice, nozzle: NozzleState | None) -> None:
        now_ms = self._clock.now_ms()
        message = AdviceMessage(
            serial=advice.serial,
            nozzle=advice.word,
            remaining_sessions=_remaining(self._forecasts.forecast_of(advice.serial) if advice.serial else None),
            as_of_ms=min(now_ms, _as_of_ms(device, nozzle)),
            valid_until_ms=now_ms + self._valid_ms,
        )
        await outlet.publish(
            device_topic(advice.clinic_id, device.device_id, "advice", self._root),
            message.model_dump_json().encode(),
            retain=True,
            expiry_s=self._valid_ms // 1000,
        )


def _as_of_ms(device: DeviceState, nozzle: NozzleState | None) -> int:
    """A device that only a retained status told of was never seen: that is as of when it was found."""
    return nozzle.last_event_ms if nozzle else device.last_seen_ms or device.first_seen_ms


def _remaining(forecast: NozzleForecast | None) -> RemainingSessions | None:
    """The forecast as it stands when the advice is said; its changes alone are not worth another message."""
    sessions = forecast.remaining_sessions if forecast is not None else None
    if sessions is None:
        return None
    return RemainingSessions(p10=int(sessions.p10), p50=int(sessions.p50), p90=int(sessions.p90))
