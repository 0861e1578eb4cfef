"""Which ways lead to one person, and whose week it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.config_notify import NotifyConfig, RotationConfig
from gateway.notify.own import turn_of, ways_to
from gateway.notify.receivers import hand_over_ms, on_call, week_of
from schemas.access import Scope, Viewer

WEEK_MS = 7 * 86_400_000
KIM = Viewer("kim", "technician", Scope(clinics=frozenset({"c-1"})))
STARTS_MS = 1_767_600_000_000
"""2026-01-05T09:00 in Berlin."""

people = st.lists(st.sampled_from(["kim", "lee", "robin"]), min_size=1, max_size=5).map(tuple)
moments = st.integers(STARTS_MS - 60 * WEEK_MS, STARTS_MS + 60 * WEEK_MS)


def rotation_of(names: tuple[str, ...]) -> RotationConfig:
    return RotationConfig(name="night", people=names, starts="2026-01-05T09:00", timezone="Europe/Berlin")


@given(people, moments)
def test_a_turn_says_what_the_rotation_does(names: tuple[str, ...], now_ms: int) -> None:
    rotation = rotation_of(names)
    turn = turn_of(rotation, "kim", now_ms)
    assert turn.now == (on_call(rotation, now_ms) == "kim")
    if turn.until_ms is not None:
        assert turn.now
        assert turn.until_ms > now_ms
        assert on_call(rotation, turn.until_ms - 1) == "kim"
        assert on_call(rotation, turn.until_ms) != "kim"
    if turn.now and turn.until_ms is None:
        assert set(names) == {"kim"}
    if turn.next_ms is not None:
        assert turn.next_ms > (turn.until_ms or now_ms)
        assert on_call(rotation, turn.next_ms) == "kim"
        assert on_call(rotation, turn.next_ms - 1) != "kim"


@given(moments)
def test_a_week_begins_where_the_one_before_ends_whatever_summer_time_does(now_ms: int) -> None:
    rotation = rotation_of(("kim", "lee"))
    week = week_of(rotation, now_ms)
    assert hand_over_ms(rotation, week) <= now_ms < hand_over_ms(rotation, week + 1)


def test_a_route_about_clinics_out_of_sight_leads_nowhere_and_names_none() -> None:
    config = NotifyConfig.model_validate(
        {
            "routes": [
                {"clinics": ["c-2"], "roles": "technician"},
                {"clinics": ["c-1", "c-2"], "users": "kim"},
                {"roles": "manager", "escalate": [{"after_s": 60, "roles": "technician"}]},
            ]
        }
    )
    ways = tuple(ways_to(KIM, config, STARTS_MS))
    assert [(way.clinics, way.always, way.after_s) for way in ways] == [(("c-1",), "name", None), ((), "role", 60)]


def test_without_routes_everybody_is_told() -> None:
    (way,) = ways_to(KIM, NotifyConfig(), STARTS_MS)
    assert way.always == "everybody"
