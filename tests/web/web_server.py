"""The pages on a real server: uvicorn on a free port, with the strict headers that the gateway sends."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from web_fleet import MANAGER, NOW_MS, MemoryFleet
from web_notifications import NoNotifications
from web_pages import MemoryActs, MemoryPages
from web_product import MemoryProduct
from web_reports import MemoryReports
from web_work import NoWork

from dashboards.charts.render import ChartRenderer, cache_folder
from dashboards.web.routes import PageDependencies, pages
from schemas.access import Viewer

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

CHARTS: Final = ChartRenderer(cache_folder())
"""One for all tests: making the browser's script takes seconds."""
CSRF: Final = "token-of-this-session"


class Access:
    """Who is signed in: everybody as `viewer`, or nobody. Forms must carry the token."""

    def __init__(self, viewer: Viewer | None = MANAGER) -> None:
        self.viewer = viewer

    async def viewer_of(self, request: Request) -> Viewer | None:
        return self.viewer

    async def csrf_of(self, request: Request) -> str | None:
        return CSRF

    async def poster_of(self, request: Request) -> Viewer | None:
        if (await request.form()).get("csrf") != CSRF:
            raise HTTPException(403)
        return self.viewer


class Behind:
    """What stands behind the pages, besides the fleet."""

    def __init__(self, fleet: MemoryFleet) -> None:
        self.pages = MemoryPages(fleet)
        self.acts = MemoryActs(fleet)
        self.reports = MemoryReports()
        self.product = MemoryProduct()


def web_app(
    fleet: MemoryFleet, access: Access | None = None, beat_s: float = 15.0, behind: Behind | None = None
) -> FastAPI:
    """An application of the pages alone."""
    app = FastAPI()
    seen = access or Access()
    back = behind or Behind(fleet)
    deps = PageDependencies(
        reader=fleet,
        pages=back.pages,
        acts=back.acts,
        work=NoWork(),
        reports=back.reports,
        product=back.product,
        notifications=NoNotifications(),
        viewer_of=seen.viewer_of,
        csrf_of=seen.csrf_of,
        poster_of=seen.poster_of,
        once=lambda _request, _viewer, do: do(),
        now_ms=lambda: NOW_MS,
        charts=CHARTS,
        beat_s=beat_s,
    )
    for router in pages(deps):
        app.include_router(router)

    @app.get("/api/v1/me")
    async def me() -> Response:
        return Response(status_code=401 if seen.viewer is None else 204)

    @app.middleware("http")
    async def strict(request: Request, call_next: Callable[..., object]) -> Response:
        response: Response = await call_next(request)  # type: ignore[misc]
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


class WebServer:
    """Serves a fleet from a thread with its own loop."""

    def __init__(
        self, fleet: MemoryFleet, access: Access | None = None, beat_s: float = 15.0, behind: Behind | None = None
    ) -> None:
        self.fleet = fleet
        self.behind = behind or Behind(fleet)
        self.access = access or Access()
        self._beat_s = beat_s
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts, on the same port as before where it ran already."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen()
        self.port = listener.getsockname()[1]
        app = web_app(self.fleet, self.access, self._beat_s, self.behind)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        assert self._started.wait(60), "the server did not start"

    def _run(self, listener: socket.socket) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._started.set()
            await self._server.serve(sockets=[listener])

        asyncio.run(serve())

    def on_loop(self, act: Callable[[], None]) -> None:
        """Runs `act` where the streams run."""
        self._loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        """Ends the streams and the server, as a gateway that stops does."""
        self.on_loop(self.fleet.stop)
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the server did not stop"
