"""A vendor who asks for everything that the API has gets no row, and no number about fewer clinics than k."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.access import Scope
from tests.serve.rig import Rig, fill, opened_rig

PUBLISHED = {"/fleet/usage", "/fleet/lots", "/fleet/demand", "/me"}
FILLED_IN = {
    "{device_id}": "d-one", "{serial}": "n-one", "{clinic_id}": "alsterdorf", "{model}": "fine-24", "{lot}": "lot-a",
    "{alert_id}": "1", "{silence_id}": "1", "{order_id}": "1",
}  # fmt: skip


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    opened = await opened_rig(tmp_path)
    await fill(opened)
    yield opened
    await opened.store.close()


def paths_of(document: dict[str, dict[str, dict[str, object]]]) -> list[str]:
    found = []
    for path, methods in document["paths"].items():
        if "get" in methods and path.startswith("/api/v1/"):
            for name, value in FILLED_IN.items():
                path = path.replace(name, value)  # noqa: PLW2901
            found.append(path.removeprefix("/api/v1"))
    return found


@pytest.mark.parametrize(
    "scope", [Scope(), Scope(clinics=frozenset({"alsterdorf"})), Scope(models=frozenset({"pen-2"}))]
)
async def test_of_all_that_can_be_asked_only_what_is_published_is_answered(rig: Rig, scope: Scope) -> None:
    async with await rig.client_of("vendor", scope) as client:
        asked = paths_of((await client.get("/api/v1/openapi.json")).json())
        assert set(asked) > PUBLISHED
        for path in asked:
            queries = [{"by": by} for by in ("model", "firmware", "clinic", "region", "day", "lot", "fleet")]
            for query in queries if path.startswith("/fleet/") else [{}]:
                answer = await client.get(f"/api/v1{path}", params=query)
                if path not in PUBLISHED:
                    assert answer.status_code == 403, path
                elif path != "/me" and answer.status_code == 200:
                    assert answer.json()["items"] == [], (path, query)
                    assert not answer.json().get("total"), (path, query)
                assert not re.search(r"alsterdorf|barmbek|d-one|d-two|d-three|n-one|clinic-\w{16}", _said(answer.text))


@pytest.mark.parametrize(
    "path", ["/", "/alerts", "/devices/d-one", "/clinics/alsterdorf", "/registry", "/work", "/live"]
)
async def test_no_page_shows_a_vendor_a_clinic_or_a_device(rig: Rig, path: str) -> None:
    async with await rig.client_of("vendor") as client:
        if path == "/live":
            path = "/live/snapshot"
        page = await client.get(path)
        said = page.text.replace(path, "")
        assert not re.search(r"alsterdorf|barmbek|Praxis|d-one|d-two|d-three|n-one|n-two|n-three", said), path


def _said(text: str) -> str:
    """The answer without the address that was asked."""
    return re.sub(r'"(instance|detail)": ?"[^"]*"', "", text)
