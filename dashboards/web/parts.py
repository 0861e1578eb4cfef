"""The live stream of a page about one thing: parts of the page drawn again by the server when they change.

A stream begins with `hello`, then sends each part that differs from the one sent before, and a `beat` now and then.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fastapi import Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from dashboards.web.live import BEAT_S, RETRY_MS, LiveSource, end_following
from dashboards.web.site import STREAM_HEADERS, Site
from schemas.access import Viewer
from schemas.views import FleetChange

LOOK_S: Final = 5.0
"""How soon shows what changes by time alone."""

DrawParts: TypeAlias = Callable[[], Awaitable[Mapping[str, str] | None]]
"""The page's parts as HTML, by the ids of their elements; None: what the page is about is gone."""


@dataclass(frozen=True, slots=True)
class PartsPage:
    """What a stream is about: how its parts are drawn, and which changes of the fleet concern them."""

    draw: DrawParts
    concerns: Callable[[FleetChange], bool]
    still_viewer: Callable[[], Awaitable[Viewer | None]]
    look_s: float = LOOK_S
    beat_s: float = BEAT_S


def parts_response(
    site: Site,
    request: Request,
    viewer: Viewer,
    draw: DrawParts,
    concerns: Callable[[FleetChange], bool],
    look_s: float = LOOK_S,
) -> Response:
    """The stream of a page that this viewer has open."""
    page = PartsPage(draw, concerns, lambda: site.deps.viewer_of(request), look_s, site.deps.beat_s)
    return EventSourceResponse(parts_stream(site.source, viewer, page), headers=STREAM_HEADERS)


async def parts_stream(source: LiveSource, viewer: Viewer, page: PartsPage) -> AsyncIterator[bytes]:
    """The events of one viewer's page, until the reader's changes end or the viewer is no longer who they were."""
    loop = asyncio.get_running_loop()
    changes = source.reader.changes(viewer)
    pending = asyncio.ensure_future(anext(changes, None))
    told: dict[str, str] = {}
    try:
        await asyncio.sleep(0)
        hello = {"nowMs": source.now_ms(), "version": source.assets_version}
        yield format_sse_event(event="hello", data_str=json.dumps(hello), retry=RETRY_MS)
        next_beat_s, next_look_s = loop.time() + page.beat_s, loop.time()
        while True:
            due_s = min(next_beat_s, next_look_s)
            await asyncio.wait((pending,), timeout=max(0.0, due_s - loop.time()))
            concerned = False
            if pending.done():
                change = pending.result()
                if change is None:
                    return
                pending = asyncio.ensure_future(anext(changes, None))
                concerned = page.concerns(change)
            if concerned or loop.time() >= next_look_s:
                next_look_s = loop.time() + page.look_s
                drawn = await page.draw()
                if drawn is None:
                    yield _bye()
                    return
                for name, html in drawn.items():
                    if told.get(name) != html:
                        told[name] = html
                        yield format_sse_event(event="part", data_str=json.dumps({"id": name, "html": html}))
            if loop.time() >= next_beat_s:
                if await page.still_viewer() != viewer:
                    yield _bye()
                    return
                next_beat_s = loop.time() + page.beat_s
                yield format_sse_event(event="beat", data_str=json.dumps({"nowMs": source.now_ms()}))
    finally:
        await end_following(changes, pending)


def _bye() -> bytes:
    return format_sse_event(event="bye", data_str="{}")
