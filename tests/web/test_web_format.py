"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.format import (
    age_text,
    compact_text,
    count_text,
    isolated,
    local_time_text,
    machine_time,
    percent_text,
    short_time_text,
    strikes_text,
    wear_text,
    zone_of,
)
from dashboards.web.strings import ENGLISH

WORDS = ENGLISH.numbers
SECOND_MS = 1_000
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (950, "950"),
        (9_999, "9,999"),
        (10_000, "10 k"),
        (84_200, "84 k"),
        (999_499, "999 k"),
        (999_500, "1.0 M"),
        (3_214_000, "3.2 M"),
        (9_960_000, "10 M"),
        (2_500_000_000, "2.5 G"),
        (2**53 - 1, "9007199 G"),
    ],
)
def test_a_large_count_keeps_two_or_three_digits_and_its_unit(count: int, text: str) -> None:
    assert compact_text(count, WORDS) == text


def test_strikes_carry_their_unit_and_number() -> None:
    assert strikes_text(3_214_000, WORDS) == "3.2 M strikes"
    assert strikes_text(1, WORDS) == "1 strike"
    assert count_text(1_204_000, WORDS) == "1,204,000"


@pytest.mark.parametrize(("ratio", "text"), [(0.0, "0 %"), (0.005, "1 %"), (0.844, "84 %"), (0.996, "100 %")])
def test_a_ratio_is_whole_percent(ratio: float, text: str) -> None:
    assert percent_text(ratio, WORDS) == text


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_wear_below_the_limit_never_reads_as_reached(wear: float) -> None:
    assert int(wear_text(wear, WORDS).removesuffix(" %")) < 100


def test_wear_past_the_limit_says_how_far() -> None:
    assert wear_text(1.0, WORDS) == "100 %"
    assert wear_text(1.118, WORDS) == "112 %"


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (-5 * SECOND_MS, "just now"),
        (59 * SECOND_MS, "just now"),
        (60 * SECOND_MS, "1 min ago"),
        (HOUR_MS - 1, "59 min ago"),
        (HOUR_MS, "1 h ago"),
        (47 * HOUR_MS, "47 h ago"),
        (48 * HOUR_MS, "2 d ago"),
    ],
)
def test_an_age_is_told_in_the_unit_that_fits(age_ms: int, text: str) -> None:
    assert age_text(age_ms, WORDS) == text


def test_a_moment_is_told_on_the_clocks_of_its_place() -> None:
    noon_ms = 1_782_734_400_000
    assert local_time_text(noon_ms, zone_of("Europe/Paris"), WORDS) == "Mon 29 Jun 2026, 14:00:00 CEST"
    assert local_time_text(noon_ms, zone_of("America/Sao_Paulo"), WORDS) == "Mon 29 Jun 2026, 09:00:00 UTC-03"
    assert short_time_text(noon_ms, UTC, WORDS) == "12:00 UTC"
    assert machine_time(noon_ms) == "2026-06-29T12:00:00Z"


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../etc/passwd", "/etc/localtime", "A\0B"])
def test_a_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert zone_of(name) is UTC


def test_an_isolated_text_closes_what_it_opens() -> None:
    assert isolated("a\u202eb") == "\u2068a\u202eb\u2069"
