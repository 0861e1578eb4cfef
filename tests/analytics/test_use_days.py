"""Use by device and local day: right whatever is summed already, whatever comes late, and in every zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.analytics.local_days import DAY_MS, OpenHours, date_of, day_of, zone_spans
from gateway.store.rows import Batch, TimedSession
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore
from gateway.store.use_rows import UseAsk
from schemas.registry import Clinic
from tests.store.store_records import NOW_MS, marks, session, state

TODAY = NOW_MS // DAY_MS
HOUR_MS = 3_600_000
ZONES = {"berlin": "Europe/Berlin", "auckland": "Pacific/Auckland", "denver": "America/Denver"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(str(tmp_path / "store.db"), retention=Retention(samples_days=30))
    yield opened
    await opened.close()


def held(seq: int, clinic: str, event_ms: int, device: str | None = None) -> TimedSession:
    return session(seq, event_ms=event_ms, clinic=clinic, device=device or f"dev-{clinic}")


async def keep(store: SqliteStore, *sessions: TimedSession, earlier: bool = False) -> None:
    spans = [marks((0, 0), device=one.session.device_id, boot="boot-1") for one in sessions]
    devices = tuple(state(device=name) for name in {one.session.device_id for one in sessions})
    if earlier:
        await store.commit(Batch(earlier_sessions=sessions, marks=tuple(spans), devices=devices))
    else:
        await store.commit(Batch(sessions=sessions, marks=tuple(spans), devices=devices))


async def by_day(store: SqliteStore, clinic: str, since: int = TODAY - 40, until: int = TODAY + 2) -> dict[int, int]:
    spans = zone_spans(ZONES, since, until)
    found: Counter[int] = Counter()
    async for rows in store.use_sums(UseAsk(since, until, clinics=frozenset({clinic})), spans):
        for row in rows:
            found[row.day] += row.sessions
    return dict(found)


async def fold(store: SqliteStore) -> int:
    folded = 0
    while stale := [day for day in await store.stale_use_days() if day < TODAY]:
        await store.fold_use_day(TODAY, zone_spans(ZONES, stale[0], stale[0] + 1))
        folded += 1
    return folded


async def test_a_session_counts_on_the_clinics_own_day_before_and_after_it_is_summed(store: SqliteStore) -> None:
    midnight = (TODAY - 5) * DAY_MS
    late = midnight + 23 * HOUR_MS + HOUR_MS // 2
    for clinic in ZONES:
        await keep(store, held(1, clinic, midnight + 5 * HOUR_MS), held(2, clinic, late))
    wanted = {
        "berlin": {TODAY - 5: 1, TODAY - 4: 1},
        "auckland": {TODAY - 5: 1, TODAY - 4: 1},
        "denver": {TODAY - 6: 1, TODAY - 5: 1},
    }
    assert {clinic: await by_day(store, clinic) for clinic in ZONES} == wanted
    assert await fold(store) == 1
    assert await store.stale_use_days() == ()
    assert {clinic: await by_day(store, clinic) for clinic in ZONES} == wanted


async def test_a_late_session_and_one_that_is_replaced_make_their_days_stale(store: SqliteStore) -> None:
    noon = (TODAY - 9) * DAY_MS + 12 * HOUR_MS
    await keep(store, held(1, "berlin", noon), held(2, "berlin", noon + DAY_MS))
    await fold(store)
    await keep(store, held(3, "berlin", noon))
    assert await store.stale_use_days() == (TODAY - 9,)
    assert await by_day(store, "berlin") == {TODAY - 9: 2, TODAY - 8: 1}
    await fold(store)
    moved = held(2, "berlin", noon - DAY_MS)._replace(received_ms=1_000)
    await keep(store, moved, earlier=True)
    assert set(await store.stale_use_days()) == {TODAY - 10, TODAY - 8}
    assert await by_day(store, "berlin") == {TODAY - 9: 2, TODAY - 10: 1}
    await fold(store)
    assert await by_day(store, "berlin") == {TODAY - 9: 2, TODAY - 10: 1}


async def test_a_redelivery_changes_nothing_and_makes_no_day_stale(store: SqliteStore) -> None:
    await keep(store, held(1, "berlin", (TODAY - 3) * DAY_MS))
    await fold(store)
    await keep(store, held(1, "berlin", (TODAY - 3) * DAY_MS))
    assert sum((await by_day(store, "berlin")).values()) == 1


async def test_sums_outlive_their_sessions(store: SqliteStore) -> None:
    old = (TODAY - 800) * DAY_MS
    await keep(store, held(1, "berlin", old), held(2, "berlin", old + HOUR_MS))
    await fold(store)
    while (await store.maintain(NOW_MS)).more:
        pass
    assert await by_day(store, "berlin", TODAY - 900, TODAY) == {TODAY - 800: 2}


async def test_another_time_zone_moves_sessions_to_their_new_days(store: SqliteStore) -> None:
    late = (TODAY - 5) * DAY_MS + 23 * HOUR_MS
    await store.set_use_zones({"denver": "UTC"})
    await keep(store, held(1, "denver", late), held(2, "denver", late - 3 * DAY_MS))
    await fold(store)
    await store.set_use_zones({"denver": "UTC"})
    assert await store.stale_use_days() == ()
    await store.set_use_zones({"denver": "Pacific/Auckland"})
    assert TODAY - 5 in await store.stale_use_days()


async def test_sums_by_device_nozzle_and_bucket_tell_all_that_a_session_told(store: SqliteStore) -> None:
    monday = TODAY - 10 - date_of(TODAY - 10).weekday()
    for day in range(7):
        await keep(store, held(day + 1, "berlin", (monday + day) * DAY_MS + 12 * HOUR_MS))
    await fold(store)
    ask = UseAsk(monday, monday + 7, kind="nozzle", labels={"noz-1": 3}, bucket_days=7)
    rows = [row async for part in store.use_sums(ask, zone_spans(ZONES, monday, monday + 7)) for row in part]
    assert len(rows) == 1
    row = rows[0]
    assert (row.label, row.day, row.sessions, row.strikes) == (3, monday, 7, 7 * 90_000)
    assert (row.timed, row.duration_ms, row.depths, row.depth_um) == (7, 7 * 1_199_000, 7, 7 * 1_500)
    assert (row.on_battery, row.cut, row.stopped) == (0, 0, 0)
    none = UseAsk(monday, monday + 7, devices=frozenset({"other"}), nozzles=frozenset({"noz-2"}))
    assert [row async for part in store.use_sums(none, []) for row in part] == []


def test_a_clock_that_is_put_forward_is_told_to_the_minute() -> None:
    day = day_of(date_of(TODAY).replace(month=3, day=29))
    spans = zone_spans({"berlin": "Europe/Berlin"}, day, day + 1)
    assert [span.offset_ms // HOUR_MS for span in spans] == [1, 2]
    assert spans[0].until_ms == spans[1].since_ms == day * DAY_MS + HOUR_MS


def test_opening_hours_count_as_far_as_they_have_passed() -> None:
    clinic = Clinic(clinic_id="x", opening_hours="09:00-18:00," * 5 + "10:00-14:00,closed", timezone="Europe/Berlin")
    monday = TODAY - date_of(TODAY).weekday()
    hours = OpenHours.of(clinic)
    half = (monday + 2) * DAY_MS + 12 * HOUR_MS + HOUR_MS // 2  # 13:30 in Berlin
    assert hours.known
    assert hours.minutes(monday, monday + 7, half).tolist() == [540, 540, 270, 0, 0, 0, 0]
    assert hours.minutes(monday, monday + 7, (monday + 9) * DAY_MS).tolist() == [540] * 5 + [240, 0]
    assert not OpenHours.of(Clinic(clinic_id="y")).known
