"""How an alert changes: one table of transitions, pending -> firing -> resolved. Pure, in telemetry time.

| | `true` | `within` | `false` | `over` |
|---|---|---|---|---|
| none | opens | | | |
| pending | fires once it has held | fires once it has held | dropped | dropped |
| firing | stays; worse or moved is noted | as it was | resolves once it has been clear | resolves |
| resolved | opens again | | | |

An alert that was closed by `over` while it fired (its nozzle was taken off) fires at once when it opens again:
nothing has said that it got better. Evidence older than what was judged is history and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, NamedTuple, TypeAlias

from gateway.alerts.conditions import Finding, Verdict
from gateway.store.service_rows import AlertChange
from schemas.alert import SEVERITIES, Alert, AlertState, Severity

Phase: TypeAlias = Literal["none", "pending", "firing", "resolved"]


class Timing(NamedTuple):
    """The holds of a rule."""

    hold_ms: int
    """How long the condition is true before the alert fires."""
    keep_firing_ms: int
    """How long it is false before the alert resolves."""


def may_change(alert: Alert | None, finding: Finding) -> bool:
    """Whether the finding could make any change: most say of an alert that is not there that it need not be."""
    if finding.verdict == "true":
        return True
    if alert is None or alert.state == "resolved":
        return False
    return not (finding.count_unseen and finding.verdict == "false" and _is_of_count(alert))


def step(alert: Alert | None, finding: Finding, timing: Timing) -> AlertChange | None:
    """The change that `finding` makes to `alert` (the newest of its rule and subject), or None.

    The same finding again makes no further change.
    """
    if alert is None:
        return _open(finding, timing) if finding.verdict == "true" else None
    if finding.at_ms < alert.last_evidence_ms:
        if finding.verdict != "over":
            return None
        finding = finding._replace(at_ms=alert.last_evidence_ms)
    return TABLE[alert.state, finding.verdict](alert, finding, timing)


def _is_of_count(alert: Alert) -> bool:
    """Whether the alert tells of a counter that fell."""
    return alert.facts is not None and alert.facts.strikes_before is not None


def worst(one: Severity, other: Severity) -> Severity:
    """The more severe of two."""
    return max(one, other, key=SEVERITIES.index)


def _open(finding: Finding, timing: Timing) -> AlertChange:
    return AlertChange(_opened(finding, timing, _since(finding)), None, finding.at_ms, "opened")


def _reopen(alert: Alert, finding: Finding, timing: Timing) -> AlertChange | None:
    if finding.at_ms <= alert.last_evidence_ms:
        return None
    ended_while_true = alert.firing_since_ms is not None and alert.clearing_since_ms is None
    since_ms = max(_since(finding), alert.last_evidence_ms)
    opened = _opened(finding, Timing(0, 0) if ended_while_true else timing, since_ms)
    return AlertChange(replace(opened, alert_id=alert.alert_id), "resolved", finding.at_ms, "opened again")


def _opened(finding: Finding, timing: Timing, since_ms: int) -> Alert:
    fires = finding.at_ms - since_ms >= timing.hold_ms
    return Alert(
        alert_id=0,
        rule=finding.rule,
        subject=finding.subject,
        clinic_id=finding.clinic_id,
        device_id=finding.device_id,
        severity=finding.severity,
        state="firing" if fires else "pending",
        value=finding.value,
        summary=finding.summary,
        facts=finding.facts,
        pending_since_ms=since_ms,
        firing_since_ms=finding.at_ms if fires else None,
        clearing_since_ms=None,
        resolved_ms=None,
        last_evidence_ms=finding.at_ms,
    )


def _hold(alert: Alert, finding: Finding, timing: Timing) -> AlertChange | None:
    # Later than when it opened, where a reading in between was false.
    since_ms = alert.pending_since_ms if finding.since_ms is None else max(alert.pending_since_ms, finding.since_ms)
    if finding.at_ms - since_ms >= timing.hold_ms:
        fired = replace(
            _judged(alert, finding), state="firing", pending_since_ms=since_ms, firing_since_ms=finding.at_ms
        )
        return AlertChange(fired, "pending", finding.at_ms, "held long enough")
    return _moved(alert, finding)


def _drop(alert: Alert, finding: Finding, _timing: Timing) -> AlertChange:
    return _resolve(alert, finding, finding.why or "no longer true")


def _stay_firing(alert: Alert, finding: Finding, _timing: Timing) -> AlertChange | None:
    if alert.clearing_since_ms is not None:
        return AlertChange(
            replace(_judged(alert, finding), clearing_since_ms=None), "firing", finding.at_ms, "true again"
        )
    if _is_worse(alert, finding):
        return AlertChange(_judged(alert, finding), "firing", finding.at_ms, "worse")
    return _moved(alert, finding)


def _as_it_was(alert: Alert, finding: Finding, timing: Timing) -> AlertChange | None:
    return _moved(alert, finding) if alert.clearing_since_ms is None else _clear(alert, finding, timing)


def _clear(alert: Alert, finding: Finding, timing: Timing) -> AlertChange | None:
    since_ms = _clear_since(alert, finding)
    clearing = replace(alert, clearing_since_ms=since_ms, clinic_id=finding.clinic_id, device_id=finding.device_id)
    if finding.at_ms - since_ms >= timing.keep_firing_ms:
        return _resolve(replace(clearing, value=finding.value), finding, "clear long enough")
    if alert.clearing_since_ms is None:
        return AlertChange(replace(clearing, last_evidence_ms=finding.at_ms), "firing", finding.at_ms, "clearing")
    return _moved(alert, finding)


def _clear_since(alert: Alert, finding: Finding) -> int:
    if alert.clearing_since_ms is not None:
        return max(alert.clearing_since_ms, finding.since_ms or 0)
    return max(_since(finding), alert.firing_since_ms or 0)


def _end(alert: Alert, finding: Finding, _timing: Timing) -> AlertChange:
    return _resolve(alert, finding, finding.why)


def _nothing(_alert: Alert, _finding: Finding, _timing: Timing) -> None:
    return None


def _resolve(alert: Alert, finding: Finding, note: str) -> AlertChange:
    resolved = replace(alert, state="resolved", resolved_ms=finding.at_ms, last_evidence_ms=finding.at_ms)
    return AlertChange(resolved, alert.state, finding.at_ms, note)


def _is_worse(alert: Alert, finding: Finding) -> bool:
    if worst(alert.severity, finding.severity) != alert.severity:
        return True
    if finding.value is None or finding.worse_by is None:
        return False
    if alert.value is None:
        return True
    step_from = alert.value + finding.worse_by
    return finding.value >= step_from if finding.worse_by > 0 else finding.value <= step_from


def _moved(alert: Alert, finding: Finding) -> AlertChange | None:
    if (alert.clinic_id, alert.device_id) == (finding.clinic_id, finding.device_id):
        return None
    return AlertChange(_judged(alert, finding), alert.state, finding.at_ms, "moved")


def _since(finding: Finding) -> int:
    return finding.at_ms if finding.since_ms is None else min(finding.since_ms, finding.at_ms)


def _judged(alert: Alert, finding: Finding) -> Alert:
    return replace(
        alert,
        clinic_id=finding.clinic_id,
        device_id=finding.device_id,
        severity=worst(alert.severity, finding.severity),
        value=finding.value,
        summary=finding.summary,
        facts=finding.facts,
        last_evidence_ms=finding.at_ms,
    )


Step: TypeAlias = Callable[[Alert, Finding, Timing], AlertChange | None]

TABLE: Final[dict[tuple[AlertState, Verdict], Step]] = {
    ("pending", "true"): _hold,
    ("pending", "within"): _hold,
    ("pending", "false"): _drop,
    ("pending", "over"): _drop,
    ("firing", "true"): _stay_firing,
    ("firing", "within"): _as_it_was,
    ("firing", "false"): _clear,
    ("firing", "over"): _end,
    ("resolved", "true"): _reopen,
    ("resolved", "within"): _nothing,
    ("resolved", "false"): _nothing,
    ("resolved", "over"): _nothing,
}
