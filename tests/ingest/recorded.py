"""Recorded deliveries of one or two small devices, drawn by hypothesis: swaps, reboots, null clocks, backlogs,
unreported swaps, redeliveries with a receipt of their own, bad samples."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.delivery import Delivery
from tests.ingest.wire import MINUTE, T0, backlog, delivery, sample, session, swap

SERIALS = ("n1", "n2")

steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("sample", "sample", "sample", "sneak", "sneak", "null_clock", "null_clock"),
                *("swap", "session", "reboot", "offline", "bad", "lose"),
            ]
        ),
        st.sampled_from(["d1", "d1", "d1", "d2"]),
        st.sampled_from(SERIALS),
        st.integers(0, 3),
    ),
    min_size=15,
    max_size=40,
)


class _Device:
    """Enough of a device to say what it would say."""

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id
        self.boots = 1
        self.seq = -1
        self.up_ms = 0
        self.fitted: str | None = None
        self.strikes = dict.fromkeys(SERIALS, 0)
        self.waiting: list[dict[str, Any]] = []
        self.offline = False

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    @property
    def boot(self) -> str:
        return f"{self.device_id}-b{self.boots}"

    def reading(self, now_ms: int, clock_set: bool) -> dict[str, Any]:
        if self.fitted is not None:
            self.strikes[self.fitted] += 100
        strikes = self.strikes[self.fitted] if self.fitted is not None else 0
        return sample(
            self.next_seq(),
            now_ms if clock_set else None,
            boot=self.boot,
            up_ms=self.up_ms,
            serial=self.fitted,
            fitted=self.fitted is not None,
            strikes=strikes,
            coating=1 - strikes / 10_000 if self.seq % 2 else None,
        )


def record(script: list[tuple[str, str, str, int]]) -> list[Delivery]:
    """The deliveries that a script of steps causes, in order of receipt."""
    devices = {name: _Device(name) for name in ("d1", "d2")}
    sent: list[Delivery] = []
    now_ms = T0
    for step, name, serial, number in script:
        now_ms += MINUTE
        device = devices[name]
        device.up_ms += MINUTE
        sent += _step(device, step, serial, number, now_ms)
    for device in devices.values():
        sent += _flush(device, now_ms + MINUTE)
    return sent


def _step(device: _Device, step: str, serial: str, number: int, now_ms: int) -> list[Delivery]:
    name, clinic = device.device_id, f"c{number % 2}"
    if step == "offline":
        device.offline = not device.offline
        return [] if device.offline else _flush(device, now_ms)
    if step in {"sample", "null_clock"}:
        reading = device.reading(now_ms, step == "sample")
        if device.offline:
            device.waiting.append(reading)
            return []
        return [delivery("telemetry", reading, now_ms + number, device=name, clinic=clinic)]
    if step == "swap":
        return _swap(device, serial, number, now_ms)
    if step == "sneak":
        device.fitted = serial if number else None
    elif step == "session":
        message = session(device.next_seq(), now_ms if number else None, boot=device.boot, serial=device.fitted)
        return [delivery("session", message, now_ms, device=name, clinic=clinic)]
    elif step == "reboot":
        device.boots, device.seq, device.up_ms = device.boots + 1, -1, 0
    elif step == "bad":
        bad = {**device.reading(now_ms, True), "mood": "bad"}
        return [delivery("telemetry", bad, now_ms, device=name, clinic=clinic)]
    elif step == "lose":
        device.seq += number
    return []


def _swap(device: _Device, serial: str, number: int, now_ms: int) -> list[Delivery]:
    sent: list[Delivery] = []
    ts_ms = now_ms if number != 1 else None
    if device.fitted is not None and number != 2:
        message = swap(device.next_seq(), ts_ms, "removed", device.fitted, boot=device.boot)
        sent.append(delivery("nozzle", message, now_ms, device=device.device_id))
    device.fitted = serial
    more = {"model": f"m{number}", "lot": "l1"} if number else {}
    message = swap(device.next_seq(), ts_ms, "fitted", serial, boot=device.boot, **more)
    return [*sent, delivery("nozzle", message, now_ms + 1, device=device.device_id)]


def _flush(device: _Device, now_ms: int) -> list[Delivery]:
    waiting, device.waiting = device.waiting, []
    if not waiting:
        return []
    return [delivery("telemetry", backlog(*waiting), now_ms, device=device.device_id)]
