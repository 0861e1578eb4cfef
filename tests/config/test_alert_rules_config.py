"""Rules as they are configured: defaults, what differs where, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_config
from gateway.config_alerts import AlertsConfig, RulePlace
from gateway.errors import ConfigError

TABLES = """\
[alerts]
due_wear = 0.8
[alerts.rules.battery_low]
threshold = 0.3
[alerts.rules.nozzle_due]
hold_s = 60
[[alerts.overrides]]
rule = "battery_low"
clinic = "C-1"
threshold = 0.4
[[alerts.overrides]]
rule = "battery_low"
device = "D-1"
enabled = false
"""


def loaded(directory: Path, text: str) -> AlertsConfig:
    path = directory / "silverpoint.toml"
    path.write_text(text)
    return load_config(path, {}).alerts


def test_the_nearest_override_counts_last_and_the_plain_keys_still_do(tmp_path: Path) -> None:
    alerts = loaded(tmp_path, TABLES)
    assert (alerts.rule("nozzle_due").threshold, alerts.rule("nozzle_due").hold_s) == (0.8, 60)
    assert alerts.rule("battery_low").threshold == 0.3
    anywhere, clinic, device = (
        alerts.at(place).rule("battery_low")
        for place in (RulePlace("C-2", None, "D-2"), RulePlace("C-1", None, "D-2"), RulePlace("C-1", "m", "D-1"))
    )
    assert [one.threshold for one in (anywhere, clinic, device)] == [0.3, 0.4, 0.4]
    assert [one.enabled for one in (anywhere, clinic, device)] == [True, True, False]
    assert clinic.critical == 0.1


def test_rules_may_be_given_in_variables() -> None:
    environ = {
        "SILVERPOINT_ALERTS__RULES": '{"battery_low": {"threshold": 0.3}}',
        "SILVERPOINT_ALERTS__OVERRIDES": '[{"rule": "mains_lost", "device": "D-1", "enabled": false}]',
    }
    alerts = load_config(None, environ).alerts
    assert alerts.rule("battery_low").threshold == 0.3
    assert not alerts.at(RulePlace("C-1", None, "D-1")).rule("mains_lost").enabled


def test_every_mistake_in_a_rule_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(
            tmp_path,
            """\
[alerts.rules.battery_lo]
threshold = 0.3
[alerts.rules.battery_low]
treshold = 0.3
severity = "bad"
[[alerts.overrides]]
rule = "mains_lost"
hold_s = -1
""",
        )
    told = "\n".join(caught.value.mistakes)
    assert len(caught.value.mistakes) == 4
    for part in ("battery_lo", "treshold", "'info', 'warning' or 'critical'", "hold_s: must be at least 0"):
        assert part in told, told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[alerts.rules.mains_lost]\nthreshold = 1\n", "mains_lost has no threshold; it has enabled, severity"),
        ("[alerts.rules.battery_low]\ncritical = 0.5\n", "critical must be at most the threshold"),
        ("[alerts.rules.clinic_mains_lost]\nhysteresis = 0.6\n", "hysteresis must be below threshold"),
        ("[alerts.rules.depth_out_of_range]\nlow = 3.0\n", "low must be below threshold"),
        ('[[alerts.overrides]]\nrule = "mains_lost"\nhold_s = 1\n', "say where it counts: model, clinic or device"),
    ],
)
def test_levels_that_a_rule_does_not_have_or_that_contradict_each_other_are_told(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert told in "\n".join(caught.value.mistakes)


def test_each_contradiction_has_a_line_of_its_own_all_at_once(tmp_path: Path) -> None:
    text = (
        "[alerts]\ndue_wear = 0.2\nwear_hysteresis = 0.3\n"
        "[alerts.rules.mains_lost]\nthreshold = 1\n[alerts.rules.battery_low]\ncritical = 0.5\n"
        '[[alerts.overrides]]\nrule = "depth_out_of_range"\nclinic = "C-1"\nlow = 3.0\n'
    )
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    keys = [
        "alerts.wear_hysteresis: ",
        "alerts.rules.mains_lost: ",
        "alerts.rules.battery_low: ",
        "alerts.overrides 1: ",
    ]
    told = caught.value.mistakes
    assert [key for key in keys if sum(key in line for line in told) == 1] == keys, told
