"""Devices, their series and their sessions."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from gateway.errors import NotFoundError
from gateway.serve.answers import Items, SampleView, SessionView
from gateway.serve.api.asking import (
    Cursor,
    FleetViewer,
    IdentifierInPath,
    IdentifierInQuery,
    Limit,
    Serving,
    TimeSpan,
)
from gateway.serve.api.cursor import Number, first_items, read_cursor, write_cursor
from gateway.serve.services import Services
from schemas.access import Viewer
from schemas.registry import DeviceLifecycle
from schemas.views import DeviceView

router = APIRouter(tags=["devices"])

_BY_CLINIC_AND_ID: Final = TypeAdapter(tuple[str, str])
_BY_TIME_AND_RECORD: Final = TypeAdapter(tuple[Number, str, str, Number])


@router.get("/devices")
async def devices(
    viewer: FleetViewer,
    serving: Serving,
    clinic: IdentifierInQuery = None,
    state: DeviceLifecycle | None = None,
    online: bool | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[DeviceView]:
    """Every device in scope as it stands, in order of clinic and id."""

    def matches(view: DeviceView) -> bool:
        return (
            (clinic is None or view.clinic_id == clinic)
            and (state is None or view.state == state)
            and (online is None or view.online == online)
        )

    after = read_cursor(cursor, _BY_CLINIC_AND_ID)
    found = serving.reader.device_page(viewer, after=after, limit=limit + 1, matches=matches)
    return first_items(found, limit, lambda view: (view.clinic_id, view.id))


@router.get("/devices/{device_id}")
async def device(viewer: FleetViewer, serving: Serving, device_id: IdentifierInPath) -> DeviceView:
    """One device as it stands."""
    return seen_device(serving, viewer, device_id)


@router.get("/devices/{device_id}/samples")
async def samples(
    viewer: FleetViewer,
    serving: Serving,
    device_id: IdentifierInPath,
    span: TimeSpan,
    points: Annotated[int, Query(ge=1, le=10_000, description="At most so many items.")] = 1_000,
) -> Items[SampleView]:
    """The device's series in order of time, downsampled to at most `points`; all of it is one page."""
    seen_device(serving, viewer, device_id)
    series = await serving.history.samples(viewer, device_id, span.since_ms, span.until_ms, points)
    shown = serving.sight.shown_clinic
    return Items(
        items=tuple(SampleView.of(point, shown(viewer, point.clinic_id)) for point in series), next_cursor=None
    )


@router.get("/devices/{device_id}/sessions")
async def sessions(
    viewer: FleetViewer,
    serving: Serving,
    device_id: IdentifierInPath,
    span: TimeSpan,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[SessionView]:
    """The device's treatment sessions, newest first."""
    seen_device(serving, viewer, device_id)
    page = await serving.history.sessions(
        viewer,
        device_id=device_id,
        since_ms=span.since_ms,
        until_ms=span.until_ms,
        limit=limit,
        before=read_cursor(cursor, _BY_TIME_AND_RECORD),
    )
    shown = serving.sight.shown_clinic
    items = tuple(SessionView.of(row, shown(viewer, row.session.clinic_id)) for row in page.rows)
    return Items(items=items, next_cursor=write_cursor(page.next))


def seen_device(serving: Services, viewer: Viewer, device_id: str) -> DeviceView:
    """The device, if it is in the viewer's scope. Raises NotFoundError otherwise."""
    found = serving.reader.device(viewer, device_id)
    if found is None:
        raise NotFoundError(f"there is no device {device_id}")
    return found
