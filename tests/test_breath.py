"""Long work on the loop leaves others their share of it."""

from __future__ import annotations

import asyncio
import time

from gateway.breath import Breath


def work(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


async def test_others_get_their_turns_during_long_work() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    breath = Breath()
    for _ in range(20):
        work(0.0025)
        await breath.take()
    beside.cancel()
    assert turns > 40, "a bare sleep(0) would have given 20"


async def test_short_work_takes_no_breath() -> None:
    passed = asyncio.Event()
    breath = Breath()
    asyncio.get_running_loop().call_soon(passed.set)
    await breath.take()
    assert not passed.is_set()


async def test_to_wait_is_not_to_work() -> None:
    breath = Breath()
    await asyncio.sleep(0.1)
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await breath.take()
    assert not passed.is_set()


async def test_what_was_rested_for_within_is_not_rested_for_again() -> None:
    outer = Breath()
    inner = Breath()
    work(0.01)
    await inner.take()
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await outer.take()
    assert not passed.is_set()
