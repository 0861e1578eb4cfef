"""`silverpoint forecast` and `silverpoint backtest` as a person starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.wear_fleets import fleet


def silverpoint(directory: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        cwd=directory, env=dict(os.environ), input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def history(tmp_path: Path) -> Path:
    made = fleet("linear", 8, 6)
    rows = [f"{u.name},{x!r},{w / made.limit!r}" for u in made.units for x, w in zip(u.usage, u.wear, strict=True)]
    text = "unit,usage,wear\n" + "\n".join(rows).replace("np.float64(", "").replace(")", "") + "\n"
    (tmp_path / "worn.csv").write_text(text)
    return tmp_path / "worn.csv"


def test_the_whole_fleet_is_forecast_as_json_lines(history: Path) -> None:
    done = silverpoint(history.parent, "forecast", "--history", str(history), "--limit", "1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 8
    for line in lines:
        assert list(line) == ["unit", "usage", "wear", "remaining"]
        assert list(line["remaining"]) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
        assert sorted(line["remaining"].values()) == list(line["remaining"].values())


def test_a_target_is_answered_at_the_asked_levels(history: Path) -> None:
    (history.parent / "now.csv").write_text("unit,usage,wear\nlinear-1,5,0.01\nnew,5,2.5\n")
    asked = ("--limit", "1", "--target", "now.csv", "--quantiles", "0.9,.5")
    done = silverpoint(history.parent, "forecast", "--history", "worn.csv", *asked)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["unit"], first["usage"], first["wear"]) == ("linear-1", 5.0, 0.01)
    assert list(first["remaining"]) == ["0.5", "0.9"]
    assert second == {"unit": "new", "usage": 5.0, "wear": 2.5, "remaining": {"0.5": 0.0, "0.9": 0.0}}


def test_wrong_usage_is_told_all_at_once(tmp_path: Path) -> None:
    done = silverpoint(tmp_path, "forecast", "--history", "none.csv", "--limit", "inf", "--quantiles", "0,half")
    assert done.returncode == 2
    assert [line.removesuffix(" (see silverpoint forecast --help)") for line in done.stderr.splitlines()] == [
        "can't read none.csv: No such file or directory",
        "silverpoint forecast: Invalid value for '--limit': write a finite number (found inf)",
        "silverpoint forecast: Invalid value for '--quantiles': levels lie between 0 and 1 (found '0')",
        "silverpoint forecast: Invalid value for '--quantiles': levels lie between 0 and 1 (found 'half')",
    ]


def test_the_mistakes_of_both_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("unit,usage,wear\na,1,x\n")
    done = silverpoint(tmp_path, "forecast", "--history", "bad.csv", "--target", "none.csv", "--limit", "1")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "bad.csv: line 2: wear: no number (found 'x')",
        "can't read none.csv: No such file or directory",
    ]


def test_one_unit_alone_is_refused_clearly(tmp_path: Path) -> None:
    text = "unit,usage,wear\na,1,0.1\na,2,0.2\n"
    done = silverpoint(tmp_path, "forecast", "--history", "-", "--limit", "1", stdin=text)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "unit a: the history holds no other unit to learn from; add the readings of at least one more"
    ]


def test_another_unit_is_forecast_from_one_alone(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("unit,usage,wear\na,1,0.1\na,2,0.2\n")
    (tmp_path / "now.csv").write_text("unit,usage,wear\nb,1,0.1\n")
    done = silverpoint(tmp_path, "forecast", "--history", "one.csv", "--target", "now.csv", "--limit", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["unit"] for line in done.stdout.splitlines()] == ["b"]


def test_a_backtest_prints_a_table_or_json(history: Path) -> None:
    table = silverpoint(history.parent, "backtest", "worn.csv", "--limit", "1")
    assert table.returncode == 0
    assert "CRPS/life" in table.stdout
    assert [line.split()[0] for line in table.stdout.splitlines()[3:8]] == ["30%", "50%", "70%", "90%", "all"]
    found = json.loads(silverpoint(history.parent, "backtest", "worn.csv", "--limit", "1", "--json").stdout)
    assert set(found["stages"]) == {"0.3", "0.5", "0.7", "0.9"}
    assert 0.0 < found["all"]["crps_per_life"] < 0.2


def test_a_backtest_without_an_ended_life_is_refused(history: Path) -> None:
    done = silverpoint(history.parent, "backtest", "worn.csv", "--limit", "1000")
    assert done.returncode == 2
    assert "reached the limit 1000" in done.stderr
