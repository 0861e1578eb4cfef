"""Publishing over MQTT 5, on aiomqtt: advice to the devices, and all that the simulated fleet says."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collectors.errors import BrokerRefusedError, PublishError
from collectors.mqtt_settings import MqttSettings

CONFIRM_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when our connection breaks."""

    topic: str
    payload: bytes | str
    qos: int = 1
    retain: bool = True


class Publisher:
    """One connection that publishes; an async context manager. It keeps no session and does not reconnect: after a
    `PublishError` with `connected` false, make a new one.

    Without `client_id` it makes one of its own: brokers may refuse clients that give none.
    `max_in_flight` bounds the messages that wait for the broker's confirmation; further `publish` calls wait.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str | None = None,
        will: Will | None = None,
        max_in_flight: int = 100,
    ) -> None:
        self._settings = settings
        self._client_id = client_id or f"{settings.client_id}-{secrets.token_hex(6)}"
        self._will = will
        self._max_in_flight = max_in_flight
        self._slots = asyncio.Semaphore(max_in_flight)
        self._waiting: set[asyncio.Timeout] = set()
        self._client: aiomqtt.Client | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lost: str | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None and self._lost is None

    async def __aenter__(self) -> Self:
        """Connects. Raises `PublishError` where the broker can't be reached or refuses us."""
        try:
            client = self._new_client()
            await client.__aenter__()
        except (aiomqtt.MqttError, BrokerRefusedError, OSError, ValueError) as error:
            raise PublishError(f"can't publish at {self._settings.display_url}: {error}") from error
        self._client = client
        self._watch = asyncio.create_task(self._watch_connection(client), name="mqtt publisher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        if client is not None:
            with suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """Publishes one message; with QoS 1 returns when the broker has confirmed it. `expiry_s` is how long the
        broker may keep it. Raises `PublishError` where the connection is gone or no confirmation came."""
        async with self._slots:
            client = self._client
            if client is None or self._lost is not None:
                raise PublishError(f"not connected to {self._settings.display_url}: {self._lost or 'not entered'}")
            scope = asyncio.timeout(CONFIRM_TIMEOUT_S)
            try:
                async with scope:
                    self._waiting.add(scope)
                    await client.publish(
                        topic, payload, qos=qos, retain=retain, properties=_expiry(expiry_s), timeout=float("inf")
                    )
            except (TimeoutError, aiomqtt.MqttError, ValueError) as error:
                why = self._lost or str(error) or f"not confirmed within {CONFIRM_TIMEOUT_S:g} s"
                raise PublishError(f"a message to {topic} was not published: {why}") from error
            finally:
                self._waiting.discard(scope)

    async def _watch_connection(self, client: aiomqtt.Client) -> None:
        """Ends all waiting as soon as the connection is lost, rather than letting each run into its timeout."""
        try:
            async for _ in client.messages:
                pass
        except aiomqtt.MqttError as error:
            self._lost = f"the connection is lost ({error.__cause__ or error})"
        now_s = asyncio.get_running_loop().time()
        for scope in tuple(self._waiting):
            scope.reschedule(now_s)

    def _new_client(self) -> aiomqtt.Client:
        settings = self._settings
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            keepalive=settings.keep_alive_s,
            timeout=settings.connect_timeout_s,
            max_inflight_messages=self._max_in_flight,
            tls_context=settings.tls_context(),
            will=None if self._will is None else _paho_will(self._will),
        )
        client.pending_calls_threshold = self._max_in_flight
        return client


def _paho_will(will: Will) -> aiomqtt.Will:
    return aiomqtt.Will(will.topic, will.payload, qos=will.qos, retain=will.retain)


def _expiry(expiry_s: int | None) -> Properties | None:
    if expiry_s is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = expiry_s
    return properties
