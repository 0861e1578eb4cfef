"""Cells: every number is about k clinics or more, and nothing that is computed from numbers is about fewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.analytics.privacy import (
    OTHER,
    Cells,
    Labels,
    Share,
    is_enough,
    month_before,
    months_within,
    published_cells,
    quarter_before,
    rounded,
    rounded_count,
)

K = 5
DAY_MS = 86_400_000
Column: TypeAlias = tuple[str, Labels]
"""What a clinic did with these labels: an unknown of the attacker."""

fleets = st.lists(
    st.builds(
        Share,
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyzw"), st.sampled_from("12")),
        st.integers(0, 13).map("c{}".format),
        st.integers(1, 40).map(float),
    ),
    max_size=60,
)


def answers(shares: Sequence[Share], cells: Cells) -> list[set[Column]]:
    """Every number that a vendor may ask for: the whole, each cell, and each label of each place."""
    asked: dict[object, set[Column]] = {}
    for labels, clinic_id, _ in shares:
        cell = cells.cell_of(labels)
        if cell is not None:
            for name in ("whole", cell, *((place, label) for place, label in enumerate(cell))):
                asked.setdefault(name, set()).add((clinic_id, labels))
    return list(asked.values())


def weakest(numbers: Sequence[set[Column]], k: int) -> set[str]:
    """The fewest clinics that any linear combination of the numbers is about; empty where it is k or more.

    Some combination is about the clinics S alone exactly where leaving their unknowns out lowers the rank."""
    columns = sorted(set().union(*numbers)) if numbers else []
    table = np.array([[column in number for column in columns] for number in numbers], float)
    clinics = sorted({clinic_id for clinic_id, _ in columns})
    rank = np.linalg.matrix_rank(table) if columns else 0
    for size in range(1, k):
        for some in combinations(clinics, size):
            outside = [place for place, (clinic_id, _) in enumerate(columns) if clinic_id not in some]
            left = table[:, outside]
            if (np.linalg.matrix_rank(left) if left.size else 0) < rank:
                return set(some)
    return set()


@settings(max_examples=60, deadline=None)
@given(fleets)
def test_no_combination_of_answers_is_about_fewer_than_k_clinics(shares: list[Share]) -> None:
    assert weakest(answers(shares, published_cells(shares, 3)), 3) == set()


def test_no_combination_of_answers_singles_out_a_clinic_at_five() -> None:
    """A fleet as fleets are: few models, many lots, a region's favourite, one large clinic."""
    rng = np.random.default_rng(4)
    shares = [
        Share((model, f"lot-{rng.integers(6)}"), f"c{clinic}", float(1 + rng.integers(20)))
        for clinic in range(14)
        for model in ("fine", "wide")[: 1 + (clinic % 3 > 0)]
        for _ in range(4)
    ]
    cells = published_cells(shares, K)
    assert len(cells.told) >= 3
    assert weakest(answers(shares, cells), K) == set()


def test_the_attack_succeeds_where_small_groups_are_merely_left_out() -> None:
    """So that the tests above are known to find what they look for."""
    shares = [Share(("a",), f"c{n}") for n in range(9)] + [Share(("b",), "c9")]
    whole = {(share.clinic_id, share.labels) for share in shares}
    only_a = {column for column in whole if column[1] == ("a",)}
    assert weakest([whole, only_a], K) == {"c9"}
    by_region = {(f"c{n}", ("a",)) for n in range(5)}
    by_model = {(f"c{n}", ("a",)) for n in range(6)}
    assert weakest([by_region, by_model], K) == {"c5"}


@settings(max_examples=200, deadline=None)
@given(fleets, st.integers(3, 6))
def test_each_cell_has_k_clinics_of_which_none_outweighs_the_rest(shares: list[Share], k: int) -> None:
    cells = published_cells(shares, k)
    told = [cells.cell_of(share.labels) for share in shares]
    if None in told:
        assert not cells, "a part that is left out could be found by subtraction from the whole"
        return
    for cell in cells.told:
        weights: dict[str, float] = {}
        for share, place in zip(shares, told, strict=True):
            if place == cell:
                weights[share.clinic_id] = weights.get(share.clinic_id, 0.0) + share.weight
        assert is_enough(weights, k)


def test_small_parts_go_together_and_pull_in_a_neighbour_where_they_are_too_few() -> None:
    def of(label: str, clinics: Iterable[int]) -> list[Share]:
        return [Share((label,), f"c{n}") for n in clinics]

    both_small = published_cells([*of("a", range(20)), *of("b", range(3)), *of("c", range(3, 6))], K)
    assert both_small.told == (("(other)",), ("a",))
    one_small = published_cells([*of("a", range(20)), *of("b", range(7)), *of("c", range(30, 32))], K)
    assert one_small.told == ((OTHER,), ("a",))
    assert one_small.cell_of(("b",)) == (OTHER,)
    assert not published_cells(of("a", range(4)), K)


def test_a_clinic_that_outweighs_the_others_is_not_told() -> None:
    large: Mapping[str, float] = {"c0": 100.0, **{f"c{n}": 1.0 for n in range(1, 9)}}
    assert not is_enough(large, K)
    assert not published_cells([Share(("a",), clinic, weight) for clinic, weight in large.items()], K)


@given(st.integers(1_262_304_000_000, 2_500_000_000_000))
def test_windows_are_whole_over_and_settled(now_ms: int) -> None:
    month, quarter = month_before(now_ms, now_ms), quarter_before(now_ms, now_ms)
    for window in (month, quarter):
        assert window.settled_ms <= now_ms
        assert now_ms - window.until_ms < 100 * DAY_MS
    assert 28 * DAY_MS <= month.until_ms - month.since_ms <= 31 * DAY_MS
    assert 90 * DAY_MS <= quarter.until_ms - quarter.since_ms <= 92 * DAY_MS
    months = months_within(quarter.since_ms, quarter.until_ms, now_ms)
    assert next(one.since_ms for one in months) == quarter.since_ms
    assert [one.until_ms for one in months][-1] == quarter.until_ms
    assert [one.until_ms for one in months[:-1]] == [one.since_ms for one in months[1:]]
    assert month_before(month.until_ms, now_ms) == month


def test_windows_that_were_asked_for_are_only_those_inside() -> None:
    now_ms = 1_760_000_000_000
    inside = months_within(1_754_006_400_000 + 1, 1_759_276_800_000, now_ms)
    assert [month.name for month in inside] == ["2025-09"]


@pytest.mark.parametrize(("value", "told"), [(0.0, 0.0), (1234.0, 1230.0), (0.123456, 0.123), (99_950_000.0, 1e8)])
def test_numbers_are_told_to_three_digits(value: float, told: float) -> None:
    assert rounded(value) == pytest.approx(told)


def test_counts_are_told_to_the_nearest_k() -> None:
    assert [rounded_count(count, 5) for count in (0, 2, 3, 7, 8, 12)] == [0, 0, 5, 5, 10, 10]
