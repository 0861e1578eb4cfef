"""Access: users, tokens and browser sessions. The one place where a credential becomes a viewer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from gateway.clock import Clock
from gateway.errors import ConflictError, InvalidInputError, NotFoundError, NotSignedInError
from gateway.serve.passwords import Passwords, new_token, token_hash
from gateway.serve.people_csv import PersonLine
from gateway.serve.throttle import SignInThrottle
from gateway.store.base import AccessStore
from gateway.store.service_rows import AuditRow, Credential, SignIn, Token, User
from schemas.access import NAMES_ARE, Role, Scope, Viewer, is_name
from schemas.mistakes import Mistake, of_person

SESSION_MS: Final = 12 * 3_600_000
LOCAL: Final = Viewer("local", "admin")
"""Whoever may write to the local socket or to the store's file."""

_MAX_CREDENTIAL_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A viewer with a browser session; `csrf` must come with whatever it changes."""

    viewer: Viewer
    csrf: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """A browser session just begun; `cookie` is known to the browser alone."""

    viewer: Viewer
    cookie: str
    csrf: str
    expires_ms: int


class Access:
    """Each look-up asks the store, so that a new user or token counts at once."""

    def __init__(self, store: AccessStore, clock: Clock, passwords: Passwords) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._throttle = SignInThrottle(clock)

    async def by_token(self, token: str) -> Viewer | None:
        """The viewer of a bearer token; None where the token is not known."""
        if len(token) > _MAX_CREDENTIAL_LENGTH:
            return None
        found = await self._store.token(token_hash(token))
        return viewer_of(f"token:{found.name}", found.role, found.scope) if found else None

    async def by_session(self, cookie: str) -> SignedIn | None:
        """The viewer of a session cookie; None where the session is not known, over, or its user gone."""
        if len(cookie) > _MAX_CREDENTIAL_LENGTH:
            return None
        session = await self._store.sign_in(token_hash(cookie))
        if session is None or session.expires_ms <= self._clock.now_ms():
            return None
        credential = await self._store.user(session.user_name)
        return SignedIn(_viewer_of(credential.user), session.csrf) if credential else None

    async def sign_in(self, name: str, password: str, client: str) -> NewSession:
        """Begins a browser session.

        Raises NotSignedInError, the same for a wrong name and a wrong password, and TooManyAttemptsError.
        """
        self._throttle.attempt(name[:64], client)
        credential = await self._store.user(name) if is_name(name) else None
        matches = await self._passwords.matches(credential.password_hash if credential else None, password)
        if credential is None or not matches:
            # What was typed for an unknown name may be a password: it is not kept.
            subject = name if credential else "unknown"
            await self._store.add_audit(self._audit("nobody", "sign_in_failed", subject, {"client": client}))
            raise NotSignedInError("name or password is wrong")
        self._throttle.succeeded(name, client)
        return await self._begin(credential.user, client)

    async def sign_out(self, cookie: str) -> None:
        """Ends a browser session; one that is not known is none."""
        await self._store.end_sign_in(token_hash(cookie))

    async def add_user(self, by: Viewer, name: str, role: Role, scope: Scope, password: str) -> User:
        """Makes a user. Raises ConflictError where the name is taken, InvalidInputError for what can't be taken."""
        _check_name(name)
        if await self._store.user(name) is not None:
            taken = Mistake(f"there is a user {name} already: choose another name", "name_taken", name=name)
            raise ConflictError(taken)
        user = User(name=name, role=role, scope=scope, created_ms=self._clock.now_ms())
        hashed = await self._passwords.hash(password)
        await self._store.save_user(user, hashed, self._audit(by.name, "add_user", name, _grant(role, scope)))
        return user

    async def change_grant(self, by: Viewer, name: str, role: Role, scope: Scope) -> User:
        """Gives a user another role and scope; the password stays. Raises NotFoundError, and ConflictError where
        nobody would be left who may manage access."""
        credential = await self._store.user(name)
        if credential is None:
            raise NotFoundError(f"there is no user {name}")
        if role != "admin" or scope != Scope():
            await self._check_not_last(credential.user)
        user = User(name=name, role=role, scope=scope, created_ms=credential.user.created_ms)
        audit = self._audit(by.name, "change_grant", name, _grant(role, scope))
        await self._store.save_user(user, credential.password_hash, audit)
        return user

    async def take_people(self, by: Viewer, lines: Sequence[PersonLine]) -> None:
        """Adds the new ones and changes the grants of the others, all of them or nobody.

        Raises InvalidInputError with every mistake, and ConflictError where nobody would be left who may manage access.
        """
        standing = {user.name: user for user in await self._store.users()}
        mistakes: list[str] = []
        credentials: list[Credential] = []
        for line in lines:
            try:
                credentials.append(await self._credential_of(line))
            except InvalidInputError as error:
                mistakes += [of_person(mistake, line.name) for mistake in error.mistakes]
        if mistakes:
            raise InvalidInputError(mistakes)
        after = {**standing, **{one.user.name: one.user for one in credentials}}
        if not any(map(_manages_access, after.values())):
            text = "nobody would be left who may manage access: name an administrator of the whole fleet"
            raise ConflictError(Mistake(text, "nobody_left"))
        audits = [
            self._audit(
                by.name,
                "change_grant" if line.name in standing else "add_user",
                line.name,
                _grant(line.role, line.scope),
            )
            for line in lines
        ]
        await self._store.save_users(credentials, audits)

    async def _credential_of(self, line: PersonLine) -> Credential:
        _check_name(line.name)
        known = await self._store.user(line.name)
        created_ms = known.user.created_ms if known else self._clock.now_ms()
        hashed = known.password_hash if known else await self._passwords.hash(line.password or "")
        return Credential(User(name=line.name, role=line.role, scope=line.scope, created_ms=created_ms), hashed)

    async def change_password(self, by: Viewer, name: str, password: str) -> None:
        """A new password for somebody, who must sign in again. Raises NotFoundError, and InvalidInputError for one that
        can't be taken."""
        if await self._store.user(name) is None:
            raise NotFoundError(f"there is no user {name}")
        hashed = await self._passwords.hash(password)
        await self._store.change_password(name, hashed, self._audit(by.name, "change_password", name, {}))

    async def remove_user(self, by: Viewer, name: str) -> None:
        """Ends what the person may do, at once. Raises NotFoundError, and ConflictError where nobody would be left who
        may manage access."""
        credential = await self._store.user(name)
        if credential is None:
            raise NotFoundError(f"there is no user {name}")
        await self._check_not_last(credential.user)
        await self._store.remove_user(name, self._audit(by.name, "remove_user", name, {}))

    async def tokens(self) -> Sequence[Token]:
        """In order of name; the tokens themselves nobody knows but whoever has them."""
        return await self._store.tokens()

    async def revoke_tokens(self, by: Viewer, name: str) -> int:
        """Ends all tokens of that name, at once; how many. Raises NotFoundError."""
        count = sum(token.name == name for token in await self._store.tokens())
        if not count:
            raise NotFoundError(f"there is no token {name}")
        await self._store.remove_tokens(name, self._audit(by.name, "revoke_token", name, {"tokens": count}))
        return count

    async def create_token(self, by: Viewer, name: str, role: Role, scope: Scope) -> str:
        """Makes a token and gives it out this once; the store keeps its hash."""
        _check_name(name)
        token = new_token()
        made = Token(name=name, role=role, scope=scope, created_ms=self._clock.now_ms())
        audit = self._audit(by.name, "create_token", name, _grant(role, scope))
        await self._store.save_token(made, token_hash(token), audit)
        return token

    async def _begin(self, user: User, client: str) -> NewSession:
        now_ms = self._clock.now_ms()
        begun = NewSession(
            viewer=_viewer_of(user),
            cookie=secrets.token_urlsafe(32),
            csrf=secrets.token_urlsafe(32),
            expires_ms=now_ms + SESSION_MS,
        )
        session = SignIn(
            session_hash=token_hash(begun.cookie),
            user_name=user.name,
            csrf=begun.csrf,
            created_ms=now_ms,
            expires_ms=begun.expires_ms,
        )
        await self._store.save_sign_in(session)
        await self._store.add_audit(self._audit(user.name, "sign_in", user.name, {"client": client}))
        return begun

    async def _check_not_last(self, user: User) -> None:
        """Raises ConflictError where nobody else may manage access."""
        others = (other for other in await self._store.users() if other.name != user.name)
        if _manages_access(user) and not any(map(_manages_access, others)):
            text = f"{user.name} is the last administrator of the whole fleet: name another one first"
            raise ConflictError(Mistake(text, "last_admin", name=user.name))

    def _audit(self, actor: str, action: str, subject: str, detail: dict[str, object]) -> AuditRow:
        return audit_row(self._clock.now_ms(), actor, action, subject, detail)


def _manages_access(user: User) -> bool:
    return user.role == "admin" and user.scope == Scope()


def audit_row(
    now_ms: int, actor: str, action: str, subject: str, detail: dict[str, object], at_ms: int | None = None
) -> AuditRow:
    """Who did what to what; `at_ms` where it was done before it reached us."""
    return AuditRow(
        audit_id=0,
        at_ms=now_ms if at_ms is None else at_ms,
        recorded_ms=now_ms,
        actor=actor,
        action=action,
        subject=subject,
        detail_json=json.dumps(detail, separators=(",", ":"), sort_keys=True),
    )


def viewer_of(name: str, role: Role, granted: Scope) -> Viewer:
    """Whoever a credential stands for. A vendor sees no clinic, hence no row of any: what vendors are told is
    published (`analytics/privacy`), the same for each of them. Whoever may see certain clinics only is told none of
    that: it tells of all."""
    if role != "vendor":
        return Viewer(name, role, granted)
    return Viewer(name, role, Scope(clinics=frozenset(), models=granted.models), told_published=granted.clinics is None)


def _viewer_of(user: User) -> Viewer:
    return viewer_of(user.name, user.role, user.scope)


def _check_name(name: str) -> None:
    if not is_name(name):
        raise InvalidInputError([Mistake(NAMES_ARE, "name")])


def _grant(role: Role, scope: Scope) -> dict[str, object]:
    limits = {key: sorted(names) for key, names in asdict(scope).items() if names is not None}
    return {"role": role, **limits}
