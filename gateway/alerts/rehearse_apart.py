"""Rehearsing apart: long histories are gone through in a process of its own, so that the loop is never held."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

from gateway.alerts.rehearse import Firing, NozzleLore, Subject, rehearse
from gateway.alerts.rehearse_clinics import Told, rehearse_clinic
from gateway.alerts.rehearse_nozzles import BY_NOZZLE, DeviceLore, rehearse_nozzles
from gateway.config_alerts import RuleSet
from gateway.errors import SilverpointError
from gateway.store.rows import SamplePoint
from schemas.alert import Rule

J = TypeVar("J")
Both = tuple[tuple[Firing, ...], tuple[Firing, ...]]
"""What fired by the one set of rules, and by the other."""

WORTH_A_PROCESS: Final = 200
"""Readings: fewer take less than the loop can spare."""
_NICE: Final = 10


class DeviceJob(NamedTuple):
    """One device's readings, and the rules as they are and as changed."""

    rule: Rule
    subject: Subject
    readings: Sequence[SamplePoint]
    lore: NozzleLore
    device: DeviceLore
    rules: tuple[RuleSet, RuleSet]


class ClinicJob(NamedTuple):
    """A clinic's devices with their readings, and the rules as they are and as changed."""

    rule: Rule
    clinic_id: str
    devices: Sequence[Told]
    rules: tuple[RuleSet, RuleSet]


def rehearse_device_both(job: DeviceJob) -> Both:
    """Goes through one device's readings twice."""
    now, changed = (_device(job, rules) for rules in job.rules)
    return now, changed


def rehearse_clinic_both(job: ClinicJob) -> Both:
    """Goes through a clinic's readings twice."""
    now, changed = (rehearse_clinic(job.rule, job.clinic_id, job.devices, rules) for rules in job.rules)
    return now, changed


def _device(job: DeviceJob, rules: RuleSet) -> tuple[Firing, ...]:
    if job.rule in BY_NOZZLE:
        return rehearse_nozzles(job.rule, job.subject, job.readings, job.lore, job.device, rules)
    return rehearse(job.rule, job.subject, job.readings, job.lore, rules)


class Apart:
    """The process, begun when it is first needed; entered and left around a rehearsal."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def do(self, work: Callable[[J], Both], job: J, readings: int) -> Both:
        """Does the work here where it is little. Raises SilverpointError where the process dies."""
        if readings < WORTH_A_PROCESS:
            return work(job)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, job)
        except BrokenProcessPool:
            raise SilverpointError("the rehearsal's process ended before it was done: try a shorter time") from None


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us in order
    os.nice(_NICE)
