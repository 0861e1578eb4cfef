"""Fittings, folded from ledgers."""

from __future__ import annotations

from gateway.serve.fittings import fittings_of
from gateway.store.rows import LedgerAction, LedgerRow, MadeBy


def row(event_ms: int, action: LedgerAction, serial: str, device: str = "d", strikes: int | None = None) -> LedgerRow:
    made_by: MadeBy = "inference" if action == "sighted" else "device"
    return LedgerRow(device, "c", event_ms, "b", event_ms, action, serial, strikes, made_by)


def spans(*ledgers: tuple[LedgerRow, ...]) -> list[tuple[str, int, int | None, bool]]:
    return [(f.device_id, f.fitted_ms, f.removed_ms, f.confirmed) for f in fittings_of("n", ledgers)]


def test_a_fitting_runs_from_a_swap_to_a_swap() -> None:
    assert spans((row(1, "fitted", "n"), row(5, "removed", "n"))) == [("d", 1, 5, True)]


def test_a_nozzle_that_is_still_on_has_no_end() -> None:
    assert spans((row(1, "fitted", "n"),)) == [("d", 1, None, True)]


def test_another_nozzle_in_its_place_ends_a_fitting_by_inference() -> None:
    (fitting,) = fittings_of("n", [(row(1, "fitted", "n"), row(5, "fitted", "other"))])
    assert (fitting.removed_ms, fitting.removed_by) == (5, "inference")


def test_a_first_sight_is_not_confirmed() -> None:
    assert spans((row(3, "sighted", "n"),)) == [("d", 3, None, False)]


def test_a_removal_of_another_nozzle_ends_nothing() -> None:
    assert spans((row(1, "fitted", "n"), row(2, "removed", "other"))) == [("d", 1, None, True)]


def test_a_life_runs_over_all_devices_in_order_of_time() -> None:
    first = (row(1, "fitted", "n", "x"), row(4, "removed", "n", "x"))
    second = (row(2, "fitted", "other", "a"), row(6, "fitted", "n", "a"))
    assert spans(second, first) == [("x", 1, 4, True), ("a", 6, None, True)]
