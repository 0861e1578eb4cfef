"""A receiver that is down for two hours: what ingest feels of it, and whether everything arrives once, afterwards.

The gateway's parts run as they are, with a clock that goes faster for whoever plans and sends. Ingest is measured on
the machine's own clock, while the receiver is up and while it is down, in turns. So there are as many times more
attempts beside each batch than in truth, as the clock goes faster.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import SecretStr

from collectors.replay import ReplayCollector
from gateway.alerts.engine import AlertEngine
from gateway.config import LogConfig
from gateway.config_alerts import AlertsConfig
from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.logs import set_up_logs
from gateway.notify.notice import NoVeil
from gateway.notify.notifier import NoMutes, Notifier, NotifierParts
from gateway.store.sqlite import SqliteStore
from schemas.delivery import Delivery

SPEED: Final = 30
_BATCH: Final = 20
_PAUSE_S: Final = 0.02
_DEVICES: Final = 200
_CLINIC_OF: Final = 5
_TURN_S: Final = 20.0
_SETTLES_S: Final = 1.0
"""The beginning of each turn does not count: what the turn before has left is sent then."""
_DARK_MS: Final = 7 * 60_000
"""How long a device is without mains. Some lose it and some get it back in every turn, whichever it is."""
_SETTLE_S: Final = 60.0


class Measured(NamedTuple):
    """Milliseconds of a batch's way into the store, at the 99th percentile of each turn, the median turn; and what
    became of the messages."""

    up_p99_ms: float
    down_p99_ms: float
    turns: int
    """Of each kind, in turn."""
    refused: int
    wanted: int
    """Messages in the outbox, each with a key of its own."""
    arrived: int
    """Different keys that the receiver took."""
    twice: int
    """Keys that it took more than once."""
    unsent: int

    @property
    def ratio(self) -> float:
        return self.down_p99_ms / self.up_p99_ms


class FastClock:
    """A clock whose time of day goes so many times as fast; elapsed time is the machine's, by which work is shared."""

    def __init__(self, speed: int) -> None:
        self._speed = speed
        self._start_ms = time.time_ns() // 1_000_000
        self._since_s = time.monotonic()

    def now_ms(self) -> int:
        return self._start_ms + self.monotonic_ms() * self._speed

    def monotonic_ms(self) -> int:
        return round((time.monotonic() - self._since_s) * 1_000)


class Receiver:
    """Takes messages while it is up, and answers 503 while it is not."""

    def __init__(self) -> None:
        self.up = True
        self.refused = 0
        self.taken: Counter[str] = Counter()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(fields.get("content-length", "0")))
            if self.up:
                self.taken[fields["idempotency-key"]] += 1
            else:
                self.refused += 1
            status = b"204 No Content" if self.up else b"503 Service Unavailable"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()


class Traffic:
    """A fleet whose devices lose their mains and get it back, again and again."""

    def __init__(self, clock: FastClock) -> None:
        self._clock = clock
        self._seq = 0

    def batch(self) -> list[Delivery]:
        self._seq += 1
        now_ms = self._clock.now_ms()
        return [self._delivery(number, now_ms) for number in range(_BATCH)]

    def _delivery(self, place: int, now_ms: int) -> Delivery:
        device = (self._seq * _BATCH + place) % _DEVICES
        dark = (now_ms // _DARK_MS + device) % 40 == 0
        record = {
            "boot_id": "b", "seq": self._seq, "ts_ms": now_ms,
            "power": {"source": "battery" if dark else "mains", "charge": 0.9, "voltage_v": 24.0},
            "nozzle": None, "sessions": {"total": 1, "active": False},
        }  # fmt: skip
        topic = f"fleet/v1/C-{device // _CLINIC_OF:03}/D-{device:03}/telemetry"
        return Delivery(topic, json.dumps(record).encode(), now_ms)


class _Ready:
    def broker_connected(self) -> bool:
        return True

    def commit_fault(self) -> str | None:
        return None


async def measure(*, down_min: int, speed: int = SPEED) -> Measured:
    """The receiver is down for so many minutes of the fast clock in all, and up for as long between them."""
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(str(Path(folder) / "s.db"))
        receiver, clock = Receiver(), FastClock(speed)
        server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            return await _measured(store, receiver, clock, f"http://127.0.0.1:{port}/", down_min * 60 / speed)
        finally:
            server.close()
            await store.close()


async def _measured(store: SqliteStore, receiver: Receiver, clock: FastClock, url: str, each_s: float) -> Measured:
    fleet, feed, events, registry = Fleet(), CommitFeed(), Events(), Registry(store)
    engine = AlertEngine(
        store=store, fleet=fleet, registry=registry, feed=feed, events=events, clock=clock, settings=AlertsConfig()
    )
    pipeline = Pipeline(
        collector=ReplayCollector([]), store=store, fleet=fleet, events=events, feed=feed, clock=clock, root="fleet",
        retention_samples_days=180,
    )  # fmt: skip
    await pipeline.start()
    await engine.restore()
    notifier = Notifier(_parts(store, fleet, registry, engine, clock, events), _config(url))
    running = [asyncio.create_task(engine.run()), asyncio.create_task(notifier.run())]
    try:
        up_s, down_s = await _in_turns(pipeline, receiver, Traffic(clock), each_s)
        receiver.up = True
        unsent = await _until_sent(store)
        wanted = {message.key for message in await store.outbox(limit=100_000, before=None)}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return Measured(
        up_p99_ms=_p99_ms(up_s),
        down_p99_ms=_p99_ms(down_s),
        turns=len(up_s),
        refused=receiver.refused,
        wanted=len(wanted),
        arrived=len(wanted & receiver.taken.keys()),
        twice=sum(times > 1 for times in receiver.taken.values()),
        unsent=unsent,
    )


async def _in_turns(
    pipeline: Pipeline, receiver: Receiver, traffic: Traffic, down_s: float
) -> tuple[list[list[float]], list[list[float]]]:
    """Seconds of each batch of each turn while the receiver was up, and while it was down: by turns, so that whatever
    else the machine does hits both alike."""
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    turns = max(1, round(down_s / _TURN_S))
    for turn in range(2 * turns):
        is_down = turn % 4 in (1, 2)  # up, down, down, up: what grows or comes round evenly hits both alike
        receiver.up = not is_down
        found[is_down].append(await _turn(pipeline, traffic, down_s / turns))
    return found


async def _turn(pipeline: Pipeline, traffic: Traffic, for_s: float) -> list[float]:
    took: list[float] = []
    start = time.perf_counter()
    while (began := time.perf_counter()) < start + for_s:
        await pipeline.ingest(traffic.batch())
        if began >= start + min(_SETTLES_S, for_s / 4):
            took.append(time.perf_counter() - began)
        await asyncio.sleep(_PAUSE_S)
    return took


async def _until_sent(store: SqliteStore) -> int:
    until = time.perf_counter() + _SETTLE_S
    while (waiting := len(await store.undelivered_groups())) and time.perf_counter() < until:
        await asyncio.sleep(0.1)
    return waiting


def _p99_ms(turns: list[list[float]]) -> float:
    """The median of the turns' 99th percentiles: one bad second of the machine does not decide."""
    return 1_000 * statistics.median(sorted(turn)[int(len(turn) * 0.99)] for turn in turns if turn)


def _config(url: str) -> NotifyConfig:
    receiver = ReceiverConfig(name="ops", channel="webhook", url=SecretStr(url), secret=SecretStr("0123456789abcdef"))
    return NotifyConfig(receivers=(receiver,), allow_private_networks=("127.0.0.0/8",))


def _parts(
    store: SqliteStore, fleet: Fleet, registry: Registry, engine: AlertEngine, clock: FastClock, events: Events
) -> NotifierParts:
    return NotifierParts(
        store=store, fleet=fleet, registry=registry, alerts=engine, mutes=NoMutes(), sees=lambda _viewer, _alert: True,
        veil=NoVeil(),
        outlook=lambda _alert: None, readiness=_Ready(), clock=clock, events=events,
        public_url="https://silverpoint.example.org",
    )  # fmt: skip


def main() -> None:
    set_up_logs(LogConfig(level="error"))
    found = asyncio.run(measure(down_min=120))
    print(f"{found.turns} turns of each kind, median of their p99 for a batch of {_BATCH} messages:")
    print(f"{found.up_p99_ms:.1f} ms while the receiver is up,")
    print(f"{found.down_p99_ms:.1f} ms while it is down ({found.refused} attempts refused): {found.ratio:.2f} times")
    print(f"{found.arrived} of {found.wanted} messages arrived, {found.twice} of them twice, {found.unsent} wait still")


if __name__ == "__main__":
    main()
