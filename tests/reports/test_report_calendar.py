"""Months, days and quarters in a zone's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.hours import zone_or_utc
from gateway.serve.reports.period import (
    common_zone,
    day_bounds,
    local_day,
    midnight_ms,
    month_before,
    month_of,
    month_so_far,
    quarter_of,
    quarter_start,
    week_of,
)

HOUR_MS = 3_600_000
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


def test_the_last_whole_month_begins_and_ends_at_local_midnight() -> None:
    period = month_before(ms("2026-11-22T10:00:00+01:00"), "Europe/Berlin")
    assert period.since_ms == ms("2026-10-01T00:00:00+02:00")
    assert period.until_ms == ms("2026-11-01T00:00:00+01:00")


def test_a_month_that_is_not_over_ends_now() -> None:
    now_ms = ms("2026-11-22T10:00:00+00:00")
    assert month_so_far(now_ms, "UTC") == (ms("2026-11-01T00:00:00+00:00"), now_ms, "UTC")
    assert month_of(2026, 11, now_ms, "UTC") == month_so_far(now_ms, "UTC")
    assert month_of(2026, 12, now_ms, "UTC").until_ms < month_of(2026, 12, now_ms, "UTC").since_ms
    assert month_of(2025, 12, now_ms, "UTC").until_ms == ms("2026-01-01T00:00:00+00:00")


def test_the_zone_of_most_devices_counts_and_the_first_by_name_of_equals() -> None:
    assert common_zone(["UTC", "Asia/Tokyo", "Asia/Tokyo"]) == "Asia/Tokyo"
    assert common_zone(["Europe/Rome", "Asia/Tokyo"]) == "Asia/Tokyo"
    assert common_zone([]) == "UTC"


@given(st.sampled_from(ZONES), st.integers(1_100_000_000_000, 2_000_000_000_000), st.integers(1, 90 * 24 * HOUR_MS))
def test_days_follow_on_each_other_and_each_is_one_day_of_the_calendar(zone: str, since_ms: int, span_ms: int) -> None:
    bounds = day_bounds(since_ms, since_ms + span_ms, zone)
    assert bounds[0] == since_ms
    assert bounds[-1] == since_ms + span_ms
    for start_ms, end_ms in pairwise(bounds):
        assert start_ms < end_ms
        assert local_day(start_ms, zone_or_utc(zone)) == local_day(end_ms - 1, zone_or_utc(zone))


def test_a_day_on_which_clocks_change_is_one_day() -> None:
    bounds = day_bounds(ms("2026-10-25T00:00:00+02:00"), ms("2026-10-26T00:00:00+01:00"), "Europe/Berlin")
    assert [(b - a) // HOUR_MS for a, b in pairwise(bounds)] == [25]


def test_quarters_and_weeks_begin_on_their_first_day() -> None:
    assert quarter_of(date(2026, 10, 1)) == "2026-Q4"
    assert quarter_start(date(2026, 2, 14), back=1) == date(2025, 10, 1)
    assert week_of(date(2026, 11, 22)) == date(2026, 11, 16)
    assert midnight_ms(date(2026, 1, 1), "UTC") == datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000
