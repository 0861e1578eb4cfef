"""The live stream of the fleet page: server-sent events that carry only what changed on that page.

A stream begins with `hello` and `table`: which rows the address asks for, in their order, and those of them that the
page does not have yet. Then it sends `change` events; `order` when what is asked for is in another order by now, which
the page takes over when nobody is at it; and a `beat` when nothing happened for a while, so that a page can tell a
quiet fleet from a dead connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi.sse import format_sse_event

from dashboards.web.board import FleetBoard, rows_json, to_json
from dashboards.web.fleet_index import Found
from dashboards.web.live_board import LiveBoard
from dashboards.web.pages.asked import PAGE_ROWS, TableAsked
from dashboards.web.pages.fleet import pager_of
from schemas.access import Viewer
from schemas.views import FleetChange, FleetReader

BEAT_S: Final = 15.0
RETRY_MS: Final = 2_000
ORDER_S: Final = 1.0
"""How soon another order is noticed; later in proportion in fleets of more than two thousand."""
_DEVICES_A_SECOND: Final = 2_000
_MOST_FOLLOWED: Final = 10 * PAGE_ROWS
"""So many rows a page may still show from earlier orders."""


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What every page and stream is made from."""

    reader: FleetReader
    now_ms: Callable[[], int]
    assets_version: str


@dataclass(frozen=True, slots=True)
class Watching:
    """What one stream is about, and how it ends.

    `since` is the edition of the rows that the page has. `still_viewer` says at each beat who the viewer is now:
    signed out, or with another scope, the page gets `bye` and loads again.
    """

    viewer: Viewer
    asked: TableAsked
    since: int
    still_viewer: Callable[[], Awaitable[Viewer | None]]
    beat_s: float = BEAT_S


class ChangeWriter:
    """Writes what changed for one page as JSON, and leaves out what that page was told already."""

    def __init__(self, board: FleetBoard, asked: TableAsked, now_ms: Callable[[], int]) -> None:
        self._board = board
        self._asked = asked
        self._now_ms = now_ms
        self._found = Found((), 0, 0, 1, 1)
        self._followed: set[str] = set()
        self._version = 0
        self._told: dict[str, str] = {}

    def table(self, since: int) -> str:
        """What is asked for, with the rows that have changed since an edition; with all where that is unknown."""
        board = self._board
        self._found = board.find(self._asked, self._now_ms())
        self._followed = set(self._found.ids)
        self._version = board.version
        entries = board.entries(self._found.ids)
        fresh = [entry for entry in entries if entry.edition > since] if board.knows(since) else entries
        parts = [*self._arrangement(), f'"edition":{board.edition}', f'"rows":{rows_json(fresh)}', *self._figures()]
        return f"{{{','.join(parts)}}}"

    def change(self) -> str:
        """What changed of the rows that the page shows, and of the figures; empty where nothing did."""
        board = self._board
        changed = board.changed_since(self._version)
        self._version = board.version
        ids = self._followed if changed is None else self._followed & changed
        parts = self._figures()
        if ids:
            parts.append(f'"rows":{rows_json(board.entries(sorted(ids)))}')
        return f"{{{','.join(parts)}}}" if parts else ""

    def order(self) -> str:
        """What is asked for as it stands now, with the rows that are new to the page; empty where it is the same."""
        found = self._board.find(self._asked, self._now_ms())
        if found == self._found:
            return ""
        self._found = found
        new = [device_id for device_id in found.ids if device_id not in self._followed]
        if len(self._followed) + len(new) > _MOST_FOLLOWED:
            self._followed.clear()
            new = list(found.ids)
        self._followed.update(new)
        parts = [*self._arrangement(), f'"rows":{rows_json(self._board.entries(new))}']
        return f"{{{','.join(parts)}}}"

    def _arrangement(self) -> list[str]:
        found = self._found
        pager = pager_of(self._asked, found.matched, found.total, found.page, found.pages, self._board.strings)
        return [f'"ids":{to_json(found.ids)}', f'"pager":{to_json(pager._asdict())}']

    def _figures(self) -> list[str]:
        """The parts that differ from what was told last."""
        board = self._board
        chips = {chip.name: chip.number for chip in board.chips(self._asked, self._now_ms())}
        now = {
            "kpis": board.kpis_json,
            "actions": board.actions_json,
            "outlook": board.outlook_json,
            "chips": to_json(chips),
        }
        parts = [f'"{name}":{text}' for name, text in now.items() if self._told.get(name) != text and text != "null"]
        self._told = now
        return parts


async def live_stream(source: LiveSource, live: LiveBoard, watching: Watching) -> AsyncIterator[bytes]:
    """The events of one viewer's page, until the reader's changes end or the viewer is no longer who they were."""
    loop = asyncio.get_running_loop()
    live.joined(1)
    try:
        hello = to_json({"nowMs": source.now_ms(), "version": source.assets_version})
        yield format_sse_event(event="hello", data_str=hello, retry=RETRY_MS)
        board = await live.ready(0.0)
        writer = ChangeWriter(board, watching.asked, source.now_ms)
        table, version = writer.table(watching.since), board.version
        yield format_sse_event(event="table", data_str=table)
        order_s = max(ORDER_S, board.total / _DEVICES_A_SECOND)
        next_beat_s, next_order_s, stale = loop.time() + watching.beat_s, _together_s(loop.time(), order_s), False
        while True:
            due_s = min(next_beat_s, next_order_s) if stale else next_beat_s
            await live.after(version, max(0.0, due_s - loop.time()))
            await live.turn()
            if live.ended:
                return
            if board.version > version:
                version, stale = board.version, True
                if text := writer.change():
                    yield format_sse_event(event="change", data_str=text)
            if stale and loop.time() >= next_order_s:
                stale, next_order_s = False, _together_s(loop.time(), order_s)
                if text := writer.order():
                    yield format_sse_event(event="order", data_str=text)
            if loop.time() >= next_beat_s:
                if await watching.still_viewer() != watching.viewer:
                    yield format_sse_event(event="bye", data_str="{}")
                    return
                next_beat_s = loop.time() + watching.beat_s
                yield format_sse_event(event="beat", data_str=to_json({"nowMs": source.now_ms()}))
    finally:
        live.joined(-1)


def _together_s(now_s: float, every_s: float) -> float:
    """The next of the moments that all streams share: those that ask for the same order share its making too."""
    return (now_s // every_s + 1) * every_s


async def end_following(changes: AsyncIterator[FleetChange], pending: asyncio.Future[FleetChange | None]) -> None:
    """Lets go of the reader's changes, in the middle of a wait too."""
    pending.cancel()
    await asyncio.wait((pending,))
    close = getattr(changes, "aclose", None)
    if close is not None:
        await close()
