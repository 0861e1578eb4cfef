"""The planner: what will be due where, from the orders, the forecasts and how nozzles have worn so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.clock import Clock
from gateway.config import WorkConfig
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.work_base import SpareRow
from gateway.wear.level import nozzle_wear
from gateway.work.desk import WorkDesk
from gateway.work.due import DAY_MS, DueItem, Pace, pace_of
from gateway.work.orders import is_overdue
from gateway.work.spares import RATE_DAYS, Demand, Outlook, SpareNeeds, outlook, sooner
from gateway.work.visits import Visit, plan_visits
from schemas.work import PlaceKind, WorkOrder

_BATTERY_DAYS: Final = 14
"""A degraded battery is not an emergency."""
_SOON_DAYS: Final = 7
"""A nozzle that is due, where nothing says how fast it wears."""
_CHUNK: Final = 500
"""Nozzles looked at before the loop gets its turn: a few milliseconds."""
_FAR_MS: Final = 10 * 365 * DAY_MS


class SpareLine(NamedTuple):
    """The spares of one model at one place, and how long they last. `counted_ms` None: nobody counted."""

    place_kind: PlaceKind
    place: str
    model: str
    on_hand: int
    counted_ms: int | None
    lead_days: int
    outlook: Outlook


class Planner:
    """Answers from memory; asks no store."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        forecasts: Forecasts,
        desk: WorkDesk,
        settings: WorkConfig,
        clock: Clock,
        needs: SpareNeeds | None = None,
    ) -> None:
        self._spare_needs = needs
        self._fleet = fleet
        self._registry = registry
        self._forecasts = forecasts
        self._desk = desk
        self._settings = settings
        self._clock = clock

    async def visits(
        self, until_ms: int, sees: Callable[[DueItem], bool], clinic_id: str | None = None
    ) -> tuple[Visit, ...]:
        """The trips for everything that is due by then and that the asker sees, to one clinic or to all."""
        items = [item for item in await self.due(until_ms, clinic_id) if sees(item)]
        return await asyncio.to_thread(plan_visits, items, self._settings.trip_cost, self._clock.now_ms())

    async def due(self, until_ms: int, clinic_id: str | None = None) -> list[DueItem]:
        """What is due by then: open orders, and nozzles that nobody has ordered yet. Lets others run in between."""
        found: list[DueItem] = []
        for looked, item in enumerate(self._due(until_ms, clinic_id), 1):
            if item is not None:
                found.append(item)
            if looked % _CHUNK == 0:
                await asyncio.sleep(0)
        return found

    def _due(self, until_ms: int, clinic_id: str | None) -> Iterator[DueItem | None]:
        """What is due; None for each nozzle that was looked at and is not."""
        ordered: set[str] = set()
        for order in self._desk.live():
            if order.kind == "nozzle":
                ordered.add(order.subject)
            item = self._ordered(order)
            # What is claimed is done; whether the evidence comes is another matter.
            if order.state == "open" and item.due_ms <= until_ms and clinic_id in (None, order.clinic_id):
                yield item
        for nozzle in self._fleet.nozzles():
            yield self._unordered(nozzle, until_ms) if self._is_looked_at(nozzle, ordered, clinic_id) else None

    def is_overdue(self, order: WorkOrder) -> bool:
        """Whether the order was claimed long ago and no evidence has come: somebody has to ask."""
        return is_overdue(order, self._settings.claim_overdue_days * DAY_MS, self._clock.now_ms())

    def due_ms(self, order: WorkOrder) -> int:
        """By when the order should be done; it may be past."""
        return self._ordered(order).due_ms

    @property
    def usual_lead_days(self) -> int:
        """Until an ordered part has come, where the registry does not know it."""
        return self._settings.lead_days

    def zone(self, clinic_id: str) -> ZoneInfo:
        """The clinic's time zone; UTC where the registry knows none."""
        try:
            return ZoneInfo(self._registry.clinic(clinic_id).timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def day_of(self, clinic_id: str, at_ms: int) -> date:
        """The day at the clinic."""
        return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(self.zone(clinic_id)).date()

    async def spares(
        self, rows: Iterable[SpareRow], sees_place: Callable[[PlaceKind, str, str], bool]
    ) -> list[SpareLine]:
        """Each counted spare, and each model that a clinic needs and nobody counted, with how long it lasts."""
        now_ms = self._clock.now_ms()
        counted = {(row.place_kind, row.place, row.model): row for row in rows}
        needs = await self._needs()
        rates = self._rates(now_ms)
        found = sorted(counted.keys() | {key for key in needs if key[0] == "clinic"})
        lines: list[SpareLine] = []
        for kind, place, model in found:
            if not sees_place(kind, place, model):
                continue
            row = counted.get((kind, place, model))
            lead_days = self._lead_days(model)
            due = sorted(needs.get((kind, place, model), ()))
            demand = Demand(due, rates.get((place, model), 0.0) if kind == "clinic" else 0.0)
            on_hand = row.on_hand if row is not None else 0
            seen = outlook(on_hand, lead_days, demand, now_ms)
            if kind == "clinic" and row is not None and self._spare_needs is not None:
                advice = await self._spare_needs.advice(place, model, on_hand, lead_days)
                seen = sooner(seen, advice, lead_days, now_ms)
            if row is not None or seen.low:
                lines.append(SpareLine(kind, place, model, on_hand, row.counted_ms if row else None, lead_days, seen))
        return lines

    async def _needs(self) -> dict[tuple[PlaceKind, str, str], list[int]]:
        """Due dates by place and model: of a clinic's nozzles, and of a person's orders for that one's vehicle."""
        needs: dict[tuple[PlaceKind, str, str], list[int]] = {}
        for item in await self.due(self._clock.now_ms() + _FAR_MS):
            if item.part is not None:
                needs.setdefault(("clinic", item.clinic_id, item.part), []).append(item.due_ms)
                if item.assignee is not None:
                    needs.setdefault(("vehicle", item.assignee, item.part), []).append(item.due_ms)
        return needs

    def _rates(self, now_ms: int) -> dict[tuple[str, str], float]:
        """How many nozzles of a model a clinic has fitted a day of late."""
        since_ms = now_ms - RATE_DAYS * DAY_MS
        rates: dict[tuple[str, str], float] = {}
        for state in self._fleet.devices():
            for row in reversed(self._fleet.ledger(state.device_id)):
                if row.event_ms < since_ms:
                    break
                nozzle = self._fleet.nozzle(row.serial) if row.action == "fitted" else None
                if nozzle is not None and nozzle.model is not None:
                    key = (row.clinic_id, nozzle.model)
                    rates[key] = rates.get(key, 0.0) + 1.0 / RATE_DAYS
        return rates

    def _ordered(self, order: WorkOrder) -> DueItem:
        nozzle = self._fleet.nozzle(order.subject) if order.kind == "nozzle" else None
        if nozzle is None:
            due_ms = order.opened_ms + (_BATTERY_DAYS * DAY_MS if order.kind == "battery" else 0)
            return DueItem(
                order.clinic_id, order.device_id, order.kind, order.subject, None,
                due_ms if order.due_ms is None else order.due_ms, 0.0, order,
            )  # fmt: skip
        expected = self._expected(nozzle)
        due_ms = order.opened_ms
        if order.cause == "nozzle_due":
            due_ms = order.opened_ms + _SOON_DAYS * DAY_MS if expected.due_ms is None else expected.due_ms
        return self._item(nozzle, expected, due_ms if order.due_ms is None else order.due_ms, order)

    def _item(self, nozzle: NozzleState, expected: Pace, due_ms: int, order: WorkOrder | None) -> DueItem:
        model = self._registry.model(nozzle.model)
        price = self._settings.nozzle_price if model is None or model.price is None else model.price
        return DueItem(
            clinic_id=order.clinic_id if order else nozzle.clinic_id,
            device_id=order.device_id if order else nozzle.device_id,
            kind="nozzle",
            subject=nozzle.serial,
            part=nozzle.model,
            due_ms=due_ms,
            waste_per_day=price / max(1.0, expected.life_days),
            order=order,
        )

    def _expected(self, nozzle: NozzleState) -> Pace:
        """When the nozzle will be due, by its forecast or else by its own straight line."""
        wear = nozzle_wear(nozzle, self._registry.model(nozzle.model))
        pace = pace_of(wear, nozzle.first_event_ms, nozzle.last_event_ms)
        forecast = self._forecasts.forecast_of(nozzle.serial)
        if forecast is None or forecast.replace_by is None:
            return pace
        life_days = pace.life_days
        if forecast.remaining_days is not None and forecast.wear < 1.0:
            life_days = forecast.remaining_days.p50 / (1.0 - forecast.wear)
        # Noon is on the same day in every zone near the clinic's.
        noon = datetime.combine(forecast.replace_by, time(12), self.zone(nozzle.clinic_id))
        return Pace(life_days, round(noon.timestamp() * 1_000))

    def _is_looked_at(self, nozzle: NozzleState, ordered: set[str], clinic_id: str | None) -> bool:
        """Whether the nozzle is in use, in the clinic that is asked for, and has no order."""
        if not nozzle.fitted or nozzle.serial in ordered or clinic_id not in (None, nozzle.clinic_id):
            return False
        return nozzle.device_id not in self._registry.out_of_use

    def _unordered(self, nozzle: NozzleState, until_ms: int) -> DueItem | None:
        expected = self._expected(nozzle)
        if expected.due_ms is None or expected.due_ms > until_ms:
            return None
        return self._item(nozzle, expected, expected.due_ms, None)

    def _lead_days(self, model: str) -> int:
        known = self._registry.model(model)
        return self._settings.lead_days if known is None or known.lead_days is None else known.lead_days
