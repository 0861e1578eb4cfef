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
    exchange: str
    exchange_detail: str
    imported: Plural


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
    reasons: Mapping[str, str]
    attempts: Plural
    again: str
    again_done: str
    again_gone: str


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
    exchange="Import and export",
    exchange_detail=(
        "One CSV file: name, role, clinics, models, and a password for whoever is new. It is taken whole or not at all;"
        " whoever is there already gets the role and scope of the file."
    ),
    imported=Plural("Imported {n} person.", "Imported {n} people."),
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
    dead_detail="Check the receiver's address and the channel, with “silverpoint doctor”, then send again.",
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
    reasons={
        "new": "new alerts",
        "worse": "more severe",
        "resolved": "over",
        "repeat": "still open",
        "reminder": "claimed, not confirmed",
        "escalation": "claimed long ago, not confirmed",
        "test": "test message",
    },
    attempts=Plural("{n} attempt", "{n} attempts"),
    again="Send again",
    again_done="The message waits to be sent again; the next attempt is made within seconds.",
    again_gone="That message is not given up any more.",
)
