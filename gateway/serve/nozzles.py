"""The nozzle reader: nozzles as a viewer may see them, each with its whole life."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.alerts.conditions import due_from_wear
from gateway.alerts.rulebook import RuleBook
from gateway.breath import Breath
from gateway.forecasting.board import ForecastBook
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.serve.answers import FittingView, LedgerView, NozzleLife, NozzleSummary
from gateway.serve.device_views import wear_band
from gateway.serve.due_nozzles import is_due
from gateway.serve.forecast_views import BandView, CoverageView, NozzleForecastView, PastForecastView, WearPointView
from gateway.serve.nozzle_stays import first_seen_ms, stays_of
from gateway.serve.reader import Reader
from gateway.serve.sight import Sight
from gateway.store.base import ReadStore
from gateway.store.rows import LedgerRow
from gateway.wear.level import nozzle_wear
from schemas.access import Viewer

NozzleFilterState: TypeAlias = Literal["fitted", "removed", "ok", "due", "worn_out", "unknown"]


@dataclass(frozen=True, slots=True)
class NozzleFilter:
    """Which nozzles are asked for; None: any. `clinic` as the viewer calls it."""

    lot: str | None = None
    clinic: str | None = None
    model: str | None = None
    state: NozzleFilterState | None = None

    def takes(self, nozzle: NozzleSummary) -> bool:
        return (
            self.lot in (None, nozzle.lot)
            and self.clinic in (None, nozzle.clinic_id)
            and self.model in (None, nozzle.model)
            and self.state in (None, nozzle.wear_band, "fitted" if nozzle.fitted else "removed")
        )


class NozzleReader:
    """Reads the fleet's nozzles, and the store's ledger for their lives."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        store: ReadStore,
        sight: Sight,
        reader: Reader,
        forecasts: ForecastBook,
        book: RuleBook,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._store = store
        self._sight = sight
        self._reader = reader
        self._forecasts = forecasts
        self._book = book

    async def page(
        self, viewer: Viewer, *, after: str | None, limit: int, takes: Callable[[NozzleSummary], bool]
    ) -> Sequence[NozzleSummary]:
        """At most `limit` nozzles behind the serial `after`, in order of serial."""
        serials = [serial for serial in self._fleet.serials() if after is None or serial > after]
        # A page is a few of many, so they are not all put in order.
        heapq.heapify(serials)
        found: list[NozzleSummary] = []
        breath = Breath()
        while serials and len(found) < limit:
            nozzle = self._nozzle(heapq.heappop(serials))
            if nozzle is not None and self._sight.sees_nozzle(viewer, nozzle):
                summary = self._summary(viewer, nozzle)
                if takes(summary):
                    found.append(summary)
            await breath.take()
        return found

    async def life(self, viewer: Viewer, serial: str) -> NozzleLife | None:
        """The nozzle's whole life, less what lies outside the viewer's scope; None where the nozzle itself does."""
        nozzle = self._nozzle(serial)
        if nozzle is None or not self._sight.sees_nozzle(viewer, nozzle):
            return None
        kept = await self._store.ledger(serial=serial)
        rows = [row for row in kept if self._sees(viewer, row.device_id, row)]
        stays = stays_of(self._fleet, self._sight, viewer, serial, (row.device_id for row in kept))
        shown = self._sight.shown_clinic
        fittings = [FittingView.of(fitting, shown(viewer, fitting.clinic_id)) for fitting in stays.fittings]
        forecast, story = self._forecasts.forecast_of(serial), await self._forecasts.story(serial)
        return NozzleLife(
            **self._summary(viewer, nozzle).model_dump(),
            fittings=tuple(fittings),
            events=tuple(self._event(viewer, row) for row in sorted(rows, key=lambda row: row.key)),
            alerts=tuple(alert for alert in self._reader.firing_alerts(viewer) if alert.subject == serial),
            forecast=NozzleForecastView.of(forecast) if forecast is not None else None,
            history=tuple(WearPointView.of(point) for point in story.history if stays.covers_use(point.strikes)),
            bands=tuple(BandView.of(point) for point in story.fan),
            past_forecasts=tuple(PastForecastView.of(issued) for issued in story.past if stays.covers(issued.as_of_ms)),
        )

    def coverage(self, viewer: Viewer) -> Sequence[CoverageView]:
        """How past forecasts turned out, by group: those that the viewer sees nozzles of."""
        seen = [nozzle for nozzle in self._fleet.nozzles() if self._sight.sees_nozzle(viewer, nozzle)]
        shown = {f"lot {nozzle.lot}" for nozzle in seen} | {f"model {nozzle.model}" for nozzle in seen}
        return [CoverageView.of(row) for row in self._forecasts.coverage() if row.group in shown]

    def _nozzle(self, serial: str) -> NozzleState | None:
        return self._fleet.nozzle(serial) or self._fleet.nozzle_told(serial)

    def _summary(self, viewer: Viewer, nozzle: NozzleState) -> NozzleSummary:
        model = self._registry.model(nozzle.model)
        wear = nozzle_wear(nozzle, model)
        forecast = self._forecasts.forecast_of(nozzle.serial)
        due = is_due(nozzle, forecast, model, self._registry.clinic(nozzle.clinic_id))
        return NozzleSummary(
            serial=nozzle.serial,
            model=nozzle.model,
            lot=nozzle.lot,
            recalled=nozzle.lot is not None and self._registry.lot(nozzle.lot).recalled_ms is not None,
            device_id=nozzle.device_id,
            clinic_id=self._sight.shown_clinic(viewer, nozzle.clinic_id),
            fitted=nozzle.fitted,
            strikes=nozzle.strikes,
            rated_strikes=nozzle.rated_strikes or (model.rated_strikes if model else None),
            coating=nozzle.coating_ratio,
            wear=wear,
            wear_band=wear_band(wear, self._due_wear(nozzle), due),
            expires_on=nozzle.expires_on,
            first_seen_ms=first_seen_ms(self._fleet, self._sight, viewer, nozzle),
            last_seen_ms=nozzle.last_event_ms,
        )

    def _due_wear(self, nozzle: NozzleState) -> float:
        state = self._fleet.device(nozzle.device_id)
        return due_from_wear(self._book.at(nozzle.clinic_id, state.model if state else None, nozzle.device_id))

    def _sees(self, viewer: Viewer, device_id: str, row: LedgerRow) -> bool:
        return self._sight.sees_record(viewer, device_id, row.clinic_id, row.serial)

    def _event(self, viewer: Viewer, row: LedgerRow) -> LedgerView:
        # What a person wrote may name the clinic.
        reason = None if viewer.role == "vendor" else row.reason
        return LedgerView.of(row, self._sight.shown_clinic(viewer, row.clinic_id), reason)
