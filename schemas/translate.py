"""From wire messages to records: the same facts under our names, and whose they are (the topic says it, no payload)."""

from __future__ import annotations

from schemas.messages import NozzleMessage, SessionMessage, StatusMessage, TelemetrySample
from schemas.records import NozzleEvent, Sample, Session, Status
from schemas.topics import Topic


def to_sample(topic: Topic, wire: TelemetrySample) -> Sample:
    """The record of one telemetry sample; positional, because it is made for every message on the hot path."""
    power = wire.power
    nozzle = wire.nozzle
    sessions = wire.sessions
    if nozzle is None:
        fitted, serial, strikes, coating, depth_mm = False, None, None, None, None
    else:
        fitted, serial, strikes = True, nozzle.serial, nozzle.strikes
        coating, depth_mm = nozzle.coating, nozzle.depth_mm
    return Sample(
        topic[0],
        topic[1],
        wire.boot_id,
        wire.seq,
        wire.ts_ms,
        wire.up_ms,
        power.source,
        power.charge,
        power.voltage_v,
        power.health,
        fitted,
        serial,
        strikes,
        coating,
        depth_mm,
        sessions.total,
        sessions.active,
    )


def to_session(topic: Topic, wire: SessionMessage) -> Session:
    """The record of one treatment session."""
    return Session(
        clinic_id=topic.clinic_id,
        device_id=topic.device_id,
        boot_id=wire.boot_id,
        seq=wire.seq,
        ts_ms=wire.ts_ms,
        up_ms=wire.up_ms,
        session_id=wire.session_id,
        started_ms=wire.started_ms,
        ended_ms=wire.ended_ms,
        strikes=wire.strikes,
        depth_mm=wire.depth_mm,
        nozzle_serial=wire.nozzle_serial,
        power_source=wire.power_source,
        end=wire.end,
    )


def to_nozzle_event(topic: Topic, wire: NozzleMessage) -> NozzleEvent:
    """The record of a nozzle fitted or removed."""
    return NozzleEvent(
        clinic_id=topic.clinic_id,
        device_id=topic.device_id,
        boot_id=wire.boot_id,
        seq=wire.seq,
        ts_ms=wire.ts_ms,
        up_ms=wire.up_ms,
        action=wire.event,
        serial=wire.serial,
        strikes=wire.strikes,
        model=wire.model,
        lot=wire.lot,
        rated_strikes=wire.rated_strikes,
        expires_on=wire.expires_on,
    )


def to_status(topic: Topic, wire: StatusMessage) -> Status:
    """The record of a status."""
    return Status(
        clinic_id=topic.clinic_id,
        device_id=topic.device_id,
        boot_id=wire.boot_id,
        ts_ms=wire.ts_ms,
        state=wire.state,
        model=wire.model,
        firmware=wire.firmware,
        form=wire.form,
        interval_s=wire.interval_s,
    )
