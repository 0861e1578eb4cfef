"""The shell around every page: which pages there are for a viewer, and the words that its script needs. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.web.links import FLEET_PATH
from dashboards.web.strings import ShellWords, Strings
from schemas.page_views import PageAct


class NavLink(NamedTuple):
    """One page to go to."""

    path: str
    text: str
    current: bool


_NEEDS: Final[tuple[tuple[str, str, PageAct | None], ...]] = (
    (FLEET_PATH, "nav_fleet", None),
    ("/alerts", "nav_alerts", None),
    ("/registry", "nav_registry", "registry"),
    ("/operator", "nav_operator", "operator"),
)


def nav_of(may: frozenset[PageAct], here: str, words: ShellWords) -> tuple[NavLink, ...]:
    """The pages that a viewer may open; `here` is the path of the one that is shown."""
    return tuple(
        NavLink(path, getattr(words, name), path == here)
        for path, name, needed in _NEEDS
        if needed is None or needed in may
    )


def shell_words(strings: Strings) -> dict[str, object]:
    """What the script writes by itself on every page."""
    shell, numbers = strings.shell, strings.numbers
    return {
        "language": strings.language,
        "connecting": shell.live_connecting,
        "live": shell.live_on,
        "lost": shell.live_lost,
        "justNow": numbers.just_now,
        "minutesAgo": numbers.minutes_ago,
        "hoursAgo": numbers.hours_ago,
        "daysAgo": numbers.days_ago,
    }
