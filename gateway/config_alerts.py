"""The section [alerts]: when each rule is true, how it is timed, how severe it is, and where it differs.

What a rule goes by is found in this order, each over the one before: the rule's own default, `[alerts.rules.NAME]`,
then the overrides that fit, from the broadest (a device model) over the clinic to the device itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.alert import RULES, Rule, Severity
from schemas.registry import Identifier

_MAX_S: Final = 2_592_000
_DAY_S: Final = 86_400

Seconds = Annotated[int, Field(ge=0, le=_MAX_S)]
Level = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class RuleSettings(NamedTuple):
    """What one rule goes by at one place. `docs/alerts.md` says what the levels of each rule mean, with their units."""

    severity: Severity
    hold_s: int = 0
    """How long the condition is true before the alert fires."""
    keep_firing_s: int = 0
    """How long it is false before the alert resolves."""
    threshold: float | None = None
    hysteresis: float | None = None
    """How far the value must go back behind the threshold to count as well again."""
    critical: float | None = None
    """From this value on the alert is critical."""
    low: float | None = None
    """The lower bound, of rules that have two."""
    enabled: bool = True

    @property
    def hold_ms(self) -> int:
        return self.hold_s * 1000

    @property
    def keep_firing_ms(self) -> int:
        return self.keep_firing_s * 1000


DEFAULTS: Final[Mapping[Rule, RuleSettings]] = MappingProxyType(
    {
        "nozzle_due": RuleSettings("warning", 1_800, 7_200, threshold=0.85, hysteresis=0.05),
        "nozzle_worn_out": RuleSettings("critical", 600, 7_200, hysteresis=0.05),
        "nozzle_expired": RuleSettings("warning"),
        "nozzle_recalled": RuleSettings("critical"),
        "nozzle_mismatched": RuleSettings("warning"),
        "nozzle_duplicate": RuleSettings("warning", keep_firing_s=3_600),
        "nozzle_unconfirmed_swap": RuleSettings("warning", 900, 0),
        "nozzle_wear_abnormal": RuleSettings("warning", keep_firing_s=_DAY_S, threshold=1.0),
        "battery_low": RuleSettings("warning", 120, 900, threshold=0.2, hysteresis=0.05, critical=0.1),
        "battery_degraded": RuleSettings("warning", 21_600, _DAY_S, threshold=0.7, hysteresis=0.05, critical=0.5),
        "mains_lost": RuleSettings("warning", 120, 60),
        "clinic_mains_lost": RuleSettings("critical", 30, 60, threshold=0.5, hysteresis=0.2),
        "device_silent": RuleSettings("warning", threshold=2_100.0),
        "clinic_silent": RuleSettings("critical", threshold=1_200.0),
        "session_overlong": RuleSettings("warning", threshold=5_400.0, critical=10_800.0),
        "depth_out_of_range": RuleSettings("warning", 60, 300, threshold=2.0, low=0.5),
        "clock_skew": RuleSettings("warning", 3_600, 3_600, threshold=300.0, hysteresis=60.0),
        "data_gap": RuleSettings("warning", keep_firing_s=21_600, threshold=1.0),
        "message_rejected": RuleSettings("warning", keep_firing_s=3_600, threshold=1.0),
        "gateway_disk_low": RuleSettings("warning", 0, 60, threshold=0.1, hysteresis=0.02, critical=0.05),
        "gateway_broker_lost": RuleSettings("critical", 0, 60, threshold=60.0),
        "gateway_message_dead": RuleSettings("critical", threshold=1.0),
    }
)
"""Wear, charge, health and disk are ratios, silence and durations seconds, depth millimetres."""

_LEVELS: Final = ("threshold", "hysteresis", "critical", "low")
_FALLING: Final = frozenset[Rule]({"battery_low", "battery_degraded", "gateway_disk_low"})
"""Rules that are true at or below their threshold."""
_ORDER: Final = ("model", "clinic", "device")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RulePatch(_Part):
    """What differs from what would count otherwise; a key that is left out stays as it is."""

    enabled: bool | None = None
    severity: Severity | None = None
    hold_s: Seconds | None = None
    keep_firing_s: Seconds | None = None
    threshold: Level | None = None
    hysteresis: Level | None = None
    critical: Level | None = None
    low: Level | None = None

    def over(self, settings: RuleSettings) -> RuleSettings:
        """The settings with what this one says in place of theirs."""
        return settings._replace(**self.said())

    def said(self) -> dict[str, Any]:
        """The keys that were given."""
        return {key: value for key in RulePatch.model_fields if (value := getattr(self, key)) is not None}


class RuleOverride(RulePatch):
    """A rule that goes by something else for a device model, a clinic or a device (all that are named must fit)."""

    rule: Rule
    model: Identifier | None = None
    clinic: Identifier | None = None
    device: Identifier | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.model is None and self.clinic is None and self.device is None:
            raise ValueError("say where it counts: model, clinic or device (for all, write [alerts.rules.NAME])")
        return self

    def fits(self, place: RulePlace) -> bool:
        """Whether it counts there."""
        wanted = ((self.model, place.model), (self.clinic, place.clinic_id), (self.device, place.device_id))
        return all(name is None or name == given for name, given in wanted)

    @property
    def closeness(self) -> int:
        """How near to one device it is: the nearest counts last."""
        return max(number for number, name in enumerate(_ORDER) if getattr(self, name) is not None)


class RulePlace(NamedTuple):
    """Where a rule is asked for."""

    clinic_id: str
    model: str | None
    device_id: str | None


class RuleSet:
    """The settings of every rule at one place."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Mapping[Rule, RuleSettings]) -> None:
        self._rules = rules

    def rule(self, rule: Rule) -> RuleSettings:
        return self._rules[rule]


def _from_text(value: object) -> object:
    """A list or table in a variable is written as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('write JSON, as [{"rule": "battery_low", "clinic": "C-1", "threshold": 0.3}]') from None


class SeveralMistakesError(ValueError):
    """What is wrong between keys of a section; each is told on a line of its own."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class AlertsConfig(_Part):
    """When alerts are raised. Wear is a ratio: at 1 a nozzle must be replaced. Holds are in telemetry time."""

    due_wear: Annotated[float, Field(gt=0, lt=1)] = 0.85
    wear_hysteresis: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    due_hold_s: Annotated[int, Field(ge=0, le=604_800)] = 1_800
    worn_out_hold_s: Annotated[int, Field(ge=0, le=604_800)] = 600
    keep_firing_s: Annotated[int, Field(ge=0, le=604_800)] = 7_200
    rules: Annotated[dict[Rule, RulePatch], BeforeValidator(_from_text)] = {}
    overrides: Annotated[tuple[RuleOverride, ...], BeforeValidator(_from_text)] = ()

    @model_validator(mode="after")
    def _levels_make_sense(self) -> Self:
        mistakes = list(self._mistakes())
        if mistakes:
            raise SeveralMistakesError(mistakes)
        return self

    def rule(self, rule: Rule) -> RuleSettings:
        """What the rule goes by where no override fits."""
        return self._everywhere[rule]

    def at(self, place: RulePlace) -> RuleSet:
        """What every rule goes by at one place."""
        fitting = sorted((one for one in self.overrides if one.fits(place)), key=lambda one: one.closeness)
        rules = dict(self._everywhere)
        for one in fitting:
            rules[one.rule] = one.over(rules[one.rule])
        return RuleSet(rules)

    @cached_property
    def _everywhere(self) -> Mapping[Rule, RuleSettings]:
        rules = dict(DEFAULTS)
        rules["nozzle_due"] = rules["nozzle_due"]._replace(
            threshold=self.due_wear,
            hysteresis=self.wear_hysteresis,
            hold_s=self.due_hold_s,
            keep_firing_s=self.keep_firing_s,
        )
        rules["nozzle_worn_out"] = rules["nozzle_worn_out"]._replace(
            hysteresis=self.wear_hysteresis, hold_s=self.worn_out_hold_s, keep_firing_s=self.keep_firing_s
        )
        for rule, patch in self.rules.items():
            rules[rule] = patch.over(rules[rule])
        return MappingProxyType(rules)

    def _mistakes(self) -> Iterator[str]:
        if self.wear_hysteresis >= self.due_wear:
            yield "wear_hysteresis: must be below due_wear, or an alert could never clear"
        for rule, patch in self.rules.items():
            yield from mistakes_in(rule, patch, self._everywhere[rule], f"rules.{rule}")
        for number, one in enumerate(self.overrides, start=1):
            yield from mistakes_in(one.rule, one, one.over(self._everywhere[one.rule]), f"overrides {number}")


def mistakes_in(rule: Rule, patch: RulePatch, settings: RuleSettings, where: str) -> Sequence[str]:
    """What is wrong with a patch of a rule: levels that the rule does not have, or that contradict each other."""
    found = [
        f"{where}: {rule} has no {key}; it has {', '.join(settable(rule))}"
        for key in _LEVELS
        if getattr(patch, key) is not None and getattr(DEFAULTS[rule], key) is None
    ]
    return found or [f"{where}: {text}" for text in _contradictions(rule, settings)]


def settable(rule: Rule) -> tuple[str, ...]:
    """The keys that a rule has."""
    own = tuple(key for key in _LEVELS if getattr(DEFAULTS[rule], key) is not None)
    return ("enabled", "severity", "hold_s", "keep_firing_s", *own)


def _contradictions(rule: Rule, settings: RuleSettings) -> Iterator[str]:
    threshold, critical = settings.threshold, settings.critical
    if threshold is None:
        return
    if rule not in _FALLING and settings.hysteresis is not None and settings.hysteresis >= threshold:
        yield f"hysteresis must be below threshold ({threshold:g}), or an alert could never clear"
    if rule in _FALLING and settings.hysteresis is not None and threshold + settings.hysteresis >= 1:
        yield "threshold and hysteresis together must be below 1, or an alert could never clear"
    if critical is not None and (critical > threshold if rule in _FALLING else critical < threshold):
        yield f"critical must be {'at most' if rule in _FALLING else 'at least'} the threshold ({threshold:g})"
    if settings.low is not None and settings.low >= threshold:
        yield f"low must be below threshold ({threshold:g})"


assert set(DEFAULTS) == set(RULES)

__all__ = [
    "DEFAULTS",
    "AlertsConfig",
    "RuleOverride",
    "RulePatch",
    "RulePlace",
    "RuleSet",
    "RuleSettings",
    "mistakes_in",
    "settable",
]
