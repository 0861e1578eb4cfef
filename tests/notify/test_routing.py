"""Who is told, and when: routes, hours, digests, on call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr, ValidationError

from gateway.config_notify import (
    EscalationConfig,
    NotifyConfig,
    ReceiverConfig,
    RotationConfig,
    RouteConfig,
)
from gateway.hours import parse_hours
from gateway.notify.receivers import Directory, directory
from gateway.notify.routing import Routing
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import User
from schemas.access import Scope
from schemas.alert import Alert, Rule, Severity
from schemas.registry import Clinic
from tests.notify.house import HOUR_MS, MINUTE_MS, config_for, opened_house, webhook
from tests.notify.test_email import Postbox
from tests.support.broker import free_port

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1_000


TWO = config_for(webhook("https://a.example", "a"), webhook("https://b.example", "b"))
NOON = at("2026-07-07T12:00")
NIGHT = at("2026-07-07T23:00")
CLINICS = {
    "c-1": Clinic(clinic_id="c-1", region="North", timezone="Europe/Berlin"),
    "c-2": Clinic(clinic_id="c-2", region="South", timezone="Europe/Berlin"),
}


def alert(
    rule: Rule = "mains_lost",
    clinic_id: str = "c-1",
    severity: Severity = "warning",
    acknowledged_ms: int | None = None,
) -> Alert:
    return Alert(1, rule, "s", clinic_id, "d", severity, "firing", None, "", 0, 0, None, None, 0, None, acknowledged_ms)


def routing(*routes: RouteConfig, receivers: Directory | None = None) -> Routing:
    return Routing(
        routes=routes,
        directory=receivers or directory(TWO, ()),
        clinic_of=lambda clinic_id: CLINICS[clinic_id],
        sees=lambda viewer, alert: viewer.scope.sees_clinic(alert.clinic_id),
        working_hours=parse_hours(NotifyConfig().working_hours),
    )


def names(found: Routing, about: Alert, seen_ms: int = NOON, now_ms: int | None = None) -> list[str]:
    return [receiver.name for receiver in found.receivers(about, seen_ms, seen_ms if now_ms is None else now_ms)]


def test_without_routes_everybody_gets_everything() -> None:
    assert names(routing(), alert()) == ["a", "b"]


@pytest.mark.parametrize(
    ("route", "about", "matches"),
    [
        (RouteConfig(receivers=("a",), clinics=("c-1",)), alert(), True),
        (RouteConfig(receivers=("a",), clinics=("c-2",)), alert(), False),
        (RouteConfig(receivers=("a",), regions=("North",)), alert(), True),
        (RouteConfig(receivers=("a",), regions=("South",)), alert(), False),
        (RouteConfig(receivers=("a",), rules=("mains_lost",)), alert(), True),
        (RouteConfig(receivers=("a",), rules=("nozzle_due",)), alert(), False),
        (RouteConfig(receivers=("a",), min_severity="warning"), alert(), True),
        (RouteConfig(receivers=("a",), min_severity="critical"), alert(), False),
    ],
)
def test_a_route_matches_by_clinic_region_rule_and_severity(route: RouteConfig, about: Alert, matches: bool) -> None:
    assert names(routing(route), about) == (["a"] if matches else [])


def test_working_hours_and_the_night_may_go_to_different_people() -> None:
    found = routing(RouteConfig(receivers=("a",), hours="working"), RouteConfig(receivers=("b",), hours="off"))
    assert names(found, alert(), NOON) == ["a"]
    assert names(found, alert(), NIGHT) == ["b"]
    assert names(found, alert(), NOON, NIGHT) == ["a"], "what was seen by day stays with whom it was told"


def test_roles_users_and_rotations_mean_the_receivers_of_people() -> None:
    people = [
        (User("kim", "technician", Scope(), 0), NotificationSettings("kim", (("email", "kim@example.org"),))),
        (User("robin", "manager", Scope(), 0), NotificationSettings("robin", (("email", "robin@example.org"),))),
        (User("vic", "vendor", Scope(), 0), NotificationSettings("vic", (("email", "vic@example.org"),))),
    ]
    config = NotifyConfig(
        smtp_url=SecretStr("smtp://localhost"),
        rotations=(RotationConfig(name="week", people=("robin", "kim"), starts="2026-07-06T09:00"),),
    )
    receivers = directory(config, people)
    assert names(routing(receivers=receivers), alert()) == ["kim/email", "robin/email"]
    for route, told in (
        (RouteConfig(roles=("technician",)), ["kim/email"]),
        (RouteConfig(users=("robin", "nobody")), ["robin/email"]),
        (RouteConfig(on_call=("week",)), ["robin/email"]),
        (RouteConfig(on_call=("week",), users=("robin",)), ["robin/email"]),
        (RouteConfig(roles=("vendor",)), []),
    ):
        assert names(routing(route, receivers=receivers), alert()) == told


def test_an_escalation_comes_when_it_is_due_and_not_once_somebody_has_seen_the_alert() -> None:
    route = RouteConfig(receivers=("a",), escalate=(EscalationConfig(after_s=600, receivers=("b",)),))
    found = routing(route)
    assert found.next_escalation_ms(alert(), NOON, NOON) == NOON + 600_000
    assert names(found, alert(), NOON, NOON + 599_999) == ["a"]
    assert names(found, alert(), NOON, NOON + 600_000) == ["a", "b"]
    assert names(found, alert(acknowledged_ms=NOON), NOON, NOON + HOUR_MS) == ["a"]
    assert found.next_escalation_ms(alert(acknowledged_ms=NOON), NOON, NOON) is None


MAIL = {"channel": "email", "to": ("x@example.org",), "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("receiver", "rule", "now", "allowed"),
    [
        (MAIL, "nozzle_due", "2026-07-07T12:00", "2026-07-07T12:00"),
        (MAIL, "nozzle_due", "2026-07-07T23:00", "2026-07-08T08:00"),
        (MAIL, "nozzle_worn_out", "2026-07-10T23:00", "2026-07-13T08:00"),
        (MAIL, "mains_lost", "2026-07-10T23:00", "2026-07-10T23:00"),
        (MAIL | {"quiet_hours": "19:00-09:30"}, "nozzle_due", "2026-07-07T23:00", "2026-07-08T09:30"),
        (MAIL | {"quiet_hours": "19:00-09:30"}, "device_silent", "2026-07-07T23:00", "2026-07-07T23:00"),
    ],
)
def test_wear_waits_for_working_hours_and_outages_do_not(
    receiver: dict[str, object], rule: Rule, now: str, allowed: str
) -> None:
    config = ReceiverConfig.model_validate({"name": "x", **receiver})
    found = directory(NotifyConfig(smtp_url=SecretStr("smtp://localhost"), receivers=(config,)), ())
    who = found.get("x")
    assert who is not None
    assert routing(receivers=found).allowed_ms(who, alert(rule), at(now)) == at(allowed)


def test_programs_take_everything_at_once() -> None:
    found = routing()
    who = found.directory.get("a")
    assert who is not None
    assert found.allowed_ms(who, alert("nozzle_due"), NIGHT) == NIGHT


def told(box: Postbox) -> list[str]:
    return [str(message["Subject"]) for message in box.mails]


async def test_a_digest_is_one_mail_a_day_for_what_can_wait(tmp_path: Path) -> None:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    receiver = ReceiverConfig.model_validate({"name": "x", **MAIL, "digest_at": "08:30"})
    config = NotifyConfig(smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"), receivers=(receiver,))
    try:
        async with opened_house(tmp_path, config, NOON) as house:
            await house.registry.save([*CLINICS.values()])
            await house.fire("1", rule="nozzle_due", clinic_id="c-1")
            await house.pass_time(HOUR_MS, 10 * MINUTE_MS)
            await house.fire("2", rule="nozzle_due", clinic_id="c-2")
            await house.fire("3", rule="mains_lost", clinic_id="c-2")
            await house.pass_time(12 * HOUR_MS, 10 * MINUTE_MS)
            assert told(box) == ["[WARNING] Mains lost: c-2, South, d-3"]
            await house.pass_time(12 * HOUR_MS, 10 * MINUTE_MS)
            assert told(box)[1:] == ["[WARNING] 2 × Nozzle due: 2 clinics"]
            assert house.clock.now_ms() > at("2026-07-08T08:30")
    finally:
        server.stop()


async def test_an_outage_at_night_takes_no_wear_along_and_comes_before_it_in_the_morning(tmp_path: Path) -> None:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    receiver = ReceiverConfig.model_validate({"name": "x", **MAIL})
    config = NotifyConfig(smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"), receivers=(receiver,))
    try:
        async with opened_house(tmp_path, config, NIGHT) as house:
            await house.registry.save([*CLINICS.values()])
            await house.fire("1", rule="nozzle_worn_out", severity="critical", clinic_id="c-1", value=1.0)
            await house.fire("2", rule="mains_lost", clinic_id="c-1")
            await house.pass_time(HOUR_MS, 10 * MINUTE_MS)
            assert [line.split(":")[0] for line in told(box)] == ["[WARNING] Mains lost"]
            await house.pass_time(12 * HOUR_MS, 10 * MINUTE_MS)
            assert [line.split(":")[0] for line in told(box)] == ["[WARNING] Mains lost", "[CRITICAL] Nozzle worn out"]
    finally:
        server.stop()


def test_a_configuration_says_all_that_does_not_meet() -> None:
    with pytest.raises(ValidationError) as caught:
        NotifyConfig(
            receivers=(webhook("https://a.example", "a"), webhook("https://b.example", "a")),
            routes=(
                RouteConfig(receivers=("b",), escalate=(EscalationConfig(after_s=60, on_call=("night",)),)),
                RouteConfig(),
            ),
        )
    (error,) = caught.value.errors()
    assert error["msg"] == (
        "Value error, receivers: two are called a; routes 1: no receiver is called b;"
        " routes 1: no rotation is called night; routes 2: names nobody; give receivers, users, roles or on_call"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"channel": "email"},
        {"channel": "email", "to": "a@example.org\nBcc: b@example.org"},
        {"channel": "email", "to": "a@example.org,b@example.org"},
        {"channel": "webhook", "url": "https://a.example"},
        {"channel": "webhook", "url": "file:///etc/passwd", "secret": "0123456789abcdef"},
        {"channel": "apprise"},
        {"channel": "alertmanager", "url": "am:9093"},
        {"channel": "email", "to": "a@example.org", "timezone": "Mars/Base"},
        {"channel": "email", "to": "a@example.org", "quiet_hours": "night"},
    ],
)
def test_a_receiver_that_cannot_work_is_refused_at_the_start(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReceiverConfig.model_validate({"name": "x", **given})
