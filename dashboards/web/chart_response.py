"""A chart as its reader wants it: the spec for the page's script, or a picture."""

from __future__ import annotations

import json

from fastapi import Request, Response

from dashboards.charts.plain import Spec
from dashboards.charts.render import ChartRenderer
from dashboards.charts.theme import PAGE, PALETTES, Palette
from dashboards.web.chart_language import localised
from dashboards.web.render import json_response
from dashboards.web.site import strings_of


def palette_asked(form: str, request: Request) -> Palette:
    """The page's own colours for the page's script; in a picture the light ones, or those that the address names."""
    return PAGE if form == "json" else PALETTES.get(request.query_params.get("colours", ""), PALETTES["light"])


async def chart_response(spec: Spec | None, form: str, request: Request, renderer: ChartRenderer) -> Response:
    """`form` is json, svg or png. Without anything to draw the spec is null, and there is no picture."""
    spec = None if spec is None else localised(spec, strings_of(request))
    if form == "json":
        return json_response(json.dumps(spec, ensure_ascii=False, separators=(",", ":")), request)
    headers = {"Cache-Control": "private, max-age=60"}
    if spec is None or form not in ("svg", "png"):
        return Response(status_code=404)
    if form == "svg":
        return Response(await renderer.svg(spec), media_type="image/svg+xml", headers=headers)
    return Response(await renderer.png(spec), media_type="image/png", headers=headers)
