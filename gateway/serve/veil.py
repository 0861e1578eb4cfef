"""The veil: what is told of alerts and orders, without the names of devices that the reader does not see.

A nozzle goes from clinic to clinic, and what was said of it stays: that it is in use elsewhere too, or where it was.
Whatever leaves the gateway for a person with a scope passes here: pages, streams, API, messages, calendars.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dashboards.web.alert_sentences import order_text, sentence
from dashboards.web.strings import ENGLISH
from gateway.ingest.fleet import Fleet
from gateway.serve.sight import Sight
from gateway.store.work_base import OrderHistory
from gateway.work.due import DueItem
from schemas.access import Scope, Viewer
from schemas.alert import RULES, Alert, Rule
from schemas.alert_facts import AlertFacts
from schemas.order_told import ELSEWHERE
from schemas.work import BY_GATEWAY, WorkOrder

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_OF_DEVICES: Final = frozenset({"moved", "opened"})
"""What happens to an order because of a device, and names it."""


class Veil:
    """Gives back what it was given where nothing is to be hidden."""

    def __init__(self, fleet: Fleet, sight: Sight) -> None:
        self._fleet = fleet
        self._sight = sight

    def alert(self, viewer: Viewer, alert: Alert) -> Alert:
        """The alert as this viewer may be told of it."""
        if viewer.scope == Scope():
            return alert
        if alert.facts is None:
            hidden = self._names_hidden(viewer, alert.summary, alert.device_id)
            return replace(alert, summary=_short(alert.rule, alert.subject)) if hidden else alert
        facts = self._facts(viewer, alert.facts, alert.device_id)
        said = sentence(alert.rule, alert.subject, alert.device_id, facts, ENGLISH)
        same = facts == alert.facts and said == alert.summary
        return alert if same else replace(alert, facts=facts, summary=said)

    def order(self, viewer: Viewer, order: WorkOrder) -> WorkOrder:
        """The order as this viewer may be told of it; what a person wrote stays as it is."""
        rule = next((known for known in RULES if known == order.cause), None)
        if viewer.scope == Scope() or rule is None:
            return order
        if order.facts is None:
            hidden = self._names_hidden(viewer, order.summary, order.device_id)
            return replace(order, summary=_short(rule, order.subject)) if hidden else order
        veiled = replace(order, facts=self._facts(viewer, order.facts, order.device_id))
        said = order_text(veiled, ENGLISH)
        same = veiled.facts == order.facts and said == order.summary
        return order if same else replace(veiled, summary=said)

    def item(self, viewer: Viewer, item: DueItem) -> DueItem:
        """What is due on a visit."""
        return item if item.order is None else item._replace(order=self.order(viewer, item.order))

    def history(self, viewer: Viewer, order: WorkOrder, rows: Sequence[OrderHistory]) -> Sequence[OrderHistory]:
        """What happened to the order: where its nozzle was out of sight, it was elsewhere."""
        if viewer.scope == Scope():
            return rows
        return [self._row(viewer, order, row) for row in rows]

    def _row(self, viewer: Viewer, order: WorkOrder, row: OrderHistory) -> OrderHistory:
        if row.act not in _OF_DEVICES:
            return row
        if row.told is None:
            hidden = row.actor == BY_GATEWAY and self._names_hidden(viewer, row.note, order.device_id)
            return replace(row, note=ELSEWHERE) if hidden else row
        device_id = row.told.device_id
        if device_id is None or self._sees(viewer, device_id, order.device_id):
            return row
        return replace(row, note=row.note.replace(device_id, ELSEWHERE), told=row.told._replace(device_id=ELSEWHERE))

    def _facts(self, viewer: Viewer, facts: AlertFacts, device_id: str | None) -> AlertFacts:
        return facts.veiled({each for each in facts.others if each != device_id and self._sees(viewer, each, None)})

    def _names_hidden(self, viewer: Viewer, text: str, own: str | None) -> bool:
        """Whether one of the fleet's devices is named that the viewer does not see."""
        named = (word for word in _WORD.findall(text) if self._fleet.device(word) is not None)
        return any(not self._sees(viewer, device_id, own) for device_id in named)

    def _sees(self, viewer: Viewer, device_id: str, own: str | None) -> bool:
        """`own` is the device of the alert or order itself, which the viewer sees."""
        state = self._fleet.device(device_id)
        return device_id == own or (state is not None and self._sight.sees_device(viewer, state))


def _short(rule: Rule, subject: str) -> str:
    """What a text becomes that names what it must not, and of which no facts were kept."""
    return f"{ENGLISH.fleet.rules[rule]}: {subject}"
