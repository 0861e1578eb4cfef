"""The SQL of use: sessions summed by device and local day, the sums and the stale days joined, groups by label.

Lookups are `IN` lists, each an index of its own: SQLite takes a list given as JSON for a short one and would go through
all of it for each row of a join.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.store.sqlite.hot import DAY_MS
from gateway.store.use_rows import UNLABELLED, UseAsk, ZoneSpan

KEY: Final = "day, device_no, clinic_no, nozzle_no, shift"
FIELDS: Final = "sessions, strikes, timed, duration_ms, depths, depth_um, on_battery, battery_ms, cut, stopped"

KnownNumbers: TypeAlias = Mapping[str, int] | Mapping[str | None, int | None]
_LONGEST_MS: Final = DAY_MS // 2
_WEEK_DAYS: Final = 7
_MONDAY: Final = 4
"""1970-01-05, a Monday."""
_MOST_CASES: Final = 64
"""More labels than these are given by number, and named afterwards."""
_SUMMED: Final = ", ".join(f"sum({field})" for field in FIELDS.split(", "))
_IS_TIMED: Final = f"s.started_ms IS NOT NULL AND s.ended_ms IS NOT NULL AND s.ended_ms - s.started_ms < {_LONGEST_MS}"
_LENGTH: Final = f"iif({_IS_TIMED}, s.ended_ms - s.started_ms, 0)"
_COLUMNS: Final = {"clinic": "u.clinic_no", "device": "u.device_no", "nozzle": "u.nozzle_no"}
_LISTED: Final = "(SELECT value FROM json_each(?))"


class Sql(NamedTuple):
    """A piece of SQL and its values."""

    text: str
    values: tuple[object, ...] = ()


def from_sessions(zones: Sequence[ZoneSpan], clinics: Mapping[str, int], since_ms: int, until_ms: int) -> Sql:
    """Rows of `use_days` from the sessions that ended in since <= t < until; a filter may be added, then `GROUPED`."""
    offset = _offset(zones, clinics, since_ms, until_ms)
    text = (
        f"SELECT s.at_ms / {DAY_MS} AS day, s.device_no, s.clinic_no, coalesce(s.nozzle_no, 0) AS nozzle_no,"
        f" (s.at_ms + {offset.text}) / {DAY_MS} - s.at_ms / {DAY_MS} AS shift, count(*) AS sessions,"
        f" sum(s.strikes) AS strikes, sum({_IS_TIMED}) AS timed, sum({_LENGTH}) AS duration_ms,"
        " count(s.depth_mm) AS depths, coalesce(sum(CAST(round(s.depth_mm * 1000) AS INTEGER)), 0) AS depth_um,"
        " sum(s.power_source = 'battery') AS on_battery,"
        f" sum(iif(s.power_source = 'battery', {_LENGTH}, 0)) AS battery_ms,"
        " sum(s.ended_by IS 'power_lost') AS cut, sum(s.ended_by IS 'stopped') AS stopped"
        " FROM sessions s WHERE s.at_ms >= ? AND s.at_ms < ?"
    )
    return Sql(text, (*offset.values, since_ms, until_ms))


GROUPED: Final = " GROUP BY day, s.device_no, s.clinic_no, 4, 5"


def _offset(zones: Sequence[ZoneSpan], clinics: Mapping[str, int], since_ms: int, until_ms: int) -> Sql:
    """How far a session's clinic is ahead of UTC: clinics of one clock go together."""
    alike: dict[tuple[int, int, int], list[int]] = {}
    for clinic_id, since, until, offset_ms in zones:
        if offset_ms and since < until_ms and until > since_ms and clinic_id in clinics:
            alike.setdefault((since, until, offset_ms), []).append(clinics[clinic_id])
    if not alike:
        return Sql("0")
    cases = " ".join(
        f"WHEN s.at_ms >= {since:d} AND s.at_ms < {until:d} AND s.clinic_no IN {_LISTED} THEN {offset_ms:d}"
        for since, until, offset_ms in alike
    )
    return Sql(f"CASE {cases} ELSE 0 END", tuple(json.dumps(numbers) for numbers in alike.values()))


class Labels(NamedTuple):
    """How rows are labelled: by SQL, or by the number of what they belong to, to be named afterwards."""

    sql: Sql
    named: Mapping[int, int] | None


def labels_of(ask: UseAsk, known: Mapping[str, KnownNumbers]) -> Labels:
    """`known` has the numbers of clinics, devices and nozzles."""
    column = _COLUMNS.get(ask.kind)
    if column is None or ask.labels is None:
        return Labels(Sql("0"), None)
    numbers = known[ask.kind]
    by_label: dict[int, list[int]] = {}
    for name, label in ask.labels.items():
        number = numbers.get(name)
        if number is not None:
            by_label.setdefault(label, []).append(number)
    if len(by_label) > _MOST_CASES:
        return Labels(Sql(column), {number: label for label, some in by_label.items() for number in some})
    if not by_label:
        return Labels(Sql(str(UNLABELLED)), None)
    cases = " ".join(f"WHEN {column} IN {_LISTED} THEN {label:d}" for label in by_label)
    values = tuple(json.dumps(some) for some in by_label.values())
    return Labels(Sql(f"CASE {cases} ELSE {UNLABELLED} END", values), None)


def filters_of(ask: UseAsk, known: Mapping[str, KnownNumbers]) -> Sql:
    """What the asker may see."""
    text, values = "", []
    if ask.clinics is not None:
        text += f" AND u.clinic_no IN {_LISTED}"
        values.append(_listed(ask.clinics, known["clinic"]))
    if ask.devices is not None:
        text += f" AND (u.device_no IN {_LISTED} OR u.nozzle_no IN {_LISTED})"
        values += [_listed(ask.devices, known["device"]), _listed(ask.nozzles, known["nozzle"])]
    return Sql(text, tuple(values))


def sums_of(ask: UseAsk, label: Sql, filters: Sql, stale: Sql, first: int, last: int) -> Sql:
    """Sums by label and bucket over the local days first <= day < last. `stale` gives rows of the days that are."""
    bucket = "u.day + u.shift" if ask.bucket_days else f"{ask.since_day:d}"
    if ask.bucket_days == _WEEK_DAYS:
        bucket = f"u.day + u.shift - (u.day + u.shift - {_MONDAY}) % {_WEEK_DAYS}"
    return Sql(
        f"WITH used AS (SELECT {KEY}, {FIELDS} FROM use_days WHERE day >= ? AND day < ?"
        " AND day NOT IN (SELECT day FROM use_stale)"
        f" UNION ALL SELECT * FROM ({stale.text}))"
        f" SELECT {label.text} AS label, {bucket} AS bucket, {_SUMMED} FROM used u"
        f" WHERE u.day + u.shift >= ? AND u.day + u.shift < ?{filters.text} GROUP BY 1, 2",
        (first - 1, last + 1, *stale.values, *label.values, first, last, *filters.values),
    )


def _listed(names: Iterable[str], known: KnownNumbers) -> str:
    return json.dumps([known.get(name) for name in names])
