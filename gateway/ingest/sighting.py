"""What one device says of one nozzle, merged from its records in any order: the working form of `Sighting`."""

from __future__ import annotations

from typing import Final

from gateway.store.rows import Key, Sighting
from schemas.records import NozzleEvent, Sample

NO_KEY: Final[Key] = (-1, "", -1)
"""Comes before the key of every record."""


class SightingWork:
    """Each field is a minimum, a maximum, or of the record with the largest key: so order does not matter."""

    __slots__ = (
        "clinic_id",
        "coating_key",
        "coating_ratio",
        "device_id",
        "expires_on",
        "first_event_ms",
        "info_key",
        "last_key",
        "lot",
        "model",
        "rated_strikes",
        "serial",
        "strikes",
        "touched",
    )

    def __init__(self, serial: str, device_id: str, first_event_ms: int) -> None:
        self.serial = serial
        self.device_id = device_id
        self.clinic_id = ""
        self.first_event_ms = first_event_ms
        self.last_key = NO_KEY
        self.strikes: int | None = None
        self.coating_ratio: float | None = None
        self.coating_key: Key | None = None
        self.model: str | None = None
        self.lot: str | None = None
        self.rated_strikes: int | None = None
        self.expires_on: str | None = None
        self.info_key: Key | None = None
        self.touched = False

    @classmethod
    def of(cls, row: Sighting) -> SightingWork:
        work = cls(row.serial, row.device_id, row.first_event_ms)
        work.clinic_id = row.clinic_id
        work.last_key = row.last_key
        work.strikes = row.strikes
        work.coating_ratio = row.coating_ratio
        work.coating_key = row.coating_key
        work.model = row.model
        work.lot = row.lot
        work.rated_strikes = row.rated_strikes
        work.expires_on = row.expires_on
        work.info_key = row.info_key
        return work

    def see(self, key: Key, clinic_id: str, strikes: int | None) -> None:
        if key > self.last_key:
            self.last_key = key
            self.clinic_id = clinic_id
        if key[0] < self.first_event_ms:
            self.first_event_ms = key[0]
        if strikes is not None and (self.strikes is None or strikes > self.strikes):
            self.strikes = strikes

    def learns(self, key: Key, strikes: int | None) -> bool:
        """Whether a record of that key would be the nozzle's latest, or has its largest count."""
        return key > self.last_key or (strikes is not None and (self.strikes is None or strikes > self.strikes))

    def add_sample(self, key: Key, sample: Sample) -> None:
        self.see(key, sample.clinic_id, sample.strikes)
        if sample.coating_ratio is not None and (self.coating_key is None or key > self.coating_key):
            self.coating_ratio = sample.coating_ratio
            self.coating_key = key

    def add_event(self, key: Key, event: NozzleEvent) -> None:
        """A swap record that says nothing of the nozzle's make leaves what an earlier one said."""
        self.see(key, event.clinic_id, event.strikes)
        says = (event.model, event.lot, event.rated_strikes, event.expires_on)
        if any(word is not None for word in says) and (self.info_key is None or key > self.info_key):
            self.model, self.lot, self.rated_strikes, self.expires_on = says
            self.info_key = key

    def add_older(self, row: Sighting) -> None:
        """Merges what an earlier fold knew from records that are no longer kept."""
        if row.last_key > self.last_key:
            self.last_key = row.last_key
            self.clinic_id = row.clinic_id
        self.first_event_ms = min(self.first_event_ms, row.first_event_ms)
        if row.strikes is not None:
            self.strikes = max(row.strikes, self.strikes or 0)
        if row.coating_key is not None and row.coating_key > (self.coating_key or NO_KEY):
            self.coating_ratio, self.coating_key = row.coating_ratio, row.coating_key
        if row.info_key is not None and row.info_key > (self.info_key or NO_KEY):
            self.model, self.lot, self.info_key = row.model, row.lot, row.info_key
            self.rated_strikes, self.expires_on = row.rated_strikes, row.expires_on

    def frozen(self) -> Sighting:
        return Sighting(
            self.serial,
            self.device_id,
            self.clinic_id,
            self.first_event_ms,
            self.last_key,
            self.strikes,
            self.coating_ratio,
            self.coating_key,
            self.model,
            self.lot,
            self.rated_strikes,
            self.expires_on,
            self.info_key,
        )
