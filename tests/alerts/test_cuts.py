"""What follows from a record does not depend on where the batches were cut: a fortnight, looked at now and then, and
often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, SimulatorSettings
from gateway.clock import ManualClock
from gateway.store.rows import SamplePoint
from schemas.delivery import Delivery
from schemas.registry import NozzleModel
from tests.alerts.site import T0_MS, Device, Site, open_site
from tests.support.recorded_week import MANY_ODDITIES, WEEK_START_MS

END_MS = WEEK_START_MS + 10 * DAY_MS

Firing = tuple[int, int | None]


def recorded(seed: int) -> list[Delivery]:
    """In order of receipt; fifteen in a hundred messages were overtaken on their way, some of them swap records."""
    settings = SimulatorSettings(
        start_ms=WEEK_START_MS,
        devices=8,
        clinics=2,
        seed=seed,
        live_from_ms=WEEK_START_MS + DAY_MS,
        sample_interval_ms=HOUR_MS,
        session_interval_ms=10 * MINUTE_MS,
        batch_ms=6 * HOUR_MS,
        oddities=replace(
            MANY_ODDITIES,
            late_share=0.15,
            duplicate_share=0.1,
            damage_per_day=0.5,
            cleaning_per_day=0.4,
            unreported_swap_share=0.3,
            late_swap_share=0.7,
        ),
    )
    return sorted(SimulatedFleet(settings).advance(END_MS), key=lambda delivery: delivery.received_ms)


def cut(deliveries: Sequence[Delivery], looks: int, dice: random.Random) -> list[Sequence[Delivery]]:
    places = sorted(dice.sample(range(1, len(deliveries)), looks - 1))
    return [deliveries[begin:end] for begin, end in zip([0, *places], [*places, len(deliveries)], strict=True)]


async def looked_at(path: Path, batches: Sequence[Sequence[Delivery]]) -> dict[tuple[str, str], list[Firing]]:
    async with open_site(path, clock=ManualClock(END_MS)) as site:
        await site.registry.save([NozzleModel(model="fine-24", rated_strikes=1_000_000)])
        for batch in batches:
            await site.ingest(*batch)
            await site.engine.evaluate([state.device_id for state in site.fleet.devices()], 0)
        return await firings(site)


async def firings(site: Site) -> dict[tuple[str, str], list[Firing]]:
    """Of each rule and subject, from when to when its alert fired."""
    found: dict[tuple[str, str], list[Firing]] = {}
    for alert in await site.alerts():
        for row in await site.store.alert_history(alert.alert_id):
            fired = found.setdefault((alert.rule, alert.subject), [])
            if row.to_state == "firing" and row.from_state != "firing":
                fired.append((row.at_ms, None))
            elif row.from_state == "firing" and row.to_state == "resolved":
                fired[-1] = (fired[-1][0], row.at_ms)
    return {place: fired for place, fired in found.items() if fired}


@pytest.mark.parametrize("seed", [2, 7])
async def test_however_the_batches_are_cut_the_same_alerts_fire_from_and_to_the_same_time(
    tmp_path: Path, seed: int
) -> None:
    deliveries, dice = recorded(seed), random.Random(seed)
    seldom = await looked_at(tmp_path / "seldom.db", cut(deliveries, 4, dice))
    often = await looked_at(tmp_path / "often.db", cut(deliveries, 150, dice))
    assert "nozzle_unconfirmed_swap" in {rule for rule, _ in seldom}
    assert often == seldom


async def test_a_nozzle_that_was_taken_off_ended_its_alert_then_whenever_anybody_looks(tmp_path: Path) -> None:
    for number, looks_between in enumerate((False, True)):
        device = Device()
        async with open_site(tmp_path / f"{number}.db") as site:
            await site.say(device.fitted(0, "N-1"), *(device.sample(hour, "N-1", 1.1) for hour in (1, 2)))
            swap = [device.removed(3, "N-1"), device.fitted(3.5, "N-2")]
            if looks_between:
                await site.say(*swap)
            else:
                await site.ingest(*swap)
                await site.look()
            (alert,) = [one for one in await site.alerts() if one.rule == "nozzle_worn_out"]
            assert (alert.state, alert.resolved_ms) == ("resolved", T0_MS + 3 * HOUR_MS)


async def test_a_nozzle_that_was_taken_off_and_fitted_again_between_two_looks_was_off(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N-1"), *(device.sample(hour, "N-1", 1.1) for hour in (1, 2)))
        await site.ingest(device.removed(3, "N-1"), device.fitted(3.5, "N-1"))
        await site.look()
        (alert,) = site.engine.firing()
        history = await site.store.alert_history(alert.alert_id)
        assert [row.note for row in history[-2:]] == ["no longer fitted", "opened again"]


async def test_a_swap_in_a_backlog_is_not_taken_for_a_counter_that_fell(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.1, strikes=1_000))
        await site.say(*(device.sample(hour, "N-2", 0.1, strikes=5_000) for hour in (2, 3)))
        assert "nozzle_unconfirmed_swap" in await site.fired()
        await site.ingest(
            device.fitted(4, "N-2"),
            *(device.sample(hour, "N-2", 0.2, strikes=5_000 + 1_000 * hour) for hour in (5, 6, 7)),
            device.removed(8, "N-2"),
            device.fitted(8.1, "N-3"),
            device.sample(9, "N-3", 0.0, strikes=0),
        )
        await site.look()
        (alert,) = [one for one in await site.alerts() if one.rule == "nozzle_unconfirmed_swap"]
        history = await site.store.alert_history(alert.alert_id)
        assert [row.to_state for row in history].count("firing") == 1
        assert alert.state == "resolved"


async def sighted(site: Site, device: Device) -> None:
    """N-2 is on the device, and nobody has said so."""
    await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.1, strikes=1_000))
    await site.say(*(device.sample(hour, "N-2", 0.1, strikes=5_000) for hour in (2, 3)))
    assert "nozzle_unconfirmed_swap" in await site.fired()


async def test_what_comes_while_a_backlog_is_read_is_not_taken_for_a_counter_that_fell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await sighted(site, device)
    async with open_site(tmp_path / "s.db") as site:
        backlog = [device.sample(hour, "N-2", 0.2, strikes=5_000 + 100 * hour) for hour in (5, 6, 7, 8)]
        await site.ingest(device.fitted(4, "N-2", strikes=5_000), *backlog)
        coming = [device.sample(hour, "N-2", 0.2, strikes=5_000 + 100 * hour) for hour in (9, 10)]
        read = site.store.samples

        async def read_slowly(device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]:
            while coming:
                await site.ingest(coming.pop(0))
            return await read(device_id, since_ms, until_ms, limit)

        monkeypatch.setattr(site.store, "samples", read_slowly)
        await site.look()
        assert not coming
        await site.look()
        assert await firings(site) == {("nozzle_unconfirmed_swap", "N-2"): [(at(3), at(4))]}


async def test_a_reading_that_was_overtaken_is_not_taken_for_a_counter_that_fell(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await sighted(site, device)
        steady = [device.sample(hour, "N-2", 0.2, strikes=6_000) for hour in (5, 6, 7)]
        overtaken = device.sample(8, "N-2", 0.2, strikes=7_000)
        unread = device.sample(9, None, None)
        await site.ingest(device.fitted(4, "N-2", strikes=5_000), *steady, unread)
        await site.ingest(overtaken._replace(received_ms=at(10)))
        await site.look()
        assert await firings(site) == {("nozzle_unconfirmed_swap", "N-2"): [(at(3), at(4))]}


async def test_a_counter_that_fell_stays_told_after_a_restart_until_it_has_come_as_far_again(tmp_path: Path) -> None:
    for number, seldom in enumerate((False, True)):
        device = Device()
        async with open_site(tmp_path / f"{number}.db") as site:
            await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.2, strikes=5_000))
            await site.say(*(device.sample(hour, "N-1", 0.2, strikes=10) for hour in (2, 3)))
        async with open_site(tmp_path / f"{number}.db") as site:
            since = [device.sample(hour, "N-1", 0.2, strikes=1_000 * hour) for hour in (4, 5, 6)]
            if seldom:
                await site.ingest(*since)
                await site.look()
            else:
                await site.say(*since)
            assert await firings(site) == {("nozzle_unconfirmed_swap", "N-1"): [(at(3), at(5))]}


async def test_an_overtaken_reading_does_not_make_it_longer_that_a_swap_was_unconfirmed(tmp_path: Path) -> None:
    for number, seldom in enumerate((False, True)):
        device = Device()
        async with open_site(tmp_path / f"{number}.db") as site:
            await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.2))
            overtaken = device.sample(2, "N-2", 0.1)._replace(received_ms=at(3.5))
            rest = [device.sample(3, "N-2", 0.1), overtaken, device.removed(3.6, "N-2"), device.fitted(3.7, "N-2")]
            if seldom:
                await site.ingest(*rest)
                await site.look()
            else:
                await site.say(*rest)
            assert await firings(site) == {}


def at(hour: float) -> int:
    return T0_MS + round(hour * HOUR_MS)
