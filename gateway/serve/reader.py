"""The reader: the fleet as a viewer may see it, answered from memory. What pages and the API read.

A device's view is kept until its state, its nozzle, its registry entry or its presence changes: a fleet of ten
thousand is drawn again by building only what changed. Whatever counts or follows the whole fleet asks the watch that
all viewers of one sight share (`gateway.serve.changes`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Final, NamedTuple

from gateway.alerts.conditions import due_from_wear
from gateway.alerts.muting import told
from gateway.alerts.rulebook import RuleBook
from gateway.clock import Clock
from gateway.forecasting.board import Forecasts, NoForecasts, NozzleForecast
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.presence import DEFAULT_SILENT_AFTER_MS, is_online, silent_after_ms
from gateway.ingest.registry import Registry
from gateway.serve.board import AlertBoard
from gateway.serve.changes import ChangeHub
from gateway.serve.device_views import (
    FittedNozzle,
    device_view,
    fitted_nozzle,
    forecast_view,
    nozzle_view,
    unread_nozzle_view,
)
from gateway.serve.due_nozzles import is_due
from gateway.serve.health import Readiness
from gateway.serve.history import HistoryReader
from gateway.serve.sight import Sight
from gateway.serve.stopping import StopSignal
from gateway.serve.veil import Veil
from gateway.serve.watching import Seen, SightWatch
from gateway.store.rows import DeviceState
from schemas.access import Scope, Viewer
from schemas.alert import SEVERITIES, Alert, Silence
from schemas.registry import Clinic, DeviceLifecycle, NozzleModel
from schemas.views import AlertView, ClinicView, DeviceView, FleetChange, FleetSummary, NozzleView

DAY_MS: Final = 86_400_000
_VIEWS_TO_SPARE: Final = 1_000
"""Views of alerts that are over may lie about until they are so many more than those that fire."""


class _Basis(NamedTuple):
    """All that a device's view is made from."""

    state: DeviceState
    fitted: FittedNozzle | None
    nozzle: NozzleState | None
    model: NozzleModel | None
    label: str
    lifecycle: DeviceLifecycle
    online: bool
    forecast: NozzleForecast | None
    due: bool | None


class Reader:
    """Carries out `schemas.views.FleetReader`."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        board: AlertBoard,
        clock: Clock,
        feed: CommitFeed,
        readiness: Readiness,
        history: HistoryReader,
        sight: Sight,
        veil: Veil,
        stop: StopSignal,
        book: RuleBook,
        forecasts: Forecasts | None = None,
        silent_after_ms: int = DEFAULT_SILENT_AFTER_MS,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._board = board
        self._clock = clock
        self._feed = feed
        self._readiness = readiness
        self._history = history
        self._sight = sight
        self._veil = veil
        self._stop = stop
        self._forecasts = forecasts if forecasts is not None else NoForecasts()
        self._book = book
        self._silent_after_ms = silent_after_ms
        self._views: dict[str, tuple[_Basis, DeviceView]] = {}
        self._veiled: dict[str, tuple[DeviceView, DeviceView]] = {}
        """As vendors see them."""
        self._alert_views: dict[int, tuple[Alert, bool, Silence | None, AlertView]] = {}
        """As everybody but vendors sees those that fire."""
        feeds = (feed, self._forecasts.changes)
        self._hub = ChangeHub(self, feeds, stop, self._summarized, self._sessions_today)

    def devices(self, viewer: Viewer) -> Sequence[DeviceView]:
        """Every device in scope, in order of (clinic, id) as the viewer sees them."""
        now_ms = self._clock.now_ms()
        return [self._shown(viewer, self.current(state, now_ms)) for state in self._in_order(viewer)]

    def device_page(
        self,
        viewer: Viewer,
        *,
        after: tuple[str, str] | None,
        limit: int,
        matches: Callable[[DeviceView], bool] = lambda _: True,
    ) -> Sequence[DeviceView]:
        """At most `limit` matching devices behind `after`, a (clinic, id) as the viewer sees them."""
        now_ms = self._clock.now_ms()
        page: list[DeviceView] = []
        for state in self._in_order(viewer):
            if after is not None and (self._sight.shown_clinic(viewer, state.clinic_id), state.device_id) <= after:
                continue
            view = self._shown(viewer, self.current(state, now_ms))
            if matches(view):
                page.append(view)
            if len(page) == limit:
                break
        return page

    def device(self, viewer: Viewer, device_id: str) -> DeviceView | None:
        """None where there is none of that id in the viewer's scope."""
        state = self._fleet.device(device_id)
        if state is None or not self._sight.sees_device(viewer, state):
            return None
        return self._shown(viewer, self.current(state, self._clock.now_ms()))

    def clinics(self, viewer: Viewer) -> Sequence[ClinicView]:
        """Clinics of devices in scope, and for whoever sees all models those of the registry, in order of id."""
        watch = self._hub.standing(viewer)
        if watch is not None:
            return self._watched_clinics(viewer, watch)
        now_ms = self._clock.now_ms()
        devices: dict[str, int] = {}
        online: dict[str, int] = {}
        for state in self._visible(viewer):
            clinic_id = state.clinic_id
            devices[clinic_id] = devices.get(clinic_id, 0) + 1
            online[clinic_id] = online.get(clinic_id, 0) + self._online(state, now_ms)
        known = set(devices) | set(self._written_clinics(viewer))
        views = [self._clinic_view(viewer, name, devices.get(name, 0), online.get(name, 0)) for name in known]
        return sorted(views, key=lambda view: view.id)

    async def summary(self, viewer: Viewer) -> FleetSummary:
        """The fleet within a glance; retired devices are not counted."""
        return await self._hub.of(viewer).summary()

    async def standing(self, viewer: Viewer) -> Sequence[DeviceView]:
        """Every device in scope as it stands, in no order; never holds the event loop, however large the fleet."""
        watch = await self._hub.of(viewer).ready()
        await watch.catch_up_gently()
        return tuple(watch.views())

    def firing_alerts(self, viewer: Viewer) -> Sequence[AlertView]:
        """Most severe first, then the longest firing."""
        firing = [alert for alert in self._board.firing() if self._sight.sees_alert(viewer, alert)]
        firing.sort(key=_urgency)
        if len(self._alert_views) > 2 * len(firing) + _VIEWS_TO_SPARE:
            self._alert_views.clear()
        return [self.alert_view(viewer, alert) for alert in firing]

    def alert_view(self, viewer: Viewer, alert: Alert) -> AlertView:
        """One alert with the names that this viewer may see."""
        stale = self._board.stale(alert)
        if viewer.role != "vendor":
            silence, veiled = self._board.muted(alert), self._veil.alert(viewer, alert)
            return self._alert_view(alert, stale, silence) if veiled is alert else _told_view(veiled, stale, silence)
        names = self._sight.pseudonyms
        return AlertView.of(alert, stale=stale).model_copy(
            update={
                "clinic_id": names.of(alert.clinic_id),
                "subject": names.shown_subject(viewer, alert),
                "summary": names.shown_summary(viewer, alert),
                "facts": alert.facts.veiled() if alert.facts is not None else None,
                "acknowledged_by": None,
            }
        )

    def changes(self, viewer: Viewer) -> AsyncGenerator[FleetChange, None]:
        """Coalesced changes, at most four a second, until the gateway stops."""
        return self._hub.of(viewer).follow()

    def seen(self, viewer: Viewer, device_id: str) -> Seen | None:
        """A device with the time until which it counts as online, for the watches."""
        state = self._fleet.device(device_id)
        if state is None or not self._sight.sees_device(viewer, state):
            return None
        view = self._shown(viewer, self.current(state, self._clock.now_ms()))
        online_until_ms = state.last_seen_ms + silent_after_ms(state, self._silent_after_ms) if view.online else None
        return Seen(view, online_until_ms)

    def device_ids(self) -> Sequence[str]:
        """Of the whole fleet, whoever may see them."""
        return [state.device_id for state in self._fleet.devices()]

    def now_ms(self) -> int:
        """The time by which devices fall silent."""
        return self._clock.now_ms()

    def current(self, state: DeviceState, now_ms: int) -> DeviceView:
        """The device's view with nothing hidden; for the metrics and, through a scope, for viewers."""
        basis = self._basis(state, now_ms)
        kept = self._views.get(state.device_id)
        if kept is not None and kept[0] == basis:
            return kept[1]
        view = device_view(
            state=state,
            clinic_id=state.clinic_id,
            label=basis.label,
            lifecycle=basis.lifecycle,
            online=basis.online,
            nozzle=_nozzle_view(basis),
            due_wear=due_from_wear(self._book.at(state.clinic_id, state.model, state.device_id)),
            due=basis.due,
            forecast=forecast_view(basis.forecast),
        )
        self._views[state.device_id] = (basis, view)
        return view

    def _basis(self, state: DeviceState, now_ms: int) -> _Basis:
        device_id = state.device_id
        fitted = fitted_nozzle(state.latest, self._fleet.ledger(device_id), self._fleet.fitted_serial(device_id))
        serial = fitted.serial if fitted else None
        nozzle = (self._fleet.nozzle(serial) or self._fleet.nozzle_told(serial)) if serial is not None else None
        model = self._registry.model(nozzle.model) if nozzle else None
        entry = self._registry.device(device_id)
        forecast = self._forecasts.forecast_of(nozzle.serial) if nozzle else None
        due = is_due(nozzle, forecast, model, self._registry.clinic(nozzle.clinic_id)) if nozzle else None
        online = self._online(state, now_ms)
        return _Basis(state, fitted, nozzle, model, entry.label, entry.state, online, forecast, due)

    def _online(self, state: DeviceState, now_ms: int) -> bool:
        return is_online(state, now_ms, self._silent_after_ms)

    async def _sessions_today(self, viewer: Viewer) -> int:
        now_ms = self._clock.now_ms()
        return await self._history.sessions_since(viewer, now_ms - now_ms % DAY_MS, now_ms)

    def _summarized(self, viewer: Viewer, watch: SightWatch, sessions_today: int) -> FleetSummary:
        pending = [alert for alert in self._board.pending() if self._sight.sees_alert(viewer, alert)]
        firing = [alert for alert in self._board.firing() if self._sight.sees_alert(viewer, alert)]
        return FleetSummary(
            as_of_ms=self._clock.now_ms(),
            clinics=watch.clinics,
            alerts_firing=len(firing),
            alerts_pending=len(pending),
            sessions_today=sessions_today,
            records_missing=self._fleet.missing_records() if viewer.scope == Scope() else None,
            broker_connected=self._readiness.broker_connected(),
            **watch.tally()._asdict(),
        )

    def _watched_clinics(self, viewer: Viewer, watch: SightWatch) -> Sequence[ClinicView]:
        watch.catch_up()
        known = {state.clinic_id for state in self._visible(viewer)} | set(self._written_clinics(viewer))
        shown = self._sight.shown_clinic
        views = [self._clinic_view(viewer, name, *watch.of_clinic(shown(viewer, name))) for name in known]
        return sorted(views, key=lambda view: view.id)

    def _alert_view(self, alert: Alert, stale: bool, silence: Silence | None) -> AlertView:
        kept = self._alert_views.get(alert.alert_id)
        if kept is not None and kept[0] is alert and kept[1:3] == (stale, silence):
            return kept[3]
        view = _told_view(alert, stale, silence)
        if alert.state == "firing":
            self._alert_views[alert.alert_id] = (alert, stale, silence, view)
        else:
            self._alert_views.pop(alert.alert_id, None)
        return view

    def _visible(self, viewer: Viewer) -> Iterable[DeviceState]:
        if viewer.scope.clinics is None and viewer.scope.models is None:
            return self._fleet.devices()
        return (state for state in self._fleet.devices() if self._sight.sees_device(viewer, state))

    def _in_order(self, viewer: Viewer) -> list[DeviceState]:
        shown = self._sight.shown_clinic
        return sorted(self._visible(viewer), key=lambda state: (shown(viewer, state.clinic_id), state.device_id))

    def _shown(self, viewer: Viewer, view: DeviceView) -> DeviceView:
        if viewer.role != "vendor":
            return view
        kept = self._veiled.get(view.id)
        if kept is not None and kept[0] is view:
            return kept[1]
        veiled = view.model_copy(update={"clinic_id": self._sight.pseudonyms.of(view.clinic_id), "label": ""})
        self._veiled[view.id] = (view, veiled)
        return veiled

    def _written_clinics(self, viewer: Viewer) -> Iterable[str]:
        if viewer.scope.models is not None or viewer.role == "vendor":
            return ()
        written = (entry.clinic_id for entry in self._registry.entries() if isinstance(entry, Clinic))
        return (clinic_id for clinic_id in written if viewer.scope.sees_clinic(clinic_id))

    def _clinic_view(self, viewer: Viewer, clinic_id: str, devices: int, online: int) -> ClinicView:
        clinic = self._registry.clinic(clinic_id)
        if viewer.role == "vendor":
            clinic = Clinic(clinic_id=self._sight.pseudonyms.of(clinic_id), discovered=clinic.discovered)
        return ClinicView(
            id=clinic.clinic_id,
            devices=devices,
            online=online,
            **clinic.model_dump(include={"name", "region", "timezone", "opening_hours", "contact", "discovered"}),
        )


def _nozzle_view(basis: _Basis) -> NozzleView | None:
    if basis.fitted is None:
        return None
    if basis.nozzle is not None:
        return nozzle_view(basis.nozzle, basis.model, basis.forecast)
    return unread_nozzle_view(basis.fitted.serial, basis.state.latest.sample if basis.state.latest else None)


def _told_view(alert: Alert, stale: bool, silence: Silence | None) -> AlertView:
    return AlertView.of(alert, stale=stale, muted=told(silence) if silence is not None else None, silence=silence)


def _urgency(alert: Alert) -> tuple[int, int, int]:
    return (-SEVERITIES.index(alert.severity), alert.firing_since_ms or 0, alert.alert_id)
