"""One's own notifications: read, set, tried out. For the API and for the page alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from gateway.clock import Clock
from gateway.errors import ConflictError
from gateway.serve.access import audit_row
from gateway.serve.notify_shapes import NotificationBody, message_line
from gateway.serve.roles import require
from gateway.serve.telling import Telling
from gateway.serve.work_reader import WorkReader
from gateway.store.base import Store
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import User
from schemas.access import Viewer
from schemas.mistakes import Mistake, mistake_of
from schemas.my_notifications import MyNotificationsView, OwnSettings, TestOutcome

_SHOWN: Final = 5
_WHOLE: Final = ("email", "apprise", "timezone", "digest_at", "min_severity", "language")


class MyNotifications:
    """Carries out `schemas.my_notifications.NotificationPages`."""

    def __init__(
        self,
        *,
        store: Store,
        telling: Telling,
        work: WorkReader,
        clock: Clock,
        done_at: Callable[[int | None], int],
        public_url: str | None,
    ) -> None:
        """`done_at` gives when something was done. Raises InvalidInputError for a time that has not come yet."""
        self._store = store
        self._telling = telling
        self._work = work
        self._clock = clock
        self._done_at = done_at
        self._public_url = public_url

    async def settings(self, viewer: Viewer) -> NotificationSettings | None:
        """What the viewer has set; None: nothing yet."""
        rows = await self._store.notification_settings()
        return next((row for row in rows if row.user_name == viewer.name), None)

    async def is_person(self, viewer: Viewer) -> bool:
        """Whether it is somebody who signs in with a name of their own: tokens are told nothing."""
        return await self._user(viewer) is not None

    async def set_all(self, viewer: Viewer, body: NotificationBody) -> NotificationSettings:
        """Replaces all of it; what is left out is none."""
        require(viewer, "edit_notifications")
        at_ms = self._done_at(body.at_ms)
        settings = body.settings(viewer.name)
        channels: dict[str, object] = {"channels": [channel for channel, _ in settings.addresses]}
        audit = audit_row(self._clock.now_ms(), viewer.name, "edit_notifications", viewer.name, channels, at_ms)
        await self._store.save_notification_settings(settings, audit)
        return settings

    async def mine(self, viewer: Viewer) -> MyNotificationsView:
        """All that the page shows."""
        require(viewer, "edit_notifications")
        stored = await self.settings(viewer)
        settings = stored or NotificationSettings(viewer.name)
        return MyNotificationsView(
            settings=_own(settings, stored=stored is not None),
            person=await self.is_person(viewer),
            telling=self._telling.view(viewer, settings, self._clock.now_ms()),
            messages=tuple(message_line(row) for row in await self._telling.messages(viewer.name, _SHOWN)),
            chats=self._telling.chats,
            public_url=self._public_url,
            calendar_path=await self._calendar_path(viewer),
        )

    async def save(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        """The mistakes found, none where it is saved."""
        require(viewer, "edit_notifications")
        typed = {name: text.strip() for name, text in fields.items()}
        mistakes = _half_a_span(typed)
        try:
            body = NotificationBody.model_validate(_values(typed))
        except ValidationError as error:
            return (*mistakes, *(mistake_of(each) for each in error.errors()))
        if not mistakes:
            await self.set_all(viewer, body)
        return mistakes

    async def send_test(self, viewer: Viewer, at_ms: int | None = None) -> TestOutcome:
        """A test message for each of the viewer's addresses, through the outbox; `at_ms`: when it was asked for."""
        require(viewer, "edit_notifications")
        asked_ms = self._done_at(at_ms)
        settings, user, now_ms = await self.settings(viewer), await self._user(viewer), self._clock.now_ms()
        if settings is None or user is None:
            return "nowhere"
        audit = audit_row(now_ms, viewer.name, "test_notifications", viewer.name, {}, asked_ms)
        return await self._telling.send_test(user, settings, now_ms, audit)

    async def renew_calendar(self, viewer: Viewer) -> None:
        """Raises ForbiddenError, and ConflictError for a token."""
        require(viewer, "read_work")
        await self._work.renew_calendar(viewer)

    async def _calendar_path(self, viewer: Viewer) -> str | None:
        try:
            return await self._work.calendar_path(viewer)
        except ConflictError:
            return None

    async def _user(self, viewer: Viewer) -> User | None:
        credential = await self._store.user(viewer.name)
        return None if credential is None else credential.user


def _own(settings: NotificationSettings, *, stored: bool) -> OwnSettings:
    where = dict(settings.addresses)
    return OwnSettings(
        email=where.get("email", ""),
        apprise=where.get("apprise", ""),
        timezone=settings.timezone,
        quiet_hours=settings.quiet_hours,
        digest_at=settings.digest_at,
        min_severity=settings.min_severity,
        language=settings.language,
        stored=stored,
    )


def _values(typed: Mapping[str, str]) -> dict[str, object]:
    """What was typed, as the API takes it. A form has two fields for the quiet hours."""
    values: dict[str, object] = {name: typed[name] for name in _WHOLE if typed.get(name)}
    since, until = typed.get("quiet_from", ""), typed.get("quiet_until", "")
    if since and until:
        values["quiet_hours"] = f"{since}-{until}"
    return values


def _half_a_span(typed: Mapping[str, str]) -> tuple[Mistake, ...]:
    since, until = typed.get("quiet_from", ""), typed.get("quiet_until", "")
    if bool(since) == bool(until):
        return ()
    return (Mistake("quiet_hours: write when they begin and when they end, or neither", "time_span", "quiet_hours"),)
