"""Tables: what each exported file has, column by column. Pure; the reference in docs/analytics.md follows it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["text", "int", "float", "bool", "floats"]
"""`floats`: a list of numbers; in CSV written with semicolons."""
TableName: TypeAlias = str


class Field(NamedTuple):
    """One column. `steps`: whole numbers of which neighbours lie close, so that their differences are kept."""

    name: str
    kind: Kind
    meaning: str
    steps: bool = False


class TableShape(NamedTuple):
    """One kind of file. `by_day`: one file for each UTC day; otherwise one for all."""

    name: TableName
    by_day: bool
    fields: tuple[Field, ...]
    order: str


SAMPLES: Final = TableShape(
    "samples",
    True,
    (
        Field("device_id", "text", "the device"),
        Field("ts_ms", "int", "event time", steps=True),
        Field("clinic_id", "text", "the clinic it stood in"),
        Field("boot_id", "text", "which power-up"),
        Field("seq", "int", "number of the record within the boot", steps=True),
        Field("received_ms", "int", "when the gateway first had it", steps=True),
        Field("estimated", "bool", "the device's clock was not set or not believed; `ts_ms` is our estimate"),
        Field("clock_ms", "int", "what the device's clock said, where that is not `ts_ms`", steps=True),
        Field("up_ms", "int", "milliseconds since power-up", steps=True),
        Field("power_source", "text", "`mains` or `battery`"),
        Field("charge", "float", "state of charge, 0 to 1"),
        Field("voltage_v", "float", "supply or battery voltage"),
        Field("health", "float", "full-charge capacity / design capacity"),
        Field("nozzle_fitted", "bool", "a nozzle was fitted"),
        Field("nozzle_serial", "text", "which; null where its tag could not be read"),
        Field("strikes", "int", "needle strikes of the nozzle so far", steps=True),
        Field("coating", "float", "remaining fraction of the coating as measured: noisy"),
        Field("depth_mm", "float", "set penetration depth"),
        Field("sessions_total", "int", "sessions of the device so far", steps=True),
        Field("session_active", "bool", "a session was running"),
    ),
    "device_id, ts_ms",
)

SESSIONS: Final = TableShape(
    "sessions",
    True,
    (
        Field("device_id", "text", "the device"),
        Field("ts_ms", "int", "event time of the record, at the session's end", steps=True),
        Field("clinic_id", "text", "the clinic it stood in"),
        Field("session_id", "text", "made by the device"),
        Field("started_ms", "int", "start by the device's clock", steps=True),
        Field("ended_ms", "int", "end by the device's clock", steps=True),
        Field("strikes", "int", "strikes in this session"),
        Field("depth_mm", "float", "penetration depth"),
        Field("nozzle_serial", "text", "the nozzle"),
        Field("power_source", "text", "`mains` or `battery`"),
        Field("end", "text", "`normal`, `stopped`, `power_lost` or null"),
        Field("estimated", "bool", "`ts_ms` is our estimate"),
        Field("received_ms", "int", "when the gateway first had it", steps=True),
    ),
    "device_id, ts_ms",
)

NOZZLE_LIVES: Final = TableShape(
    "nozzle_lives",
    False,
    (
        Field("device_id", "text", "the device"),
        Field("nozzle_serial", "text", "the nozzle; one that was on several devices has a row for each fitting"),
        Field("clinic_id", "text", "the clinic where it was fitted"),
        Field("model", "text", "the nozzle's model"),
        Field("lot", "text", "its lot"),
        Field("rated_strikes", "int", "what its maker rates it for"),
        Field("expires_on", "text", "date on its package"),
        Field("fitted_ms", "int", "when it was fitted, or first seen", steps=True),
        Field("confirmed", "bool", "false: first seen without a record of fitting, its use before is unknown"),
        Field("fitted_by", "text", "who says so: `device`, `person` or `inference`"),
        Field("strikes_at_start", "int", "its strikes then"),
        Field("removed_ms", "int", "when it was taken off; null: it is still fitted", steps=True),
        Field("removed_by", "text", "who says so"),
        Field("strikes_at_end", "int", "its strikes then, or by now"),
        Field("coating", "float", "its last measured coating on this device"),
        Field("reason", "text", "why a person took it off"),
    ),
    "device_id, fitted_ms",
)

FORECASTS: Final = TableShape(
    "forecasts",
    True,
    (
        Field("nozzle_serial", "text", "the nozzle"),
        Field("as_of_ms", "int", "when the forecast was made", steps=True),
        Field("group", "text", "whose experience it rested on"),
        Field("strikes", "int", "the nozzle's strikes then"),
        Field("wear", "float", "its wear then; 1 is worn out"),
        Field("remaining_strikes", "floats", "forecast quantiles 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95"),
        Field("remaining_sessions", "floats", "the same in sessions"),
        Field("remaining_days", "floats", "the same in days"),
        Field("replace_by", "text", "the date that was advised"),
        Field("outcome", "text", "what came: `crossed`, `worn`, `censored`; null: not known yet"),
        Field("came_strikes", "float", "strikes that really remained, or at least so many where censored"),
        Field("pit", "float", "probability integral transform of what came"),
        Field("inside_80", "float", "whether (or how probably) it came inside the 80 % interval"),
        Field("scored_ms", "int", "when that was found out"),
    ),
    "nozzle_serial, as_of_ms",
)

ALERTS: Final = TableShape(
    "alerts",
    True,
    (
        Field("alert_id", "int", "number", steps=True),
        Field("rule", "text", "the rule"),
        Field("severity", "text", "`info`, `warning` or `critical`"),
        Field("state", "text", "`pending`, `firing` or `resolved`"),
        Field("clinic_id", "text", "the clinic; empty for the gateway itself"),
        Field("device_id", "text", "the device"),
        Field("subject", "text", "device, nozzle or clinic"),
        Field("value", "float", "what the rule compared"),
        Field("summary", "text", "one sentence"),
        Field("pending_since_ms", "int", "when its condition began", steps=True),
        Field("firing_since_ms", "int", "when it began to fire", steps=True),
        Field("resolved_ms", "int", "when it ended", steps=True),
        Field("acknowledged_by", "text", "who said that it was seen"),
        Field("acknowledged_ms", "int", "when"),
    ),
    "device_id, pending_since_ms",
)

TABLES: Final = (SAMPLES, SESSIONS, NOZZLE_LIVES, FORECASTS, ALERTS)
