"""Bins and filters follow what is committed: whatever the order, wherever it is killed, however the tables turn."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ConflictError
from gateway.forecasting.filtering import state_from_all
from gateway.store.forecast_rows import (
    MOST_BINS,
    NozzleBins,
    StoredFit,
    WearBin,
    WearUpdate,
    coarser,
    in_parts,
    merged,
    shift_for,
)
from gateway.store.rows import Batch
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite.migrate import migrations
from schemas.decode import decode
from schemas.delivery import Delivery
from schemas.records import Sample
from tests.forecasting.rig import SMALL_TABLES, Recorded, Rig, opened, recorded

SMALL = (7, 4)
"""Days and devices."""


async def with_fits_of(path: Path, rig: Rig) -> None:
    """Keeps the fits of another gateway: the states then differ by their readings alone."""
    other = await SqliteStore.open(str(path))
    for fit in await rig.store.latest_fits():
        await other.save_fit(StoredFit(0, fit.model, fit.made_ms, fit.units, fit.lives, fit.document))
    await other.close()


async def learnt(tmp_path: Path, week: Recorded) -> Rig:
    rig = await opened(tmp_path / "learnt.db", now_ms=week.until_ms, registry=week.registry)
    await rig.take(week.deliveries)
    await rig.rest()
    return rig


async def follow(rig: Rig, deliveries: list[Delivery], chunk: int) -> None:
    """Takes deliveries in, and follows after each few of them while the store seals."""
    for first in range(0, len(deliveries), chunk):
        await rig.take(deliveries[first : first + chunk], at_once=chunk)
        await rig.store.maintain(rig.clock.now_ms())
        await rig.keeper.follower.step()
    while (await rig.keeper.follower.step()).more:
        pass
    await rig.keeper.follower.refilter(
        [serial for serial in rig.keeper.follower.serials() if rig.keeper.follower.is_outdated(serial)]
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_of_deliveries_ends_in_the_same_wear(tmp_path: Path, seed: int) -> None:
    week = recorded(*SMALL)
    first = await learnt(tmp_path, week)
    expected = await first.wear()
    shuffled = list(week.deliveries)
    random.Random(seed).shuffle(shuffled)
    for name, deliveries, chunk in (("turned", shuffled, 97), ("plain", list(week.deliveries), 211)):
        path = tmp_path / f"{name}.db"
        await (await opened(path, now_ms=week.until_ms, registry=week.registry)).close()
        await with_fits_of(path, first)
        rig = await opened(path, now_ms=week.until_ms, tuning=SMALL_TABLES)
        rig.keeper.fits.start = lambda _: None  # type: ignore[method-assign]
        await follow(rig, deliveries, chunk)
        states, bins = await rig.wear()
        assert bins == expected[1]
        fits = {fit.fit_no: fit.model for fit in await rig.store.latest_fits()}
        theirs = {fit.fit_no: fit.model for fit in await first.store.latest_fits()}
        for serial, state in states.items():
            other = expected[0][serial]
            assert (state.shift, state.last, state.filter) == (other.shift, other.last, other.filter), serial
            assert fits[state.fit_no] == theirs[other.fit_no]


async def test_the_bins_hold_every_measured_reading_once(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    rig = await opened(tmp_path / "s.db", now_ms=week.until_ms, registry=week.registry, tuning=SMALL_TABLES)
    await follow(rig, list(week.deliveries), 150)
    told: dict[str, dict[tuple[str, int], tuple[int, int]]] = {}
    for delivery in week.deliveries:
        for record in decode(delivery.topic, delivery.payload).records:
            if isinstance(record, Sample) and record.nozzle_serial and record.coating_ratio is not None:
                assert record.strikes is not None
                sums = (record.strikes, round(record.coating_ratio * 1_000_000))
                told.setdefault(record.nozzle_serial, {})[record.boot_id, record.seq] = sums
    _, bins = await rig.wear()
    assert set(bins) == set(told)
    for serial, readings in told.items():
        parts = bins[serial].bins
        assert sum(part.readings for part in parts) == len(readings)
        assert sum(part.strikes_sum for part in parts) == sum(strikes for strikes, _ in readings.values())
        assert sum(part.coating_sum_u for part in parts) == sum(coating for _, coating in readings.values())
        assert len(parts) <= MOST_BINS
        assert bins[serial].shift == shift_for(max(strikes for strikes, _ in readings.values()))


async def test_a_follower_that_missed_a_turn_of_the_tables_makes_all_nozzles_again(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    kept_up = await opened(tmp_path / "a.db", now_ms=week.until_ms, registry=week.registry)
    await follow(kept_up, list(week.deliveries), 400)
    late = await opened(tmp_path / "b.db", now_ms=week.until_ms, registry=week.registry, tuning=SMALL_TABLES)
    for first in range(0, len(week.deliveries), 100):
        await late.take(week.deliveries[first : first + 100], at_once=100)
        for _ in range(12):
            await late.store.maintain(week.until_ms)
    assert (await late.store.wear_backlog(most_rows=10, most_remade=1)).missed
    await follow(late, [], 1)
    assert (await late.wear())[1] == (await kept_up.wear())[1]


async def test_a_start_after_a_kill_goes_on_where_the_last_transaction_ended(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    whole = await opened(tmp_path / "a.db", now_ms=week.until_ms, registry=week.registry)
    await whole.take(week.deliveries)
    await follow(whole, [], 1)
    path = tmp_path / "b.db"
    rig = await opened(path, now_ms=week.until_ms, registry=week.registry)
    rig.keeper.follower._rows = 700
    half = len(week.deliveries) // 2
    await rig.take(week.deliveries[:half])
    for _ in range(3):
        await rig.keeper.follower.step()
    # Killed between reading a slice and writing it: nothing of it is there.
    await rig.store.wear_backlog(most_rows=500, most_remade=4)
    await rig.close()
    again = await opened(path, now_ms=week.until_ms)
    await follow(again, list(week.deliveries[half:]), 300)
    assert (await again.wear())[1] == (await whole.wear())[1]


async def test_a_slice_is_written_once(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    rig = await opened(tmp_path / "s.db", now_ms=week.until_ms, registry=week.registry)
    await rig.take(week.deliveries[:400])
    backlog = await rig.store.wear_backlog(most_rows=100, most_remade=4)
    await rig.keeper.follower.step()
    with pytest.raises(ConflictError, match="one gateway"):
        await rig.store.apply_wear(WearUpdate(backlog, ()))


async def test_an_earlier_receipt_of_a_sample_does_not_count_twice(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    rig = await opened(tmp_path / "s.db", now_ms=week.until_ms, registry=week.registry, tuning=SMALL_TABLES)
    await follow(rig, list(week.deliveries), 200)
    expected = (await rig.wear())[1]
    earlier = [delivery._replace(received_ms=delivery.received_ms - 50) for delivery in week.deliveries[200:600]]
    await follow(rig, earlier, 100)
    assert (await rig.wear())[1] == expected


bins = st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(0, 1_000_000)), min_size=1, max_size=60)


def bins_of(readings: list[tuple[int, int]]) -> NozzleBins:
    whole = NozzleBins("n", 0, ())
    for strikes, coating in readings:
        whole = merged(whole, NozzleBins("n", 0, (WearBin(strikes, 1, strikes, coating),)))
        last = whole.bins[-1].bin << whole.shift
        whole = coarser(whole, shift_for(last, whole.shift))
    return whole


@given(bins, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bins_add_up_to_the_same_in_any_order(readings: list[tuple[int, int]], chance: random.Random) -> None:
    turned = list(readings)
    chance.shuffle(turned)
    assert bins_of(readings) == bins_of(turned)
    assert len(bins_of(readings).bins) <= MOST_BINS


async def test_a_store_from_before_the_forecasts_is_followed_from_its_first_sample(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    whole = await opened(tmp_path / "a.db", now_ms=week.until_ms, registry=week.registry)
    await follow(whole, list(week.deliveries), 400)
    old = await SqliteStore.open(str(tmp_path / "b.db"), steps=migrations()[:1])
    await copied(whole, old)
    await old.close()
    migrated = await opened(tmp_path / "b.db", now_ms=week.until_ms)
    await follow(migrated, [], 1)
    assert (await migrated.wear())[1] == (await whole.wear())[1]


async def copied(rig: Rig, old: SqliteStore) -> None:
    """Commits what one store holds to another, as an earlier program would have."""
    snapshot = await rig.store.load_fleet()
    for device in snapshot.devices:
        history = await rig.store.device_history(device.device_id)
        sightings = tuple(row for row in snapshot.sightings if row.device_id == device.device_id)
        await old.commit(Batch(samples=history.samples, devices=(device,), sightings=sightings))


@pytest.mark.parametrize("done_parts", [1, 2, 3])
async def test_a_slice_that_was_cut_off_between_its_nozzles_is_taken_in_once(tmp_path: Path, done_parts: int) -> None:
    week = recorded(*SMALL)
    whole = await opened(tmp_path / "a.db", now_ms=week.until_ms, registry=week.registry)
    await whole.take(week.deliveries)
    await follow(whole, [], 1)
    path = tmp_path / "b.db"
    rig = await opened(path, now_ms=week.until_ms, registry=week.registry, tuning=SMALL_TABLES)
    half = len(week.deliveries) // 2
    await rig.take(week.deliveries[:half])
    backlog = await rig.store.wear_backlog(most_rows=800, most_remade=4)
    parts = list(in_parts(backlog, 1))
    assert len(parts) == len(backlog.added) >= 4
    assert parts[-1].mark == backlog.mark
    for part in parts[:done_parts]:
        states = tuple(state_from_all(None, added, None) for added in part.added)
        await rig.store.apply_wear(WearUpdate(part, states))
    rest = await rig.store.wear_backlog(most_rows=5, most_remade=4)
    assert [bins.serial for bins in rest.added] == [bins.serial for bins in backlog.added[done_parts:]]
    await rig.close()
    again = await opened(path, now_ms=week.until_ms, tuning=SMALL_TABLES)
    await follow(again, list(week.deliveries[half:]), 300)
    assert (await again.wear())[1] == (await whole.wear())[1]


async def test_a_busy_gateway_takes_the_same_wear_in_at_ease(tmp_path: Path) -> None:
    week = recorded(*SMALL)
    kept = []
    for at_ease in (False, True):
        rig = await opened(tmp_path / f"{at_ease}.db", now_ms=week.until_ms, registry=week.registry)
        await rig.take(week.deliveries)
        while (await rig.keeper.follower.step(at_ease=at_ease)).more:
            pass
        kept.append(await rig.wear())
    assert kept[0] == kept[1]
