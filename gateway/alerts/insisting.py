"""Insisting: what the rules need of the store is tried until it answers; meanwhile the feed gathers what changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from collectors.backoff import Backoff
from gateway.errors import StoreUnavailableError
from gateway.events import Events

T = TypeVar("T")

_RETRY_MIN_MS: Final = 200
_RETRY_MAX_MS: Final = 5_000


class Insist(Protocol):
    """Runs what it is given until the store answers."""

    async def __call__(self, attempt: Callable[[], Awaitable[T]]) -> T: ...


def insisting(events: Events) -> Insist:
    """Tries again with growing pauses, and says so."""

    async def insist(attempt: Callable[[], Awaitable[T]]) -> T:
        backoff: Backoff | None = None
        while True:
            try:
                return await attempt()
            except StoreUnavailableError as error:
                backoff = backoff or Backoff(_RETRY_MIN_MS, _RETRY_MAX_MS)
                wait_ms = backoff.next_ms()
                events.commit_retried(str(error), wait_ms)
                await asyncio.sleep(wait_ms / 1000)

    return insist
