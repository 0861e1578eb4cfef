"""What the operator sees: the quarantine and the audit trail."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.serve.action_shapes import QuarantineQuery, QuarantineView, Release, Released, TimeMs
from gateway.serve.answers import AuditView, Items
from gateway.serve.api.asking import Cursor, IdempotencyKey, Limit, Serving, allowed
from gateway.serve.api.cursor import read_cursor, write_cursor
from schemas.access import Viewer
from schemas.rejection import Reason

router = APIRouter(tags=["operator"])


class ReleaseBody(BaseModel):
    """`ids` null or absent: all that are not released yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Annotated[tuple[int, ...], Field(strict=False, max_length=1_000)] | None = None
    at_ms: TimeMs | None = None


@router.get("/quarantine")
async def quarantine(
    viewer: Annotated[Viewer, Depends(allowed("read_quarantine"))],
    serving: Serving,
    reason: Reason | None = None,
    released: Annotated[bool | None, Query(description="Only those that were, or were not, released.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[QuarantineView]:
    """Rejected deliveries, newest first; the same bytes again are the same entry."""
    place = cast("tuple[int] | None", read_cursor(cursor, int))
    asked = QuarantineQuery(limit=limit, before=place[0] if place else None, reason=reason, released=released)
    listed = await serving.actions.quarantine_list(viewer, asked)
    return Items(items=listed.items, next_cursor=write_cursor((listed.next,) if listed.next is not None else None))


@router.post("/quarantine/release", response_model=Released)
async def release(
    request: Request,
    viewer: Annotated[Viewer, Depends(allowed("release_quarantine"))],
    serving: Serving,
    body: ReleaseBody | None = None,
    _: IdempotencyKey = None,
) -> Response:
    """Takes complete known parts in after all."""
    asked = Release(ids=body.ids, at_ms=body.at_ms) if body else Release()
    return await serving.answers.once(request, viewer, lambda: serving.actions.quarantine_release(viewer, asked))


@router.get("/audit")
async def audit(
    viewer: Annotated[Viewer, Depends(allowed("read_audit"))],
    serving: Serving,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[AuditView]:
    """Who did what, newest first."""
    place = cast("tuple[int] | None", read_cursor(cursor, int))
    rows = await serving.parts.store.audit(limit=limit + 1, before=place[0] if place else None)
    page = rows[:limit]
    return Items(
        items=tuple(AuditView.of(row) for row in page),
        next_cursor=write_cursor((page[-1].audit_id,) if len(rows) > limit else None),
    )
