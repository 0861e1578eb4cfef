"""People, tokens, browser sessions, answers to be repeated, secrets. Of what is secret only hashes are kept."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.store.service_rows import AuditRow, Credential, SignIn, Token, User
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Part
from schemas.access import Scope

_SECRET_BYTES: Final = 32
_SAVE_USER: Final = (
    "REPLACE INTO users (name, role, clinics, models, created_ms, password_hash) VALUES (?, ?, ?, ?, ?, ?)"
)


class Access(Part):
    """Who may come in."""

    async def save_user(self, user: User, password_hash: str, audit: AuditRow) -> None:
        """Adds the user, or replaces the one of that name."""
        await self._write(
            _SAVE_USER,
            (user.name, user.role, *_scope_texts(user.scope), user.created_ms, password_hash),
            audit,
        )

    async def save_users(self, credentials: Sequence[Credential], audits: Sequence[AuditRow]) -> None:
        """Adds or replaces them all in one transaction."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.executemany(
                _SAVE_USER,
                [
                    (user.name, user.role, *_scope_texts(user.scope), user.created_ms, hashed)
                    for user, hashed in ((one.user, one.password_hash) for one in credentials)
                ],
            )
            for audit in audits:
                await write_audit(connection, audit)

        await self._db.writer.run(write)

    async def user(self, name: str) -> Credential | None:
        row = await self._one(
            "SELECT name, role, clinics, models, created_ms, password_hash FROM users WHERE name = ?", name
        )
        return None if row is None else Credential(_user(row), row[5])

    async def users(self) -> tuple[User, ...]:
        """In order of name."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, "SELECT name, role, clinics, models, created_ms FROM users ORDER BY name")
        return tuple(_user(row) for row in rows)

    async def change_password(self, name: str, password_hash: str, audit: AuditRow) -> None:
        """Ends the person's browser sessions, too."""
        await self._write_all(
            (
                ("UPDATE users SET password_hash = ? WHERE name = ?", (password_hash, name)),
                ("DELETE FROM sign_ins WHERE user_name = ?", (name,)),
            ),
            audit,
        )

    async def remove_user(self, name: str, audit: AuditRow) -> None:
        """With browser sessions, the address of the calendar, and where and of what that one was told: what waits to be
        sent there is no failure to tell of."""
        ways = (f"{name}/email", f"{name}/apprise")
        await self._write_all(
            (
                ("DELETE FROM users WHERE name = ?", (name,)),
                ("DELETE FROM sign_ins WHERE user_name = ?", (name,)),
                ("DELETE FROM notification_settings WHERE user_name = ?", (name,)),
                ("DELETE FROM notify_groups WHERE receiver IN (?, ?)", ways),
                ("DELETE FROM outbox WHERE state = 'waiting' AND receiver IN (?, ?)", ways),
                # The address is made from name and turn: whoever gets the name later has another one.
                (
                    "INSERT INTO calendars (owner, turn) VALUES (?, 1) ON CONFLICT DO UPDATE SET turn = turn + 1",
                    (name,),
                ),
            ),
            audit,
        )

    async def save_token(self, token: Token, token_hash: str, audit: AuditRow) -> None:
        """Adds the token."""
        await self._write(
            "REPLACE INTO tokens (token_hash, name, role, clinics, models, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
            (token_hash, token.name, token.role, *_scope_texts(token.scope), token.created_ms),
            audit,
        )

    async def token(self, token_hash: str) -> Token | None:
        row = await self._one(
            "SELECT name, role, clinics, models, created_ms FROM tokens WHERE token_hash = ?", token_hash
        )
        return None if row is None else Token(row[0], row[1], _scope(row[2], row[3]), row[4])

    async def tokens(self) -> tuple[Token, ...]:
        """In order of name and age."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection, "SELECT name, role, clinics, models, created_ms FROM tokens ORDER BY name, created_ms"
            )
        return tuple(Token(row[0], row[1], _scope(row[2], row[3]), row[4]) for row in rows)

    async def remove_tokens(self, name: str, audit: AuditRow) -> None:
        """All of that name."""
        await self._write("DELETE FROM tokens WHERE name = ?", (name,), audit)

    async def save_sign_in(self, sign_in: SignIn) -> None:
        await self._write(
            "REPLACE INTO sign_ins (session_hash, user_name, csrf, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)",
            (sign_in.session_hash, sign_in.user_name, sign_in.csrf, sign_in.created_ms, sign_in.expires_ms),
        )

    async def sign_in(self, session_hash: str) -> SignIn | None:
        """The browser session, expired or not."""
        row = await self._one(
            "SELECT session_hash, user_name, csrf, created_ms, expires_ms FROM sign_ins WHERE session_hash = ?",
            session_hash,
        )
        return None if row is None else SignIn(*row)

    async def end_sign_in(self, session_hash: str) -> None:
        await self._write("DELETE FROM sign_ins WHERE session_hash = ?", (session_hash,))

    async def remember_response(self, idempotency_key: str, viewer: str, response_json: str, now_ms: int) -> None:
        """Keeps the first answer to a key."""
        await self._write(
            "INSERT OR IGNORE INTO responses (viewer, idempotency_key, response_json, at_ms) VALUES (?, ?, ?, ?)",
            (viewer, idempotency_key, response_json, now_ms),
        )

    async def remembered_response(self, idempotency_key: str, viewer: str) -> str | None:
        row = await self._one(
            "SELECT response_json FROM responses WHERE viewer = ? AND idempotency_key = ?", viewer, idempotency_key
        )
        return None if row is None else str(row[0])

    async def secret(self, name: str) -> bytes:
        """32 random bytes kept under this name; made at the first call."""
        row = await self._one("SELECT value FROM secrets WHERE name = ?", name)
        if row is None:
            await self._write(
                "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)", (name, os.urandom(_SECRET_BYTES))
            )
            row = await self._one("SELECT value FROM secrets WHERE name = ?", name)
        assert row is not None
        return bytes(row[0])

    async def _one(self, sql: str, *values: object) -> Row | None:
        async with self._db.readers.snapshot() as connection:
            return await fetch_one(connection, sql, values)

    async def _write(self, sql: str, values: tuple[object, ...], audit: AuditRow | None = None) -> None:
        await self._write_all(((sql, values),), audit)

    async def _write_all(
        self, statements: Sequence[tuple[str, tuple[object, ...]]], audit: AuditRow | None = None
    ) -> None:
        async def write(connection: aiosqlite.Connection) -> None:
            for sql, values in statements:
                await connection.execute(sql, values)
            if audit is not None:
                await write_audit(connection, audit)

        await self._db.writer.run(write)


def _user(row: Row) -> User:
    return User(row[0], row[1], _scope(row[2], row[3]), row[4])


def _scope_texts(scope: Scope) -> tuple[str | None, str | None]:
    return (_text(scope.clinics), _text(scope.models))


def _text(ids: frozenset[str] | None) -> str | None:
    return None if ids is None else json.dumps(sorted(ids))


def _scope(clinics: str | None, models: str | None) -> Scope:
    return Scope(
        None if clinics is None else frozenset(json.loads(clinics)),
        None if models is None else frozenset(json.loads(models)),
    )
