"""Mail, read back from a real SMTP server."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from gateway.config_notify import NotifyConfig, ReceiverConfig
from schemas.registry import Clinic, DeviceEntry
from schemas.views import ForecastView, Quantiles
from tests.notify.house import MINUTE_MS, opened_house
from tests.support.broker import free_port

NASTY = "Room 1\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>\u202e"


class Postbox:
    """Keeps what it is handed, and answers as it is told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
            self.raw.append(envelope.content)
            self.recipients.append(envelope.rcpt_tos)
        return self.answer


class Server:
    def __init__(self) -> None:
        self.box, self.port = Postbox(), free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self.box, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


def mailing(server: Server) -> NotifyConfig:
    return NotifyConfig(
        smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"),
        mail_from="silverpoint@example.org",
        receivers=(ReceiverConfig(name="service", channel="email", to=("service@example.org",)),),
    )


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


async def test_a_mail_has_both_parts_with_the_interval_the_part_the_bar_and_one_link(
    tmp_path: Path, server: Server
) -> None:
    async with opened_house(tmp_path, mailing(server)) as house:
        house.outlook = ForecastView(
            remaining_sessions=Quantiles(p10=21, p50=34, p90=52),
            remaining_days=Quantiles(p10=6, p50=9, p90=15),
            replace_by="2025-10-15",
        )
        await house.registry.save([Clinic(clinic_id="c-1", name="Praxis am Markt", timezone="Europe/Berlin")])
        await house.fire("n-1", rule="nozzle_due", value=0.87, summary="wear 0.87")
        await house.pass_time(MINUTE_MS)
        (message,) = server.box.mails
        assert message["Subject"] == "[WARNING] Nozzle due: Praxis am Markt (c-1), d-n-1"
        assert message.get_content_type() == "multipart/alternative"
        for text in (part(message, "plain"), part(message, "html")):
            assert "34 (21 to 52) sessions left, 9 (6 to 15) days left, replace by 2025-10-15" in text
            assert text.count("https://silverpoint.example.org/act?alert=") <= 2
            assert "87 % of the limit" in text
            assert "11:00 CEST" in text
        assert "#################..." in part(message, "plain")


async def test_a_long_headline_stands_on_the_line_of_its_header_and_another_script_is_encoded(
    tmp_path: Path, server: Server
) -> None:
    names = ("Practice for dermatology and aesthetic medicine by the old market", "Praxis für Ästhetik am Großen Wall")
    async with opened_house(tmp_path, mailing(server)) as house:
        await house.registry.save([Clinic(clinic_id=f"c-{number}", name=name) for number, name in enumerate(names)])
        for number in range(2):
            await house.fire(f"{number}", clinic_id=f"c-{number}")
        await house.pass_time(MINUTE_MS)
        assert sorted(message["Subject"] for message in server.box.mails) == [
            f"[WARNING] Mains lost: {name} (c-{number}), d-{number}" for number, name in enumerate(names)
        ]


async def test_what_devices_and_people_wrote_begins_no_header_and_no_markup(tmp_path: Path, server: Server) -> None:
    async with opened_house(tmp_path, mailing(server)) as house:
        await house.registry.save(
            [
                Clinic(clinic_id="c-1", name=f"Clinic {NASTY}", region=NASTY),
                DeviceEntry(device_id="d-1", label=NASTY[:100], room=NASTY),
            ]
        )
        await house.fire("1", summary=NASTY)
        await house.pass_time(MINUTE_MS)
        (message,) = server.box.mails
        assert set(message.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        }  # fmt: skip
        assert server.box.recipients == [["service@example.org"]]
        assert "<script" not in part(message, "html")
        assert "\u202e" not in part(message, "plain") + part(message, "html") + message["Subject"]
        assert not [line for line in part(message, "plain").splitlines() if line.startswith("Bcc:")]


async def test_a_mail_sent_twice_has_one_id(tmp_path: Path, server: Server) -> None:
    async with opened_house(tmp_path, mailing(server)) as house:
        await house.fire("1")
        house.clock.advance(1)
        await house.notifier.look()
        house.clock.advance(MINUTE_MS)
        await house.notifier.look()
        now_ms = house.clock.now_ms()
        (claimed,) = await house.store.claim_messages(now_ms, now_ms + MINUTE_MS, 1, ())
        await house.notifier.deliverer._send(claimed)
        await house.pass_time(5 * MINUTE_MS)
        ids = [message["Message-ID"] for message in server.box.mails]
        assert len(ids) == 2
        assert len(set(ids)) == 1


async def test_a_mail_server_that_is_busy_or_away_gets_it_later(tmp_path: Path, server: Server) -> None:
    async with opened_house(tmp_path, mailing(server)) as house:
        server.box.answer = "451 come again"
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        server.stop()
        await house.pass_time(5 * MINUTE_MS, MINUTE_MS)
        server.box.answer = "250 OK"
        server.start()
        await house.pass_time(20 * MINUTE_MS, MINUTE_MS)
        assert len(server.box.mails) == 1


async def test_a_mail_that_is_refused_for_good_is_given_up(tmp_path: Path, server: Server) -> None:
    async with opened_house(tmp_path, mailing(server)) as house:
        server.box.answer = "554 no"
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        (message,) = await house.store.outbox(limit=10, before=None)
        assert (message.state, message.attempts) == ("dead", 1)
        assert "554" in message.error
