"""Charts: what a spec says, and the process that draws it."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_server import CHARTS

from dashboards.charts.forecasts import Forecasted, ForecastsWords, forecasts_spec
from dashboards.charts.plain import Spec
from dashboards.charts.power import PowerPoint, PowerWords, power_spec, stretches
from dashboards.charts.render import ChartRenderer
from dashboards.charts.sessions import DayBar, SessionWords, bars_spec, calendar_spec, usual_bars_spec
from dashboards.charts.theme import DARK, LIGHT, PAGE, time_ticks, wall_ms
from dashboards.charts.wear import Fan, Reading, Swap, WearData, WearWords, running_median, wear_spec
from dashboards.web.chart_language import localised
from dashboards.web.format import zone_of
from dashboards.web.pages.spans import SPANS_MS, stretch_until
from dashboards.web.strings import CATALOGUES, ENGLISH

HOUR_MS = 3_600_000
NOW_MS = 1_795_343_400_000
WEAR_WORDS = WearWords("Limit", "Wear", "Time", "Nozzle", "the wear")
POWER_WORDS = PowerWords("Charge", "Health", "Mains", "Battery", "Source", "Time", "the power")
SESSION_WORDS = SessionWords("Sessions", "Day", ENGLISH.numbers.weekdays, ENGLISH.numbers.months, "the sessions")


def wear_data(fan: Fan | None = None) -> WearData:
    first_ms = NOW_MS - 167 * HOUR_MS
    readings = [
        Reading(first_ms + place * HOUR_MS, place / 200, "NZ-2" if place > 60 else "NZ-1", place > 60, "then")
        for place in range(167)
    ]
    swaps = [Swap(first_ms + 61 * HOUR_MS, "NZ-2")]
    return WearData("week", NOW_MS - 168 * HOUR_MS, NOW_MS, readings, swaps, fan)


PAST_WORDS = ForecastsWords("Time", "Life", "so far", "what came", "Forecasts")


def power_points(count: int) -> list[PowerPoint]:
    return [PowerPoint(NOW_MS - (count - n) * HOUR_MS, n / count, 0.9, n % 20 > 8, "then") for n in range(count)]


def every_spec() -> list[Spec]:
    """One of each, in dark colours as a picture has them."""
    fan = fan_of(20, 30, 40, 60, 900)._replace(wear=0.83, path=((0.4, 0.9),), replace_by=NOW_MS + 24 * HOUR_MS)
    days = {date(2026, 11, day): day % 6 for day in range(1, 22)}
    bars = [DayBar(day, sessions, str(day)) for day, sessions in days.items()]
    return [
        wear_spec(wear_data(fan), DARK, WEAR_WORDS),
        power_spec(power_points(100), "hour", NOW_MS - 100 * HOUR_MS, NOW_MS, DARK, POWER_WORDS),
        calendar_spec(days, date(2026, 6, 1), date(2026, 11, 22), DARK, SESSION_WORDS),
        bars_spec(bars, LIGHT, SESSION_WORDS),
        usual_bars_spec(
            [bar._replace(usual=None if bar.day.day < 9 else 3.5, running=bar.day.day == 21) for bar in bars],
            LIGHT,
            SESSION_WORDS,
            "Usual",
        ),
        forecasts_spec(past_days(), [(NOW_MS, 1e6), (NOW_MS + HOUR_MS, 2e6)], 5.1e6, DARK, PAST_WORDS),
        forecasts_spec(past_days(), [], None, LIGHT, PAST_WORDS),
    ]


def past_days() -> list[Forecasted]:
    return [Forecasted(NOW_MS + n * HOUR_MS, "then", 3e6, 4e6, 5e6, 6e6, 7e6) for n in range(9)]


def fan_of(*hours: int) -> Fan:
    return Fan(NOW_MS, 0.5, *(NOW_MS + each * HOUR_MS for each in hours))


async def test_every_chart_is_drawn_in_a_process_of_its_own_that_ends_when_told(tmp_path: Path) -> None:
    others = set(multiprocessing.active_children())
    renderer = ChartRenderer(tmp_path)
    for spec in every_spec():
        drawn = await renderer.svg(spec)
        assert drawn.startswith(b"<svg")
        assert b"NaN" not in drawn
        assert await renderer.svg(spec) is drawn
    picture = await renderer.png(every_spec()[0], 1.0)
    assert picture.startswith(b"\x89PNG")
    script, again = await asyncio.gather(renderer.script(), renderer.script())
    assert script is again
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [script]
    workers = set(multiprocessing.active_children()) - others
    assert workers
    renderer.close()
    # The pool's own thread takes their exit codes, so here only the processes themselves can be asked after.
    until_s = time.monotonic() + 60
    while any(psutil.pid_exists(worker.pid) for worker in workers if worker.pid is not None):
        assert time.monotonic() < until_s
        await asyncio.sleep(0.02)


async def test_a_folder_that_can_not_be_written_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "kept").mkdir()
    renderer = ChartRenderer(tmp_path / "file")
    made = await renderer.script()
    renderer.close()
    assert len(made) > 100_000


@pytest.mark.parametrize(("usual", "layers"), [(None, 0), (4.0, 2)])
def test_what_is_usual_is_drawn_only_where_it_is_known(usual: float | None, layers: int) -> None:
    bars = [DayBar(date(2026, 3, day), day, "then", usual if day > 7 else None) for day in range(1, 29)]
    spec = usual_bars_spec(bars, LIGHT, SESSION_WORDS, "usual")
    assert len(spec.get("layer", ())) == layers


def test_a_page_draws_in_its_own_colours_alone() -> None:
    text = str(wear_spec(wear_data(), PAGE, WEAR_WORDS))
    assert "var(--accent)" in text
    assert "#" not in text


def test_the_fan_reaches_no_further_than_half_of_what_is_behind() -> None:
    far = fan_of(1, 200, 500, 900, 9_000)
    spec = wear_spec(wear_data(far), LIGHT, WEAR_WORDS)
    shown = [spec["datasets"][layer["data"]["name"]] for layer in spec["layer"]]
    assert shown[0][1]["t"] == NOW_MS + 84 * HOUR_MS
    fan = next(rows for rows in shown if "low90" in rows[0])
    assert set(fan[0].values()) == {NOW_MS, 0.5}
    assert fan[-1]["high90"] == 1.0
    last = [fan[-1][name] for name in ("low90", "low50", "mid", "high50", "high90")]
    assert 0.5 < last[0] < last[1] < last[2] < 1.0
    assert last == sorted(last)


def test_a_median_takes_neighbours_of_the_same_nozzle_only() -> None:
    readings = [Reading(n, 9.0 if n == 5 else 0.5, "a", False, "") for n in range(10)]
    readings += [Reading(10 + n, 0.1, "b", True, "") for n in range(10)]
    assert running_median(readings) == [0.5] * 10 + [0.1] * 10


def test_sources_are_stretches_without_gaps() -> None:
    found = stretches(power_points(40), NOW_MS, POWER_WORDS)
    assert [stretch.source for stretch in found] == ["Battery", "Mains", "Battery", "Mains"]
    assert all(one.t2 == other.t for one, other in pairwise(found))
    assert found[-1].t2 == NOW_MS


@pytest.mark.parametrize("span", SPANS_MS)
def test_ticks_lie_within_and_are_few(span: str) -> None:
    stretch = stretch_until(span, NOW_MS)  # type: ignore[arg-type]
    ticks = time_ticks(stretch.span, stretch.since_ms, stretch.until_ms)
    assert 4 <= len(ticks) <= 8
    assert all(stretch.since_ms <= tick <= stretch.until_ms for tick in ticks)


@given(now_ms=st.integers(min_value=946_684_800_000, max_value=4_000_000_000_000))
def test_a_stretch_holds_now_and_has_its_length(now_ms: int) -> None:
    for span, length_ms in SPANS_MS.items():
        stretch = stretch_until(span, now_ms)
        assert stretch.since_ms <= now_ms < stretch.until_ms
        assert stretch.until_ms - stretch.since_ms == length_ms


def test_wall_time_is_what_the_clocks_there_show() -> None:
    assert wall_ms(NOW_MS, zone_of("Asia/Kolkata")) - NOW_MS == 5 * HOUR_MS + HOUR_MS // 2
    assert wall_ms(NOW_MS, zone_of("America/New_York")) - NOW_MS == -5 * HOUR_MS


async def test_a_chart_names_days_and_writes_numbers_as_its_reader_does() -> None:
    spec = bars_spec([DayBar(date(2026, 3, day), day, "then") for day in range(1, 29)], LIGHT, SESSION_WORDS)
    assert localised(spec, ENGLISH) is spec
    german = await CHARTS.svg(localised(spec, CATALOGUES["de"]))
    assert "März".encode() in german
    assert "März".encode() not in await CHARTS.svg(spec)
