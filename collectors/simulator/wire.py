"""The text of messages, formatted by hand: a fleet's history is a million samples, and a JSON library would take
most of the time. Every text value is one of the simulator's own identifiers, so nothing needs escaping.
"""

from __future__ import annotations

from schemas.records import Form, NozzleAction, OnlineState, PowerSource, SessionEnd


def time_json(value_ms: int | None) -> str:
    return "null" if value_ms is None else str(value_ms)


def text_json(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


def head_json(boot_id: str, seq: int, ts_ms: int | None, up_ms: int) -> str:
    """How every record begins, without its closing brace."""
    return f'{{"boot_id":"{boot_id}","seq":{seq},"ts_ms":{time_json(ts_ms)},"up_ms":{up_ms}'


def session_json(
    head: str,
    *,
    session_id: str,
    started_ms: int | None,
    ended_ms: int | None,
    strikes: int,
    depth_mm: float | None,
    nozzle_serial: str | None,
    power_source: PowerSource,
    end: SessionEnd,
) -> str:
    """A `session` message."""
    depth = "null" if depth_mm is None else f"{depth_mm:.1f}"
    return (
        f'{head},"session_id":"{session_id}","started_ms":{time_json(started_ms)},"ended_ms":{time_json(ended_ms)},'
        f'"strikes":{strikes},"depth_mm":{depth},"nozzle_serial":{text_json(nozzle_serial)},'
        f'"power_source":"{power_source}","end":"{end}"}}'
    )


def nozzle_json(
    head: str,
    event: NozzleAction,
    *,
    serial: str,
    strikes: int,
    model: str,
    lot: str,
    rated_strikes: int,
    expires_on: str,
) -> str:
    """A `nozzle` message."""
    return (
        f'{head},"event":"{event}","serial":"{serial}","strikes":{strikes},"model":"{model}","lot":"{lot}",'
        f'"rated_strikes":{rated_strikes},"expires_on":"{expires_on}"}}'
    )


def status_json(
    state: OnlineState,
    boot_id: str,
    ts_ms: int | None,
    *,
    model: str,
    firmware: str,
    form: Form,
    interval_s: int,
) -> str:
    """A `status` message of the device's own; without `ts_ms` while its clock is not set."""
    time_part = "" if ts_ms is None else f',"ts_ms":{ts_ms}'
    return (
        f'{{"state":"{state}","boot_id":"{boot_id}"{time_part},"model":"{model}","firmware":"{firmware}",'
        f'"form":"{form}","interval_s":{interval_s}}}'
    )


def will_json(boot_id: str) -> str:
    """The `status` message that the broker sends when the device has gone without a word."""
    return f'{{"state":"offline","boot_id":"{boot_id}"}}'
