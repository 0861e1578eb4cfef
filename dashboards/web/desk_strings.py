"""The words of people and their scopes, of the outbox, and of what is released from quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """The list of people who may sign in."""

    title: str
    count: Plural
    fields: Mapping[str, str]
    hints: Mapping[str, str]
    everything: str
    edit: str
    add: str
    add_detail: str
    saved: str
    export: str


@dataclass(frozen=True, slots=True)
class OutboxWords:
    """Messages to people, and the quarantine's way out."""

    release: str
    release_all: str
    release_detail: str
    released: Plural
    kept: Plural
    title: str
    waiting: str
    waiting_none: str
    dead: str
    dead_none: str
    dead_detail: str
    columns: Mapping[str, str]
    channels: Mapping[str, str]
    attempts: Plural


ENGLISH_PEOPLE: Final = PeopleWords(
    title="People",
    count=Plural("{n} person", "{n} people"),
    fields={
        "name": "User name",
        "role": "Role",
        "clinics": "Clinics",
        "models": "Models",
        "password": "Password",
        "since": "Since",
    },
    hints={
        "clinics": "ids with spaces between; empty: all",
        "models": "of nozzles or devices, with spaces between; empty: all",
        "password": "8 characters or more",
    },
    everything="all",
    edit="Edit {id}",
    add="Add a person",
    add_detail="Whoever is added can sign in at once. The role says what may be done, the scope what is seen.",
    saved="Saved {id}. It counts from now on.",
    export="Export people as CSV",
)

ENGLISH_OUTBOX: Final = OutboxWords(
    release="Release",
    release_all="Release all that are complete",
    release_detail="Releasing takes a message in after all, as if it came now; possible where all of it could be read.",
    released=Plural("{n} entry was taken in after all.", "{n} entries were taken in after all."),
    kept=Plural("{n} stays in quarantine: it is not complete.", "{n} stay in quarantine: they are not complete."),
    title="Messages to people",
    waiting="Waiting to be sent",
    waiting_none="Nothing waits: every message has been sent.",
    dead="Given up",
    dead_none="No message was given up.",
    dead_detail="Check the receiver's address and the channel, with “silverpoint doctor”; later alerts are sent again.",
    columns={
        "created": "Written",
        "receiver": "To",
        "channel": "Channel",
        "reason": "Why",
        "attempts": "Attempts",
        "next": "Next attempt",
        "ended": "Given up",
        "error": "What the last one met",
    },
    channels={"email": "Mail", "apprise": "Chat or push", "webhook": "Webhook", "alertmanager": "Alertmanager"},
    attempts=Plural("{n} attempt", "{n} attempts"),
)
