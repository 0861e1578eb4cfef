"""The shell around every page: which pages there are for a viewer, and the words that its script needs. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.web.links import FLEET_PATH, PRODUCT_PATH, REPORTS_PATH, WORK_PATH
from dashboards.web.strings import ShellWords, Strings
from schemas.access import Role
from schemas.page_views import PageAct


class NavLink(NamedTuple):
    """One page to go to."""

    path: str
    text: str
    current: bool


_NEEDS: Final[tuple[tuple[str, str, PageAct | None], ...]] = (
    (FLEET_PATH, "nav_fleet", None),
    ("/alerts", "nav_alerts", None),
    (WORK_PATH, "nav_work", "work"),
    (PRODUCT_PATH, "nav_product", "product"),
    (REPORTS_PATH, "nav_reports", "product"),
    ("/registry", "nav_registry", "registry"),
    ("/operator", "nav_operator", "operator"),
)


_NOTHING_FOR: Final[dict[Role | None, frozenset[str]]] = {
    "vendor": frozenset({FLEET_PATH, "/alerts"}),
    "technician": frozenset({PRODUCT_PATH, REPORTS_PATH}),
}


def nav_of(may: frozenset[PageAct], here: str, words: ShellWords, role: Role | None = None) -> tuple[NavLink, ...]:
    """The pages that a viewer may open, less those with nothing for the role; `here` is the one that is shown."""
    return tuple(
        NavLink(path, getattr(words, name), path == here)
        for path, name, needed in _NEEDS
        if (needed is None or needed in may) and path not in _NOTHING_FOR.get(role, frozenset())
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


def outbox_words(strings: Strings) -> dict[str, object]:
    """What the script says about acts that are not sent yet."""
    words = strings.pages.work.outbox
    return {
        "title": words.title,
        "unsent": words.unsent._asdict(),
        "refused": words.refused._asdict(),
        "sending": words.sending,
        "sendNow": words.send_now,
        "undo": words.undo,
        "dismiss": words.dismiss,
        "signal": words.waits_for_signal,
        "signIn": words.waits_for_sign_in,
        "owner": words.waits_for_owner,
        "toSignIn": words.sign_in,
        "doneAt": words.done_at,
        "undoIn": words.undo_in,
        "acts": dict(words.acts),
        "refusals": dict(words.refusals),
    }
