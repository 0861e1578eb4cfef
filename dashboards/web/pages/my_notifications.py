"""The page of one's own notifications: where they go, what leads to one, what waits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, NamedTuple

from dashboards.web.format import count_text, local_time_text, wall_time_text, zone_of
from dashboards.web.links import NOTIFICATIONS_PATH
from dashboards.web.mistake_sentences import mistakes_at
from dashboards.web.pages.alerts import Choice
from dashboards.web.pages.my_ways import Way, way_of
from dashboards.web.pages.rows import Place
from dashboards.web.strings import CATALOGUES, Strings
from schemas.access import Viewer
from schemas.alert import RULES, SEVERITIES
from schemas.my_notifications import MyNotificationsView, OwnSettings, TestOutcome
from schemas.page_views import MessageLine

PATH: Final = NOTIFICATIONS_PATH
FIELDS: Final = (
    "email", "apprise", "timezone", "quiet_from", "quiet_until", "digest_at", "min_severity", "language",
)  # fmt: skip
TEST_OUTCOMES: Final[tuple[TestOutcome, ...]] = ("sent", "nowhere", "soon")
_HINTED: Final = ("email", "apprise", "quiet_hours", "digest_at", "timezone")
_FRESH_MS: Final = 60_000


class MessageRow(NamedTuple):
    """One message to the reader."""

    created_ms: int
    created_title: str
    what: str
    state: str
    tone: str
    error: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What was typed and could not be saved."""

    fields: Mapping[str, str]
    mistakes: Sequence[str]


@dataclass(frozen=True, slots=True)
class MyNotificationsPage:
    """All that the page shows, as text. `faults`: the mistakes of each field; `described`: ids of what says more."""

    done: str
    trouble: str
    addresses: tuple[str, ...]
    warnings: tuple[str, ...]
    signs: tuple[str, ...]
    typed: Mapping[str, str]
    faults: Mapping[str, tuple[str, ...]]
    described: Mapping[str, str]
    severities: tuple[Choice, ...]
    languages: tuple[Choice, ...]
    zones: tuple[str, ...]
    chats_hint: str
    ways: tuple[Way, ...]
    besides: tuple[str, ...]
    not_told: tuple[str, ...]
    at_once: tuple[str, ...]
    waits: tuple[str, ...]
    waits_until: tuple[str, ...]
    messages: tuple[MessageRow, ...]
    on_its_way: bool
    """Whether what becomes of a message will be known in a moment."""
    may_test: bool
    calendar: str
    """Its address; empty where there is none."""


def my_notifications_page(
    view: MyNotificationsView,
    viewer: Viewer,
    places: Mapping[str, Place],
    tried: Tried | None,
    done: str,
    base_url: str,
    now_ms: int,
    strings: Strings,
) -> MyNotificationsPage:
    """The page as it stands at `now_ms`; `done` is what was just done, in words."""
    settings, zone = view.settings, zone_of(view.settings.timezone)
    typed = (
        _typed(settings, places, strings) if tried is None else {name: tried.fields.get(name, "") for name in FIELDS}
    )
    whole = [rule for rule in RULES if not rule.startswith("gateway_") or viewer.scope.clinics is None]
    faults = mistakes_at(tried.mistakes, strings) if tried else {}
    telling, rules = view.telling, strings.fleet.rules
    address = f"{view.public_url or base_url}{view.calendar_path}" if view.calendar_path else ""
    return MyNotificationsPage(
        done=done,
        trouble=strings.told.not_saved if tried else "",
        addresses=tuple(where for where in (settings.email, _without_secret(settings.apprise)) if where),
        warnings=_warnings(view, strings),
        signs=_signs(view, zone, strings),
        typed=typed,
        faults=faults,
        described={name: f"fault-{name} hint-{name}" if name in faults else f"hint-{name}" for name in _HINTED},
        severities=tuple(Choice(each, strings.told.least[each], each == typed["min_severity"]) for each in SEVERITIES),
        languages=tuple(Choice(code, each.name, code == typed["language"]) for code, each in CATALOGUES.items()),
        zones=tuple(sorted({place.timezone for place in places.values()} | {"UTC"})),
        chats_hint=strings.told.hints["apprise"].format(services=", ".join(view.chats)),
        ways=tuple(way_of(way, settings.min_severity, viewer, places, zone, strings) for way in telling.ways),
        besides=_besides(view, strings),
        not_told=_not_told(view, viewer, strings),
        at_once=tuple(rules[rule] for rule in whole if rule not in telling.waits),
        waits=tuple(rules[rule] for rule in telling.waits),
        waits_until=_waits_until(settings, strings),
        messages=tuple(_message(line, zone, strings) for line in view.messages),
        on_its_way=any(_is_fresh(line, now_ms) for line in view.messages),
        may_test=view.person and bool(settings.email or settings.apprise),
        calendar=address,
    )


def _typed(settings: OwnSettings, places: Mapping[str, Place], strings: Strings) -> dict[str, str]:
    """What the form is filled with: for whoever has set nothing yet, what is likely."""
    since, _, until = settings.quiet_hours.partition("-")
    timezone, language = settings.timezone, settings.language
    if not settings.stored:
        zones = {place.timezone for place in places.values()}
        timezone, language = zones.pop() if len(zones) == 1 else timezone, strings.language
    return {
        "email": settings.email,
        "apprise": settings.apprise,
        "timezone": timezone,
        "quiet_from": since,
        "quiet_until": until,
        "digest_at": settings.digest_at,
        "min_severity": settings.min_severity,
        "language": language,
    }


def _without_secret(address: str) -> str:
    """A chat's address without the token that it holds."""
    service, scheme, _ = address.partition("://")
    return f"{service}{scheme}…" if scheme else address


def _warnings(view: MyNotificationsView, strings: Strings) -> tuple[str, ...]:
    """What keeps messages from reaching the reader."""
    words, settings = strings.told, view.settings
    if not view.person:
        return (words.no_person,)
    if not (settings.email or settings.apprise):
        return (words.goes_nowhere,)
    return (words.no_mails,) if settings.email and not view.telling.mails else ()


def _signs(view: MyNotificationsView, zone: tzinfo, strings: Strings) -> tuple[str, ...]:
    """How it is just now."""
    words, telling = strings.told, view.telling

    def moment(time_ms: int) -> str:
        return wall_time_text(time_ms, zone, strings.numbers, strings.pages.common)

    found = [words.on_call_now] if any(turn.now for way in telling.ways for turn in way.turns) else []
    if telling.quiet_until_ms is not None:
        found.append(words.quiet_now.format(time=moment(telling.quiet_until_ms)))
    if telling.next_digest_ms is not None:
        found.append(words.next_digest.format(time=moment(telling.next_digest_ms)))
    return tuple(found)


def _besides(view: MyNotificationsView, strings: Strings) -> tuple[str, ...]:
    words, telling = strings.told, view.telling
    found = [words.besides.of(telling.claim_days).format(n=count_text(telling.claim_days, strings.numbers))]
    if telling.escalation_days is not None:
        n = count_text(telling.escalation_days, strings.numbers)
        found.append(words.besides_escalated.of(telling.escalation_days).format(n=n))
    return tuple(found)


def _not_told(view: MyNotificationsView, viewer: Viewer, strings: Strings) -> tuple[str, ...]:
    words, least = strings.told, view.settings.min_severity
    found = [words.not_less.format(least=words.least[least])] if least != "info" else []
    if viewer.scope.clinics is not None or viewer.scope.models is not None:
        found.append(words.not_scope)
    if viewer.scope.clinics is not None:
        found.append(words.not_gateway)
    if not any(way.always == "everybody" for way in view.telling.ways):
        found.append(words.not_routed)
    return (*found, words.not_silenced)


def _waits_until(settings: OwnSettings, strings: Strings) -> tuple[str, ...]:
    """For what it waits that can wait."""
    words, zone = strings.told, settings.timezone
    if settings.digest_at:
        return (words.waits_digest.format(time=settings.digest_at, zone=zone),)
    since, dash, until = settings.quiet_hours.partition("-")
    quiet = (words.waits_quiet.format(from_time=since, until_time=until, zone=zone),) if dash else ()
    return (words.waits_detail, *quiet)


def _message(line: MessageLine, zone: tzinfo, strings: Strings) -> MessageRow:
    outbox, numbers = strings.outbox, strings.numbers
    then_ms = line.ended_ms if line.state in ("sent", "dead") else line.next_try_ms
    then = wall_time_text(then_ms or line.created_ms, zone, numbers, strings.pages.common)
    channel, reason = outbox.channels.get(line.channel, line.channel), outbox.reasons.get(line.reason, line.reason)
    return MessageRow(
        created_ms=line.created_ms,
        created_title=local_time_text(line.created_ms, zone, numbers),
        what=f"{channel}: {reason}",
        state=strings.told.states[line.state].format(time=then),
        tone=line.state,
        error="" if line.state == "sent" else line.error,
    )


def _is_fresh(line: MessageLine, now_ms: int) -> bool:
    return line.state in ("waiting", "sending") and not line.error and now_ms - line.created_ms < _FRESH_MS
