"""The report desk: makes reports for people who ask on a page, one at a time, in a process of its own.

Gathering and drawing take seconds of Python: in the gateway's process they would hold up everything else. The process
reads the store beside the gateway, and ends when no report was asked for in a while.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, NamedTuple, TypeVar

from dashboards.charts.render import begin_helper
from gateway.clock import Clock
from gateway.errors import StoreUnavailableError
from gateway.hours import zone_or_utc
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.product_reader import ProductReader
from gateway.serve.reports.gather import ReportAsked
from gateway.serve.reports.make import ProductJob, ReportJob, make_in_process, make_product
from gateway.serve.reports.period import common_zone, local_day
from gateway.serve.roles import require
from gateway.serve.sight import Sight
from gateway.store.report_base import ReportStore
from schemas.access import Viewer
from schemas.report_pages import ReportFile, ReportForm, ReportMonth

J = TypeVar("J")

_IDLE_S: Final = 60.0
_MOST_WAITING: Final = 5
_MOST_MONTHS: Final = 12
_NICE: Final = 10
"""A report can wait; messages can't."""
_MONTHS_A_YEAR: Final = 12


class ReportSettings(NamedTuple):
    """What reports are made with, of the configuration."""

    store_url: str
    due_wear: float
    cost_ratio: float = 5.0


class ReportDesk:
    """Carries out `schemas.report_pages.ReportPages`. `settings.store_url` is that of `store`."""

    def __init__(
        self,
        *,
        settings: ReportSettings,
        product: ProductReader,
        store: ReportStore,
        fleet: Fleet,
        registry: Registry,
        sight: Sight,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._product = product
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._sight = sight
        self._clock = clock
        self._pool: ProcessPoolExecutor | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._waiting = 0

    async def months(self, viewer: Viewer) -> Sequence[ReportMonth]:
        """From the first session on, a year at most. Raises ForbiddenError, StoreUnavailableError."""
        require(viewer, "read_report")
        first_ms = await self._store.first_session_ms()
        if first_ms is None:
            return ()
        seen = (state for state in self._fleet.devices() if self._sight.sees_device(viewer, state))
        zone = zone_or_utc(common_zone(self._registry.clinic(state.clinic_id).timezone for state in seen))
        first, last = local_day(first_ms, zone), local_day(self._clock.now_ms(), zone)
        oldest = first.year * _MONTHS_A_YEAR + first.month - 1
        newest = last.year * _MONTHS_A_YEAR + last.month - 1
        numbers = range(newest, max(oldest, newest - _MOST_MONTHS + 1) - 1, -1)
        return [
            ReportMonth(number // _MONTHS_A_YEAR, number % _MONTHS_A_YEAR + 1, whole=number < newest)
            for number in numbers
        ]

    async def make(
        self, viewer: Viewer, *, month: tuple[int, int], form: ReportForm, clinic: str | None, language: str
    ) -> ReportFile:
        """Raises ForbiddenError, NotFoundError, InvalidInputError for a month that lies ahead, and
        StoreUnavailableError where too many wait or the store can't be read."""
        require(viewer, "read_report")
        asked = ReportAsked(
            viewer,
            clinic,
            None,
            None,
            self._clock.now_ms(),
            self._settings.due_wear,
            self._settings.cost_ratio,
            month=month,
        )
        return await self._made(make_in_process, ReportJob(self._settings.store_url, asked, form, language))

    async def product(self, viewer: Viewer, form: ReportForm, language: str) -> ReportFile:
        """Raises ForbiddenError, StoreUnavailableError."""
        facts = await self._product.facts(viewer)
        return await self._made(make_product, ProductJob(facts, form, language))

    def close(self) -> None:
        """Ends the process."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _made(self, make: Callable[[J], ReportFile], job: J) -> ReportFile:
        if self._waiting >= _MOST_WAITING:
            raise StoreUnavailableError("too many reports are being made: try again in a minute")
        self._waiting += 1
        if self._idle is not None:
            self._idle.cancel()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, make, job)
        except BrokenProcessPool as error:
            self.close()
            raise StoreUnavailableError("the report's process ended before it was done: try again") from error
        finally:
            self._waiting -= 1
            self._idle = loop.call_later(_IDLE_S, self.close)


def _begin() -> None:
    begin_helper()
    os.nice(_NICE)
