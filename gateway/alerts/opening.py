"""How much of a stretch of time lies within a clinic's hours. Pure."""

from __future__ import annotations

from typing import Final

from gateway.alerts.listening import Schedule, is_open

_STEP_MS: Final = 300_000
"""Opening hours begin and end at full five minutes nearly everywhere: a silence is measured as finely."""
_LONGEST_MS: Final = 14 * 86_400_000
"""What is longer is silence enough in any week."""


def open_ms(schedule: Schedule, since_ms: int, until_ms: int) -> int:
    """The time between the two in which the clinic was open, to within five minutes."""
    if not schedule.opening_hours:
        return until_ms - since_ms
    found = 0
    at_ms = since_ms
    until_ms = min(until_ms, since_ms + _LONGEST_MS)
    while at_ms < until_ms:
        step_ms = min(_STEP_MS, until_ms - at_ms)
        found += step_ms * is_open(schedule, at_ms)
        at_ms += step_ms
    return found
