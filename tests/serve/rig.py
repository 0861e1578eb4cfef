"""The services over a real store, pipeline and alert engine, with a small fleet in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from collectors.replay import ReplayCollector
from gateway.alerts.engine import AlertEngine
from gateway.clock import ManualClock
from gateway.config import AlertsConfig, HttpConfig, WorkConfig
from gateway.config_notify import NotifyConfig
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.notify.own import OwnTelling
from gateway.pipeline_intake import PipelineIntake
from gateway.serve.access import LOCAL
from gateway.serve.http import create_app
from gateway.serve.passwords import Passwords
from gateway.serve.services import Parts, Services, build_services
from gateway.store.sqlite import SqliteStore
from schemas.access import Role, Scope, Viewer
from schemas.delivery import Delivery
from schemas.registry import Clinic, NozzleModel

NOW_MS: Final = 1_760_000_000_000
MINUTE_MS: Final = 60_000
EVERYTHING: Final = Scope()
NO_TLS: Final = HttpConfig()
DEFAULT_RULES: Final = AlertsConfig()
NO_ROUTES: Final = NotifyConfig()
PASSWORD: Final = "correct horse"
CLINICS: Final = ("alsterdorf", "barmbek")
CLINIC_NAME: Final = "Praxis an der Alster"
CONTACT: Final = "office@alster.example"


@dataclass
class SetReadiness:
    """Whatever the test says."""

    connected: bool = True
    fault: str | None = None

    def broker_connected(self) -> bool:
        return self.connected

    def commit_fault(self) -> str | None:
        return self.fault


@dataclass
class Rig:
    """One gateway without its broker."""

    store: SqliteStore
    services: Services
    pipeline: Pipeline
    engine: AlertEngine
    clock: ManualClock
    readiness: SetReadiness
    stop: asyncio.Event
    app: FastAPI
    tokens: dict[str, str] = field(default_factory=dict)

    async def take(self, *deliveries: Delivery) -> None:
        """Takes deliveries in, and lets the alert rules look."""
        await self.pipeline.ingest(deliveries)
        await self.engine.evaluate([state.device_id for state in self.services.parts.fleet.devices()], 0)

    async def token(self, role: Role, scope: Scope = EVERYTHING) -> str:
        """A token of a role, made once."""
        name = f"{role}-{len(self.tokens)}"
        made = await self.services.access.create_token(LOCAL, name, role, scope)
        self.tokens[name] = made
        return made

    def client(self, token: str | None = None, host: str = "10.0.0.9") -> httpx.AsyncClient:
        """A program that asks from another machine."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(host, 5000))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers)

    async def client_of(self, role: Role, scope: Scope = EVERYTHING) -> httpx.AsyncClient:
        return self.client(await self.token(role, scope))


async def opened_rig(
    directory: Path,
    *,
    open_as: Viewer | None = None,
    http: HttpConfig = NO_TLS,
    notify: NotifyConfig = NO_ROUTES,
    alerts: AlertsConfig = DEFAULT_RULES,
) -> Rig:
    """An empty gateway on a new store; close its store in the end."""
    store = await SqliteStore.open(str(directory / "silverpoint.db"))
    clock, fleet, feed, events, registry = ManualClock(NOW_MS), Fleet(), CommitFeed(), Events(), Registry(store)
    pipeline = Pipeline(
        collector=ReplayCollector([]),
        store=store,
        fleet=fleet,
        events=events,
        feed=feed,
        clock=clock,
        root="fleet",
        retention_samples_days=90,
    )
    await registry.load()
    await pipeline.start()
    engine = AlertEngine(
        store=store, fleet=fleet, registry=registry, feed=feed, events=events, clock=clock, settings=alerts
    )
    await engine.restore()
    readiness, stop = SetReadiness(), asyncio.Event()
    parts = Parts(
        store=store,
        fleet=fleet,
        registry=registry,
        feed=feed,
        board=engine,
        intake=PipelineIntake(pipeline),
        readiness=readiness,
        events=events,
        clock=clock,
        stop=stop,
        telling=OwnTelling(notify, WorkConfig(), store, "http://gateway.test"),
    )
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    services = await build_services(parts, http, alerts=alerts, open_as=open_as, passwords=passwords)
    return Rig(store, services, pipeline, engine, clock, readiness, stop, create_app(services))


async def fill(rig: Rig) -> None:
    """Two clinics: one with a worn-out and a fresh nozzle, one with a device on battery. A poison message."""
    await rig.services.parts.registry.save(
        [
            Clinic(clinic_id=CLINICS[0], name=CLINIC_NAME, region="North", timezone="Europe/Berlin", contact=CONTACT),
            NozzleModel(model="fine-24", rated_strikes=1_000_000),
        ]
    )
    await rig.take(
        *device_start(CLINICS[0], "d-one", "n-one", lot="lot-a", coating=0.05),
        *device_start(CLINICS[0], "d-two", "n-two", lot="lot-b", coating=0.9),
        *device_start(CLINICS[1], "d-three", "n-three", lot="lot-b", coating=0.5, source="battery"),
        message(CLINICS[0], "d-one", "telemetry", {"boot_id": "b1", "seq": 4}),
    )


def device_start(
    clinic: str, device: str, serial: str, *, lot: str, coating: float, source: str = "mains"
) -> list[Delivery]:
    """A device that comes up, finds a nozzle, works through a session, and tells how it stands."""
    fitted_ms = NOW_MS - 120 * MINUTE_MS
    swap = {
        "boot_id": "b1", "seq": 0, "ts_ms": fitted_ms, "event": "fitted", "serial": serial, "strikes": 0,
        "model": "fine-24", "lot": lot, "rated_strikes": 2_000_000,
    }  # fmt: skip
    session = {
        "boot_id": "b1", "seq": 2, "ts_ms": NOW_MS - 30 * MINUTE_MS, "session_id": "ab-12",
        "started_ms": NOW_MS - 60 * MINUTE_MS, "ended_ms": NOW_MS - 30 * MINUTE_MS, "strikes": 9000, "depth_mm": 1.5,
        "nozzle_serial": serial, "power_source": source, "end": "normal",
    }  # fmt: skip
    status = {"state": "online", "boot_id": "b1", "ts_ms": fitted_ms, "model": "pen-2", "firmware": "1.4.0"}
    early = sample(1, NOW_MS - 90 * MINUTE_MS, serial, coating, source)
    late = sample(3, NOW_MS - MINUTE_MS, serial, coating, source)
    return [
        message(clinic, device, "status", status),
        message(clinic, device, "nozzle", swap),
        message(clinic, device, "telemetry", early),
        message(clinic, device, "session", session),
        message(clinic, device, "telemetry", late),
    ]


def sample(seq: int, ts_ms: int, serial: str | None, coating: float | None, source: str = "mains") -> dict[str, Any]:
    return {
        "boot_id": "b1", "seq": seq, "ts_ms": ts_ms,
        "power": {"source": source, "charge": 0.5, "voltage_v": 24.0, "health": 0.9},
        "nozzle": {"serial": serial, "strikes": 500_000 + seq, "coating": coating, "depth_mm": 1.5},
        "sessions": {"total": 40 + seq, "active": False},
    }  # fmt: skip


def message(clinic: str, device: str, kind: str, body: Mapping[str, Any], received_ms: int = NOW_MS) -> Delivery:
    return Delivery(f"fleet/v1/{clinic}/{device}/{kind}", json.dumps(body).encode(), received_ms)
