"""The outbox and people's notification settings, as the rest of the gateway sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from gateway.store.notify_rows import (
    MessageState,
    NewMessage,
    NotificationSettings,
    NotifyPlan,
    NotifyState,
    OutboxMessage,
    Touched,
)
from gateway.store.service_rows import AuditRow


class NotifyStore(Protocol):
    """Intents are written with the alert change; plans turn them into messages; messages are sent at least once."""

    async def load_notify(self) -> NotifyState: ...

    async def touched_alerts(self) -> Touched:
        """The alerts with a change that no plan has covered yet."""
        ...

    async def apply_plan(self, plan: NotifyPlan) -> None:
        """Writes the plan, or nothing of it. Raises ConflictError where somebody else has planned meanwhile."""
        ...

    async def add_messages(self, messages: Sequence[NewMessage], now_ms: int, audit: AuditRow) -> None:
        """Puts messages that somebody asked for into the outbox, due at once."""
        ...

    async def messages_to(self, receivers: Collection[str], limit: int) -> tuple[OutboxMessage, ...]:
        """The newest messages to these receivers, newest first."""
        ...

    async def undelivered_groups(self) -> frozenset[tuple[str, str]]:
        """(receiver, group_key) of messages that are neither sent nor dead."""
        ...

    async def claim_messages(
        self, now_ms: int, claimed_until_ms: int, limit: int, busy: Collection[str]
    ) -> tuple[OutboxMessage, ...]:
        """Takes messages that are due, oldest first, but none for the receivers in `busy`.

        A claim that has run out (its holder was killed) is due again, under the same key.
        """
        ...

    async def give_back_claims(self, now_ms: int) -> int:
        """Has every claimed message due now; how many. For a start, when the lock says that no other sends."""
        ...

    async def next_delivery_ms(self) -> int | None:
        """When the next message, or the next lapsed claim, is due; None where nothing waits."""
        ...

    async def mark_sent(self, message_id: int, attempts: int, now_ms: int) -> None: ...

    async def mark_retry(self, message_id: int, attempts: int, next_try_ms: int, error: str) -> None: ...

    async def mark_dead(self, message_id: int, attempts: int, now_ms: int, error: str) -> None: ...

    async def send_again(self, message_id: int, now_ms: int, audit: AuditRow) -> bool:
        """A message that was given up waits again, with all its attempts; False where it is none."""
        ...

    async def outbox(
        self, *, limit: int, before: int | None, state: MessageState | None = None
    ) -> tuple[OutboxMessage, ...]:
        """Newest first; `before` is the message_id of the page before's last row."""
        ...

    async def dead_messages(self, since_ms: int) -> int:
        """How many messages were given up since then."""
        ...

    async def forget_messages(self, before_ms: int) -> int:
        """Drops messages that ended before; how many."""
        ...

    async def notification_settings(self) -> tuple[NotificationSettings, ...]:
        """Of everybody who has any, in order of name."""
        ...

    async def save_notification_settings(self, settings: NotificationSettings, audit: AuditRow) -> None: ...
