"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import MAX_TIME_MS, MIN_TIME_MS
from schemas.times import parse_time

NOW_MS = 1_760_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", NOW_MS - 7 * 86_400_000),
        ("90s", NOW_MS - 90_000),
        ("2w", NOW_MS - 14 * 86_400_000),
        ("1760000000000", 1_760_000_000_000),
        ("2026-07-01T12:00:00Z", 1_782_907_200_000),
        ("2026-07-01t12:00:00z", 1_782_907_200_000),
        ("2026-07-01T14:00:00+02:00", 1_782_907_200_000),
        ("2026-07-01T14:00:00 02:00", 1_782_907_200_000),
        ("2026-07-01T12:00:00.250Z", 1_782_907_200_250),
    ],
)
def test_a_time_is_read_in_all_its_forms(text: str, expected: int) -> None:
    assert parse_time(text, NOW_MS) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "d", "7", "-7d", "7 d", "yesterday", "2026-07-01", "2026-07-01T12:00:00", "2026-13-01T12:00:00Z", "７d"),
        *("2026-07-01T12:00:60Z", "9999999999999999999999", "999999999w", "2126-01-01T00:00:00Z", "1e12", "NaN"),
        "7d\n",
    ],
)
def test_what_is_no_time_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time|lies outside"):
        parse_time(text, NOW_MS)


@given(st.integers(MIN_TIME_MS, MAX_TIME_MS), st.integers(-23 * 60, 23 * 60))
def test_every_moment_reads_back_from_every_zone(time_ms: int, offset_min: int) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)).astimezone(zone).isoformat()
    assert parse_time(text, NOW_MS) == time_ms


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        time_ms = parse_time(text, NOW_MS)
    except ValueError:
        return
    assert MIN_TIME_MS <= time_ms <= MAX_TIME_MS
