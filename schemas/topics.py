"""Topic grammar: `{root}/v1/{clinic_id}/{device_id}/{kind}` (contract, section 2)."""

from __future__ import annotations

from typing import Final, NamedTuple

from schemas.identity import KINDS, Kind, is_identifier
from schemas.rejection import Reason

DEFAULT_ROOT: Final = "fleet"
WIRE_VERSION: Final = "v1"


class Topic(NamedTuple):
    """A device's topic, taken apart. Its clinic and device are the identity of all that is said on it."""

    clinic_id: str
    device_id: str
    kind: Kind


class TopicFault(NamedTuple):
    """Why a topic is not one of a device's; `kind` is its last segment where that is one that we know."""

    reason: Reason
    path: str
    kind: str | None


def parse_topic(topic: str, root: str = DEFAULT_ROOT) -> Topic | TopicFault:
    """Takes a topic apart, or says why it is none of a device's."""
    prefix = f"{root}/{WIRE_VERSION}/"
    segments = topic[len(prefix) :].split("/") if topic.startswith(prefix) else []
    if len(segments) != 3:
        return TopicFault("bad_topic", "topic", None)
    clinic_id, device_id, name = segments
    kind = next((known for known in KINDS if known == name), None)
    for field, value in (("clinic_id", clinic_id), ("device_id", device_id)):
        if not is_identifier(value):
            return TopicFault("bad_identifier", f"topic.{field}", kind)
    if kind is None:
        return TopicFault("unsupported_kind", "topic.kind", None)
    return Topic(clinic_id, device_id, kind)


def device_topic(clinic_id: str, device_id: str, kind: str, root: str = DEFAULT_ROOT) -> str:
    """The topic that a device publishes `kind` to, or reads its `advice` from."""
    return f"{root}/{WIRE_VERSION}/{clinic_id}/{device_id}/{kind}"


def everything(root: str = DEFAULT_ROOT) -> str:
    """The filter that matches all that is said below the root: also what no device should say, so that it is counted
    and quarantined instead of unseen."""
    return f"{root}/#"


def is_advice(topic: str) -> bool:
    """Whether a topic is what we say to a device."""
    return topic.endswith("/advice")
