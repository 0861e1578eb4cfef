"""What comes due, what waiting costs, sessions against the usual; people and quarantine as pages change them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ForbiddenError, NotFoundError
from gateway.forecasting.board import Remaining
from gateway.serve.outlook import chance_within, day_uses
from gateway.serve.wear_story import past_of
from gateway.store.forecast_rows import IssuedForecast
from schemas.access import Viewer
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, fill, message, opened_rig

ADMIN = Viewer("admin", "admin")
MANAGER = Viewer("manager", "manager")
DAY_MS = 86_400_000
TODAY_MS = NOW_MS - NOW_MS % DAY_MS

rising = st.lists(st.floats(0, 1e5), min_size=7, max_size=7).map(sorted)


@given(rising, st.floats(0, 1e5), st.floats(0, 1e5))
def test_the_chance_rises_with_the_days_and_is_told_at_the_quantiles(
    quantiles: list[float], one: float, other: float
) -> None:
    remaining = Remaining(*quantiles)
    assert 0 <= chance_within(remaining, min(one, other)) <= chance_within(remaining, max(one, other)) <= 0.95


def test_the_chance_lies_between_the_quantiles() -> None:
    remaining = Remaining(4, 6, 8, 12, 16, 20, 24)
    assert [chance_within(remaining, days) for days in (0, 2, 4, 10, 12, 24, 400)] == pytest.approx(
        [0, 0.025, 0.05, 0.375, 0.5, 0.95, 0.95]
    )


def test_what_is_usual_is_the_median_of_the_same_weekday_before() -> None:
    sessions = {TODAY_MS - ago * DAY_MS: 10 + (ago // 7) for ago in range(7, 50, 7)}
    days = day_uses(sessions, TODAY_MS)
    assert len(days) == 28
    assert (days[-1].sessions, days[-1].usual) == (0, 14)
    assert days[-2].usual == 0
    assert day_uses({TODAY_MS: 3}, TODAY_MS)[-1].usual is None


def test_past_forecasts_are_told_in_strikes_of_the_whole_life() -> None:
    issued = IssuedForecast(
        serial="n", day=1, as_of_ms=NOW_MS, group="fleet", fit_no=1, strikes=100, wear=0.5,
        remaining_strikes=(10, 20, 30, 40, 50, 60, 70), remaining_sessions=None, remaining_days=None,
        replace_by=None, outcome="crossed", came_strikes=65, pit=0.9,
    )  # fmt: skip
    past = past_of("n", [issued])
    assert past.came == 165
    assert (past.items[0].p50, past.items[0].held) == (140, False)


async def filled(directory: Path) -> Rig:
    rig = await opened_rig(directory)
    await fill(rig)
    return rig


async def test_the_outlook_counts_what_is_worn_out_and_is_kept_for_a_minute_once_the_start_is_over(
    tmp_path: Path,
) -> None:
    rig = await filled(tmp_path)
    outlook = await rig.services.page_reader.outlook(MANAGER)
    assert [(each.days, each.nozzles, each.cost) for each in outlook.waiting] == [
        (days, 1, 240.0) for days in (0, 7, 14, 30)
    ]
    assert outlook.days[-1].sessions == 3
    rig.clock.advance(MINUTE_MS // 10)
    assert (await rig.services.page_reader.outlook(MANAGER)).as_of_ms > outlook.as_of_ms
    rig.clock.advance(11 * MINUTE_MS)
    later = await rig.services.page_reader.outlook(MANAGER)
    rig.clock.advance(MINUTE_MS // 2)
    assert await rig.services.page_reader.outlook(MANAGER) is later
    rig.clock.advance(MINUTE_MS)
    assert (await rig.services.page_reader.outlook(MANAGER)).as_of_ms > later.as_of_ms
    await rig.store.close()


async def test_history_that_comes_in_after_the_start_is_counted_within_two_minutes(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    assert len((await rig.services.page_reader.outlook(MANAGER)).days) == 1
    ended_ms = NOW_MS - 20 * DAY_MS
    past = {
        "boot_id": "b0", "seq": 0, "ts_ms": ended_ms, "session_id": "cd-1", "started_ms": ended_ms - MINUTE_MS,
        "ended_ms": ended_ms, "strikes": 5, "depth_mm": 1.0, "nozzle_serial": None, "power_source": "mains",
    }  # fmt: skip
    await rig.take(message(CLINICS[0], "d-one", "session", past))
    rig.clock.advance(2 * MINUTE_MS)
    days = (await rig.services.page_reader.outlook(MANAGER)).days
    assert (len(days), days[0].sessions) == (21, 1)
    await rig.store.close()


async def test_people_are_added_and_changed_and_the_last_administrator_stays(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    acts, pages = rig.services.page_acts, rig.services.page_reader
    added = {"role": "admin", "password": "long enough", "clinics": "", "models": ""}
    assert await acts.save_person(ADMIN, "chief", added, new=True) == ()
    assert await acts.save_person(ADMIN, "chief", added, new=True)
    assert (
        await acts.save_person(ADMIN, "tech", {**added, "role": "technician", "clinics": "barmbek, x"}, new=True) == ()
    )
    assert await acts.save_person(ADMIN, "tech", {"role": "emperor"}, new=False)
    mistakes = await acts.save_person(ADMIN, "chief", {"role": "manager"}, new=False)
    assert "last administrator" in mistakes[0]
    assert await acts.save_person(ADMIN, "tech", {"role": "vendor", "models": "fine-24"}, new=False) == ()
    people = {person.name: person for person in await pages.people(ADMIN)}
    assert (people["tech"].role, people["tech"].clinics, people["tech"].models) == ("vendor", None, ("fine-24",))
    session = await rig.services.access.sign_in("tech", "long enough", "1.2.3.4")
    assert (session.viewer.role, session.viewer.scope.models) == ("vendor", frozenset({"fine-24"}))
    with pytest.raises(ForbiddenError):
        await acts.save_person(MANAGER, "tech", {"role": "admin"}, new=False)
    with pytest.raises(ForbiddenError):
        await pages.people(MANAGER)
    with pytest.raises(NotFoundError):
        await acts.save_person(ADMIN, "nobody", {"role": "vendor"}, new=False)
    await rig.store.close()


async def test_a_lot_is_recalled_by_a_form_and_keeps_the_time_of_the_first_recall(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    acts, pages = rig.services.page_acts, rig.services.page_reader
    assert [lot.lot for lot in pages.registry(MANAGER).lots] == ["lot-a", "lot-b"]
    recalled = {"model": "fine-24", "recalled": "yes", "recall_note": "coating"}
    assert await acts.save_entry(MANAGER, "lot", "lot-b", recalled) == ()
    rig.clock.advance(MINUTE_MS)
    assert await acts.save_entry(MANAGER, "lot", "lot-b", {**recalled, "recall_note": "thin coating"}) == ()
    lot = pages.registry(MANAGER).lots[1]
    assert (lot.recalled_ms, lot.recall_note, lot.model) == (NOW_MS, "thin coating", "fine-24")
    assert await acts.save_entry(MANAGER, "lot", "lot-b", {"recalled": "no"}) == ()
    assert pages.registry(MANAGER).lots[1].recalled_ms is None
    await rig.store.close()


async def test_the_operator_releases_what_is_complete_and_is_told_what_stays(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    (entry,) = (await rig.services.page_reader.operator(ADMIN)).quarantine
    assert entry.readable
    outcome = await rig.services.page_acts.release(ADMIN, None)
    assert (outcome.released, outcome.kept) == (0, 1)
    with pytest.raises(NotFoundError):
        await rig.services.page_acts.release(ADMIN, 999)
    with pytest.raises(ForbiddenError):
        await rig.services.page_acts.release(MANAGER, None)
    await rig.store.close()
