"""What a device's readings say: power, sessions, depth, clock; and what is missing or refused of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, TypeAlias

from gateway.alerts.conditions import Finding, Rules, Verdict, falling, rising
from gateway.config_alerts import RuleSettings
from schemas.alert import Rule, Severity
from schemas.alert_facts import AlertFacts

ANNOUNCED_TIMES: Final = 2
"""A device that announced its own longest silence is silent after this many of them."""


_WORSE_BY: Final[Mapping[Rule, float]] = MappingProxyType({"battery_low": -0.05, "battery_degraded": -0.1})


class Reading(Protocol):
    """What the rules look at in a sample, live or stored."""

    @property
    def power_source(self) -> str: ...
    @property
    def charge_ratio(self) -> float | None: ...
    @property
    def health_ratio(self) -> float | None: ...
    @property
    def depth_mm(self) -> float | None: ...
    @property
    def session_active(self) -> bool: ...


class Moment(NamedTuple):
    """One reading of a device, with where and when."""

    device_id: str
    clinic_id: str
    stands: bool
    """Whether it stands on mains; mobile devices are meant to leave it."""
    at_ms: int
    reading: Reading
    active_since_ms: int | None
    """Since when a session has been running; None where none is."""


ReadingCondition: TypeAlias = Callable[[Moment, Rules], Finding | None]


def battery_low(moment: Moment, rules: Rules) -> Finding | None:
    """The device runs on its battery and has little charge left. On mains it is being charged."""
    charge = moment.reading.charge_ratio
    if charge is None:
        return None
    settings = rules.rule("battery_low")
    on_battery = moment.reading.power_source == "battery"
    verdict = _falls(charge, settings) if on_battery else "false"
    return _found(moment, "battery_low", settings, verdict, charge, AlertFacts(charge_ratio=charge))


def battery_degraded(moment: Moment, rules: Rules) -> Finding | None:
    """The battery holds much less than it was made for."""
    health = moment.reading.health_ratio
    if health is None:
        return None
    settings = rules.rule("battery_degraded")
    said = AlertFacts(health_ratio=health)
    return _found(moment, "battery_degraded", settings, _falls(health, settings), health, said)


def mains_lost(moment: Moment, rules: Rules) -> Finding | None:
    """A device that stands on mains runs on its battery."""
    if not moment.stands:
        return None
    settings = rules.rule("mains_lost")
    lost = moment.reading.power_source == "battery"
    charge = moment.reading.charge_ratio
    said = AlertFacts(charge_ratio=charge)
    return _found(moment, "mains_lost", settings, "true" if lost else "false", charge, said)


def session_overlong(moment: Moment, rules: Rules) -> Finding | None:
    """A session runs for longer than any treatment does: it was not ended, or the device hangs."""
    settings = rules.rule("session_overlong")
    lasts_s = 0.0
    if moment.reading.session_active and moment.active_since_ms is not None:
        lasts_s = max(0.0, (moment.at_ms - moment.active_since_ms) / 1_000)
    verdict = _rises(lasts_s, settings)
    said = AlertFacts(lasts_ms=round(lasts_s * 1_000))
    return _found(moment, "session_overlong", settings, verdict, lasts_s, said)


def depth_out_of_range(moment: Moment, rules: Rules) -> Finding | None:
    """The set penetration depth is not one that the treatment has. 0 is none set."""
    depth_mm = moment.reading.depth_mm
    if depth_mm is None or depth_mm == 0:
        return None
    settings = rules.rule("depth_out_of_range")
    low, high = settings.low or 0.0, settings.threshold or 0.0
    verdict: Verdict = "false" if low <= depth_mm <= high else "true"
    said = AlertFacts(depth_mm=depth_mm, low_mm=low, high_mm=high)
    return _found(moment, "depth_out_of_range", settings, verdict, depth_mm, said)


READING_CONDITIONS: Final[Mapping[Rule, ReadingCondition]] = MappingProxyType(
    {
        "battery_low": battery_low,
        "battery_degraded": battery_degraded,
        "mains_lost": mains_lost,
        "session_overlong": session_overlong,
        "depth_out_of_range": depth_out_of_range,
    }
)
"""Rules that a device's readings alone decide, live or replayed."""


def reading_findings(moment: Moment, rules: Rules) -> tuple[Finding, ...]:
    """What every rule about readings finds."""
    found = (condition(moment, rules) for condition in READING_CONDITIONS.values())
    return tuple(finding for finding in found if finding is not None)


class ClockFacts(NamedTuple):
    """A device's clock beside ours, at one sample: what it said, and when that was received."""

    device_id: str
    clinic_id: str
    ts_ms: int | None
    received_ms: int


def clock_skew(facts: ClockFacts, rules: Rules) -> Finding:
    """The device's clock is not set, or is far from ours. It is timed by receipt: the device's time is in doubt."""
    settings = rules.rule("clock_skew")
    off_ms = facts.ts_ms - facts.received_ms if facts.ts_ms is not None else None
    off_s = off_ms / 1_000 if off_ms is not None else None
    verdict: Verdict = "true" if off_s is None else _rises(abs(off_s), settings)
    return Finding(
        "clock_skew", facts.device_id, facts.clinic_id, facts.device_id, settings.severity, verdict, off_s,
        AlertFacts(clock_off_ms=off_ms), facts.received_ms,
        worse_by=None,
    )  # fmt: skip


class FaultFacts(NamedTuple):
    """What went wrong with a device's messages: how often lately, the last at `at_ms`, and what it was."""

    device_id: str
    clinic_id: str
    times: int
    at_ms: int
    what: str


def data_gap(facts: FaultFacts, rules: Rules) -> Finding:
    """Records of a device were lost: they are missing in its numbering, and did not come."""
    return _fault(facts, "data_gap", rules, AlertFacts(number=facts.times))


def message_rejected(facts: FaultFacts, rules: Rules) -> Finding:
    """Messages of a device can't be taken in."""
    return _fault(facts, "message_rejected", rules, AlertFacts(number=facts.times, reason=facts.what))


def _fault(facts: FaultFacts, rule: Rule, rules: Rules, said: AlertFacts) -> Finding:
    settings = rules.rule(rule)
    return Finding(
        rule, facts.device_id, facts.clinic_id, facts.device_id, settings.severity, _rises(facts.times, settings),
        float(facts.times), said, facts.at_ms,
        worse_by=None,
    )  # fmt: skip


class SilenceFacts(NamedTuple):
    """How long a device, or a whole clinic, has not been heard, of the time in which it would have been."""

    subject: str
    clinic_id: str
    device_id: str | None
    silent_ms: int
    limit_ms: int
    heard: bool
    """Whether something was heard since the gateway started: only that ends a silence."""
    out_of_service: bool
    at_ms: int


def device_silent(facts: SilenceFacts, rules: Rules) -> Finding:
    """Nothing was heard of the device, though it should have been."""
    return _silence(facts, "device_silent", rules)


def clinic_silent(facts: SilenceFacts, rules: Rules) -> Finding:
    """Nothing was heard of a whole clinic: its network, or its power, is down."""
    return _silence(facts, "clinic_silent", rules)


def _silence(facts: SilenceFacts, rule: Rule, rules: Rules) -> Finding:
    settings = rules.rule(rule)
    verdict: Verdict = "within"
    if facts.out_of_service:
        verdict = "over"
    elif facts.silent_ms >= facts.limit_ms:
        verdict = "true"
    elif facts.heard:
        verdict = "false"
    return Finding(
        rule, facts.subject, facts.clinic_id, facts.device_id, settings.severity, verdict, facts.silent_ms / 1_000,
        AlertFacts(lasts_ms=facts.silent_ms), facts.at_ms, "not in service" if facts.out_of_service else "",
        worse_by=None,
    )  # fmt: skip


def silence_limit_ms(threshold_s: float | None, interval_s: int | None) -> int:
    """How long a device may be silent: twice what it announced, or the rule's threshold."""
    if interval_s:
        return ANNOUNCED_TIMES * interval_s * 1_000
    return round((threshold_s or 0.0) * 1_000)


def _falls(value: float, settings: RuleSettings) -> Verdict:
    return falling(value, settings.threshold or 0.0, settings.hysteresis)


def _rises(value: float, settings: RuleSettings) -> Verdict:
    return rising(value, settings.threshold or 0.0, settings.hysteresis)


def graded(settings: RuleSettings, value: float | None, *, rises: bool) -> Severity:
    """The rule's severity, or critical from its critical value on."""
    if value is None or settings.critical is None:
        return settings.severity
    is_critical = value >= settings.critical if rises else value <= settings.critical
    return "critical" if is_critical else settings.severity


def _found(
    moment: Moment, rule: Rule, settings: RuleSettings, verdict: Verdict, value: float | None, said: AlertFacts
) -> Finding:
    severity = graded(settings, value, rises=rule == "session_overlong")
    worse_by = _WORSE_BY.get(rule)
    return Finding(
        rule,
        moment.device_id,
        moment.clinic_id,
        moment.device_id,
        severity,
        verdict,
        value,
        said,
        moment.at_ms,
        worse_by=worse_by,
    )
