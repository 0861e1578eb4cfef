"""The engine over the real store: what devices say in, alerts out, killed and resumed anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.config import AlertsConfig
from gateway.store.service_rows import AuditRow
from schemas.alert import Alert
from schemas.delivery import Delivery
from schemas.registry import NozzleModel
from tests.alerts.site import HOUR_MS, T0_MS, Device, open_site


async def test_a_nozzle_becomes_due_then_worn_out_and_its_swap_resolves_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.5))
        assert await site.states() == []
        await site.say(device.sample(2, "N1", 0.9))
        assert await site.states() == [("nozzle_due", "N1", "pending")]
        await site.say(device.sample(2.4, "N1", 0.9))
        assert await site.states() == [("nozzle_due", "N1", "pending")]
        await site.say(device.sample(2.5, "N1", 0.9))
        assert await site.states() == [("nozzle_due", "N1", "firing")]
        await site.say(device.sample(3, "N1", 1.1), device.sample(4, "N1", 1.1))
        assert await site.states() == [("nozzle_due", "N1", "resolved"), ("nozzle_worn_out", "N1", "firing")]
        assert [alert.subject for alert in site.engine.firing()] == ["N1"]
        await site.say(device.removed(5, "N1"), device.fitted(5.1, "N2"), device.sample(6, "N2", 0.01))
        assert await site.states() == [("nozzle_due", "N1", "resolved"), ("nozzle_worn_out", "N1", "resolved")]
        assert site.engine.open() == ()


async def test_alert_times_are_the_telemetrys(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.9), device.sample(2, "N1", 0.9))
        (alert,) = await site.alerts()
        assert (alert.pending_since_ms, alert.firing_since_ms) == (T0_MS + HOUR_MS, T0_MS + 2 * HOUR_MS)
        assert (alert.clinic_id, alert.device_id) == ("c-1", "d-1")


def rows_of(alerts: list[Alert]) -> list[tuple[object, ...]]:
    return sorted((one.rule, one.state, one.pending_since_ms, one.firing_since_ms, one.resolved_ms) for one in alerts)


async def test_history_that_comes_in_at_once_raises_what_it_would_have_raised_live(tmp_path: Path) -> None:
    device = Device()
    said = [device.fitted(0, "N1"), *(device.sample(hour, "N1", hour / 8) for hour in range(1, 10))]
    async with open_site(tmp_path / "live.db") as site:
        await site.say(*said)
        live = await site.alerts()
    assert [(alert.rule, alert.state) for alert in live] == [("nozzle_due", "resolved"), ("nozzle_worn_out", "firing")]
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(*said)
        await site.look()
        assert rows_of(await site.alerts()) == rows_of(live)


async def test_a_nozzle_that_wore_out_and_was_swapped_between_two_looks_had_its_alert(tmp_path: Path) -> None:
    device = Device()
    said = [
        device.fitted(0, "N1"),
        *(device.sample(hour, "N1", hour / 8) for hour in range(1, 12)),
        device.removed(12, "N1"),
        device.fitted(12.1, "N2"),
        *(device.sample(hour, "N2", 0.01) for hour in range(13, 20)),
    ]
    async with open_site(tmp_path / "live.db") as site:
        await site.say(*said)
        live = await site.alerts()
    assert {(alert.rule, alert.subject, alert.state) for alert in live} == {
        ("nozzle_due", "N1", "resolved"),
        ("nozzle_worn_out", "N1", "resolved"),
    }
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(*said)
        await site.look()
        assert rows_of(await site.alerts()) == rows_of(live)


async def test_a_false_reading_between_two_looks_ends_the_hold(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.9))
        await site.ingest(device.sample(1.9, "N1", 0.5), device.sample(2, "N1", 0.9))
        await site.look()
        assert await site.states() == [("nozzle_due", "N1", "pending")]


async def test_one_wild_reading_raises_nothing(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        readings = [device.sample(hour, "N1", 1.3 if hour == 3 else 0.6) for hour in range(1, 6)]
        await site.ingest(*readings)
        await site.look()
        assert await site.states() == []


async def test_a_nozzle_taken_off_unreported_resolves_when_another_is_seen(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(*(device.sample(hour, "N1", 1.2) for hour in (1, 2)))
        await site.look()
        assert await site.states() == [("nozzle_worn_out", "N1", "firing")]
        await site.say(device.sample(3, "N2", 0.1))
        (alert,) = [alert for alert in await site.alerts() if alert.subject == "N1"]
        assert (alert.state, alert.resolved_ms) == ("resolved", T0_MS + 3 * HOUR_MS)


async def test_a_worn_nozzle_that_is_fitted_again_has_the_same_alert_on_the_new_device(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", "c-2")
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(*(device.sample(hour, "N1", 1.2) for hour in (1, 2)))
        await site.look()
        await site.say(device.removed(3, "N1"), other.fitted(20, "N1"))
        (alert,) = await site.alerts()
        assert (alert.state, alert.device_id, alert.clinic_id) == ("firing", "d-2", "c-2")


async def test_without_a_coating_sensor_strikes_against_the_registrys_rating_count(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([NozzleModel(model="M1", rated_strikes=1_000)])
        await site.say(device.fitted(0, "N1", model="M1"))
        await site.say(*(device.sample(hour, "N1", None, strikes=900 + hour) for hour in (1, 2)))
        assert await site.states() == [("nozzle_due", "N1", "firing")]


async def test_redelivered_and_late_readings_change_nothing(tmp_path: Path) -> None:
    device = Device()
    late = device.sample(0.5, "N1", 0.1)
    said = [device.sample(hour, "N1", 0.9) for hour in (1, 2)]
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*said)
        before = await site.alerts()
        await site.ingest(*said, late, *said)
        await site.engine.evaluate({"d-1"}, 99)
        assert await site.alerts() == before


async def test_an_acknowledgement_stays_while_the_alert_changes(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.sample(hour, "N1", 0.9) for hour in (1, 2)))
        (alert,) = site.engine.firing()
        audit = AuditRow(0, T0_MS, T0_MS, "kim", "acknowledge", str(alert.alert_id), "{}")
        await site.engine.acknowledge(alert.alert_id, "kim", T0_MS, audit)
        assert site.engine.firing()[0].acknowledged_by == "kim"
        await site.say(device.sample(3, "N1", 0.96))
        (alert,) = await site.alerts()
        assert (alert.value, alert.acknowledged_by, alert.state) == (0.96, "kim", "firing")


async def test_after_a_kill_the_engine_finds_what_it_had_not_looked_at(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(*(device.sample(hour, "N1", 0.9) for hour in (1, 2)))
    async with open_site(tmp_path / "s.db") as site:
        assert await site.states() == [("nozzle_due", "N1", "firing")]
    async with open_site(tmp_path / "s.db") as site:
        assert [alert.rule for alert in site.engine.firing()] == ["nozzle_due"]


async def test_the_mark_moves_now_and_then_so_that_a_start_looks_at_little(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(1, "N1", 0.1))
        assert await site.store.alert_mark() == 0
        site.clock.advance(10_000)
        await site.say(device.sample(2, "N1", 0.1))
        mark = await site.store.alert_mark()
        assert mark > 0
        assert await site.store.changed_since(mark) == ()


async def test_running_the_engine_tells_its_followers_of_changes(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        follower = site.engine.changes.follow()
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(site.engine.run())
            await site.ingest(*(device.sample(hour, "N1", 0.9) for hour in (1, 2)))
            assert (await follower.next()).device_ids == {"d-1"}
            running.cancel()
        assert len(site.engine.firing()) == 1


SAID = st.lists(
    st.tuples(
        st.sampled_from(["d-1", "d-2"]),
        st.sampled_from(["N1", "N2", None]),
        st.sampled_from([0.1, 0.7, 0.82, 0.9, 0.97, 1.2]),
        st.sampled_from([0.01, 0.3, 1.0, 3.0]),
        st.sampled_from(["wait", "look", "kill"]),
    ),
    min_size=3,
    max_size=14,
)


@given(SAID)
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_said_and_wherever_it_is_killed_there_is_one_open_alert_at_most(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str | None, float, float, str]]
) -> None:
    asyncio.run(_check_one_open(tmp_path_factory.mktemp("site") / "s.db", said))


async def _check_one_open(path: Path, said: list[tuple[str, str | None, float, float, str]]) -> None:
    devices = {name: Device(name) for name in ("d-1", "d-2")}
    settings = AlertsConfig(due_hold_s=600, worn_out_hold_s=600, keep_firing_s=3_600)
    hour, waiting = 0.0, list[Delivery]()
    for number, (name, serial, wear, step_h, then) in enumerate(said):
        hour += step_h
        waiting.append(devices[name].sample(hour, serial, wear))
        if then == "wait" and number < len(said) - 1:
            continue
        async with open_site(path, settings) as site:
            await site.ingest(*waiting)
            if then == "look":
                await site.engine.evaluate({"d-1", "d-2"}, 0)
            waiting.clear()
    async with open_site(path, settings) as site:
        await site.engine.evaluate({"d-1", "d-2"}, 0)
        alerts = await site.alerts()
        rows = [(alert.rule, alert.subject) for alert in alerts]
        assert len(rows) == len(set(rows)), "a nozzle's life has one alert of a rule, opened again and again"
        assert sorted(site.engine.open(), key=lambda alert: alert.alert_id) == [
            alert for alert in alerts if alert.state != "resolved"
        ]
        firing = {(alert.rule, alert.subject) for alert in alerts if alert.state == "firing"}
        assert not any(
            ("nozzle_due", serial) in firing and ("nozzle_worn_out", serial) in firing for serial in ("N1", "N2")
        )
        await site.engine.evaluate({"d-1", "d-2"}, 0)
        assert await site.alerts() == alerts
