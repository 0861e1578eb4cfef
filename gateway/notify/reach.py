"""Reach: whom the routes in force would give alerts to, for a rehearsal. Sends nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from gateway.alerts.rehearse import Firing
from gateway.alerts.rehearsing import Reached
from gateway.config_notify import NotifyConfig
from gateway.hours import parse_hours
from gateway.ingest.registry import Registry
from gateway.notify.receivers import directory
from gateway.notify.routing import Routing, Sees
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import User
from schemas.alert import Alert, Rule

_AT_ONCE: Final = 500


class People(Protocol):
    """Who may be told."""

    async def users(self) -> tuple[User, ...]: ...

    async def notification_settings(self) -> tuple[NotificationSettings, ...]: ...


class RoutedReach:
    """Counts, for each receiver, the alerts that its routes and escalations would have given it."""

    def __init__(self, config: NotifyConfig, people: People, registry: Registry, sees: Sees) -> None:
        self._config = config
        self._people = people
        self._registry = registry
        self._sees = sees

    async def reached(self, rule: Rule, firings: Sequence[Firing], until_ms: int) -> tuple[Reached, ...]:
        """Nobody acknowledges any: escalations come due while an alert fires. Silences and quiet hours are left out:
        they delay, or are over by now."""
        routing = await self._routing()
        told: Counter[str] = Counter()
        for number, firing in enumerate(firings, 1):
            over_ms = until_ms if firing.resolved_ms is None else firing.resolved_ms
            alert = _alert(rule, firing)
            told.update(receiver.name for receiver in routing.receivers(alert, firing.fired_ms, over_ms))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return tuple(Reached(name, told[name]) for name in sorted(told))

    async def _routing(self) -> Routing:
        settings = {row.user_name: row for row in await self._people.notification_settings()}
        users = await self._people.users()
        own = [(user, settings[user.name]) for user in users if user.name in settings]
        return Routing(
            routes=self._config.routes,
            directory=directory(self._config, own),
            clinic_of=self._registry.clinic,
            sees=self._sees,
            working_hours=parse_hours(self._config.working_hours),
        )


def _alert(rule: Rule, firing: Firing) -> Alert:
    return Alert(
        alert_id=0,
        rule=rule,
        subject=firing.subject,
        clinic_id=firing.clinic_id,
        device_id=firing.device_id,
        severity=firing.severity,
        state="firing",
        value=None,
        summary="",
        pending_since_ms=firing.fired_ms,
        firing_since_ms=firing.fired_ms,
        clearing_since_ms=None,
        resolved_ms=None,
        last_evidence_ms=firing.fired_ms,
    )
