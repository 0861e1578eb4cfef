"""The names that a batch refers to."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.store.rows import (
    Batch,
    Derived,
    DeviceState,
    Key,
    LedgerRow,
    Sighting,
    TimedNozzleEvent,
    TimedSample,
    TimedSession,
)
from gateway.store.sqlite.numbers import Names


def batch_names(batch: Batch) -> Names:
    """All names of a batch."""
    names = Names()
    _of_samples(names, (*batch.samples, *batch.earlier_samples))
    _of_sessions(names, (*batch.sessions, *batch.earlier_sessions))
    _of_events(names, (*batch.nozzle_events, *batch.earlier_nozzle_events))
    names.boots.update((marks.device_id, marks.boot_id) for marks in batch.marks)
    _of_states(names, batch.devices)
    _of_sightings(names, batch.sightings)
    _of_ledger(names, batch.ledger)
    names.devices.update(batch.rebuild)
    return names


def derived_names(derived: Derived) -> Names:
    """All names of a device's derived state."""
    names = Names()
    _of_states(names, (derived.device,))
    _of_sightings(names, derived.sightings)
    _of_ledger(names, derived.ledger)
    return names


def _of_samples(names: Names, samples: Iterable[TimedSample]) -> None:
    for timed in samples:
        sample = timed.sample
        names.boots.add((sample.device_id, sample.boot_id))
        names.clinics.add(sample.clinic_id)
        if sample.nozzle_serial is not None:
            names.nozzles.add(sample.nozzle_serial)


def _of_sessions(names: Names, sessions: Iterable[TimedSession]) -> None:
    for timed in sessions:
        session = timed.session
        names.boots.add((session.device_id, session.boot_id))
        names.clinics.add(session.clinic_id)
        if session.nozzle_serial is not None:
            names.nozzles.add(session.nozzle_serial)


def _of_events(names: Names, events: Iterable[TimedNozzleEvent]) -> None:
    for timed in events:
        event = timed.event
        names.boots.add((event.device_id, event.boot_id))
        names.clinics.add(event.clinic_id)
        names.nozzles.add(event.serial)


def _of_states(names: Names, states: Iterable[DeviceState]) -> None:
    for state in states:
        names.devices.add(state.device_id)
        names.clinics.add(state.clinic_id)
        _of_key(names, state.device_id, state.latest_key)
        if state.latest is not None:
            _of_samples(names, (state.latest,))


def _of_sightings(names: Names, sightings: Iterable[Sighting]) -> None:
    for sighting in sightings:
        names.devices.add(sighting.device_id)
        names.clinics.add(sighting.clinic_id)
        names.nozzles.add(sighting.serial)
        for key in (sighting.last_key, sighting.coating_key, sighting.info_key):
            _of_key(names, sighting.device_id, key)


def _of_ledger(names: Names, rows: Iterable[LedgerRow]) -> None:
    for row in rows:
        names.devices.add(row.device_id)
        names.clinics.add(row.clinic_id)
        names.nozzles.add(row.serial)


def _of_key(names: Names, device_id: str, key: Key | None) -> None:
    if key is not None:
        names.boots.add((device_id, key[1]))
