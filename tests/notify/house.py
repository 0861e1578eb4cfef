"""A notifier over a real store, a receiver that listens on a real socket, and alerts that fire when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gateway.clock import ManualClock
from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.notify.notice import NoVeil
from gateway.notify.notifier import Notifier, NotifierParts
from gateway.notify.pictures import Illustrator
from gateway.store.service_rows import AlertChange
from gateway.store.sqlite import SqliteStore
from schemas.access import Viewer
from schemas.alert import Alert, Matchers, Rule, Severity, Silence
from schemas.alert_facts import AlertFacts
from schemas.views import ForecastView

T0_MS = 1_760_000_400_000
"""A Thursday, 09:00 in UTC."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
SECRET = "0123456789abcdef"


class Engine:
    """Alerts as the engine would have them: in the store, and what fires in memory."""

    def __init__(self, store: SqliteStore) -> None:
        self.changes = CommitFeed()
        self._store = store
        self._alerts: dict[tuple[str, str], Alert] = {}

    def firing(self) -> Sequence[Alert]:
        return [alert for alert in self._alerts.values() if alert.state == "firing"]

    async def fire(
        self,
        at_ms: int,
        subject: str,
        *,
        rule: Rule = "mains_lost",
        clinic_id: str = "c-1",
        severity: Severity = "warning",
        summary: str = "on battery",
        value: float | None = None,
        facts: AlertFacts | None = None,
    ) -> Alert:
        before = self._alerts.get((rule, subject))
        alert = Alert(
            alert_id=before.alert_id if before else 0, rule=rule, subject=subject, clinic_id=clinic_id,
            device_id=None if subject == clinic_id else f"d-{subject}", severity=severity, state="firing", value=value,
            summary=summary, pending_since_ms=at_ms, firing_since_ms=at_ms, clearing_since_ms=None, resolved_ms=None,
            last_evidence_ms=at_ms, facts=facts,
        )  # fmt: skip
        return await self._apply(AlertChange(alert, before.state if before else None, at_ms, "fired"))

    async def resolve(self, at_ms: int, alert: Alert) -> Alert:
        alert = self._alerts[alert.rule, alert.subject]
        over = replace(alert, state="resolved", resolved_ms=at_ms, last_evidence_ms=at_ms)
        return await self._apply(AlertChange(over, "firing", at_ms, "over"))

    def acknowledge(self, alert: Alert, at_ms: int) -> None:
        key = (alert.rule, alert.subject)
        self._alerts[key] = replace(self._alerts[key], acknowledged_by="kim", acknowledged_ms=at_ms)

    async def _apply(self, change: AlertChange) -> Alert:
        (stored,) = await self._store.apply_alerts([change], 0)
        self._alerts[stored.rule, stored.subject] = stored
        self.changes.publish(0, [])
        return stored


SILENCE = Silence(1, "silence", Matchers(clinic_id="c-1"), 0, 4_000_000_000_000, False, "", "kim", 0)


class Muting:
    """Mutes what the test says."""

    def __init__(self) -> None:
        self.subjects: set[str] = set()

    def muted(self, alert: Alert) -> Silence | None:
        return SILENCE if alert.subject in self.subjects else None


class Well:
    """A gateway that is ready until the test says otherwise."""

    connected = True

    def broker_connected(self) -> bool:
        return self.connected

    def commit_fault(self) -> str | None:
        return None


class House:
    """One notifier and what is around it. `look` plans and sends what is due."""

    def __init__(self, store: SqliteStore, config: NotifyConfig, clock: ManualClock, engine: Engine) -> None:
        self.store, self.config, self.clock, self.engine = store, config, clock, engine
        self.muting, self.well, self.events, self.fleet = Muting(), Well(), Events(), Fleet()
        self.registry = Registry(store)
        self.outlook: ForecastView | None = None
        self.illustrator: Illustrator | None = None
        self.notifier = self.started()

    def started(self) -> Notifier:
        """Another one, as after a restart."""
        self.notifier = Notifier(
            NotifierParts(
                store=self.store,
                fleet=self.fleet,
                registry=self.registry,
                alerts=self.engine,
                mutes=self.muting,
                sees=self._sees,
                veil=NoVeil(),
                outlook=lambda _: self.outlook,
                readiness=self.well,
                clock=self.clock,
                events=self.events,
                public_url="https://silverpoint.example.org",
                illustrator=self.illustrator,
            ),
            self.config,
        )
        return self.notifier

    async def look(self) -> None:
        await self.notifier.look()
        await self.notifier.deliverer.deliver_due()

    async def pass_time(self, by_ms: int, step_ms: int = 10_000) -> None:
        """Time goes by, and the notifier looks now and then."""
        for _ in range(by_ms // step_ms):
            self.clock.advance(step_ms)
            await self.look()

    async def fire(self, subject: str, **more: Any) -> Alert:
        return await self.engine.fire(self.clock.now_ms(), subject, **more)

    async def resolve(self, alert: Alert) -> Alert:
        return await self.engine.resolve(self.clock.now_ms(), alert)

    @staticmethod
    def _sees(viewer: Viewer, alert: Alert) -> bool:
        return viewer.scope.sees_clinic(alert.clinic_id)


@asynccontextmanager
async def opened_house(path: Path, config: NotifyConfig, now_ms: int = T0_MS) -> AsyncIterator[House]:
    store = await SqliteStore.open(str(path / "silverpoint.db"))
    house = House(store, config, ManualClock(now_ms), Engine(store))
    try:
        yield house
    finally:
        await house.notifier.close()
        await store.close()


@dataclass
class Listener:
    """An HTTP server that keeps what it is sent and answers what the test says."""

    port: int
    status: int = 200
    headers: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The messages that it answered well."""
        return [json.loads(body) for _, _, body in self.requests]

    @property
    def keys(self) -> list[str]:
        return [headers["idempotency-key"] for _, headers, _ in self.requests]


@asynccontextmanager
async def listener(port: int = 0) -> AsyncIterator[Listener]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head[1:] if h)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if heard.status == 200:
                    heard.requests.append((head[0], headers, body))
                writer.write(f"HTTP/1.1 {heard.status} X\r\n{heard.headers}Content-Length: 2\r\n\r\nok".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    heard = Listener(server.sockets[0].getsockname()[1])
    async with server:
        yield heard


def webhook(url: str, name: str = "hook", **more: Any) -> ReceiverConfig:
    return ReceiverConfig(name=name, channel="webhook", url=SecretStr(url), secret=SecretStr(SECRET), **more)


def config_for(*receivers: ReceiverConfig, **more: Any) -> NotifyConfig:
    return NotifyConfig(receivers=receivers, allow_private_networks=("127.0.0.0/8",), **more)
