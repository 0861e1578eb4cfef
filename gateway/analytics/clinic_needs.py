"""What each clinic will need, as whoever plans its spares asks for it."""

from __future__ import annotations

import asyncio

from gateway.analytics.demand import DemandBook, DemandForecast
from gateway.analytics.demand_draws import Counts
from gateway.analytics.demand_lines import summed
from gateway.analytics.stock import NeedCurve, StockAdvice, need_curve, stock_advice


class ClinicNeeds:
    """By the forecast as it stands; what was asked once is answered from memory until there is another."""

    def __init__(self, book: DemandBook) -> None:
        self._book = book
        self._made: DemandForecast | None = None
        self._needs: dict[tuple[str, str], list[Counts]] = {}
        self._curves: dict[tuple[str, str, int], NeedCurve] = {}

    async def advice(self, clinic_id: str, item: str, on_hand: int, lead_days: int) -> tuple[int, StockAdvice] | None:
        """When the forecast was made, and what to do; None where nothing is known of the clinic's need."""
        forecast = self._book.forecast()
        if forecast is None:
            return None
        if forecast is not self._made:
            self._needs = await asyncio.to_thread(forecast.parts, lambda cell: (cell.clinic_id, cell.item))
            self._made, self._curves = forecast, {}
        parts = self._needs.get((clinic_id, item))
        if parts is None:
            return None
        curve = self._curves.get((clinic_id, item, lead_days))
        if curve is None:
            curve = await asyncio.to_thread(lambda: need_curve(summed(parts), lead_days))
            self._curves[clinic_id, item, lead_days] = curve
        return forecast.as_of_ms, stock_advice(curve, on_hand, lead_days)
