"""The product's pages: what each role is told, what can be taken along, and what hostile names do in it."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from web_fleet import sample_fleet
from web_server import Access, Behind, web_app

from schemas.access import Scope, Viewer

VENDOR = Viewer("vendor", "vendor", Scope(clinics=frozenset()))
HOSTILE = "<img src=x onerror=alert(1)>"


def client(behind: Behind, viewer: Viewer | None = None) -> httpx.AsyncClient:
    access = Access(viewer) if viewer is not None else Access()
    transport = httpx.ASGITransport(web_app(behind.pages.fleet, access, behind=behind))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", follow_redirects=True)


async def test_lots_are_told_with_their_curves_numbers_at_risk_and_reasons() -> None:
    behind = Behind(sample_fleet(12))
    async with client(behind) as asking:
        page = (await asking.get("/product")).text
        for text in (
            "L-BAD",
            "shorter",
            "0.60 (0.48 to 0.72), p &lt; 0.0001",
            "others together",
            "2026-W20",
        ):
            assert text in page
        assert 'data-chart="/product/lives/charts/survival-0.json?by=lot"' in page
        spec = (await asking.get("/product/lives/charts/survival-0.json?by=lot")).json()
        assert "L-BAD (shorter)" in str(spec)
        picture = await asking.get("/product/lives/charts/survival-0.svg?by=lot")
        assert picture.headers["content-type"] == "image/svg+xml"


async def test_each_chart_gives_the_numbers_that_it_shows() -> None:
    behind = Behind(sample_fleet(12))
    behind.product.region = "=HYPERLINK(1)"
    async with client(behind) as asking:
        curve = await asking.get("/product/lives/charts/survival-0.csv?by=lot")
        assert curve.headers["content-disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(curve.text.lstrip("\ufeff"))))
        assert rows[0] == ["By", "Strikes (million)", "Share", "Low", "High", "At risk"]
        assert len(rows) == 1 + 3 * 8
        rates = await asking.get("/product/use/charts/rates.csv?by=region")
        assert "'=HYPERLINK(1)" in rates.text
        needs = await asking.get("/product/demand/charts/need-0.csv?by=fleet")
        assert len(needs.text.splitlines()) == 14
        assert (await asking.get("/product/demand/charts/need-7.csv")).status_code == 404
        assert (await asking.get("/product/lives/charts/survival-0.exe")).status_code == 404


async def test_clinics_have_names_for_staff_and_none_for_vendors() -> None:
    fleet = sample_fleet(12)
    behind = Behind(fleet)
    behind.product.region, name = fleet.clinic_views[0].id, fleet.clinic_views[0].name
    async with client(behind) as asking:
        assert name in (await asking.get("/product/use?by=clinic")).text
    async with client(behind, VENDOR) as asking:
        page = (await asking.get("/product/use?by=clinic")).text
    assert behind.product.asked == [("manager", "use", "clinic"), ("vendor", "use", "model")]
    assert name not in page


async def test_a_vendor_lands_on_the_product_and_finds_nothing_else() -> None:
    behind = Behind(sample_fleet(3))
    async with client(behind, VENDOR) as asking:
        page = await asking.get("/")
        assert page.url.path == "/product/lives"
        assert "2026-Q3" in page.text
        assert 'href="/alerts"' not in page.text


async def test_a_vendor_is_told_of_which_nozzles_the_numbers_are_and_as_of_when() -> None:
    """A quarter's answer is kept: weeks later it says nothing of the nozzles that were fitted since."""
    behind = Behind(sample_fleet(3))
    async with client(behind, VENDOR) as asking:
        page = (await asking.get("/product/lives")).text
        assert "fitted by the end of 2026-Q3, as they stood on Sun 22 Nov 2026" in page
        german = (await asking.get("/product/lives", headers={"accept-language": "de"})).text
        assert "bis zum Ende von 2026-Q3 aufgesetzt waren, mit ihrem Stand vom So" in german
    async with client(behind) as asking:
        assert "2026-Q3" not in (await asking.get("/product/lives")).text


async def test_a_vendor_sees_the_sessions_of_each_whole_month_and_no_column_without_a_number() -> None:
    behind = Behind(sample_fleet(3))
    async with client(behind, VENDOR) as asking:
        page = (await asking.get("/product/use")).text
        assert 'data-chart="/product/use/charts/months.json' in page
        rows = list(csv.reader(io.StringIO((await asking.get("/product/use/charts/months.csv")).text.lstrip("\ufeff"))))
        assert rows[0] == ["Month", "By", "Sessions"]
        assert ["2026-09-01", "FM2", "90"] in rows
        demand = (await asking.get("/product/demand")).text
        assert "Order now" not in demand
        assert "Place" not in demand


async def test_the_products_report_is_downloaded_in_ones_own_language() -> None:
    behind = Behind(sample_fleet(3))
    async with client(behind, VENDOR) as asking:
        made = await asking.get("/reports/product.pdf", headers={"accept-language": "de"})
        assert made.content == b"the product"
    assert behind.reports.products == [("vendor", "de")]


@pytest.mark.parametrize("path", ["/product/lives", "/product/use?by=region&months=12", "/product/demand?by=region"])
async def test_hostile_names_are_text(path: str) -> None:
    behind = Behind(sample_fleet(3))
    behind.product.region = HOSTILE
    async with client(behind) as asking:
        page = await asking.get(path)
        assert page.status_code == 200
        assert "<img src=x" not in page.text
        german = await asking.get(path, headers={"accept-language": "de"})
        assert "Lebensdauer" in german.text


async def test_what_makes_no_sense_in_an_address_is_the_usual() -> None:
    behind = Behind(sample_fleet(3))
    async with client(behind) as asking:
        assert (await asking.get("/product/use?by=king&months=900")).status_code == 200
        assert (await asking.get("/product/nothing")).status_code == 404
    assert behind.product.asked == [("manager", "use", "region")]


async def test_who_may_not_know_is_told_nothing() -> None:
    from web_pages import MemoryPages

    behind = Behind(sample_fleet(3))
    behind.pages = MemoryPages(behind.pages.fleet, frozenset())
    async with client(behind) as asking:
        for path in ("/product/lives", "/product/lives/charts/survival-0.csv", "/reports/product.pdf"):
            assert (await asking.get(path)).status_code == 404
    assert behind.product.asked == []
