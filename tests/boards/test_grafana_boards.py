"""The boards as they ship: made by the code beside them, and whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.boards.boards import FOLDER, label_queries, panels, queries, shipped_boards

BOARDS = shipped_boards()
PROVISIONING = FOLDER.parent / "provisioning"
UIDS = {f"silverpoint-{name}" for name in ("fleet", "clinic", "device", "technician", "operator")}


def test_the_files_are_as_the_code_has_them() -> None:
    build = pytest.importorskip("dashboards.grafana.build", reason="needs grafana-foundation-sdk")
    assert build.stale() == []


def test_the_check_names_a_file_that_is_not_up_to_date(tmp_path: Path) -> None:
    build = pytest.importorskip("dashboards.grafana.build", reason="needs grafana-foundation-sdk")
    (tmp_path / "silverpoint-old.json").write_text("{}")
    build.write(tmp_path)
    assert build.stale(tmp_path) == []
    (tmp_path / "silverpoint-fleet.json").write_text("{}")
    command = [sys.executable, "-m", "dashboards.grafana.build", "--check", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("silverpoint-fleet.json is not up to date")


def test_there_is_a_board_for_each_reader() -> None:
    assert {board["uid"] for board in BOARDS} == UIDS
    assert all(board["tags"] == ["silverpoint"] and board["description"] for board in BOARDS)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_every_panel_is_whole(board: dict[str, Any]) -> None:
    shown = list(panels(board))
    assert len({(panel["title"], panel["type"]) for panel in shown}) == len(shown)
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(board["panels"]) + 1))
    for panel in shown:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
        columns = [override["properties"] for override in panel["fieldConfig"]["overrides"]]
        units = [setting["value"] for column in columns for setting in column if setting["id"] == "unit"]
        assert panel["fieldConfig"]["defaults"].get("unit") or units, panel["title"]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_no_two_panels_lie_on_each_other_and_rows_are_full(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
    assert len(taken) == 24 * (1 + max(y for _, y in taken))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_queries_use_only_variables_that_the_board_has(board: dict[str, Any]) -> None:
    named = {variable["name"] for variable in board["templating"]["list"]}
    assert {"datasource", "silverpoint"} <= named
    for query in (*queries(board), *label_queries(board)):
        for part in query.expr.split("$")[1:]:
            name = part.split('"')[0].split("]")[0]
            assert name in {*named, "__rate_interval"}, query


def test_links_lead_to_boards_that_exist_or_to_our_pages() -> None:
    for board in BOARDS:
        for address in addresses(board):
            path = address.partition("?")[0]
            assert path.startswith("${silverpoint}/") or path.removeprefix("/d/") in UIDS, address


def addresses(value: Any) -> list[str]:
    """Every `url` anywhere in it."""
    if isinstance(value, dict):
        own = [value["url"]] if value.get("url") else []
        return own + [address for part in value.values() for address in addresses(part)]
    return [address for part in value for address in addresses(part)] if isinstance(value, list) else []


def test_the_provisioning_files_name_where_the_boards_lie() -> None:
    provider = (PROVISIONING / "dashboards" / "silverpoint.yml").read_text()
    assert "/var/lib/grafana/silverpoint" in provider
    source = (PROVISIONING / "datasources" / "silverpoint.yml").read_text()
    assert "type: prometheus" in source
