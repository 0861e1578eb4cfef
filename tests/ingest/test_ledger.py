from __future__ import annotations

import pytest

from gateway.ingest.ledger import Fitting, fittings
from gateway.ingest.rebuild import Refold
from gateway.store.rows import DeviceHistory, DeviceState, LedgerAction, LedgerRow, MadeBy
from tests.ingest.rig import started
from tests.ingest.wire import T0, delivery, sample, swap


def row(at: int, action: LedgerAction, serial: str, made_by: MadeBy = "device") -> LedgerRow:
    return LedgerRow("d1", "c1", at, "b1", at, action, serial, None, made_by)


def fitting(serial: str, first: int, last: int | None, confirmed: bool, ended_by: LedgerAction | None) -> Fitting:
    return Fitting(serial, "d1", "c1", first, last, confirmed, ended_by)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param([row(1, "fitted", "a")], (fitting("a", 1, None, True, None),), id="still fitted"),
        pytest.param(
            [row(1, "fitted", "a"), row(5, "removed", "a"), row(6, "fitted", "b")],
            (fitting("a", 1, 5, True, "removed"), fitting("b", 6, None, True, None)),
            id="from a swap to a swap",
        ),
        pytest.param([row(1, "sighted", "a")], (fitting("a", 1, None, False, None),), id="first sight is unconfirmed"),
        pytest.param(
            [row(1, "sighted", "a"), row(2, "fitted", "a")],
            (fitting("a", 1, None, True, None),),
            id="a fitted confirms what was sighted",
        ),
        pytest.param(
            [row(1, "fitted", "a"), row(4, "sighted", "b")],
            (fitting("a", 1, 4, True, "sighted"), fitting("b", 4, None, False, None)),
            id="an unreported swap",
        ),
        pytest.param(
            [row(1, "fitted", "a"), row(2, "removed", "b"), row(3, "fitted", "a")],
            (fitting("a", 1, None, True, None),),
            id="removing another nozzle removes nothing",
        ),
        pytest.param(
            [row(1, "fitted", "a"), row(2, "removed", "a"), row(3, "fitted", "a")],
            (fitting("a", 1, 2, True, "removed"), fitting("a", 3, None, True, None)),
            id="refitted",
        ),
    ],
)
def test_fittings_follow_from_the_rows(rows: list[LedgerRow], expected: tuple[Fitting, ...]) -> None:
    assert fittings(rows) == expected


async def actions(*messages: dict[str, object]) -> list[tuple[str, str]]:
    rig = await started()
    for message in messages:
        kind = "nozzle" if "event" in message else "telemetry"
        await rig.pipeline.ingest([delivery(kind, message, T0 + 100)])
    assert rig.store.to_rebuild == set()
    return [(entry.action, entry.serial) for entry in rig.fleet.ledger("d1")]


async def test_a_sample_that_shows_the_fitted_nozzle_leaves_no_row() -> None:
    assert await actions(swap(0, T0, "fitted", "a"), sample(1, T0 + 1, serial="a")) == [("fitted", "a")]


async def test_a_sample_without_a_readable_nozzle_is_no_evidence() -> None:
    told = await actions(swap(0, T0, "fitted", "a"), sample(1, T0 + 1, serial=None), sample(2, T0 + 2, fitted=False))
    assert told == [("fitted", "a")]


async def test_an_unreported_nozzle_is_sighted_once() -> None:
    told = await actions(swap(0, T0, "fitted", "a"), sample(1, T0 + 1, serial="b"), sample(2, T0 + 2, serial="b"))
    assert told == [("fitted", "a"), ("sighted", "b")]


async def test_a_late_swap_record_takes_the_inference_back() -> None:
    told = await actions(sample(5, T0 + 5, serial="a"), swap(1, T0 + 1, "fitted", "a"))
    assert told == [("fitted", "a")]


async def test_a_late_sample_moves_the_first_sight() -> None:
    rig = await started()
    for at in (9, 5, 7):
        await rig.pipeline.ingest([delivery("telemetry", sample(at, T0 + at, serial="a"), T0 + 100)])
    assert [entry.event_ms for entry in rig.fleet.ledger("d1")] == [T0 + 5]
    assert rig.store.ledger == list(rig.fleet.ledger("d1"))


def test_what_people_entered_takes_part_and_stays_apart() -> None:
    by_person = LedgerRow("d1", "c1", 5, "", 0, "fitted", "x", None, "person", "damaged")
    state = DeviceState("d1", "c1", 0, 0)
    refold = Refold(DeviceHistory((), (), ()), state, (), (by_person, row(9, "sighted", "x", "inference")), 0)
    refold.add(refold.evidence())
    assert refold.finish().ledger == ()


def test_an_inference_outlives_the_sample_that_it_was_made_from() -> None:
    state = DeviceState("d1", "c1", 0, 0)
    inferred = row(9, "sighted", "x", "inference")
    refold = Refold(DeviceHistory((), (), ()), state, (), (inferred,), 0)
    refold.add(refold.evidence())
    assert refold.finish().ledger == (inferred,)
