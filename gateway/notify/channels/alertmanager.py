"""Prometheus's Alertmanager, by its API v2. It groups, silences and repeats by itself; we keep it informed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from dashboards.web.message_strings import ENGLISH_MESSAGES
from gateway.errors import UndeliverableError
from gateway.notify.channels.base import Envelope
from gateway.notify.channels.web import Web
from gateway.notify.notice import Item, Notice
from gateway.notify.texts import one_line, where_line
from gateway.notify.urgency import urgency_line

PATH: Final = "/api/v2/alerts"
_STANDS_MS: Final = 4 * 60_000
"""For how long it may take an alert for firing without hearing of it again: four times of our telling it."""


class AlertmanagerChannel:
    """Posts every firing alert again and again, and every resolved one with its end."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def send(self, envelope: Envelope) -> None:
        """Raises NotDeliveredError, UndeliverableError."""
        if envelope.receiver.url is None:
            raise UndeliverableError(f"the receiver {envelope.receiver.name} has no url")
        body = json.dumps(posted_alerts(envelope.notice, envelope.now_ms)).encode()
        url = envelope.receiver.url.get_secret_value().rstrip("/") + PATH
        await self._web.request("POST", url, {"Content-Type": "application/json"}, body)


def posted_alerts(notice: Notice, now_ms: int) -> list[dict[str, Any]]:
    """The alerts in the API's shape. A test message is an alert that ends at once."""
    if notice.reason == "test":
        return [
            {
                "labels": {"alertname": "silverpoint_test", "severity": "info"},
                "annotations": {"summary": ENGLISH_MESSAGES.test},
                "startsAt": _time(now_ms),
                "endsAt": _time(now_ms + 1_000),
                "generatorURL": notice.link,
            }
        ]
    return [_posted(item, notice.link, now_ms) for item in (*notice.firing, *notice.resolved)]


def _posted(item: Item, link: str, now_ms: int) -> dict[str, Any]:
    labels = {
        "alertname": item.rule,
        "severity": item.severity,
        "clinic": item.place.clinic_id,
        "device": item.place.device_id,
        "subject": item.subject,
    }
    annotations = {
        "title": ENGLISH_MESSAGES.titles[item.rule],
        "summary": one_line(item.summary),
        "where": where_line(item.place, ENGLISH_MESSAGES),
        "urgency": urgency_line(item, ENGLISH_MESSAGES),
        "part": one_line(item.part),
    }
    # It takes none that ends before it starts, and a device's clock may be ahead.
    starts_ms = min(item.since_ms, now_ms)
    ends_ms = now_ms + _STANDS_MS if item.firing else max(item.ended_ms or now_ms, starts_ms)
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": _time(starts_ms),
        "endsAt": _time(ends_ms),
        "generatorURL": link,
    }


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
