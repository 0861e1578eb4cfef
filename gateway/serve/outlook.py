"""The outlook: what comes due, what waiting costs, and the sessions of each day against what is usual."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from statistics import median
from typing import Final, NamedTuple, Protocol

from gateway.clock import Clock
from gateway.forecasting.board import Forecasts, NozzleForecast, Remaining
from gateway.ingest.registry import Registry
from gateway.serve.history import HistoryReader
from schemas.access import Scope, Viewer
from schemas.page_views import DayUse, FleetOutlook, Waiting
from schemas.views import DeviceView

DAYS_AHEAD: Final = (0, 7, 14, 30)
SHOWN_DAYS: Final = 28
USUAL_WEEKS: Final = 8
"""What is usual for a weekday is the median of so many of them, or of as many as there are, at least three."""
_LEAST_WEEKS: Final = 3
_DAY_MS: Final = 86_400_000
_KEPT_MS: Final = 60_000
_SETTLED_KEPT_MS: Final = 3_600_000
_CATCHING_UP_MS: Final = 600_000
_CATCHING_UP_KEPT_MS: Final = 5_000
"""Forecasts and history come in by the second then: an older look would speak against the table beside it."""
_UNSETTLED_DAYS: Final = 2
_SLICE: Final = 500
_CHANCES: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


class WaitingCosts(NamedTuple):
    """`failure_ratio`: a nozzle that passes its limit unreplaced, in planned replacements. `nozzle_price` is that of a
    model without a price."""

    failure_ratio: float = 5.0
    nozzle_price: float = 60.0


class _Standing(Protocol):
    async def standing(self, viewer: Viewer) -> Sequence[DeviceView]: ...


class _Kept(NamedTuple):
    outlook: FleetOutlook
    settled: Mapping[int, int]
    settled_ms: int


class OutlookReader:
    """Looks at the fleet at most once a minute for each sight."""

    def __init__(
        self,
        *,
        reader: _Standing,
        forecasts: Forecasts,
        registry: Registry,
        history: HistoryReader,
        clock: Clock,
        costs: WaitingCosts,
    ) -> None:
        self._reader = reader
        self._forecasts = forecasts
        self._registry = registry
        self._history = history
        self._clock = clock
        self._costs = costs
        self._kept: dict[tuple[bool, Scope], _Kept] = {}
        self._looking = asyncio.Lock()
        self._first_look_ms: int | None = None

    async def outlook(self, viewer: Viewer) -> FleetOutlook:
        """As it stood at most a minute ago. Raises StoreUnavailableError."""
        sight = (viewer.role == "vendor", viewer.scope)
        async with self._looking:
            now_ms = self._clock.now_ms()
            kept = self._kept.get(sight)
            kept_ms = _CATCHING_UP_KEPT_MS if self._is_catching_up(now_ms) else _KEPT_MS
            if kept is None or not 0 <= now_ms - kept.outlook.as_of_ms < kept_ms:
                kept = self._kept[sight] = await self._look(viewer, now_ms, kept)
            return kept.outlook

    async def _look(self, viewer: Viewer, now_ms: int, kept: _Kept | None) -> _Kept:
        settled, settled_ms = (kept.settled, kept.settled_ms) if kept else ({}, 0)
        today_ms = now_ms - now_ms % _DAY_MS
        unsettled_ms = today_ms - _UNSETTLED_DAYS * _DAY_MS
        settled_kept_ms = _CATCHING_UP_KEPT_MS if self._is_catching_up(now_ms) else _SETTLED_KEPT_MS
        if now_ms - settled_ms >= settled_kept_ms or settled_ms < today_ms:
            first_ms = today_ms - (SHOWN_DAYS + 7 * USUAL_WEEKS) * _DAY_MS
            settled, settled_ms = await self._sessions(viewer, first_ms, unsettled_ms), now_ms
        sessions = {**settled, **await self._sessions(viewer, unsettled_ms, now_ms + 1)}
        outlook = FleetOutlook(
            as_of_ms=now_ms,
            waiting=await self._waiting(viewer, datetime.fromtimestamp(now_ms / 1_000, UTC).date()),
            failure_ratio=self._costs.failure_ratio,
            days=day_uses(sessions, today_ms),
        )
        return _Kept(outlook, settled, settled_ms)

    def _is_catching_up(self, now_ms: int) -> bool:
        """A gateway that has just begun may be taking in what happened while it was not there."""
        if self._first_look_ms is None:
            self._first_look_ms = now_ms
        return now_ms - self._first_look_ms < _CATCHING_UP_MS

    async def _sessions(self, viewer: Viewer, since_ms: int, until_ms: int) -> Mapping[int, int]:
        totals: Counter[int] = Counter()
        for row in await self._history.sessions_by_day(viewer, since_ms, until_ms):
            totals[row.day_ms] += row.sessions
        return totals

    async def _waiting(self, viewer: Viewer, today: date) -> tuple[Waiting, ...]:
        views = [view for view in await self._reader.standing(viewer) if view.nozzle and view.state != "retired"]
        nozzles, costs = [0] * len(DAYS_AHEAD), [0.0] * len(DAYS_AHEAD)
        for start in range(0, len(views), _SLICE):
            for view in views[start : start + _SLICE]:
                self._add(view, today, nozzles, costs)
            await asyncio.sleep(0)
        return tuple(
            Waiting(days=days, nozzles=number, cost=round(cost, 2))
            for days, number, cost in zip(DAYS_AHEAD, nozzles, costs, strict=True)
        )

    def _add(self, view: DeviceView, today: date, nozzles: list[int], costs: list[float]) -> None:
        serial = view.nozzle.serial if view.nozzle else None
        forecast = self._forecasts.forecast_of(serial) if serial is not None else None
        left = _days_left(view, forecast, today)
        if left is None and forecast is None:
            return
        lost = self._price(view) * (self._costs.failure_ratio - 1)
        worn = view.wear_band == "worn_out"
        for place, days in enumerate(DAYS_AHEAD):
            nozzles[place] += left is not None and left <= days
            remaining = forecast.remaining_days if forecast else None
            costs[place] += lost * (1.0 if worn else chance_within(remaining, days) if remaining else 0.0)

    def _price(self, view: DeviceView) -> float:
        model = self._registry.model(view.nozzle.model) if view.nozzle else None
        return self._costs.nozzle_price if model is None or model.price is None else model.price


def chance_within(remaining: Remaining, days: float) -> float:
    """The chance that the limit is passed within so many days: straight lines between the quantiles, 95 % at most."""
    if days <= 0:
        return 0.0
    lower, below = 0.0, 0.0
    for upper, chance in zip(remaining.values(), _CHANCES, strict=True):
        if days <= upper:
            return below if upper <= lower else below + (chance - below) * (days - lower) / (upper - lower)
        lower, below = upper, chance
    return below


def day_uses(sessions: Mapping[int, int], today_ms: int) -> tuple[DayUse, ...]:
    """The last four weeks day by day, today last, each with the median of the same weekday in the weeks before it."""
    first_ms = min(sessions, default=today_ms)
    days = (today_ms - ago * _DAY_MS for ago in range(SHOWN_DAYS - 1, -1, -1))
    return tuple(
        DayUse(day_ms=day_ms, sessions=sessions.get(day_ms, 0), usual=_usual(sessions, day_ms, first_ms))
        for day_ms in days
        if day_ms >= first_ms
    )


def _usual(sessions: Mapping[int, int], day_ms: int, first_ms: int) -> float | None:
    before: Iterable[int] = (day_ms - 7 * week * _DAY_MS for week in range(1, USUAL_WEEKS + 1))
    known = [sessions.get(each, 0) for each in before if each >= first_ms]
    return median(known) if len(known) >= _LEAST_WEEKS else None


def _days_left(view: DeviceView, forecast: NozzleForecast | None, today: date) -> int | None:
    """Days until the nozzle is to be replaced; None where nothing tells."""
    if view.wear_band == "worn_out":
        return 0
    if forecast is None or forecast.replace_by is None:
        return None
    return max(0, (forecast.replace_by - today).days)
