"""The chart in a mail, read back from a real SMTP server."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from collectors.replay import ReplayCollector
from dashboards.charts.plain import Spec
from dashboards.charts.render import ChartRenderer
from gateway.ingest.feed import CommitFeed
from gateway.ingest.pipeline import Pipeline
from gateway.notify.pictures import Renderer, WearIllustrator
from schemas.registry import Clinic
from schemas.views import ForecastView, Quantiles
from tests.alerts.site import T0_MS as SITE_T0_MS
from tests.alerts.site import Device
from tests.notify.house import HOUR_MS, MINUTE_MS, House, opened_house
from tests.notify.house import T0_MS as HOUSE_T0_MS
from tests.notify.test_email import NASTY, Server, mailing, part

PNG = b"\x89PNG\r\n\x1a\n"
FROM_H = round((HOUSE_T0_MS - SITE_T0_MS) / HOUR_MS) - 24 * 20


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


class Broken:
    """A renderer whose process has died."""

    async def png(self, spec: Spec, scale: float = 2.0) -> bytes:
        raise RuntimeError("a process of the pool was ended abruptly")


@asynccontextmanager
async def worn_house(path: Path, server: Server, renderer: Renderer) -> AsyncIterator[House]:
    """Twenty days of a nozzle that wears, and a forecast of the rest."""
    async with opened_house(path, mailing(server)) as house:
        house.outlook = ForecastView(
            remaining_sessions=Quantiles(p10=21, p50=34, p90=52),
            remaining_days=Quantiles(p10=3, p50=5, p90=9),
            replace_by="2025-10-15",
        )
        pipeline = Pipeline(
            collector=ReplayCollector([]), store=house.store, fleet=house.fleet, events=house.events,
            feed=CommitFeed(), clock=house.clock, root="fleet", retention_samples_days=180,
        )  # fmt: skip
        await pipeline.start()
        device = Device("d-n-1")
        hours = range(FROM_H, FROM_H + 24 * 20, 4)
        said = [
            device.sample(hour, "n-1", 0.05 + 0.82 * (hour - FROM_H) / 480, strikes=hour - FROM_H) for hour in hours
        ]
        await pipeline.ingest([device.fitted(FROM_H - 1, "n-1"), *said])
        await house.registry.save([Clinic(clinic_id="c-1", name=NASTY, timezone="Europe/Berlin")])
        house.illustrator = WearIllustrator(
            store=house.store, fleet=house.fleet, registry=house.registry, renderer=renderer, events=house.events
        )
        await house.notifier.close()
        house.started()
        yield house


async def mailed(house: House, server: Server) -> EmailMessage:
    await house.fire("n-1", rule="nozzle_due", value=0.87, summary=NASTY)
    await house.pass_time(MINUTE_MS)
    (message,) = server.box.mails
    return message


async def test_the_mail_shows_the_wear_as_a_picture_of_its_own(tmp_path: Path, server: Server) -> None:
    renderer = ChartRenderer()
    try:
        async with worn_house(tmp_path, server, renderer) as house:
            message = await mailed(house, server)
    finally:
        renderer.close()
    (picture,) = [one for one in message.walk() if one.get_content_type() == "image/png"]
    drawn = picture.get_payload(decode=True)
    assert isinstance(drawn, bytes)
    assert drawn.startswith(PNG)
    width, height = struct.unpack(">II", drawn[16:24])
    assert width > 1_000 > height > 300
    cid = str(picture["Content-ID"]).strip("<>")
    assert f'src="cid:{cid}"' in part(message, "html")
    assert "http" not in part(message, "html").replace("https://silverpoint.example.org", "")
    assert "87 % of the limit; 5 (3 to 9) days left" in part(message, "html")
    assert "] 87 % of the limit" in part(message, "plain")
    for one in message.walk():
        assert "Bcc" not in one
    assert "<script" not in part(message, "html")


async def test_a_picture_that_cannot_be_drawn_holds_no_mail(tmp_path: Path, server: Server) -> None:
    async with worn_house(tmp_path, server, Broken()) as house:
        message = await mailed(house, server)
        assert house.events.registry.get_sample_value("silverpoint_mail_pictures_failed_total") == 1
    assert not [one for one in message.walk() if one.get_content_type() == "image/png"]
    assert 'role="img"' in part(message, "html")
    assert "] 87 % of the limit" in part(message, "plain")


async def test_a_mail_about_no_nozzle_has_no_picture(tmp_path: Path, server: Server) -> None:
    async with worn_house(tmp_path, server, Broken()) as house:
        await house.fire("d-1", rule="mains_lost")
        await house.pass_time(MINUTE_MS)
        (message,) = server.box.mails
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
