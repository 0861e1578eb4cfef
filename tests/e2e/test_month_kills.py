"""A recorded month through the real gateway, again and again, with kill -9 in between: the same alerts, the same work
orders, and nobody is told twice of one firing, nor never of one that stands."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from collectors.replay import write_recording
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, SimulatorSettings
from gateway.alerts.time_rules import TIMED_RULES
from gateway.errors import SilverpointError
from gateway.serve.control import call, socket_path
from gateway.store.open import open_store
from gateway.store.service_rows import AlertHistoryRow
from schemas.delivery import Delivery
from tests.support.broker import running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.recorded_week import MANY_ODDITIES, WEEK_START_MS

QUIET_S = 4.0
DEADLINE_S = 90.0


@dataclass
class Outcome:
    """What a run came to, without what differs by the moment at which it ran."""

    firings: dict[tuple[str, str], list[tuple[int, int | None]]] = field(default_factory=dict)
    """Of each rule and subject, from when to when its alert fired."""
    orders: list[Any] = field(default_factory=list)
    standing: set[tuple[str, str]] = field(default_factory=set)


class Receiver:
    """Takes every message. At one it kills the sender after having taken it, which never hears of it."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.cut_at: str | None = None
        """The key of the message at which the sender was killed."""
        self._kill: Callable[[], None] | None = None
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.taken.append(message)
                if receiver.kills_at(message["key"]):
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def arm(self, kill: Callable[[], None]) -> None:
        """At the next message the sender is to die."""
        with self._lock:
            self._kill = kill

    def disarm(self) -> bool:
        """The sender is not to die any more; answers whether it has."""
        with self._lock:
            self._kill = None
            return self.cut_at is not None

    def kills_at(self, key: str) -> bool:
        with self._lock:
            if self._kill is None:
                return False
            self._kill()
            self._kill, self.cut_at = None, key
            return True

    def told(self) -> Told:
        """How often each alert was told; one message counts once, however often it came."""
        once = {message["key"]: message for message in self.taken}.values()
        news = [message for message in once if message["reason"] in ("new", "worse")]
        return Told(
            Counter(
                (item["rule"], item["subject"], item["severity"]) for message in news for item in message["firing"]
            ),
            Counter((item["rule"], item["subject"]) for message in once for item in message["resolved"]),
        )

    def hold_cut(self) -> None:
        """The message at which the sender died came again, under the same key and about the same."""
        same = [_about(message) for message in self.taken if message["key"] == self.cut_at]
        assert len(same) >= 2, f"{self.cut_at} was taken {len(same)} times"
        assert len(set(same)) == 1, same


class Told(NamedTuple):
    """How often each alert was told to fire, as how severe, and to be over."""

    firing: Counter[tuple[str, str, str]]
    resolved: Counter[tuple[str, str]]


def _about(message: dict[str, Any]) -> str:
    items = [(item["rule"], item["subject"]) for kind in ("firing", "resolved") for item in message[kind]]
    return f"{message['reason']} {sorted(items)}"


def recorded(devices: int, days: int, seed: int = 11, late_share: float = 0.1) -> list[list[Delivery]]:
    """A recording of some days, in pieces of some days each, with all that goes wrong in the field: redeliveries, and
    of a hundred messages so many that were overtaken by later ones, among them swap records."""
    settings = SimulatorSettings(
        start_ms=WEEK_START_MS,
        devices=devices,
        clinics=max(1, devices // 4),
        seed=seed,
        live_from_ms=WEEK_START_MS + 2 * DAY_MS,
        sample_interval_ms=HOUR_MS,
        session_interval_ms=10 * MINUTE_MS,
        batch_ms=6 * HOUR_MS,
        oddities=replace(
            MANY_ODDITIES, damage_per_day=0.1, late_swap_share=0.7, late_share=late_share, duplicate_share=0.1
        ),
    )
    pieces: dict[int, list[Delivery]] = {}
    for delivery in SimulatedFleet(settings).advance(WEEK_START_MS + days * DAY_MS):
        pieces.setdefault((delivery.received_ms - WEEK_START_MS) // (5 * DAY_MS), []).append(delivery)
    return [pieces[number] for number in sorted(pieces)]


@pytest.mark.mosquitto
def test_a_recorded_fortnight_with_kills_comes_to_the_same(tmp_path: Path) -> None:
    replayed_with_kills(tmp_path, recorded(devices=8, days=15, seed=5), kills=3, times=1)


@pytest.mark.mosquitto
@pytest.mark.long
def test_a_recorded_month_replayed_three_times_with_kills_comes_to_the_same(tmp_path: Path) -> None:
    replayed_with_kills(tmp_path, recorded(devices=12, days=30), kills=12, times=3)


def replayed_with_kills(directory: Path, pieces: Sequence[Sequence[Delivery]], kills: int, times: int) -> None:
    """Replays the pieces once undisturbed, then `times` more with kills; all must come to the same."""
    paths = []
    for number, piece in enumerate(pieces):
        paths.append(directory / f"piece-{number}.jsonl")
        write_recording(paths[-1], piece)
    with running_mosquitto(directory / "broker") as broker:
        undisturbed, told = run(directory / "once", broker.url, paths, [])
        assert {rule for rule, _ in undisturbed.firings} >= {
            "nozzle_worn_out",
            "nozzle_unconfirmed_swap",
            "mains_lost",
        }, undisturbed.firings
        assert undisturbed.orders
        hold_told(undisturbed, told)
        for turn in range(times):
            dice = random.Random(turn)
            places = sorted(dice.randrange(len(paths)) for _ in range(kills))
            killed, told = run(directory / f"killed-{turn}", broker.url, paths, places)
            assert killed.firings == undisturbed.firings
            assert killed.orders == undisturbed.orders
            hold_told(killed, told)
            assert killed.standing == undisturbed.standing


def hold_told(outcome: Outcome, told: Told) -> None:
    """What fires now was told, and nothing more often than it fired, but that it became worse, nor that it is over
    more often than it was."""
    assert outcome.standing <= {(rule, subject) for rule, subject, _ in told.firing}
    fired = Counter({place: len(times) for place, times in outcome.firings.items()})
    over = Counter({place: sum(end is not None for _, end in times) for place, times in outcome.firings.items()})
    for (rule, subject, severity), times in told.firing.items():
        assert rule in TIMED_RULES or times <= fired[rule, subject], f"{subject}: {severity} {rule} told {times} times"
    for (rule, subject), times in told.resolved.items():
        assert rule in TIMED_RULES or times <= over[rule, subject], f"{subject}: {rule} told to be over {times} times"


def run(directory: Path, broker_url: str, paths: Sequence[Path], kills: Sequence[int]) -> tuple[Outcome, Told]:
    """One gateway takes in all pieces; during those in `kills` it is killed, and takes the piece in again. With any
    it is killed once more between a message that it sent and the mark of that, unless none was left to send."""
    directory.mkdir()
    dice = random.Random(len(kills))
    with Receiver() as receiver:
        hook = {"name": "ops", "channel": "webhook", "secret": "0123456789abcdef"}
        hook["url"] = f"http://127.0.0.1:{receiver.server.server_port}/"
        settings = {
            "SILVERPOINT_NOTIFY__RECEIVERS": json.dumps([hook]),
            "SILVERPOINT_NOTIFY__GROUP_WAIT_S": "0",
            "SILVERPOINT_NOTIFY__GROUP_INTERVAL_S": "1",
            "SILVERPOINT_NOTIFY__ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "SILVERPOINT_BROKER__CLIENT_ID": directory.name,
            "SILVERPOINT_FORECAST__ENABLED": "false",
        }
        with GatewayProcess(directory, broker_url, **settings) as gateway:
            gateway.wait_ready()
            for number, path in enumerate(paths):
                for _ in range(kills.count(number)):
                    replay_and_kill(gateway, path, after_s=dice.uniform(0.0, 0.8))
                if kills and receiver.cut_at is None:
                    replay_to_a_cut(gateway, receiver, path)
                replay(gateway, path)
            until_quiet(gateway, receiver)
            assert gateway.terminate() == 0
        if receiver.cut_at is not None:
            receiver.hold_cut()
        return asyncio.run(outcome_of(gateway.store_path)), receiver.told()


def replay(gateway: GatewayProcess, path: Path) -> None:
    asyncio.run(call(socket_path(gateway.store_path), "replay", {"path": str(path)}))


def replay_to_a_cut(gateway: GatewayProcess, receiver: Receiver, path: Path) -> None:
    """Takes the piece in until a message of it was sent, at which the gateway dies; or all, where none is sent."""
    receiver.arm(gateway.kill)
    try:
        replay(gateway, path)
        until_quiet(gateway, receiver)
    except (SilverpointError, OSError, ValueError):
        pass  # it was killed meanwhile, as it is meant to be
    if receiver.disarm():
        gateway.start()
        gateway.wait_ready()


def replay_and_kill(gateway: GatewayProcess, path: Path, after_s: float) -> None:
    """The gateway dies in the middle of the piece, or while its rules, orders and messages are at work on it."""

    def begin() -> None:
        try:
            replay(gateway, path)
        except (SilverpointError, OSError, ValueError):
            return  # it was killed meanwhile, as it is meant to be

    replaying = threading.Thread(target=begin)
    replaying.start()
    time.sleep(after_s)
    gateway.kill()
    replaying.join()
    gateway.start()
    gateway.wait_ready()


def owed(path: Path) -> int:
    """Changes that nobody has decided about, and messages that were not sent."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (intents,) = connection.execute("SELECT count(*) FROM outbox_intents").fetchone()
        (unsent,) = connection.execute("SELECT count(*) FROM outbox WHERE ended_ms IS NULL").fetchone()
    return int(intents + unsent)


def until_quiet(gateway: GatewayProcess, receiver: Receiver) -> None:
    """Until nothing is owed to anybody, and nothing has changed for a while."""
    until, since, before = time.monotonic() + DEADLINE_S, time.monotonic(), ("", 0)
    while time.monotonic() - since < QUIET_S:
        assert time.monotonic() < until, f"{owed(gateway.store_path)} owed, {before}\n{gateway.log_tail()}"
        lines = gateway.metrics().splitlines()
        now = ("\n".join(line for line in lines if line.startswith("silverpoint_alerts")), len(receiver.taken))
        if now != before or owed(gateway.store_path):
            since, before = time.monotonic(), now
        time.sleep(0.2)


def firings_of(rows: Sequence[AlertHistoryRow]) -> list[tuple[int, int | None]]:
    """From when to when the alert fired. What was pending and never fired is no matter of anybody's."""
    fired: list[tuple[int, int | None]] = []
    for row in rows:
        if row.to_state == "firing" and row.from_state != "firing":
            fired.append((row.at_ms, None))
        elif row.from_state == "firing" and row.to_state == "resolved":
            fired[-1] = (fired[-1][0], row.at_ms)
    return fired


async def outcome_of(path: Path) -> Outcome:
    store = await open_store(f"sqlite:///{path}")
    outcome = Outcome()
    try:
        for alert in await store.alerts(limit=10_000, before=None):
            rows = await store.alert_history(alert.alert_id)
            fired = firings_of(rows)
            if alert.state == "firing":
                outcome.standing.add((alert.rule, alert.subject))
            if alert.rule in TIMED_RULES:  # by the gateway's clock
                assert len(fired) <= 1 or alert.rule == "message_rejected"
                continue
            begun = [since_ms for since_ms, _ in fired]
            assert len(begun) == len(set(begun)), f"{alert.rule} of {alert.subject} fired twice by the same evidence"
            if fired:
                outcome.firings[alert.rule, alert.subject] = fired
        for order in await store.work_orders(limit=10_000, before=None):
            outcome.orders.append(
                (order.kind, order.subject, order.state, order.opened_ms, order.ended_ms, order.replaced_by)
            )
    finally:
        await store.close()
    outcome.orders.sort(key=str)
    return outcome
