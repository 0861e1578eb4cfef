"""Reads the shipped boards as Grafana would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parents[2] / "dashboards" / "grafana" / "boards"
METRIC: Final = re.compile(r"\b(?:[a-z_]+:)?silverpoint_[a-z_]+(?::[a-z0-9_]+)?")


class Query(NamedTuple):
    """One query of one panel."""

    board: str
    panel: str
    expr: str


def shipped_boards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Its panels, without the headings."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def queries(board: Mapping[str, Any]) -> Iterator[Query]:
    for panel in panels(board):
        for target in panel["targets"]:
            yield Query(board["uid"], panel["title"], target["expr"])


def label_queries(board: Mapping[str, Any]) -> Iterator[Query]:
    """What fills the board's variables, as queries of Prometheus."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert match, variable["query"]
            yield Query(board["uid"], f"variable {variable['name']}", f"group by ({match[2]}) ({match[1]})")


def substituted(expr: str, values: Mapping[str, str]) -> str:
    """The query with the variables' values in the place of their names."""
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(f"${name}", values[name])
    assert "$" not in expr, expr
    return expr
