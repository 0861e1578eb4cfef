"""A board that nobody looks at rests, and is there for whoever comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from web_fleet import MANAGER, NOW_MS, MemoryFleet, device_view, sample_fleet
from web_pages import MemoryPages

from dashboards.web import live_board
from dashboards.web.board import BoardSource, FleetBoard
from dashboards.web.live_board import Boards
from dashboards.web.pages.asked import TableAsked
from dashboards.web.pages.rows import RowBook
from dashboards.web.strings import ENGLISH
from schemas.access import Scope, Viewer

PART = Viewer("part", "manager", Scope(clinics=frozenset({"clinic-000"})))


@pytest.fixture
async def fleet() -> AsyncIterator[MemoryFleet]:
    made = sample_fleet(30)
    yield made
    made.stop()
    for _ in range(3):
        await asyncio.sleep(0)


def boards_of(fleet: MemoryFleet) -> Boards:
    return Boards(BoardSource(fleet, MemoryPages(fleet), RowBook(NOW_MS)), 30.0)


def label_of(board: FleetBoard, device_id: str) -> str:
    return next(entry.row.name for entry in board.entries([device_id]))


async def told(fleet: MemoryFleet, board: FleetBoard, version: int) -> None:
    async with asyncio.timeout(60):
        while board.version <= version:
            await asyncio.sleep(0)


async def test_a_board_at_rest_takes_changes_in_when_somebody_looks(
    fleet: MemoryFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = boards_of(fleet).of(MANAGER, ENGLISH)
    board = await live.ready(1.0)
    monkeypatch.setattr(live_board, "_RESTS_AFTER_S", 0.0)
    version = board.version
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", label="Taken at once"))
    await told(fleet, board, version)
    version = board.version
    for label in ("Moved", "Moved again"):
        fleet.push(device_view("SP-0001", clinic_id="clinic-000", label=label))
        await asyncio.sleep(0.01)
    assert board.version == version
    assert label_of(board, "SP-0001") == "Taken at once"
    assert label_of(await live.ready(1.0), "SP-0001") != "Taken at once"
    assert board.find(TableAsked(search="moved"), NOW_MS).matched == 1


async def test_the_board_of_the_whole_fleet_stays_and_one_of_a_part_ends(
    fleet: MemoryFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = boards_of(fleet)
    whole, part = boards.of(MANAGER, ENGLISH), boards.of(PART, ENGLISH)
    await asyncio.gather(whole.ready(1.0), part.ready(1.0))
    monkeypatch.setattr(live_board, "_IDLE_S", 0.0)
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", label="Moved"))
    async with asyncio.timeout(60):
        await part.over()
    assert (whole.is_over, boards.of(MANAGER, ENGLISH) is whole) == (False, True)
    assert boards.of(PART, ENGLISH) is not part


async def test_a_warm_page_is_there_before_anybody_asks(fleet: MemoryFleet) -> None:
    boards = boards_of(fleet)
    warming = asyncio.create_task(boards.keep_warm(MANAGER, ENGLISH))
    async with asyncio.timeout(60):
        while not fleet.followers:
            await asyncio.sleep(0)
    board = await boards.of(Viewer("somebody", "technician"), ENGLISH).ready(1.0)
    assert (board.total, len(fleet.followers)) == (30, 1)
    warming.cancel()
