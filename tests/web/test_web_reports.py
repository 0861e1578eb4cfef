"""The reports' page: who may have which file, in which language, under which name."""

from __future__ import annotations

from dataclasses import replace

import httpx
from web_fleet import MANAGER, sample_fleet
from web_pages import MemoryPages
from web_server import Access, Behind, web_app


async def test_each_month_can_be_downloaded_for_the_fleet_and_for_a_clinic() -> None:
    fleet = sample_fleet(12)
    behind = Behind(fleet)
    clinic = fleet.clinic_views[0]
    transport = httpx.ASGITransport(web_app(fleet, behind=behind))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        page = await client.get("/reports")
        assert "November 2026 so far" in page.text
        assert 'href="/reports/2026-10.pdf"' in page.text
        of_clinic = await client.get(f"/reports?clinic={clinic.id}")
        assert f'href="/reports/2026-10.html?clinic={clinic.id}"' in of_clinic.text
        made = await client.get(f"/reports/2026-10.pdf?clinic={clinic.id}", headers={"accept-language": "de"})
        assert made.content == b"the report"
        assert made.headers["content-type"] == "application/pdf"
        assert made.headers["content-disposition"] == 'attachment; filename="silverpoint-report.pdf"'
        assert behind.reports.asked == [((2026, 10), clinic.id, "de")]


async def test_what_is_not_a_report_or_not_in_sight_is_missing() -> None:
    fleet = sample_fleet(3)
    behind = Behind(fleet)
    transport = httpx.ASGITransport(web_app(fleet, behind=behind))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        for path in ("2026-13.pdf", "2026-10.exe", "1999-10.pdf", "2026-10.pdf?clinic=nowhere", "..%2fx"):
            assert (await client.get(f"/reports/{path}")).status_code == 404
    assert behind.reports.asked == []


async def test_who_may_not_have_reports_sees_none() -> None:
    fleet = sample_fleet(3)
    behind = Behind(fleet)
    behind.pages = MemoryPages(fleet, frozenset())
    technician = Access(replace(MANAGER, role="technician"))
    transport = httpx.ASGITransport(web_app(fleet, technician, behind=behind))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        assert (await client.get("/reports")).status_code == 404
        assert (await client.get("/reports/2026-10.pdf")).status_code == 404
        assert '"/reports"' not in (await client.get("/")).text
    assert behind.reports.asked == []


async def test_a_stranger_is_led_to_the_sign_in_page() -> None:
    transport = httpx.ASGITransport(web_app(sample_fleet(3), Access(None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        assert (await client.get("/reports/2026-10.pdf")).status_code == 303
