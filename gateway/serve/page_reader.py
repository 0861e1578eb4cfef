"""The page reader: history, past alerts, the registry and the gateway itself, as a viewer may see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.analytics.lifetimes import LifetimeBook
from gateway.errors import ForbiddenError
from gateway.forecasting.board import ForecastBook
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.history import HistoryReader, SessionCursor
from gateway.serve.notify_shapes import message_line
from gateway.serve.nozzle_stays import stays_of
from gateway.serve.operator import OperatorFigures
from gateway.serve.outlook import OutlookReader
from gateway.serve.paged import filled_page
from gateway.serve.reader import Reader
from gateway.serve.roles import Act, require
from gateway.serve.sight import Sight
from gateway.serve.wear_story import wear_story
from gateway.store.base import Store
from gateway.store.rows import SamplePoint, TimedSession
from gateway.wear.level import wear_ratio
from schemas.access import Viewer
from schemas.alert import Alert
from schemas.lifetime_views import LifetimesView, LivesBy
from schemas.page_views import (
    AlertsAsked,
    AlertsFound,
    DayTotal,
    FleetOutlook,
    LedgerEntry,
    OperatorView,
    PageAct,
    PersonView,
    RegistryView,
    SeriesPoint,
    SessionMark,
    WearStory,
)
from schemas.registry import DEFAULT_COATING_LIMIT, Clinic, DeviceEntry, Lot, NozzleModel

_NEEDS: Final[dict[PageAct, Act]] = {
    "acknowledge": "acknowledge_alert",
    "silence": "silence_alert",
    "work": "read_work",
    "do_work": "do_work",
    "close_work": "close_work",
    "registry": "edit_clinic",
    "edit_clinic": "edit_clinic",
    "edit_device": "edit_device",
    "edit_nozzle_model": "edit_nozzle_model",
    "exchange_registry": "exchange_registry",
    "edit_lot": "recall_lot",
    "operator": "read_quarantine",
    "release": "release_quarantine",
    "resend": "resend_messages",
    "people": "manage_access",
    "reports": "read_report",
    "product": "read_published",
    "notifications": "edit_notifications",
}
_SESSIONS_A_PAGE: Final = 1_000
_MOST_SESSIONS: Final = 20_000
_QUARANTINE_SHOWN: Final = 50
_MESSAGES_SHOWN: Final = 20


class StorePageReader:
    """Carries out `schemas.page_views.PageReader`."""

    def __init__(
        self,
        *,
        store: Store,
        fleet: Fleet,
        registry: Registry,
        sight: Sight,
        reader: Reader,
        history: HistoryReader,
        lifetimes: LifetimeBook,
        figures: OperatorFigures,
        outlooks: OutlookReader,
        forecasts: ForecastBook,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._sight = sight
        self._reader = reader
        self._history = history
        self._lifetimes = lifetimes
        self._figures = figures
        self._outlooks = outlooks
        self._forecasts = forecasts

    def may(self, viewer: Viewer) -> frozenset[PageAct]:
        """What the viewer's role and scope allow."""
        return frozenset(act for act, needed in _NEEDS.items() if _allows(viewer, needed))

    async def series(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int, points: int
    ) -> Sequence[SeriesPoint]:
        """At most `points` points, in order of time."""
        found = await self._history.samples(viewer, device_id, since_ms, until_ms, points)
        return [self._point(point) for point in found]

    async def session_marks(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int
    ) -> Sequence[SessionMark]:
        """Newest first; at most the newest 20,000."""
        marks: list[SessionMark] = []
        before: SessionCursor | None = None
        while len(marks) < _MOST_SESSIONS:
            page = await self._history.sessions(
                viewer,
                device_id=device_id,
                since_ms=since_ms,
                until_ms=until_ms,
                limit=_SESSIONS_A_PAGE,
                before=before,
            )
            marks += [_mark(row) for row in page.rows]
            if page.next is None:
                break
            before = page.next
        return marks

    async def clinic_days(self, viewer: Viewer, clinic_id: str, since_ms: int, until_ms: int) -> Sequence[DayTotal]:
        """`clinic_id` as the viewer calls it."""
        counts: Counter[int] = Counter()
        for row in await self._history.sessions_by_day(viewer, since_ms, until_ms):
            if self._sight.shown_clinic(viewer, row.clinic_id) == clinic_id:
                counts[row.day_ms] += row.sessions
        return [DayTotal(day_ms=day_ms, sessions=sessions) for day_ms, sessions in sorted(counts.items())]

    async def outlook(self, viewer: Viewer) -> FleetOutlook:
        """As it stood at most a minute ago."""
        return await self._outlooks.outlook(viewer)

    async def ledger(self, viewer: Viewer, device_id: str) -> Sequence[LedgerEntry]:
        """Newest first."""
        rows = await self._store.ledger(device_id=device_id)
        seen = [row for row in rows if self._sight.sees_record(viewer, device_id, row.clinic_id, row.serial)]
        return [
            LedgerEntry(
                ts_ms=row.event_ms,
                action=row.action,
                serial=row.serial,
                strikes=row.strikes,
                made_by=row.made_by,
                # What a person wrote may name the clinic.
                reason=None if viewer.role == "vendor" else row.reason,
            )
            for row in sorted(seen, key=lambda row: row.key, reverse=True)
        ]

    async def wear_story(self, viewer: Viewer, device_id: str) -> WearStory:
        """Raises StoreUnavailableError."""
        current = self._fleet.fitted_serial(device_id)
        entries = await self.ledger(viewer, device_id)
        before = next((entry.serial for entry in entries if entry.serial != current), None)
        stays = {
            serial: stays_of(self._fleet, self._sight, viewer, serial, (device_id,))
            for serial in (current, before)
            if serial is not None
        }
        return await wear_story(
            self._forecasts, current, before, lambda serial, one: stays[serial].covers(one.as_of_ms)
        )

    async def alerts(self, viewer: Viewer, asked: AlertsAsked, limit: int, before: int | None) -> AlertsFound:
        """Newest first; the clinic as the viewer calls it."""
        clinic_id = self._sight.real_clinic(viewer, asked.clinic_id) if asked.clinic_id is not None else None
        if asked.clinic_id is not None and clinic_id is None:
            return AlertsFound(items=(), next=None)

        async def fetch(rows: int, behind: int | None) -> Sequence[Alert]:
            return await self._store.alerts(
                limit=rows,
                before=behind,
                state=asked.state,
                rule=asked.rule,
                clinic_id=clinic_id,
                device_id=asked.device_id,
            )

        def keep(alert: Alert) -> bool:
            return asked.severity in (None, alert.severity) and self._sight.sees_alert(viewer, alert)

        page = await filled_page(fetch, cursor_of=lambda alert: alert.alert_id, keep=keep, limit=limit, before=before)
        return AlertsFound(items=tuple(self._reader.alert_view(viewer, alert) for alert in page.rows), next=page.next)

    async def lifetimes(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        """How long nozzles last."""
        return await self._lifetimes.report(viewer, by)

    def registry(self, viewer: Viewer) -> RegistryView:
        """Every clinic and device in scope; nozzle models that are written down or that a device in scope showed."""
        clinics = [view.id for view in self._reader.clinics(viewer)]
        devices = [state.device_id for state in self._fleet.devices() if self._sight.sees_device(viewer, state)]
        written = {entry.model for entry in self._registry.entries() if isinstance(entry, NozzleModel)}
        seen = [nozzle for nozzle in self._fleet.nozzles() if self._sight.sees_nozzle(viewer, nozzle)]
        fitted = {nozzle.model for nozzle in seen if nozzle.model is not None}
        models = sorted(model for model in written | fitted if viewer.scope.sees_model(model))
        lots = {entry.lot for entry in self._registry.entries() if isinstance(entry, Lot)}
        lots |= {nozzle.lot for nozzle in seen if nozzle.lot is not None}
        whole = viewer.scope.clinics is None and viewer.scope.models is None
        return RegistryView(
            clinics=tuple(self._clinic(clinic_id) for clinic_id in sorted(clinics)),
            devices=tuple(self._device(device_id) for device_id in sorted(devices)),
            nozzle_models=tuple(self._registry.model(model) or NozzleModel(model=model) for model in models),
            lots=tuple(self._registry.lot(lot) for lot in sorted(lots)) if whole else (),
        )

    async def operator(self, viewer: Viewer) -> OperatorView:
        """Raises ForbiddenError where the viewer may not read the quarantine."""
        require(viewer, "read_quarantine")
        entries = await self._store.quarantine(limit=_QUARANTINE_SHOWN, before=None, released=False)
        view = self._figures.view(
            missing=self._fleet.missing_records(), stats=await self._store.stats(), quarantine=entries
        )
        waiting = await self._store.outbox(limit=_MESSAGES_SHOWN, before=None, state="waiting")
        dead = await self._store.outbox(limit=_MESSAGES_SHOWN, before=None, state="dead")
        lines = {"waiting": tuple(map(message_line, waiting)), "dead": tuple(map(message_line, dead))}
        return view.model_copy(update=lines)

    async def people(self, viewer: Viewer) -> Sequence[PersonView]:
        """Raises ForbiddenError for whoever may not manage access."""
        require(viewer, "manage_access")
        users = sorted(await self._store.users(), key=lambda user: user.name)
        return [
            PersonView(
                name=user.name,
                role=user.role,
                clinics=_sorted(user.scope.clinics),
                models=_sorted(user.scope.models),
                created_ms=user.created_ms,
            )
            for user in users
        ]

    def _clinic(self, clinic_id: str) -> Clinic:
        return self._registry.clinic(clinic_id)

    def _device(self, device_id: str) -> DeviceEntry:
        return self._registry.device(device_id)

    def _point(self, point: SamplePoint) -> SeriesPoint:
        nozzle = self._fleet.nozzle(point.nozzle_serial) if point.nozzle_serial is not None else None
        model = self._registry.model(nozzle.model) if nozzle else None
        rated = nozzle.rated_strikes if nozzle else None
        return SeriesPoint(
            ts_ms=point.ts_ms,
            on_mains=point.power_source == "mains",
            charge=point.charge_ratio,
            voltage_v=point.voltage_v,
            health=point.health_ratio,
            serial=point.nozzle_serial,
            wear=wear_ratio(
                coating_ratio=point.coating_ratio,
                coating_limit=model.coating_limit if model else DEFAULT_COATING_LIMIT,
                strikes=point.strikes,
                rated_strikes=rated or (model.rated_strikes if model else None),
            ),
            session_active=point.session_active,
        )


def _allows(viewer: Viewer, act: Act) -> bool:
    try:
        require(viewer, act)
    except ForbiddenError:
        return False
    return True


def _sorted(names: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


def _mark(row: TimedSession) -> SessionMark:
    session = row.session
    started_ms, ended_ms = session.started_ms, session.ended_ms
    return SessionMark(
        ended_ms=row.event_ms if ended_ms is None else ended_ms,
        duration_ms=None if started_ms is None or ended_ms is None else ended_ms - started_ms,
        strikes=session.strikes,
        depth_mm=session.depth_mm,
        power_source=session.power_source,
        serial=session.nozzle_serial,
        end=session.end,
    )
