"""What people do about work: orders, swaps that no device reported, counts of spares. Each leaves an audit row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from gateway.clock import Clock
from gateway.errors import ForbiddenError, InvalidInputError, NotFoundError
from gateway.ingest.fleet import Fleet
from gateway.ingest.ledger import fitted_after
from gateway.serve.access import audit_row
from gateway.serve.intake import Intake
from gateway.serve.roles import ALLOWED, require
from gateway.serve.sight import Sight
from gateway.serve.work_shapes import (
    AssignBody,
    ClaimBody,
    CloseBody,
    NoteBody,
    OpenOrderBody,
    SpareBody,
    SpareCounted,
    SwapBody,
    SwapRecorded,
)
from gateway.store.base import Store
from gateway.store.rows import LedgerRow
from gateway.store.service_rows import AuditRow
from gateway.store.work_base import SpareRow
from gateway.work.desk import WorkDesk
from gateway.work.orders import Asked, Claimed, Closed, Step, assigned, noted, step
from schemas.access import Viewer
from schemas.work import REPLACE_REASONS, PlaceKind, SubjectKind, WorkOrder

BY_PERSON: Final = "person"
"""The boot id of ledger rows that people make."""
_ASKED_FOR: Final[Mapping[SubjectKind, str]] = {
    "nozzle": "Replace nozzle {}",
    "battery": "Replace the battery of {}",
    "device": "Look at {}",
}


class WorkActs:
    """Every method takes the viewer on whose behalf it acts. Raises ForbiddenError where that one may not."""

    def __init__(
        self,
        *,
        store: Store,
        fleet: Fleet,
        desk: WorkDesk,
        intake: Intake,
        sight: Sight,
        clock: Clock,
        done_at: Callable[[int | None], int],
    ) -> None:
        """`done_at` gives when something was done. Raises InvalidInputError for a time that has not come yet."""
        self._store = store
        self._fleet = fleet
        self._desk = desk
        self._intake = intake
        self._sight = sight
        self._clock = clock
        self._done_at = done_at
        self._recording = asyncio.Lock()

    async def open_order(self, by: Viewer, asked: OpenOrderBody) -> WorkOrder:
        """Raises NotFoundError for what the viewer does not see, ConflictError where an order is open already."""
        require(by, "do_work")
        at_ms = self._done_at(asked.at_ms)
        clinic_id, device_id = self._place(by, asked)
        if asked.assignee is not None:
            await self._check_assignee(by, None, asked.assignee, clinic_id)
        event = Asked(
            asked.kind,
            asked.subject,
            clinic_id,
            device_id,
            by.name,
            at_ms,
            asked.note.strip() or _ASKED_FOR[asked.kind].format(asked.subject),
            asked.due_ms,
            self._health(device_id) if asked.kind == "battery" else None,
        )
        detail: dict[str, object] = {"kind": asked.kind}
        order = await self._desk.ask(event, self._audit(by, "open_order", asked.subject, detail, at_ms))
        if asked.assignee is None:
            return order
        return await self.assign(
            by, order.order_id, AssignBody.model_construct(assignee=asked.assignee, at_ms=asked.at_ms)
        )

    async def assign(self, by: Viewer, order_id: int, asked: AssignBody) -> WorkOrder:
        """Gives the order to somebody; a technician takes it, or hands it back.

        Raises InvalidInputError for a person who can't do it.
        """
        require(by, "do_work")
        order = await self.seen_order(by, order_id)
        at_ms = self._done_at(asked.at_ms)
        await self._check_assignee(by, order.assignee, asked.assignee, order.clinic_id)
        return await self._act(
            by, order_id, "assign_order", {"to": asked.assignee}, at_ms,
            lambda found: assigned(found, asked.assignee, by.name, at_ms),
        )  # fmt: skip

    async def claim(self, by: Viewer, order_id: int, asked: ClaimBody) -> WorkOrder:
        """Says that it was done; the evidence is still to come."""
        require(by, "do_work")
        await self.seen_order(by, order_id)
        at_ms = self._done_at(asked.at_ms)
        event = Claimed(by.name, asked.reason, at_ms, asked.note.strip())
        return await self._act(
            by, order_id, "claim_order", {"reason": asked.reason}, at_ms, lambda found: step(found, event)
        )

    async def note(self, by: Viewer, order_id: int, asked: NoteBody) -> WorkOrder:
        """Adds a note to the order's history."""
        require(by, "do_work")
        await self.seen_order(by, order_id)
        at_ms = self._done_at(asked.at_ms)
        return await self._act(
            by, order_id, "note_order", {}, at_ms, lambda found: noted(found, by.name, asked.text.strip(), at_ms)
        )

    async def close(self, by: Viewer, order_id: int, asked: CloseBody) -> WorkOrder:
        """Ends the order without evidence."""
        require(by, "close_work")
        await self.seen_order(by, order_id)
        at_ms = self._done_at(asked.at_ms)
        event = Closed(by.name, asked.reason.strip(), at_ms)
        return await self._act(by, order_id, "close_order", {}, at_ms, lambda found: step(found, event))

    async def record_swap(self, by: Viewer, device_id: str, asked: SwapBody) -> SwapRecorded:
        """Writes into the ledger what the device did not report, and claims the order of the nozzle that it ends.

        A later record of the same time supersedes an earlier one; both stay.
        """
        require(by, "do_work")
        state = self._fleet.device(device_id)
        if state is None or not self._sight.sees_device(by, state):
            raise NotFoundError(f"there is no device {device_id}")
        at_ms = self._done_at(asked.at_ms)
        async with self._recording:
            ledger = self._fleet.ledger(device_id)
            replaced = _fitted_before(ledger, at_ms, asked.serial)
            mine = sum(row.made_by == "person" for row in ledger)
            row = LedgerRow(
                device_id, state.clinic_id, at_ms, BY_PERSON, mine, "fitted", asked.serial, None, "person",
                asked.reason or None, asked.lot, self._clock.now_ms(),
            )  # fmt: skip
            await self._intake.add_ledger_rows([row])
        detail: dict[str, object] = {"serial": asked.serial, "lot": asked.lot, "replaced": replaced}
        await self._store.add_audit(self._audit(by, "record_swap", device_id, detail, at_ms))
        order_id = await self._claim_replaced(by, replaced, asked, at_ms) if replaced is not None else None
        return SwapRecorded(
            device_id=device_id, serial=asked.serial, lot=asked.lot, at_ms=at_ms, replaced=replaced, order_id=order_id
        )

    async def count_spares(
        self, by: Viewer, place_kind: PlaceKind, place: str, model: str, asked: SpareBody
    ) -> SpareCounted:
        """Notes how many lie at a clinic or in a person's vehicle; gives what counts now, which a later count may have
        said. Raises NotFoundError for a place out of sight."""
        require(by, "do_work")
        if not self.sees_place(by, place_kind, place, model):
            raise NotFoundError(f"there is no {place_kind} {place} for {model}")
        at_ms = self._done_at(asked.at_ms)
        subject = f"{place_kind}/{place}/{model}"
        audit = self._audit(by, "count_spares", subject, {"on_hand": asked.on_hand}, at_ms)
        await self._store.save_spare(SpareRow(place_kind, place, model, asked.on_hand, at_ms), audit)
        key = (place_kind, place, model)
        kept = next(row for row in await self._store.spares() if (row.place_kind, row.place, row.model) == key)
        return SpareCounted(place_kind=place_kind, place=place, model=model, on_hand=kept.on_hand)

    def sees_order(self, viewer: Viewer, order: WorkOrder) -> bool:
        """Whether the order is in the viewer's scope."""
        serial = order.subject if order.kind == "nozzle" else None
        return self._sight.sees_record(viewer, order.device_id, order.clinic_id, serial)

    def sees_place(self, viewer: Viewer, place_kind: PlaceKind, place: str, model: str) -> bool:
        """A technician's own vehicle is seen by that one, and by the office where it sees all clinics."""
        if not viewer.scope.sees_model(model):
            return False
        if place_kind == "clinic":
            return viewer.scope.sees_clinic(place)
        return place == viewer.name or (viewer.role != "technician" and viewer.scope.clinics is None)

    async def seen_order(self, viewer: Viewer, order_id: int) -> WorkOrder:
        """Raises NotFoundError where there is no such order in the viewer's scope."""
        order = await self._store.work_order(order_id)
        if order is None or not self.sees_order(viewer, order):
            raise NotFoundError(f"there is no work order {order_id}")
        return order

    async def _claim_replaced(self, by: Viewer, serial: str, asked: SwapBody, at_ms: int) -> int | None:
        order = next(iter(await self._store.latest_orders([("nozzle", serial)])), None)
        if order is None or not order.live:
            return None
        if asked.reason in REPLACE_REASONS:
            event = Claimed(by.name, asked.reason, at_ms, serial=asked.serial)
            await self._act(
                by, order.order_id, "claim_order", {"reason": asked.reason}, at_ms,
                lambda found: step(found, event) if found.state == "open" else None,
            )  # fmt: skip
        return order.order_id

    async def _act(
        self,
        by: Viewer,
        order_id: int,
        action: str,
        detail: dict[str, object],
        at_ms: int,
        do: Callable[[WorkOrder], Step | None],
    ) -> WorkOrder:
        return await self._desk.act(order_id, do, self._audit(by, action, str(order_id), detail, at_ms))

    def _place(self, by: Viewer, asked: OpenOrderBody) -> tuple[str, str]:
        """The clinic and device of what is asked for."""
        if asked.kind == "nozzle":
            nozzle = self._fleet.nozzle(asked.subject)
            if nozzle is None or not self._sight.sees_nozzle(by, nozzle):
                raise NotFoundError(f"there is no nozzle {asked.subject}")
            return nozzle.clinic_id, nozzle.device_id
        state = self._fleet.device(asked.subject)
        if state is None or not self._sight.sees_device(by, state):
            raise NotFoundError(f"there is no device {asked.subject}")
        return state.clinic_id, state.device_id

    async def _check_assignee(self, by: Viewer, now: str | None, assignee: str | None, clinic_id: str) -> None:
        if by.role == "technician" and not {now, assignee} <= {None, by.name}:
            raise ForbiddenError("a technician takes an order, or hands the own one back: ask a manager for others")
        if assignee is None or assignee == by.name:
            return
        credential = await self._store.user(assignee)
        if credential is None or credential.user.role not in ALLOWED["do_work"]:
            raise InvalidInputError([f"assignee: nobody who may do work signs in as {assignee}"])
        if not credential.user.scope.sees_clinic(clinic_id):
            raise InvalidInputError([f"assignee: {assignee} does not see clinic {clinic_id}"])

    def _health(self, device_id: str) -> float | None:
        state = self._fleet.device(device_id)
        return state.latest.sample.health_ratio if state is not None and state.latest is not None else None

    def _audit(self, by: Viewer, action: str, subject: str, detail: dict[str, object], at_ms: int) -> AuditRow:
        return audit_row(self._clock.now_ms(), by.name, action, subject, detail, at_ms)


def _fitted_before(ledger: tuple[LedgerRow, ...], at_ms: int, serial: str) -> str | None:
    """The nozzle that the device had until `serial` came, as the ledger (in order of key) stands at that time."""
    fitted: str | None = None
    before: str | None = None
    for row in ledger:
        if row.event_ms > at_ms:
            break
        fitted = fitted_after(fitted, row)
        if fitted is not None and fitted != serial:
            before = fitted
    return before if fitted in (None, serial) else fitted
