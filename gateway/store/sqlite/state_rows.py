"""Device states and sightings as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from gateway.store.rows import DeviceState, Key, Sighting
from gateway.store.sqlite.connection import Row
from gateway.store.sqlite.multirow import RowsStatement
from gateway.store.sqlite.numbers import Numbers
from gateway.store.sqlite.sample_row import (
    COLUMN_COUNT,
    NO_SAMPLE,
    NOTHING_MADE,
    MadeSamples,
    named_sample,
    sample_values,
)

REPLACE_STATES: Final = RowsStatement(
    "REPLACE INTO device_states (device_no, commit_no, clinic_no, last_seen_ms, key_event_ms, key_boot_no, key_seq,"
    " event_ms, boot_no, seq, sample_clinic_no, delay_ms, flags, ts_ms, up_ms, charge_ratio, voltage_v, health_ratio,"
    " nozzle_no, strikes, coating_ratio, depth_mm, sessions_total)",
    7 + COLUMN_COUNT - 1,
)
REPLACE_FACTS: Final = RowsStatement(
    "REPLACE INTO device_facts (device_no, first_seen_ms, status_state, status_received_ms, status_boot_id, model,"
    " firmware, form, interval_s)",
    9,
)
NAMED_STATES: Final = (
    "SELECT d.device_id, s.event_ms, b.boot_id, s.seq, c.clinic_id, s.delay_ms, s.flags, s.ts_ms, s.up_ms,"
    " s.charge_ratio, s.voltage_v, s.health_ratio, n.serial, s.strikes, s.coating_ratio, s.depth_mm, s.sessions_total,"
    " sc.clinic_id, s.last_seen_ms, s.key_event_ms, kb.boot_id, s.key_seq,"
    " f.first_seen_ms, f.status_state, f.status_received_ms, f.status_boot_id, f.model, f.firmware, f.form,"
    " f.interval_s"
    " FROM device_states s JOIN device_facts f ON f.device_no = s.device_no"
    " JOIN devices d ON d.device_no = s.device_no JOIN clinics sc ON sc.clinic_no = s.clinic_no"
    " LEFT JOIN clinics c ON c.clinic_no = s.sample_clinic_no LEFT JOIN boots b ON b.boot_no = s.boot_no"
    " LEFT JOIN boots kb ON kb.boot_no = s.key_boot_no LEFT JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
)

PAIR: Final = 1 << 32
"""A sighting's number is device_no * PAIR + nozzle_no: one key, and a device's sightings side by side."""

REPLACE_SIGHTINGS: Final = RowsStatement(
    "REPLACE INTO sightings (pair_no, clinic_no, first_event_ms, last_event_ms, last_boot_no, last_seq, strikes,"
    " coating_ratio, coating_event_ms, coating_boot_no, coating_seq, info)",
    12,
)
NAMED_SIGHTINGS: Final = (
    "SELECT n.serial, d.device_id, c.clinic_id, s.first_event_ms, s.last_event_ms, lb.boot_id, s.last_seq, s.strikes,"
    " s.coating_ratio, s.coating_event_ms, cb.boot_id, s.coating_seq, s.info"
    " FROM sightings s JOIN devices d ON d.device_no = s.pair_no >> 32"
    " JOIN nozzles n ON n.nozzle_no = s.pair_no & 4294967295 JOIN clinics c ON c.clinic_no = s.clinic_no"
    " JOIN boots lb ON lb.boot_no = s.last_boot_no LEFT JOIN boots cb ON cb.boot_no = s.coating_boot_no"
)

_SAME_KEY: Final = (0, 0, 0)
_NO_KEY: Final = (None, None, None)

Facts: TypeAlias = tuple[object, ...]
"""What seldom changes of a device: the columns of device_facts after its number."""


def state_values(
    states: Iterable[DeviceState], commit_no: int, numbers: Numbers, made: MadeSamples = NOTHING_MADE
) -> list[object]:
    """The rows of device states, one after the other. Raises KeyError for a name without a number.

    `made`: rows of samples made already, among which are most of the latest ones.
    """
    devices, clinics = numbers.devices, numbers.clinics
    values: list[object] = []
    for state in states:
        device_id = state.device_id
        latest, key = state.latest, state.latest_key
        values += (devices[device_id], commit_no, clinics[state.clinic_id], state.last_seen_ms)
        if latest is None:
            values += _key_values(device_id, key, numbers)
            values += NO_SAMPLE
        else:
            values += _SAME_KEY if key == latest.key else _key_values(device_id, key, numbers)
            row = made.row(latest)
            values += sample_values((latest,), numbers)[1:] if row is None else row[1:]
    return values


def changed_facts(states: Iterable[DeviceState], known: Mapping[str, Facts]) -> dict[str, Facts]:
    """The facts, by device, that are not those known."""
    changed: dict[str, Facts] = {}
    for state in states:
        facts = (
            state.first_seen_ms,
            state.status_state,
            state.status_received_ms,
            state.status_boot_id,
            state.model,
            state.firmware,
            state.form,
            state.interval_s,
        )
        if known.get(state.device_id) != facts:
            changed[state.device_id] = facts
    return changed


def fact_values(changed: Mapping[str, Facts], numbers: Numbers) -> list[object]:
    """The rows of facts, one after the other. Raises KeyError for a name without a number."""
    values: list[object] = []
    for device_id, facts in changed.items():
        values += (numbers.devices[device_id], *facts)
    return values


def named_state(row: Row) -> DeviceState:
    """The device state of a row of NAMED_STATES."""
    latest = named_sample(row[:17]) if row[1] is not None else None
    same = latest is not None and row[19] == 0
    return DeviceState(
        device_id=row[0],
        clinic_id=row[17],
        first_seen_ms=row[22],
        last_seen_ms=row[18],
        latest=latest,
        latest_key=latest.key if latest is not None and same else _key(row[19], row[20], row[21]),
        status_state=row[23],
        status_received_ms=row[24],
        status_boot_id=row[25],
        model=row[26],
        firmware=row[27],
        form=row[28],
        interval_s=row[29],
    )


def sighting_values(sightings: Iterable[Sighting], numbers: Numbers) -> list[object]:
    """The rows of sightings, one after the other. Raises KeyError for a name without a number."""
    values: list[object] = []
    devices, clinics, nozzles, boots = numbers.devices, numbers.clinics, numbers.nozzles, numbers.boots
    for sighting in sightings:
        device_id = sighting.device_id
        last, coating = sighting.last_key, sighting.coating_key
        coating_values = _SAME_KEY if coating == last else _key_values(device_id, coating, numbers)
        values += (
            devices[device_id] * PAIR + (nozzles[sighting.serial] or 0),
            clinics[sighting.clinic_id],
            sighting.first_event_ms,
            last[0],
            boots[device_id, last[1]],
            last[2],
            sighting.strikes,
            sighting.coating_ratio,
            *coating_values,
            "" if sighting.info_key is None else _info(sighting),
        )
    return values


def named_sighting(row: Row) -> Sighting:
    """The sighting of a row of NAMED_SIGHTINGS."""
    last_key = (row[4], row[5], row[6])
    model, lot, rated_strikes, expires_on, *info_key = json.loads(row[12]) if row[12] else (None,) * 7
    return Sighting(
        serial=row[0],
        device_id=row[1],
        clinic_id=row[2],
        first_event_ms=row[3],
        last_key=last_key,
        strikes=row[7],
        coating_ratio=row[8],
        coating_key=last_key if row[9] == 0 else _key(row[9], row[10], row[11]),
        model=model,
        lot=lot,
        rated_strikes=rated_strikes,
        expires_on=expires_on,
        info_key=_key(*info_key),
    )


def _info(sighting: Sighting) -> str:
    info = (sighting.model, sighting.lot, sighting.rated_strikes, sighting.expires_on, *(sighting.info_key or ()))
    return json.dumps(info, separators=(",", ":"))


def _key_values(device_id: str, key: Key | None, numbers: Numbers) -> tuple[int | None, int | None, int | None]:
    if key is None:
        return _NO_KEY
    return (key[0], numbers.boots[device_id, key[1]], key[2])


def _key(event_ms: Any, boot_id: Any, seq: Any) -> Key | None:
    return None if event_ms is None else (event_ms, boot_id, seq)
