"""What ships for Prometheus and Alertmanager: taken by their own tools, tested, and explained."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.boards.boards import METRIC
from tests.support.programs import require_program

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "dashboards" / "prometheus"
RULES: Final = (FOLDER / "alert_rules.yml").read_text()
RECORDING: Final = (FOLDER / "recording_rules.yml").read_text()
RUNBOOK: Final = (ROOT / "docs" / "runbook.md").read_text()
METRICS: Final = (ROOT / "docs" / "metrics.md").read_text()
ALERTS: Final = re.findall(r"- alert: (\w+)", RULES)


def checked(program: str, package: str, *arguments: str) -> str:
    done = subprocess.run(
        [require_program(program, package), *arguments],
        cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_rules() -> None:
    said = checked("promtool", "prometheus", "check", "rules", "recording_rules.yml", "alert_rules.yml")
    assert f"SUCCESS: {len(ALERTS)} rules found" in said


def test_the_rules_pass_their_own_tests() -> None:
    assert "SUCCESS" in checked("promtool", "prometheus", "test", "rules", "alert_rules_test.yml")


@pytest.mark.parametrize(
    ("alert", "old", "new"),
    [
        ("SilverpointNozzleWornOut", "ratio:last >= 1\n        for: 10m", "ratio:last >= 1\n        for: 0m"),
        ("SilverpointBrokerDisconnected", "silverpoint_broker_connected == 0", "silverpoint_broker_connected == 1"),
    ],
)
def test_the_tests_of_a_rule_notice_a_change_of_it(alert: str, old: str, new: str, tmp_path: Path) -> None:
    assert old in RULES
    head, *scenarios = re.split(r"^(?=  - name:)", (FOLDER / "alert_rules_test.yml").read_text(), flags=re.MULTILINE)
    about = [scenario for scenario in scenarios if alert in scenario]
    assert 0 < len(about) < len(scenarios)
    (tmp_path / "alert_rules_test.yml").write_text(head + "".join(about))
    (tmp_path / "recording_rules.yml").write_text(RECORDING)
    promtool = require_program("promtool", "prometheus")
    for rules, ends_well in ((RULES, True), (RULES.replace(old, new), False)):
        (tmp_path / "alert_rules.yml").write_text(rules)
        command = [promtool, "test", "rules", "alert_rules_test.yml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
        assert (done.returncode == 0) == ends_well, done.stdout


def test_promtool_takes_the_example_configuration_with_its_rules() -> None:
    assert "2 rule files found" in checked("promtool", "prometheus", "check", "config", "scrape.example.yml")


def test_amtool_takes_the_example_configuration() -> None:
    said = checked("amtool", "prometheus-alertmanager", "check-config", "alertmanager.example.yml")
    assert "SUCCESS" in said


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=SilverpointGatewayDown", "severity=critical"], "operators"),
        (["alertname=SilverpointClinicMainsLost", "severity=critical", "clinic=C-1"], "operators"),
        (["alertname=SilverpointNozzleWornOut", "severity=critical", "clinic=C-1"], "technicians"),
        (["alertname=SilverpointRecordsLost", "severity=warning"], "desk"),
    ],
)
def test_alerts_reach_whom_the_example_says(labels: list[str], receiver: str) -> None:
    route = ["config", "routes", "test", "--config.file=alertmanager.example.yml", f"--verify.receivers={receiver}"]
    checked("amtool", "prometheus-alertmanager", *route, "service=silverpoint", *labels)


def test_every_alert_is_told_with_its_runbook_and_tested() -> None:
    assert sorted(set(ALERTS)) == sorted(ALERTS)
    assert re.findall(r"^## (Silverpoint\w+)$", RUNBOOK, re.MULTILINE) == ALERTS
    links = re.findall(r'runbook_url: "\{\{ \$externalLabels\.silverpoint_docs \}\}/runbook\.md#(\w+)"', RULES)
    assert links == [alert.lower() for alert in ALERTS]
    tests = (FOLDER / "alert_rules_test.yml").read_text()
    assert [alert for alert in ALERTS if f'alertname="{alert}"' not in tests] == []


def test_the_rules_ask_only_for_metrics_that_are_documented_or_recorded() -> None:
    recorded = set(re.findall(r"- record: (\S+)", RECORDING))
    documented = set(re.findall(r"`(silverpoint_\w+)`", METRICS))
    documented.add("silverpoint_ingest_latency_seconds_bucket")
    exprs = re.findall(r"expr: (?:\|\n)?(.*?)(?=\n {6,8}\w+:|\n {6}-|\n\n|\Z)", RULES + RECORDING, re.DOTALL)
    used = {name for expr in exprs for name in METRIC.findall(expr)}
    assert used - recorded - documented == set()
