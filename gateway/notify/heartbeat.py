"""The heartbeat: an address that is fetched while the gateway is ready. When it stays away, a watcher elsewhere calls.

Whoever is told by us alone would never hear that we are gone.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from pydantic import SecretStr

from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.events import Events
from gateway.notify.channels.web import Web


class Readiness(Protocol):
    """What `/readyz` asks."""

    def broker_connected(self) -> bool: ...

    def commit_fault(self) -> str | None: ...


class Heartbeat:
    """Fetches the address as often as it is told to, while all is well."""

    def __init__(self, *, url: SecretStr, every_s: float, readiness: Readiness, web: Web, events: Events) -> None:
        self._url = url
        self._every_s = every_s
        self._readiness = readiness
        self._web = web
        self._events = events

    async def run(self) -> None:
        """Beats until it is cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)

    async def beat(self) -> bool:
        """One beat, if the gateway is ready; whether it was heard."""
        if not self._readiness.broker_connected() or self._readiness.commit_fault() is not None:
            return False
        try:
            await self._web.request("GET", self._url.get_secret_value(), {"User-Agent": "silverpoint"})
        except (NotDeliveredError, UndeliverableError) as error:
            self._events.heartbeat_missed(str(error))
            return False
        return True
