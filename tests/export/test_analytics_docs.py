"""The reference of the files and the recipes say what is so: the recipes are run as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from bench.export_store import make_store
from gateway.export.exporter import export
from gateway.export.manifest import Manifest
from gateway.export.tables import TABLES, Kind
from gateway.export.vendor_tables import VENDOR_TABLES
from gateway.store.open import open_export

TEXT = (Path(__file__).parents[2] / "docs" / "analytics.md").read_text()
KINDS: dict[Kind, str] = {
    "text": "text", "int": "integer", "float": "number", "bool": "boolean", "floats": "list of numbers",
}  # fmt: skip


@pytest.mark.parametrize("shape", [*TABLES, *VENDOR_TABLES], ids=lambda shape: shape.order)
def test_the_reference_has_every_column_and_no_other(shape: object) -> None:
    assert shape in TABLES or shape in VENDOR_TABLES
    title = f"{shape.name}, for vendors" if shape in VENDOR_TABLES else shape.name  # type: ignore[attr-defined]
    section = re.search(rf"^#### {title}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| (.*) \|$", section[1], re.MULTILINE)
    fields = shape.fields  # type: ignore[attr-defined]
    assert rows == [(field.name, KINDS[field.kind], field.meaning) for field in fields]
    assert f"`{shape.order}`" in section[1]  # type: ignore[attr-defined]


async def test_every_recipe_runs_and_finds_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = re.findall(
        r"```sql\n(.*?)```", TEXT.partition("### Recipes")[2].partition("### The archive")[0], re.DOTALL
    )
    assert len(recipes) >= 6
    await make_store(tmp_path / "store.db", devices=6, days=3, samples=0)
    source = open_export(f"sqlite:///{tmp_path / 'store.db'}")
    asked = Manifest("parquet", None, (None, None), 0, 1 << 62)
    export(source, tmp_path / "history", asked, None, lambda done, total: None)
    source.close()
    monkeypatch.chdir(tmp_path)
    for recipe in recipes:
        found = duckdb.sql(recipe)
        if found is not None:
            assert found.fetchall(), recipe
    assert (tmp_path / "week.csv").stat().st_size > 1_000
