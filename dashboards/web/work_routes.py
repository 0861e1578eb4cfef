"""The addresses of the technician's page, and what lets a phone keep it: its worker and its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from dashboards.web.pages.work import (
    PATH,
    SHOWN_ALERTS,
    WorkAsked,
    WorkPage,
    WorkSeen,
    alerts_asked,
    read_address,
    visits_asked,
    work_page,
)
from dashboards.web.parts import parts_response
from dashboards.web.render import Frame, page_response, shell_data
from dashboards.web.routing import pages_router
from dashboards.web.shell import outbox_words
from dashboards.web.site import Site, strings_of
from schemas.access import Viewer
from schemas.views import FleetChange
from schemas.work_views import OrdersAsked

_DAY_MS: Final = 86_400_000
_LOOK_S: Final = 30.0
_MOST_WAITING: Final = 50
_PARTS: Final = ("work-visits", "work-alerts", "work-waiting")
_KEPT_STATIC: Final = (
    "theme.js", "tokens.css", "base.css", "fleet.css", "table.css", "pages.css", "work.css", "fill.js", "shell.js",
    "stream.js", "draw.js", "queue.js", "sign_out.js", "leftover.js", "outbox.js", "when.js", "work.js", "favicon.svg",
)  # fmt: skip
"""What the pages that a phone keeps are made of."""


def work_routes(site: Site) -> APIRouter:
    """The router of the technician's page."""
    shown = _WorkPages(site)
    return pages_router(
        gets=(
            (PATH, shown.page),
            (f"{PATH}/live", shown.live),
            (f"{PATH}/worker.js", shown.worker),
            (f"{PATH}/app.webmanifest", shown.manifest),
        ),
    )


def work_data(frame: Frame) -> dict[str, object]:
    """What the scripts of these pages need."""
    return {
        **shell_data(frame),
        "viewer": frame.viewer.name,
        "outbox": outbox_words(frame.strings),
        "workerPath": f"{PATH}/worker.js",
    }


def kept_for(viewer: Viewer) -> dict[str, str]:
    """The header by which a phone's worker tells whose pages it keeps; it names nobody."""
    return {"X-Silverpoint-For": hashlib.sha256(f"{viewer.name}\n{viewer.role}".encode()).hexdigest()[:16]}


@dataclass(frozen=True)
class _WorkPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        site = self.site
        viewer = await site.admitted(request, "work")
        if isinstance(viewer, Response):
            return viewer
        frame = await site.frame(request, viewer, PATH)
        page = await self._page(read_address(request.query_params), frame)
        html = site.templates.page("work.html", frame, page, script_data=work_data(frame))
        response = page_response(html, request)
        response.headers.update(kept_for(viewer))
        return response

    async def live(self, request: Request) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        if "work" not in site.deps.pages.may(viewer):
            raise HTTPException(status_code=403)
        asked = read_address(request.query_params)
        told: list[frozenset[int]] = []

        async def draw() -> Mapping[str, str]:
            frame = await site.frame(request, viewer, PATH)
            page = await self._page(asked, frame)
            return {name: site.templates.page(f"parts/{name}.html", frame, page) for name in _PARTS}

        def concerns(change: FleetChange) -> bool:
            open_now = [frozenset(alert.id for alert in alerts_asked(change.alerts, asked))]
            changed = told != open_now
            told[:] = open_now
            return changed

        return parts_response(site, request, viewer, draw, concerns, _LOOK_S)

    async def worker(self, request: Request) -> Response:
        """The script that answers for these pages where there is no signal; new with every version of the files."""
        assets, words = self.site.assets, strings_of(request).pages.work.outbox
        given = {
            "version": assets.version,
            "kept": [assets.path(name) for name in _KEPT_STATIC],
            "language": strings_of(request).language,
            "words": {"title": words.offline_title, "detail": words.offline_detail, "again": words.offline_again},
        }
        script = assets.text("worker.js")
        return Response(
            f"const given = {json.dumps(given, ensure_ascii=False)};\n{script}",
            media_type="text/javascript; charset=utf-8",
            headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": PATH, "Vary": "Accept-Language, Cookie"},
        )

    async def manifest(self, request: Request) -> Response:
        """What a home screen shows."""
        strings = strings_of(request)
        words = strings.pages.work.visits
        given = {
            "name": f"{strings.shell.product}: {words.title}",
            "short_name": words.short_name,
            "lang": strings.language,
            "id": PATH,
            "start_url": PATH,
            "scope": PATH,
            "display": "standalone",
            "background_color": "#f4f5f7",
            "theme_color": "#f4f5f7",
            "icons": [{"src": self.site.assets.path("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        }
        text = json.dumps(given, ensure_ascii=False)
        return Response(text, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})

    async def _page(self, asked: WorkAsked, frame: Frame) -> WorkPage:
        return work_page(
            asked=asked,
            seen=await self._seen(asked, frame),
            name=frame.viewer.name,
            now_ms=frame.now_ms,
            strings=frame.strings,
        )

    async def _seen(self, asked: WorkAsked, frame: Frame) -> WorkSeen:
        deps, viewer = self.site.deps, frame.viewer
        until_ms = frame.now_ms + asked.days * _DAY_MS
        planned = await deps.work.visits(viewer, until_ms, asked.clinic_id or None)
        visits = visits_asked(planned, asked, viewer.name)
        claimed = await deps.work.orders(
            viewer, OrdersAsked(state="claimed", clinic_id=asked.clinic_id or None), _MOST_WAITING, None
        )
        waiting = [order for order in claimed.items if not asked.mine or order.claimed_by == viewer.name]
        alerts = alerts_asked(deps.reader.firing_alerts(viewer), asked)
        shown = alerts[:SHOWN_ALERTS]
        ids = {item.device_id for visit in visits[: asked.visits] for item in visit.items}
        ids |= {order.device_id for order in waiting}
        ids |= {alert.device_id for alert in shown if alert.device_id is not None}
        views = [deps.reader.device(viewer, device_id) for device_id in sorted(ids)]
        orders = {alert.id: deps.work.order_for(viewer, alert) for alert in shown}
        return WorkSeen(
            visits=visits,
            alerts=alerts,
            orders_of={alert_id: order_id for alert_id, order_id in orders.items() if order_id is not None},
            waiting=waiting,
            devices={view.id: view for view in views if view is not None},
            whereabouts={device_id: deps.work.whereabouts(device_id) for device_id in ids},
            clinics={clinic.id: clinic for clinic in deps.reader.clinics(viewer)},
        )
