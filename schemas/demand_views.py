"""Demand as it is seen: what will be needed, where and when, what to keep in stock, and how past forecasts did."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

DemandBy = Literal["fleet", "region", "clinic"]
DemandItem = Literal["nozzle", "battery"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class NeedView(_View):
    """Quantiles of how many are needed, and the mean."""

    mean: float
    p10: int
    p50: int
    p90: int


class WeekNeedView(NeedView):
    """Of seven days; `since` is their first, `until` the first that does not belong to them any more."""

    since: str
    until: str


class QuarterNeedView(NeedView):
    """Of all weeks together."""

    p05: int
    p25: int
    p75: int
    p95: int


class StockView(_View):
    """What to keep at the service level. `on_hand` null: nobody counted there; the advice is then for empty shelves.

    At or below the reorder point, order up to `order_up_to`: `order_now` says how many that is. `order_by` is the last
    day on which an order comes in time; null: no order is needed within the weeks that are forecast.
    """

    on_hand: int | None
    counted_places: int
    lead_days: int
    reorder_point: int
    order_up_to: int
    order_now: int
    needed_by_arrival: int
    runs_out: str | None
    order_by: str | None


class DemandLineView(_View):
    """One item at one place. `region`, `clinic_id`: as was asked by; both null for the whole fleet. `model` null: a
    battery, or a nozzle whose model nobody told."""

    item: DemandItem
    model: str | None
    region: str | None
    clinic_id: str | None
    weeks: tuple[WeekNeedView, ...]
    total: QuarterNeedView
    stock: StockView | None


class DemandScoreView(_View):
    """How past forecasts of so many weeks turned out. `naive_loss`: the pinball loss of "the same as in the weeks
    before", `compared_loss`: that of the forecasts it can be compared with."""

    item: DemandItem
    model: str | None
    weeks: int
    scored: int
    inside_80: float
    loss: float
    naive_loss: float | None
    compared_loss: float | None


class DemandView(_View):
    """In order of place and item. `as_of_ms` null: nothing has been forecast yet."""

    items: tuple[DemandLineView, ...]
    next_cursor: str | None
    as_of_ms: int | None
    by: DemandBy
    service_level: float
    busy_sd: float | None
    """How far the fleet's use may be from that of late, as the standard deviation of its logarithm."""
    scores: tuple[DemandScoreView, ...]
    withheld: str | None = None
    """Why a vendor is not told this, or not all of it."""
