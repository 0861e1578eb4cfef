"""What follows from a history does not depend on how it came in: short histories that are all trouble, looked at after
each message, seldom, and by a gateway that was killed in between."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.delivery import Delivery
from tests.alerts.site import HOUR_MS, T0_MS, Device, Site, open_site
from tests.alerts.test_cuts import Firing, at, firings

HOURS = 30


async def looked_at(
    path: Path, deliveries: Sequence[Delivery], looks: Sequence[int], kills: Sequence[int] = ()
) -> dict[tuple[str, str], list[Firing]]:
    """Looks before each place in `looks`, and after all; at each place in `kills` the gateway has died instead, and
    what it had not looked at is found by the next one."""
    begin = 0
    for end in sorted({*kills, len(deliveries)}):
        async with open_site(path) as site:
            for place in sorted({*(one for one in looks if begin < one < end and one not in kills), end}):
                await site.ingest(*deliveries[begin:place])
                begin = place
                if place not in kills:
                    await look(site)
            if end == len(deliveries):
                return await firings(site)
    raise AssertionError("the last part is looked at")


async def look(site: Site) -> None:
    """At what has changed, if anything has."""
    await site.engine.evaluate(site.follower.gathered(), 0)


async def every_way(path: Path, deliveries: Sequence[Delivery]) -> list[dict[tuple[str, str], list[Firing]]]:
    """What fires if each is looked at by itself, and for each cut in two: looked at in between, or killed there."""
    places = range(1, len(deliveries))
    found = [await looked_at(path / "each.db", deliveries, places), await looked_at(path / "once.db", deliveries, ())]
    for place in places:
        found.append(await looked_at(path / f"cut-{place}.db", deliveries, [place]))
        found.append(await looked_at(path / f"killed-{place}.db", deliveries, range(1, place), [place]))
    return found


def late(delivery: Delivery, hour: float) -> Delivery:
    return delivery._replace(received_ms=at(hour))


async def test_an_unread_reading_says_nothing_of_a_counter_that_fell(tmp_path: Path) -> None:
    device = Device()
    deliveries = [
        device.fitted(0, "N-1"),
        device.sample(1, "N-1", 0.1, strikes=5_000),
        *(device.sample(hour, "N-1", 0.1, strikes=10) for hour in (2, 3)),
        device.sample(4, None, None),
        *(device.sample(hour, "N-1", 0.1, strikes=1_000 * hour) for hour in (4.5, 6)),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-1"): [(at(3), at(6))]}


async def test_a_swap_record_that_accounts_for_nothing_says_nothing_of_a_counter_that_fell(tmp_path: Path) -> None:
    device = Device()
    deliveries = [
        device.fitted(0, "N-1"),
        device.sample(1, "N-1", 0.1, strikes=5_000),
        *(device.sample(hour, "N-1", 0.1, strikes=10) for hour in (2, 3)),
        device.fitted(3.5, "N-1", strikes=10),
        *(device.sample(hour, "N-1", 0.1, strikes=1_000 * hour) for hour in (4.5, 6)),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-1"): [(at(3), at(6))]}


async def test_what_a_late_reading_had_counted_counts_from_its_receipt_on(tmp_path: Path) -> None:
    device = Device()
    steady = device.sample(1, "N-1", 0.1, strikes=1_000)
    overtaken = late(device.sample(2, "N-1", 0.1, strikes=3_000), 3.2)
    deliveries = [
        device.fitted(0, "N-1"),
        steady,
        device.sample(3, "N-1", 0.1, strikes=1_500),
        overtaken,
        device.sample(4, None, None),
        *(device.sample(hour, "N-1", 0.1, strikes=500 * hour) for hour in (5, 7)),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-1"): [(at(5), at(7))]}


async def test_a_swap_that_a_late_reading_shows_before_an_unread_one_is_told_by_that(tmp_path: Path) -> None:
    device = Device()
    first = device.sample(1, "N-1", 0.1)
    overtaken = late(device.sample(2, "N-2", 0.1), 3.2)
    unread = [device.sample(hour, None, None) for hour in (3, 4, 5)]
    deliveries = [device.fitted(0, "N-1"), first, unread[0], overtaken, *unread[1:]]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-2"): [(at(4), None)]}


async def test_a_nozzle_that_a_late_reading_shows_replaced_has_gone(tmp_path: Path) -> None:
    device = Device()
    deliveries = [
        device.fitted(0, "N-1"),
        device.sample(1, "N-1", 0.1, strikes=5_000),
        *(device.sample(hour, "N-1", 0.1, strikes=10) for hour in (2, 3)),
        device.removed(5, "N-2"),
        late(device.sample(4, "N-2", 0.1), 5.5),
        device.fitted(6, "N-2"),
        device.sample(7, "N-2", 0.1),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-1"): [(at(3), at(5.5))]}


async def test_a_late_swap_record_of_an_older_nozzle_leaves_a_swap_as_unreported_as_it_was(tmp_path: Path) -> None:
    device = Device()
    deliveries = [
        device.sample(1, "N-1", 0.1),
        device.sample(2, "N-2", 0.1),
        late(device.fitted(0, "N-1"), 2.1),
        *(device.sample(hour, "N-2", 0.1) for hour in (3, 4)),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_unconfirmed_swap", "N-2"): [(at(3), None)]}


async def test_a_reading_without_a_coating_says_nothing_of_wear_whatever_comes_after_it(tmp_path: Path) -> None:
    device = Device()
    deliveries = [
        device.fitted(0, "N-1"),
        device.sample(1, "N-1", 1.1),
        device.sample(2, "N-1", None),
        device.sample(3, None, None),
        *(device.sample(hour, "N-1", 1.1) for hour in (4, 5)),
    ]
    for found in await every_way(tmp_path, deliveries):
        assert found == {("nozzle_worn_out", "N-1"): [(at(4), None)]}


def troubled(seed: int) -> list[Delivery]:
    """A day of one device whose counter falls, whose nozzles change unreported, cannot be read or go unmeasured; a
    quarter of its messages are overtaken, some come twice, and sometimes those of hours at once."""
    dice, device = random.Random(seed), Device()
    number, strikes, wear = 1, 0, 0.0
    has_sensor, make = dice.random() < 0.7, {"rated_strikes": 6_000} if dice.random() < 0.5 else {}
    said = [device.fitted(0, "N-1", **make)]
    for hour in range(1, HOURS):
        trouble = dice.choices(("fall", "swap", "fitted", "refitted", "none"), (10, 6, 6, 4, 74))[0]
        if trouble == "fall":
            strikes = dice.randrange(strikes + 1)
        elif trouble == "swap":
            number, strikes, wear = number + 1, dice.randrange(4_000), dice.random() / 2
        elif trouble == "refitted":
            said.append(device.removed(hour, f"N-{number}"))
        if trouble in ("fitted", "refitted"):
            said.append(device.fitted(hour + 0.2, f"N-{number}", strikes=strikes, **make))
        strikes += dice.choice((0, 0, 500, 1_000))
        wear = max(0.0, wear + dice.choice((0.0, 0.05, 0.1, 0.2, -0.1)))
        shown = None if dice.random() < 0.2 else f"N-{number}"
        measured = None if shown is None or not has_sensor or dice.random() < 0.2 else wear
        said.append(device.sample(hour + 0.5, shown, measured, strikes=strikes))
    said = [_delayed(one, dice) if dice.random() < 0.25 else one for one in said]
    said += [_delayed(one, dice) for one in said if dice.random() < 0.1]
    if dice.random() < 0.5:
        said = [_bundled(one) for one in said]
    received_ms, ordered = 0, []
    for one in sorted(said, key=lambda one: one.received_ms):
        received_ms = max(one.received_ms, received_ms + 1)
        ordered.append(one._replace(received_ms=received_ms))
    return ordered


def _delayed(delivery: Delivery, dice: random.Random) -> Delivery:
    return delivery._replace(received_ms=delivery.received_ms + round(3 * HOUR_MS * dice.random()))


def _bundled(delivery: Delivery) -> Delivery:
    """Every third stretch of two hours is received at its end."""
    number = (delivery.received_ms - T0_MS) // (2 * HOUR_MS)
    return delivery if number % 3 else delivery._replace(received_ms=at(2 * (number + 1)))


async def hold(path: Path, seed: int, ways: int) -> None:
    """However the history of that seed is cut, and wherever the gateway is killed, the same fires."""
    deliveries, dice = troubled(seed), random.Random(seed)
    each = await looked_at(path / f"{seed}.db", deliveries, range(1, len(deliveries)))
    for way in range(ways):
        looks = dice.sample(range(1, len(deliveries)), dice.randrange(1, 8))
        kills = [place for place in looks if dice.random() < 0.4]
        found = await looked_at(path / f"{seed}-{way}.db", deliveries, looks, kills)
        assert found == each, f"seed {seed}, looks {sorted(looks)}, kills {sorted(kills)}"


@pytest.mark.parametrize("seed", range(5))
async def test_a_day_of_nothing_but_trouble_fires_the_same_however_it_came_in(tmp_path: Path, seed: int) -> None:
    await hold(tmp_path, seed, ways=2)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5, 305))
async def test_three_hundred_such_days_fire_the_same_however_they_came_in(tmp_path: Path, seed: int) -> None:
    await hold(tmp_path, seed, ways=3)
