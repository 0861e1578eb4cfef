"""Connections that break, sessions that are forgotten, and brokers that are not there yet: on a real mosquitto."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from collectors.errors import TakenOverError
from tests.collectors.harness import numbered, publish, running, settings_for, until
from tests.support.broker import BrokerOptions, Mosquitto, free_port, running_mosquitto

pytestmark = pytest.mark.mosquitto


async def test_it_waits_for_a_broker_that_comes_later(tmp_path: Path) -> None:
    port = free_port()
    async with running(settings_for(port), wait=False) as run:
        await until(lambda: len(run.witness.reasons) >= 2)
        assert "can't reach the broker" in run.witness.reasons[0]
        with running_mosquitto(tmp_path, port=port):
            await until(lambda: run.collector.connected)
            await publish(port, [b"{}"])
            assert len(await run.take_count(1)) == 1
            await run.collector.close()


async def test_it_comes_back_after_a_restart_of_the_broker(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        mosquitto.restart()
        await until(lambda: run.witness.connected == [False, True])
        await publish(mosquitto.port, [b"{}"])
        assert len(await run.take_count(1)) == 1
        assert run.witness.sessions_lost == 0


async def test_a_session_that_the_broker_forgot_is_reported(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        mosquitto.stop()
        mosquitto.forget()
        mosquitto.start()
        await until(lambda: len(run.witness.connected) == 2)
        assert run.witness.connected == [False, False]
        assert run.witness.sessions_lost == 1


async def test_a_session_of_an_earlier_run_that_the_broker_forgot_is_reported(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port), had_session=True) as run:
        assert run.witness.sessions_lost == 1


async def test_a_first_session_is_not_reported_as_lost(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        assert run.witness.connected == [False]
        assert run.witness.sessions_lost == 0


async def test_of_two_with_one_client_id_one_stops_instead_of_fighting_on(mosquitto: Mosquitto) -> None:
    """mosquitto 2.0.11 does not say 0x8E; the session's tests show that one word of it is enough."""
    async with running(settings_for(mosquitto.port)) as first:
        await publish(mosquitto.port, [b"{}"])
        await until(lambda: first.collector.in_flight == 1)
        async with running(settings_for(mosquitto.port)) as second:
            await asyncio.wait({first.task, second.task}, timeout=8, return_when=asyncio.FIRST_COMPLETED)
            stopped, going = (first, second) if first.task.done() else (second, first)
            error = stopped.task.exception()
            assert isinstance(error, TakenOverError)
            assert "'silverpoint'" in str(error)
            assert stopped.witness.takeovers == 1
            assert not stopped.collector.connected
            while await stopped.collector.take(10, 0):
                pass
            await until(lambda: going.collector.connected)
            assert len(await going.take_count(1)) >= 1
            assert going.witness.takeovers == 0


async def test_a_broker_that_falls_silent_is_left(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port, keep_alive_s=1, connect_timeout_s=0.5)) as run:
        mosquitto.suspend()
        await until(lambda: bool(run.witness.reasons))
        assert run.witness.reasons[0] == "the broker has stopped answering"
        await until(lambda: len(run.witness.reasons) > 1)
        assert "did not answer within 0.5 s" in run.witness.reasons[1]
        mosquitto.resume()
        await until(lambda: run.collector.connected)


async def test_a_quiet_connection_is_kept_alive(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port, keep_alive_s=2)) as run:
        # mosquitto drops a client after one and a half keep-alives of silence, looked at each second.
        await asyncio.sleep(6.2)
        assert run.witness.reasons == []
        assert run.collector.connected


async def test_it_stops_while_waiting_to_reconnect() -> None:
    settings = settings_for(free_port(), reconnect_min_ms=60_000, reconnect_max_ms=60_000)
    async with running(settings, wait=False) as run:
        await until(lambda: bool(run.witness.reasons))
        begin_s = time.monotonic()
        await run.collector.close()
        assert time.monotonic() - begin_s < 30
        assert await run.collector.take(1, 0) == ()


async def test_it_closes_in_time_beside_a_broker_that_does_not_answer(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        mosquitto.suspend()
        begin_s = time.monotonic()
        await run.collector.close()
        assert time.monotonic() - begin_s < 30
        assert run.task.done()


async def test_a_store_that_stands_still_over_many_reconnects_does_not_fill_memory(tmp_path: Path) -> None:
    options = BrokerOptions(max_queued_messages=0)
    with running_mosquitto(tmp_path, options) as broker:
        async with running(settings_for(broker.port, receive_maximum=20)) as run:
            await publish(broker.port, numbered(100))
            for _ in range(3):
                await until(lambda: run.collector.in_flight == 20 or not run.collector.connected)
                broker.restart()
            # Two windows are held; the third connection waits until some of them are taken.
            held = 0
            while held < 40:
                held += len(await run.collector.take(100, 0))
            await until(lambda: run.collector.connected)
            assert held <= 60
