"""The fleet as a whole, and whoever asks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from fastapi import APIRouter

from gateway.serve.answers import Items, Me, UsageByClinic, UsageByDay, UsageKind
from gateway.serve.api.asking import Asking, FleetViewer, Serving, TimeSpan
from schemas.views import FleetSummary

router = APIRouter(tags=["fleet"])


@router.get("/fleet/summary")
async def summary(viewer: FleetViewer, serving: Serving) -> FleetSummary:
    """The fleet within a glance."""
    return await serving.reader.summary(viewer)


@router.get("/fleet/usage")
async def usage(
    viewer: FleetViewer, serving: Serving, by: UsageKind, span: TimeSpan
) -> Items[UsageByDay] | Items[UsageByClinic]:
    """Sessions that ended in the span, by UTC day or by clinic; all of it is one page."""
    counts: Counter[str] = Counter()
    for row in await serving.history.sessions_by_day(viewer, span.since_ms, span.until_ms):
        key = _day(row.day_ms) if by == "day" else serving.sight.shown_clinic(viewer, row.clinic_id)
        counts[key] += row.sessions
    if by == "day":
        days = tuple(UsageByDay(day=day, sessions=sessions) for day, sessions in sorted(counts.items()))
        return Items(items=days, next_cursor=None)
    clinics = tuple(UsageByClinic(clinic_id=name, sessions=sessions) for name, sessions in sorted(counts.items()))
    return Items(items=clinics, next_cursor=None)


@router.get("/me")
async def me(asking: Asking, serving: Serving) -> Me:
    """Who asks, what they see, and the CSRF token of their browser session."""
    viewer = asking.viewer
    clinics, models, shown = viewer.scope.clinics, viewer.scope.models, serving.sight.shown_clinic
    return Me(
        name=viewer.name,
        role=viewer.role,
        clinics=None if clinics is None else tuple(sorted(shown(viewer, name) for name in clinics)),
        models=None if models is None else tuple(sorted(models)),
        csrf=asking.csrf,
    )


def _day(day_ms: int) -> str:
    return datetime.fromtimestamp(day_ms / 1_000, UTC).date().isoformat()
