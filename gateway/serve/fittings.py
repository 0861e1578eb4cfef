"""Fittings: the stretches of a nozzle's life on devices, folded from their ledgers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.store.rows import LedgerRow, MadeBy


@dataclass(frozen=True, slots=True)
class Fitting:
    """One nozzle on one device, from a swap to a swap.

    `removed_ms` None: still fitted. Not `confirmed`: first sight without a swap record, so what came before it is
    unknown. `removed_by` is 'inference' where another nozzle came without a word that this one went.
    """

    serial: str
    device_id: str
    clinic_id: str
    fitted_ms: int
    removed_ms: int | None
    strikes_at_start: int | None
    strikes_at_end: int | None
    confirmed: bool
    fitted_by: MadeBy
    removed_by: MadeBy | None


def fittings_of(serial: str, device_ledgers: Iterable[tuple[LedgerRow, ...]]) -> tuple[Fitting, ...]:
    """The nozzle's fittings in order of time, from the ledgers of all devices that had it."""
    found = (fitting for ledger in device_ledgers for fitting in _on_device(serial, ledger))
    return tuple(sorted(found, key=lambda fitting: (fitting.fitted_ms, fitting.device_id)))


def _on_device(serial: str, ledger: tuple[LedgerRow, ...]) -> list[Fitting]:
    done: list[Fitting] = []
    current: Fitting | None = None
    for row in sorted(ledger, key=lambda row: row.key):
        ours = row.serial == serial
        if ours and row.action != "removed":
            current = current or _opened(row)
        elif current is not None and (ours or row.action != "removed"):
            done.append(_closed(current, row, ours=ours))
            current = None
    return [*done, current] if current is not None else done


def _opened(row: LedgerRow) -> Fitting:
    return Fitting(
        serial=row.serial,
        device_id=row.device_id,
        clinic_id=row.clinic_id,
        fitted_ms=row.event_ms,
        removed_ms=None,
        strikes_at_start=row.strikes,
        strikes_at_end=None,
        confirmed=row.action == "fitted",
        fitted_by=row.made_by,
        removed_by=None,
    )


def _closed(fitting: Fitting, row: LedgerRow, *, ours: bool) -> Fitting:
    if ours:
        return replace(fitting, removed_ms=row.event_ms, strikes_at_end=row.strikes, removed_by=row.made_by)
    return replace(fitting, removed_ms=row.event_ms, removed_by="inference")
