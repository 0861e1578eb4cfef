"""The page of one's own notifications: what it says, what it sets, and a test message that really goes out."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydantic import SecretStr
from work_server import work_rig

from gateway.config_notify import NotifyConfig
from gateway.notify.channels.base import Envelope
from gateway.notify.delivery import Deliverer
from gateway.notify.receivers import directory
from gateway.serve.access import LOCAL
from gateway.store.notify_rows import NotificationSettings
from schemas.access import Role, Scope
from tests.serve.rig import CLINIC_NAME, CLINICS, EVERYTHING, NOW_MS, PASSWORD, Rig

PATH: Final = "/me/notifications"
ROUTED: Final = NotifyConfig.model_validate(
    {
        "smtp_url": "smtp://127.0.0.1:1",
        "routes": [
            {"roles": "technician", "clinics": list(CLINICS), "min_severity": "info"},
            {
                "rules": ["mains_lost"],
                "hours": "off",
                "on_call": "night",
                "escalate": [{"after_s": 900, "roles": "manager"}],
            },
            {"users": "nobody-else"},
        ],
        "rotations": [
            {"name": "night", "people": ["kim", "lee"], "starts": "2025-10-06T09:00", "timezone": "Europe/Berlin"}
        ],
    }
)
"""NOW_MS is the Thursday of the first week."""
MAILS: Final = NotifyConfig(smtp_url=SecretStr("smtp://127.0.0.1:1"))
WANTED: Final = {
    "email": "kim@example.org", "apprise": "", "timezone": "Europe/Berlin", "quiet_from": "22:00",
    "quiet_until": "07:00", "digest_at": "", "min_severity": "warning", "language": "de",
}  # fmt: skip


@asynccontextmanager
async def signed_in(rig: Rig, name: str, role: Role, scope: Scope = EVERYTHING) -> AsyncIterator[httpx.AsyncClient]:
    await rig.services.access.add_user(LOCAL, name, role, scope, PASSWORD)
    async with rig.client() as client:
        client.headers.update({"accept": "text/html"})
        await client.post("/login", data={"username": name, "password": PASSWORD, "next": "/"})
        yield client


async def csrf_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/api/v1/me")).json()["csrf"])


async def sent(client: httpx.AsyncClient, path: str = PATH, **fields: str) -> httpx.Response:
    return await client.post(path, data={**fields, "csrf": await csrf_of(client)})


def text_of(page: str) -> str:
    """What the page says."""
    body = page[page.index("<main") : page.index("</main>")]
    hidden = re.compile(r"<(script|option|datalist).*?</\1>|<[^>]+>", re.DOTALL)
    return " ".join(html.unescape(hidden.sub(" ", body)).split())


async def settings_of(rig: Rig, name: str) -> NotificationSettings | None:
    return next((row for row in await rig.store.notification_settings() if row.user_name == name), None)


class Taken:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def send(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


def deliverer(rig: Rig, channel: Taken, config: NotifyConfig) -> Deliverer:
    parts = rig.services.parts

    async def people() -> Any:
        settings = {row.user_name: row for row in await rig.store.notification_settings()}
        users = await rig.store.users()
        return directory(config, [(user, settings[user.name]) for user in users if user.name in settings])

    return Deliverer(
        store=rig.store, channels={"email": channel, "apprise": channel}, directory=people, max_attempts=3,
        clock=parts.clock, events=parts.events,
    )  # fmt: skip


async def test_what_is_typed_is_saved_as_the_api_saves_it(tmp_path: Path) -> None:
    async with work_rig(tmp_path, MAILS) as rig, signed_in(rig, "kim", "technician") as kim:
        first = (await kim.get(PATH)).text
        assert "Nothing is sent to you yet" in first
        assert 'name="timezone" value="UTC"' in first
        answer = await sent(kim, **WANTED)
        assert answer.headers["location"] == f"{PATH}?saved=1"
        page = (await kim.get(answer.headers["location"])).text
        assert "Saved. It counts from the next message on." in page
        for field in ('value="kim@example.org"', 'value="22:00"', 'value="07:00"', '<option value="de" selected'):
            assert field in page
        assert (await kim.get("/api/v1/me/notifications")).json() == {
            "email": "kim@example.org", "apprise": None, "timezone": "Europe/Berlin", "quiet_hours": "22:00-07:00",
            "digest_at": "", "min_severity": "warning", "language": "de", "told": True,
        }  # fmt: skip
        (audit, *_) = await rig.store.audit(limit=1, before=None)
        assert (audit.actor, audit.action) == ("kim", "edit_notifications")


async def test_mistakes_stand_at_their_fields_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "kim", "technician") as kim:
        typed = {**WANTED, "email": "kim at home", "timezone": "Mars/Base", "quiet_until": "", "digest_at": "8"}
        answer = await sent(kim, **typed)
        assert answer.status_code == 422
        for field, said in {
            "email": "Write one mail address, such as service@example.org",
            "timezone": "“Mars/Base” is no time zone; write one such as Europe/Berlin",
            "quiet_hours": "Write two times of day, such as 22:00 and 07:00",
            "digest_at": "Write a time of day, such as 08:30",
        }.items():
            assert f'id="fault-{field}">{said}<' in answer.text
            assert f'aria-describedby="fault-{field} hint-{field}" aria-invalid="true"' in answer.text
        for value in ("kim at home", "Mars/Base", "22:00"):
            assert f'value="{value}"' in answer.text
        assert "Nothing is saved yet" in answer.text
        assert await settings_of(rig, "kim") is None


@pytest.mark.parametrize("role", ["admin", "manager", "technician"])
async def test_everybody_who_is_told_finds_the_page_from_every_other(tmp_path: Path, role: Role) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "ann", role) as ann:
        page = (await ann.get("/alerts")).text
        assert f'<a class="who" href="{PATH}"' in page
        foot = page[page.index("<footer") :]
        assert f'<a href="{PATH}">My notifications</a>' in foot
        assert (await ann.get(PATH)).status_code == 200


async def test_vendors_have_no_such_page_and_strangers_sign_in_first(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig:
        async with signed_in(rig, "vera", "vendor") as vera:
            assert (await vera.get(PATH)).status_code == 404
            assert PATH not in (await vera.get("/product", follow_redirects=True)).text
            assert (await sent(vera, **WANTED)).status_code == 403
            assert (await sent(vera, f"{PATH}/test")).status_code == 403
        async with rig.client() as nobody:
            assert (await nobody.get(PATH)).headers["location"] == "/login?next=%2Fme%2Fnotifications"
            assert (await nobody.post(PATH, data=WANTED)).status_code in (303, 403)


async def test_the_page_says_which_ways_lead_to_the_reader(tmp_path: Path) -> None:
    async with work_rig(tmp_path, ROUTED) as rig:
        scope = Scope(clinics=frozenset({CLINICS[0]}))
        async with signed_in(rig, "kim", "technician", scope) as kim:
            await sent(kim, **{**WANTED, "min_severity": "critical"})
            said = text_of((await kim.get(PATH)).text)
            assert f"Critical alerts Where at {CLINIC_NAME} When at any hour Why you your role is Technician" in said
            assert "Kinds Mains lost Where at every clinic that you see" in said
            assert "if it begins outside of the clinic's opening hours" in said
            assert "you are on call now (night), until 13 Oct, 09:00" in said
            assert "On call now" in said
            assert CLINICS[1] not in said, "another clinic's name is not told"
            assert "you are named" not in said
            assert "Whatever is less severe than you have chosen: you want critical alerts alone." in said
            assert "Clinics, devices and nozzles that you do not see." in said
            assert "The gateway itself, its disk and its broker" in said
        async with signed_in(rig, "lee", "manager") as lee:
            said = text_of((await lee.get(PATH)).text)
            assert "only while you are on call (night): next from 13 Oct, 07:00" in said
            assert "once nobody has acknowledged it for 15 min Why you your role is Manager" in said
            assert "when 4 days after the reminder nothing has confirmed them" in said


async def test_without_routes_everybody_is_told_and_the_page_says_so(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "ann", "manager") as ann:
        said = text_of((await ann.get(PATH)).text)
        assert "there are no routes, so everybody is told" in said
        assert "Whatever is not listed above" not in said


async def test_whoever_no_route_names_learns_that(tmp_path: Path) -> None:
    config = NotifyConfig.model_validate({"routes": [{"users": "somebody-else"}]})
    async with work_rig(tmp_path, config) as rig, signed_in(rig, "ann", "manager") as ann:
        assert "No route leads alerts to you." in text_of((await ann.get(PATH)).text)


async def test_the_page_says_what_quiet_hours_and_the_digest_do(tmp_path: Path) -> None:
    async with work_rig(tmp_path, MAILS) as rig, signed_in(rig, "kim", "technician") as kim:
        # NOW_MS is 10:53 in Berlin.
        await sent(kim, **{**WANTED, "quiet_from": "10:00", "quiet_until": "12:00"})
        said = text_of((await kim.get(PATH)).text)
        assert "Quiet until 9 Oct, 12:00" in said
        assert "From 10:00 to 12:00 (Europe/Berlin) it waits for the end of your quiet hours besides." in said
        at_once, _, waits = said.partition("What can wait")
        assert "Mains lost" in at_once
        assert "Nozzle due" not in at_once.partition("At once, by day and by night")[2]
        assert "Nozzle due" in waits
        await sent(kim, **{**WANTED, "digest_at": "08:30"})
        said = text_of((await kim.get(PATH)).text)
        assert "Next digest 10 Oct, 08:30" in said
        assert "It comes once a day at 08:30 (Europe/Berlin), all clinics in one message." in said


async def test_a_test_message_goes_through_the_outbox_in_the_persons_language(tmp_path: Path) -> None:
    async with work_rig(tmp_path, MAILS) as rig, signed_in(rig, "kim", "technician") as kim:
        await sent(kim, **{**WANTED, "apprise": "tgram://token/chat"})
        asked = await sent(kim, f"{PATH}/test", once="one")
        assert asked.headers["location"] == f"{PATH}?test=sent#test-title"
        again = await sent(kim, f"{PATH}/test", once="one")
        assert again.headers["location"] == asked.headers["location"], "the same form sent twice is one"
        waiting = (await kim.get(asked.headers["location"])).text
        assert "data-on-its-way" in waiting
        assert "A test message is on its way." in waiting
        channel = Taken()
        await deliverer(rig, channel, MAILS).deliver_due()
        assert sorted(one.receiver.name for one in channel.envelopes) == ["kim/apprise", "kim/email"]
        assert {(one.notice.reason, one.notice.language) for one in channel.envelopes} == {("test", "de")}
        assert all(one.notice.link.endswith(PATH) for one in channel.envelopes)
        page = (await kim.get(PATH)).text
        assert "data-on-its-way" not in page
        assert text_of(page).count("test message sent 9 Oct, 10:53") == 2
        actions = [row.action for row in await rig.store.audit(limit=5, before=None)]
        assert actions.count("test_notifications") == 1


async def test_nobody_can_have_many_test_messages_sent(tmp_path: Path) -> None:
    async with work_rig(tmp_path, MAILS) as rig, signed_in(rig, "kim", "technician") as kim:
        assert (await sent(kim, f"{PATH}/test")).headers["location"].startswith(f"{PATH}?test=nowhere")
        await sent(kim, **WANTED)
        assert "?test=sent" in (await sent(kim, f"{PATH}/test", once="1")).headers["location"]
        assert "?test=soon" in (await sent(kim, f"{PATH}/test", once="2")).headers["location"]
        rig.clock.advance(30_000)
        assert "?test=sent" in (await sent(kim, f"{PATH}/test", once="3")).headers["location"]
        assert len(await rig.store.outbox(limit=10, before=None)) == 2


async def test_only_ones_own_messages_are_shown(tmp_path: Path) -> None:
    async with work_rig(tmp_path, MAILS) as rig:
        async with signed_in(rig, "kim", "technician") as kim:
            await sent(kim, **WANTED)
            await sent(kim, f"{PATH}/test")
        async with signed_in(rig, "kimberly", "technician") as other:
            assert "None has been sent to you in the last month." in (await other.get(PATH)).text


async def test_without_a_mail_server_the_page_says_why_no_mail_comes(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "kim", "technician") as kim:
        await sent(kim, **WANTED)
        assert "This gateway has no mail server yet" in (await kim.get(PATH)).text
        assert "?test=nowhere" in (await sent(kim, f"{PATH}/test")).headers["location"]


async def test_the_calendars_address_is_there_to_copy_and_can_be_renewed(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "kim", "technician") as kim:

        async def address() -> str:
            found = re.search(
                r'<input readonly value="(http://gateway\.test/calendar/kim/[^"]+\.ics)"', (await kim.get(PATH)).text
            )
            assert found is not None
            return found[1]

        before = await address()
        assert (await kim.get(before)).text.startswith("BEGIN:VCALENDAR")
        assert before == (await kim.get("/api/v1/calendar")).json()["url"]
        renewed = await sent(kim, f"{PATH}/calendar")
        assert renewed.headers["location"] == f"{PATH}?renewed=1#calendar-title"
        assert await address() != before
        assert (await kim.get(before)).status_code == 404


async def test_a_form_from_another_site_sets_nothing(tmp_path: Path) -> None:
    async with work_rig(tmp_path) as rig, signed_in(rig, "kim", "technician") as kim:
        for path in (PATH, f"{PATH}/test", f"{PATH}/calendar"):
            assert (await kim.post(path, data={**WANTED, "csrf": "guessed"})).status_code == 403
        assert await settings_of(rig, "kim") is None
        assert rig.clock.now_ms() == NOW_MS
