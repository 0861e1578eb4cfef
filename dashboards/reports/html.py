"""A report as one HTML file that needs nothing else: its style and its charts are in it, no script is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboards.reports.page import Block, Figure, ReportPage, Section, Table, Text
from dashboards.reports.svg import inline

_PLAIN = re.compile(r"[A-Za-z0-9 ]")
_PLACES: Final = {"{page}": "counter(page)", "{pages}": "counter(pages)"}


def html_report(page: ReportPage, charts: Sequence[str]) -> bytes:
    """The file. `charts` are the page's figures as SVG, in order; every other text is shown as text."""
    pictures = iter([Markup(inline(svg)) for svg in charts])  # noqa: S704
    sections = [_section(section, pictures) for section in page.sections]
    drawn = _environment().get_template("report.html")
    text = drawn.render(
        page=page,
        sections=sections,
        css=Markup(_css()),  # noqa: S704
        foot_css=Markup(css_string(page.foot)),  # noqa: S704
        page_of_css=Markup(counters(page.page_of)),  # noqa: S704
    )
    return text.encode()


def css_string(text: str) -> str:
    """A string of CSS that nothing can end: all but letters and digits are written by their numbers."""
    return '"' + "".join(one if _PLAIN.fullmatch(one) else f"\\{ord(one):06x}" for one in text) + '"'


def counters(template: str) -> str:
    """`{page} of {pages}` as CSS content."""
    parts = re.split(r"(\{page\}|\{pages\})", template)
    return " ".join(_PLACES.get(part) or css_string(part) for part in parts if part)


def _section(section: Section, pictures: Iterator[Markup]) -> dict[str, Any]:
    return {
        "title": section.title,
        "lead": section.lead,
        "new_page": section.new_page,
        "blocks": [_block(block, pictures) for block in section.blocks],
    }


def _block(block: Block, pictures: Iterator[Markup]) -> dict[str, Any]:
    match block:
        case Text():
            return {"kind": "text", **block._asdict()}
        case Figure():
            return {"kind": "figure", "title": block.title, "describes": block.describes, "svg": next(pictures)}
        case Table():
            return {
                "kind": "table",
                "title": block.title,
                "columns": block.columns,
                "rows": block.rows,
                "total": block.total,
                "note": block.note,
            }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("dashboards.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _css() -> str:
    return (files("dashboards.reports") / "templates" / "report.css").read_text(encoding="utf-8")
