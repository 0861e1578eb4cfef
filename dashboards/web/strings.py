"""Every word that a person reads on a page or in a message, one catalogue for each language.

English is written here; `translation.py` says how to add a string and where the other languages are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dashboards.reports.words import ENGLISH_REPORT, ReportWords
from dashboards.web.alert_strings import ENGLISH_ALERTS, AlertSentences
from dashboards.web.desk_strings import ENGLISH_OUTBOX, ENGLISH_PEOPLE, OutboxWords, PeopleWords
from dashboards.web.error_strings import ENGLISH_ERRORS, ErrorWords
from dashboards.web.fleet_strings import ENGLISH_BOARD, BoardWords
from dashboards.web.message_strings import ENGLISH_MESSAGES, MessageWords
from dashboards.web.mistake_strings import ENGLISH_MISTAKES, MistakeWords
from dashboards.web.page_strings import ENGLISH_PAGES, PageWords
from dashboards.web.plural import Plural
from dashboards.web.product_strings import ENGLISH_PRODUCT, ProductPageWords
from dashboards.web.story_strings import ENGLISH_STORY, StoryWords
from dashboards.web.told_strings import ENGLISH_TOLD, ToldWords
from dashboards.web.translation import ENGLISH_CODE, languages, read_texts, translated
from schemas.access import Role
from schemas.alert import Rule, Severity
from schemas.records import Form, PowerSource
from schemas.registry import DeviceLifecycle
from schemas.views import WearBand


@dataclass(frozen=True, slots=True)
class NumberWords:
    """How numbers, times and their units are written."""

    decimal_mark: str
    group_mark: str
    percent: str
    thousand: str
    million: str
    billion: str
    strikes: Plural
    just_now: str
    minutes_ago: str
    hours_ago: str
    days_ago: str
    local_time: str
    short_time: str
    day_month: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShellWords:
    """The frame around every page, and the sign-in page."""

    product: str
    tagline: str
    skip_to_content: str
    navigation: str
    nav_fleet: str
    nav_alerts: str
    nav_work: str
    nav_product: str
    nav_reports: str
    nav_registry: str
    nav_operator: str
    sign_out: str
    choose_language: str
    roles: Mapping[Role, str]
    theme: str
    theme_auto: str
    theme_light: str
    theme_dark: str
    live_as_of: str
    live_connecting: str
    live_on: str
    live_lost: str
    sign_in_title: str
    sign_in_name: str
    sign_in_password: str
    sign_in_button: str
    sign_in_wrong: str
    sign_in_throttled: str


@dataclass(frozen=True, slots=True)
class FleetWords:
    """The fleet page."""

    title: str
    broker_lost: str
    action_title: str
    action_counts: Mapping[Severity, Plural]
    action_none: str
    action_none_detail: str
    action_more: str
    action_wear: str
    action_charge: str
    action_health: str
    action_acknowledged: str
    severities: Mapping[Severity, str]
    rules: Mapping[Rule, str]
    alert_badges: Mapping[Rule, str]
    kpi_title: str
    kpi_online: str
    kpi_online_of: str
    kpi_offline: str
    kpi_all_online: str
    kpi_power: str
    kpi_in_session: str
    kpi_in_session_note: str
    kpi_sessions_today: str
    kpi_sessions_today_note: str
    kpi_nozzles: str
    power_sources: Mapping[PowerSource, str]
    power_unknown: str
    table_title: str
    table_count: Plural
    table_count_filtered: str
    table_none: str
    table_none_detail: str
    table_no_match: str
    clear_filters: str
    search: str
    search_hint: str
    filters: str
    sort: str
    sort_ascending: str
    sort_descending: str
    columns: Mapping[str, str]
    online: str
    offline: str
    not_heard: str
    in_session: str
    sessions_unit: str
    forms: Mapping[Form, str]
    lifecycles: Mapping[DeviceLifecycle, str]
    lot: str
    nozzle_none: str
    nozzle_unreadable: str
    bands: Mapping[WearBand, str]
    bands_note: str
    wear_between: str
    wear_about: str


@dataclass(frozen=True, slots=True)
class Strings:
    """One language's catalogue. `language` is its code, `name` what it calls itself."""

    language: str
    name: str
    numbers: NumberWords
    shell: ShellWords
    fleet: FleetWords
    alert: AlertSentences
    message: MessageWords
    mistakes: MistakeWords
    errors: ErrorWords
    board: BoardWords
    people: PeopleWords
    outbox: OutboxWords
    story: StoryWords
    pages: PageWords
    report: ReportWords
    product: ProductPageWords
    told: ToldWords


ENGLISH: Final = Strings(
    language=ENGLISH_CODE,
    name="English",
    numbers=NumberWords(
        decimal_mark=".",
        group_mark=",",
        percent="{n} %",
        thousand="{n} k",
        million="{n} M",
        billion="{n} G",
        strikes=Plural("{n} strike", "{n} strikes"),
        just_now="just now",
        minutes_ago="{n} min ago",
        hours_ago="{n} h ago",
        days_ago="{n} d ago",
        local_time="{weekday} {day} {month} {year}, {time} {zone}",
        short_time="{time} {zone}",
        day_month="{day} {month}",
        weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ),
    shell=ShellWords(
        product="Silverpoint",
        tagline="Fleet telemetry for fractional-mesotherapy devices",
        skip_to_content="Skip to content",
        navigation="Pages",
        nav_fleet="Fleet",
        nav_alerts="Alerts",
        nav_work="Work",
        nav_product="Product",
        nav_reports="Reports",
        nav_registry="Registry",
        nav_operator="Operator",
        sign_out="Sign out",
        choose_language="Language",
        roles={"admin": "Administrator", "manager": "Manager", "technician": "Technician", "vendor": "Vendor"},
        theme="Colours",
        theme_auto="System colours",
        theme_light="Light",
        theme_dark="Dark",
        live_as_of="As of {time}",
        live_connecting="Connecting, data from {time}",
        live_on="Live",
        live_lost="Connection lost, data from {time}",
        sign_in_title="Sign in",
        sign_in_name="User name",
        sign_in_password="Password",  # noqa: S106 (a label)
        sign_in_button="Sign in",
        sign_in_wrong="That name and password do not go together. Check both and try again.",
        sign_in_throttled="Too many attempts. Wait a minute, then try again.",
    ),
    fleet=FleetWords(
        title="Fleet",
        broker_lost="The gateway has lost its connection to the broker: no device can be heard until it is back.",
        action_title="What needs action",
        action_counts={
            "critical": Plural("{n} critical", "{n} critical"),
            "warning": Plural("{n} warning", "{n} warnings"),
            "info": Plural("{n} info", "{n} info"),
        },
        action_none="Nothing needs action",
        action_none_detail="Every alert is resolved. New ones appear here by themselves.",
        action_more="Show {n} more",
        action_wear="worn",
        action_charge="{n} of charge left",
        action_health="holds {n} of what it did when new",
        action_acknowledged="Acknowledged by {name}",
        severities={"critical": "Critical", "warning": "Warning", "info": "Info"},
        rules={
            "nozzle_due": "Nozzle due",
            "nozzle_worn_out": "Replace nozzle",
            "nozzle_expired": "Nozzle expired",
            "nozzle_recalled": "Nozzle recalled",
            "nozzle_mismatched": "Nozzle does not fit",
            "nozzle_duplicate": "Nozzle on two devices",
            "nozzle_unconfirmed_swap": "Unreported swap",
            "nozzle_wear_abnormal": "Abnormal wear",
            "battery_low": "Battery low",
            "battery_degraded": "Battery degraded",
            "mains_lost": "Mains lost",
            "clinic_mains_lost": "Mains lost at clinic",
            "device_silent": "Device silent",
            "clinic_silent": "Clinic silent",
            "session_overlong": "Session too long",
            "depth_out_of_range": "Depth out of range",
            "clock_skew": "Clock is off",
            "data_gap": "Data missing",
            "message_rejected": "Messages rejected",
            "gateway_disk_low": "Gateway disk low",
            "gateway_broker_lost": "Broker lost",
            "gateway_message_dead": "Nobody could be told",
        },
        alert_badges={
            "nozzle_due": "Nozzle due",
            "nozzle_worn_out": "Replace",
            "nozzle_expired": "Expired",
            "nozzle_recalled": "Recalled",
            "nozzle_mismatched": "Does not fit",
            "nozzle_duplicate": "Duplicate",
            "nozzle_unconfirmed_swap": "Swap?",
            "nozzle_wear_abnormal": "Abnormal wear",
            "battery_low": "Battery low",
            "battery_degraded": "Battery old",
            "mains_lost": "Mains lost",
            "clinic_mains_lost": "Mains lost",
            "device_silent": "Silent",
            "clinic_silent": "Silent",
            "session_overlong": "Long session",
            "depth_out_of_range": "Depth",
            "clock_skew": "Clock",
            "data_gap": "Data gap",
            "message_rejected": "Rejected",
            "gateway_disk_low": "Disk low",
            "gateway_broker_lost": "Broker lost",
            "gateway_message_dead": "Not told",
        },
        kpi_title="The fleet now",
        kpi_online="Devices online",
        kpi_online_of="of {n}",
        kpi_offline="{n} offline",
        kpi_all_online="all online",
        kpi_power="Power",
        kpi_in_session="In session now",
        kpi_in_session_note="treatments running",
        kpi_sessions_today="Sessions today",
        kpi_sessions_today_note="since midnight UTC",
        kpi_nozzles="Nozzles fitted",
        power_sources={"mains": "Mains", "battery": "Battery"},
        power_unknown="Unknown",
        table_title="Devices",
        table_count=Plural("{n} device", "{n} devices"),
        table_count_filtered="{n} of {all} devices",
        table_none="No devices yet",
        table_none_detail="A device appears here by itself with its first message. "
        "Check that devices publish to the broker that this gateway reads, or try it with “silverpoint simulate”.",
        table_no_match="No device matches.",
        clear_filters="Clear filters",
        search="Search",
        search_hint="Clinic, device, nozzle, lot",
        filters="Show only",
        sort="Sort by",
        sort_ascending="rising",
        sort_descending="falling",
        columns={
            "clinic": "Clinic",
            "device": "Device",
            "seen": "Last seen",
            "power": "Power",
            "sessions": "Sessions",
            "nozzle": "Nozzle",
            "wear": "Wear",
            "due": "Replace by",
            "alerts": "Alerts",
        },
        online="Online",
        offline="Offline",
        not_heard="never heard",
        in_session="In session",
        sessions_unit="sessions",
        forms={"stationary": "stationary", "mobile": "mobile"},
        lifecycles={
            "discovered": "new",
            "in_service": "in service",
            "repair": "in repair",
            "storage": "in storage",
            "retired": "retired",
        },
        lot="lot {lot}",
        nozzle_none="None fitted",
        nozzle_unreadable="Tag not readable",
        bands={"ok": "OK", "due": "Due", "worn_out": "Replace", "unknown": "Unknown"},
        bands_note="Due: have the next nozzle ready. Replace: worn to its limit.",
        wear_between="estimated {low} to {high}",
        wear_about="estimated {wear}",
    ),
    alert=ENGLISH_ALERTS,
    message=ENGLISH_MESSAGES,
    mistakes=ENGLISH_MISTAKES,
    errors=ENGLISH_ERRORS,
    board=ENGLISH_BOARD,
    people=ENGLISH_PEOPLE,
    outbox=ENGLISH_OUTBOX,
    story=ENGLISH_STORY,
    pages=ENGLISH_PAGES,
    report=ENGLISH_REPORT,
    product=ENGLISH_PRODUCT,
    told=ENGLISH_TOLD,
)

CATALOGUES: Final[Mapping[str, Strings]] = MappingProxyType(
    {ENGLISH.language: ENGLISH} | {code: translated(ENGLISH, read_texts(code)) for code in languages()}
)


def strings_of(language: str) -> Strings:
    """The catalogue of that language; English where there is none."""
    return CATALOGUES.get(language, ENGLISH)


def strings_for(accept_language: str | None, chosen: str | None = None) -> Strings:
    """The catalogue that the reader has chosen, or that the browser's `Accept-Language` prefers; English for others."""
    if chosen is not None and chosen in CATALOGUES:
        return CATALOGUES[chosen]
    for choice in _by_preference(accept_language or ""):
        if choice in CATALOGUES:
            return CATALOGUES[choice]
    return ENGLISH


def _by_preference(accept_language: str) -> list[str]:
    """Languages without their regions, the most wanted first; one of weight 0 is not wanted at all."""
    weighed: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if quality > 0:
            weighed.append((quality, tag.strip().lower().partition("-")[0]))
    return [language for _, language in sorted(weighed, key=lambda choice: -choice[0])]
