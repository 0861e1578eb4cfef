"""The band of a nozzle: worn out by its wear, due by its forecast, or by its wear where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config_alerts import AlertsConfig, RuleOverride, RulePatch
from gateway.serve.device_views import wear_band
from tests.serve.rig import CLINICS, device_start, opened_rig


@pytest.mark.parametrize(
    ("wear", "due", "band"),
    [
        (1.0, False, "worn_out"),
        (0.5, True, "due"),
        (0.95, False, "ok"),
        (None, True, "due"),
        (None, False, "unknown"),
        (0.9, None, "due"),
        (0.8, None, "ok"),
        (None, None, "unknown"),
    ],
)
def test_the_forecast_decides_whether_a_nozzle_is_due_and_wear_where_there_is_none(
    wear: float | None, due: bool | None, band: str
) -> None:
    assert wear_band(wear, 0.85, due) == band


async def test_wear_makes_a_nozzle_due_from_where_its_rule_does_at_its_place(tmp_path: Path) -> None:
    alerts = AlertsConfig(
        rules={"nozzle_due": RulePatch(threshold=0.4)},
        overrides=(RuleOverride(rule="nozzle_due", clinic=CLINICS[1], threshold=0.9),),
    )
    rig = await opened_rig(tmp_path, alerts=alerts)
    try:
        await rig.take(
            *device_start(CLINICS[0], "d-one", "n-one", lot="lot-a", coating=0.5),
            *device_start(CLINICS[1], "d-two", "n-two", lot="lot-a", coating=0.5),
        )
        assert [(alert.rule, alert.subject) for alert in rig.engine.open()] == [("nozzle_due", "n-one")]
        async with await rig.client_of("manager") as client:
            devices = (await client.get("/api/v1/devices")).json()["items"]
            nozzles = (await client.get("/api/v1/nozzles")).json()["items"]
            due = (await client.get("/api/v1/nozzles?state=due")).json()["items"]
        assert {item["id"]: item["wear_band"] for item in devices} == {"d-one": "due", "d-two": "ok"}
        assert {item["serial"]: item["wear_band"] for item in nozzles} == {"n-one": "due", "n-two": "ok"}
        assert [item["serial"] for item in due] == ["n-one"]
    finally:
        await rig.store.close()
