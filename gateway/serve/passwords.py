"""Passwords and tokens: argon2 for what people choose, one round of SHA-256 for what we drew at random."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from gateway.errors import InvalidInputError
from schemas.mistakes import Mistake

MIN_PASSWORD_LENGTH: Final = 8
MAX_PASSWORD_LENGTH: Final = 1_024
_PREFIX: Final = "spt_"
_AT_ONCE: Final = 2
"""A hash takes 64 MiB and a core: more at once would starve the ingest."""


class Passwords:
    """Hashes and checks passwords in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Raises InvalidInputError for a password that is too short or too long."""
        if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
            low, high = MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH
            text = f"a password has {low} to {high} characters"
            raise InvalidInputError([Mistake(text, "password_length", low=low, high=high)])
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one. None, for a user that does not exist, takes as long and is false."""
        if len(password) > MAX_PASSWORD_LENGTH:
            return False
        async with self._turn:
            return await asyncio.to_thread(self._matches, password_hash, password)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        if password_hash is None:
            password_hash, password = self._hash_of_nobody(), ""
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    def _hash_of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        return self._nobody

    async def warm_up(self) -> None:
        """Makes the hash that unknown users are checked against, so that their first check takes no longer."""
        await asyncio.to_thread(self._hash_of_nobody)


def new_token() -> str:
    """A token of 256 random bits that a person or a scanner recognises as ours."""
    return _PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the store keeps of a token or a session cookie; enough because they can't be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
