"""A chart as its reader wants it: the spec for the page's script, or a picture."""

from __future__ import annotations

import json

from fastapi import Request, Response

from dashboards.charts.render import ChartRenderer
from dashboards.charts.theme import Spec
from dashboards.web.render import json_response
from dashboards.web.site import strings_of
from dashboards.web.strings import ENGLISH, Strings


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


def localised(spec: Spec, strings: Strings) -> Spec:
    """The chart with the names of days and months, and the marks in numbers, of the reader's language."""
    if strings.language == ENGLISH.language:
        return spec
    numbers, long_days = strings.numbers, strings.pages.clinic.weekdays
    time = {
        "dateTime": "%A, %e. %B %Y, %X",
        "date": "%d.%m.%Y",
        "time": "%H:%M:%S",
        "periods": ["", ""],
        # The library counts from Sunday, we from Monday.
        "days": [long_days[-1], *long_days[:-1]],
        "shortDays": [numbers.weekdays[-1], *numbers.weekdays[:-1]],
        "months": list(numbers.months),
        "shortMonths": list(numbers.months),
    }
    number = {
        "decimal": numbers.decimal_mark,
        "thousands": numbers.group_mark,
        "grouping": [3],
        "currency": ["", ""],
        "percent": numbers.percent.format(n=""),
    }
    return {**spec, "config": {**spec.get("config", {}), "locale": {"number": number, "time": time}}}
