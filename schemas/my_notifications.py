"""How one is told oneself, as its page shows it, and the protocol by which that page reads and acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from schemas.access import Viewer
from schemas.alert import Rule, Severity
from schemas.page_views import MessageLine

WhyTold: TypeAlias = Literal["everybody", "name", "role"]
"""There is no route; a route names the person; it names the role."""
RouteHours: TypeAlias = Literal["any", "working", "off"]
TestOutcome: TypeAlias = Literal["sent", "nowhere", "soon"]
"""On its way; there is no address to send to; the last one was sent only just now."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Turn(_View):
    """One's place in a rotation. `until_ms` None: for ever. `next_ms`: when one's next turn begins."""

    rotation: str
    now: bool
    until_ms: int | None
    next_ms: int | None


class ToldWay(_View):
    """One way by which alerts reach a person; empty lists match everything that the person sees.

    `always`: why, where it does not depend on who is on call. `after_s`: only of what nobody has
    acknowledged for so long.
    """

    clinics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    min_severity: Severity = "info"
    hours: RouteHours = "any"
    after_s: int | None = None
    always: WhyTold | None = None
    turns: tuple[Turn, ...] = ()


class TellingView(_View):
    """What reaches a person, and when. `waits`: what waits for hours; all other rules are told at once."""

    mails: bool
    """Whether there is a mail server."""
    ways: tuple[ToldWay, ...]
    waits: tuple[Rule, ...]
    quiet_until_ms: int | None
    """When the quiet hours that run now end."""
    next_digest_ms: int | None
    claim_days: int
    """So long after a claim that nothing confirmed its claimant is reminded."""
    escalation_days: int | None
    """So long after that the person is told of others' claims; None: never."""


class OwnSettings(_View):
    """What the person has set; `stored` False: nothing yet, these are the defaults."""

    email: str
    apprise: str
    timezone: str
    quiet_hours: str
    digest_at: str
    min_severity: Severity
    language: str
    stored: bool


class MyNotificationsView(_View):
    """All that the page shows."""

    settings: OwnSettings
    person: bool
    """Whether it is somebody who signs in with a name of their own: nobody else is told anything."""
    telling: TellingView
    messages: tuple[MessageLine, ...]
    """The newest to this person."""
    chats: tuple[str, ...]
    """What an address of a chat or push service may begin with."""
    public_url: str | None
    calendar_path: str | None
    """None: whoever looks has no calendar."""


class NotificationPages(Protocol):
    """What the page of one's own notifications reads and does; carried out by gateway/serve/my_notifications.py.

    Everything raises ForbiddenError for who is told of nothing.
    """

    async def mine(self, viewer: Viewer) -> MyNotificationsView: ...

    async def save(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        """Writes all fields as they were typed; the mistakes found, none where it is saved."""
        ...

    async def send_test(self, viewer: Viewer) -> TestOutcome:
        """Puts a test message for each of the person's addresses into the outbox."""
        ...

    async def renew_calendar(self, viewer: Viewer) -> None:
        """Ends the address of the person's calendar and makes a new one."""
        ...
