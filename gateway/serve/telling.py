"""What the pages know of how people are told. Who tells them is wired by the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.store.notify_rows import NotificationSettings, OutboxMessage
from gateway.store.service_rows import AuditRow, User
from schemas.access import Viewer
from schemas.my_notifications import TellingView, TestOutcome


class Telling(Protocol):
    """What reaches one person; carried out by gateway/notify/own.py."""

    @property
    def chats(self) -> tuple[str, ...]: ...

    def view(self, viewer: Viewer, settings: NotificationSettings, now_ms: int) -> TellingView: ...

    async def messages(self, user_name: str, limit: int) -> Sequence[OutboxMessage]:
        """The newest to this person, newest first."""
        ...

    async def send_test(
        self, user: User, settings: NotificationSettings, now_ms: int, audit: AuditRow
    ) -> TestOutcome: ...


class NobodyTold:
    """Nothing is sent to anybody."""

    chats: tuple[str, ...] = ()

    def view(self, viewer: Viewer, settings: NotificationSettings, now_ms: int) -> TellingView:
        """Nothing reaches anybody."""
        return TellingView(
            mails=False, ways=(), waits=(), quiet_until_ms=None, next_digest_ms=None, claim_days=0, escalation_days=None
        )

    async def messages(self, user_name: str, limit: int) -> Sequence[OutboxMessage]:
        """None."""
        return ()

    async def send_test(self, user: User, settings: NotificationSettings, now_ms: int, audit: AuditRow) -> TestOutcome:
        """There is nowhere to send it to."""
        return "nowhere"
