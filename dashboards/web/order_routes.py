"""The addresses of work orders: their list, each one's page, and the one link to act that messages carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.links import ACT_PATH
from dashboards.web.operator_routes import PATH as OPERATOR_PATH
from dashboards.web.pages.alerts import PATH as ALERTS_PATH
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.order import OrderPage, OrderSeen, order_page
from dashboards.web.pages.orders import PAGE_ROWS, PATH, orders_page, read_address
from dashboards.web.pages.rows import places_of
from dashboards.web.pages.work import PATH as WORK_PATH
from dashboards.web.parts import parts_response
from dashboards.web.render import Frame, page_response
from dashboards.web.routing import RowId, pages_router
from dashboards.web.site import Site
from dashboards.web.work_routes import kept_for, work_data
from schemas.access import Viewer
from schemas.alert import Rule
from schemas.identity import is_identifier
from schemas.views import AlertView, FleetChange
from schemas.work_views import OrderDetail

_PARTS: Final = ("order-now", "order-history")
_OF_GATEWAY: Final[Mapping[Rule, str]] = {
    "gateway_disk_low": OPERATOR_PATH,
    "gateway_broker_lost": OPERATOR_PATH,
    "gateway_message_dead": f"{OPERATOR_PATH}#operator-outbox",
}
"""Where what the gateway says of itself is seen to."""


def order_routes(site: Site) -> APIRouter:
    """The router of work orders."""
    shown = _OrderPages(site)
    return pages_router(
        gets=(
            (PATH, shown.list_page),
            (f"{PATH}/{{order_id:int}}", shown.page),
            (f"{PATH}/{{order_id:int}}/live", shown.live),
            (ACT_PATH, shown.act),
        ),
    )


@dataclass(frozen=True)
class _OrderPages:
    """One method for each address."""

    site: Site

    async def list_page(self, request: Request) -> Response:
        site = self.site
        viewer = await site.admitted(request, "work")
        if isinstance(viewer, Response):
            return viewer
        frame = await site.frame(request, viewer, WORK_PATH)
        address = read_address(request.query_params)
        found = await site.deps.work.orders(viewer, address.asked, PAGE_ROWS, address.after)
        page = orders_page(
            address=address,
            found=found,
            names={order.device_id: self._name(order.device_id) for order in found.items},
            places=places_of(site.deps.reader.clinics(viewer)),
            now_ms=frame.now_ms,
            strings=frame.strings,
        )
        return page_response(site.templates.page("orders.html", frame, page), request)

    async def page(self, request: Request, order_id: RowId) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        order = await self._order(viewer, order_id)
        if order is None:
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, WORK_PATH)
        page = await self._page(order, frame)
        html = site.templates.page("order.html", frame, page, here=f"{PATH}/{order_id}", script_data=work_data(frame))
        response = page_response(html, request)
        response.headers.update(kept_for(viewer))
        return response

    async def live(self, request: Request, order_id: RowId) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        first = await self._order(viewer, order_id)
        if first is None:
            return Response(status_code=404)

        async def draw() -> Mapping[str, str] | None:
            order = await self._order(viewer, order_id)
            if order is None:
                return None
            frame = await site.frame(request, viewer, WORK_PATH)
            page = await self._page(order, frame)
            return {name: site.templates.page(f"parts/{name}.html", frame, page) for name in _PARTS}

        def concerns(change: FleetChange) -> bool:
            about = {view.id for view in change.devices} | {alert.device_id for alert in change.alerts}
            return first.device_id in about

        return parts_response(site, request, viewer, draw, concerns)

    async def act(self, request: Request) -> Response:
        """Where a person who got a message can act: on its order, at its device or clinic, on a clinic's work, or on
        the gateway."""
        viewer = await self.site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        alert = await self._alert(viewer, request.query_params.get("alert", ""))
        clinic = alert.clinic_id if alert is not None else request.query_params.get("clinic", "")
        may = self.site.deps.pages.may(viewer)
        if alert is not None and alert.rule in _OF_GATEWAY:
            return RedirectResponse(_OF_GATEWAY[alert.rule] if "operator" in may else ALERTS_PATH, status_code=303)
        if "do_work" not in may:
            return _to(ALERTS_PATH, clinic)
        order_id = self.site.deps.work.order_for(viewer, alert) if alert is not None else None
        if order_id is not None:
            return RedirectResponse(f"{PATH}/{order_id}", status_code=303)
        if alert is None:
            return _to(WORK_PATH, clinic)
        return RedirectResponse(_place_of(alert), status_code=303)

    async def _page(self, order: OrderDetail, frame: Frame) -> OrderPage:
        deps, viewer = self.site.deps, frame.viewer
        alerts = [
            alert
            for alert in deps.reader.firing_alerts(viewer)
            if alert.device_id == order.device_id and (order.kind != "nozzle" or alert.subject == order.subject)
        ]
        seen = OrderSeen(
            order=order,
            alerts=alerts,
            whereabouts=deps.work.whereabouts(order.device_id),
            workers=await deps.work.workers(viewer, order.clinic_id),
            places=places_of(deps.reader.clinics(viewer)),
        )
        return order_page(seen, frame.may, viewer.name, frame.now_ms, frame.strings)

    async def _order(self, viewer: Viewer, order_id: int) -> OrderDetail | None:
        if "work" not in self.site.deps.pages.may(viewer):
            return None
        return await self.site.deps.work.order(viewer, order_id)

    async def _alert(self, viewer: Viewer, text: str) -> AlertView | None:
        alert_id = whole_number(text)
        return None if alert_id is None else await self.site.deps.work.alert(viewer, alert_id)

    def _name(self, device_id: str) -> str:
        return self.site.deps.work.whereabouts(device_id).label or device_id


def _place_of(alert: AlertView) -> str:
    """Where an alert that has no order shows, with what else is the matter there."""
    if alert.device_id is not None:
        return f"/devices/{alert.device_id}#device-alerts"
    return f"/clinics/{alert.clinic_id}#clinic-alerts"


def _to(path: str, clinic_id: str) -> Response:
    query = f"?{urlencode({'clinic': clinic_id})}" if is_identifier(clinic_id) else ""
    return RedirectResponse(f"{path}{query}", status_code=303)
