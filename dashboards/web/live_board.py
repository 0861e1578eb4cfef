"""Live boards: boards that follow the fleet while somebody looks, and rest while nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Final

from dashboards.web.board import BoardSource, FleetBoard
from dashboards.web.strings import Strings
from schemas.access import Scope, Viewer
from schemas.views import FleetChange

_IDLE_S: Final = 600.0
"""A board of a part of the fleet that nobody looks at goes on for so long: whoever comes back finds it."""
_RESTS_AFTER_S: Final = 60.0
"""A board that nobody has looked at for so long takes changes in now and then only."""
_REST_S: Final = 5.0
_REST_RATIO: Final = 30.0
"""It rests so many times as long as it has worked: whatever the fleet does, a board costs a few percent of a core."""
_REST_LOOK_S: Final = 120.0
"""How old the outlook may be that a page begins with."""
_YOUNG_S: Final = 600.0
_YOUNG_LOOK_S: Final = 5.0
"""While it is young history and forecasts may still come in: so often the outlook is asked for then."""
_CATCH_UP_WITHIN_S: Final = 0.1
"""So long a page waits for a board that has rested; what is still missing after that comes by the stream."""
_TRY_AGAIN_S: Final = 10.0
_TURN_S: Final = 0.004
_TURNS_WITHIN_S: Final = 0.4
"""Streams write so far apart, all of them within this time: what else runs has its turn between any two."""


class LiveBoard:
    """A board that follows the fleet, and wakes those who show it.

    `kept` goes on when nobody looks any more; others end after a while.
    """

    def __init__(
        self, source: BoardSource, viewer: Viewer, strings: Strings, look_s: float, *, kept: bool = False
    ) -> None:
        self.board = FleetBoard(source, viewer, strings)
        self.ended = False
        self._kept = kept
        self._changes = source.reader.changes(viewer)
        self._look_s = look_s
        self._next_look_s = 0.0
        self._begun_s = asyncio.get_running_loop().time()
        self._wake = asyncio.Event()
        self._filled = asyncio.Event()
        self._wanted = asyncio.Event()
        self._fresh = asyncio.Event()
        # One that is kept may have been made for nobody yet: it rests until somebody comes.
        self._used_s = float("-inf") if kept else asyncio.get_running_loop().time()
        self._streams = 0
        self._next_turn_s = 0.0
        self._following = asyncio.create_task(self._follow(), name="fleet board")
        self._looking = self._look_soon()

    @property
    def is_over(self) -> bool:
        return self._following.done()

    async def ready(self, within_s: float) -> FleetBoard:
        """The board, once it knows the fleet; it waits a little for the outlook too."""
        self._use()
        filling = asyncio.ensure_future(self._filled.wait())
        await asyncio.wait({filling, self._following}, return_when=asyncio.FIRST_COMPLETED)
        filling.cancel()
        if self._following.done():
            self._following.result()
        if self.board.outlook is None and not self._looking.done():
            await asyncio.wait({self._looking}, timeout=within_s)
        if not self._fresh.is_set():
            await _within(_CATCH_UP_WITHIN_S, self._fresh)
        return self.board

    async def after(self, version: int, timeout_s: float) -> None:
        """Returns once the board is past that version, has ended, or the time is over."""
        if self.ended or self.board.version > version:
            return
        await _within(timeout_s, self._wake)

    async def turn(self) -> None:
        """Returns when it is this stream's turn to write."""
        now_s = asyncio.get_running_loop().time()
        turn_s = max(now_s, self._next_turn_s)
        self._next_turn_s = turn_s + min(_TURN_S, _TURNS_WITHIN_S / max(1, self._streams))
        if turn_s > now_s:
            await asyncio.sleep(turn_s - now_s)

    async def over(self) -> None:
        """Returns when it has ended, for whatever reason."""
        await asyncio.wait({self._following})

    def joined(self, by: int) -> None:
        """A stream begins (1) or ends (-1)."""
        self._streams += by
        self._use()

    def _use(self) -> None:
        self._used_s = asyncio.get_running_loop().time()
        self._wanted.set()

    async def _follow(self) -> None:
        try:
            beginning = await anext(self._changes, None)
            if beginning is None:
                return
            await self.board.fill(beginning)
            self._fresh.set()
            self._filled.set()
            await self._take_all()
        finally:
            self.ended = True
            self._fresh.set()
            self._filled.set()
            self._looking.cancel()
            self._wake_all()
            await _close(self._changes)

    async def _take_all(self) -> None:
        loop = asyncio.get_running_loop()
        self._next_look_s = loop.time() + self._look_s
        pending = asyncio.ensure_future(anext(self._changes, None))
        try:
            while self._kept or not self._is_unused_for(_IDLE_S):
                await asyncio.wait((pending,), timeout=max(0.0, self._next_look_s - loop.time()))
                self._look_now_and_then()
                if not pending.done():
                    self._fresh.set()
                    continue
                change = pending.result()
                if change is None:
                    return
                started_s = perf_counter()
                pending = asyncio.ensure_future(anext(self._changes, None))
                await self.board.take(change)
                self._fresh.set()
                self._wake_all()
                if self._is_unused_for(_RESTS_AFTER_S):
                    await self._rest(max(_REST_S, _REST_RATIO * (perf_counter() - started_s)))
        finally:
            pending.cancel()
            await asyncio.wait((pending,))

    async def _rest(self, longest_s: float) -> None:
        """Until somebody looks, or it is time to take in what has changed."""
        self._wanted.clear()
        self._fresh.clear()
        await _within(longest_s, self._wanted)

    def _look_now_and_then(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._next_look_s and self._looking.done():
            self._next_look_s = now_s + self._look_again_in_s(now_s)
            self._looking = self._look_soon()

    def _look_again_in_s(self, now_s: float) -> float:
        if now_s - self._begun_s < _YOUNG_S:
            return min(self._look_s, _YOUNG_LOOK_S)
        return _REST_LOOK_S if self._is_unused_for(_RESTS_AFTER_S) else self._look_s

    def _look_soon(self) -> asyncio.Task[None]:
        looking = asyncio.create_task(self._look(), name="fleet outlook")
        looking.add_done_callback(_settle)
        return looking

    async def _look(self) -> None:
        await self._filled.wait()
        await self.board.look_ahead()
        self._wake_all()

    def _is_unused_for(self, seconds: float) -> bool:
        return not self._streams and asyncio.get_running_loop().time() - self._used_s > seconds

    def _wake_all(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()


class Boards:
    """All boards, one for each sight and language that anybody has on a screen.

    Those of the whole fleet stay once they were asked for: they are the slowest to fill.
    """

    def __init__(self, source: BoardSource, look_s: float) -> None:
        self._source = source
        self._look_s = look_s
        self._boards: dict[tuple[object, ...], LiveBoard] = {}

    def of(self, viewer: Viewer, strings: Strings) -> LiveBoard:
        """The board of this viewer's sight; call it on the event loop."""
        sight = (viewer.role == "vendor", viewer.scope, strings.language)
        live = self._boards.get(sight)
        if live is None or live.is_over:
            self._boards = {key: board for key, board in self._boards.items() if not board.is_over}
            kept = viewer.role != "vendor" and viewer.scope == Scope()
            live = self._boards[sight] = LiveBoard(self._source, viewer, strings, self._look_s, kept=kept)
        return live

    async def keep_warm(self, viewer: Viewer, strings: Strings) -> None:
        """Has a board ready for whoever comes first, for ever."""
        while True:
            await self.of(viewer, strings).over()
            await asyncio.sleep(_TRY_AGAIN_S)


async def _within(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _settle(looking: asyncio.Task[None]) -> None:
    """An outlook that can't be read now is asked for again before long; the last one stays."""
    if not looking.cancelled():
        looking.exception()


async def _close(changes: AsyncIterator[FleetChange]) -> None:
    close = getattr(changes, "aclose", None)
    if close is not None:
        await close()
