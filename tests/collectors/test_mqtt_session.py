"""The session without I/O: real packets as bytes, cut at every place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.errors import MqttProtocolError
from collectors.mqtt_session import (
    Connected,
    Disconnected,
    Event,
    MqttSession,
    Ponged,
    Received,
    Refused,
    State,
    Subscribed,
    Violated,
)
from collectors.mqtt_settings import MqttSettings
from schemas.delivery import Delivery

SETTINGS = MqttSettings(receive_maximum=100)
QOS_1 = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
CONNACK = mqtt5.ConnAckPacket(session_present=True).write()
SUBACK = mqtt5.SubAckPacket(1, [QOS_1]).write()


def publish(packet_id: int | None, payload: bytes = b"{}", topic: str = "fleet/v1/c/d/telemetry") -> bytes:
    qos = mqtt5.QoS.AT_MOST_ONCE if packet_id is None else mqtt5.QoS.AT_LEAST_ONCE
    return mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=packet_id).write()


def packets(data: bytes) -> Iterator[mqtt5.Packet]:
    while data:
        packet, size = mqtt5.read(memoryview(data))
        yield packet
        data = data[size:]


def connecting() -> MqttSession:
    session = MqttSession(SETTINGS, connection=7)
    session.connect()
    session.bytes_to_send()
    return session


def opened() -> MqttSession:
    session = connecting()
    session.receive(CONNACK + SUBACK, 1)
    session.bytes_to_send()
    return session


def deliveries(events: list[Event]) -> list[Delivery]:
    return [delivery for event in events if isinstance(event, Received) for delivery in event.deliveries]


def acknowledged(session: MqttSession) -> list[int]:
    return [packet.packet_id for packet in packets(session.bytes_to_send()) if isinstance(packet, mqtt5.PubAckPacket)]


def test_it_connects_for_a_session_that_lasts_with_an_explicit_receive_maximum() -> None:
    session = MqttSession(MqttSettings(username="gateway", password="säure"), connection=1)
    session.connect()
    (connect,) = packets(session.bytes_to_send())
    assert isinstance(connect, mqtt5.ConnectPacket)
    assert connect.clean_start is False
    assert connect.session_expiry_interval >= 7 * 86_400
    assert 20 < connect.receive_max < 65_535
    assert connect.topic_alias_max == 0
    assert connect.max_packet_size is not None
    assert connect.max_packet_size > 512 * 1024
    assert (connect.username, connect.password) == ("gateway", "säure".encode())


def test_it_subscribes_to_all_below_the_root_at_qos_1_on_every_connection() -> None:
    session = connecting()
    session.receive(CONNACK, 1)
    (subscribe,) = packets(session.bytes_to_send())
    assert isinstance(subscribe, mqtt5.SubscribePacket)
    (only,) = subscribe.topic_filters
    assert only.pattern == "fleet/#"
    assert only.max_qos == mqtt5.QoS.AT_LEAST_ONCE
    assert not only.retain_as_published
    assert only.retain_handling == mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS


def test_it_goes_from_connecting_to_open() -> None:
    session = connecting()
    states = [session.state]
    assert session.receive(CONNACK, 1) == [Connected(session_present=True, keep_alive_s=30)]
    states.append(session.state)
    assert session.receive(SUBACK, 1) == [Subscribed()]
    states.append(session.state)
    assert states == [State.CONNECTING, State.SUBSCRIBING, State.OPEN]


def test_the_broker_may_set_the_keep_alive() -> None:
    session = connecting()
    assert session.receive(mqtt5.ConnAckPacket(server_keep_alive=5).write(), 1) == [Connected(False, 5)]


def test_messages_of_a_kept_session_may_come_before_the_subscriptions_are_granted() -> None:
    session = connecting()
    events = session.receive(CONNACK + publish(3) + SUBACK, 42)
    assert [type(event) for event in events] == [Connected, Received, Subscribed]
    assert deliveries(events) == [Delivery("fleet/v1/c/d/telemetry", b"{}", 42, False, 7, 3)]


def test_a_message_of_qos_0_needs_no_acknowledgement() -> None:
    session = opened()
    (delivery,) = deliveries(session.receive(publish(None), 1))
    assert (delivery.connection, delivery.packet_id, session.in_flight) == (0, 0, 0)
    session.acknowledge([delivery])
    assert session.bytes_to_send() == b""


STREAM = (
    CONNACK
    + SUBACK
    + b"".join(
        [publish(1, b"x" * 200), publish(None, b""), mqtt5.PingRespPacket().write(), publish(2, "ü".encode() * 70)]
    )
)


def merged(events: list[Event]) -> list[Event | Delivery]:
    return [one for event in events for one in (event.deliveries if isinstance(event, Received) else [event])]


def test_the_stream_means_the_same_wherever_it_is_cut() -> None:
    expected = merged(connecting().receive(STREAM, 5))
    assert len(expected) == 6
    for cut in range(len(STREAM) + 1):
        parts = connecting()
        assert merged(parts.receive(STREAM[:cut], 5) + parts.receive(STREAM[cut:], 5)) == expected


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=40))
def test_the_stream_means_the_same_in_any_number_of_pieces(cuts: list[int]) -> None:
    whole, parts = connecting(), connecting()
    edges = [0, *sorted(cuts), len(STREAM)]
    events = [event for begin, end in pairwise(edges) for event in parts.receive(STREAM[begin:end], 5)]
    assert merged(events) == merged(whole.receive(STREAM, 5))


@given(st.permutations(range(12)), st.integers(min_value=1, max_value=12))
def test_acknowledgements_go_out_in_the_order_of_receipt_whatever_the_order_given(order: list[int], size: int) -> None:
    session = opened()
    received = deliveries(session.receive(b"".join(publish(100 + number) for number in range(12)), 1))
    sent: list[int] = []
    for begin in range(0, 12, size):
        session.acknowledge([received[index] for index in order[begin : begin + size]])
        sent += acknowledged(session)
    assert sent == [100 + number for number in range(12)]
    assert session.in_flight == 0


def test_nothing_is_acknowledged_before_it_was_asked_for() -> None:
    session = opened()
    received = deliveries(session.receive(publish(1) + publish(2), 1))
    assert session.bytes_to_send() == b""
    session.acknowledge(received[1:])
    assert acknowledged(session) == []
    session.acknowledge(received[:1])
    assert acknowledged(session) == [1, 2]


def test_a_second_acknowledgement_never_hits_a_new_message_under_the_same_packet_id() -> None:
    session = opened()
    first = deliveries(session.receive(publish(9, b"first"), 1))
    session.acknowledge(first)
    assert acknowledged(session) == [9]
    session.receive(publish(9, b"second"), 2)
    session.acknowledge(first)
    assert acknowledged(session) == []
    assert session.in_flight == 1


def test_deliveries_of_another_connection_are_passed_over() -> None:
    session = opened()
    session.receive(publish(4), 1)
    session.acknowledge([Delivery("fleet/v1/c/d/telemetry", b"{}", 1, False, 6, 4)])
    assert session.bytes_to_send() == b""


def test_a_takeover_is_told_apart_from_other_ends() -> None:
    def ended(code: mqtt5.DisconnectReasonCode) -> Event:
        (event,) = opened().receive(mqtt5.DisconnectPacket(reason_code=code).write(), 1)
        return event

    taken = ended(mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER)
    shut = ended(mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN)
    assert isinstance(taken, Disconnected)
    assert taken.taken_over
    assert isinstance(shut, Disconnected)
    assert not shut.taken_over
    assert "server shutting down" in shut.reason


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "broker.url"),
        (mqtt5.ConnAckReasonCode.NOT_AUTHORIZED, "broker.url"),
        (mqtt5.ConnAckReasonCode.CLIENT_ID_NOT_VALID, "broker.client_id"),
        (mqtt5.ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "MQTT 5"),
        (mqtt5.ConnAckReasonCode.SERVER_BUSY, "server busy"),
        (mqtt5.ConnAckReasonCode.PAYLOAD_FORMAT_INVALID, "reason code 153"),
    ],
)
def test_a_refused_connection_says_what_to_change(code: mqtt5.ConnAckReasonCode, advice: str) -> None:
    (event,) = connecting().receive(mqtt5.ConnAckPacket(reason_code=code).write(), 1)
    assert isinstance(event, Refused)
    assert advice in event.advice


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (mqtt5.SubAckReasonCode.NOT_AUTHORIZED, "ACL"),
        (mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE, "QoS 0 only"),
    ],
)
def test_a_subscription_refused_or_granted_with_less_than_qos_1_closes(
    code: mqtt5.SubAckReasonCode, advice: str
) -> None:
    session = connecting()
    _, event = session.receive(CONNACK + mqtt5.SubAckPacket(1, [code]).write(), 1)
    assert isinstance(event, Refused)
    assert "fleet/#" in event.advice
    assert advice in event.advice
    assert session.state is State.CLOSED


@pytest.mark.parametrize(
    "wrong",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 80,
        b"\x20\x02\x00\x01",
        SUBACK,
        publish(1),
        mqtt5.PingRespPacket().write(),
        b"\x20\xff\xff\xff\xff\x7f",
    ],
)
def test_what_may_not_answer_a_connect_is_a_violation(wrong: bytes) -> None:
    session = connecting()
    (event,) = session.receive(wrong, 1)
    assert isinstance(event, Violated)
    assert session.state is State.CLOSED


def test_what_was_right_before_a_violation_is_handed_out_first() -> None:
    session = opened()
    events = session.receive(publish(1) + b"\x00\x00" + publish(2), 1)
    assert [type(event) for event in events] == [Received, Violated]
    assert isinstance(next(packets(session.bytes_to_send())), mqtt5.DisconnectPacket)
    assert session.receive(publish(3), 1) == []


@pytest.mark.filterwarnings("ignore")
def test_a_topic_that_is_no_utf_8_is_a_violation_not_a_crash() -> None:
    (event,) = opened().receive(b"\x32\x06\x00\x01\xff\x00\x01\x00", 1)
    assert isinstance(event, Violated)


def test_a_packet_above_our_maximum_is_refused_before_it_is_gathered() -> None:
    (event,) = opened().receive(b"\x32\xff\xff\xff\x7f", 1)
    assert isinstance(event, Violated)
    assert "Maximum Packet Size" in str(event.error)


def test_a_message_above_512_kib_still_arrives_piece_by_piece() -> None:
    session = opened()
    data = publish(1, b" " * (600 * 1024))
    events = [
        event for begin in range(0, len(data), 16_384) for event in session.receive(data[begin : begin + 16_384], 1)
    ]
    (delivery,) = deliveries(events)
    assert len(delivery.payload) == 600 * 1024


def test_it_answers_pings_with_an_event() -> None:
    session = opened()
    session.ping()
    assert session.bytes_to_send() == mqtt5.PingReqPacket().write()
    assert session.receive(mqtt5.PingRespPacket().write(), 1) == [Ponged()]


def test_after_taking_leave_nothing_is_read_and_nothing_acknowledged() -> None:
    session = opened()
    received = deliveries(session.receive(publish(1), 1))
    session.disconnect()
    session.bytes_to_send()
    session.acknowledge(received)
    assert session.receive(publish(2), 1) == []
    assert session.bytes_to_send() == b""


def test_calling_it_out_of_turn_raises() -> None:
    session = MqttSession(SETTINGS, connection=1)
    with pytest.raises(MqttProtocolError, match="PING is not allowed while NEW"):
        session.ping()
