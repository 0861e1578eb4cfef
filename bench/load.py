"""A load of telemetry from many devices: QoS 1, at a given rate or as fast as the broker takes it.

Written on the codec, so that the load costs the machine little beside what is measured. Each connection speaks
for a share of the devices, keeps at most `WINDOW` messages unacknowledged, and counts what the broker took.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import mqtt5

WINDOW = 500
TICK_S = 0.01
_TAKEN = (mqtt5.PubAckReasonCode.SUCCESS, mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS)


def telemetry_payload(boot_id: str, seq: int, ts_ms: int, serial: str) -> bytes:
    """One valid sample; the nozzle's strikes grow with seq."""
    coating = max(0.0, round(0.95 - seq * 1e-5, 5))
    return (
        f'{{"boot_id":"{boot_id}","seq":{seq},"ts_ms":{ts_ms},"up_ms":{seq * 1000},'
        f'"power":{{"source":"battery","charge":0.83,"voltage_v":25.4,"health":0.97}},'
        f'"nozzle":{{"serial":"{serial}","strikes":{1000 + seq * 100},"coating":{coating},"depth_mm":1.2}},'
        f'"sessions":{{"total":{seq // 50},"active":true}}}}'
    ).encode()


@dataclass
class LoadDevice:
    """One simulated sender and its counters."""

    number: int
    boot_id: str
    seq: int = 0
    topic: str = field(init=False)
    serial: str = field(init=False)

    def __post_init__(self) -> None:
        self.topic = f"fleet/v1/c-{self.number % 40:02d}/d-{self.number:05d}/telemetry"
        self.serial = f"N{self.number:06d}"

    def next_payload(self, now_ms: int) -> bytes:
        payload = telemetry_payload(self.boot_id, self.seq, now_ms, self.serial)
        self.seq += 1
        return payload


class _Connection(asyncio.Protocol):
    """One MQTT 5 connection that publishes and counts acknowledgements."""

    def __init__(self, client_id: str, devices: list[LoadDevice]) -> None:
        self.client_id = client_id
        self.devices = devices
        self.sent = 0
        self.acknowledged = 0
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._packet_id = 0
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(mqtt5.ConnectPacket(self.client_id, clean_start=True, keep_alive=0).write())

    def data_received(self, data: bytes) -> None:
        data = bytes(self._received) + data
        view = memoryview(data)
        while view:
            try:
                packet, size = mqtt5.read(view)
            except IndexError:
                break
            view = view[size:]
            if isinstance(packet, mqtt5.PubAckPacket):
                if packet.reason_code not in _TAKEN:
                    raise RuntimeError(f"the broker refused a message: {packet.reason_code}")
                self.acknowledged += 1
            elif isinstance(packet, mqtt5.ConnAckPacket):
                self.connected.set_result(None)
        self._received = bytearray(view)

    def send(self, count: int) -> int:
        """Publishes up to `count` messages, as the window allows; gives how many."""
        assert self._transport is not None
        count = min(count, WINDOW - (self.sent - self.acknowledged))
        now_ms = time.time_ns() // 1_000_000
        packets = []
        for _ in range(count):
            device = self.devices[self.sent % len(self.devices)]
            self._packet_id = self._packet_id % 65_535 + 1
            packets.append(
                mqtt5.PublishPacket(
                    device.topic,
                    device.next_payload(now_ms),
                    qos=mqtt5.QoS.AT_LEAST_ONCE,
                    packet_id=self._packet_id,
                ).write()
            )
            self.sent += 1
        self._transport.write(b"".join(packets))
        return count

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(mqtt5.DisconnectPacket().write())
            self._transport.close()


async def publish_load(
    port: int, *, messages: int, rate_per_s: float | None, devices: int = 400, connections: int = 4
) -> float:
    """Publishes `messages` samples and waits for every acknowledgement; gives the seconds it took."""
    loop = asyncio.get_running_loop()
    fleet = [LoadDevice(number, f"load-{number}-{time.time_ns()}"[:36]) for number in range(devices)]
    senders = []
    for index in range(connections):
        share = fleet[index::connections]
        _, sender = await loop.create_connection(
            lambda index=index, share=share: _Connection(f"load-{index}", share),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        senders.append(sender)
    await asyncio.gather(*(sender.connected for sender in senders))
    started_s = time.perf_counter()
    sent = 0
    while sent < messages or any(sender.acknowledged < sender.sent for sender in senders):
        due = messages if rate_per_s is None else min(messages, int((time.perf_counter() - started_s) * rate_per_s))
        senders.append(senders.pop(0))  # at a low rate a tick has less than one message for each
        for index, sender in enumerate(senders):
            share = (due - sent) // (len(senders) - index)
            if share > 0:
                sent += sender.send(share)
        await asyncio.sleep(TICK_S if rate_per_s is not None else 0.001)
    elapsed_s = time.perf_counter() - started_s
    for sender in senders:
        sender.close()
    await asyncio.sleep(0.05)
    return elapsed_s
