"""Messages in their receiver's language: German mails read back, what waits in the outbox, claims, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from dashboards.charts.render import ChartRenderer
from dashboards.web.strings import CATALOGUES, ENGLISH
from gateway.config import load_config
from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.errors import ConfigError
from gateway.notify.brevity import body_within
from gateway.notify.notice import Facts, Notice, NoVeil
from gateway.notify.receivers import ReadBy
from gateway.notify.wording import html, plain, subject
from schemas.alert import RULES
from schemas.alert_facts import AlertFacts
from schemas.registry import Clinic, DeviceEntry, Lot
from tests.alerts.site import Device, open_site
from tests.notify.house import HOUR_MS, MINUTE_MS, T0_MS, config_for, listener, opened_house, webhook
from tests.notify.said import SAMPLES, ahead
from tests.notify.test_email import NASTY, Server, part
from tests.notify.test_mail_chart import worn_house
from tests.notify.test_overdue_claims import OPEN_ALWAYS, opened_office
from tests.notify.test_with_engine import notifying, pass_time
from tests.web.every_alert import every_alert
from tests.web.seen_text import said_on, strange, vocabulary

GERMAN = CATALOGUES["de"]
DUE = AlertFacts(wear_ratio=0.87, replace_by="2025-10-15")
CODES = (
    "act?alert",
    "act?clinic",
    "not_json",
    "unknown_field",
    "fine",
    "kim",
    "https",
    "silverpoint",
    "example",
    "org",
)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


def two_languages(server: Server) -> NotifyConfig:
    """The same mails in German and in English."""
    return NotifyConfig(
        smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"),
        mail_from="silverpoint@example.org",
        receivers=(
            ReceiverConfig(name="wien", channel="email", to=("wien@example.org",), language="de"),
            ReceiverConfig(name="office", channel="email", to=("office@example.org",)),
        ),
    )


async def test_each_receiver_gets_the_mail_in_its_own_language(tmp_path: Path, server: Server) -> None:
    async with opened_house(tmp_path, two_languages(server)) as house:
        house.outlook = ahead()
        await house.registry.save(
            [
                Clinic(clinic_id="c-1", name="Ordination Dr. Süß", region="Österreich", timezone="Europe/Vienna"),
                DeviceEntry(device_id="d-n-1", label="Gerät am Fenster", room="Raum 2"),
            ]
        )
        await house.fire("n-1", rule="nozzle_due", value=0.874, facts=DUE, summary="worn, as it is stored")
        await house.pass_time(MINUTE_MS)
        mails = {message["To"]: message for message in server.box.mails}
        german, english = mails["wien@example.org"], mails["office@example.org"]
        assert german["Subject"] == (
            "[WARNUNG] Düse fällig: Ordination Dr. Süß (c-1), Österreich, Raum 2, Gerät am Fenster (d-n-1)"
        )
        assert part(german, "plain").splitlines() == [
            german["Subject"],
            "",
            "Düse fällig: Düse n-1 an d-n-1 steht bei 87 % ihrer Verschleißgrenze: bis Mi, 15. Okt. 2025 ersetzen",
            "  Wo:            Ordination Dr. Süß (c-1), Österreich, Raum 2, Gerät am Fenster (d-n-1)",
            "  Seit:          09.10.2025, 11:00 MESZ",
            "  Dringlichkeit: Warnung, noch 34 (21 bis 52) Sitzungen, noch 9 (6 bis 15) Tage, bis 15.10.2025 ersetzen",
            "  Verschleiß:    [#################...] 87 % der Grenze",
            "",
            "In Klammern: der Bereich, der in 8 von 10 Fällen zutrifft.",
            "",
            "Öffnen und erledigen: https://silverpoint.example.org/act?alert=1",
        ]
        assert '<html lang="de">' in part(german, "html")
        assert "<b>Dringlichkeit:</b> Warnung, noch 34 (21 bis 52) Sitzungen" in part(german, "html")
        assert english["Subject"].startswith("[WARNING] Nozzle due: Ordination Dr. Süß")
        assert "Nozzle due: worn, as it is stored" in part(english, "plain")
        assert '<html lang="en">' in part(english, "html")


async def test_a_german_mail_keeps_to_the_letter_of_mail_whatever_devices_and_people_wrote(
    tmp_path: Path, server: Server
) -> None:
    async with opened_house(tmp_path, two_languages(server)) as house:
        await house.registry.save(
            [
                Clinic(clinic_id="c-1", name=f"Äskulap {NASTY}", region=NASTY),
                DeviceEntry(device_id="d-n-1", label=NASTY[:100], room=NASTY),
            ]
        )
        facts = AlertFacts(nozzle_model=NASTY, device_model=NASTY)
        await house.fire("n-1", rule="nozzle_mismatched", facts=facts)
        for number in range(2, 40):
            await house.fire(f"n-{number}", rule="nozzle_due", value=0.9, facts=DUE)
        await house.pass_time(MINUTE_MS)
        number = next(n for n, message in enumerate(server.box.mails) if message["To"] == "wien@example.org")
        message, raw = server.box.mails[number], server.box.raw[number]
        assert set(message.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        }  # fmt: skip
        header = raw.partition(b"\r\n\r\n")[0]
        assert header.isascii()
        assert b"=?utf-8?" in header
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        text = part(message, "plain")
        assert re.match(r"\[WARNUNG] Düse .* und 38 weitere: Äskulap Room 1 Bcc: ", message["Subject"])
        assert "und 19 weitere" in text.splitlines()
        assert "<script" not in part(message, "html")
        assert "\u202e" not in text + part(message, "html") + message["Subject"]
        assert not [line for line in text.splitlines() if line.startswith("Bcc:")]


async def test_the_chart_in_a_german_mail_speaks_german(tmp_path: Path, server: Server) -> None:
    renderer = ChartRenderer()
    try:
        async with worn_house(tmp_path, server, renderer) as house:
            house.config = two_languages(server)
            await house.notifier.close()
            house.started()
            await house.fire("n-1", rule="nozzle_due", value=0.87, facts=DUE)
            await house.pass_time(MINUTE_MS)
    finally:
        renderer.close()
    drawn = {}
    for message in server.box.mails:
        (picture,) = [one for one in message.walk() if one.get_content_type() == "image/png"]
        drawn[message["To"]] = picture.get_payload(decode=True)
        assert f'src="cid:{str(picture["Content-ID"]).strip("<>")}"' in part(message, "html")
    assert drawn["wien@example.org"] != drawn["office@example.org"]
    german = next(message for message in server.box.mails if message["To"] == "wien@example.org")
    assert 'alt="Verschleiß bei 87 % der Grenze; noch 5 (3 bis 9) Tage"' in part(german, "html")


async def test_no_german_message_says_anything_in_english(tmp_path: Path) -> None:
    """Of every rule, firing and over, in full and in brief: ids and names are what they are."""
    async with opened_house(tmp_path, config_for()) as house:
        await house.registry.save([Clinic(clinic_id="c-1", timezone="Europe/Vienna")])
        alerts = [replace(alert, alert_id=n) for n, alert in enumerate(every_alert("c-1", "SP-0001", T0_MS), 1)]
        assert {alert.rule for alert in alerts} == set(RULES)
        over = [replace(alert, state="resolved", resolved_ms=T0_MS) for alert in alerts]
        texts = list[str]()
        for outlook in (ahead(), None):
            facts = Facts(
                house.fleet, house.registry, lambda _, found=outlook: found, "https://silverpoint.example.org", NoVeil()
            )
            for number in range(len(alerts)):
                some, ended = alerts[number : number + 3], over[number - 1 : number]
                notice = facts.notice("repeat", "c-1", some, ended, T0_MS, read_by=ReadBy("de", "Europe/Vienna"))
                texts += [subject(notice), *plain(notice).splitlines(), body_within(notice, 700)]
                texts += said_on(html(notice), "de")
    assert strange(texts, vocabulary(GERMAN), CODES) == []
    assert not re.search(r"\b(CE?ST|replace|until|and \d+ more)\b", "\n".join(texts))


def test_a_german_reminder_an_escalation_and_a_test_say_nothing_in_english() -> None:
    known = vocabulary(GERMAN)
    written = ("the foot switch sticks", "It dies at noon", "Praxis am Großen Wall", "Gerät am Fenster", "Wien", "Raum")
    for name in ("a reminder", "reminders", "an escalation", "a test"):
        notice = SAMPLES[name].model_copy(update={"language": "de"})
        orders = [
            order.model_copy(update={"part": "", "summary": order.summary if order.kind == "device" else "Düse"})
            for order in notice.orders
        ]
        notice = notice.model_copy(update={"orders": tuple(orders)})
        texts = [subject(notice), *plain(notice).splitlines(), *said_on(html(notice), "de"), body_within(notice, 200)]
        assert strange(texts, known, (*written, *CODES)) == []


async def test_a_chat_from_what_devices_said_is_german_with_the_reason_of_a_recall_and_the_parts(
    tmp_path: Path,
) -> None:
    async with listener() as hook, open_site(tmp_path / "store.db") as site:
        address = SecretStr(hook.url.replace("http://", "json://"))
        chat = ReceiverConfig(name="chat", channel="apprise", url=address, language="de")
        async with notifying(site, config_for(chat)) as notifier:
            first, second = Device(), Device("d-2", boot_id="boot-2")
            await site.say(
                first.online(0, model="derma-s"), first.fitted(0, "N-1", model="fine-24", lot="L-7"),
                second.online(0, model="derma-s"), second.fitted(0, "N-2", lot="L-7"),
            )  # fmt: skip
            recalled_ms = site.clock.now_ms()
            await site.registry.save([Lot(lot="L-7", recalled_ms=recalled_ms, recall_note="Beschichtung blättert")])
            for hour in (1, 8):
                await site.say(*(device.reading(hour, health=0.6) for device in (first, second)))
                await pass_time(site, notifier, 10)
    said = "\n".join(f"{message['title']}\n{message['message']}" for message in hook.taken)
    assert "Düse N-1 an d-1 ist aus der zurückgerufenen Charge L-7: ersetzen (Beschichtung blättert)" in said
    assert "  Teil:          fine-24, nicht aus Charge L-7" in said
    assert "  Teil:          Düse, Modell unbekannt, nicht aus Charge L-7" in said
    assert "  Teil:          Akku für derma-s" in said
    assert "Der Akku von d-1 fasst noch 60 % von dem, wofür er gebaut ist: ersetzen" in said
    assert "Mitbringen: " in said
    assert "2 × Akku für derma-s" in said
    assert strange(said.splitlines(), vocabulary(GERMAN), (*CODES, "derma", "Beschichtung blättert")) == []


async def test_what_an_older_version_kept_no_data_of_is_told_as_it_was_stored(tmp_path: Path) -> None:
    async with opened_house(tmp_path, config_for()) as house:
        facts = Facts(house.fleet, house.registry, lambda _: None, "https://silverpoint.example.org", NoVeil())
        alert = await house.fire("1", summary="d-1 has lost mains")
        notice = facts.notice("new", "c-1", [alert], [], T0_MS, read_by=ReadBy("de", "UTC"))
        assert "Netz ausgefallen: d-1 has lost mains" in plain(notice)


async def test_a_message_that_is_tried_again_says_what_it_said_in_the_language_it_was_written_in(
    tmp_path: Path, server: Server
) -> None:
    config = two_languages(server)
    async with opened_house(tmp_path, config) as house:
        server.box.answer = "451 come again"
        await house.fire("n-1", rule="nozzle_due", value=0.87, facts=DUE)
        await house.pass_time(MINUTE_MS)
        kept = {row.receiver: row for row in await house.store.outbox(limit=10, before=None)}
        assert kept["wien"].attempts
        # Between two attempts the receivers change their languages, and the gateway starts anew.
        turned = {"wien": "en", "office": "de"}
        receivers = [one.model_copy(update={"language": turned[one.name]}) for one in config.receivers]
        house.config = config.model_copy(update={"receivers": tuple(receivers)})
        await house.notifier.close()
        house.started()
        server.box.answer = "250 OK"
        await house.pass_time(20 * MINUTE_MS, MINUTE_MS)
        mails = {message["To"]: message for message in server.box.mails}
        assert len(server.box.mails) == 2
        assert mails["wien@example.org"]["Subject"].startswith("[WARNUNG]")
        assert mails["office@example.org"]["Subject"].startswith("[WARNING]")
        assert kept["wien"].key in mails["wien@example.org"]["Message-ID"]
        # What comes next is in the new ones.
        await house.fire("2", rule="mains_lost", facts=AlertFacts(charge_ratio=0.8))
        await house.pass_time(10 * MINUTE_MS, MINUTE_MS)
        later = {message["To"]: message["Subject"] for message in server.box.mails[2:]}
        assert later["wien@example.org"].startswith("[WARNING] Mains lost")
        assert later["office@example.org"].startswith("[WARNUNG] Netz ausgefallen")


async def test_a_reminder_is_in_the_claimants_language_and_the_escalation_in_the_managers(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("kim", "technician", language="de")
        await office.person("max", "manager")
        await office.claimed("N-1")
        await office.days_pass(8)
        reminder, escalation = (Notice.model_validate_json(row.content_json) for row in await office.sent())
        assert subject(reminder).startswith("[ERINNERUNG] Gemeldet, nicht bestätigt: Düse N-1, c-1")
        assert "Düse N-1 an d-0 ist verschlissen, bei 110 % ihrer Verschleißgrenze: ersetzen" in plain(reminder)
        assert "  Gemeldet:      von kim (verschlissen), " in plain(reminder)
        assert subject(escalation).startswith("[ESCALATED] Claimed, not confirmed: nozzle N-1, c-1")
        assert "Nozzle N-1 on d-0 is worn out" in plain(escalation)


async def test_a_digest_of_several_clinics_is_in_the_readers_language_and_zone(tmp_path: Path, server: Server) -> None:
    config = NotifyConfig(
        smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"),
        working_hours=OPEN_ALWAYS,
        receivers=(
            ReceiverConfig(
                name="wien", channel="email", to=("wien@example.org",), language="de", timezone="Europe/Vienna",
                digest_at="12:30",
            ),
        ),
    )  # fmt: skip
    async with opened_house(tmp_path, config) as house:
        for number in (1, 2):
            await house.fire(f"n-{number}", rule="nozzle_due", clinic_id=f"c-{number}", value=0.9, facts=DUE)
        await house.pass_time(2 * HOUR_MS, 5 * MINUTE_MS)
        (message,) = server.box.mails
        assert message["Subject"] == "[WARNUNG] 2 × Düse fällig: 2 Kliniken"
        assert part(message, "plain").count("  Seit:          09.10.2025, 11:00 MESZ") == 2


def test_large_numbers_have_german_marks_and_english_ones_none() -> None:
    notice = SAMPLES["every outlook"]
    assert "1204 (900 to 12345) sessions left" in plain(notice)
    assert "noch 1.204 (900 bis 12.345) Sitzungen" in plain(notice.model_copy(update={"language": "de"}))


def test_a_language_that_is_there_no_more_is_english() -> None:
    assert subject(SAMPLES["a test"].model_copy(update={"language": "fr"})) == ENGLISH.message.test_subject


def test_wrong_languages_are_told_at_start_with_all_other_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "silverpoint.toml"
    path.write_text(
        '[notify]\nmax_attempts = 0\nsmtp_url = "smtp://127.0.0.1"\n'
        '[[notify.receivers]]\nname = "wien"\nchannel = "email"\nto = "a@example.org"\nlanguage = "at"\n'
        '[[notify.receivers]]\nname = "ops"\nchannel = "webhook"\nurl = "https://example.org"\n'
        'secret = "0123456789abcdef"\nlanguage = "de"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    told = "\n".join(map(str, caught.value.mistakes))
    assert "'at' is no language that messages speak; write en or de" in told
    assert "the receiver ops is a program, which gets English" in told
    assert "max_attempts" in told


async def test_programs_hear_english_and_of_no_language(tmp_path: Path) -> None:
    async with opened_house(tmp_path, config_for(webhook("http://127.0.0.1:9/"))) as house:
        await house.fire("1", facts=AlertFacts(charge_ratio=0.8))
        await house.pass_time(MINUTE_MS)
        (row,) = await house.store.outbox(limit=10, before=None)
        notice = Notice.model_validate_json(row.content_json)
        assert notice.language == "en"
        assert notice.firing[0].summary == "on battery"
