"""Work as a viewer may see it: orders with their due dates, visits, spares, and each person's calendar."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import date
from typing import Final

from dashboards.web.alert_sentences import order_text
from dashboards.web.links import ACT_PATH
from dashboards.web.message_strings import CalendarWords
from dashboards.web.strings import Strings, strings_of
from dashboards.web.translation import ENGLISH_CODE
from gateway.clock import Clock
from gateway.errors import ConflictError
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.access import audit_row
from gateway.serve.roles import ALLOWED
from gateway.serve.sight import Sight
from gateway.serve.veil import Veil
from gateway.serve.work_acts import WorkActs
from gateway.serve.work_shapes import SpareView
from gateway.store.base import Store
from gateway.store.work_base import OrderHistory
from gateway.work.due import DAY_MS, DueItem
from gateway.work.icalendar import DayEvent, calendar
from gateway.work.planner import Planner
from gateway.work.visits import Visit
from schemas.access import Viewer
from schemas.work import WorkOrder
from schemas.work_views import OrderDetail, OrderHistoryView, OrderView, PartView, VisitItem, VisitView

KEPT_UNDER: Final = "calendar"
"""The name of the calendars' secret in the store."""
_CALENDAR_DAYS: Final = 120
_TOKEN_BYTES: Final = 20


class WorkReader:
    """Reads orders from the store, the rest from memory."""

    def __init__(
        self,
        *,
        store: Store,
        fleet: Fleet,
        registry: Registry,
        planner: Planner,
        acts: WorkActs,
        sight: Sight,
        veil: Veil,
        clock: Clock,
        calendar_secret: bytes,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._planner = planner
        self._acts = acts
        self._sight = sight
        self._veil = veil
        self._clock = clock
        self._secret = calendar_secret

    def view(self, viewer: Viewer, order: WorkOrder) -> OrderView:
        """The order as of now, as this viewer may be told of it."""
        return self._shown(self._veil.order(viewer, order))

    def _shown(self, order: WorkOrder) -> OrderView:
        nozzle = self._fleet.nozzle(order.subject) if order.kind == "nozzle" else None
        return OrderView.of(
            order,
            due_ms=self._planner.due_ms(order),
            overdue=self._planner.is_overdue(order),
            part=nozzle.model if nozzle is not None else None,
        )

    async def detail(self, viewer: Viewer, order: WorkOrder) -> OrderDetail:
        """The order with its history."""
        history = self._veil.history(viewer, order, await self._store.order_history(order.order_id))
        veiled = self._veil.order(viewer, order)
        return OrderDetail(
            **self._shown(veiled).model_dump(),
            facts=veiled.facts,
            history=tuple(_history_view(row) for row in history),
        )

    async def visits(self, viewer: Viewer, until_ms: int, clinic_id: str | None) -> tuple[VisitView, ...]:
        """Trips to the clinics in scope, in order of date."""

        found = await self._planner.visits(until_ms, lambda item: self._sees(viewer, item), clinic_id)
        return tuple(self._visit(self._veiled(viewer, visit)) for visit in found)

    async def spares(self, viewer: Viewer, clinic_id: str | None) -> tuple[SpareView, ...]:
        """Spares in scope, in order of place and model."""
        lines = await self._planner.spares(
            await self._store.spares(),
            lambda kind, place, model: (
                (clinic_id is None or (kind == "clinic" and place == clinic_id))
                and self._acts.sees_place(viewer, kind, place, model)
            ),
        )
        return tuple(
            SpareView.of(line, self._day(line.place, line.outlook.order_by_ms) if line.outlook.order_by_ms else None)
            for line in lines
        )

    async def calendar_path(self, viewer: Viewer) -> str:
        """Where the viewer's own calendar is. Raises ConflictError for a token: only people have one."""
        if await self._store.user(viewer.name) is None:
            raise ConflictError("only a person who signs in has a calendar")
        return f"/calendar/{viewer.name}/{self._token(viewer.name, await self._store.calendar_turn(viewer.name))}.ics"

    async def renew_calendar(self, viewer: Viewer, at_ms: int | None = None) -> str:
        """Ends the calendar's address and gives the new one; `at_ms`: when that was asked for, where not now."""
        await self.calendar_path(viewer)
        audit = audit_row(self._clock.now_ms(), viewer.name, "renew_calendar", viewer.name, {}, at_ms)
        turn = await self._store.renew_calendar(viewer.name, audit)
        return f"/calendar/{viewer.name}/{self._token(viewer.name, turn)}.ics"

    async def calendar_of(self, owner: str, token: str, base_url: str) -> str | None:
        """The person's calendar; None where the address is not good (any more)."""
        credential = await self._store.user(owner)
        expected = self._token(owner, await self._store.calendar_turn(owner))
        if credential is None or not hmac.compare_digest(token.encode(), expected.encode()):
            return None
        user = credential.user
        if user.role not in ALLOWED["read_work"]:
            return None
        viewer = Viewer(user.name, user.role, user.scope)
        until_ms = self._clock.now_ms() + _CALENDAR_DAYS * DAY_MS
        visits = await self._planner.visits(until_ms, lambda item: item.assignee == owner and self._sees(viewer, item))
        strings = strings_of(await self._language(owner))
        events = [self._event(self._veiled(viewer, visit), base_url, strings) for visit in visits]
        return calendar(strings.message.calendar.name, events, strings.language)

    async def _language(self, owner: str) -> str:
        """In which the person wants to be told; English where nothing is said."""
        settings = await self._store.notification_settings()
        return next((row.language for row in settings if row.user_name == owner), ENGLISH_CODE)

    def _sees(self, viewer: Viewer, item: DueItem) -> bool:
        serial = item.subject if item.kind == "nozzle" else None
        return self._sight.sees_record(viewer, item.device_id, item.clinic_id, serial)

    def _veiled(self, viewer: Viewer, visit: Visit) -> Visit:
        return visit._replace(items=tuple(self._veil.item(viewer, item) for item in visit.items))

    def _token(self, owner: str, turn: int) -> str:
        digest = hmac.digest(self._secret, f"{owner}\n{turn}".encode(), hashlib.sha256)[:_TOKEN_BYTES]
        return base64.b32encode(digest).decode().lower()

    def _visit(self, visit: Visit) -> VisitView:
        parts = [PartView(model=part.model, count=part.number) for part in visit.parts]
        if visit.unknown_parts:
            parts.append(PartView(model=None, count=visit.unknown_parts))
        return VisitView(
            clinic_id=visit.clinic_id,
            visit_by=self._visit_day(visit).isoformat(),
            due_ms=visit.due_ms,
            items=tuple(_visit_item(item) for item in visit.items),
            parts=tuple(parts),
        )

    def _visit_day(self, visit: Visit) -> date:
        return self._planner.day_of(visit.clinic_id, max(visit.due_ms, self._clock.now_ms()))

    def _day(self, clinic_id: str, at_ms: int) -> str:
        return self._planner.day_of(clinic_id, at_ms).isoformat()

    def _event(self, visit: Visit, base_url: str, strings: Strings) -> DayEvent:
        words, clinic = strings.message.calendar, self._registry.clinic(visit.clinic_id)
        name = clinic.name or clinic.clinic_id
        parts = [words.part.format(n=part.number, part=part.model) for part in visit.parts]
        if visit.unknown_parts:
            parts.append(words.part_unknown.format(n=visit.unknown_parts))
        address = f"{base_url}{ACT_PATH}?clinic={visit.clinic_id}"
        todo = [f"{item.device_id}{self._where(item.device_id)}: {_why(item, strings)}" for item in visit.items]
        return DayEvent(
            uid=f"visit-{visit.clinic_id}-{min(item.order_id or 0 for item in visit.items)}@silverpoint",
            on=self._visit_day(visit),
            summary=words.summary.format(clinic=name, n=len(visit.items)),
            location=name if not clinic.region else f"{name}, {clinic.region}",
            # Not every calendar shows an event's address.
            description="\n".join([*_bring(parts, words), *todo, address]),
            url=address,
            changed_ms=self._clock.now_ms(),
        )

    def _where(self, device_id: str) -> str:
        entry = self._registry.device(device_id)
        told = ", ".join(part for part in (entry.label, entry.room) if part)
        return f" ({told})" if told else ""


def _why(item: DueItem, strings: Strings) -> str:
    return item.why if item.order is None else order_text(item.order, strings)


def _bring(parts: Sequence[str], words: CalendarWords) -> Sequence[str]:
    return [words.bring.format(parts=", ".join(parts))] if parts else []


def _history_view(row: OrderHistory) -> OrderHistoryView:
    return OrderHistoryView(
        at_ms=row.at_ms,
        recorded_ms=row.recorded_ms,
        actor=row.actor,
        act=row.act,
        to_state=row.to_state,
        note=row.note,
        told=row.told,
    )


def _visit_item(item: DueItem) -> VisitItem:
    return VisitItem(
        order_id=item.order_id,
        kind=item.kind,
        subject=item.subject,
        device_id=item.device_id,
        part=item.part,
        due_ms=item.due_ms,
        assignee=item.assignee,
        why=item.why,
    )
