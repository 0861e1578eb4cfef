"""The demand reader: what will be needed, and what to keep, as a viewer may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.analytics.demand import DemandBook, DemandForecast
from gateway.analytics.demand_draws import UNKNOWN_MODEL, Cell, Counts
from gateway.analytics.demand_lines import (
    DemandLine,
    Need,
    demand_line,
    document_lines,
    lines_document,
    summed,
    told_lines,
)
from gateway.analytics.local_days import DAY_MS, date_of
from gateway.analytics.privacy import DEFAULT_K
from gateway.analytics.stock import StockAdvice, need_curve, stock_advice
from gateway.clock import Clock
from gateway.ingest.registry import Registry
from gateway.store.base import Store
from gateway.store.demand_rows import BATTERY
from gateway.store.told_base import ToldDocument
from gateway.store.work_base import SpareRow
from schemas.access import Viewer
from schemas.demand_views import (
    DemandBy,
    DemandItem,
    DemandLineView,
    DemandScoreView,
    DemandView,
    QuarterNeedView,
    StockView,
    WeekNeedView,
)

Place = tuple[str, str]
"""(place, item); the place of the whole fleet is ''."""

_WITHHELD: Final = "told once a month, where enough clinics stand behind each number"


class DemandReader:
    """Reads the forecast of demand on behalf of a viewer."""

    def __init__(
        self,
        *,
        book: DemandBook,
        store: Store,
        registry: Registry,
        clock: Clock,
        usual_lead_days: int,
        k: int = DEFAULT_K,
    ) -> None:
        self._book = book
        self._store = store
        self._registry = registry
        self._clock = clock
        self._usual_lead_days = usual_lead_days
        self._k = k

    async def demand(
        self, viewer: Viewer, by: DemandBy, service: float, *, limit: int, after: Place | None
    ) -> tuple[DemandView, Place | None]:
        """At most `limit` lines behind `after`, and the last of them where there are more."""
        forecast = self._book.forecast()
        if viewer.role == "vendor":
            return await self._published(viewer, by, service, forecast), None
        parts = {} if forecast is None else await asyncio.to_thread(forecast.parts, self._key(viewer, by))
        wanted = sorted(key for key in parts if after is None or key > after)
        page = wanted[:limit]
        spares = await self._spares(viewer, by)
        lines = [
            await asyncio.to_thread(self._line, by, key, parts[key], forecast.as_of_ms, spares.get(key), service)
            for key in page
            if forecast is not None
        ]
        return self._view(by, service, forecast, lines), page[-1] if len(wanted) > limit else None

    def _key(self, viewer: Viewer, by: DemandBy) -> Callable[[Cell], Place | None]:
        scope = viewer.scope

        def key(cell: Cell) -> Place | None:
            if not scope.sees_clinic(cell.clinic_id):
                return None
            if scope.models is not None and not {cell.device_model, cell.item} & scope.models:
                return None
            return (self._place(by, cell.clinic_id), cell.item)

        return key

    def _place(self, by: DemandBy, clinic_id: str) -> str:
        if by == "fleet":
            return ""
        return clinic_id if by == "clinic" else self._registry.clinic(clinic_id).region

    async def _spares(self, viewer: Viewer, by: DemandBy) -> Mapping[Place, Sequence[SpareRow]]:
        """What was counted at each place; vehicles belong to the whole fleet alone."""
        found: dict[Place, list[SpareRow]] = {}
        for row in await self._store.spares():
            if not viewer.scope.sees_model(row.model):
                continue
            if row.place_kind == "clinic" and viewer.scope.sees_clinic(row.place):
                found.setdefault((self._place(by, row.place), row.model), []).append(row)
            elif row.place_kind == "vehicle" and by == "fleet" and viewer.scope.clinics is None:
                found.setdefault(("", row.model), []).append(row)
        return found

    def _line(
        self,
        by: DemandBy,
        key: Place,
        parts: Sequence[Counts],
        as_of_ms: int,
        counted: Sequence[SpareRow] | None,
        service: float,
    ) -> DemandLineView:
        place, item = key
        counts = summed(parts)
        lead_days = self._lead_days(item)
        on_hand = sum(row.on_hand for row in counted) if counted else None
        advice = stock_advice(need_curve(counts, lead_days, service), on_hand or 0, lead_days)
        stock = _stock(advice, on_hand, len(counted or ()), lead_days, as_of_ms)
        return _view_of(by, demand_line(item, place or None, counts), as_of_ms, stock)

    def _lead_days(self, item: str) -> int:
        model = self._registry.model(item)
        return self._usual_lead_days if model is None or model.lead_days is None else model.lead_days

    def _view(
        self, by: DemandBy, service: float, forecast: DemandForecast | None, lines: Sequence[DemandLineView]
    ) -> DemandView:
        return DemandView(
            items=tuple(lines),
            next_cursor=None,
            as_of_ms=forecast.as_of_ms if forecast is not None else None,
            by=by,
            service_level=service,
            busy_sd=forecast.busy_sd if forecast is not None else None,
            scores=tuple(
                DemandScoreView(
                    item=_kind(score.item),
                    model=_model(score.item),
                    weeks=score.weeks,
                    scored=score.scored,
                    inside_80=score.inside_80,
                    loss=score.loss,
                    naive_loss=score.naive_loss,
                    compared_loss=score.compared_loss,
                )
                for score in self._book.scores()
            ),
        )

    async def _published(
        self, viewer: Viewer, by: DemandBy, service: float, forecast: DemandForecast | None
    ) -> DemandView:
        told = await self._told(forecast) if viewer.told_published else None
        as_of_ms, lines = told or (None, [])
        models = viewer.scope.models
        shown = [
            _view_of(by, line, as_of_ms, None)
            for line in lines
            if as_of_ms is not None
            and (models is None or line.item in models)
            and ((line.place is None) == (by == "fleet") and by != "clinic")
        ]
        return DemandView(
            items=tuple(shown),
            next_cursor=None,
            as_of_ms=as_of_ms,
            by=by,
            service_level=service,
            busy_sd=None,
            scores=(),
            withheld=_WITHHELD,
        )

    async def _told(self, forecast: DemandForecast | None) -> tuple[int, list[DemandLine]] | None:
        """What vendors are told this month: made at the first question, and kept."""
        month = f"demand {datetime.fromtimestamp(self._clock.now_ms() / 1_000, UTC):%Y-%m}"
        kept = await self._store.told_use(month)
        if kept is None:
            if forecast is None:
                return None
            regions = {cell.clinic_id: self._registry.clinic(cell.clinic_id).region for cell in forecast.counts}
            lines = await asyncio.to_thread(told_lines, forecast.counts, lambda clinic_id: regions[clinic_id], self._k)
            made = ToldDocument(lines_document(forecast.as_of_ms, lines), self._k)
            await self._store.tell_use(month, made)
            kept = await self._store.told_use(month)
        document = kept.for_k(self._k) if kept is not None else None
        return None if document is None else document_lines(document)


def _stock(advice: StockAdvice, on_hand: int | None, counted: int, lead_days: int, as_of_ms: int) -> StockView:
    return StockView(
        on_hand=on_hand,
        counted_places=counted,
        lead_days=lead_days,
        reorder_point=advice.reorder_point,
        order_up_to=advice.order_up_to,
        order_now=advice.order_now,
        needed_by_arrival=advice.needed_by_arrival,
        runs_out=_date(as_of_ms, advice.runs_out_day),
        order_by=_date(as_of_ms, advice.order_by_day),
    )


def _date(as_of_ms: int, day: int | None) -> str | None:
    return None if day is None else date_of(as_of_ms // DAY_MS + day).isoformat()


def _view_of(by: DemandBy, line: DemandLine, as_of_ms: int, stock: StockView | None) -> DemandLineView:
    first = date_of(as_of_ms // DAY_MS)
    p05, p10, p25, p50, p75, p90, p95 = line.total.quantiles
    return DemandLineView(
        item=_kind(line.item),
        model=_model(line.item),
        region=(line.place or "") if by == "region" else None,
        clinic_id=line.place if by == "clinic" else None,
        weeks=tuple(
            _week(need, (first + timedelta(7 * number)).isoformat(), (first + timedelta(7 * number + 7)).isoformat())
            for number, need in enumerate(line.weeks)
        ),
        total=QuarterNeedView(
            mean=round(line.total.mean, 3), p05=p05, p10=p10, p25=p25, p50=p50, p75=p75, p90=p90, p95=p95
        ),
        stock=stock,
    )


def _week(need: Need, since: str, until: str) -> WeekNeedView:
    p10, p50, p90 = need.quantiles
    return WeekNeedView(mean=round(need.mean, 3), p10=p10, p50=p50, p90=p90, since=since, until=until)


def _kind(item: str) -> DemandItem:
    return "battery" if item == BATTERY else "nozzle"


def _model(item: str) -> str | None:
    return None if item in (BATTERY, UNKNOWN_MODEL) else item
