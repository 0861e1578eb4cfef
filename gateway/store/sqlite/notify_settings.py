"""How people want to be told: addresses, quiet hours, digest."""

from __future__ import annotations

import json

import aiosqlite

from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, fetch
from gateway.store.sqlite.database import Part


class NotifySettings(Part):
    """One row for each person who wants to be told."""

    async def notification_settings(self) -> tuple[NotificationSettings, ...]:
        """Of everybody who has any, in order of name."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT user_name, addresses_json, timezone, quiet_hours, digest_at, min_severity, language"
                " FROM notification_settings ORDER BY user_name",
            )
        return tuple(_settings(row) for row in rows)

    async def save_notification_settings(self, settings: NotificationSettings, audit: AuditRow) -> None:
        """Adds or replaces one person's."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "REPLACE INTO notification_settings"
                " (user_name, addresses_json, timezone, quiet_hours, digest_at, min_severity, language)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    settings.user_name,
                    json.dumps(settings.addresses),
                    settings.timezone,
                    settings.quiet_hours,
                    settings.digest_at,
                    settings.min_severity,
                    settings.language,
                ),
            )
            await write_audit(connection, audit)

        await self._db.writer.run(write)


def _settings(row: Row) -> NotificationSettings:
    user_name, addresses_json, *rest = row
    addresses = tuple((channel, where) for channel, where in json.loads(addresses_json))
    return NotificationSettings(user_name, addresses, *rest)
