"""Demand: keeps a forecast of what nozzles and batteries will be needed, where and when; issues and scores it.

Drawn anew every few hours, off the loop. Once a week the forecast by region is kept as it was given, and scored when
its weeks are over and devices that were offline have told what they did.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from gateway.analytics.batteries import draw_batteries, replacements
from gateway.analytics.demand_came import Came
from gateway.analytics.demand_draws import SCENARIOS, WEEKS, Cell, Counts, Drawing, Setting
from gateway.analytics.demand_gather import MONDAY_MS, WEEK_MS, DemandGatherer, DemandInputs, DemandRecords
from gateway.analytics.demand_lines import summed
from gateway.analytics.demand_scores import quantiles_of, scored
from gateway.analytics.local_days import DAY_MS, date_of
from gateway.analytics.practice import practice_of
from gateway.clock import Clock
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.demand_rows import BATTERY, BatteryWeek, DemandScore, IssuedDemand

HORIZONS: Final = (1, 4, WEEKS)
"""Weeks over which forecasts are issued and scored."""
WHOLE_FLEET: Final = "*"
"""The region of all regions together."""
DEGRADED_HEALTH: Final = 0.7
_PACE_S: Final = 300.0
_FRESH_MS: Final = 6 * 3_600_000
_UNSETTLED_FRESH_MS: Final = 600_000
SETTLE_MS: Final = 3_600_000
"""After a start history may still come in: forecasts are made again soon, and none is kept to be scored."""
_ISSUE_DAYS: Final = 7
_SETTLE_DAYS: Final = 3
_AT_ONCE: Final = 5

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DemandForecast:
    """What is needed, by cell, week and scenario, from `as_of_ms` on."""

    as_of_ms: int
    counts: Mapping[Cell, Counts]
    busy_sd: float
    devices: int

    def parts(self, key_of: Callable[[Cell], K | None]) -> dict[K, list[Counts]]:
        """The cells that have a key, by key; `summed` makes one of them."""
        found: dict[K, list[Counts]] = {}
        for cell, number in self.counts.items():
            key = key_of(cell)
            if key is not None:
                found.setdefault(key, []).append(number)
        return found


class DemandBook(Protocol):
    """What others ask of demand: from memory, never waits."""

    def forecast(self) -> DemandForecast | None:
        """As it stands; None: nothing is known yet."""
        ...

    def scores(self) -> Sequence[DemandScore]:
        """How past forecasts turned out."""
        ...


class NoDemand:
    """Where nothing keeps demand: tests, and commands on the store itself."""

    def forecast(self) -> DemandForecast | None:
        return None

    def scores(self) -> Sequence[DemandScore]:
        return ()


class DemandKeeper:
    """Carries out `DemandBook`."""

    def __init__(
        self,
        *,
        store: DemandRecords,
        gatherer: DemandGatherer,
        fleet: Fleet,
        registry: Registry,
        clock: Clock,
        events: Events,
        degraded_health: float = DEGRADED_HEALTH,
        settle_ms: int = SETTLE_MS,
    ) -> None:
        self._store = store
        self._gatherer = gatherer
        self._fleet = fleet
        self._registry = registry
        self._clock = clock
        self._events = events
        self._degraded_health = degraded_health
        self._one_at_a_time = asyncio.Lock()
        self._settled_from_ms = clock.monotonic_ms() + settle_ms
        self._forecast: DemandForecast | None = None
        self._scores: tuple[DemandScore, ...] = ()

    def forecast(self) -> DemandForecast | None:
        """As it stands; None: nothing is known yet."""
        return self._forecast

    def scores(self) -> Sequence[DemandScore]:
        """How past forecasts turned out."""
        return self._scores

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            await asyncio.sleep(_PACE_S if self._forecast is not None else _PACE_S / 10)
            try:
                await self.step()
            except StoreUnavailableError as error:
                self._events.forecasts_delayed(str(error))

    async def step(self) -> None:
        """Brings everything up to date. Raises StoreUnavailableError: then nothing is lost."""
        fresh_ms = _FRESH_MS if self._is_settled() else _UNSETTLED_FRESH_MS
        if self._forecast is None or self._clock.now_ms() - self._forecast.as_of_ms >= fresh_ms:
            await self.renew()

    async def renew(self) -> None:
        """Draws anew whatever there is, as after a history has come in. Raises StoreUnavailableError."""
        async with self._one_at_a_time:
            await self._renew(self._clock.now_ms())

    def _is_settled(self) -> bool:
        return self._clock.monotonic_ms() >= self._settled_from_ms

    async def _renew(self, now_ms: int) -> None:
        settled = self._is_settled()
        await self._note_batteries(now_ms)
        inputs = await self._gatherer.gather()
        if not inputs.seats:
            return
        self._forecast = await self._drawn(inputs, now_ms)
        came = [*inputs.came, *await self._batteries_that_came()]
        if settled:
            await self._issue(self._forecast, came)
        await self._score(came, now_ms // DAY_MS)

    async def _note_batteries(self, now_ms: int) -> None:
        rows = [
            BatteryWeek(
                state.device_id,
                (state.latest.event_ms - MONDAY_MS) // WEEK_MS,
                state.latest.event_ms,
                state.latest.sample.health_ratio,
            )
            for state in self._fleet.devices()
            if state.latest is not None and state.latest.sample.health_ratio is not None
        ]
        await self._store.note_batteries([row for row in rows if row.at_ms <= now_ms])

    async def _drawn(self, inputs: DemandInputs, now_ms: int) -> DemandForecast:
        setting = Setting(date_of(now_ms // DAY_MS).weekday(), inputs.busy_sd, seed=now_ms // DAY_MS)
        practice = await asyncio.to_thread(practice_of, inputs.lives, inputs.rated)
        drawing = await asyncio.to_thread(Drawing, inputs.seats, practice, setting)
        more = True
        while more:
            more = await asyncio.to_thread(_some, drawing)
        batteries = await asyncio.to_thread(
            draw_batteries,
            inputs.batteries,
            self._degraded_health,
            weeks=WEEKS,
            scenarios=SCENARIOS,
            seed=setting.seed,
        )
        return DemandForecast(now_ms, {**drawing.counts, **batteries}, inputs.busy_sd, len(inputs.seats))

    async def _batteries_that_came(self) -> list[Came]:
        histories = await self._store.battery_weeks(0)
        found = []
        for one in await asyncio.to_thread(replacements, histories):
            state = self._fleet.device(one.device_id)
            if state is not None:
                found.append(Came(one.at_ms, state.clinic_id, one.device_id, BATTERY, ""))
        return found

    async def _issue(self, forecast: DemandForecast, came: Sequence[Came]) -> None:
        day = forecast.as_of_ms // DAY_MS
        last = await self._store.last_demand_day()
        if last is not None and day - last < _ISSUE_DAYS:
            return
        first_ms = min((state.first_seen_ms for state in self._fleet.devices()), default=forecast.as_of_ms)
        issued = await asyncio.to_thread(_issued, forecast, came, self._region, first_ms)
        await self._store.issue_demand(issued)

    async def _score(self, came: Sequence[Came], today: int) -> None:
        over = await self._store.open_demand(today - _SETTLE_DAYS)
        if over:
            found = [
                scored(
                    one, _count(came, self._region, one.made_day, one.made_day + 7 * one.weeks)[one.region, one.item]
                )
                for one in over
            ]
            await self._store.score_demand(found)
        self._scores = await self._store.demand_scores()

    def _region(self, clinic_id: str) -> str:
        return self._registry.clinic(clinic_id).region


def _some(drawing: Drawing) -> bool:
    more = True
    for _ in range(_AT_ONCE):
        more = more and drawing.step()
    return more


def _count(
    came: Iterable[Came], region_of: Callable[[str], str], since_day: int, until_day: int
) -> Counter[tuple[str, str]]:
    """By region and item, and by item in the whole fleet."""
    found: Counter[tuple[str, str]] = Counter()
    for one in came:
        if since_day * DAY_MS <= one.at_ms < until_day * DAY_MS:
            found[region_of(one.clinic_id), one.item] += 1
            found[WHOLE_FLEET, one.item] += 1
    return found


def _issued(
    forecast: DemandForecast, came: Sequence[Came], region_of: Callable[[str], str], first_ms: int
) -> list[IssuedDemand]:
    day = forecast.as_of_ms // DAY_MS
    by_region = forecast.parts(lambda cell: (region_of(cell.clinic_id), cell.item))
    whole = forecast.parts(lambda cell: (WHOLE_FLEET, cell.item))
    needed = {key: summed(parts) for key, parts in sorted({**by_region, **whole}.items())}
    issued = []
    for weeks in HORIZONS:
        known = first_ms <= (day - 7 * weeks) * DAY_MS
        before = _count(came, region_of, day - 7 * weeks, day)
        issued += [
            IssuedDemand(
                made_day=day,
                region=region,
                item=item,
                weeks=weeks,
                quantiles=quantiles_of(counts[:weeks].sum(axis=0)),
                before=before[region, item] if known else None,
            )
            for (region, item), counts in needed.items()
        ]
    return issued
