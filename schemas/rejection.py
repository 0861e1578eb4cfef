"""Rejections: why a delivery or a sample was not taken, and what of it may be kept (contract, section 2)."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

Reason = Literal[
    "bad_topic",
    "bad_identifier",
    "unsupported_kind",
    "too_large",
    "not_json",
    "too_deep",
    "duplicate_key",
    "unknown_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "too_old",
]
"""`bad_identifier` serves both places of the contract's order: in the topic, and after `wrong_type` in the payload."""

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class Rejection(NamedTuple):
    """One rejected delivery, or one rejected sample of a delivery.

    `path` names the place, as `power.charge` or `samples[3].seq`; segments that the schema does not know are `?`.
    `known_json` is the known and well-typed part of a parseable message (or of the one sample), as compact JSON
    that `decode` can read again; None where the message could not be parsed. `boot_id` and `seq` are
    given where both could be read: such a record leaves no hole.
    """

    reason: Reason
    path: str
    kind: str | None
    clinic_id: str | None
    device_id: str | None
    boot_id: str | None
    seq: int | None
    size_bytes: int
    known_json: str | None
    record_names: tuple[tuple[str, int], ...] = ()
    """(boot_id, seq) of the samples that could be read, where a batch was rejected as a whole: none leaves a hole."""
