"""How people want to be told, and what the outbox holds, as the API carries it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.config_notify import Language, mail_address, person_url, span, time_of_day, zone
from gateway.serve.action_shapes import TimeMs
from gateway.store.notify_rows import ChannelName, MessageState, NotificationSettings, OutboxMessage
from schemas.alert import Severity
from schemas.page_views import MessageLine


class NotificationBody(BaseModel):
    """What is left out is none. `quiet_hours` as `22:00-07:00` and `digest_at` as `08:30` are in `timezone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[str, AfterValidator(mail_address)] | None = None
    apprise: Annotated[str, Field(max_length=1_000), AfterValidator(person_url)] | None = None
    timezone: Annotated[str, Field(max_length=64), AfterValidator(zone)] = "UTC"
    quiet_hours: Annotated[str, AfterValidator(span)] = ""
    digest_at: Annotated[str, AfterValidator(time_of_day)] = ""
    min_severity: Severity = "warning"
    language: Language = "en"
    at_ms: TimeMs | None = None

    def settings(self, name: str) -> NotificationSettings:
        """As the store keeps it."""
        given: tuple[tuple[ChannelName, str | None], ...] = (("email", self.email), ("apprise", self.apprise))
        return NotificationSettings(
            user_name=name,
            addresses=tuple((channel, where) for channel, where in given if where is not None),
            timezone=self.timezone,
            quiet_hours=self.quiet_hours,
            digest_at=self.digest_at,
            min_severity=self.min_severity,
            language=self.language,
        )


class TestSent(BaseModel):
    """A test message waits in the outbox for each of one's addresses."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["sent"] = "sent"


class NotificationView(BaseModel):
    """`told`: whether messages go there. Tokens are no people, and are told nothing."""

    model_config = ConfigDict(frozen=True)

    email: str | None
    apprise: str | None
    timezone: str
    quiet_hours: str
    digest_at: str
    min_severity: Severity
    language: str
    told: bool

    @classmethod
    def of(cls, settings: NotificationSettings, *, told: bool) -> Self:
        where = dict(settings.addresses)
        return cls(
            email=where.get("email"),
            apprise=where.get("apprise"),
            timezone=settings.timezone,
            quiet_hours=settings.quiet_hours,
            digest_at=settings.digest_at,
            min_severity=settings.min_severity,
            language=settings.language,
            told=told and bool(where),
        )


class MessageView(BaseModel):
    """One message of the outbox, without its content. `error` is what the last attempt met."""

    model_config = ConfigDict(frozen=True)

    id: int
    key: str
    receiver: str
    channel: ChannelName
    group: str
    reason: str
    state: MessageState
    attempts: int
    created_ms: int
    next_try_ms: int | None
    ended_ms: int | None
    error: str

    @classmethod
    def of(cls, message: OutboxMessage) -> Self:
        return cls(
            id=message.message_id,
            key=message.key,
            receiver=message.receiver,
            channel=message.channel,
            group=message.group_key,
            reason=message.reason,
            state=message.state,
            attempts=message.attempts,
            created_ms=message.created_ms,
            next_try_ms=message.next_try_ms if message.state == "waiting" else None,
            ended_ms=message.ended_ms,
            error=message.error,
        )


def message_line(message: OutboxMessage) -> MessageLine:
    """The message as pages show it."""
    return MessageLine(
        id=message.message_id,
        receiver=message.receiver,
        channel=message.channel,
        reason=message.reason,
        state=message.state,
        attempts=message.attempts,
        created_ms=message.created_ms,
        next_try_ms=message.next_try_ms,
        ended_ms=message.ended_ms,
        error=message.error,
    )
