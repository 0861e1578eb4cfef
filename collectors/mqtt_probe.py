"""Finds out how a broker treats a client like the gateway, away from the gateway's session and the devices' topics.

Everything happens under client ids and one topic of the probe's own, and is gone afterwards.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Self, TypeVar

import mqtt5

from collectors.errors import BrokerRefusedError
from collectors.mqtt_reasons import GRANTED_QOS_1, refusal_advice
from collectors.mqtt_settings import MqttSettings

TRIED_MESSAGES: Final = 1_200
"""Above the 1,000 that mosquitto queues by default."""
LARGEST_PAYLOAD_BYTES: Final = 512 * 1_024
_VERSION_TOPIC: Final = "$SYS/broker/version"
_OWN_TOPIC: Final = "silverpoint-doctor"
_WINDOW: Final = 20
_QUIET_S: Final = 1.0
_READ_BYTES: Final = 65_536
_TAKEN: Final = 0x00
_NOBODY_LISTENS: Final = 0x10

PacketT = TypeVar("PacketT", bound=mqtt5.Packet)


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What a broker grants and keeps.

    `kept_messages` of `TRIED_MESSAGES` came to a client that was away; None where none came, for the probe's topic is
    closed to us.
    `takes_largest`: whether it takes a message of the largest size; None where that could not be tried.
    """

    session_expiry_s: int
    max_qos: int
    retain_available: bool
    wildcards_available: bool
    max_packet_bytes: int | None
    takes_anonymous: bool
    version: str | None
    session_kept: bool
    kept_messages: int | None
    takes_largest: bool | None


async def probe_broker(settings: MqttSettings) -> BrokerFacts:
    """Connects as the gateway does, but under another name, and tries what the broker keeps.

    Raises:
        BrokerRefusedError: the broker can't be reached, refuses us, or does not speak MQTT 5.
    """
    name = f"{settings.client_id}-doctor-{secrets.token_hex(4)}"
    topic = f"{_OWN_TOPIC}/{name}"
    try:
        async with _opened(settings, name, keep=True) as away:
            greeting = away.greeting
            readable = await away.subscribe(topic)
            version = await away.version()
        could = largest = False
        try:
            if readable:
                could = await _may_publish(settings, f"{name}-sender", topic)
                largest = could and await _takes_largest(settings, f"{name}-sender", topic)
        finally:
            kept, received = await _come_back(settings, name, tried_any=could)
        return BrokerFacts(
            session_expiry_s=_granted_expiry_s(greeting, settings),
            max_qos=_number(greeting.max_qos),
            retain_available=greeting.retain_available,
            wildcards_available=greeting.wildcard_subscription_available,
            max_packet_bytes=greeting.max_packet_size,
            takes_anonymous=await _takes_anonymous(settings, f"{name}-nobody"),
            version=version,
            session_kept=kept,
            kept_messages=received or None,
            takes_largest=largest if could else None,
        )
    except (OSError, TimeoutError, EOFError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise BrokerRefusedError(
            f"the broker {settings.display_url} can't be tried ({why}): check broker.url, and that it speaks MQTT 5"
        ) from error


class _Wire:
    """One short connection of the probe."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._rest = b""
        self._read: deque[mqtt5.Packet] = deque()
        self.greeting = mqtt5.ConnAckPacket()

    @classmethod
    async def dial(cls, settings: MqttSettings, name: str, *, keep: bool, clean: bool, anonymous: bool) -> Self:
        """Connects. Raises BrokerRefusedError where the broker refuses, OSError or TimeoutError where none answers."""
        opening = asyncio.open_connection(settings.host, settings.port, ssl=settings.tls_context())
        reader, writer = await asyncio.wait_for(opening, settings.connect_timeout_s)
        wire = cls(reader, writer, settings.connect_timeout_s)
        password = settings.password.encode() if settings.password is not None and not anonymous else None
        wire.send(
            mqtt5.ConnectPacket(
                name,
                username=None if anonymous else settings.username,
                password=password,
                clean_start=clean,
                keep_alive=60,
                session_expiry_interval=settings.session_expiry_s if keep else 0,
                receive_max=settings.receive_maximum,
                max_packet_size=settings.max_packet_bytes,
            ).write()
        )
        wire.greeting = await wire.wait_for(mqtt5.ConnAckPacket)
        code = _number(wire.greeting.reason_code)
        if code != _TAKEN:
            writer.close()
            raise BrokerRefusedError(refusal_advice(code, wire.greeting.reason_str))
        return wire

    def send(self, data: bytes) -> None:
        """Writes, unless the broker has closed: then the next reading says so."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def next(self, timeout_s: float | None = None) -> mqtt5.Packet:
        """The next packet. Raises TimeoutError, or EOFError where the broker has closed."""
        while not self._read:
            data = await asyncio.wait_for(self._reader.read(_READ_BYTES), timeout_s or self._timeout_s)
            if not data:
                raise EOFError("the broker has closed the connection")
            self._take_in(self._rest + data)
        return self._read.popleft()

    async def wait_for(self, kind: type[PacketT]) -> PacketT:
        """The next packet of a kind; others are dropped."""
        while True:
            packet = await self.next()
            if isinstance(packet, kind):
                return packet

    async def subscribe(self, topic: str) -> bool:
        """Asks for our topic, with QoS 1, and for the broker's version. Answers whether our topic was granted so."""
        filters = [
            mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE),
            mqtt5.TopicFilter(_VERSION_TOPIC, max_qos=mqtt5.QoS.AT_MOST_ONCE),
        ]
        self.send(mqtt5.SubscribePacket(1, filters).write())
        granted = await self.wait_for(mqtt5.SubAckPacket)
        return _number(granted.reason_codes[0]) == GRANTED_QOS_1

    async def version(self) -> str | None:
        """What the broker says of itself, where it lets us read it."""
        with suppress(TimeoutError):
            while True:
                packet = await self.next(_QUIET_S)
                if isinstance(packet, mqtt5.PublishPacket) and packet.topic == _VERSION_TOPIC:
                    return packet.payload.decode("utf-8", "replace")[:100]
        return None

    async def leave(self, *, forget: bool = False) -> None:
        """Takes leave; the broker forgets our session where told to."""
        self.send(mqtt5.DisconnectPacket(session_expiry_interval=0 if forget else None).write())
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.drain(), self._timeout_s)
        self._writer.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), self._timeout_s)

    def _take_in(self, data: bytes) -> None:
        view, position = memoryview(data), 0
        while position < len(data):
            try:
                packet, size = mqtt5.read(view[position:])
            except IndexError:
                break
            self._read.append(packet)
            position += size
        self._rest = data[position:]


@asynccontextmanager
async def _opened(
    settings: MqttSettings, name: str, *, keep: bool, clean: bool = True, anonymous: bool = False
) -> AsyncIterator[_Wire]:
    """A connection that is left in good order; the session stays with the broker where `keep` says so."""
    wire = await _Wire.dial(settings, name, keep=keep, clean=clean, anonymous=anonymous)
    try:
        yield wire
    finally:
        await wire.leave(forget=not keep)


async def _takes_largest(settings: MqttSettings, name: str, topic: str) -> bool:
    """Whether the broker takes a message of the contract's largest size. mosquitto answers a larger one than it takes
    by a reason code that MQTT 5 does not know there, or closes the connection."""
    with suppress(OSError, EOFError, ValueError):
        async with _opened(settings, name, keep=False) as wire:
            limit = wire.greeting.max_packet_size
            if limit is None or limit > LARGEST_PAYLOAD_BYTES:
                wire.send(_message(topic, bytes(LARGEST_PAYLOAD_BYTES), 1))
                return _was_taken(await wire.wait_for(mqtt5.PubAckPacket))
    return False


async def _may_publish(settings: MqttSettings, name: str, topic: str) -> bool:
    """Publishes many small messages to a client that is away. False where the broker does not let us: it says so, or
    closes the connection."""
    with suppress(EOFError, ConnectionError):
        async with _opened(settings, name, keep=False) as wire:
            window = min(_WINDOW, wire.greeting.receive_max)
            for number in range(TRIED_MESSAGES):
                wire.send(_message(topic, b"try", 1 + number))
                if number >= window and not _was_taken(await wire.wait_for(mqtt5.PubAckPacket)):
                    return False
            answers = [await wire.wait_for(mqtt5.PubAckPacket) for _ in range(window)]
            return all(_was_taken(answer) for answer in answers)
    return False


async def _come_back(settings: MqttSettings, name: str, *, tried_any: bool) -> tuple[bool, int]:
    """Takes the session up again, counts what waited, and has the broker forget it all."""
    async with _opened(settings, name, keep=False, clean=False) as wire:
        received = 0
        with suppress(TimeoutError):
            while tried_any and received < TRIED_MESSAGES:
                packet = await wire.next(_QUIET_S)
                if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id:
                    wire.send(mqtt5.PubAckPacket(packet.packet_id).write())
                    received += len(packet.payload) < LARGEST_PAYLOAD_BYTES
        return wire.greeting.session_present, received


async def _takes_anonymous(settings: MqttSettings, name: str) -> bool:
    try:
        async with _opened(settings, name, keep=False, anonymous=True):
            return True
    except (BrokerRefusedError, OSError, TimeoutError, EOFError, ValueError):
        return False


def _message(topic: str, payload: bytes, packet_id: int) -> bytes:
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()


def _was_taken(answer: mqtt5.PubAckPacket) -> bool:
    return _number(answer.reason_code) in (_TAKEN, _NOBODY_LISTENS)


def _granted_expiry_s(greeting: mqtt5.ConnAckPacket, settings: MqttSettings) -> int:
    granted = greeting.session_expiry_interval
    return settings.session_expiry_s if granted is None else granted


def _number(code: object) -> int:
    """The codec's codes are enumerations that convert to their numbers."""
    return int(code)  # type: ignore[call-overload, no-any-return]
