"""One firing alert of every rule, with all that it says as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboards.web.alert_sentences import sentence
from dashboards.web.strings import ENGLISH
from schemas.alert import RULES, Alert, Rule
from schemas.alert_facts import AlertFacts

MINUTE_MS: Final = 60_000

FACTS: Final[Mapping[Rule, tuple[AlertFacts, ...]]] = {
    "nozzle_due": (
        AlertFacts(wear_ratio=0.925, replace_by="2026-12-03"),
        AlertFacts(replace_by="2026-12-03"),
        AlertFacts(wear_ratio=0.9),
        AlertFacts(),
    ),
    "nozzle_worn_out": (AlertFacts(wear_ratio=1.043),),
    "nozzle_expired": (AlertFacts(expires_on="2026-10-31"),),
    "nozzle_recalled": (AlertFacts(lot="L-7"),),
    "nozzle_mismatched": (AlertFacts(nozzle_model="MN-12", device_model="SP-500"),),
    "nozzle_duplicate": (AlertFacts(others=("SP-0002", "SP-0003")), AlertFacts()),
    "nozzle_unconfirmed_swap": (AlertFacts(), AlertFacts(strikes_before=1_200_300, strikes_now=10)),
    "nozzle_wear_abnormal": (AlertFacts(speed_ratio=1.84, group_model="MN-12"), AlertFacts(speed_ratio=1.84)),
    "battery_low": (AlertFacts(charge_ratio=0.12),),
    "battery_degraded": (AlertFacts(health_ratio=0.55),),
    "mains_lost": (AlertFacts(charge_ratio=0.8), AlertFacts()),
    "clinic_mains_lost": (AlertFacts(number=4, devices=5),),
    "device_silent": (AlertFacts(lasts_ms=45 * MINUTE_MS), AlertFacts(lasts_ms=1_500 * 60 * MINUTE_MS)),
    "clinic_silent": (AlertFacts(lasts_ms=300 * MINUTE_MS),),
    "session_overlong": (AlertFacts(lasts_ms=95 * MINUTE_MS),),
    "depth_out_of_range": (AlertFacts(depth_mm=2.75, low_mm=0.5, high_mm=2.0),),
    "clock_skew": (AlertFacts(), AlertFacts(clock_off_ms=600_000), AlertFacts(clock_off_ms=-9_000_000)),
    "data_gap": (AlertFacts(number=1), AlertFacts(number=12)),
    "message_rejected": (AlertFacts(number=1, reason="not_json"), AlertFacts(number=7, reason="unknown_field")),
    "gateway_disk_low": (AlertFacts(free_ratio=0.04, free_bytes=3_400_000_000),),
    "gateway_broker_lost": (AlertFacts(lasts_ms=9 * MINUTE_MS),),
    "gateway_message_dead": (AlertFacts(number=1), AlertFacts(number=3)),
}
"""Every way in which each rule can be true."""


def place_of(rule: Rule, clinic_id: str, device_id: str, serial: str) -> tuple[str, str, str | None]:
    """The subject, clinic and device of an alert of the rule."""
    if rule.startswith("gateway_"):
        return "gateway", "", None
    if rule.startswith("clinic_"):
        return clinic_id, clinic_id, None
    return (serial if rule.startswith("nozzle_") else device_id), clinic_id, device_id


def every_alert(clinic_id: str, device_id: str, now_ms: int) -> list[Alert]:
    """The alerts; each nozzle rule has a nozzle of its own."""
    made = []
    for number, rule in enumerate(RULES):
        for variant, facts in enumerate(FACTS[rule]):
            subject, clinic, device = place_of(rule, clinic_id, device_id, f"n-{number}-{variant}")
            if variant and not rule.startswith("nozzle_"):
                continue
            text = sentence(rule, subject, device, facts, ENGLISH)
            value = facts.wear_ratio
            made.append(
                Alert(
                    0,
                    rule,
                    subject,
                    clinic,
                    device,
                    "warning",
                    "firing",
                    value,
                    text,
                    now_ms - 9_000_000,
                    now_ms - 9_000_000,
                    None,
                    None,
                    now_ms - 60_000,
                    facts=facts,
                )
            )
    return made
