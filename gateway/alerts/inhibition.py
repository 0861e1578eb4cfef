"""Inhibition: a rule that says the same thing worse, or of the whole clinic, silences the milder one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from gateway.alerts.conditions import Finding
from schemas.alert import Rule

INHIBITED_BY: Final[Mapping[Rule, tuple[Rule, ...]]] = MappingProxyType({"nozzle_due": ("nozzle_worn_out",)})
"""About the same subject: a worn nozzle has one alert, not two."""

PARENTS: Final[Mapping[Rule, Rule]] = MappingProxyType(
    {"mains_lost": "clinic_mains_lost", "device_silent": "clinic_silent"}
)
"""About the subject's clinic: an outage has one alert, not one for each device."""

CHILDREN: Final[Mapping[Rule, Rule]] = MappingProxyType({parent: child for child, parent in PARENTS.items()})


def inhibitor(rule: Rule, firing: Collection[Rule]) -> Rule | None:
    """The rule that silences `rule`, given the rules that fire about its subject and are open about its clinic."""
    parent = PARENTS.get(rule)
    if parent is not None and parent in firing:
        return parent
    return next((other for other in INHIBITED_BY.get(rule, ()) if other in firing), None)


def inhibited(finding: Finding, firing: Collection[Rule]) -> Finding:
    """The finding as it counts while `firing` rules fire about its subject: `over` where one of them silences it."""
    by = inhibitor(finding.rule, firing)
    if by is None or finding.verdict == "over":
        return finding
    return finding._replace(verdict="over", why=f"inhibited by {by}")
