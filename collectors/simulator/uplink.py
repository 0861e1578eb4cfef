"""A device's way to the broker: sends at once, in batches, or after being offline its whole backlog; with the
network's latency, redeliveries and overtaking.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from collectors.simulator.settings import SECOND_MS, SimulatorSettings
from schemas.delivery import Delivery
from schemas.identity import Kind
from schemas.topics import device_topic

MAX_BACKLOG_SAMPLES = 200
_LATENCY_MS = (30, 300)
_BACKLOG_PAUSE_MS = 80


class Outgoing(NamedTuple):
    """A delivery with its place in the fleet's order of receipt."""

    received_ms: int
    device_no: int
    number: int
    delivery: Delivery


class _Queued(NamedTuple):
    kind: Kind
    text: str


class Uplink:
    """One device's connection. What it can't send it keeps, over power-offs too, and sends in order."""

    def __init__(
        self, settings: SimulatorSettings, rng: Random, clinic_id: str, device_id: str, device_no: int
    ) -> None:
        self._odd = settings.oddities
        self._rng = rng
        self._device_no = device_no
        self._telemetry_topic = device_topic(clinic_id, device_id, "telemetry", settings.root)
        self._session_topic = device_topic(clinic_id, device_id, "session", settings.root)
        self._nozzle_topic = device_topic(clinic_id, device_id, "nozzle", settings.root)
        self._status_topic = device_topic(clinic_id, device_id, "status", settings.root)
        self._batch_ms = settings.batch_ms
        self._queue: list[_Queued] = []
        self._queued_from_ms = 0
        self._last_received_ms = 0
        self._sent = 0
        self.connected = False
        self.is_live = False
        """Samples are sent at once, not in batches."""
        self.outbox: list[Outgoing] = []
        """Sent, and to be collected by the fleet."""

    def sample(self, text: str, at_ms: int) -> None:
        """Sends or keeps one sample."""
        if self.connected and self.is_live and not self._queue:
            self._send(self._telemetry_topic, text, at_ms)
            return
        if not self._queue:
            self._queued_from_ms = at_ms
        self._queue.append(_Queued("telemetry", text))
        if self.connected and at_ms - self._queued_from_ms >= self._batch_ms:
            self.flush(at_ms)

    def record(self, kind: Kind, text: str, at_ms: int) -> None:
        """Sends a session or nozzle event after the samples before it, or keeps it."""
        self._queue.append(_Queued(kind, text))
        if self.connected:
            self.flush(at_ms)

    def status(self, text: str, at_ms: int) -> None:
        """A status is of the moment: it is sent at once or by the broker, and never kept."""
        self._sent += 1
        received_ms = self._receipt(at_ms)
        delivery = Delivery(self._status_topic, text.encode(), received_ms)
        self.outbox.append(Outgoing(received_ms, self._device_no, self._sent, delivery))

    def flush(self, at_ms: int) -> None:
        """Sends all that was kept, samples in batches, if there is a connection."""
        if not self.connected or not self._queue:
            return
        queue, self._queue = self._queue, []
        samples: list[str] = []
        for entry in queue:
            if entry.kind == "telemetry":
                samples.append(entry.text)
                if len(samples) < MAX_BACKLOG_SAMPLES:
                    continue
            at_ms = self._send_samples(samples, at_ms)
            samples = []
            if entry.kind != "telemetry":
                topic = self._session_topic if entry.kind == "session" else self._nozzle_topic
                at_ms = self._send(topic, entry.text, at_ms)
        self._send_samples(samples, at_ms)

    def _send_samples(self, samples: list[str], at_ms: int) -> int:
        if not samples:
            return at_ms
        if len(samples) == 1:
            return self._send(self._telemetry_topic, samples[0], at_ms)
        return self._send(self._telemetry_topic, f'{{"samples":[{",".join(samples)}]}}', at_ms)

    def _send(self, topic: str, text: str, at_ms: int) -> int:
        """Hands a message to the network; answers when the next one of a backlog can follow."""
        self._sent += 1
        odd, rng = self._odd, self._rng
        chance = rng.random()
        if chance < odd.loss_share:
            return at_ms
        received_ms = self._receipt(at_ms)
        next_ms = received_ms + _BACKLOG_PAUSE_MS
        chance -= odd.loss_share
        if chance < odd.late_share:
            received_ms += rng.randint(5, 120) * SECOND_MS
        delivery = Delivery(topic, text.encode(), received_ms)
        self.outbox.append(Outgoing(received_ms, self._device_no, self._sent, delivery))
        if rng.random() < odd.duplicate_share:
            self._sent += 1
            again_ms = received_ms + rng.randint(1, 60) * SECOND_MS
            self.outbox.append(Outgoing(again_ms, self._device_no, self._sent, delivery._replace(received_ms=again_ms)))
        return next_ms

    def _receipt(self, at_ms: int) -> int:
        shortest_ms, spread_ms = _LATENCY_MS
        received_ms = at_ms + shortest_ms + int(self._rng.random() * spread_ms)
        self._last_received_ms = max(received_ms, self._last_received_ms + 1)
        return self._last_received_ms
