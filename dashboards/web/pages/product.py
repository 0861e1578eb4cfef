"""The pages about the product in the field: tabs and choices around the sections that reports have too. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from dashboards.reports.page import Figure, Section
from dashboards.web.links import PRODUCT_PATH
from dashboards.web.strings import Strings
from schemas.access import Role
from schemas.demand_views import DemandBy
from schemas.lifetime_views import LivesBy
from schemas.usage_views import UsageBy

Topic: TypeAlias = Literal["lives", "use", "demand"]
TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)

LIVES_BY: Final[tuple[LivesBy, ...]] = get_args(LivesBy)
USE_BY: Final[tuple[UsageBy, ...]] = ("region", "clinic", "model", "firmware", "form", "nozzle_model", "weekday")
DEMAND_BY: Final[tuple[DemandBy, ...]] = get_args(DemandBy)
MONTHS: Final = (3, 12)

VENDOR_LIVES_BY: Final[tuple[LivesBy, ...]] = ("lot", "model")
VENDOR_USE_BY: Final[tuple[UsageBy, ...]] = ("model", "firmware")
VENDOR_DEMAND_BY: Final[tuple[DemandBy, ...]] = ("fleet", "region")
"""What is published."""


class Choice(NamedTuple):
    path: str
    text: str
    current: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`charts` is the path of the page's charts, `query` what chooses among them."""

    title: str
    tabs: tuple[Choice, ...]
    choices: tuple[Choice, ...]
    spans: tuple[Choice, ...]
    sections: tuple[Section, ...]
    charts: str
    query: str


class Asked(NamedTuple):
    """What a page is asked for; what makes no sense is the usual."""

    topic: Topic
    by: str
    months: int


def read_asked(topic: Topic, query: Mapping[str, str], role: Role) -> Asked:
    """From the address."""
    allowed = allowed_by(topic, role)
    by = query.get("by", "")
    months = query.get("months", "")
    return Asked(
        topic,
        by if by in allowed else allowed[0],
        int(months) if months in {str(number) for number in MONTHS} else MONTHS[0],
    )


def allowed_by(topic: Topic, role: Role) -> tuple[str, ...]:
    """The kinds of group that a role may be told."""
    vendor = role == "vendor"
    match topic:
        case "lives":
            return VENDOR_LIVES_BY if vendor else LIVES_BY
        case "use":
            return VENDOR_USE_BY if vendor else USE_BY
        case "demand":
            return VENDOR_DEMAND_BY if vendor else DEMAND_BY


def product_page(asked: Asked, sections: Sequence[Section], role: Role, strings: Strings) -> ProductPage:
    """The page around its sections."""
    words = strings.product
    names: Mapping[str, str] = {"lives": words.lives, "use": words.use, "demand": words.demand}
    by_words: Mapping[Topic, Mapping[str, str]] = {
        "lives": {str(by): text for by, text in words.lives_by.items()},
        "use": {str(by): text for by, text in words.use_by.items()},
        "demand": {str(by): text for by, text in words.demand_by.items()},
    }
    path = f"{PRODUCT_PATH}/{asked.topic}"
    months = f"&months={asked.months}" if asked.topic == "use" else ""
    allowed = allowed_by(asked.topic, role)
    return ProductPage(
        title=names[asked.topic],
        tabs=tuple(Choice(f"{PRODUCT_PATH}/{topic}", names[topic], topic == asked.topic) for topic in TOPICS),
        choices=tuple(Choice(f"{path}?by={by}{months}", by_words[asked.topic][by], by == asked.by) for by in allowed)
        if len(allowed) > 1
        else (),
        spans=tuple(
            Choice(f"{path}?by={asked.by}&months={number}", words.months.format(n=number), number == asked.months)
            for number in MONTHS
        )
        if asked.topic == "use"
        else (),
        sections=tuple(sections),
        charts=f"{path}/charts",
        query=f"?by={asked.by}{months}",
    )


def figure_named(sections: Sequence[Section], name: str) -> Figure | None:
    """The chart of that name among the sections'."""
    figures = (block for section in sections for block in section.blocks if isinstance(block, Figure))
    return next((figure for figure in figures if figure.name == name), None)


def kind_of(block: object) -> str:
    """What a template draws a block as: figure, table or text."""
    return type(block).__name__.lower()
