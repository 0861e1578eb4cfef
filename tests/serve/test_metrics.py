"""What Prometheus reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from gateway.config import HttpConfig
from gateway.serve.metrics import DEVICE_FAMILIES, FLEET_FAMILIES, device_lines
from schemas.views import DeviceView, NozzleView, PowerView, SessionsView
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, fill, message, opened_rig, sample

DOCS: Final = Path(__file__).parents[2] / "docs" / "metrics.md"

CONTRACT: Final = {
    "silverpoint_messages_received_total", "silverpoint_messages_rejected_total", "silverpoint_records_stored_total",
    "silverpoint_records_duplicate_total", "silverpoint_records_missing", "silverpoint_records_lost_total",
    "silverpoint_ingest_latency_seconds", "silverpoint_broker_connected", "silverpoint_broker_sessions_lost_total",
    "silverpoint_device_online", "silverpoint_device_last_seen_timestamp_seconds", "silverpoint_device_on_mains",
    "silverpoint_battery_charge_ratio", "silverpoint_battery_health_ratio", "silverpoint_device_sessions_total",
    "silverpoint_nozzle_strikes_total", "silverpoint_nozzle_coating_ratio", "silverpoint_nozzle_wear_ratio",
    "silverpoint_alerts", "silverpoint_notifications_total",
}  # fmt: skip


def full_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


async def families(rig: Rig) -> dict[str, Metric]:
    async with rig.client() as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    parsed = list(text_string_to_metric_families(answer.text))
    found = {full_name(family): family for family in parsed if not family.name.endswith("_created")}
    assert len(found) == sum(not family.name.endswith("_created") for family in parsed), "a family is there twice"
    return found


def values(family: Metric) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


async def test_every_metric_of_the_contract_is_there_with_its_type_and_help(rig: Rig) -> None:
    found = await families(rig)
    assert set(found) >= CONTRACT
    assert all(family.documentation for family in found.values())
    for family in FLEET_FAMILIES:
        assert found[family.name].type == family.type


async def test_a_device_is_told_as_it_stands(rig: Rig) -> None:
    found = await families(rig)
    one = (CLINICS[0], "d-one")
    assert values(found["silverpoint_device_online"])[one] == 1
    assert values(found["silverpoint_device_last_seen_timestamp_seconds"])[one] == NOW_MS / 1_000
    assert values(found["silverpoint_device_on_mains"])[(CLINICS[1], "d-three")] == 0
    assert values(found["silverpoint_device_sessions_total"])[one] == 43
    assert values(found["silverpoint_nozzle_strikes_total"])[(*one, "n-one")] == 500_003
    assert values(found["silverpoint_nozzle_coating_ratio"])[(*one, "n-one")] == 0.05
    assert round(values(found["silverpoint_nozzle_wear_ratio"])[(*one, "n-one")], 4) == 1.1875
    assert values(found["silverpoint_alerts"]) == {("nozzle_worn_out", "critical", "firing"): 1}
    assert values(found["silverpoint_records_missing"]) == {(): 0}


async def test_a_change_shows_in_the_next_scrape(rig: Rig) -> None:
    await families(rig)
    await rig.take(message(CLINICS[0], "d-one", "telemetry", sample(6, NOW_MS, "n-one", 0.04)))
    found = await families(rig)
    assert values(found["silverpoint_device_sessions_total"])[(CLINICS[0], "d-one")] == 46
    assert values(found["silverpoint_records_missing"]) == {(): 1}


async def test_a_silent_device_keeps_online_and_last_seen_alone(rig: Rig) -> None:
    rig.clock.advance(36 * MINUTE_MS)
    await rig.take(message(CLINICS[0], "d-two", "telemetry", sample(5, NOW_MS, "n-two", 0.9), NOW_MS + 36 * MINUTE_MS))
    found = await families(rig)
    assert values(found["silverpoint_device_online"]) == {
        (CLINICS[0], "d-one"): 0, (CLINICS[0], "d-two"): 1, (CLINICS[1], "d-three"): 0,
    }  # fmt: skip
    assert len(found["silverpoint_device_last_seen_timestamp_seconds"].samples) == 3
    for family in DEVICE_FAMILIES[2:]:
        assert [sample.labels["device"] for sample in found[family.name].samples] == ["d-two"], family.name


async def test_an_empty_fleet_is_good_text_too(empty_rig: Rig) -> None:
    assert set(await families(empty_rig)) >= CONTRACT


async def test_a_token_closes_the_metrics(tmp_path: Path) -> None:
    rig = await opened_rig(tmp_path, http=HttpConfig(metrics_token=SecretStr("scrape-me-please")))
    await fill(rig)
    for token, status in ((None, 401), ("wrong", 401), (await rig.token("admin"), 401), ("scrape-me-please", 200)):
        async with rig.client(token) as client:
            assert (await client.get("/metrics")).status_code == status
    await rig.store.close()


async def test_the_documentation_lists_every_metric_and_no_other(rig: Rig) -> None:
    listed = dict(re.findall(r"^\| `(silverpoint_\w+)` \| (\w+) \|", DOCS.read_text(), re.MULTILINE))
    found = await families(rig)
    assert listed == {name: family.type for name, family in found.items()}


@given(st.text(max_size=30), st.floats(0, 1e12))
def test_any_name_and_number_parse_back(name: str, value: float) -> None:
    view = DeviceView(
        id=name, clinic_id="c", label="", model=None, firmware=None, form=None, state="in_service", online=True,
        last_seen_ms=1, power=PowerView(source="mains", charge=value, voltage_v=None, health=None),
        sessions=SessionsView(total=2**53, active=False), forecast=None, wear_band="ok",
        nozzle=NozzleView(serial=name or "n", model=None, lot=None, strikes=3, coating=None, wear=value,
                          wear_low=None, wear_high=None),
    )  # fmt: skip
    lines = dict(zip([family.name for family in DEVICE_FAMILIES], device_lines(view), strict=True))
    (charge,) = next(iter(text_string_to_metric_families(lines["silverpoint_battery_charge_ratio"]))).samples
    assert (charge.labels, charge.value) == ({"clinic": "c", "device": name}, value)
    assert lines["silverpoint_nozzle_coating_ratio"] == ""
    assert lines["silverpoint_device_sessions_total"].endswith(" 9007199254740992\n")
