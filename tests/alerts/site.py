"""One gateway's ingest and alert engine over a real store, driven by what devices say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.replay import ReplayCollector
from gateway.alerts.engine import TICK_MS, AlertEngine
from gateway.alerts.watch import DiskSpace
from gateway.clock import ManualClock
from gateway.config import AlertsConfig
from gateway.events import Events
from gateway.forecasting.board import Abnormality, NoForecasts, NozzleForecast
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


@dataclass
class SetWatch:
    """Whatever the test says of the gateway itself."""

    connected: bool = True
    up_to_date: bool = True
    space: DiskSpace = field(default_factory=lambda: DiskSpace(900, 1_000))

    def broker_connected(self) -> bool:
        return self.connected

    def caught_up(self) -> bool:
        return self.connected and self.up_to_date

    async def disk(self) -> DiskSpace | None:
        return self.space


class SetForecasts(NoForecasts):
    """Whatever the test says of nozzles."""

    def __init__(self) -> None:
        super().__init__()
        self.forecasts: dict[str, NozzleForecast] = {}
        self.abnormalities: dict[str, Abnormality] = {}

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        return self.forecasts.get(serial)

    def abnormal_nozzles(self) -> Mapping[str, Abnormality]:
        return self.abnormalities


class Site:
    """Times are given in hours after `T0_MS`."""

    def __init__(self, store: SqliteStore, settings: AlertsConfig, clock: ManualClock | None = None) -> None:
        self.store = store
        self.clock = clock or ManualClock(T0_MS + 24 * HOUR_MS)
        self.watch = SetWatch()
        self.forecasts = SetForecasts()
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
            forecasts=self.forecasts,
            watch=self.watch,
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

    async def pass_time(self, hours: float) -> None:
        """Time passes, tick by tick."""
        for _ in range(round(hours * HOUR_MS / TICK_MS)):
            self.clock.advance(TICK_MS)
            await self.engine.tick()

    async def fired(self) -> dict[str, list[str]]:
        """Of each rule, the subjects whose alert has ever fired."""
        fired: dict[str, list[str]] = {}
        for alert in await self.alerts():
            if alert.firing_since_ms is not None:
                fired.setdefault(alert.rule, []).append(alert.subject)
        return {rule: sorted(subjects) for rule, subjects in fired.items()}

    async def alerts(self) -> list[Alert]:
        """Every alert there ever was, oldest first."""
        return list(reversed(await self.store.alerts(limit=1_000, before=None)))

    async def states(self) -> list[tuple[str, str, str]]:
        return [(alert.rule, alert.subject, alert.state) for alert in await self.alerts()]


@asynccontextmanager
async def open_site(
    path: Path, settings: AlertsConfig | None = None, clock: ManualClock | None = None
) -> AsyncIterator[Site]:
    """Starts a gateway's ingest and engine on the store at `path`, as after a crash where there is one already."""
    store = await SqliteStore.open(str(path))
    try:
        site = Site(store, settings or AlertsConfig(), clock)
        await site.registry.load()
        await site.pipeline.start()
        await site.engine.restore()
        await site.engine.catch_up()
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

    def reading(
        self, hour: float, source: str = "mains", *, received_hour: float | None = None, **more: Any
    ) -> Delivery:
        """A sample without a nozzle; `charge, health, depth, active, ts_ms` as given."""
        depth = more.pop("depth", None)
        nozzle = None if depth is None else {"serial": None, "strikes": 1, "coating": None, "depth_mm": depth}
        power = {"source": source, "charge": more.pop("charge", None), "voltage_v": None}
        power["health"] = more.pop("health", None)
        sessions = {"total": 1, "active": more.pop("active", False)}
        fields = {"power": power, "nozzle": nozzle, "sessions": sessions, **more}
        return self._said("telemetry", hour, fields, received_hour)

    def online(self, hour: float, **more: Any) -> Delivery:
        at_ms = T0_MS + round(hour * HOUR_MS)
        status = {"state": "online", "boot_id": self._boot_id, "ts_ms": at_ms, **more}
        return Delivery(f"{self._base}/status", json.dumps(status).encode(), at_ms)

    def nonsense(self, hour: float) -> Delivery:
        return Delivery(f"{self._base}/telemetry", f'{{"what": {hour}}}'.encode(), T0_MS + round(hour * HOUR_MS))

    def fitted(self, hour: float, serial: str, **more: Any) -> Delivery:
        return self._said("nozzle", hour, {"event": "fitted", "serial": serial, "strikes": 0} | more)

    def removed(self, hour: float, serial: str) -> Delivery:
        return self._said("nozzle", hour, {"event": "removed", "serial": serial, "strikes": 1_000})

    def _said(self, kind: str, hour: float, fields: dict[str, Any], received_hour: float | None = None) -> Delivery:
        self._seq += 1
        at_ms = T0_MS + round(hour * HOUR_MS)
        record = {"boot_id": self._boot_id, "seq": self._seq, "ts_ms": at_ms, **fields}
        received_ms = at_ms if received_hour is None else T0_MS + round(received_hour * HOUR_MS)
        return Delivery(f"{self._base}/{kind}", json.dumps(record).encode(), received_ms)
