"""`silverpoint rehearse`, on a store that no gateway runs on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.alerts.site import Device
from tests.cli.conftest import Command


def record(path: Path) -> None:
    device = Device()
    said = [device.online(0, form="mobile"), *(device.reading(m / 60, "battery", charge=0.25) for m in range(6))]
    rows = ({"topic": d.topic, "payload": d.payload.decode(), "received_ms": d.received_ms} for d in said)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_a_changed_rule_is_held_against_the_one_that_is(silverpoint: Command, tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl")
    (tmp_path / "silverpoint.toml").write_text(
        "[retention]\nsamples_days = 3650\n[[notify.receivers]]\nname = 'ops'\nchannel = 'apprise'\nurl = 'json://x'\n"
    )
    assert silverpoint("replay", "r.jsonl").returncode == 0
    done = silverpoint("rehearse", "--rule", "battery_low", "--set", "threshold=0.3", "--since", "2025-01-01T00:00:00Z")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "battery_low: 6 readings of 1 device",
        "as it is set: never fired",
        "as changed: fired once on 1 device in 1 clinic; 1 would fire now",
        "only as changed: d-1",
        "reached, as it is set -> as changed, if nobody acknowledges: ops 0 -> 1",
    ]
    as_json = silverpoint("rehearse", "--rule", "battery_low", "--since", "2025-01-01T00:00:00Z", "--json")
    assert json.loads(as_json.stdout)["now"]["fired"] == 0


def test_every_mistake_ends_it_with_2(silverpoint: Command) -> None:
    done = silverpoint("rehearse", "--rule", "battery_low", "--set", "low=1", "--set", "deep=2")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert silverpoint("rehearse", "--rule", "battery_low", "--set", "threshold").returncode == 2
