"""The lines of firing alerts on the fleet page, and the badges in the rows of their devices: formatted once each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dashboards.web.format import count_text
from dashboards.web.pages.actions import (
    MOST_LINES,
    ActionLine,
    SeverityCount,
    action_line,
    severity_counts,
    urgency,
)
from dashboards.web.pages.rows import Badge, Place, place_in
from dashboards.web.strings import Strings
from schemas.views import AlertView, DeviceView


class _Drawn(NamedTuple):
    alert: AlertView
    name: str
    place: Place
    line: ActionLine


class AlertLines:
    """All lines of one sight, in order of urgency."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._drawn: dict[int, _Drawn] = {}
        self._badges: dict[str, tuple[Badge, ...]] = {}
        self._all: tuple[ActionLine, ...] = ()
        self.json = "null"

    @property
    def shown(self) -> tuple[ActionLine, ...]:
        """Those that the page has; `number` says how many there are."""
        return self._all[:MOST_LINES]

    @property
    def number(self) -> int:
        return len(self._all)

    @property
    def severities(self) -> tuple[SeverityCount, ...]:
        return severity_counts(self._all, self._strings.fleet)

    def badges(self, device_id: str) -> tuple[Badge, ...]:
        """The alerts of one device, the most urgent first."""
        return self._badges.get(device_id, ())

    def take(
        self,
        alerts: Sequence[AlertView],
        views: Mapping[str, DeviceView],
        places: Mapping[str, Place],
        *,
        anew: bool = False,
    ) -> frozenset[str]:
        """Takes all alerts that fire now; answers the devices whose badges changed."""
        firing = sorted((alert for alert in alerts if alert.state == "firing"), key=urgency)
        before = {} if anew else self._drawn
        self._drawn = {alert.id: self._draw(before.get(alert.id), alert, views, places) for alert in firing}
        lines = tuple(drawn.line for drawn in self._drawn.values())
        if lines == self._all and self.json != "null":
            return frozenset()
        self._all = lines
        self.json = self._written()
        return self._set_badges()

    def _draw(
        self,
        before: _Drawn | None,
        alert: AlertView,
        views: Mapping[str, DeviceView],
        places: Mapping[str, Place],
    ) -> _Drawn:
        view = views.get(alert.device_id) if alert.device_id is not None else None
        name, place = (view.label if view else "") or (alert.device_id or ""), place_in(places, alert.clinic_id)
        if before is not None and before.alert is alert and before[1:3] == (name, place):
            return before
        line = action_line(alert, {alert.device_id: name} if alert.device_id else {}, place, self._strings)
        return _Drawn(alert, name, place, line)

    def _set_badges(self) -> frozenset[str]:
        grouped: dict[str, list[Badge]] = {}
        for line in self._all:
            if line.device_id is not None:
                badge = Badge(line.severity, line.severity_text, line.badge, line.acknowledged)
                grouped.setdefault(line.device_id, []).append(badge)
        badges = {device_id: tuple(found) for device_id, found in grouped.items()}
        changed = {
            device_id
            for device_id in badges.keys() | self._badges.keys()
            if badges.get(device_id) != self._badges.get(device_id)
        }
        self._badges = badges
        return frozenset(changed)

    def _written(self) -> str:
        all_text = self._strings.board.all_alerts.format(n=count_text(self.number, self._strings.numbers))
        told = {"lines": self.shown, "counts": self.severities, "all": all_text if self.number > MOST_LINES else ""}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
