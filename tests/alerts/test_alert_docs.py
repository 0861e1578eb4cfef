"""docs/alerts.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.alerts.inhibition import INHIBITED_BY, PARENTS
from gateway.alerts.rehearse_records import BY_RECORD
from gateway.config_alerts import DEFAULTS
from schemas.alert import RULES

DOCS = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
UNITS_S = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose header begins so."""
    lines = DOCS.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(heading)) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip(" `") for cell in line.strip("|").split("|")])
    return rows


def seconds(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number) * UNITS_S[unit or "s"]


def test_every_rule_is_listed_with_its_defaults() -> None:
    rows = table("| rule | severity |")
    assert [row[0] for row in rows] == list(RULES)
    for rule, row in zip(RULES, rows, strict=True):
        settings = DEFAULTS[rule]
        written = (row[1], seconds(row[2]), seconds(row[3]))
        assert written == (settings.severity, settings.hold_s, settings.keep_firing_s), rule


def test_every_level_is_listed_with_its_default() -> None:
    keys = ("threshold", "hysteresis", "critical", "low")
    listed = {row[0]: tuple(float(cell) if cell else None for cell in row[2:]) for row in table("| rule | unit |")}
    levels = {rule: tuple(getattr(DEFAULTS[rule], key) for key in keys) for rule in RULES}
    assert listed == {rule: found for rule, found in levels.items() if any(level is not None for level in found)}


def test_every_inhibition_is_listed() -> None:
    pairs = {(re.findall(r"\w+_\w+", row[0])[0], re.findall(r"\w+_\w+", row[1])[0]) for row in table("| while this")}
    assert pairs == {(by, rule) for rule, others in INHIBITED_BY.items() for by in others} | {
        (parent, child) for child, parent in PARENTS.items()
    }


def test_what_can_be_rehearsed_is_said() -> None:
    tuning = DOCS[DOCS.index("## Tuning") : DOCS.index("| you see |")]
    assert all(f"`{rule}`" in tuning for rule in BY_RECORD if rule.startswith(("nozzle", "data", "message")))
