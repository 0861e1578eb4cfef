"""The open alerts in memory, as the store has them: by subject for the engine, by device for whoever looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from schemas.alert import SEVERITIES, Alert, Rule


class OpenAlerts:
    """Every pending and firing alert; at most one for each (rule, subject)."""

    def __init__(self) -> None:
        self._by_subject: dict[str, dict[Rule, Alert]] = {}
        self._subjects_on: dict[str, set[str]] = {}
        self._by_rule: dict[Rule, dict[str, Alert]] = {}
        self._sorted: tuple[Alert, ...] | None = ()

    def put(self, alert: Alert) -> None:
        """Takes the alert as it is now; a resolved one is taken off."""
        self._sorted = None
        rules = self._by_subject.setdefault(alert.subject, {})
        before = rules.pop(alert.rule, None)
        of_rule = self._by_rule.setdefault(alert.rule, {})
        of_rule.pop(alert.subject, None)
        if alert.state != "resolved":
            rules[alert.rule] = of_rule[alert.subject] = alert
        if not rules:
            del self._by_subject[alert.subject]
        for device_id in {alert.device_id, before.device_id if before else None} - {None}:
            self._index(str(device_id), alert.subject)

    def replace(self, alerts: Iterable[Alert]) -> None:
        """Forgets all and takes these."""
        self._by_subject.clear()
        self._subjects_on.clear()
        self._by_rule.clear()
        self._sorted = None
        for alert in alerts:
            self.put(alert)

    def of(self, subject: str) -> dict[Rule, Alert]:
        """The open alerts of one subject, by rule; a copy."""
        return dict(self._by_subject.get(subject, {}))

    def of_rule(self, rule: Rule) -> tuple[Alert, ...]:
        """The open alerts of one rule."""
        return tuple(self._by_rule.get(rule, {}).values())

    def has(self, subject: str) -> bool:
        """Whether any alert about the subject is open."""
        return subject in self._by_subject

    def subjects(self) -> Collection[str]:
        """Subjects with an open alert, as they are now."""
        return self._by_subject.keys()

    def subjects_on(self) -> Mapping[str, Collection[str]]:
        """Subjects with an open alert by the device that it is on, as they are now."""
        return self._subjects_on

    def all(self) -> tuple[Alert, ...]:
        """Most severe first, then the longest open."""
        if self._sorted is None:
            alerts = (alert for rules in self._by_subject.values() for alert in rules.values())
            self._sorted = tuple(sorted(alerts, key=_urgency))
        return self._sorted

    def _index(self, device_id: str, subject: str) -> None:
        subjects = self._subjects_on.setdefault(device_id, set())
        if any(alert.device_id == device_id for alert in self._by_subject.get(subject, {}).values()):
            subjects.add(subject)
        else:
            subjects.discard(subject)
        if not subjects:
            del self._subjects_on[device_id]


def _urgency(alert: Alert) -> tuple[int, int, int]:
    since_ms = alert.pending_since_ms if alert.firing_since_ms is None else alert.firing_since_ms
    return -SEVERITIES.index(alert.severity), since_ms, alert.alert_id
