"""The words of the page of one's own notifications. Part of the one catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural
from schemas.alert import Severity


@dataclass(frozen=True, slots=True)
class WayWords:
    """One way by which alerts reach somebody."""

    whole: Mapping[Severity, str]
    kinds: str
    clinics: str
    regions: str
    every_clinic: str
    seen_clinics: str
    hours: Mapping[str, str]
    where: str
    when: str
    why: str
    always: Mapping[str, str]
    on_call_now: str
    on_call_until: str
    on_call_next: str
    not_on_call: str
    after_minutes: str
    after_hours: str


@dataclass(frozen=True, slots=True)
class ToldWords:
    """Where, when and of what one is told."""

    title: str
    link: str
    saved: str
    test_outcomes: Mapping[str, str]
    renewed: str
    not_saved: str
    no_person: str
    goes_to: str
    goes_nowhere: str
    no_mails: str
    quiet_now: str
    on_call_now: str
    next_digest: str
    where_title: str
    when_title: str
    fields: Mapping[str, str]
    hints: Mapping[str, str]
    least: Mapping[Severity, str]
    save: str
    reach_title: str
    nothing_reaches: str
    besides: Plural
    besides_escalated: Plural
    not_title: str
    not_less: str
    not_scope: str
    not_gateway: str
    not_routed: str
    not_silenced: str
    timing_title: str
    at_once: str
    at_once_detail: str
    waits: str
    waits_detail: str
    waits_quiet: str
    waits_digest: str
    test_title: str
    test_detail: str
    test: str
    look_again: str
    last_title: str
    last_none: str
    states: Mapping[str, str]
    calendar_title: str
    calendar_detail: str
    calendar_address: str
    copy: str
    copied: str
    renew: str
    renew_detail: str
    way: WayWords


ENGLISH_TOLD: Final = ToldWords(
    title="My notifications",
    link="My notifications",
    saved="Saved. It counts from the next message on.",
    test_outcomes={
        "sent": "A test message is on its way. What becomes of it stands below.",
        "nowhere": "There is no address to send a test message to: write one, and save it.",
        "soon": "The last test message was sent only just now. Try again in half a minute.",
    },
    renewed="Your calendar has a new address; the old one has ended.",
    not_saved="Nothing is saved yet: correct what is marked.",
    no_person="Messages go to people who sign in with a name of their own. What you set here is kept, nothing is sent.",
    goes_to="Messages go to",
    goes_nowhere="Nothing is sent to you yet: write an address.",
    no_mails="This gateway has no mail server yet, so no mail is sent: ask whoever runs it to set “notify.smtp_url”.",
    quiet_now="Quiet until {time}",
    on_call_now="On call now",
    next_digest="Next digest {time}",
    where_title="Where messages go",
    when_title="When, and in which language",
    fields={
        "email": "Mail address",
        "apprise": "Chat or push address",
        "timezone": "Time zone",
        "quiet_hours": "Quiet hours",
        "quiet_from": "from",
        "quiet_until": "to",
        "digest_at": "Digest once a day at",
        "min_severity": "Least severity",
        "language": "Language of messages",
    },
    hints={
        "email": "empty: no mails",
        "apprise": "an address of Apprise's, as tgram://TOKEN/CHAT; possible are {services}",
        "timezone": "of the quiet hours and the digest",
        "quiet_hours": "wear waits until they end, outages do not; empty: none",
        "digest_at": "wear of all clinics in one message a day; empty: as it comes",
    },
    least={
        "info": "everything",
        "warning": "warnings and critical alerts",
        "critical": "critical alerts alone",
    },
    save="Save",
    reach_title="What you are told of",
    nothing_reaches="No route leads alerts to you. Ask whoever runs the gateway to name you, or your role, in one.",
    besides=Plural(
        "Besides: an order that you claimed and that nothing has confirmed after {n} day.",
        "Besides: an order that you claimed and that nothing has confirmed after {n} days.",
    ),
    besides_escalated=Plural(
        "Others' claims, when {n} day after the reminder nothing has confirmed them.",
        "Others' claims, when {n} days after the reminder nothing has confirmed them.",
    ),
    not_title="What you are not told of",
    not_less="Whatever is less severe than you have chosen: you want {least}.",
    not_scope="Clinics, devices and nozzles that you do not see.",
    not_gateway="The gateway itself, its disk and its broker: whoever sees all clinics is told of them.",
    not_routed="Whatever is not listed above.",
    not_silenced="What is silenced or under maintenance, and what is over before anybody was told.",
    timing_title="When it comes",
    at_once="At once, by day and by night",
    at_once_detail="Outages wait for nobody, not for quiet hours either.",
    waits="What can wait",
    waits_detail="Wear, and what can be seen to in working hours, comes while the clinic is open.",
    waits_quiet="From {from_time} to {until_time} ({zone}) it waits for the end of your quiet hours besides.",
    waits_digest="It comes once a day at {time} ({zone}), all clinics in one message.",
    test_title="Does it arrive?",
    test_detail="A test message goes to each of your addresses, past routes and quiet hours, as alerts do.",
    test="Send me a test",
    look_again="Look again",
    last_title="The last messages to you",
    last_none="None has been sent to you in the last month.",
    states={
        "waiting": "waits; next attempt {time}",
        "sending": "on its way",
        "sent": "sent {time}",
        "dead": "given up {time}",
    },
    calendar_title="Your visits in a calendar",
    calendar_detail="Let a phone or a calendar program subscribe to this address: it shows the visits with orders that"
    " are yours, and the parts to bring. Whoever knows the address can read it.",
    calendar_address="Address of your calendar",
    copy="Copy",
    copied="Copied",
    renew="Make a new address",
    renew_detail="The old one then ends.",
    way=WayWords(
        whole={
            "info": "Every alert",
            "warning": "Warnings and critical alerts",
            "critical": "Critical alerts",
        },
        kinds="Kinds",
        clinics="at {names}",
        regions="in {names}",
        every_clinic="at every clinic",
        seen_clinics="at every clinic that you see",
        hours={
            "any": "at any hour",
            "working": "if it begins in the clinic's opening hours",
            "off": "if it begins outside of the clinic's opening hours",
        },
        where="Where",
        when="When",
        why="Why you",
        always={
            "everybody": "there are no routes, so everybody is told",
            "name": "you are named",
            "role": "your role is {role}",
        },
        on_call_now="you are on call now ({rotation})",
        on_call_until="you are on call now ({rotation}), until {time}",
        on_call_next="only while you are on call ({rotation}): next from {time}",
        not_on_call="only while you are on call ({rotation})",
        after_minutes="once nobody has acknowledged it for {n} min",
        after_hours="once nobody has acknowledged it for {n} h",
    ),
)
