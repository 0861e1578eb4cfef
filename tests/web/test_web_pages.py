"""The pages about one thing over HTTP: who may open them, what they hide, what their forms do."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest
from web_fleet import MANAGER, NOW_MS, MemoryFleet, alert_view, clinic_view, device_view
from web_pages import DAY_MS
from web_server import CSRF, Access, Behind, web_app

from dashboards.web.live import LiveSource
from dashboards.web.pages.clinic import opening_hours_text
from dashboards.web.parts import PartsPage, parts_stream
from dashboards.web.strings import ENGLISH
from schemas.access import Viewer
from schemas.views import ForecastView, Quantiles

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
WORDS = ENGLISH.pages
VENDOR = Viewer("vendor", "vendor")


def small_fleet() -> MemoryFleet:
    views = [device_view(wear=1.04, label="Room 1"), device_view("SP-0002", wear=0.9, label="Room 2", charge=0.1)]
    clinic = clinic_view().model_copy(update={"contact": "office@lyon.example", "region": "Rhône"})
    return MemoryFleet(views, [clinic], [alert_view(4, views[0]), alert_view(5, views[1], severity="warning")])


def client_of(fleet: MemoryFleet, access: Access | None = None, behind: Behind | None = None) -> httpx.AsyncClient:
    app = web_app(fleet, access, behind=behind)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test")


async def text_of(path: str, access: Access | None = None, behind: Behind | None = None) -> str:
    fleet = behind.acts.fleet if behind else small_fleet()
    async with client_of(fleet, access, behind) as client:
        return (await client.get(path)).text


@pytest.mark.parametrize("path", ["/devices/SP-0001", "/clinics/lyon", "/alerts?state=any", "/registry", "/operator"])
async def test_a_stranger_is_led_from_every_page_to_the_sign_in_page_and_back(path: str) -> None:
    async with client_of(small_fleet(), Access(None)) as client:
        answer = await client.get(path)
        assert answer.status_code == 303
        assert httpx.URL(answer.headers["location"]).params["next"] == path
        assert (await client.get(f"{path.partition('?')[0]}/live")).status_code in (401, 404)


@pytest.mark.parametrize(
    "path", ["/devices/none", "/clinics/none", "/devices/SP-0001/charts/no.json", "/clinics/lyon/charts/no.json"]
)
async def test_what_is_not_there_answers_404(path: str) -> None:
    async with client_of(small_fleet()) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_viewer_finds_only_the_pages_that_the_role_may_open() -> None:
    fleet = small_fleet()
    behind = Behind(fleet)
    behind.pages.allowed = frozenset()
    async with client_of(fleet, behind=behind) as client:
        page = (await client.get("/alerts")).text
        for path in ("/registry", "/operator", "/registry/export.csv"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/operator/live")).status_code == 403
    nav = page.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', nav) == ["/", "/alerts"]
    assert WORDS.common.acknowledge not in page


async def test_the_device_page_tells_how_it_stands_and_what_it_went_through() -> None:
    page = await text_of("/devices/SP-0001?span=week")
    for told in ("104 %", "Room 1", "NZ-000001", "Mains", "1,204 so far", "inferred", "90,000"):
        assert told in page
    assert 'data-chart="/devices/SP-0001/charts/wear.json?span=week"' in page
    assert re.search(r'href="\?span=week"[^>]* aria-current', page)


async def test_a_forecast_is_told_until_the_nozzle_is_worn_out() -> None:
    spread = Quantiles(p10=9, p50=14, p90=22)
    forecast = ForecastView(remaining_sessions=spread, remaining_days=spread, replace_by="2026-12-01")
    for wear, told in ((0.7, True), (1.02, False)):
        view = device_view(wear=wear).model_copy(update={"forecast": forecast})
        fleet = MemoryFleet([view], [clinic_view()])
        page = await text_of("/devices/SP-0001", behind=Behind(fleet))
        assert ("Tue 1 Dec 2026" in page) is told
        assert ("14 sessions left" in page) is told


async def test_a_device_without_history_says_so() -> None:
    fleet = MemoryFleet([device_view(serial=None, wear=None)], [clinic_view()])
    behind = Behind(fleet)
    behind.pages.history = False
    page = await text_of("/devices/SP-0001", behind=behind)
    assert WORDS.device.sessions_empty in page
    assert WORDS.device.ledger_empty in page
    for chart in ("wear", "power", "calendar"):
        assert await text_of(f"/devices/SP-0001/charts/{chart}.json", behind=behind) == "null"


async def test_the_contact_of_a_clinic_is_hidden_from_vendors() -> None:
    assert "office@lyon.example" in await text_of("/clinics/lyon")
    assert "office@lyon.example" not in await text_of("/clinics/lyon", Access(VENDOR))


async def test_opening_hours_are_a_week_with_today_in_it() -> None:
    clinic = clinic_view().model_copy(update={"opening_hours": ",".join(["08:00-18:00"] * 6 + ["closed"])})
    page = await text_of("/clinics/lyon", behind=Behind(MemoryFleet([device_view()], [clinic])))
    assert page.count("08:00–18:00") == 6
    assert page.count('<tr class="today">') == 1
    assert WORDS.clinic.hours_unknown in await text_of("/clinics/lyon")


async def test_hostile_text_is_text_on_every_page() -> None:
    view = device_view(label=HOSTILE, lot="</script><script>alert(1)</script>")
    clinic = clinic_view(name=HOSTILE).model_copy(update={"contact": HOSTILE, "region": HOSTILE})
    fleet = MemoryFleet([view], [clinic], [alert_view(1, view, rule="battery_low", summary=HOSTILE)])
    async with client_of(fleet) as client:
        for path in ("/devices/SP-0001", "/clinics/lyon", "/alerts", "/registry", f"/registry?q={HOSTILE}"):
            page = (await client.get(path)).text
            assert "<img src=x" not in page
            assert "<script>" not in page
            assert not re.search(r"<style|\sstyle=|\son\w+=\"|javascript:", page.replace("onerror=&#34;", ""))


async def test_alerts_are_filtered_by_the_address_and_paged() -> None:
    fleet = small_fleet()
    fleet.alerts = [alert_view(number, fleet.views["SP-0001"]) for number in range(1, 61)]
    async with client_of(fleet) as client:
        first = (await client.get("/alerts?severity=critical")).text
        older = re.search(r'class="older"><a href="([^"]+)"', first)
        assert older is not None
        second = (await client.get(older.group(1).replace("&amp;", "&"))).text
        none = (await client.get("/alerts?state=resolved&rule=nonsense&before=x")).text
    assert (first.count('<li class="alert '), second.count('<li class="alert ')) == (50, 10)
    assert WORDS.alerts.none in none


async def test_an_alert_is_acknowledged_by_a_form_of_this_session_alone() -> None:
    fleet = small_fleet()
    async with client_of(fleet) as client:
        path = "/alerts/4/acknowledge"
        assert (await client.post(path, data={"next": "/"})).status_code == 403
        assert fleet.alerts[0].acknowledged_ms is None
        answer = await client.post(path, data={"csrf": CSRF, "next": "/devices/SP-0001"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/devices/SP-0001")
        away = await client.post(path, data={"csrf": CSRF, "next": "https://evil.example/"})
        assert away.headers["location"] == "/"
        late = await client.post("/alerts/99/acknowledge", data={"csrf": CSRF})
        assert WORDS.alerts.too_late in (await client.get(late.headers["location"])).text
    assert fleet.alerts[0].acknowledged_by == MANAGER.name


async def test_a_registry_entry_is_edited_and_its_mistakes_keep_what_was_typed() -> None:
    fleet = small_fleet()
    behind = Behind(fleet)
    form = {"csrf": CSRF, "name": "Lyon Sud", "timezone": "Europe/Nowhere", "stranger": "x"}
    async with client_of(fleet, behind=behind) as client:
        behind.acts.mistakes = ("timezone: no such zone",)
        wrong = await client.post("/registry/clinic/lyon", data=form)
        assert wrong.status_code == 422
        assert "timezone: no such zone" in wrong.text
        assert 'value="Europe/Nowhere"' in wrong.text
        behind.acts.mistakes = ()
        done = await client.post("/registry/clinic/lyon", data=form)
        assert done.status_code == 303
        assert "Saved lyon." in (await client.get(done.headers["location"])).text
        assert (await client.post("/registry/token/x", data=form)).status_code == 404
    assert behind.acts.saved == [("clinic", "lyon", {"name": "Lyon Sud", "timezone": "Europe/Nowhere"})]


async def test_the_registry_is_imported_whole_and_exported() -> None:
    fleet = small_fleet()
    behind = Behind(fleet)
    async with client_of(fleet, behind=behind) as client:
        files = {"file": ("registry.csv", "kind,clinic_id\nclinic,lyon\n", "text/csv")}
        assert "Imported 2 entries." in (await client.post("/registry/import", data={"csrf": CSRF}, files=files)).text
        behind.acts.mistakes = ("line 2: kind: write one of clinic",)
        wrong = await client.post("/registry/import", data={"csrf": CSRF}, files=files)
        assert (wrong.status_code, "line 2: kind" in wrong.text) == (422, True)
        empty = await client.post("/registry/import", data={"csrf": CSRF})
        assert WORDS.registry.import_nothing in empty.text
        exported = await client.get("/registry/export.csv")
    assert behind.acts.imported == ["kind,clinic_id\nclinic,lyon\n"] * 2
    assert "attachment" in exported.headers["content-disposition"]


async def test_a_large_registry_is_searched_and_paged() -> None:
    fleet = MemoryFleet([device_view(f"SP-{number:04}") for number in range(120)], [clinic_view()])
    async with client_of(fleet) as client:
        page = (await client.get("/registry?kind=device&page=2")).text
        found = (await client.get("/registry?kind=device&q=sp-0077")).text
        beyond = (await client.get("/registry?kind=device&page=999")).text
    assert "SP-0050" in page
    assert "SP-0049" not in page
    assert page.count('<th scope="row">') == 50
    assert found.count('<th scope="row">') == 1
    assert "Page 3 of 3" in beyond


async def test_the_operator_sees_rate_latency_and_why_messages_were_rejected() -> None:
    page = await text_of("/operator")
    for told in ("212", "99 % within 88 ms", "out_of_range", "samples[2].power.charge", "412 MB", "88 GB free"):
        assert told in page


async def test_a_chart_is_a_spec_for_the_page_and_a_picture_for_everything_else() -> None:
    async with client_of(small_fleet()) as client:
        spec = (await client.get("/devices/SP-0001/charts/power.json?span=day")).json()
        picture = await client.get("/devices/SP-0001/charts/power.svg?span=day&colours=dark")
    assert "var(--accent)" in json.dumps(spec)
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "#8fb6ff" in picture.text
    assert "var(" not in picture.text


async def test_a_stream_of_parts_sends_what_changed_and_ends_with_what_it_is_about() -> None:
    fleet = small_fleet()
    drawn: dict[str, str] | None = {"now": "<p>1</p>", "alerts": "<p>none</p>"}

    async def draw() -> dict[str, str] | None:
        return drawn

    async def still_viewer() -> Viewer:
        return MANAGER

    page = PartsPage(draw, lambda change: bool(change.devices), still_viewer, look_s=60)
    events = parts_stream(LiveSource(fleet, lambda: NOW_MS, "v"), MANAGER, page)
    assert await _next(events) == "hello"
    assert [await _next(events), await _next(events)] == ["part now", "part alerts"]
    drawn = {"now": "<p>2</p>", "alerts": "<p>none</p>"}
    fleet.push(device_view())
    assert await _next(events) == "part now"
    drawn = None
    fleet.push(device_view())
    assert await _next(events) == "bye"
    with pytest.raises(StopAsyncIteration):
        await _next(events)
    assert not fleet.followers


async def _next(events: object) -> str:
    text = (await asyncio.wait_for(anext(events), 5)).decode()  # type: ignore[call-overload]
    fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
    part = json.loads(fields["data"]).get("id")
    return f"{fields['event']} {part}" if part else fields["event"]


async def test_people_are_shown_with_what_they_see_and_saved_by_a_form_with_the_token() -> None:
    behind = Behind(small_fleet())
    async with client_of(behind.acts.fleet, behind=behind) as client:
        page = (await client.get("/registry/people?edit=vendor")).text
        assert "Vendor" in page
        assert 'value="MN-12"' in page
        form = {"name": "vendor", "role": "vendor", "clinics": "lyon", "models": ""}
        assert (await client.post("/registry/people", data=form)).status_code == 403
        done = await client.post("/registry/people", data={**form, "csrf": CSRF})
        assert (done.status_code, done.headers["location"]) == (303, "/registry/people?saved=vendor")
        assert behind.acts.people[0][0] == "vendor"
        behind.acts.mistakes = ("password: too short",)
        new = {"name": "<b>", "role": "technician", "password": "x", "new": "1", "csrf": CSRF}
        again = await client.post("/registry/people", data=new)
    assert again.status_code == 422
    assert "password: too short" in again.text
    assert "&lt;b&gt;" in again.text
    assert 'value="x"' not in again.text


async def test_whoever_may_not_manage_access_finds_no_people() -> None:
    behind = Behind(small_fleet())
    behind.pages.allowed = frozenset({"registry"})
    async with client_of(behind.acts.fleet, behind=behind) as client:
        for path in ("/registry/people", "/registry/people/export.csv"):
            assert (await client.get(path)).status_code == 404


async def test_what_a_spreadsheet_would_run_is_text_in_every_download() -> None:
    behind = Behind(small_fleet())
    bad = behind.pages.persons[0].model_copy(update={"name": "=cmd|calc", "clinics": ("@SUM(1)",)})
    behind.pages.persons = [bad]
    async with client_of(behind.acts.fleet, behind=behind) as client:
        answer = await client.get("/registry/people/export.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert answer.text.splitlines()[1] == "'=cmd|calc,manager,'@SUM(1),"


async def test_the_operator_releases_what_is_complete_and_sees_what_was_given_up() -> None:
    behind = Behind(small_fleet())
    async with client_of(behind.acts.fleet, behind=behind) as client:
        page = (await client.get("/operator")).text
        assert "550 no such mailbox" in page
        assert (await client.post("/operator/quarantine/1/release")).status_code == 403
        one = await client.post("/operator/quarantine/1/release", data={"csrf": CSRF})
        everything = await client.post("/operator/quarantine/release", data={"csrf": CSRF})
        told = (await client.get(everything.headers["location"])).text
    assert (one.status_code, behind.acts.released) == (303, [1, None])
    assert "1 entry was taken in after all. 2 stay in quarantine" in told


async def test_a_message_that_was_given_up_is_sent_again_by_a_form_with_the_token() -> None:
    behind = Behind(small_fleet())
    async with client_of(behind.acts.fleet, behind=behind) as web:
        assert 'action="/operator/messages/4/again"' in (await web.get("/operator")).text
        assert (await web.post("/operator/messages/4/again")).status_code == 403
        done = await web.post("/operator/messages/4/again", data={"csrf": CSRF})
        assert done.headers["location"] == "/operator?again=1#operator-outbox"
        assert ENGLISH.outbox.again_done in (await web.get("/operator?again=1")).text
        gone = await web.post("/operator/messages/9/again", data={"csrf": CSRF})
        assert ENGLISH.outbox.again_gone in (await web.get(gone.headers["location"])).text
    assert behind.acts.again == [4, 9]


async def test_people_are_imported_from_a_file_or_told_what_is_wrong_with_it() -> None:
    behind = Behind(small_fleet())
    given = {"file": ("people.csv", b"name,role,clinics,models\n", "text/csv")}
    async with client_of(behind.acts.fleet, behind=behind) as web:
        assert (await web.post("/registry/people/import", files=given)).status_code == 403
        done = await web.post("/registry/people/import", files=given, data={"csrf": CSRF})
        assert "Imported 2 people." in done.text
        behind.acts.mistakes = ("line 2: role: write one of &<",)
        wrong = await web.post("/registry/people/import", files=given, data={"csrf": CSRF})
        assert (wrong.status_code, "line 2: role: write one of &amp;&lt;" in wrong.text) == (422, True)
        nothing = await web.post("/registry/people/import", data={"csrf": CSRF})
        assert nothing.status_code == 422
    assert behind.acts.people_files == ["name,role,clinics,models\n"] * 2


async def test_a_device_page_goes_back_and_forth_in_time() -> None:
    week_ms = 7 * DAY_MS
    async with client_of(small_fleet()) as web:
        now = (await web.get("/devices/SP-0001?span=week")).text
        assert f'rel="prev" href="?span=week&amp;until={NOW_MS - week_ms}"' in now
        assert 'rel="next" hidden' in now
        before = (await web.get(f"/devices/SP-0001?span=week&until={NOW_MS - week_ms}")).text
        assert f'href="?span=day&amp;until={NOW_MS - week_ms}"' in before
        assert 'rel="next" href="?span=week"' in before
        for nonsense in ("x", "-1", "9" * 40, "²", str(NOW_MS + 1)):
            assert 'rel="next" hidden' in (await web.get("/devices/SP-0001", params={"until": nonsense})).text
        chart = await web.get(f"/devices/SP-0001/charts/wear.json?span=week&until={NOW_MS - week_ms}")
        assert chart.json() != (await web.get("/devices/SP-0001/charts/wear.json?span=week")).json()


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (",".join(["08:00-18:00"] * 5 + ["09:00-14:00", "closed"]), "Mon–Fri 08:00–18:00, Sat 09:00–14:00, Sun closed"),
        (",".join(["closed"] * 7), "Mon–Sun closed"),
        ("whenever", "whenever"),
        ("", ""),
    ],
)
def test_opening_hours_are_said_in_a_line(hours: str, said: str) -> None:
    assert opening_hours_text(hours, ENGLISH) == said
