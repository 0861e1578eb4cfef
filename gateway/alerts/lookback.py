"""Looking back: since when a finding has stood, read from the samples themselves.

The engine sees a device as it stands now and then; what was in between is in the store. So an alert fires when its
condition has held for long enough in the telemetry, however fast that telemetry came in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from gateway.alerts.conditions import Finding, NozzleCondition, Rules, nozzle_facts
from gateway.ingest.fleet import NozzleState
from gateway.store.rows import SamplePoint
from schemas.alert import Alert
from schemas.registry import NozzleModel

MARGIN_MS: Final = 24 * 3_600_000
"""Beyond the hold: far enough to meet a reading before it, on a device that says little."""


def is_needed(alert: Alert | None, finding: Finding) -> bool:
    """Whether it matters since when the finding has stood: something would open, fire or resolve by it."""
    if alert is None or alert.state == "resolved":
        return finding.verdict == "true"
    if alert.state == "pending":
        return finding.verdict in ("true", "within")
    return finding.verdict == "false" or (finding.verdict == "within" and alert.clearing_since_ms is not None)


def stood_since(
    nozzle: NozzleState,
    model: NozzleModel | None,
    readings: Iterable[SamplePoint],
    condition: NozzleCondition,
    settings: Rules,
) -> dict[bool, int]:
    """Since when the condition has been true, or false, up to the last reading: one entry, or none.

    `readings` are the device's, oldest first. A reading between the thresholds keeps what was.
    """
    stands: dict[bool, int] = {}
    for reading in readings:
        if reading.nozzle_serial != nozzle.serial or _says_nothing(nozzle, reading):
            continue
        then = replace(
            nozzle,
            coating_ratio=reading.coating_ratio,
            strikes=reading.strikes,
            last_event_ms=reading.ts_ms,
            fitted=True,
        )
        found = condition(nozzle_facts(then, model, None), settings)
        if found is None or found.verdict == "within":
            continue
        is_true = found.verdict == "true"
        if is_true not in stands:
            stands = {is_true: reading.ts_ms}
    return stands


def _says_nothing(nozzle: NozzleState, reading: SamplePoint) -> bool:
    """A nozzle whose coating is measured is not judged by its strikes where one measurement is missing."""
    return reading.coating_ratio is None and nozzle.coating_ratio is not None
