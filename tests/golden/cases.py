"""The golden cases, as tests use them: messages that are taken, messages that are not, and batches of both."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from schemas.topics import is_advice

HERE = Path(__file__).parent


class ExpectedRejection(NamedTuple):
    """One rejection; `known` is what `known_json` must hold, None where there is none."""

    reason: str
    path: str
    known: dict[str, Any] | None
    boot_id: str | None
    seq: int | None


class GoldenCase(NamedTuple):
    """One delivery, and the records (field by field) and rejections that it must end in."""

    name: str
    topic: str
    payload: bytes
    records: tuple[dict[str, Any], ...]
    rejections: tuple[ExpectedRejection, ...]
    publishable: bool

    @property
    def subscribed(self) -> bool:
        """Whether the gateway reads and judges the topic, under the root `fleet`; advice is its own word."""
        return self.topic.startswith("fleet/") and not is_advice(self.topic)


class PoisonCase(NamedTuple):
    """One delivery that is rejected as a whole.

    `publishable`: MQTT can carry it. `subscribed`: the gateway reads and judges it. No two cases have the same
    topic and payload.
    """

    name: str
    topic: str
    payload: bytes
    reason: str
    path: str
    publishable: bool
    subscribed: bool


@cache
def golden_cases(folder: str) -> tuple[GoldenCase, ...]:
    """All cases of one folder: `good`, `mixed` or `poison`."""
    return tuple(
        GoldenCase(
            name=f"{file.stem}: {entry['name']}",
            topic=entry["topic"],
            payload=_payload(entry),
            records=tuple(entry.get("records", ())),
            rejections=tuple(ExpectedRejection(**expected) for expected in entry.get("rejections", ())),
            publishable=entry.get("publishable", True),
        )
        for file in sorted((HERE / folder).glob("*.json"))
        for entry in json.loads(file.read_text())
    )


def poison_cases() -> list[PoisonCase]:
    """Every delivery that must be rejected as a whole, with its one reason and path."""
    return [
        PoisonCase(
            case.name,
            case.topic,
            case.payload,
            case.rejections[0].reason,
            case.rejections[0].path,
            case.publishable,
            case.subscribed,
        )
        for case in golden_cases("poison")
    ]


def good_cases() -> list[GoldenCase]:
    """Every delivery that must be taken."""
    return list(golden_cases("good"))


def mixed_cases() -> list[GoldenCase]:
    """Batches of which some samples must be taken and some rejected."""
    return list(golden_cases("mixed"))


def _payload(entry: dict[str, Any]) -> bytes:
    if "hex" in entry:
        return bytes.fromhex(entry["hex"])
    if "text" in entry:
        return str(entry["text"]).encode()
    return b"".join(text.encode() * times for text, times in entry["parts"])
