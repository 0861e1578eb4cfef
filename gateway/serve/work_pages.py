"""The pages about work: orders, visits and silences as a viewer may see them, and silences as people type them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from pydantic import ValidationError

from gateway.clock import Clock
from gateway.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.ingest.registry import Registry
from gateway.serve.paged import filled_page
from gateway.serve.reader import Reader
from gateway.serve.roles import ALLOWED, require
from gateway.serve.sight import Sight
from gateway.serve.silence_acts import SilenceActs, SilenceBody
from gateway.serve.work_acts import WorkActs
from gateway.serve.work_reader import WorkReader
from gateway.store.base import Store
from gateway.work.desk import ORDERS_BY_RULE, WorkDesk
from gateway.work.planner import Planner
from schemas.access import Viewer
from schemas.alert import Silence
from schemas.mistakes import Mistake, mistake_of
from schemas.views import AlertView, SilenceView
from schemas.work import LIVE_STATES, OrderState, WorkOrder
from schemas.work_views import (
    OrderDetail,
    OrdersAsked,
    OrdersFound,
    OrderView,
    SilencesFound,
    VisitView,
    Whereabouts,
)

_HOUR_S: Final = 3_600
_AGAIN_MS: Final = 120_000
"""The way back may lead to a new page: the same once more, within so long, is a slip and no second silence."""


class StoreWorkPages:
    """Carries out `schemas.work_views.WorkPages`."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        desk: WorkDesk,
        planner: Planner,
        work: WorkReader,
        acts: WorkActs,
        silencing: SilenceActs,
        reader: Reader,
        sight: Sight,
        clock: Clock,
    ) -> None:
        self._store = store
        self._registry = registry
        self._desk = desk
        self._planner = planner
        self._work = work
        self._acts = acts
        self._silencing = silencing
        self._reader = reader
        self._sight = sight
        self._clock = clock

    async def visits(self, viewer: Viewer, until_ms: int, clinic_id: str | None) -> Sequence[VisitView]:
        """Raises ForbiddenError where the viewer may not read work."""
        require(viewer, "read_work")
        return await self._work.visits(viewer, until_ms, clinic_id)

    async def orders(self, viewer: Viewer, asked: OrdersAsked, limit: int, after: int | None) -> OrdersFound:
        """Live ones by due date out of memory, all others newest first out of the store. Raises ForbiddenError."""
        require(viewer, "read_work")
        state = asked.state
        if state is None or state == "confirmed" or state == "closed":
            return await self.newest_orders(viewer, asked, state, limit, after)
        found = sorted(self._live(viewer, asked), key=lambda order: (order.due_ms, order.id))
        first = after or 0
        more = len(found) > first + limit
        return OrdersFound(items=tuple(found[first : first + limit]), next=first + limit if more else None)

    async def newest_orders(
        self, viewer: Viewer, asked: OrdersAsked, state: OrderState | None, limit: int, before: int | None
    ) -> OrdersFound:
        """Those of one state, or all, newest first out of the store. Raises ForbiddenError."""
        require(viewer, "read_work")

        async def fetch(rows: int, behind: int | None) -> Sequence[WorkOrder]:
            return await self._store.work_orders(
                limit=rows, before=behind, state=state, clinic_id=asked.clinic_id, assignee=asked.assignee
            )

        page = await filled_page(
            fetch,
            cursor_of=lambda order: order.order_id,
            keep=lambda order: self._acts.sees_order(viewer, order),
            limit=limit,
            before=before,
        )
        return OrdersFound(items=tuple(self._work.view(viewer, order) for order in page.rows), next=page.next)

    async def order(self, viewer: Viewer, order_id: int) -> OrderDetail | None:
        """Raises ForbiddenError where the viewer may not read work."""
        require(viewer, "read_work")
        try:
            return await self._work.detail(viewer, await self._acts.seen_order(viewer, order_id))
        except NotFoundError:
            return None

    async def alert(self, viewer: Viewer, alert_id: int) -> AlertView | None:
        """None where there is none of that id in the viewer's scope."""
        alert = await self._store.alert(alert_id)
        if alert is None or not self._sight.sees_alert(viewer, alert):
            return None
        return self._reader.alert_view(viewer, alert)

    def order_for(self, viewer: Viewer, alert: AlertView) -> int | None:
        """The live order that the alert has asked for, by its number."""
        kind = ORDERS_BY_RULE.get(alert.rule)
        subject = alert.subject if kind == "nozzle" else alert.device_id
        return next(
            (
                order.order_id
                for order in self._desk.live()
                if order.kind == kind and order.subject == subject and self._acts.sees_order(viewer, order)
            ),
            None,
        )

    def whereabouts(self, device_id: str) -> Whereabouts:
        """What people wrote down of the device."""
        entry = self._registry.device(device_id)
        return Whereabouts(label=entry.label, room=entry.room)

    async def workers(self, viewer: Viewer, clinic_id: str) -> Sequence[str]:
        """A technician assigns to nobody else."""
        if viewer.role not in ALLOWED["do_work"]:
            return ()
        if viewer.role == "technician":
            return (viewer.name,)
        users = await self._store.users()
        able = {user.name for user in users if user.role in ALLOWED["do_work"] and user.scope.sees_clinic(clinic_id)}
        return sorted(able | {viewer.name})

    async def silences(self, viewer: Viewer, *, open_only: bool, limit: int, before: int | None) -> SilencesFound:
        """Raises ForbiddenError where the viewer may not silence."""
        require(viewer, "silence_alert")
        open_at_ms = self._clock.now_ms() if open_only else None

        async def fetch(rows: int, behind: int | None) -> Sequence[Silence]:
            return await self._store.silences(limit=rows, before=behind, open_at_ms=open_at_ms)

        page = await filled_page(
            fetch,
            cursor_of=lambda silence: silence.silence_id,
            keep=lambda silence: self._silencing.sees(viewer, silence),
            limit=limit,
            before=before,
        )
        return SilencesFound(items=tuple(SilenceView.of(silence) for silence in page.rows), next=page.next)

    async def add_silence(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        """`starts` is the time on the clocks of the clinic that is meant, in UTC where none is; `lasts_h` is in hours.

        Raises ForbiddenError.
        """
        require(viewer, "silence_alert")
        typed = {name: text.strip() for name, text in fields.items() if text.strip()}
        try:
            body = SilenceBody.model_validate(self._silence_values(viewer, typed))
            await self._silencing.add(viewer, body, _AGAIN_MS)
        except ValidationError as error:
            return tuple(mistake_of(item) for item in error.errors())
        except InvalidInputError as error:
            return tuple(error.mistakes)
        except NotFoundError as error:
            return (error.args[0] if isinstance(error.args[0], Mistake) else str(error),)
        return ()

    async def end_silence(self, viewer: Viewer, silence_id: int) -> bool:
        """False where it has ended already. Raises ForbiddenError, NotFoundError."""
        try:
            await self._silencing.end(viewer, silence_id)
        except ConflictError:
            return False
        return True

    def _live(self, viewer: Viewer, asked: OrdersAsked) -> list[OrderView]:
        found: list[OrderView] = []
        for order in self._desk.live():
            if asked.state in LIVE_STATES and order.state != asked.state:
                continue
            if not self._asked_for(viewer, order, asked):
                continue
            view = self._work.view(viewer, order)
            if asked.state != "overdue" or self._is_late(view):
                found.append(view)
        return found

    def _asked_for(self, viewer: Viewer, order: WorkOrder, asked: OrdersAsked) -> bool:
        return (
            asked.clinic_id in (None, order.clinic_id)
            and asked.assignee in (None, order.assignee)
            and self._acts.sees_order(viewer, order)
        )

    def _is_late(self, view: OrderView) -> bool:
        day_of, clinic_id = self._planner.day_of, view.clinic_id
        past = day_of(clinic_id, view.due_ms) < day_of(clinic_id, self._clock.now_ms())
        return view.overdue or (view.state == "open" and past)

    def _silence_values(self, viewer: Viewer, typed: Mapping[str, str]) -> dict[str, object]:
        """Raises InvalidInputError for what is no number or no time."""
        device = self._reader.device(viewer, typed.get("device", ""))
        zone = self._planner.zone(typed.get("clinic", device.clinic_id if device is not None else ""))
        values: dict[str, object] = {}
        for name, text in typed.items():
            if name == "lasts_h":
                values["lasts_s"] = _seconds(text)
            elif name == "starts":
                values["starts_ms"] = _moment_ms(text, zone)
            elif name == "ends_with_alert":
                values[name] = True
            else:
                values[name] = text
        return values


def _seconds(hours: str) -> int:
    try:
        return round(float(hours.replace(",", ".")) * _HOUR_S)
    except (ValueError, OverflowError):
        raise InvalidInputError([Mistake(f"lasts_h: {hours!r} is no number", "number", "lasts_h")]) from None


def _moment_ms(text: str, zone: tzinfo) -> int:
    try:
        return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise InvalidInputError([Mistake(f"starts: {text!r} is no date and time", "time", "starts")]) from None
