"""Decodes deliveries: records, or why there are none. Every line of the contract's section 2, at a few microseconds.

The fast path lets pydantic parse and check in one go, and is exact, because what it takes satisfies the contract:

- Field by field the types of `messages` are the contract: strict, nothing unknown, nothing missing, every pattern and
  range. They also bound the depth, since a value that is nested deeper than they say is of a wrong type.
- pydantic's parser takes UTF-8 only, no byte order mark, no lone surrogate, nothing after the message. It does take
  NaN, Infinity and 1e999, but no field does.
- It takes a key twice and keeps the last. Yet no text that a field accepts contains a colon, nor does a key; so in a
  message without duplicates the colons in the payload are as many as the fields given, and each duplicate adds at
  least one. The two counts are compared. That covers whatever a discarded value hides, also its depth.
- It takes numbers of any length. The payload's longest run of number characters bounds its longest number.

Whatever fails here goes to `decode_exactly`, which alone gives reasons. It takes what the fast path takes (a property
test holds them together), so a false suspicion costs time only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydantic import ValidationError

from schemas.exact import MESSAGE_TYPES, Decoded, decode_exactly, is_clear
from schemas.messages import MAX_PAYLOAD_BYTES, TelemetryBatch, TelemetrySample
from schemas.records import Record
from schemas.strict_json import MAX_NUMBER_DIGITS
from schemas.topics import DEFAULT_ROOT, Topic, TopicFault, parse_topic
from schemas.translate import to_sample

__all__ = ["Decoded", "decode"]

_sample_from_json = TelemetrySample.__pydantic_validator__.validate_json
_batch_from_json = TelemetryBatch.__pydantic_validator__.validate_json

_DIGITS_AS_ZERO: Final = bytes(ord("0") if chr(code) in "0123456789.eE+-" else code for code in range(256))
_LONG_NUMBER: Final = b"0" * (MAX_NUMBER_DIGITS + 1)
_SAMPLES_KEY: Final = b'"samples"'
_SAMPLES_KEY_WITHIN: Final = 32
_CACHED_TOPICS: Final = 65_536
_CACHED_TOPIC_LENGTH: Final = 200


def decode(topic: str, payload: bytes, root: str = DEFAULT_ROOT) -> Decoded:
    """Decodes one delivery; never raises. A bad sample of a batch is rejected alone, all else as a whole."""
    place = _parse_short_topic(topic, root) if len(topic) <= _CACHED_TOPIC_LENGTH else parse_topic(topic, root)
    if isinstance(place, Topic) and len(payload) <= MAX_PAYLOAD_BYTES:
        if is_clear(place, payload):
            return Decoded((), (), place.kind)
        try:
            records = _fast(place, payload)
        except ValidationError:
            records = None
        if records is not None and payload.translate(_DIGITS_AS_ZERO).find(_LONG_NUMBER) < 0:
            return Decoded(records, (), place.kind)
    return decode_exactly(topic, payload, root)


@lru_cache(maxsize=_CACHED_TOPICS)
def _parse_short_topic(topic: str, root: str) -> Topic | TopicFault:
    return parse_topic(topic, root)


def _fast(topic: Topic, payload: bytes) -> tuple[Record, ...] | None:
    """The records of a message without fault; None where a key may be given twice.

    Raises pydantic's ValidationError on any fault.
    """
    if topic.kind != "telemetry":
        message_type = MESSAGE_TYPES[topic.kind]
        message = message_type.model.__pydantic_validator__.validate_json(payload)
        if payload.count(b":") != len(message.__pydantic_fields_set__):
            return None
        return (message_type.to_record(topic, message),)
    if payload.find(_SAMPLES_KEY, 0, _SAMPLES_KEY_WITHIN) < 0:
        sample = _sample_from_json(payload)
        return (to_sample(topic, sample),) if payload.count(b":") == _fields_given(sample) else None
    samples = _batch_from_json(payload).samples
    if payload.count(b":") != 1 + sum(map(_fields_given, samples)):
        return None
    return tuple([to_sample(topic, sample) for sample in samples])


def _fields_given(sample: TelemetrySample) -> int:
    nozzle = sample.nozzle
    return (
        len(sample.__pydantic_fields_set__)
        + len(sample.power.__pydantic_fields_set__)
        + len(sample.sessions.__pydantic_fields_set__)
        + (0 if nozzle is None else len(nozzle.__pydantic_fields_set__))
    )
