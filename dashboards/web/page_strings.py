"""The words of the pages about one thing: device, clinic, alerts, registry, operator. Part of the one catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dashboards.charts.plain import Span
from dashboards.web.plural import Plural
from dashboards.web.work_strings import ENGLISH_WORK, WorkWords
from schemas.alert import AlertState
from schemas.page_views import EntryKind
from schemas.records import SessionEnd


@dataclass(frozen=True, slots=True)
class CommonWords:
    """What several of these pages say."""

    acknowledge: str
    older: str
    since: str
    until: str
    alert_states: Mapping[AlertState, str]
    missing_title: str
    missing_detail: str
    to_fleet: str
    minutes: str
    hours_minutes: str
    date: str
    wall_time: str


@dataclass(frozen=True, slots=True)
class DeviceWords:
    """The device page."""

    now_title: str
    spans_title: str
    spans: Mapping[Span, str]
    spans_within: Mapping[Span, str]
    voltage: str
    health: str
    nothing_running: str
    total_sessions: str
    last_seen: str
    replace_by: str
    replace_by_between: str
    remaining_sessions: Plural
    remaining_between: str
    alerts_title: str
    alerts_none: str
    alerts_past_title: str
    alerts_past_none: str
    wear_title: str
    wear_describes: str
    wear_empty: str
    wear_limit: str
    wear: str
    power_title: str
    power_describes: str
    power_empty: str
    charge: str
    source: str
    time: str
    sessions_title: str
    sessions_describes: str
    sessions_empty: str
    sessions_list: str
    sessions: str
    day: str
    less: str
    more: str
    columns: Mapping[str, str]
    depth: str
    ends: Mapping[SessionEnd, str]
    ledger_title: str
    ledger_empty: str
    ledger_actions: Mapping[Literal["fitted", "removed", "sighted"], str]
    made_by: Mapping[Literal["device", "person", "inference"], str]
    unknown_serial: str


@dataclass(frozen=True, slots=True)
class ClinicWords:
    """The clinic page."""

    title: str
    devices: str
    devices_none: str
    due_title: str
    due_none: str
    alerts_title: str
    alerts_none: str
    about_title: str
    region: str
    timezone: str
    contact: str
    hours: str
    hours_unknown: str
    closed: str
    today: str
    weekdays: tuple[str, ...]
    usage_title: str
    usage_describes: str
    discovered: str
    edit: str


@dataclass(frozen=True, slots=True)
class AlertsWords:
    """The alerts page."""

    title: str
    none: str
    none_detail: str
    filter_state: str
    filter_severity: str
    filter_rule: str
    filter_clinic: str
    any: str
    apply: str
    reset: str
    too_late: str


@dataclass(frozen=True, slots=True)
class RegistryWords:
    """The registry page."""

    title: str
    kinds: Mapping[EntryKind, str]
    counts: Mapping[EntryKind, Plural]
    search: str
    find: str
    edit: str
    edit_entry: str
    save: str
    cancel: str
    saved: str
    mistakes: str
    empty: Mapping[EntryKind, str]
    fields: Mapping[str, str]
    hints: Mapping[str, str]
    id: str
    discovered: str
    import_title: str
    import_detail: str
    import_file: str
    import_button: str
    import_done: Plural
    import_mistakes: str
    import_nothing: str
    export: str
    page_of: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class OperatorWords:
    """The operator page."""

    title: str
    rate: str
    rate_unit: str
    rate_waits: str
    rate_note: str
    latency: str
    latency_note: str
    latency_none: str
    missing: str
    missing_note: str
    rejected: str
    rejected_note: str
    broker: str
    broker_up: str
    broker_down: str
    broker_note: str
    store: str
    store_free: str
    received_title: str
    rejected_title: str
    store_title: str
    samples: str
    samples_unsealed: str
    session_records: str
    oldest: str
    size: str
    free: str
    commit_retries: str
    stored: str
    duplicates: str
    since_start: str
    none_yet: str
    fault: str
    quarantine_title: str
    quarantine_count: Plural
    quarantine_none: str
    quarantine_columns: Mapping[str, str]
    milliseconds: str
    bytes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageWords:
    """All of them."""

    common: CommonWords
    device: DeviceWords
    clinic: ClinicWords
    alerts: AlertsWords
    registry: RegistryWords
    operator: OperatorWords
    work: WorkWords


ENGLISH_PAGES: Final = PageWords(
    common=CommonWords(
        acknowledge="Acknowledge",
        older="Older alerts",
        since="since {time}",
        until="ended {time}",
        alert_states={"pending": "Pending", "firing": "Firing", "resolved": "Resolved"},
        missing_title="Nothing here",
        missing_detail="There is no such page, or what it shows lies outside of what you may see.",
        to_fleet="Go to the fleet",
        minutes="{n} min",
        hours_minutes="{h} h {m} min",
        date="{weekday} {day} {month} {year}",
        wall_time="{day} {month}, {time}",
    ),
    device=DeviceWords(
        now_title="Now",
        spans_title="Show the last",
        spans={"hour": "Hour", "day": "Day", "week": "Week", "month": "Month", "year": "Year"},
        spans_within={"hour": "hour", "day": "day", "week": "week", "month": "month", "year": "year"},
        voltage="{n} V",
        health="battery health {n}",
        nothing_running="No session",
        total_sessions="{n} so far",
        last_seen="Last seen",
        replace_by="Replace by",
        replace_by_between="{low} to {high} days",
        remaining_sessions=Plural("{n} session left", "{n} sessions left"),
        remaining_between="{low} to {high} with 80 % confidence",
        alerts_title="Needs action",
        alerts_none="No alert is firing for this device.",
        alerts_past_title="Alerts",
        alerts_past_none="No alert so far.",
        wear_title="Wear",
        wear_describes="Wear of the fitted nozzle {serial} over the last {span}, from {first} to {last}; "
        "at 100 % it must be replaced.",
        wear_empty="No readings of wear in this time. Choose a longer one.",
        wear_limit="Limit",
        wear="Wear",
        power_title="Power",
        power_describes="State of charge and source of power over the last {span}, now {now}.",
        power_empty="No readings of power in this time. Choose a longer one.",
        charge="Charge",
        source="Source",
        time="Time",
        sessions_title="Sessions of the last half year",
        sessions_describes="Calendar of sessions: {n} on {days} days since {since}.",
        sessions_empty="No session has ended yet.",
        sessions_list="Latest sessions",
        sessions="Sessions",
        day="Day",
        less="Fewer",
        more="More",
        columns={
            "ended": "Ended",
            "duration": "Duration",
            "strikes": "Strikes",
            "depth": "Depth",
            "end": "How it ended",
        },
        depth="{n} mm",
        ends={"normal": "completed", "stopped": "stopped", "power_lost": "power lost"},
        ledger_title="Nozzles on this device",
        ledger_empty="No nozzle has been seen on this device yet.",
        ledger_actions={"fitted": "Fitted", "removed": "Removed", "sighted": "First seen"},
        made_by={"device": "reported by the device", "person": "entered by a person", "inference": "inferred"},
        unknown_serial="not readable",
    ),
    clinic=ClinicWords(
        title="Clinic",
        devices="Devices",
        devices_none="No device of this clinic has been heard yet.",
        due_title="Due",
        due_none="No nozzle is due here.",
        alerts_title="Alerts",
        alerts_none="No alert is firing here.",
        about_title="About",
        region="Region",
        timezone="Time zone",
        contact="Contact",
        hours="Opening hours",
        hours_unknown="Not entered: silence counts at any time of the day.",
        closed="closed",
        today="today",
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        usage_title="Sessions a day, last six weeks",
        usage_describes="Sessions a day over the last six weeks: {n} in all, at most {most} on a day.",
        discovered="discovered by its messages",
        edit="Edit",
    ),
    alerts=AlertsWords(
        title="Alerts",
        none="No alert matches",
        none_detail="Nothing fires that fits these filters. Choose “Any” to see what is over.",
        filter_state="State",
        filter_severity="Severity",
        filter_rule="Rule",
        filter_clinic="Clinic",
        any="Any",
        apply="Show",
        reset="Clear filters",
        too_late="That alert was resolved already: there is nothing left to acknowledge.",
    ),
    registry=RegistryWords(
        title="Registry",
        kinds={"clinic": "Clinics", "device": "Devices", "nozzle_model": "Nozzle models", "lot": "Lots"},
        counts={
            "clinic": Plural("{n} clinic", "{n} clinics"),
            "device": Plural("{n} device", "{n} devices"),
            "nozzle_model": Plural("{n} nozzle model", "{n} nozzle models"),
            "lot": Plural("{n} lot", "{n} lots"),
        },
        search="Search",
        find="Find",
        edit="Edit",
        edit_entry="Edit {id}",
        save="Save",
        cancel="Cancel",
        saved="Saved {id}.",
        mistakes="Not saved. Correct this and save again:",
        empty={
            "clinic": "No clinic yet. Clinics appear with the first message of a device, or import them below.",
            "device": "No device yet. Devices appear with their first message.",
            "nozzle_model": "No nozzle model yet. Models appear with the first swap that names one.",
            "lot": "No lot yet. Lots appear with the first swap that names one.",
        },
        fields={
            "name": "Name",
            "region": "Region",
            "timezone": "Time zone",
            "opening_hours": "Opening hours",
            "contact": "Contact",
            "label": "Label",
            "asset_tag": "Asset tag",
            "room": "Room",
            "state": "State",
            "rated_strikes": "Rated strikes",
            "coating_limit": "Coating limit",
            "lead_days": "Lead days",
            "price": "Price",
            "fits": "Fits device models",
            "model": "Nozzle model",
            "recalled": "Recalled",
            "recall_note": "Why",
            "yes": "recalled",
            "no": "not recalled",
        },
        hints={
            "timezone": "as Europe/Berlin",
            "opening_hours": "seven from Monday, as 08:00-18:00 or closed, with commas between",
            "rated_strikes": "empty: not known",
            "coating_limit": "remaining part of the coating at which it is worn out, 0 to 1",
            "lead_days": "days from order to delivery",
            "fits": "with spaces between; empty: not said",
        },
        id="Id",
        discovered="new",
        import_title="Import and export",
        import_detail="One CSV file with the column “kind” (clinic, device, nozzle_model, lot). "
        "It is taken whole or not at all; columns that it lacks leave what is.",
        import_file="CSV file",
        import_button="Import",
        import_done=Plural("Imported {n} entry.", "Imported {n} entries."),
        import_mistakes="Nothing was imported. Correct the file and try again:",
        import_nothing="Choose a file first.",
        export="Export as CSV",
        page_of="Page {n} of {all}",
        previous="Previous",
        next="Next",
    ),
    operator=OperatorWords(
        title="Operator",
        rate="Messages",
        rate_unit="a second",
        rate_waits="measuring",
        rate_note="over the last minute",
        latency="Ingest latency",
        latency_note="median; 99 % within {n}",
        latency_none="none yet",
        missing="Records missing",
        missing_note="{n} given up as lost",
        rejected="Rejected",
        rejected_note="deliveries and samples since the start",
        broker="Broker",
        broker_up="Connected",
        broker_down="Not connected",
        broker_note="{n} disconnects, {lost} lost sessions",
        store="Store",
        store_free="{n} free",
        received_title="Received by kind",
        rejected_title="Rejected by reason",
        store_title="Store",
        samples="Samples",
        samples_unsealed="of these not yet sealed",
        session_records="Sessions",
        oldest="Oldest sample",
        size="Size",
        free="Free on its disk",
        commit_retries="Commits tried again",
        stored="Records stored",
        duplicates="Redeliveries dropped",
        since_start="since the gateway started",
        none_yet="None.",
        fault="The store takes nothing in just now. What is received is held and tried again; the store says:",
        quarantine_title="Quarantine",
        quarantine_count=Plural("{n} entry in all", "{n} entries in all"),
        quarantine_none="Nothing is in quarantine: every message could be read.",
        quarantine_columns={
            "last": "Last received",
            "reason": "Reason",
            "path": "Where in it",
            "topic": "Topic",
            "count": "Times",
            "size": "Size",
        },
        milliseconds="{n} ms",
        bytes=("{n} B", "{n} kB", "{n} MB", "{n} GB", "{n} TB"),
    ),
    work=ENGLISH_WORK,
)
