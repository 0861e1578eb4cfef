"""The application: pages, API, health and metrics put together."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from dashboards.charts.render import ChartRenderer, cache_folder
from dashboards.web.error_page import ErrorPages
from dashboards.web.routes import PageDependencies, pages
from gateway.errors import NotSignedInError
from gateway.serve.api import (
    alerts,
    devices,
    events,
    fleet,
    lots,
    notifications,
    nozzles,
    operator,
    registry,
    silences,
    work,
)
from gateway.serve.api.asking import documented_credentials
from gateway.serve.calendar_feed import calendar_routes
from gateway.serve.credentials import SIGN_IN_PATH, SIGN_OUT_PATH
from gateway.serve.form_answers import FormAnswers
from gateway.serve.headers import BodyLimitMiddleware, HeadersMiddleware, SecurityHeaders
from gateway.serve.health import health_routes
from gateway.serve.metrics import CONTENT_TYPE, Metrics
from gateway.serve.problems import MEDIA_TYPE, Problem, answer_errors
from gateway.serve.services import Services
from gateway.serve.sign_in import sign_in_routes

API_PREFIX: Final = "/api/v1"
_ROUTERS: Final[Sequence[APIRouter]] = (
    devices.router,
    nozzles.router,
    registry.router,
    alerts.router,
    silences.router,
    fleet.router,
    lots.router,
    operator.router,
    notifications.router,
    work.router,
    events.router,
)
_PROBLEM: Final = {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": "Problem details (RFC 9457)."}


def create_app(services: Services, charts: ChartRenderer | None = None) -> FastAPI:
    """The application over these services; it starts and stops nothing of its own. Who gives `charts` closes it."""
    app = FastAPI(
        title="Silverpoint",
        summary="The fleet's devices, nozzles, alerts and registry.",
        version="1",
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    headers = SecurityHeaders(encrypted=services.encrypted)
    answer_errors(app, headers, ErrorPages(sign_in_path=SIGN_IN_PATH, sign_out_path=SIGN_OUT_PATH))
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(HeadersMiddleware, headers=headers)
    app.include_router(health_routes(services.parts.readiness))
    app.include_router(_metrics_route(services))
    # One by one: a router within a router is gone through twice, which takes a tenth of a second of every start.
    for router in _ROUTERS:
        app.include_router(
            router, prefix=API_PREFIX, dependencies=list(documented_credentials), responses={"default": _PROBLEM}
        )
    app.include_router(calendar_routes())
    app.include_router(sign_in_routes(services.access, services.credentials))
    for router in pages(_page_dependencies(services, charts or ChartRenderer(cache_folder()))):
        app.include_router(router)
    return app


def _page_dependencies(services: Services, charts: ChartRenderer) -> PageDependencies:
    return PageDependencies(
        reader=services.reader,
        pages=services.page_reader,
        acts=services.page_acts,
        work=services.work_pages,
        reports=services.reports,
        product=services.product,
        notifications=services.my_notifications,
        viewer_of=services.credentials.viewer_of,
        csrf_of=services.credentials.csrf_of,
        poster_of=services.credentials.poster_of,
        once=FormAnswers(services.parts.store, services.parts.clock).once,
        charts=charts,
        now_ms=services.parts.clock.now_ms,
        sign_in_path=SIGN_IN_PATH,
        sign_out_path=SIGN_OUT_PATH,
    )


def _metrics_route(services: Services) -> APIRouter:
    parts = services.parts
    metrics = Metrics(
        fleet=parts.fleet,
        reader=services.reader,
        board=parts.board,
        events=parts.events,
        clock=parts.clock,
        forecasts=parts.forecasts,
    )
    token = services.http.metrics_token

    async def with_token(request: Request) -> None:
        if token is None:
            return
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            raise NotSignedInError("send the token of http.metrics_token: Authorization: Bearer …")

    router = APIRouter(tags=["health"])

    @router.get("/metrics", dependencies=[Depends(with_token)], response_class=Response)
    async def read_metrics() -> Response:
        """The process and the fleet, for Prometheus."""
        return Response(await metrics.text(), media_type=None, headers={"Content-Type": CONTENT_TYPE})

    return router
