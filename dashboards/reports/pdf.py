"""A report as PDF, set by Typst: tagged, with vector charts. What is told travels as data, never as markup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any, Final

import typst

from dashboards.reports.page import Block, Figure, ReportPage, Section, Table, Text
from dashboards.reports.svg import PAPER_FONT, set_in

_FONTS: Final = (PAPER_FONT, "Libertinus Serif")
"""What the first can't write the second does, or whatever font of the machine can."""
_WIDE: Final = 18
"""A column whose longest text is longer than this may break it."""


def pdf_report(page: ReportPage, charts: list[str], made_ms: int) -> bytes:
    """The file; the same for the same page and time. Takes a second and much memory: in a process of its own."""
    report = _told(page) | {"charts": [set_in(svg, PAPER_FONT) for svg in charts], "fonts": list(_FONTS)}
    return typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"report": json.dumps(report, ensure_ascii=False)},
        timestamp=made_ms // 1_000,
        format="pdf",
    )


def _told(page: ReportPage) -> dict[str, Any]:
    numbers = count()
    return {
        "language": page.language,
        "kind": page.kind,
        "title": page.title,
        "period": page.period,
        "about": page.about,
        "summary": list(page.summary),
        "keys": [key._asdict() for key in page.keys],
        "sections": [_section(section, numbers) for section in page.sections],
        "made": page.made,
        "foot": page.foot,
        "page_of": page.page_of,
    }


def _section(section: Section, numbers: Iterator[int]) -> dict[str, Any]:
    return {
        "title": section.title,
        "lead": section.lead,
        "new_page": section.new_page,
        "blocks": [_block(block, numbers) for block in section.blocks],
    }


def _block(block: Block, numbers: Iterator[int]) -> dict[str, Any]:
    match block:
        case Text():
            return {"kind": "text", **block._asdict()}
        case Figure():
            return {"kind": "figure", "title": block.title, "describes": block.describes, "chart": next(numbers)}
        case Table():
            return {
                "kind": "table",
                "title": block.title,
                "columns": [column._asdict() for column in block.columns],
                "weights": _weights(block),
                "rows": [[cell._asdict() for cell in row] for row in block.rows],
                "total": [cell._asdict() for cell in block.total],
                "note": block.note,
            }


def _weights(table: Table) -> list[int]:
    """Each column's share of the width that is left; 0: no more than it needs. At least one takes what is left."""
    longest = [max([0, *(len(row[place].text) for row in table.rows)]) for place, _ in enumerate(table.columns)]
    weights = [length if length > _WIDE else 0 for length in longest]
    if not any(weights):
        weights[0] = 1
    return weights


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(font_paths=[str(files("font_source_sans_pro") / "files")])


@cache
def _template() -> bytes:
    return (files("dashboards.reports") / "templates" / "report.typ").read_bytes()
