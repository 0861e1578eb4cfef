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
    parts = ("battery_lo", "treshold", "'info', 'warning' or 'critical'", "hold_s: must be at least 0", "say where it")
    assert len(caught.value.mistakes) == len(parts)
    for part in parts:
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


HIDDEN = """\
[alerts]
due_wear = 1.5
[alerts.rules.battery_lo]
threshold = 0.3
[alerts.rules.battery_low]
critical = 0.5
[alerts.rules.mains_lost]
threshold = 1
[[alerts.overrides]]
rule = "mains_lost"
hold_s = -1
[[alerts.overrides]]
rule = "depth_out_of_range"
clinic = "C-1"
low = 3.0
[[alerts.overrides]]
rule = "battery_degraded"
clinic = "C-1"
severity = "bad"
critical = 0.9
[notify]
smtp_url = "bogus"
[[notify.receivers]]
name = "service"
channel = "email"
to = ["service@example.org"]
[[notify.receivers]]
name = "hook"
channel = "webhook"
url = "https://hooks.example.org"
secret = "short"
[[notify.routes]]
receivers = ["service", "hook", "nobody"]
[[notify.routes]]
clinics = ["a b"]
[work]
claim_escalate_receivers = ["hook", "nobody"]
"""


def test_a_faulty_table_hides_no_mistake_beside_it_and_accuses_nothing_that_is_right(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, HIDDEN)
    told = sorted(caught.value.mistakes)
    begins = sorted(
        f"{tmp_path / 'silverpoint.toml'} line {rest}"
        for rest in (
            "2: alerts.due_wear: must be below 1",
            "3: alerts.rules.battery_lo: unknown rule; did you mean battery_low?",
            "5: alerts.rules.battery_low: critical must be at most the threshold",
            "7: alerts.rules.mains_lost: mains_lost has no threshold",
            "9: alerts.overrides 1: hold_s: must be at least 0",
            "9: alerts.overrides 1: say where it counts",
            "12: alerts.overrides 2: low must be below threshold",
            "16: alerts.overrides 3: severity: write one of",
            "16: alerts.overrides 3: critical must be at most the threshold",
            "22: notify.smtp_url: write smtp://",
            "27: notify.receivers 2: secret: must have at least 16 characters",
            "32: notify.routes 1: no receiver is called nobody",
            "34: notify.routes 2: clinics 1: letters, digits",
            "34: notify.routes 2: names nobody",
        )
    )
    begins.append("work.claim_escalate_receivers: no mail, Apprise or webhook receiver of [notify]: nobody")
    assert len(told) == len(begins), told
    assert all(line.startswith(begin) for line, begin in zip(told, begins, strict=True)), told


def test_tables_in_a_variable_hide_no_mistake_either() -> None:
    environ = {
        "SILVERPOINT_ALERTS__OVERRIDES": '[{"rule":"mains_lost"},{"rule": "battery_low", "clinic": "C", "critical": 1}]'
    }
    with pytest.raises(ConfigError) as caught:
        load_config(None, environ)
    first, second = caught.value.mistakes
    assert first.startswith("SILVERPOINT_ALERTS__OVERRIDES: alerts.overrides 1: say where it counts")
    assert second.startswith("SILVERPOINT_ALERTS__OVERRIDES: alerts.overrides 2: critical must be at most")
