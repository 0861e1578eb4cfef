"""The fleet's state in memory: merged from committed records in any order, restored from the store at start."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gateway.store.rows import DeviceState, LedgerRow


@dataclass(frozen=True, slots=True)
class NozzleState:
    """One nozzle, merged from what every device says of it."""

    serial: str
    device_id: str
    """The device that showed it last."""
    clinic_id: str
    fitted: bool
    """Whether that device's ledger has it fitted now."""
    strikes: int | None
    coating_ratio: float | None
    first_event_ms: int
    last_event_ms: int
    model: str | None
    lot: str | None
    rated_strikes: int | None
    expires_on: str | None


class Fleet:
    """Read side: everybody. Write side: the pipeline alone."""

    def device(self, device_id: str) -> DeviceState | None:
        raise NotImplementedError

    def devices(self) -> Collection[DeviceState]:
        raise NotImplementedError

    def nozzle(self, serial: str) -> NozzleState | None:
        raise NotImplementedError

    def nozzles(self) -> Iterator[NozzleState]:
        raise NotImplementedError

    def fitted_serial(self, device_id: str) -> str | None:
        """The nozzle that the device's ledger has fitted now."""
        raise NotImplementedError

    def ledger(self, device_id: str) -> tuple[LedgerRow, ...]:
        raise NotImplementedError

    def missing_records(self) -> int:
        """Open holes now."""
        raise NotImplementedError
