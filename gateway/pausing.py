"""Pauses: what nothing else may be alive for. The gateway ends, the work is done on its store, and it begins again.

Whatever is in memory is read from the store anew after that: nothing of what was erased can be left over in a cache.
The process, its log and its signals stay; the broker keeps what devices send meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from gateway.errors import ConflictError, SilverpointError
from gateway.store.work_base import Forgotten

Work = Callable[[], Awaitable[Forgotten]]


class _Asked(NamedTuple):
    work: Work
    answer: asyncio.Future[Forgotten]


class Pauses:
    """`ending` is set where the present gateway is to end: for good, or for a pause that an act has asked for."""

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        self._stopped = False
        self._asked: _Asked | None = None
        self._done: Forgotten | SilverpointError | None = None

    def stop(self) -> None:
        """Ends for good."""
        self._stopped = True
        self.ending.set()

    async def ask(self, work: Work) -> Forgotten:
        """Has the work done in a pause; answers once the gateway is back. Raises ConflictError, and what it raises."""
        if self._asked is not None or self.ending.is_set():
            raise ConflictError("the gateway is ending, or pauses already: try again in a moment")
        self._asked = _Asked(work, asyncio.get_running_loop().create_future())
        self.ending.set()
        return await self._asked.answer

    async def take(self) -> bool:
        """Does the work that was asked for, if any; whether the gateway is to begin again."""
        if self._asked is None:
            return False
        try:
            self._done = await self._asked.work()
        except SilverpointError as error:
            self._done = error
        if not self._stopped:
            self.ending.clear()
        return not self._stopped

    def answer(self) -> None:
        """Tells whoever asked for the last pause what came of it."""
        asked, done = self._asked, self._done
        self._asked = self._done = None
        if asked is None or asked.answer.done():
            return
        if isinstance(done, Forgotten):
            asked.answer.set_result(done)
        else:
            asked.answer.set_exception(done or SilverpointError("the gateway ended before it was done: try again"))
