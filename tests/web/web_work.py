"""Work in memory, for pages that only pass it by: nothing is due, and nothing can be silenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.access import Viewer
from schemas.views import AlertView
from schemas.work_views import OrderDetail, OrdersAsked, OrdersFound, SilencesFound, VisitView, Whereabouts


class NoWork:
    """Carries out `WorkPages`; the pages about work are tested on a real gateway."""

    async def visits(self, viewer: Viewer, until_ms: int, clinic_id: str | None) -> Sequence[VisitView]:
        return ()

    async def orders(self, viewer: Viewer, asked: OrdersAsked, limit: int, after: int | None) -> OrdersFound:
        return OrdersFound(items=(), next=None)

    async def order(self, viewer: Viewer, order_id: int) -> OrderDetail | None:
        return None

    async def alert(self, viewer: Viewer, alert_id: int) -> AlertView | None:
        return None

    def order_for(self, viewer: Viewer, alert: AlertView) -> int | None:
        return None

    def whereabouts(self, device_id: str) -> Whereabouts:
        return Whereabouts(label="", room="")

    async def workers(self, viewer: Viewer, clinic_id: str) -> Sequence[str]:
        return ()

    async def silences(self, viewer: Viewer, *, open_only: bool, limit: int, before: int | None) -> SilencesFound:
        return SilencesFound(items=(), next=None)

    async def add_silence(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        return ()

    async def end_silence(self, viewer: Viewer, silence_id: int) -> bool:
        return False
