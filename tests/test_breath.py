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


async def test_rests_that_nobody_uses_become_single_turns() -> None:
    breath, rests = Breath(), 0
    for _ in range(24):
        work(0.0025)
        begun_s = time.perf_counter()
        await breath.take()
        rests += time.perf_counter() - begun_s > 0.002
    assert rests <= 12, "one in eight, and what a busy machine adds"


async def test_who_begins_to_use_the_rests_gets_them_whole() -> None:
    breath, rests = Breath(), 0

    async def other() -> None:
        while True:
            work(0.0005)
            await asyncio.sleep(0)

    for _ in range(4):
        work(0.0025)
        await breath.take()
    beside = asyncio.create_task(other())
    for _ in range(10):
        work(0.0025)
        begun_s = time.perf_counter()
        await breath.take()
        rests += time.perf_counter() - begun_s > 0.002
    beside.cancel()
    assert rests >= 8, "all but the first, which may have been a single turn; one or two where nobody is noticed"


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
