"""What is wrong with a whole clinic, or with the gateway itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.alerts.conditions import Finding, Rules, Verdict, falling, rising
from gateway.alerts.device_conditions import graded
from schemas.alert_facts import AlertFacts

GATEWAY: Final = "gateway"
"""The subject of alerts about the gateway itself; they belong to no clinic."""
NO_CLINIC: Final = ""
FEWEST_DEVICES: Final = 2
"""A clinic of one device has no outage of its own: the device says it."""
FRESH_MS: Final = 3_600_000
"""What a device said longer than this before its clinic's newest reading does not count."""


@dataclass(slots=True)
class PowerState:
    """What a device that stands on mains said of its power last; changed in place as it says more."""

    on_battery: bool
    at_ms: int
    """Never after its receipt: one clock that is ahead would put off the whole clinic's alert."""


def clinic_mains_lost(clinic_id: str, states: Sequence[PowerState], rules: Rules) -> Finding | None:
    """Most devices of a clinic that stand on mains run on their batteries: the clinic has no power."""
    newest_ms = max((state.at_ms for state in states), default=0)
    fresh = [state for state in states if state.at_ms >= newest_ms - FRESH_MS]
    if len(fresh) < FEWEST_DEVICES:
        return None
    settings = rules.rule("clinic_mains_lost")
    dark = sum(state.on_battery for state in fresh)
    share = dark / len(fresh)
    verdict = rising(share, settings.threshold or 0.0, settings.hysteresis)
    if verdict == "true" and dark < FEWEST_DEVICES:
        verdict = "within"
    return Finding(
        "clinic_mains_lost",
        clinic_id,
        clinic_id,
        None,
        settings.severity,
        verdict,
        share,
        AlertFacts(number=dark, devices=len(fresh)),
        newest_ms,
        worse_by=0.2,
    )


def gateway_disk_low(free_ratio: float, free_bytes: int, now_ms: int, rules: Rules) -> Finding:
    """The disk that holds the store is nearly full: soon nothing more can be taken in."""
    settings = rules.rule("gateway_disk_low")
    verdict = falling(free_ratio, settings.threshold or 0.0, settings.hysteresis)
    said = AlertFacts(free_ratio=free_ratio, free_bytes=free_bytes)
    severity = graded(settings, free_ratio, rises=False)
    return Finding(
        "gateway_disk_low", GATEWAY, NO_CLINIC, None, severity, verdict, free_ratio, said, now_ms, worse_by=None
    )


def gateway_broker_lost(lost_ms: int, now_ms: int, rules: Rules) -> Finding:
    """The gateway has no connection to the broker: it hears nobody."""
    settings = rules.rule("gateway_broker_lost")
    verdict: Verdict = "false"
    if lost_ms:
        verdict = "true" if lost_ms >= (settings.threshold or 0.0) * 1_000 else "within"
    return Finding(
        "gateway_broker_lost",
        GATEWAY,
        NO_CLINIC,
        None,
        settings.severity,
        verdict,
        lost_ms / 1_000,
        AlertFacts(lasts_ms=lost_ms),
        now_ms,
        worse_by=None,
    )


def gateway_message_dead(dead: int, now_ms: int, rules: Rules) -> Finding:
    """Messages were given up within a day: whoever they were for does not know."""
    settings = rules.rule("gateway_message_dead")
    verdict: Verdict = "true" if dead >= (settings.threshold or 0.0) else "false"
    return Finding(
        "gateway_message_dead",
        GATEWAY,
        NO_CLINIC,
        None,
        settings.severity,
        verdict,
        float(dead),
        AlertFacts(number=dead),
        now_ms,
        worse_by=None,
    )
