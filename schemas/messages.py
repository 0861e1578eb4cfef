"""Wire messages: what travels over MQTT, version 1, as strict types (contract, section 2).

These types are the only place that says what a message may hold: `decode` checks with them, and the AsyncAPI and
JSON Schema documents are made from them. No coercion, no unknown field, no infinite number. A field without a default
must be there; a field with one may be left out, but may be null only where its type says so. A name fits the pattern
of its kind, and a number lies in its range. Every integer ends at 2^53 - 1, so that any JSON library carries it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from schemas.identity import (
    BOOT_ID_PATTERN,
    DATE_PATTERN,
    IDENTIFIER_PATTERN,
    MAX_COUNT,
    MAX_TIME_MS,
    MIN_TIME_MS,
    SESSION_ID_PATTERN,
    VERSION_PATTERN,
)
from schemas.records import Form, NozzleAction, OnlineState, PowerSource, SessionEnd

MAX_PAYLOAD_BYTES: Final = 512 * 1024
MAX_SAMPLES: Final = 1000
OUT_OF_RANGE_ERROR: Final = "out_of_range"
"""The type of the errors that our own checks raise: the value is of the right type, and can't be true."""


class _NullMeansAbsent:
    """Marks a field whose `None` says that the message left it out: on the wire, null is not accepted for it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable: dict[str, Any] = dict(handler(source))
        inner: CoreSchema = nullable["schema"]
        return inner


def _real_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError(OUT_OF_RANGE_ERROR, "no such day in the calendar") from None
    return text


Identifier: TypeAlias = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
BootId: TypeAlias = Annotated[str, Field(pattern=BOOT_ID_PATTERN)]
SessionId: TypeAlias = Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
Version: TypeAlias = Annotated[str, Field(pattern=VERSION_PATTERN)]
CalendarDate: TypeAlias = Annotated[
    str, Field(pattern=DATE_PATTERN, json_schema_extra={"format": "date"}), AfterValidator(_real_date)
]
TimeMs: TypeAlias = Annotated[int, Field(ge=MIN_TIME_MS, le=MAX_TIME_MS)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=MAX_COUNT)]
PositiveCount: TypeAlias = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Ratio: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Voltage: TypeAlias = Annotated[float, Field(ge=0, le=500)]
DepthMm: TypeAlias = Annotated[float, Field(ge=0, le=5)]
Quantity: TypeAlias = Annotated[float, Field(ge=0)]


class WireMessage(BaseModel):
    """What all messages and their parts have in common."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class RecordName(WireMessage):
    """What names a record within its device: a second arrival of the same name is a redelivery."""

    boot_id: BootId
    """New at each power-up, never reused: 64 random bits, or board serial and boot count."""
    seq: Count
    """One more for each record that the device makes within a boot, whatever its kind."""


class Envelope(RecordName):
    """What every record but a status carries: its name, and its time."""

    ts_ms: TimeMs | None
    """The device's time in ms since the epoch, UTC; null while its clock is not set."""
    up_ms: Annotated[Count | None, _NullMeansAbsent()] = None
    """Milliseconds since power-up: tells the time of a record whose clock was not set."""


class Power(WireMessage):
    """What the device runs on."""

    source: PowerSource
    """What feeds the device now."""
    charge: Ratio | None
    """State of charge, 0 to 1; null where there is no battery."""
    voltage_v: Voltage | None
    """Supply or battery voltage in volts."""
    health: Ratio | None = None
    """Full-charge capacity over design capacity, 0 to 1."""


class FittedNozzle(WireMessage):
    """The nozzle that is fitted."""

    serial: Identifier | None
    """The nozzle's serial; null where it is fitted but its tag can't be read. Never a placeholder."""
    strikes: Count
    """Needle strikes of this nozzle so far, counted over all its devices."""
    coating: Ratio | None
    """Remaining fraction of the silver coating as measured, 0 to 1; null without a sensor."""
    depth_mm: DepthMm | None = None
    """Set penetration depth in millimetres."""


class SessionCounter(WireMessage):
    """How much the device has been used."""

    total: Count
    """Treatment sessions of the device so far; may restart at 0 after a repair."""
    active: bool
    """Whether a session is running."""


class TelemetrySample(Envelope):
    """One reading of a device: at least every 60 s in a session, every 15 min otherwise."""

    power: Power
    nozzle: FittedNozzle | None
    """Null where none is fitted."""
    sessions: SessionCounter


class TelemetryBatch(WireMessage):
    """The backlog of a device that was offline. Each sample is judged alone."""

    samples: Annotated[tuple[TelemetrySample, ...], Field(min_length=1, max_length=MAX_SAMPLES), FailFast()]
    """In any order; each with its own boot_id, seq and ts_ms."""


class SessionMessage(Envelope):
    """One treatment session, sent at its end. No field says anything about a patient, and none may be added."""

    session_id: SessionId
    """Made by the device, never taken from a booking system."""
    started_ms: TimeMs | None
    """Null where the clock was not set."""
    ended_ms: TimeMs | None
    """Not before started_ms; null where it is not known."""
    strikes: Count
    """Needle strikes in this session."""
    depth_mm: DepthMm | None
    """Set penetration depth in millimetres."""
    nozzle_serial: Identifier | None
    """Null where the nozzle's tag can't be read."""
    power_source: PowerSource
    """What fed the device in the session."""
    end: Annotated[SessionEnd | None, _NullMeansAbsent()] = None
    """How the session ended."""

    @field_validator("ended_ms", mode="after")
    @classmethod
    def _not_before_its_start(cls, ended_ms: int | None, info: ValidationInfo) -> int | None:
        started_ms = info.data.get("started_ms")
        if ended_ms is not None and started_ms is not None and ended_ms < started_ms:
            raise PydanticCustomError(OUT_OF_RANGE_ERROR, "ended before it started")
        return ended_ms


class NozzleMessage(Envelope):
    """A nozzle was fitted or removed. Another nozzle at power-up than last known is a `removed` and a `fitted`."""

    event: NozzleAction
    """What happened to the nozzle."""
    serial: Identifier
    """The nozzle's serial."""
    strikes: Count
    """Needle strikes of this nozzle so far, at this moment."""
    model: Annotated[Identifier | None, _NullMeansAbsent()] = None
    """The nozzle's model."""
    lot: Annotated[Identifier | None, _NullMeansAbsent()] = None
    """The production lot."""
    rated_strikes: Annotated[PositiveCount | None, _NullMeansAbsent()] = None
    """Strikes that the nozzle is made for."""
    expires_on: Annotated[CalendarDate | None, _NullMeansAbsent()] = None
    """Last day of use, YYYY-MM-DD."""


class StatusMessage(WireMessage):
    """Retained: the device's word that it is online, and its will that it is offline."""

    state: OnlineState
    """The will says `offline`; so does a device that is switched off."""
    boot_id: Annotated[BootId | None, _NullMeansAbsent()] = None
    """The boot that this is about; a will carries it."""
    ts_ms: TimeMs | None = None
    """The device's time in ms since the epoch, UTC; a will has none."""
    model: Annotated[Identifier | None, _NullMeansAbsent()] = None
    """The device's model."""
    firmware: Annotated[Version | None, _NullMeansAbsent()] = None
    """The version of its firmware."""
    form: Annotated[Form | None, _NullMeansAbsent()] = None
    """Whether it stands in one place."""
    interval_s: Annotated[PositiveCount | None, _NullMeansAbsent()] = None
    """The longest time in seconds that it is silent while all is well."""


class RemainingSessions(WireMessage):
    """Sessions until the nozzle must be replaced: the 10 %, 50 % and 90 % quantiles."""

    p10: Quantity
    """At nine chances in ten it lasts longer."""
    p50: Quantity
    """As likely to last longer as not."""
    p90: Quantity
    """At one chance in ten it lasts longer."""


class AdviceMessage(BaseModel):
    """To the device, retained: how its nozzle stands. A device ignores advice for another nozzle than its own,
    advice past `valid_until_ms`, and fields that it does not know."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", allow_inf_nan=False, use_attribute_docstrings=True
    )

    serial: Identifier | None
    """The nozzle that this is about; null where none is known to be fitted."""
    nozzle: Literal["ok", "due", "replace", "unknown"]
    """What to show."""
    remaining_sessions: RemainingSessions | None
    """Null where there is no forecast."""
    as_of_ms: TimeMs
    """What the advice is based on ends here."""
    valid_until_ms: TimeMs
    """After this, show nothing."""
