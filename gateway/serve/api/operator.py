"""What the operator sees: the quarantine and the audit trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.serve.action_shapes import QuarantineQuery, QuarantineView, Release, Released, TimeMs
from gateway.serve.answers import AuditView, Items
from gateway.serve.api.asking import Cursor, IdempotencyKey, Limit, Serving, allowed
from gateway.serve.api.cursor import first_items, read_number, write_number
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
    asked = QuarantineQuery(limit=limit, before=read_number(cursor), reason=reason, released=released)
    listed = await serving.actions.quarantine_list(viewer, asked)
    return Items(items=listed.items, next_cursor=write_number(listed.next))


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
    rows = await serving.parts.store.audit(limit=limit + 1, before=read_number(cursor))
    return first_items([AuditView.of(row) for row in rows], limit, lambda act: (act.id,))
