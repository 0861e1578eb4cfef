"""Hours of the day and the week."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config_notify import RotationConfig
from gateway.hours import (
    next_outside,
    next_time_of_day,
    next_within,
    parse_hours,
    parse_span,
    within,
)
from gateway.notify.receivers import on_call

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = parse_hours("08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,closed,closed")
moments = st.integers(946_684_800_000, 4_102_444_800_000)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-07-03T12:00", "2026-07-03T12:00"),
        ("2026-07-03T18:00", "2026-07-06T08:00"),
        ("2026-07-04T10:00", "2026-07-06T08:00"),
        ("2026-07-06T07:59", "2026-07-06T08:00"),
        ("2026-03-28T20:00", "2026-03-30T08:00"),  # summer time begins in between
    ],
)
def test_the_next_opening_is_local_time(now: str, opens: str) -> None:
    assert next_within(OFFICE, BERLIN, at(now)) == at(opens)


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = parse_hours("22:00-06:00,closed,closed,closed,closed,closed,closed")
    assert within(night, BERLIN, at("2026-07-07T05:59"))
    assert not within(night, BERLIN, at("2026-07-08T05:00"))


def test_quiet_hours_end_in_the_morning() -> None:
    quiet = parse_span("22:00-07:00")
    assert next_outside(quiet, BERLIN, at("2026-07-06T23:30")) == at("2026-07-07T07:00")
    assert next_outside(quiet, BERLIN, at("2026-07-07T03:00")) == at("2026-07-07T07:00")
    assert next_outside(quiet, BERLIN, at("2026-07-07T07:00")) == at("2026-07-07T07:00")


@given(moments)
def test_a_place_that_never_opens_holds_nothing_up(now_ms: int) -> None:
    never = parse_hours("closed,closed,closed,closed,closed,closed,closed")
    assert next_within(never, BERLIN, now_ms) == now_ms


@given(moments)
def test_the_next_opening_lies_in_the_hours_and_within_a_week(now_ms: int) -> None:
    opens_ms = next_within(OFFICE, BERLIN, now_ms)
    assert now_ms <= opens_ms <= now_ms + 7 * 86_400_000
    assert within(OFFICE, BERLIN, opens_ms)


@given(moments, st.integers(0, 1_439))
def test_a_time_of_day_comes_within_a_day(now_ms: int, minutes: int) -> None:
    assert now_ms < next_time_of_day(minutes, BERLIN, now_ms) <= now_ms + 26 * 3_600_000


@pytest.mark.parametrize("text", ["", "08:00-18:00", "8-18," * 6 + "closed", "25:00-26:00" + ",closed" * 6])
def test_hours_that_cannot_be_read_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("now", "who"),
    [
        ("2026-01-05T09:00", "kim"), ("2026-01-12T08:59", "kim"), ("2026-01-12T09:00", "robin"),
        ("2026-01-19T09:00", "kim"), ("2026-01-05T08:59", "robin"), ("2026-07-06T08:59", "robin"),
        ("2026-07-06T09:00", "kim"),
    ],
)  # fmt: skip
def test_the_rotation_hands_over_at_the_same_local_time_each_week(now: str, who: str) -> None:
    rotation = RotationConfig(name="r", people=("kim", "robin"), starts="2026-01-05T09:00", timezone="Europe/Berlin")
    assert on_call(rotation, at(now)) == who
