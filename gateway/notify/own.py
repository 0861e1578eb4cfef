"""What reaches one person, by which way and when, and a test message that goes there as all others do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from dashboards.web.links import NOTIFICATIONS_PATH
from gateway.config_notify import FOR_PEOPLE, EscalationConfig, NotifyConfig, RotationConfig, RouteConfig
from gateway.config_work import WorkConfig
from gateway.hours import next_outside, next_time_of_day, parse_span, parse_time_of_day, zone_or_utc
from gateway.notify.notice import Notice
from gateway.notify.receivers import directory, hand_over_ms, person_of_week, week_of
from gateway.notify.routing import PATIENT
from gateway.store.notify_rows import NewMessage, NotificationSettings, OutboxMessage
from gateway.store.service_rows import AuditRow, User
from schemas.access import Viewer
from schemas.alert import RULES
from schemas.my_notifications import TellingView, TestOutcome, ToldWay, Turn

TEST_GROUP: Final = "test:"
"""The group of test messages, apart from that of alerts: no clinic's id has a colon."""
_TEST_PAUSE_MS: Final = 30_000
"""Whoever can have mails sent to any address shall not send many."""


class OwnStore(Protocol):
    """The outbox, as far as one person's messages go."""

    async def add_messages(self, messages: Sequence[NewMessage], now_ms: int, audit: AuditRow) -> None: ...

    async def messages_to(self, receivers: Sequence[str], limit: int) -> tuple[OutboxMessage, ...]: ...


class OwnTelling:
    """Answers by the configuration in force, and writes test messages into the outbox."""

    def __init__(self, config: NotifyConfig, work: WorkConfig, store: OwnStore, public_url: str) -> None:
        self._config = config
        self._work = work
        self._store = store
        self._public_url = public_url

    @property
    def chats(self) -> tuple[str, ...]:
        """What an address of a chat or push service may begin with."""
        return tuple(sorted(FOR_PEOPLE))

    def view(self, viewer: Viewer, settings: NotificationSettings, now_ms: int) -> TellingView:
        """What reaches the viewer as things stand."""
        zone = zone_or_utc(settings.timezone)
        quiet = parse_span(settings.quiet_hours) if settings.quiet_hours else None
        quiet_until_ms = now_ms if quiet is None else next_outside(quiet, zone, now_ms)
        digest_at = parse_time_of_day(settings.digest_at) if settings.digest_at else None
        escalated = viewer.role == self._work.claim_escalate_role and self._work.claim_escalate_days > 0
        return TellingView(
            mails=self._config.smtp_url is not None,
            ways=tuple(ways_to(viewer, self._config, now_ms)),
            waits=tuple(rule for rule in RULES if rule in PATIENT),
            quiet_until_ms=quiet_until_ms if quiet_until_ms > now_ms else None,
            next_digest_ms=None if digest_at is None else next_time_of_day(digest_at, zone, now_ms),
            claim_days=self._work.claim_overdue_days,
            escalation_days=self._work.claim_escalate_days if escalated else None,
        )

    async def messages(self, user_name: str, limit: int) -> Sequence[OutboxMessage]:
        """The newest messages to this person, newest first."""
        return await self._store.messages_to([f"{user_name}/email", f"{user_name}/apprise"], limit)

    async def send_test(self, user: User, settings: NotificationSettings, now_ms: int, audit: AuditRow) -> TestOutcome:
        """A test message for each of the person's addresses, past all routes and hours."""
        receivers = [one for one in directory(self._config, [(user, settings)]) if one.person is not None]
        if not receivers:
            return "nowhere"
        if await self._has_just_sent(user.name, now_ms):
            return "soon"
        notice = Notice(
            reason="test",
            group_key=TEST_GROUP,
            link=f"{self._public_url}{NOTIFICATIONS_PATH}",
            timezone=settings.timezone,
            language=settings.language,
            made_ms=now_ms,
        )
        messages = [
            NewMessage(
                key=secrets.token_hex(16),
                receiver=receiver.name,
                group_key=TEST_GROUP,
                channel=receiver.channel,
                reason="test",
                content_json=notice.model_dump_json(),
            )
            for receiver in receivers
        ]
        await self._store.add_messages(messages, now_ms, audit)
        return "sent"

    async def _has_just_sent(self, user_name: str, now_ms: int) -> bool:
        tests = [message for message in await self.messages(user_name, 20) if message.reason == "test"]
        return any(now_ms - message.created_ms < _TEST_PAUSE_MS for message in tests)


def ways_to(viewer: Viewer, config: NotifyConfig, now_ms: int) -> Iterator[ToldWay]:
    """The ways by which the routes lead alerts to this person; without any route everybody gets everything."""
    if not config.routes:
        yield ToldWay(always="everybody")
        return
    rotations = {rotation.name: rotation for rotation in config.rotations}
    for route in config.routes:
        clinics = tuple(clinic_id for clinic_id in route.clinics if viewer.scope.sees_clinic(clinic_id))
        if route.clinics and not clinics:
            continue
        of_route = ToldWay(
            clinics=clinics,
            regions=route.regions,
            rules=route.rules,
            min_severity=route.min_severity,
            hours=route.hours,
        )
        audiences: tuple[RouteConfig | EscalationConfig, ...] = (route, *route.escalate)
        for audience in audiences:
            way = _meant(of_route, audience, viewer, rotations, now_ms)
            if way.always is not None or way.turns:
                yield way


def _meant(
    way: ToldWay,
    audience: RouteConfig | EscalationConfig,
    viewer: Viewer,
    rotations: dict[str, RotationConfig],
    now_ms: int,
) -> ToldWay:
    after_s = audience.after_s if isinstance(audience, EscalationConfig) else None
    if viewer.name in audience.users:
        return way.model_copy(update={"after_s": after_s, "always": "name"})
    if viewer.role in audience.roles:
        return way.model_copy(update={"after_s": after_s, "always": "role"})
    named = [rotations[name] for name in audience.on_call if viewer.name in rotations[name].people]
    turns = tuple(turn_of(rotation, viewer.name, now_ms) for rotation in named)
    return way.model_copy(update={"after_s": after_s, "turns": turns})


def turn_of(rotation: RotationConfig, name: str, now_ms: int) -> Turn:
    """Whether it is this person's week, until when, and when their next one begins."""
    week = week_of(rotation, now_ms)
    ahead = range(week + 1, week + 1 + len(rotation.people))
    now = person_of_week(rotation, week) == name
    others = (each for each in ahead if person_of_week(rotation, each) != name)
    ends = next(others, None) if now else None
    begins = (each for each in ahead if person_of_week(rotation, each) == name and (not now or each > (ends or each)))
    coming = next(begins, None)
    return Turn(
        rotation=rotation.name,
        now=now,
        until_ms=None if ends is None else hand_over_ms(rotation, ends),
        next_ms=None if coming is None else hand_over_ms(rotation, coming),
    )
