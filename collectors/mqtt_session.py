"""The MQTT 5 session without I/O: bytes in, frozen events out, bytes to send as answers.

One `MqttSession` lives as long as one connection. The broker's memory of us outlives it: we connect with clean
start 0, so what was not acknowledged on this connection comes again on the next one, under other packet ids.

    NEW --connect--> CONNECTING --CONNACK--> SUBSCRIBING --SUBACK--> OPEN --DISCONNECT--> CLOSED

What the broker does wrong is an event too, after all that was right before it. Calling us wrongly raises.
Publishes may arrive before the SUBACK: a broker that kept our session sends on as soon as it has accepted us.
MQTT 5 wants PUBACKs in the order of receipt (4.6.0-2), so one that is due early waits for those before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import mqtt5

from collectors.errors import MqttProtocolError
from collectors.mqtt_reasons import (
    GRANTED_QOS_1,
    SESSION_TAKEN_OVER,
    disconnect_reason,
    refusal_advice,
    subscription_advice,
)
from collectors.mqtt_settings import MqttSettings
from schemas.delivery import Delivery
from schemas.topics import everything

_SUBSCRIBE_ID: Final = 1
_FIXED_HEADER_MAX_BYTES: Final = 5


class State(Enum):
    NEW = auto()
    CONNECTING = auto()
    SUBSCRIBING = auto()
    OPEN = auto()
    CLOSED = auto()


class Step(Enum):
    """What moves a session on: a packet that came in or goes out."""

    CONNECT = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    SUBSCRIBED = auto()
    PUBLISH = auto()
    PING = auto()
    PONG = auto()
    DISCONNECT = auto()
    VIOLATION = auto()


_NEXT: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.NEW, Step.CONNECT): State.CONNECTING,
        (State.CONNECTING, Step.ACCEPTED): State.SUBSCRIBING,
        (State.CONNECTING, Step.REFUSED): State.CLOSED,
        (State.CONNECTING, Step.DISCONNECT): State.CLOSED,
        (State.CONNECTING, Step.VIOLATION): State.CLOSED,
        (State.SUBSCRIBING, Step.SUBSCRIBED): State.OPEN,
        (State.SUBSCRIBING, Step.REFUSED): State.CLOSED,
        (State.SUBSCRIBING, Step.PUBLISH): State.SUBSCRIBING,
        (State.SUBSCRIBING, Step.DISCONNECT): State.CLOSED,
        (State.SUBSCRIBING, Step.VIOLATION): State.CLOSED,
        (State.OPEN, Step.PUBLISH): State.OPEN,
        (State.OPEN, Step.PING): State.OPEN,
        (State.OPEN, Step.PONG): State.OPEN,
        (State.OPEN, Step.DISCONNECT): State.CLOSED,
        (State.OPEN, Step.VIOLATION): State.CLOSED,
    }
)


class Connected(NamedTuple):
    """The broker accepted us. `keep_alive_s` is the broker's word where it gave one."""

    session_present: bool
    keep_alive_s: int


class Subscribed(NamedTuple):
    """The broker granted the subscription: the session is open."""


class Received(NamedTuple):
    """Messages, in order of receipt."""

    deliveries: list[Delivery]


class Ponged(NamedTuple):
    """The broker answered a ping."""


class Refused(NamedTuple):
    """The broker refused the connection or a subscription; `advice` says what to change."""

    advice: str


class Disconnected(NamedTuple):
    """The broker ends the connection. After a takeover we must not come back."""

    reason: str
    taken_over: bool


class Violated(NamedTuple):
    """The broker did what MQTT 5 does not allow; the session is over."""

    error: MqttProtocolError


Event: TypeAlias = Connected | Subscribed | Received | Ponged | Refused | Disconnected | Violated


class MqttSession:
    """One connection's protocol. `connection` numbers it; every delivery carries that number."""

    def __init__(self, settings: MqttSettings, connection: int) -> None:
        self._settings = settings
        self._connection = connection
        self._state = State.NEW
        self._filter = everything(settings.root)
        self._rest = bytearray()
        self._rest_needs = 0
        self._unacknowledged: deque[Delivery] = deque()
        self._acknowledged_early: set[int] = set()
        self._to_send: list[bytes] = []

    @property
    def state(self) -> State:
        return self._state

    @property
    def in_flight(self) -> int:
        """Messages received and not acknowledged yet; never above the Receive Maximum."""
        return len(self._unacknowledged)

    def connect(self) -> None:
        """Begins the session."""
        settings = self._settings
        self._step(Step.CONNECT)
        self._to_send.append(
            mqtt5.ConnectPacket(
                settings.client_id,
                username=settings.username,
                password=None if settings.password is None else settings.password.encode(),
                clean_start=False,
                keep_alive=settings.keep_alive_s,
                session_expiry_interval=settings.session_expiry_s,
                receive_max=settings.receive_maximum,
                topic_alias_max=0,
                max_packet_size=settings.max_packet_bytes,
            ).write()
        )

    def ping(self) -> None:
        """Asks the broker for a sign of life."""
        self._step(Step.PING)
        self._to_send.append(mqtt5.PingReqPacket().write())

    def disconnect(self) -> None:
        """Takes leave; the broker keeps our session. Later input is ignored."""
        self._step(Step.DISCONNECT)
        self._to_send.append(mqtt5.DisconnectPacket().write())

    def bytes_to_send(self) -> bytes:
        """Hands out what is to be written, once."""
        data = b"".join(self._to_send)
        self._to_send.clear()
        return data

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Lets go of deliveries. Those of another connection, and those acknowledged already, are passed over."""
        waiting = self._unacknowledged
        due: list[int] = []
        early: list[Delivery] = []
        for delivery in deliveries:
            if waiting and waiting[0] == delivery:
                waiting.popleft()
                due.append(delivery.packet_id)
            elif delivery.connection == self._connection:
                early.append(delivery)
        if early:
            by_id = {delivery.packet_id: delivery for delivery in waiting}
            self._acknowledged_early.update(one.packet_id for one in early if by_id.get(one.packet_id) == one)
        while waiting and waiting[0].packet_id in self._acknowledged_early:
            packet_id = waiting.popleft().packet_id
            self._acknowledged_early.remove(packet_id)
            due.append(packet_id)
        if not self._closed():
            ack = mqtt5.PubAckPacket
            self._to_send.extend([ack(packet_id).write() for packet_id in due])

    def receive(self, data: bytes, received_ms: int) -> list[Event]:
        """Takes in bytes as they came and says what they mean, in order."""
        if self._closed():
            return []
        if self._rest:
            self._rest += data
            if len(self._rest) < self._rest_needs:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        events: list[Event] = []
        try:
            consumed = self._read(data, received_ms, events)
            if consumed < len(data) and not self._closed():
                self._keep_rest(data, consumed)
        except MqttProtocolError as error:
            self._state = _NEXT[self._state, Step.VIOLATION]
            self._to_send.append(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.PROTOCOL_ERROR).write())
            events.append(Violated(error))
        return events

    def _closed(self) -> bool:
        return self._state is State.CLOSED

    def _read(self, data: bytes, received_ms: int, events: list[Event]) -> int:
        """Reads all complete packets and answers how many bytes they took."""
        view = memoryview(data)
        length = len(data)
        position = 0
        batch: list[Delivery] = []
        read, publish, connection = mqtt5.read, mqtt5.PublishPacket, self._connection
        while position < length:
            try:
                packet, size = read(view[position:])
            except IndexError:
                break
            except BaseException as error:
                self._take_in(batch, events)
                raise _translated(error) from error
            position += size
            # The loop of every message: whatever is added here is paid for by the whole fleet.
            if type(packet) is publish:
                packet_id = packet.packet_id
                if packet_id:
                    batch.append(
                        Delivery(packet.topic, packet.payload, received_ms, packet.retain, connection, packet_id)
                    )
                else:
                    batch.append(Delivery(packet.topic, packet.payload, received_ms, packet.retain))
                continue
            self._take_in(batch, events)
            batch = []
            events.append(self._on_packet(packet))
            if self._closed():
                return length
        self._take_in(batch, events)
        return position

    def _take_in(self, batch: list[Delivery], events: list[Event]) -> None:
        if not batch:
            return
        self._step(Step.PUBLISH)
        self._unacknowledged.extend([delivery for delivery in batch if delivery.packet_id])
        events.append(Received(batch))

    def _on_packet(self, packet: mqtt5.Packet) -> Event:
        match packet:
            case mqtt5.ConnAckPacket():
                return self._on_connack(packet)
            case mqtt5.SubAckPacket():
                return self._on_suback(packet)
            case mqtt5.PingRespPacket():
                self._step(Step.PONG)
                return Ponged()
            case mqtt5.DisconnectPacket():
                self._step(Step.DISCONNECT)
                code = int(packet.reason_code)
                return Disconnected(disconnect_reason(code, packet.reason_str), code == SESSION_TAKEN_OVER)
            case _:
                raise MqttProtocolError(f"the broker sent an unexpected {type(packet).__name__}")

    def _on_connack(self, packet: mqtt5.ConnAckPacket) -> Event:
        code = int(packet.reason_code)
        if code != 0:
            self._step(Step.REFUSED)
            return Refused(refusal_advice(code, packet.reason_str))
        self._step(Step.ACCEPTED)
        self._to_send.append(mqtt5.SubscribePacket(_SUBSCRIBE_ID, [self._topic_filter()]).write())
        keep_alive_s = packet.server_keep_alive or self._settings.keep_alive_s
        return Connected(packet.session_present, keep_alive_s)

    def _topic_filter(self) -> mqtt5.TopicFilter:
        """One filter, since mosquitto sends a message once for each that matches. Retained copies come only where we
        had not subscribed yet: they say a device's model and firmware, and never look fresh."""
        return mqtt5.TopicFilter(
            self._filter,
            max_qos=mqtt5.QoS.AT_LEAST_ONCE,
            retain_as_published=False,
            retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
        )

    def _on_suback(self, packet: mqtt5.SubAckPacket) -> Event:
        if packet.packet_id != _SUBSCRIBE_ID or len(packet.reason_codes) != 1:
            raise MqttProtocolError("the broker answered a subscription that we did not make")
        code = int(packet.reason_codes[0])
        if code != GRANTED_QOS_1:
            self._step(Step.REFUSED)
            return Refused(subscription_advice(self._filter, code, packet.reason_str))
        self._step(Step.SUBSCRIBED)
        return Subscribed()

    def _keep_rest(self, data: bytes, consumed: int) -> None:
        """Keeps the begin of a packet, and how many bytes it will have: it is not looked at before."""
        self._rest += memoryview(data)[consumed:]
        self._rest_needs = _packet_size(self._rest)
        if self._rest_needs > self._settings.max_packet_bytes:
            raise MqttProtocolError("the broker sent a packet above our Maximum Packet Size")

    def _step(self, step: Step) -> None:
        following = _NEXT.get((self._state, step))
        if following is None:
            raise MqttProtocolError(f"{step.name} is not allowed while {self._state.name}")
        self._state = following


def _packet_size(begin: bytearray) -> int:
    """The size that a packet's fixed header announces; 0 while that header is not complete."""
    size = 0
    for index, byte in enumerate(begin[1:_FIXED_HEADER_MAX_BYTES]):
        size |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return size + index + 2
    return 0


def _translated(error: BaseException) -> BaseException:
    """The codec refuses malformed packets by ValueError, and by a panic where a topic is no UTF-8."""
    if isinstance(error, ValueError) or type(error).__name__ == "PanicException":
        return MqttProtocolError("the broker's bytes are no MQTT 5: does it speak MQTT 5, and TLS or not as we do?")
    return error
