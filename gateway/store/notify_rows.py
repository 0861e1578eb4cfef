"""What the store keeps for notifying: what was told to whom, what waits to be sent, and how people want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from schemas.alert import Alert, Severity

ChannelName: TypeAlias = Literal["email", "apprise", "webhook", "alertmanager"]
MessageState: TypeAlias = Literal["waiting", "sending", "sent", "dead"]


class Touched(NamedTuple):
    """The alerts that changed since the planner last looked, as they are now."""

    up_to: int
    """The newest intent among them; it and all before it are done with once the plan is stored."""
    alerts: tuple[Alert, ...]
    inhibited: frozenset[int] = frozenset()
    """Those of them that ended because another alert says the same: nothing got better."""


class Watched(NamedTuple):
    """A firing alert, and when the planner first saw it fire (on the gateway's clock)."""

    alert_id: int
    seen_ms: int


class Told(NamedTuple):
    """An alert that a receiver knows to fire; `over_ms`: since when it has been over, which is not told yet."""

    alert_id: int
    severity: Severity
    over_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TellingGroup:
    """What one receiver knows of one group of alerts (a clinic's, or its whole digest)."""

    receiver: str
    group_key: str
    version: int
    """As stored; a plan that was made from another version is refused. 0: not stored yet."""
    sends: int = 0
    last_sent_ms: int | None = None
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be sent; the key is the same however often it is."""

    key: str
    receiver: str
    group_key: str
    channel: ChannelName
    reason: str
    content_json: str


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message as the outbox has it. `error` is what the last attempt met."""

    message_id: int
    key: str
    receiver: str
    group_key: str
    channel: ChannelName
    reason: str
    content_json: str
    state: MessageState
    attempts: int
    created_ms: int
    next_try_ms: int
    ended_ms: int | None
    error: str


@dataclass(frozen=True, slots=True)
class NotifyPlan:
    """All that one look of the planner writes, in one transaction."""

    up_to: int
    now_ms: int
    watch: tuple[Watched, ...] = ()
    unwatch: tuple[int, ...] = ()
    groups: tuple[TellingGroup, ...] = ()
    """As they shall be, each with the version that it was read with."""
    messages: tuple[NewMessage, ...] = ()


@dataclass(frozen=True, slots=True)
class NotifyState:
    """What the planner starts from."""

    watched: tuple[Watched, ...]
    groups: tuple[TellingGroup, ...]
    alerts: tuple[Alert, ...]
    """Those that are watched or told of, and every one that fires."""


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """How a person wants to be told. `addresses`: (channel, where), at most one for each channel.

    `quiet_hours` (`22:00-07:00`) and `digest_at` (`08:30`) are in `timezone`; empty: none.
    """

    user_name: str
    addresses: tuple[tuple[ChannelName, str], ...] = ()
    timezone: str = "UTC"
    quiet_hours: str = ""
    digest_at: str = ""
    min_severity: Severity = "warning"
    language: str = "en"
    """Of messages, and of the person's calendar."""
