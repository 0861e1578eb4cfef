"""Work: orders, visits, spares, and one's own calendar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import TypeAdapter

from gateway.errors import InvalidInputError
from gateway.serve.answers import Items
from gateway.serve.api.asking import (
    DAY_MS,
    Cursor,
    IdempotencyKey,
    IdentifierInPath,
    IdentifierInQuery,
    Limit,
    NumberInPath,
    Serving,
    WhenBody,
    allowed,
)
from gateway.serve.api.cursor import Number, first_items, read_cursor, read_number, write_number
from gateway.serve.services import Services
from gateway.serve.work_shapes import (
    PERSON_PATTERN,
    AssignBody,
    CalendarAddress,
    ClaimBody,
    CloseBody,
    NoteBody,
    OpenOrderBody,
    SpareBody,
    SpareCounted,
    SpareView,
    SwapBody,
    SwapRecorded,
)
from schemas.access import Viewer
from schemas.times import parse_time
from schemas.work import OrderState, PlaceKind, WorkOrder
from schemas.work_views import OrderDetail, OrdersAsked, OrderView, VisitView

router = APIRouter(tags=["work"])

_VISITS_DAYS = 30
_BY_DATE_AND_CLINIC: Final = TypeAdapter(tuple[Number, str])
_BY_PLACE_AND_MODEL: Final = TypeAdapter(tuple[str, str, str])

WorkViewer: TypeAlias = Annotated[Viewer, Depends(allowed("read_work"))]
Worker: TypeAlias = Annotated[Viewer, Depends(allowed("do_work"))]


@router.get("/work-orders")
async def work_orders(
    viewer: WorkViewer,
    serving: Serving,
    state: OrderState | None = None,
    clinic: IdentifierInQuery = None,
    assignee: Annotated[str | None, Query(pattern=PERSON_PATTERN)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[OrderView]:
    """Every work order in scope, newest first."""
    asked = OrdersAsked(clinic_id=clinic, assignee=assignee)
    found = await serving.work_pages.newest_orders(viewer, asked, state, limit, read_number(cursor))
    return Items(items=found.items, next_cursor=write_number(found.next))


@router.get("/work-orders/{order_id}")
async def work_order(viewer: WorkViewer, serving: Serving, order_id: NumberInPath) -> OrderDetail:
    """One work order, with all that happened to it."""
    return await serving.work.detail(viewer, await serving.work_acts.seen_order(viewer, order_id))


@router.post("/work-orders", response_model=OrderDetail)
async def open_order(
    request: Request, viewer: Worker, serving: Serving, body: OpenOrderBody, _: IdempotencyKey = None
) -> Response:
    """Opens an order for a nozzle, a battery or a device. A nozzle that had one gets the same again."""
    return await _done(request, viewer, serving, lambda: serving.work_acts.open_order(viewer, body))


@router.post("/work-orders/{order_id}/assign", response_model=OrderDetail)
async def assign(
    request: Request,
    viewer: Worker,
    serving: Serving,
    order_id: NumberInPath,
    body: AssignBody,
    _: IdempotencyKey = None,
) -> Response:
    """Gives the order to somebody. A technician takes it, or hands the own one back."""
    return await _done(request, viewer, serving, lambda: serving.work_acts.assign(viewer, order_id, body))


@router.post("/work-orders/{order_id}/claim", response_model=OrderDetail)
async def claim(
    request: Request,
    viewer: Worker,
    serving: Serving,
    order_id: NumberInPath,
    body: ClaimBody,
    _: IdempotencyKey = None,
) -> Response:
    """Says that the part was replaced, and why. The order stays until the device's evidence comes."""
    return await _done(request, viewer, serving, lambda: serving.work_acts.claim(viewer, order_id, body))


@router.post("/work-orders/{order_id}/notes", response_model=OrderDetail)
async def note(
    request: Request,
    viewer: Worker,
    serving: Serving,
    order_id: NumberInPath,
    body: NoteBody,
    _: IdempotencyKey = None,
) -> Response:
    """Adds a note to the order's history."""
    return await _done(request, viewer, serving, lambda: serving.work_acts.note(viewer, order_id, body))


@router.post("/work-orders/{order_id}/close", response_model=OrderDetail)
async def close(
    request: Request,
    viewer: Annotated[Viewer, Depends(allowed("close_work"))],
    serving: Serving,
    order_id: NumberInPath,
    body: CloseBody,
    _: IdempotencyKey = None,
) -> Response:
    """Ends the order by hand, without evidence."""
    return await _done(request, viewer, serving, lambda: serving.work_acts.close(viewer, order_id, body))


@router.post("/devices/{device_id}/swaps", response_model=SwapRecorded)
async def record_swap(
    request: Request,
    viewer: Worker,
    serving: Serving,
    device_id: IdentifierInPath,
    body: SwapBody,
    _: IdempotencyKey = None,
) -> Response:
    """Writes a swap into the ledger that the device did not report. A later record supersedes, nothing is erased."""
    return await serving.answers.once(request, viewer, lambda: serving.work_acts.record_swap(viewer, device_id, body))


@router.get("/visits")
async def visits(
    viewer: WorkViewer,
    serving: Serving,
    until: Annotated[
        str | None, Query(max_length=40, description="Due by then, RFC 3339 or epoch milliseconds; in 30 days.")
    ] = None,
    clinic: IdentifierInQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[VisitView]:
    """What is due, put into the trips that cost least, with the parts to bring, in order of date and clinic."""
    after = read_cursor(cursor, _BY_DATE_AND_CLINIC)
    until_ms = _until(until, serving.parts.clock.now_ms())
    found = [
        visit
        for visit in await serving.work.visits(viewer, until_ms, clinic)
        if after is None or (visit.due_ms, visit.clinic_id) > after
    ]
    return first_items(found, limit, lambda visit: (visit.due_ms, visit.clinic_id))


@router.get("/spares")
async def spares(
    viewer: WorkViewer, serving: Serving, clinic: IdentifierInQuery = None, limit: Limit = 100, cursor: Cursor = None
) -> Items[SpareView]:
    """Spares at clinics and in vehicles, and what clinics will lack, with the day by which to order."""
    after = read_cursor(cursor, _BY_PLACE_AND_MODEL)
    found = [
        line
        for line in await serving.work.spares(viewer, clinic)
        if after is None or (line.place_kind, line.place, line.model) > after
    ]
    return first_items(found, limit, lambda line: (line.place_kind, line.place, line.model))


@router.put("/spares/{place_kind}/{place}/{model}")
async def count_spares(
    viewer: Worker,
    serving: Serving,
    place_kind: PlaceKind,
    place: Annotated[str, Path(pattern=PERSON_PATTERN)],
    model: IdentifierInPath,
    body: SpareBody,
) -> SpareCounted:
    """Writes how many nozzles of a model lie at a clinic, or in the vehicle of a person."""
    return await serving.work_acts.count_spares(viewer, place_kind, place, model, body)


@router.get("/calendar")
async def calendar_address(request: Request, viewer: WorkViewer, serving: Serving) -> CalendarAddress:
    """The address of one's own calendar of visits, for a phone to subscribe to. Whoever knows it can read it."""
    return CalendarAddress(url=base_url(request, serving) + await serving.work.calendar_path(viewer))


@router.post("/calendar/renew", response_model=CalendarAddress)
async def renew_calendar(
    request: Request, viewer: WorkViewer, serving: Serving, body: WhenBody | None = None, _: IdempotencyKey = None
) -> Response:
    """Ends the address of one's own calendar and gives a new one."""

    async def renewed() -> CalendarAddress:
        at_ms = serving.actions.done_at(body.at_ms if body else None)
        path = await serving.work.renew_calendar(viewer, at_ms)
        return CalendarAddress(url=base_url(request, serving) + path)

    return await serving.answers.once(request, viewer, renewed)


def base_url(request: Request, serving: Services) -> str:
    """Where people reach us."""
    return serving.http.public_url or str(request.base_url).rstrip("/")


async def _done(
    request: Request, viewer: Viewer, serving: Services, act: Callable[[], Awaitable[WorkOrder]]
) -> Response:
    async def answered() -> OrderDetail:
        return await serving.work.detail(viewer, await act())

    return await serving.answers.once(request, viewer, answered)


def _until(text: str | None, now_ms: int) -> int:
    if text is None:
        return now_ms + _VISITS_DAYS * DAY_MS
    try:
        return parse_time(text, now_ms)
    except ValueError as error:
        raise InvalidInputError([f"until: {error}"]) from None
