"""The ledger as it was known: the same as the fleet's once everything has come, and what it was before that."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.known_ledger import KnownLedger, receipts
from gateway.ingest.ledger import DeviceLedger
from gateway.store.rows import LedgerRow, SamplePoint
from tests.alerts.site import HOUR_MS, T0_MS, Device, open_site


def row(at_ms: int, action: str, serial: str, received_ms: int | None = None) -> LedgerRow:
    return LedgerRow(
        "d", "c", at_ms, "b", at_ms, action, serial, 0, "device",  # type: ignore[arg-type]
        received_ms=received_ms,
    )  # fmt: skip


def point(at_ms: int, serial: str | None, received_ms: int) -> SamplePoint:
    return SamplePoint(
        at_ms, "c", "mains", None, None, None, serial, 0, None, None, 0, False, False, received_ms=received_ms,
        clock_ms=at_ms,
    )  # fmt: skip


def test_a_nozzle_that_was_seen_is_sighted_until_its_swap_record_comes() -> None:
    known = KnownLedger("d", [row(1, "fitted", "N-1")])
    assert known.show(point(5, "N-1", 5)) is None
    seen = known.show(point(9, "N-2", 9))
    assert seen is not None
    assert (seen.action, known.fitted) == ("sighted", "N-2")
    assert known.add(row(8, "fitted", "N-2"))
    assert [(one.event_ms, one.action) for one in known.rows] == [(1, "fitted"), (8, "fitted")]


def test_a_row_without_a_receipt_came_with_the_next_reading() -> None:
    points = [point(10, "N-1", 100), point(20, "N-1", 110)]
    rows = [row(11, "removed", "N-1"), row(12, "fitted", "N-2", 105), row(30, "removed", "N-2")]
    assert [one.received_ms for one in receipts(rows, points)] == [105, 110, 110]


SERIALS = st.sampled_from(["N-1", "N-2", "N-3"])
EVIDENCE = st.lists(st.tuples(st.sampled_from(["fitted", "removed", "seen"]), SERIALS), min_size=1, max_size=12)


@given(EVIDENCE, st.randoms(use_true_random=False))
def test_once_all_has_come_it_is_the_ledger_whatever_the_order(
    evidence: list[tuple[str, str]], dice: random.Random
) -> None:
    in_order = DeviceLedger()
    known = KnownLedger("d")
    pieces = list(enumerate(evidence, 1))
    for at_ms, (what, serial) in pieces:
        if what == "seen":
            if serial != in_order.fitted:
                in_order.append(row(at_ms, "sighted", serial))
        else:
            in_order.append(row(at_ms, what, serial))
    dice.shuffle(pieces)
    for at_ms, (what, serial) in pieces:
        if what == "seen":
            known.show(point(at_ms, serial, at_ms))
        else:
            known.add(row(at_ms, what, serial))
    assert [(one.event_ms, one.action, one.serial) for one in known.rows] == [
        (one.event_ms, one.action, one.serial) for one in in_order.rows
    ]
    assert known.fitted == in_order.fitted


async def test_a_swap_record_that_hours_of_readings_overtook_makes_no_alert(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.1))
        swap = device.fitted(1.5, "N-2")
        backlog = [device.sample(hour, "N-2", 0.0) for hour in (2, 3, 4)]
        at_once = T0_MS + 5 * HOUR_MS
        for delivery in backlog:
            await site.say(delivery._replace(received_ms=at_once))
        await site.say(swap._replace(received_ms=at_once + 60_000), device.sample(6, "N-2", 0.0))
        assert "nozzle_unconfirmed_swap" not in await site.fired()


async def test_a_swap_record_that_comes_after_the_hold_ends_the_alert_by_its_receipt(tmp_path: Path) -> None:
    for number, looks in enumerate((True, False)):
        device = Device()
        async with open_site(tmp_path / f"{number}.db") as site:
            begin = [device.fitted(0, "N-1"), device.sample(1, "N-1", 0.1)]
            swap = device.fitted(1.5, "N-2")._replace(received_ms=T0_MS + round(3.5 * HOUR_MS))
            deliveries = [*begin, *(device.sample(hour, "N-2", 0.0) for hour in (2, 2.2, 3)), swap]
            if looks:
                await site.say(*deliveries)
            else:
                await site.ingest(*deliveries)
                await site.look()
            (alert,) = [one for one in await site.alerts() if one.rule == "nozzle_unconfirmed_swap"]
            assert (alert.state, alert.firing_since_ms) == ("resolved", T0_MS + 3 * HOUR_MS)
            assert alert.resolved_ms == T0_MS + round(3.5 * HOUR_MS)


async def test_a_nozzle_of_which_nothing_but_its_swap_record_came_is_not_judged_by_its_strikes(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N-1", rated_strikes=1_000, strikes=2_000))
        assert await site.alerts() == []
        await site.say(*(device.sample(hour, "N-1", None, strikes=2_000) for hour in (1, 2)))
        assert await site.fired() == {"nozzle_worn_out": ["N-1"]}


async def test_a_device_that_is_to_be_folded_again_waits_for_that(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N-1"), device.sample(1, "N-1", 0.1))
        await site.ingest(device.sample(2, "N-1", 1.1), device.sample(3, "N-1", 1.1))
        site.fleet.doubtful.add("d-1")
        await site.look()
        assert await site.alerts() == []
        site.fleet.doubtful.clear()
        await site.engine.evaluate(("d-1",), 0)
        assert await site.fired() == {"nozzle_worn_out": ["N-1"]}
