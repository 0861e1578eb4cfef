"""The outbox: intents beside the alert changes, plans over them, and messages claimed by conditional update."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import aiosqlite

from gateway.errors import ConflictError
from gateway.store.notify_rows import (
    MessageState,
    NewMessage,
    NotifyPlan,
    NotifyState,
    OutboxMessage,
    TellingGroup,
    Told,
    Touched,
    Watched,
)
from gateway.store.service_rows import AlertChange, AuditRow
from gateway.store.sqlite.alert_rows import alert_of, of_alias
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Part

_ALERT: Final = of_alias("a")
_MESSAGE: Final = (
    "message_id, key, receiver, group_key, channel, reason, content_json, state, attempts, created_ms, next_try_ms,"
    " ended_ms, error"
)
_CLAIM: Final = (
    "UPDATE outbox SET state = 'sending', next_try_ms = ?, attempts = attempts + 1 WHERE message_id IN"
    " (SELECT message_id FROM outbox WHERE state IN ('waiting', 'sending') AND next_try_ms <= ?"
    " AND receiver NOT IN (SELECT value FROM json_each(?)) ORDER BY message_id LIMIT ?)"
    f" RETURNING {_MESSAGE}"
)
_INHIBITED: Final = (
    "SELECT alert_id FROM outbox_intents i WHERE to_state = 'resolved' AND note LIKE 'inhibited by %'"
    " AND intent_id = (SELECT max(intent_id) FROM outbox_intents WHERE alert_id = i.alert_id)"
)
_SAVE_GROUP: Final = (
    "INSERT INTO notify_groups (receiver, group_key, version, sends, last_sent_ms, told_json)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (receiver, group_key) DO UPDATE SET version = excluded.version,"
    " sends = excluded.sends, last_sent_ms = excluded.last_sent_ms, told_json = excluded.told_json"
    " WHERE notify_groups.version = ?"
)


async def write_intent(connection: aiosqlite.Connection, alert_id: int, change: AlertChange) -> None:
    """Notes, in the transaction of the change, that somebody may have to be told of it. Pending ones tell nobody."""
    if "firing" not in (change.alert.state, change.expected_state):
        return
    await connection.execute(
        "INSERT INTO outbox_intents (alert_id, at_ms, from_state, to_state, note) VALUES (?, ?, ?, ?, ?)",
        (alert_id, change.at_ms, change.expected_state, change.alert.state, change.note),
    )


async def write_messages(connection: aiosqlite.Connection, messages: Iterable[NewMessage], now_ms: int) -> None:
    """Puts messages into the outbox, due at once; one whose key is there already is left out."""
    await connection.executemany(
        "INSERT INTO outbox (key, receiver, group_key, channel, reason, content_json, state, attempts,"
        " created_ms, next_try_ms, error) VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?, '')"
        " ON CONFLICT (key) DO NOTHING",
        [(m.key, m.receiver, m.group_key, m.channel, m.reason, m.content_json, now_ms, now_ms) for m in messages],
    )


class Outbox(Part):
    """What has to be told, and whether it was."""

    async def load_notify(self) -> NotifyState:
        """What the planner starts from."""
        async with self._db.readers.snapshot() as connection:
            watched = await fetch(connection, "SELECT alert_id, seen_ms FROM notify_watch ORDER BY alert_id")
            groups = await fetch(
                connection, "SELECT receiver, group_key, version, sends, last_sent_ms, told_json FROM notify_groups"
            )
            loaded = tuple(_group(row) for row in groups)
            wanted = [row[0] for row in watched] + [told.alert_id for group in loaded for told in group.told]
            alerts = await fetch(
                connection,
                f"SELECT {_ALERT} FROM alerts a WHERE a.alert_id IN (SELECT value FROM json_each(?))"
                " OR a.state = 'firing' ORDER BY a.alert_id",
                (json.dumps(sorted(set(wanted))),),
            )
        return NotifyState(
            watched=tuple(Watched(*row) for row in watched),
            groups=loaded,
            alerts=tuple(alert_of(row) for row in alerts),
        )

    async def touched_alerts(self) -> Touched:
        """The alerts with a change that no plan has covered yet."""
        async with self._db.readers.snapshot() as connection:
            newest = await fetch_one(connection, "SELECT max(intent_id) FROM outbox_intents")
            up_to = newest[0] if newest and newest[0] is not None else 0
            rows = await fetch(
                connection,
                f"SELECT {_ALERT} FROM alerts a WHERE a.alert_id IN (SELECT alert_id FROM outbox_intents)"
                " ORDER BY a.alert_id",
            )
            inhibited = await fetch(connection, _INHIBITED)
        return Touched(up_to, tuple(alert_of(row) for row in rows), frozenset(row[0] for row in inhibited))

    async def apply_plan(self, plan: NotifyPlan) -> None:
        """Writes the plan, or nothing of it. Raises ConflictError where somebody else has planned meanwhile."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute("DELETE FROM outbox_intents WHERE intent_id <= ?", (plan.up_to,))
            await connection.executemany(
                "INSERT INTO notify_watch (alert_id, seen_ms) VALUES (?, ?) ON CONFLICT DO NOTHING", plan.watch
            )
            await connection.executemany(
                "DELETE FROM notify_watch WHERE alert_id = ?", [(alert_id,) for alert_id in plan.unwatch]
            )
            for group in plan.groups:
                await _save_group(connection, group)
            await write_messages(connection, plan.messages, plan.now_ms)

        await self._db.writer.run(write)

    async def add_messages(self, messages: Sequence[NewMessage], now_ms: int, audit: AuditRow) -> None:
        """Puts messages that somebody asked for into the outbox, due at once."""

        async def write(connection: aiosqlite.Connection) -> None:
            await write_messages(connection, messages, now_ms)
            await write_audit(connection, audit)

        await self._db.writer.run(write)

    async def messages_to(self, receivers: Collection[str], limit: int) -> tuple[OutboxMessage, ...]:
        """The newest messages to these receivers, newest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {_MESSAGE} FROM outbox WHERE receiver IN (SELECT value FROM json_each(?))"
                " ORDER BY message_id DESC LIMIT ?",
                (json.dumps(sorted(receivers)), limit),
            )
        return tuple(OutboxMessage(*row) for row in rows)

    async def undelivered_groups(self) -> frozenset[tuple[str, str]]:
        """(receiver, group_key) of messages that are neither sent nor dead."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection, "SELECT DISTINCT receiver, group_key FROM outbox WHERE state IN ('waiting', 'sending')"
            )
        return frozenset((row[0], row[1]) for row in rows)

    async def claim_messages(
        self, now_ms: int, claimed_until_ms: int, limit: int, busy: Collection[str]
    ) -> tuple[OutboxMessage, ...]:
        """Takes messages that are due, oldest first, but none for the receivers in `busy`."""

        async def write(connection: aiosqlite.Connection) -> list[Row]:
            return await fetch(connection, _CLAIM, (claimed_until_ms, now_ms, json.dumps(sorted(busy)), limit))

        return tuple(sorted((OutboxMessage(*row) for row in await self._db.writer.run(write)), key=_age))

    async def give_back_claims(self, now_ms: int) -> int:
        """Has every claimed message due now; how many. For a start, when the lock says that no other sends."""

        async def write(connection: aiosqlite.Connection) -> int:
            return await changed_rows(
                connection,
                "UPDATE outbox SET state = 'waiting', next_try_ms = min(next_try_ms, ?) WHERE state = 'sending'",
                (now_ms,),
            )

        return await self._db.writer.run(write)

    async def next_delivery_ms(self) -> int | None:
        """When the next message, or the next lapsed claim, is due; None where nothing waits."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection, "SELECT min(next_try_ms) FROM outbox WHERE state IN ('waiting', 'sending')"
            )
        return None if row is None else row[0]

    async def mark_sent(self, message_id: int, attempts: int, now_ms: int) -> None:
        """The receiver has it. Nothing changes where the claim was lost to somebody else."""
        await self._mark(message_id, attempts, "sent", ended_ms=now_ms)

    async def mark_retry(self, message_id: int, attempts: int, next_try_ms: int, error: str) -> None:
        """It could not be sent; it waits."""
        await self._mark(message_id, attempts, "waiting", next_try_ms=next_try_ms, error=error)

    async def mark_dead(self, message_id: int, attempts: int, now_ms: int, error: str) -> None:
        """It is given up."""
        await self._mark(message_id, attempts, "dead", ended_ms=now_ms, error=error)

    async def send_again(self, message_id: int, now_ms: int, audit: AuditRow) -> bool:
        """A message that was given up waits again, with all its attempts; False where it is none."""

        async def write(connection: aiosqlite.Connection) -> bool:
            waiting = await changed_rows(
                connection,
                "UPDATE outbox SET state = 'waiting', attempts = 0, next_try_ms = ?, ended_ms = NULL"
                " WHERE message_id = ? AND state = 'dead'",
                (now_ms, message_id),
            )
            if waiting:
                await write_audit(connection, audit)
            return bool(waiting)

        return await self._db.writer.run(write)

    async def dead_messages(self, since_ms: int) -> int:
        """How many messages were given up since then."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection, "SELECT count(*) FROM outbox WHERE state = 'dead' AND ended_ms >= ?", (since_ms,)
            )
        return int(row[0]) if row else 0

    async def outbox(
        self, *, limit: int, before: int | None, state: MessageState | None = None
    ) -> tuple[OutboxMessage, ...]:
        """Newest first; `before` is the message_id of the page before's last row."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {_MESSAGE} FROM outbox WHERE (? IS NULL OR message_id < ?) AND (? IS NULL OR state = ?)"
                " ORDER BY message_id DESC LIMIT ?",
                (before, before, state, state, limit),
            )
        return tuple(OutboxMessage(*row) for row in rows)

    async def forget_messages(self, before_ms: int) -> int:
        """Drops messages that ended before; how many."""

        async def write(connection: aiosqlite.Connection) -> int:
            return await changed_rows(connection, "DELETE FROM outbox WHERE ended_ms < ?", (before_ms,))

        return await self._db.writer.run(write)

    async def _mark(
        self,
        message_id: int,
        attempts: int,
        state: MessageState,
        *,
        ended_ms: int | None = None,
        next_try_ms: int | None = None,
        error: str = "",
    ) -> None:
        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE outbox SET state = ?, ended_ms = ?, next_try_ms = coalesce(?, next_try_ms), error = ?"
                " WHERE message_id = ? AND attempts = ? AND state = 'sending'",
                (state, ended_ms, next_try_ms, error, message_id, attempts),
            )
            # An Alertmanager is told the same every minute: nobody wants to read that again.
            await connection.execute(
                "DELETE FROM outbox WHERE message_id = ? AND state = 'sent' AND channel = 'alertmanager'"
                " AND reason = 'repeat'",
                (message_id,),
            )

        await self._db.writer.run(write)


async def _save_group(connection: aiosqlite.Connection, group: TellingGroup) -> None:
    values = (group.receiver, group.group_key, group.version + 1, group.sends, group.last_sent_ms, _told_json(group))
    if not await changed_rows(connection, _SAVE_GROUP, (*values, group.version)):
        raise ConflictError(f"the group {group.group_key} of {group.receiver} was planned by somebody else meanwhile")


def _group(row: Row) -> TellingGroup:
    receiver, group_key, version, sends, last_sent_ms, told_json = row
    told = tuple(Told(*item) for item in json.loads(told_json))
    return TellingGroup(receiver, group_key, version, sends, last_sent_ms, told)


def _told_json(group: TellingGroup) -> str:
    told: Sequence[Told] = group.told
    return json.dumps(told, separators=(",", ":"))


def _age(message: OutboxMessage) -> int:
    return message.message_id
