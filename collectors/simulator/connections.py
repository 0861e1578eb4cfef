"""The simulated fleet's connections to the broker: a bounded number, each in order, each coming back by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from collectors.backoff import Backoff
from collectors.errors import PublishError
from collectors.mqtt_publish import Publisher, Will
from collectors.mqtt_settings import MqttSettings
from collectors.simulator.wire import will_json
from schemas.delivery import Delivery
from schemas.topics import Topic, parse_topic

MAX_DEVICE_CONNECTIONS: Final = 500
_MAX_QUEUED: Final = 200
DRAIN_S: Final = 10.0
_RETRY_MS: Final = (250, 5_000)


class Connections:
    """Publishes each delivery on its clinic's connection, or on its device's own, with QoS 1; statuses are retained.

    Leaving the context publishes what is queued, for `drain_s` at most.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        *,
        per_device: bool,
        sleep: Callable[[float], Awaitable[None]],
        tell: Callable[[str], None] | None = None,
        drain_s: float = DRAIN_S,
    ) -> None:
        self._mqtt = mqtt
        self._per_device = per_device
        self._sleep = sleep
        self._tell = tell
        self._drain_s = drain_s
        self._channels: dict[str, _Channel] = {}
        self._tasks = asyncio.TaskGroup()

    @property
    def published(self) -> int:
        """Messages that the broker has confirmed."""
        return sum(channel.published for channel in self._channels.values())

    @property
    def unsent(self) -> int:
        """Messages that it has not."""
        return sum(channel.waiting for channel in self._channels.values())

    async def publish(self, delivery: Delivery) -> None:
        """Queues a message; waits while its connection is far behind."""
        topic = parse_topic(delivery.topic, self._mqtt.root)
        if not isinstance(topic, Topic):
            raise TypeError(f"a simulated device can't publish to {delivery.topic}")
        name = topic.device_id if self._per_device else topic.clinic_id
        channel = self._channels.get(name) or self._open(name)
        await channel.put(delivery, is_status=topic.kind == "status")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self._drain()
        for channel in self._channels.values():
            channel.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._drain_s):
                for channel in self._channels.values():
                    await channel.drained()
        except TimeoutError:
            self._say(f"{self._mqtt.display_url} did not take the last {self.unsent} messages in time")

    def _open(self, name: str) -> _Channel:
        client_id = f"{self._mqtt.client_id}-{name}"
        channel = _Channel(replace(self._mqtt, client_id=client_id), self._per_device, self._sleep, self._say)
        channel.task = self._tasks.create_task(channel.run(), name=f"simulator {name}")
        self._channels[name] = channel
        return channel

    def _say(self, text: str) -> None:
        if self._tell is not None:
            self._tell(text)


class _Outgoing:
    """A queued message; `boot_id` where a status begins a boot, so that the will must change."""

    __slots__ = ("boot_id", "delivery", "is_status")

    def __init__(self, delivery: Delivery, is_status: bool) -> None:
        self.delivery = delivery
        self.is_status = is_status
        self.boot_id: str | None = None
        if is_status:
            status = json.loads(delivery.payload)
            self.boot_id = status["boot_id"] if status["state"] == "online" else None


class _Channel:
    """One connection with its queue."""

    def __init__(
        self,
        mqtt: MqttSettings,
        has_will: bool,
        sleep: Callable[[float], Awaitable[None]],
        say: Callable[[str], None],
    ) -> None:
        self._mqtt = mqtt
        self._has_will = has_will
        self._sleep = sleep
        self._say = say
        self._queue: asyncio.Queue[_Outgoing] = asyncio.Queue(_MAX_QUEUED)
        self._will: Will | None = None
        self._boot_id: str | None = None
        self._unconfirmed: _Outgoing | None = None
        self.published = 0
        self.task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return self._queue.qsize() + (self._unconfirmed is not None)

    async def put(self, delivery: Delivery, *, is_status: bool) -> None:
        await self._queue.put(_Outgoing(delivery, is_status))

    async def drained(self) -> None:
        await self._queue.join()

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        """Publishes until cancelled; connects again whenever it must."""
        backoff = Backoff(*_RETRY_MS)
        self._unconfirmed = await self._queue.get()
        while True:
            self._take_will()
            try:
                async with Publisher(self._mqtt, client_id=self._mqtt.client_id, will=self._will) as publisher:
                    backoff.reset()
                    await self._publish_boot(publisher)
            except PublishError as error:
                self._say(str(error))
                await self._sleep(backoff.next_ms() / 1000)

    async def _publish_boot(self, publisher: Publisher) -> None:
        """Publishes in order; returns before a message that needs another will."""
        while True:
            entry = self._unconfirmed
            if entry is not None:
                await publisher.publish(entry.delivery.topic, entry.delivery.payload, retain=entry.is_status)
                self._unconfirmed = None
                self.published += 1
                self._queue.task_done()
            self._unconfirmed = await self._queue.get()
            if self._needs_other_will(self._unconfirmed):
                return

    def _needs_other_will(self, entry: _Outgoing) -> bool:
        return self._has_will and entry.boot_id is not None and entry.boot_id != self._boot_id

    def _take_will(self) -> None:
        entry = self._unconfirmed
        if entry is not None and self._needs_other_will(entry) and entry.boot_id is not None:
            self._boot_id = entry.boot_id
            self._will = Will(entry.delivery.topic, will_json(entry.boot_id).encode())
