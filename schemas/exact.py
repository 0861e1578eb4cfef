"""The exact way to decode: parses strictly, judges in the contract's order, says what of a rejected message may be
kept. Slow (some ten times the fast path), so `decode` takes it only for what the fast path did not accept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from schemas.batch import Batch, as_batch
from schemas.identity import Kind, is_identifier
from schemas.judge import Faulty, judge
from schemas.messages import (
    MAX_PAYLOAD_BYTES,
    Envelope,
    NozzleMessage,
    SessionMessage,
    StatusMessage,
    TelemetrySample,
    WireMessage,
)
from schemas.records import Record
from schemas.rejection import Reason, Rejection
from schemas.strict_json import JsonValue, NotJsonError, parse
from schemas.topics import Topic, TopicFault, parse_topic
from schemas.translate import to_nozzle_event, to_sample, to_session, to_status

W = TypeVar("W", bound=WireMessage)

OTHER_KIND: Final = "other"


class Decoded(NamedTuple):
    """What became of one delivery. Both are empty for a clear of a retained status.

    `kind` is the metrics label: a kind of the contract, or `other`.
    """

    records: tuple[Record, ...]
    rejections: tuple[Rejection, ...]
    kind: str


class MessageType(NamedTuple, Generic[W]):
    """How one kind of message is read: its wire type, and the record made of it."""

    model: type[W]
    to_record: Callable[[Topic, W], Record]


MESSAGE_TYPES: Final[Mapping[Kind, MessageType[Any]]] = {
    "telemetry": MessageType(TelemetrySample, to_sample),
    "session": MessageType(SessionMessage, to_session),
    "nozzle": MessageType(NozzleMessage, to_nozzle_event),
    "status": MessageType(StatusMessage, to_status),
}


def is_clear(topic: Topic, payload: bytes) -> bool:
    """Whether a delivery only clears a retained status: it says nothing."""
    return topic.kind == "status" and not payload


def decode_exactly(topic: str, payload: bytes, root: str) -> Decoded:
    """Decodes one delivery without the fast path; `decode` answers the same, faster."""
    place = parse_topic(topic, root)
    if isinstance(place, TopicFault):
        return _with_bad_topic(topic, payload, root, place)
    if is_clear(place, payload):
        return Decoded((), (), place.kind)
    origin = _Origin(place.kind, place.clinic_id, place.device_id, len(payload))
    if len(payload) > MAX_PAYLOAD_BYTES:
        return origin.rejected("too_large")
    try:
        parsed = parse(payload)
    except NotJsonError:
        return origin.rejected("not_json")
    batch = as_batch(parsed) if place.kind == "telemetry" else None
    if batch is not None:
        return _decode_batch(place, batch, origin)
    message_type = MESSAGE_TYPES[place.kind]
    outcome = judge(message_type.model, parsed.value, parsed.too_deep, parsed.duplicates)
    if isinstance(outcome, Faulty):
        return origin.rejected(*outcome)
    return Decoded((message_type.to_record(place, outcome),), (), place.kind)


class _Origin(NamedTuple):
    """Where a message came from, for its rejections."""

    kind: str | None
    clinic_id: str | None
    device_id: str | None
    size_bytes: int

    def rejection(
        self,
        reason: Reason,
        path: str = "",
        known: dict[str, JsonValue] | None = None,
        record_names: tuple[tuple[str, int], ...] = (),
    ) -> Rejection:
        boot_id = known.get("boot_id") if known else None
        seq = known.get("seq") if known else None
        return Rejection(
            reason=reason,
            path=path,
            kind=self.kind,
            clinic_id=self.clinic_id,
            device_id=self.device_id,
            boot_id=boot_id if isinstance(boot_id, str) else None,
            seq=seq if isinstance(seq, int) else None,
            size_bytes=self.size_bytes,
            known_json=None if known is None else json.dumps(known, separators=(",", ":")),
            record_names=record_names,
        )

    def rejected(
        self,
        reason: Reason,
        path: str = "",
        known: dict[str, JsonValue] | None = None,
        record_names: tuple[tuple[str, int], ...] = (),
    ) -> Decoded:
        """The whole delivery is rejected."""
        return Decoded((), (self.rejection(reason, path, known, record_names),), self.kind or OTHER_KIND)


def _decode_batch(topic: Topic, batch: Batch, origin: _Origin) -> Decoded:
    fault = batch.fault()
    if fault is not None:
        reason, path = fault
        return origin.rejected(reason, path, batch.known(), batch.record_names())
    records: list[Record] = []
    rejections: list[Rejection] = []
    for outcome in batch.judged():
        if isinstance(outcome, Faulty):
            rejections.append(origin.rejection(*outcome))
        else:
            records.append(to_sample(topic, outcome))
    return Decoded(tuple(records), tuple(rejections), topic.kind)


def _with_bad_topic(topic: str, payload: bytes, root: str, fault: TopicFault) -> Decoded:
    """The topic decides the reason; what can be read of the payload is kept all the same, and leaves no hole."""
    segments = topic.removeprefix(f"{root}/").split("/")
    clinic_id, device_id = (
        (name if is_identifier(name) else None for name in segments[1:3])
        if fault.reason != "bad_topic"
        else (None, None)
    )
    origin = _Origin(fault.kind, clinic_id, device_id, len(payload))
    known, record_names = _salvaged(payload, fault)
    return origin.rejected(fault.reason, fault.path, known, record_names)


def _salvaged(payload: bytes, fault: TopicFault) -> tuple[dict[str, JsonValue] | None, tuple[tuple[str, int], ...]]:
    if fault.reason == "bad_topic" or len(payload) > MAX_PAYLOAD_BYTES:
        return None, ()
    try:
        parsed = parse(payload)
    except NotJsonError:
        return None, ()
    batch = as_batch(parsed) if fault.kind == "telemetry" else None
    if batch is not None:
        return batch.known(), batch.record_names()
    message_type = next((known for kind, known in MESSAGE_TYPES.items() if kind == fault.kind), None)
    model = message_type.model if message_type else Envelope
    outcome = judge(model, parsed.value, parsed.too_deep, parsed.duplicates)
    return outcome.known if isinstance(outcome, Faulty) else outcome.model_dump(exclude_unset=True), ()
