"""One gateway's ingest and alert engine over a real store, driven by what devices say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from collectors.replay import ReplayCollector
from gateway.alerts.engine import AlertEngine
from gateway.clock import ManualClock
from gateway.config import AlertsConfig
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.store.sqlite import SqliteStore
from schemas.alert import Alert
from schemas.delivery import Delivery

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
T0_MS = 1_760_000_000_000


class Site:
    """Times are given in hours after `T0_MS`."""

    def __init__(self, store: SqliteStore, settings: AlertsConfig) -> None:
        self.store = store
        self.clock = ManualClock(T0_MS + 24 * HOUR_MS)
        self.fleet = Fleet()
        self.feed = CommitFeed()
        self.registry = Registry(store)
        self.events = Events()
        self.engine = AlertEngine(
            store=store,
            fleet=self.fleet,
            registry=self.registry,
            feed=self.feed,
            events=self.events,
            clock=self.clock,
            settings=settings,
        )
        self.follower = self.feed.follow()
        self.pipeline = Pipeline(
            collector=ReplayCollector([]),
            store=store,
            fleet=self.fleet,
            events=self.events,
            feed=self.feed,
            clock=self.clock,
            root="fleet",
            retention_samples_days=180,
        )

    async def ingest(self, *deliveries: Delivery) -> None:
        """Commits them; the engine has not looked yet."""
        await self.pipeline.ingest(deliveries)

    async def look(self) -> None:
        """The engine looks at what has changed since it last looked, all at once."""
        changed = await self.follower.next()
        await self.engine.evaluate(changed.device_ids, changed.commit_no)

    async def say(self, *deliveries: Delivery) -> None:
        """Each is committed and looked at by itself, as it is live."""
        for delivery in deliveries:
            await self.ingest(delivery)
            await self.look()

    async def alerts(self) -> list[Alert]:
        """Every alert there ever was, oldest first."""
        return list(reversed(await self.store.alerts(limit=1_000, before=None)))

    async def states(self) -> list[tuple[str, str, str]]:
        return [(alert.rule, alert.subject, alert.state) for alert in await self.alerts()]


@asynccontextmanager
async def open_site(path: Path, settings: AlertsConfig | None = None) -> AsyncIterator[Site]:
    """Starts a gateway's ingest and engine on the store at `path`, as after a crash where there is one already."""
    store = await SqliteStore.open(str(path))
    try:
        site = Site(store, settings or AlertsConfig())
        await site.registry.load()
        await site.pipeline.start()
        await site.engine.restore()
        yield site
    finally:
        await store.close()


class Device:
    """Says things in the contract's words."""

    def __init__(self, device_id: str = "d-1", clinic_id: str = "c-1", boot_id: str = "boot-1") -> None:
        self._base = f"fleet/v1/{clinic_id}/{device_id}"
        self._boot_id = boot_id
        self._seq = -1

    def sample(self, hour: float, serial: str | None, wear: float | None, *, strikes: int = 1_000) -> Delivery:
        nozzle: dict[str, Any] | None = None
        if serial is not None:
            coating = None if wear is None else max(0.0, round(1 - 0.8 * wear, 6))
            nozzle = {"serial": serial, "strikes": strikes, "coating": coating}
        power = {"source": "mains", "charge": None, "voltage_v": 230.0}
        return self._said(
            "telemetry", hour, {"power": power, "nozzle": nozzle, "sessions": {"total": 1, "active": False}}
        )

    def fitted(self, hour: float, serial: str, **more: Any) -> Delivery:
        return self._said("nozzle", hour, {"event": "fitted", "serial": serial, "strikes": 0, **more})

    def removed(self, hour: float, serial: str) -> Delivery:
        return self._said("nozzle", hour, {"event": "removed", "serial": serial, "strikes": 1_000})

    def _said(self, kind: str, hour: float, fields: dict[str, Any]) -> Delivery:
        self._seq += 1
        at_ms = T0_MS + round(hour * HOUR_MS)
        record = {"boot_id": self._boot_id, "seq": self._seq, "ts_ms": at_ms, **fields}
        return Delivery(f"{self._base}/{kind}", json.dumps(record).encode(), at_ms)
