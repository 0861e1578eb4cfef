"""The product's report: from a store without a gateway, and from what a gateway published."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dashboards.reports.product import product_report
from dashboards.web.strings import CATALOGUES
from gateway.clock import ManualClock
from gateway.serve.dispatch import VENDOR
from gateway.serve.product_reader import stored_product
from gateway.serve.reports.make import ProductJob, make_product
from gateway.store.sqlite import SqliteStore
from schemas.access import Viewer
from schemas.lifetime_views import LifetimesView
from schemas.product_pages import ProductFacts
from tests.store.store_records import NOW_MS


async def stored_facts(path: Path, viewer: Viewer) -> ProductFacts:
    store = await SqliteStore.open(str(path))
    try:
        return await (await stored_product(store, ManualClock(NOW_MS))).facts(viewer)
    finally:
        await store.close()


async def test_a_store_that_knows_nothing_makes_a_report_that_says_so(tmp_path: Path) -> None:
    facts = await stored_facts(tmp_path / "s.db", VENDOR)
    assert facts.lots.window == "2025-Q4"
    for language in sorted(CATALOGUES):
        page = product_report(facts, CATALOGUES[language])
        assert page.summary == (CATALOGUES[language].product.lives_none,)
        made = await asyncio.to_thread(make_product, ProductJob(facts, "pdf", language))
        assert made.content.startswith(b"%PDF-")
        assert made == make_product(ProductJob(facts, "pdf", language))


async def test_facts_travel_through_the_local_socket_as_they_are(tmp_path: Path) -> None:
    facts = await stored_facts(tmp_path / "s.db", VENDOR)
    assert ProductFacts.model_validate(facts.model_dump(mode="json")) == facts
    assert isinstance(facts.models, LifetimesView)
