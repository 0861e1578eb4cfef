"""What the report on lives says: groups, what stands out, and what the reader must know."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gateway.analytics.firmware_effects import firmware_effects
from gateway.analytics.life_report import life_findings, life_report, pace_changes
from gateway.analytics.nozzle_lives import NozzleLife, week_name, week_of
from schemas.lifetime_views import LifetimesView, LivesBy
from tests.analytics.some_lives import EIGHT_LOTS, LIFE_STRIKES, ONE_BAD, life, lot_lives


def report(lives: list[NozzleLife], by: LivesBy = "lot") -> LifetimesView:
    return life_report(lives, by, 0, life_findings(lives))


def test_a_bad_lot_is_flagged_with_its_reasons() -> None:
    answer = report(lot_lives(ONE_BAD))
    flagged = {item.key: item.flag for item in answer.items if item.flag is not None}
    assert set(flagged) == {"lot-c"}
    flag = flagged["lot-c"]
    assert flag is not None
    assert flag.direction == "shorter"
    assert {one.kind for one in flag.evidence} == {"lives", "wear"}
    assert all(one.life_ratio.low < 0.6 < one.life_ratio.high for one in flag.evidence)
    assert "lot-c last less long" in flag.text


def test_alike_lots_are_not_flagged() -> None:
    assert not any(item.flag for item in report(lot_lives(EIGHT_LOTS)).items)


def test_each_group_has_a_curve_with_numbers_at_risk_and_a_fit() -> None:
    for item in report(lot_lives(EIGHT_LOTS)).items:
        assert item.nozzles == item.ended + item.replaced_early + item.in_use == 40
        survival = [point.survival for point in item.curve]
        at_risk = [point.at_risk for point in item.curve]
        assert (survival[0], at_risk[0]) == (1.0, 40)
        assert survival == sorted(survival, reverse=True)
        assert at_risk == sorted(at_risk, reverse=True)
        assert item.weibull is not None
        assert item.weibull.shape.low < 3.2 < item.weibull.shape.high
        assert item.weibull.b10.value < item.weibull.b50.value


def test_nozzles_that_were_replaced_early_hide_a_bad_lot_from_its_curve_and_not_from_its_pace() -> None:
    answer = report(lot_lives(ONE_BAD, replaced_at=0.85))
    notes = {note.code: note.text for note in answer.notes}
    assert "The pace of wear is not cut short by that" in notes["replaced_early_by_wear"]
    assert all(item.ended == 0 and item.median.strikes is None for item in answer.items)
    bad = next(item for item in answer.items if item.key == "lot-c")
    assert bad.flag is not None
    assert [one.kind for one in bad.flag.evidence] == ["wear"]
    assert bad.median_at_least is not None
    assert bad.projected is not None
    median = 0.6 * LIFE_STRIKES * math.log(2) ** (1 / 3.2)
    assert bad.median_at_least == pytest.approx(0.85 * median, rel=0.25)
    assert bad.projected.low < median < bad.projected.high


def test_nozzles_seen_late_count_from_the_age_at_which_they_were_seen() -> None:
    lives = [replace(one, entry_strikes=one.strikes * 0.5) for one in lot_lives(EIGHT_LOTS)]
    answer = report(lives, by="model")
    assert answer.items[0].seen_late == answer.items[0].nozzles
    assert "seen_late" in {note.code for note in answer.notes}


def test_nozzles_without_a_sensor_and_those_worn_when_first_seen_are_counted_and_left_out() -> None:
    lives = [
        *lot_lives(EIGHT_LOTS),
        life("blind", measured=False, wear=None),
        life("worn", state="ended", wear=1.2, strikes=2e6, entry_strikes=2e6),
    ]
    answer = report(lives, by="model")
    assert (answer.items[0].nozzles, answer.items[0].unmeasured) == (320, 1)
    assert {"unmeasured", "worn_before"} <= {note.code for note in answer.notes}


def test_reasons_come_from_work_orders_and_the_rest_is_unsaid() -> None:
    lives = [
        life("one", state="early", reason="damaged"),
        life("two", state="early", reason="damaged"),
        life("three", state="early"),
        life("four"),
    ]
    reasons = report(lives).items[0].reasons
    assert [(one.reason, one.nozzles) for one in reasons] == [("damaged", 2), ("unsaid", 1)]


def test_use_is_grouped_in_thirds_from_light_to_heavy() -> None:
    lives = [replace(one, strikes_per_day=1e4 * (n % 30 + 1)) for n, one in enumerate(lot_lives(EIGHT_LOTS))]
    assert [item.key for item in report(lives, by="use").items] == ["light", "usual", "heavy"]


def test_a_firmware_is_told_apart_from_the_use_that_goes_with_it() -> None:
    rng = np.random.default_rng(3)
    lives = []
    for one in lot_lives(EIGHT_LOTS, each=60, seed=3):
        heavy = rng.random() < 0.5
        firmware = "2.0" if rng.random() < (0.8 if heavy else 0.2) else "1.0"
        factor = 0.7 if heavy else 1.0
        pace = None if one.log_pace is None else one.log_pace - math.log(factor)
        rate = (2e5 if heavy else 5e4) * math.exp(0.1 * rng.standard_normal())
        lives.append(replace(one, firmware=firmware, strikes=one.strikes * factor, strikes_per_day=rate, log_pace=pace))
    effects = firmware_effects(lives)
    assert len(effects) == 1
    told = effects[0]
    assert not told.clear
    for estimate in (told.by_lives, told.by_wear):
        assert estimate is not None
        assert estimate.low < 1.0 < estimate.high


def test_a_firmware_that_wears_nozzles_faster_is_found() -> None:
    rng = np.random.default_rng(4)
    lives = []
    for one in lot_lives(EIGHT_LOTS, each=60, seed=4):
        new = rng.random() < 0.4
        shift = math.log(0.75) if new else 0.0
        pace = None if one.log_pace is None else one.log_pace - shift
        lives.append(
            replace(one, firmware="2.0" if new else "1.0", strikes=one.strikes * math.exp(shift), log_pace=pace)
        )
    told = firmware_effects(lives)[0]
    assert (told.level, told.baseline, told.clear) == ("2.0", "1.0", True)
    assert told.by_wear is not None
    assert told.by_wear.low < 0.75 < told.by_wear.high


def test_a_change_of_pace_is_told_by_its_production_week() -> None:
    first = week_of("2027-03-01") or 0
    lives = []
    for number, one in enumerate(lot_lives(EIGHT_LOTS, seed=5)):
        week = first + number % 20
        faster = math.log(1.5) if number % 20 >= 12 else 0.0
        pace = None if one.log_pace is None else one.log_pace + faster
        lives.append(replace(one, made_week=week, log_pace=pace))
    changes = pace_changes(lives)
    assert [change.week for change in changes] == [week_name(first + 12)]
    assert changes[0].ratio.low < 1.5 < changes[0].ratio.high


def test_an_empty_fleet_has_an_empty_answer() -> None:
    answer = report([])
    assert (answer.items, answer.comparisons, answer.notes) == ((), (), ())
