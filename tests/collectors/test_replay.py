"""Recordings: read back as they were written, and errors that name their line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.errors import RecordingError
from collectors.replay import ReplayCollector, read_recording, write_recording
from schemas.delivery import Delivery

NOW_MS = 1_760_000_000_000
GOOD = json.dumps({"topic": "a", "payload": "{}", "received_ms": NOW_MS})


async def drained(collector: ReplayCollector, max_messages: int = 2) -> list[Delivery]:
    taken: list[Delivery] = []
    while batch := await collector.take(max_messages, 20):
        assert len(batch) <= max_messages
        collector.acknowledge(batch)
        taken += batch
    return taken


async def test_a_recording_is_handed_out_in_order_and_then_ends(tmp_path: Path) -> None:
    deliveries = [Delivery(f"t/{number}", b"{}", NOW_MS + number, number == 3) for number in range(5)]
    assert write_recording(tmp_path / "r.jsonl", deliveries) == 5
    collector = ReplayCollector(tmp_path / "r.jsonl")
    assert await drained(collector) == deliveries
    assert await collector.take(2, 20) == []


def deliveries_in(path: Path) -> list[Delivery]:
    return [line for line in read_recording(path) if isinstance(line, Delivery)]


DELIVERY = st.builds(
    lambda topic, payload, retained: Delivery(topic, payload, NOW_MS, retained), st.text(), st.binary(), st.booleans()
)


@given(st.lists(DELIVERY, max_size=5))
def test_any_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, deliveries: list[Delivery]) -> None:
    path = tmp_path_factory.mktemp("recording") / "r.jsonl"
    write_recording(path, deliveries)
    assert list(read_recording(path)) == deliveries


def test_an_object_as_payload_stands_for_its_compact_json(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"topic": "a", "payload": {"x": [1, 2.50], "ü": null}, "received_ms": 1760000000000}\n\n')
    (delivery,) = deliveries_in(path)
    assert delivery.payload == '{"x":[1,2.5],"ü":null}'.encode()


def test_a_lone_surrogate_in_a_payload_reaches_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"topic": "a", "payload": "\ud800", "received_ms": NOW_MS}))
    (delivery,) = deliveries_in(path)
    with pytest.raises(UnicodeDecodeError):
        delivery.payload.decode()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "this is no JSON"),
        ("[1]", "one object"),
        ('{"payload": "{}", "received_ms": 1760000000000}', "topic"),
        ('{"topic": 1, "payload": "{}", "received_ms": 1760000000000}', "topic"),
        ('{"topic": "a", "received_ms": 1760000000000}', "payload"),
        ('{"topic": "a", "payload": [], "received_ms": 1760000000000}', "payload"),
        ('{"topic": "a", "payload": "{}"}', "received_ms"),
        ('{"topic": "a", "payload": "{}", "received_ms": 1.76e12}', "received_ms"),
        ('{"topic": "a", "payload": "{}", "received_ms": true}', "received_ms"),
        ('{"topic": "a", "payload": "{}", "received_ms": 1760000000}', "received_ms"),
        ('{"topic": "a", "payload": "{}", "received_ms": 1760000000000, "retained": 1}', "retained"),
        ("[" * 100_000, "line 3"),
        ('{"topic": "\xff"}', "line 3"),
    ],
)
async def test_a_bad_line_is_named_and_the_others_are_handed_out(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(f"{GOOD}\n{GOOD}\n{line}\n{GOOD}\n".encode("latin-1"))
    collector = ReplayCollector(path)
    assert len(await drained(collector)) == 3
    (mistake,) = collector.mistakes
    assert mistake.startswith(f"line 3 of {path}: ")
    assert says in mistake


async def test_many_bad_lines_neither_end_a_recording_nor_fill_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("bad\n" * 60 + f"{GOOD}\n\n" + "bad\n" * 20 + GOOD)
    collector = ReplayCollector(path)
    assert len(await drained(collector, max_messages=7)) == 2
    assert len(collector.mistakes) == 51
    assert collector.mistakes[49].startswith("line 50 of ")
    assert collector.mistakes[50] == "and 30 more such lines"


def test_what_a_recorder_noted_besides_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(json.loads(GOOD) | {"qos": 1, "recorder": {"version": 3}}))
    assert list(read_recording(path)) == [Delivery("a", b"{}", NOW_MS)]


async def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"can't read .*none"):
        await ReplayCollector(tmp_path / "none").take(1, 20)


async def test_deliveries_made_elsewhere_are_taken_one_batch_at_a_time() -> None:
    made: list[int] = []

    def endless() -> Iterator[Delivery]:
        while True:
            made.append(len(made))
            yield Delivery("t", b"{}", NOW_MS)

    collector = ReplayCollector(endless())
    assert len(await collector.take(100, 20)) == 100
    assert len(made) == 100
    collector.stop_reading()
    assert await collector.take(100, 20) == ()


async def test_a_replay_lets_others_run_in_between() -> None:
    others: list[int] = []

    async def other() -> None:
        while True:
            others.append(1)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await drained(ReplayCollector(Delivery("t", b"{}", NOW_MS) for _ in range(100)))
    task.cancel()
    assert len(others) >= 50
