"""Every page opened in German says nothing in English: no word that is neither German nor a name of the data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from busy_gateway import busy
from every_alert import every_alert
from seen_text import said_on, strange, vocabulary
from web_fleet import sample_fleet
from web_server import Access, Behind, web_app
from work_server import TELEPHONE, work_rig

from dashboards.reports.fleet import fleet_report
from dashboards.reports.html import html_report
from dashboards.reports.svg import drawn
from dashboards.web.strings import CATALOGUES, ENGLISH
from gateway.serve.access import LOCAL
from gateway.serve.people_csv import COLUMNS as PEOPLE_COLUMNS
from gateway.serve.registry_csv import COLUMNS, KINDS
from schemas.access import ROLES, Role, Scope
from schemas.alert import SEVERITIES
from schemas.lifetime_views import LifeNote
from tests.reports.facts import facts
from tests.serve.rig import CLINICS, NOW_MS, PASSWORD, Rig

GERMAN: Final = CATALOGUES["de"]
NAMES: Final = (
    *("d-one", "d-two", "d-three", "d-four", "n-one", "n-two", "n-three", "n-four", "n-five", "lot-a", "lot-b"),
    *("alsterdorf", "barmbek", "Praxis an der Alster", "North", "Laser room pen", "Room 4", TELEPHONE),
    *("kim", "mara", "lee", "fine-24", "pen-2", "Europe/Berlin", "CEST", "UTC", "part is ordered", "English"),
    *("telemetry", "session", "nozzle", "status", "MN-12", "SP-500", "Reception"),
    *("PNG", "SVG", "CSV", "HTML", "PDF", "http://gateway.test/calendar/lee/", ".ics"),
    *("discord", "pbul", "pover", "slack", "tgram", "threema", "twilio", "wxteams", "CHAT", "TOKEN", "Apprise"),
    *("discovered", "in_service", "repair", "storage", "retired"),
)
"""What people and devices are called, what somebody wrote, time zones, and codes of the contract."""
KNOWN: Final = vocabulary(GERMAN)


async def browser(rig: Rig, role: Role, name: str) -> httpx.AsyncClient:
    await rig.services.access.add_user(LOCAL, name, role, Scope(), PASSWORD)
    client = rig.client()
    client.headers.update({"accept-language": "de", "accept": "text/html"})
    await client.post("/login", data={"username": name, "password": PASSWORD, "next": "/"})
    return client


PATHS: Final = (
    "/", "/?wall=1", "/?show=due7", "/alerts", "/alerts?state=any", "/devices/d-one", "/devices/d-three",
    "/devices/d-one?span=year", f"/clinics/{CLINICS[0]}", f"/clinics/{CLINICS[1]}", "/work", "/work?days=30",
    "/work/orders", "/work/orders?state=any", "/work/orders/1", "/work/orders/2", "/silences", "/silences?past=1",
    "/registry", f"/registry?edit={CLINICS[0]}", "/registry?kind=device&edit=d-one", "/registry?kind=nozzle_model",
    "/registry?kind=lot", "/registry/people", "/registry/people?edit=lee", "/operator", "/product", "/reports",
    "/me/notifications", "/me/notifications?saved=1", "/me/notifications?test=soon", "/me/notifications?renewed=1",
    "/nowhere", "/devices/nobody", "/work/offline",
)  # fmt: skip
FORMS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("/silences", {"kind": "silence"}),
    ("/silences", {"kind": "maintenance", "rule": "clock_skew", "starts": "soon"}),
    ("/silences", {"clinic": CLINICS[0], "lasts_h": "often", "comment": "x" * 501}),
    ("/silences", {"clinic": CLINICS[0], "lasts_h": "99999"}),
    ("/silences", {"clinic": CLINICS[0], "starts": "2001-01-01T10:00", "lasts_h": "1"}),
    ("/silences", {"rule": "nothing", "clinic": "ä"}),
    (f"/registry/clinic/{CLINICS[0]}", {"timezone": "Mars/Olympus", "opening_hours": "always", "name": "y" * 201}),
    (f"/registry/clinic/{CLINICS[0]}", {"timezone": "Mars/Olympus", "opening_hours": "always"}),
    ("/registry/device/d-one", {"state": "lost"}),
    ("/registry/nozzle_model/fine-24", {"rated_strikes": "1.5", "coating_limit": "2", "lead_days": "-1", "price": "z"}),
    ("/registry/people", {"new": "1", "name": "/", "role": "manager", "password": "long enough"}),
    ("/registry/people", {"new": "1", "name": "lee", "role": "manager", "password": "long enough"}),
    ("/registry/people", {"new": "1", "name": "new", "role": "manager", "password": "short"}),
    ("/registry/people", {"new": "1", "name": "new", "role": "king"}),
    ("/registry/people", {"name": "lee", "role": "vendor"}),
    ("/me/notifications", {"email": "lee", "apprise": "json://127.0.0.1", "timezone": "Mars/Base"}),
    ("/me/notifications", {"quiet_from": "25:00", "quiet_until": "x", "digest_at": "8", "min_severity": "loud"}),
    ("/me/notifications", {"quiet_from": "22:00", "language": "tlh"}),
)
"""Forms with every kind of mistake."""
FILES: Final = (
    ("/registry/import", ""),
    ("/registry/import", "clinic_id,name\na,b\n"),
    ("/registry/import", "kind,kind,colour\n"),
    ("/registry/import", "kind,clinic_id,label,timezone\nclinic,x,,Mars\nclinic,x,L\nroom,y\nclinic,y,,UTC,more\n"),
    ("/registry/import", "kind,clinic_id\nclinic,x\nclinic,x\n"),
    ("/registry/import", 'kind,clinic_id\nclinic,"x'),
    ("/registry/people/import", "who\n"),
    ("/registry/people/import", "name,role,clinics,models,password\nann,king,,\nann,manager,,\nlee,admin,,,new one\n"),
    ("/registry/people/import", "name,role,clinics,models,password\nann,manager,,,a\n/,manager,,,long enough\n"),
    ("/registry/people/import", "name,role,clinics,models\nlee,manager,,\n"),
)


def told(html: str) -> list[str]:
    """What the page says that is neither German nor a name."""
    assert '<html lang="de"' in html
    return strange(said_on(html, "de"), KNOWN, NAMES)


async def test_no_page_of_a_busy_gateway_says_anything_in_english(tmp_path: Path) -> None:
    async with busy(tmp_path) as rig:
        client = await browser(rig, "admin", "lee")
        found = {}
        for path in PATHS:
            page = await client.get(path, follow_redirects=True)
            assert page.status_code in (200, 404), (path, page.status_code)
            found[path] = told(page.text)
        assert {path: texts for path, texts in found.items() if texts} == {}


async def test_a_gateway_in_trouble_says_so_in_german(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig:
        client = await browser(rig, "admin", "lee")
        rig.readiness.connected, rig.readiness.fault = False, "disk full"
        for path in ("/", "/operator"):
            assert told((await client.get(path)).text) == []


async def test_mistakes_are_told_in_german(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig:
        client = await browser(rig, "admin", "lee")
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
        found = {}
        for path, fields in FORMS:
            page = await client.post(path, data={**fields, "csrf": csrf})
            assert page.status_code == 422, (path, fields, page.status_code)
            typed = [*NAMES, *ROLES, *SEVERITIES, *fields.values()]
            found[path, str(fields)] = strange(said_on(page.text, "de"), KNOWN, typed)
        names = [*NAMES, *COLUMNS, *PEOPLE_COLUMNS, *ROLES, *KINDS, "password", "ann", "colour", "Mars"]
        for path, text in FILES:
            page = await client.post(path, data={"csrf": csrf}, files={"file": ("x.csv", text)})
            assert page.status_code == 422, (path, text, page.status_code)
            found[path, text] = strange(said_on(page.text, "de"), KNOWN, names)
        assert {form: texts for form, texts in found.items() if texts} == {}


async def test_errors_are_pages_in_german_for_people_and_problems_for_programs(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig:
        client = await browser(rig, "technician", "kim")
        forbidden = await client.post("/operator/quarantine/release", data={"csrf": "wrong"})
        assert forbidden.status_code == 403
        assert GERMAN.errors.titles["403"] in forbidden.text
        assert told(forbidden.text) == []
        assert "content-security-policy" in forbidden.headers
        for path, status in (("/work/orders/x", 404), ("/alerts", 405)):
            page = await (client.get if status == 404 else client.delete)(path)
            assert (page.status_code, told(page.text)) == (status, [])
        program = await client.get("/work/orders/x", headers={"accept": "application/json"})
        assert program.headers["content-type"] == "application/problem+json"
        assert (await client.get("/api/v1/nowhere")).headers["content-type"] == "application/problem+json"
        for query in ("", "?error=1", "?error=throttled"):
            stranger = await rig.client().get(f"/login{query}", headers={"accept-language": "de"})
            assert told(stranger.text) == []


async def test_what_each_role_sees_is_german(tmp_path: Path) -> None:
    async with busy(tmp_path) as rig:
        for role in ROLES:
            client = await browser(rig, role, f"{role}-1")
            names = [*NAMES, *re.findall(r"clinic-[a-z2-7]+", (await client.get("/")).text)]
            for path in ("/", "/alerts", "/work", "/product", "/devices/d-one"):
                page = await client.get(path, follow_redirects=True)
                assert strange(said_on(page.text, "de"), KNOWN, names) == [], (role, path)


async def test_an_english_page_would_be_found_out(tmp_path: Path) -> None:
    async with busy(tmp_path) as rig:
        client = await browser(rig, "admin", "lee")
        page = await client.get("/alerts", headers={"accept-language": "en"})
        found = "\n".join(strange(said_on(page.text, "en"), KNOWN, NAMES))
        assert ENGLISH.fleet.rules["clock_skew"] in found


def test_an_english_sentence_would_be_found_out() -> None:
    for alert in every_alert(CLINICS[0], "d-one", NOW_MS):
        assert strange([alert.summary], KNOWN, NAMES) != [], alert.summary


@pytest.mark.parametrize(
    "path", ["/product", "/product/use?by=weekday", "/product/use?by=form", "/product/demand", "/reports"]
)
async def test_the_pages_of_the_product_and_of_reports_are_german(path: str) -> None:
    behind = Behind(sample_fleet(12))
    notes = [
        LifeNote(code=code, text="", nozzles=3, of=9, wear=0.7)
        for code in ENGLISH.product.note_texts
        if code[:4] != "only"
    ]
    notes += [LifeNote(code=code, text="") for code in ENGLISH.product.note_texts_told]
    notes += [LifeNote(code="one_kind_of_evidence", text="", lot="L-BAD", evidence=kind) for kind in ("lives", "wear")]
    behind.product.notes = tuple(notes)
    transport = httpx.ASGITransport(web_app(behind.pages.fleet, Access(), behind=behind))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        page = await client.get(path, headers={"accept-language": "de"}, follow_redirects=True)
        names = [
            "L-BAD",
            "L-GOOD",
            "Rhône",
            "MN-12",
            "lyon",
            "Lyon",
            "North",
            "manager",
            *(view.name for view in behind.pages.fleet.clinic_views),
        ]
        assert strange(said_on(page.text, "de"), KNOWN, [*NAMES, *names]) == []


async def test_a_german_report_says_nothing_in_english_in_its_charts_either() -> None:
    report = fleet_report(facts(), GERMAN)
    html = html_report(report, drawn(report)).decode()
    clinics = {row.clinic for row in facts().use.clinics}
    assert strange(said_on(html, "de"), KNOWN, [*NAMES, *clinics, "CET"]) == []
