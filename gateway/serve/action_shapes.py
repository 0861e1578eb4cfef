"""What acts take and answer, as the local socket and the API carry it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from gateway.store.rows import QuarantineEntry
from gateway.store.service_rows import Token
from gateway.store.told_base import ToldDocument
from schemas.access import Role, Scope
from schemas.alert import Rule
from schemas.identity import MAX_TIME_MS, MIN_TIME_MS
from schemas.registry import Identifier
from schemas.rejection import Reason

TimeMs: TypeAlias = Annotated[int, Field(ge=MIN_TIME_MS, le=MAX_TIME_MS)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(_Shape):
    """For acts that need to be told nothing."""


class _Grant(_Shape):
    """Clinics and models of a scope; absent means all."""

    name: str
    role: Role
    clinics: tuple[Identifier, ...] | None = None
    models: tuple[Identifier, ...] | None = None

    def scope(self) -> Scope:
        return Scope(
            clinics=frozenset(self.clinics) if self.clinics is not None else None,
            models=frozenset(self.models) if self.models is not None else None,
        )


class NewUser(_Grant):
    password: str = Field(repr=False)


class UserAdded(_Shape):
    name: str
    role: Role


class Named(_Shape):
    name: str


class NewPassword(Named):
    password: str = Field(repr=False)


class NewToken(_Grant):
    pass


class TokenView(_Grant):
    """What is known of a token; itself it is known to its holder alone."""

    created_ms: int

    @classmethod
    def of(cls, token: Token) -> TokenView:
        return cls(
            name=token.name,
            role=token.role,
            clinics=None if token.scope.clinics is None else tuple(sorted(token.scope.clinics)),
            models=None if token.scope.models is None else tuple(sorted(token.scope.models)),
            created_ms=token.created_ms,
        )


class TokensListed(_Shape):
    items: tuple[TokenView, ...]


class TokensRevoked(_Shape):
    """How many bore the name."""

    name: str
    tokens: int


class TokenCreated(_Shape):
    """`token` is given out this once."""

    name: str
    token: str = Field(repr=False)


class Span(_Shape):
    """since <= t < until."""

    since_ms: TimeMs
    until_ms: TimeMs


class VendorTelling(_Shape):
    """Rows of one table for a vendor, as a JSON list, by window."""

    name: str = Field(max_length=40)
    documents: dict[str, str]
    k: int = Field(ge=1)


class VendorTold(_Shape):
    """What is told for good: the documents, or what was told of their windows before."""

    documents: dict[str, ToldDocument]


class QuarantineQuery(_Shape):
    limit: int = Field(default=100, ge=1, le=1_000)
    before: int | None = None
    reason: Reason | None = None
    released: bool | None = None


class QuarantineView(_Shape):
    """One kept rejection; `known` is the part of it that may be kept."""

    id: int
    topic: str
    reason: Reason
    path: str
    size_bytes: int
    payload_hash: str
    known: str | None
    first_received_ms: int
    last_received_ms: int
    count: int
    released_ms: int | None

    @classmethod
    def of(cls, entry: QuarantineEntry) -> QuarantineView:
        return cls(
            id=entry.entry_id,
            topic=entry.topic,
            reason=entry.rejection.reason,
            path=entry.rejection.path,
            size_bytes=entry.rejection.size_bytes,
            payload_hash=entry.payload_hash,
            known=entry.rejection.known_json,
            first_received_ms=entry.first_received_ms,
            last_received_ms=entry.last_received_ms,
            count=entry.count,
            released_ms=entry.released_ms,
        )


class QuarantineListed(_Shape):
    items: tuple[QuarantineView, ...]
    next: int | None


class Release(_Shape):
    """`ids` null: all that are not released yet."""

    ids: tuple[int, ...] | None = None
    at_ms: TimeMs | None = None


class Released(_Shape):
    """`kept` stay in quarantine: their known part is not complete, or still not taken."""

    released: tuple[int, ...]
    kept: tuple[int, ...]


class RegistryImport(_Shape):
    csv: str


class RegistryImported(_Shape):
    clinics: int
    devices: int
    nozzle_models: int
    lots: int


class RegistryExported(_Shape):
    csv: str


class LotRecall(_Shape):
    lot: Identifier
    note: str = Field(default="", max_length=500)
    at_ms: TimeMs | None = None


class Acknowledgement(_Shape):
    alert_id: int = Field(ge=1)
    at_ms: TimeMs | None = None


class Acknowledged(_Shape):
    alert_id: int
    acknowledged_by: str
    acknowledged_ms: int


class Replay(_Shape):
    path: str


class ReplayDone(_Shape):
    deliveries: int
    stored: int
    duplicates: int
    rejected: int
    mistakes: tuple[str, ...]


class Rehearse(_Shape):
    """`changes` are keys of the rule with what they are to be; `since` is a time as on the command line."""

    rule: str
    changes: dict[str, str] = {}
    since: str = Field(default="30d", max_length=40)


class RehearsalTally(_Shape):
    """`flapped`: how often it fired again within a day of having resolved; `subjects`: devices, or nozzles."""

    fired: int
    flapped: int
    subjects: int
    flapping_subjects: int
    clinics: int
    firing_now: int


class ReachedReceiver(_Shape):
    """Whom the routes in force give the rule's alerts to, and how many, had nobody acknowledged any."""

    receiver: str
    alerts: int


class RehearsalDone(_Shape):
    """What the rule raised as it is set now, and with the changes; the first subjects that only one of them names.

    `evidence`: the stored readings, or the record of the rule's alerts where what it goes by is not kept.
    """

    rule: Rule
    evidence: Literal["readings", "record"]
    devices: int
    readings: int
    now: RehearsalTally
    changed: RehearsalTally
    only_now: tuple[str, ...]
    only_changed: tuple[str, ...]
    reached_now: tuple[ReachedReceiver, ...]
    reached_changed: tuple[ReachedReceiver, ...]


class Pong(_Shape):
    status: Literal["running"] = "running"
