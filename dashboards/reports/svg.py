"""Charts for paper: drawn as SVG, and made fit to stand beside others in one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dashboards.charts.render import draw_svg
from dashboards.reports.page import Figure, ReportPage
from dashboards.web.chart_language import localised
from dashboards.web.strings import CATALOGUES, ENGLISH

_SIZE = re.compile(r'<svg\b([^>]*?)\swidth="[^"]*"([^>]*?)\sheight="[^"]*"')
_ID = re.compile(r'\sid="([^"]+)"')
_FONT = re.compile(r'font-family="[^"]*"')
_ESCAPED_QUOTES = re.compile(r"font-family='[^']*'")

PAPER_FONT: Final = "Source Sans Pro"


def figures_of(page: ReportPage) -> Iterator[Figure]:
    """Every chart, in order."""
    for section in page.sections:
        yield from (block for block in section.blocks if isinstance(block, Figure))


def drawn(page: ReportPage) -> list[str]:
    """Every chart as SVG, in order. Takes tenths of seconds, and holds the interpreter's lock: not for the loop."""
    strings = CATALOGUES.get(page.language, ENGLISH)
    return [
        with_own_ids(draw_svg(localised(figure.spec, strings)), number)
        for number, figure in enumerate(figures_of(page))
    ]


def with_own_ids(svg: str, number: int) -> str:
    """Its ids numbered anew: the drawing library counts on through a process, and those of several in one document
    would collide."""
    for place, name in enumerate(dict.fromkeys(_ID.findall(svg))):
        own = f"c{number}-{place}"
        svg = svg.replace(f' id="{name}"', f' id="{own}"').replace(f"url(#{name})", f"url(#{own})")
        svg = svg.replace(f'href="#{name}"', f'href="#{own}"')
    return svg


def inline(svg: str) -> str:
    """As wide as what it stands in."""
    return _SIZE.sub(r"<svg\1\2", svg, count=1)


def set_in(svg: str, font: str) -> str:
    """With its text in a font that the paper has."""
    return _FONT.sub(f'font-family="{font}"', _ESCAPED_QUOTES.sub(f'font-family="{font}"', svg))
