"""Routing: which receivers an alert is for, now that it has fired for so long. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.config_notify import EscalationConfig, RouteConfig
from gateway.hours import Week, next_outside, next_within, parse_hours_or, settle, within, zone_or_utc
from gateway.notify.receivers import Directory, Receiver
from schemas.access import Viewer
from schemas.alert import SEVERITIES, Alert, Rule, Severity
from schemas.registry import Clinic

PATIENT: Final[frozenset[Rule]] = frozenset(
    {
        "nozzle_due",
        "nozzle_worn_out",
        "nozzle_expired",
        "nozzle_recalled",
        "nozzle_mismatched",
        "nozzle_duplicate",
        "nozzle_unconfirmed_swap",
        "nozzle_wear_abnormal",
        "battery_degraded",
        "clock_skew",
        "data_gap",
        "message_rejected",
    }
)
"""What waits for working hours: nobody can change a nozzle in a clinic that is shut. Outages do not wait."""

Sees: TypeAlias = Callable[[Viewer, Alert], bool]


@dataclass(frozen=True, slots=True)
class Routing:
    """What decides where an alert goes."""

    routes: Sequence[RouteConfig]
    directory: Directory
    clinic_of: Callable[[str], Clinic]
    sees: Sees
    working_hours: Week
    """For clinics that have no opening hours of their own."""

    def receivers(self, alert: Alert, seen_ms: int, now_ms: int) -> list[Receiver]:
        """Whom this alert is for: by its routes as of when it was first seen, and by the escalations since due.

        Without any route everybody gets everything, within scope and severity.
        """
        names = dict.fromkeys(self._names(alert, seen_ms, now_ms)) if self.routes else [r.name for r in self.directory]
        found = (self.directory.get(name) for name in names)
        return [receiver for receiver in found if receiver is not None and self._may_get(receiver, alert)]

    def next_escalation_ms(self, alert: Alert, seen_ms: int, now_ms: int) -> int | None:
        """When the next escalation of this alert comes due."""
        if alert.acknowledged_ms is not None:
            return None
        due = [seen_ms + step.after_s * 1_000 for route in self._matching(alert, seen_ms) for step in route.escalate]
        return min((at_ms for at_ms in due if at_ms > now_ms), default=None)

    def allowed_ms(self, receiver: Receiver, alert: Alert, now_ms: int) -> int:
        """The first moment from now on at which this receiver may be told of this alert."""
        return self.waking_ms(receiver, alert.clinic_id, now_ms) if alert.rule in PATIENT else now_ms

    def waking_ms(self, receiver: Receiver, clinic_id: str, now_ms: int) -> int:
        """The first moment from now on at which this receiver may be told of what can wait: in the clinic's hours,
        and outside of the receiver's quiet ones."""
        if not receiver.can_wait:
            return now_ms
        week, zone = self._hours(clinic_id), zone_or_utc(self.clinic_of(clinic_id).timezone)
        quiet = receiver.quiet

        def outside(at_ms: int) -> int:
            return at_ms if quiet is None else next_outside(quiet, receiver.zone, at_ms)

        return settle(now_ms, lambda at_ms: next_within(week, zone, at_ms), outside)

    def _names(self, alert: Alert, seen_ms: int, now_ms: int) -> Iterator[str]:
        for route in self._matching(alert, seen_ms):
            yield from self._audience(route, seen_ms)
            if alert.acknowledged_ms is not None:
                continue
            for step in route.escalate:
                due_ms = seen_ms + step.after_s * 1_000
                if due_ms <= now_ms:
                    yield from self._audience(step, due_ms)

    def _audience(self, audience: RouteConfig | EscalationConfig, at_ms: int) -> Iterator[str]:
        yield from audience.receivers
        for name in audience.users:
            yield from self.directory.of_person(name)
        for role in audience.roles:
            yield from self.directory.of_role(role)
        for rotation in audience.on_call:
            yield from self.directory.on_call(rotation, at_ms)

    def _matching(self, alert: Alert, seen_ms: int) -> list[RouteConfig]:
        return [route for route in self.routes if self._matches(route, alert, seen_ms)]

    def _matches(self, route: RouteConfig, alert: Alert, seen_ms: int) -> bool:
        if route.clinics and alert.clinic_id not in route.clinics:
            return False
        if route.rules and alert.rule not in route.rules:
            return False
        if route.regions and self.clinic_of(alert.clinic_id).region not in route.regions:
            return False
        return at_least(alert.severity, route.min_severity) and self._in_hours(route, alert.clinic_id, seen_ms)

    def _in_hours(self, route: RouteConfig, clinic_id: str, at_ms: int) -> bool:
        if route.hours == "any":
            return True
        open_now = within(self._hours(clinic_id), zone_or_utc(self.clinic_of(clinic_id).timezone), at_ms)
        return open_now == (route.hours == "working")

    def _hours(self, clinic_id: str) -> Week:
        return parse_hours_or(self.clinic_of(clinic_id).opening_hours, self.working_hours)

    def _may_get(self, receiver: Receiver, alert: Alert) -> bool:
        if not at_least(alert.severity, receiver.min_severity):
            return False
        return receiver.person is None or self.sees(receiver.person, alert)


def at_least(severity: Severity, least: Severity) -> bool:
    """Whether it is as severe or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
