"""Lifetimes: how long nozzles last, gathered now and then, reckoned off the loop, and answered to each as they may see.

Gathering looks at every nozzle once, with pauses; what it gave serves for ten minutes. Each question is reckoned once
for all who see the same, in a thread: nearly all of it is array arithmetic, which lets the loop go on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from gateway.analytics.life_gathering import LifeGatherer, LifeStore
from gateway.analytics.life_report import Findings, life_findings, life_report
from gateway.analytics.lives_told import TOLD_BY, of_models, told_lives, withheld
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.analytics.privacy import DEFAULT_K, Window, quarter_before
from gateway.clock import Clock
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.base import Store
from gateway.store.told_base import ToldDocument
from schemas.access import Scope, Viewer
from schemas.lifetime_views import LifetimesView, LivesBy

Sees: TypeAlias = Callable[[Viewer, NozzleLife], bool]

FRESH_MS: Final = 600_000
_MOST_KEPT: Final = 64


class _Gathered(NamedTuple):
    lives: tuple[NozzleLife, ...]
    as_of_ms: int
    gathered_ms: int
    """On the monotonic clock."""


class LifetimeBook:
    """Answers how long nozzles last."""

    def __init__(
        self,
        *,
        store: Store,
        fleet: Fleet,
        registry: Registry,
        forecasts: Forecasts,
        clock: Clock,
        sees: Sees,
        k: int = DEFAULT_K,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sees = sees
        self._k = k
        life_store: LifeStore = store
        self._gatherer = LifeGatherer(fleet=fleet, registry=registry, store=life_store, forecasts=forecasts)
        self._gathered: _Gathered | None = None
        self._answers: dict[tuple[LivesBy, Scope], LifetimesView] = {}
        self._findings: dict[Scope, Findings] = {}
        self._one_at_a_time = asyncio.Lock()

    async def report(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        """What the viewer may know of lives; a vendor is told the last quarter that has settled.

        Raises StoreUnavailableError."""
        if viewer.role == "vendor":
            return await self._told(viewer, by)
        async with self._one_at_a_time:
            gathered = await self._lives()
            key = (by, viewer.scope)
            if key not in self._answers:
                if len(self._answers) >= _MOST_KEPT:
                    self._forget()
                self._answers[key] = await asyncio.to_thread(self._reckoned, viewer, by, gathered)
            return self._answers[key]

    async def lives(self) -> tuple[NozzleLife, ...]:
        """Every life, for other statistics."""
        async with self._one_at_a_time:
            return (await self._lives()).lives

    def _reckoned(self, viewer: Viewer, by: LivesBy, gathered: _Gathered) -> LifetimesView:
        lives = [life for life in gathered.lives if self._sees(viewer, life)]
        findings = self._findings.get(viewer.scope)
        if findings is None:
            findings = self._findings[viewer.scope] = life_findings(lives)
        return life_report(lives, by, gathered.as_of_ms, findings)

    def _forget(self) -> None:
        self._answers.clear()
        self._findings.clear()

    async def _lives(self) -> _Gathered:
        known = self._gathered
        if known is not None and self._clock.monotonic_ms() - known.gathered_ms < FRESH_MS:
            return known
        as_of_ms, begun_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        self._gathered = _Gathered(await self._gatherer.gather(), as_of_ms, begun_ms)
        self._forget()
        return self._gathered

    async def _told(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        now_ms = self._clock.now_ms()
        if not viewer.told_published or by not in TOLD_BY:
            return withheld(by, now_ms)
        document = (await self._document(quarter_before(now_ms, now_ms))).for_k(self._k)
        for answer in json.loads(document or "[]"):
            view = LifetimesView.model_validate(answer)
            if view.by == by:
                return of_models(view, viewer.scope.models)
        return withheld(by, now_ms)

    async def _document(self, quarter: Window) -> ToldDocument:
        """What is told of a quarter: made as its lives stand when it is first asked for, kept, and never made again;
        unless it is nothing, from which nothing can be subtracted."""
        kept = await self._store.told_lives(quarter.name)
        if kept is not None:
            return kept
        async with self._one_at_a_time:
            gathered = await self._lives()
            told = await asyncio.to_thread(told_lives, gathered.lives, quarter, gathered.as_of_ms, self._k)
            document = json.dumps([view.model_dump(mode="json") for view in told], separators=(",", ":"))
            made = ToldDocument(document, self._k)
            if not any(view.items for view in told):
                return made
            await self._store.tell_lives(quarter.name, made)
        return await self._store.told_lives(quarter.name) or made
