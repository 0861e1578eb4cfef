"""The stop signal: ends waits that would otherwise outlive the gateway's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class StopSignal(Protocol):
    """Set once, when the gateway stops; an `asyncio.Event` is one."""

    def is_set(self) -> bool: ...

    async def wait(self) -> object: ...


async def stopped_within(stop: StopSignal, seconds: float) -> bool:
    """Waits; true as soon as the gateway stops, false when the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def unless_stopped(stop: StopSignal, waiting: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """What `waiting` answers; None when the gateway stops first or the time is over, and `waiting` is cancelled."""
    task = asyncio.ensure_future(waiting)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, stopping):
            pending.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)
