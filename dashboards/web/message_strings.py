"""The words of messages to people and of a technician's calendar. Part of the one catalogue; the gateway fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural
from schemas.alert import Rule, Severity
from schemas.work import ReplaceReason, SubjectKind


@dataclass(frozen=True, slots=True)
class AlertRows:
    """What stands before each line about an alert. Of wear only plain text has one: HTML shows it."""

    where: str
    since: str
    lasted: str
    """Before the beginning and the end of what is over."""
    urgent: str
    wear: str
    part: str


@dataclass(frozen=True, slots=True)
class ClaimRows:
    """What stands before each line about a claim."""

    where: str
    claimed: str
    urgent: str
    part: str


@dataclass(frozen=True, slots=True)
class OutlookWords:
    """How urgent it is: what is left, with its interval, and by when to act. `{n}` may have its interval behind it."""

    percent: str
    wear: str
    wear_ahead: str
    no_forecast: str
    of_limit: str
    replace_now: str
    replace_by: str
    sessions: Plural
    days: Plural
    most_sessions: Plural
    most_days: Plural
    less_than_session: str
    less_than_day: str
    interval: str
    interval_note: str


@dataclass(frozen=True, slots=True)
class PartWords:
    """What to bring, where it has no name of its own."""

    unknown_nozzle: str
    battery: str
    battery_for: str
    other_lot: str


@dataclass(frozen=True, slots=True)
class WearPictureWords:
    """The chart in a mail."""

    limit: str
    wear: str
    time: str
    nozzle: str
    description: str


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """Claims that nothing confirms."""

    marks: Mapping[str, str]
    subject: str
    orders: str
    kinds: Mapping[SubjectKind, str]
    """Within a headline."""
    first_kinds: Mapping[SubjectKind, str]
    """At the beginning of a line."""
    thing: str
    thing_said: str
    rows: ClaimRows
    text_rows: ClaimRows
    claimed: str
    claimed_as: str
    reasons: Mapping[ReplaceReason, str]
    to_do: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CalendarWords:
    """The feed of a technician's visits."""

    name: str
    summary: str
    bring: str
    part: str
    part_unknown: str


@dataclass(frozen=True, slots=True)
class MessageWords:
    """Mails, chats and SMS; `text` is what is said without markup."""

    test_subject: str
    test: str
    subject: str
    subject_again: str
    marks: Mapping[Severity, str]
    mark_resolved: str
    severities: Mapping[Severity, str]
    titles: Mapping[Rule, str]
    same: str
    others: Plural
    more: Plural
    clinics: str
    gateway: str
    ended: str
    ended_text: str
    ended_brief: str
    rows: AlertRows
    text_rows: AlertRows
    moment: str
    day: str
    zones: Mapping[str, str]
    """What time zones are called there; others keep their names."""
    group_mark: str
    """Between thousands: messages have their own, since in English they write none."""
    until: str
    bring: str
    needed: str
    act: str
    outlook: OutlookWords
    parts: PartWords
    picture: WearPictureWords
    claims: ClaimWords
    calendar: CalendarWords


ENGLISH_MESSAGES: Final = MessageWords(
    test_subject="Silverpoint: test message",
    test="Messages from Silverpoint reach you.",
    subject="[{mark}] {what}: {where}",
    subject_again="[{mark}] {what} (still open): {where}",
    marks={"info": "INFO", "warning": "WARNING", "critical": "CRITICAL"},
    mark_resolved="RESOLVED",
    severities={"info": "info", "warning": "warning", "critical": "critical"},
    titles={
        "nozzle_due": "Nozzle due",
        "nozzle_worn_out": "Nozzle worn out",
        "nozzle_expired": "Nozzle expired",
        "nozzle_recalled": "Nozzle recalled",
        "nozzle_mismatched": "Nozzle does not fit",
        "nozzle_duplicate": "Nozzle serial seen twice",
        "nozzle_unconfirmed_swap": "Nozzle swap not reported",
        "nozzle_wear_abnormal": "Nozzle wears too fast",
        "battery_low": "Battery low",
        "battery_degraded": "Battery worn",
        "mains_lost": "Mains lost",
        "clinic_mains_lost": "Clinic without mains",
        "device_silent": "Device silent",
        "clinic_silent": "Clinic silent",
        "session_overlong": "Session overlong",
        "depth_out_of_range": "Depth out of range",
        "clock_skew": "Device clock wrong",
        "data_gap": "Records missing",
        "message_rejected": "Messages rejected",
        "gateway_disk_low": "Gateway: disk low",
        "gateway_broker_lost": "Gateway: broker lost",
        "gateway_message_dead": "Gateway: messages not delivered",
    },
    same="{n} × {title}",
    others=Plural("{title} and {n} more", "{title} and {n} more"),
    more=Plural("and {n} more", "and {n} more"),
    clinics="{n} clinics",
    gateway="the gateway itself",
    ended="{title} – resolved; it was",
    ended_text="{title} - resolved; it was",
    ended_brief="{title} - resolved",
    rows=AlertRows(where="Where", since="Since", lasted="Since", urgent="Urgent", wear="Wear", part="Part"),
    text_rows=AlertRows(where="where", since="since", lasted="since", urgent="urgent", wear="wear", part="part"),
    moment="{year}-{month}-{day} {time} {zone}",
    day="{year}-{month}-{day}",
    zones={"CET": "CET", "CEST": "CEST"},
    group_mark="",
    until="{since} until {ended}",
    bring="Bring: {parts}",
    needed="{n} × {part}",
    act="Open and act",
    outlook=OutlookWords(
        percent="{n} %",
        wear="wear {wear} of the limit",
        wear_ahead="wear {wear} of the limit; {left}",
        no_forecast="wear {wear} of the limit; no forecast yet",
        of_limit="{wear} of the limit",
        replace_now="replace it before the next session",
        replace_by="replace by {day}",
        sessions=Plural("{n} session left", "{n} sessions left"),
        days=Plural("{n} day left", "{n} days left"),
        most_sessions=Plural("at most {n} session left", "at most {n} sessions left"),
        most_days=Plural("at most {n} day left", "at most {n} days left"),
        less_than_session="less than one session left",
        less_than_day="less than one day left",
        interval="{n} ({low} to {high})",
        interval_note="In brackets: the range in which it will be in 8 of 10 cases.",
    ),
    parts=PartWords(
        unknown_nozzle="nozzle of unknown model",
        battery="battery",
        battery_for="battery for {model}",
        other_lot="{part}, of another lot than {lot}",
    ),
    picture=WearPictureWords(
        limit="replace", wear="wear", time="time", nozzle="nozzle", description="Wear of nozzle {nozzle}: {wear}"
    ),
    claims=ClaimWords(
        marks={"reminder": "REMINDER", "escalation": "ESCALATED"},
        subject="[{mark}] Claimed, not confirmed: {what}, {where}",
        orders="{n} orders",
        kinds={"nozzle": "nozzle", "battery": "battery", "device": "device"},
        first_kinds={"nozzle": "Nozzle", "battery": "Battery", "device": "Device"},
        thing="{kind} {subject}",
        thing_said="{kind} {subject}: {what}",
        rows=ClaimRows(where="Where", claimed="Claimed", urgent="Urgent", part="Part"),
        text_rows=ClaimRows(where="where", claimed="claimed", urgent="urgent", part="part"),
        claimed="{name}, {time}",
        claimed_as="{name} as {reason}, {time}",
        reasons={
            "worn": "worn",
            "damaged": "damaged",
            "expired": "expired",
            "recalled": "recalled",
            "preventive": "preventive",
            "mistake": "mistake",
        },
        to_do={
            "reminder": "Nothing that the devices sent confirms what you claimed. Record the swap if the device did not"
            " report it, do the work if it is still to be done, or ask a manager to close the order.",
            "escalation": "This was claimed some days ago, and nothing that the devices sent confirms it. Ask whoever"
            " claimed it; then record the swap, or close the order with a reason.",
        },
    ),
    calendar=CalendarWords(
        name="Silverpoint visits",
        summary="{clinic}: {n} to replace",
        bring="Bring: {parts}",
        part="{n} x {part}",
        part_unknown="{n} x nozzle of unknown model",
    ),
)
