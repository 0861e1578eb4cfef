"""Rehearsal of rules whose evidence is not kept, by the record of their alerts: when each was true, and how long. Pure.

An alert's history says since when its condition was true and when it was false again, also of those that never fired.
So holds can be rehearsed, and a rule that is switched off; a threshold can't.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.rehearse import Firing
from gateway.config_alerts import RuleSettings
from gateway.store.service_rows import AlertHistoryRow
from schemas.alert import Alert, Rule

BY_RECORD: Final[frozenset[Rule]] = frozenset(
    {
        "nozzle_wear_abnormal",
        "data_gap",
        "message_rejected",
        "gateway_disk_low",
        "gateway_broker_lost",
        "gateway_message_dead",
    }
)
REHEARSABLE_KEYS: Final = frozenset({"enabled", "severity", "hold_s", "keep_firing_s"})


class Episode(NamedTuple):
    """From when to when a condition was true; `until_ms` None: it is still."""

    since_ms: int
    until_ms: int | None


def episodes(rows: Sequence[AlertHistoryRow], kept_ms: int) -> Iterator[Episode]:
    """When the alert's condition was true; it resolved `kept_ms` after that, so far as it had fired."""
    since_ms: int | None = None
    fired = False
    for row in rows:
        if row.to_state in ("pending", "firing"):
            since_ms = row.at_ms if since_ms is None else since_ms
            fired = fired or row.to_state == "firing"
        elif since_ms is not None:
            yield Episode(since_ms, max(since_ms, row.at_ms - (kept_ms if fired else 0)))
            since_ms, fired = None, False
    if since_ms is not None:
        yield Episode(since_ms, None)


def rehearse_record(
    alert: Alert, rows: Sequence[AlertHistoryRow], settings: RuleSettings, was: RuleSettings, since_ms: int
) -> tuple[Firing, ...]:
    """When an alert with this record would have fired with these settings; `was`: those that it fired with."""
    if not settings.enabled:
        return ()
    found: list[Firing] = []
    for one in episodes(rows, was.keep_firing_ms):
        fired_ms = one.since_ms + settings.hold_ms
        if one.until_ms is not None and one.until_ms < fired_ms:
            continue
        over_ms = None if one.until_ms is None else one.until_ms + settings.keep_firing_ms
        last = found[-1] if found else None
        if last is not None and last.resolved_ms is not None and one.since_ms <= last.resolved_ms:
            found[-1] = last._replace(resolved_ms=over_ms)
        else:
            found.append(Firing(alert.subject, alert.clinic_id, fired_ms, over_ms, alert.device_id, alert.severity))
    return tuple(firing for firing in found if firing.fired_ms >= since_ms)
