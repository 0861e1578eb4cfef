"""The demo: the whole system with nothing else installed. A broker, a simulated fleet, the gateway, its pages."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from collectors.simulator.settings import SimulatorSettings
from gateway.alerts.engine import AlertEngine
from gateway.app import Gateway, open_gateway
from gateway.clock import SystemClock
from gateway.config import BrokerConfig, Config, HttpConfig, ListenAddress, RetentionConfig, StoreConfig
from gateway.demo_broker import DemoBroker, demo_broker
from gateway.demo_fleet import DemoFleet
from gateway.errors import ListenError, SilverpointError
from schemas.access import ROLES, Role, Scope, Viewer

HISTORY_MONTHS: Final = 8
"""So that the last calendar quarter that has settled, a hundred days ago at worst, has lives to tell of."""
DENSE_DAYS: Final = 5
"""So long readings are as dense as a real device's; before that they are few, so that the history is soon in."""
DEFAULT_LISTEN: Final = ListenAddress("127.0.0.1", 8080)

_DAY_MS: Final = 86_400_000
_SAMPLES_DAYS: Final = 366
"""Longer than the history: its oldest readings stay."""
_DENSE_WEIGHT: Final = 12
"""A dense day takes so many times as long to take in as a sparse one."""
_LIVE_INTERVAL_MS: Final = 5_000
"""Dense beside a real device's, so that one sees the page live."""
_LOOK_S: Final = 0.1
_ALERT_LOOKS: Final = 1_800
"""Longer than any machine took; whoever waits sees it run, and is told where it was not enough."""
_STORE_NAME: Final = "silverpoint.db"
_DEMO: Final = Viewer("demo", "admin")
_MANAGER: Final = Viewer("manager", "manager")


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    role: Role
    password: str


def history_start_ms(now_ms: int) -> int:
    """When the history begins: with a whole month, since vendors are told whole months."""
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    months = now.year * 12 + now.month - 1 - HISTORY_MONTHS
    return int(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1_000


async def run_demo(devices: int, listen: ListenAddress | None, directory: Path | None) -> None:
    """Runs the demo until Ctrl-C. Without `directory` it leaves nothing behind; without `listen` it takes another
    port where the usual one is taken. Raises `SilverpointError`."""
    console = Console(highlight=False)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    with _directory(directory) as place:
        async with demo_broker(place / "broker") as broker:
            console.print(f"broker: {broker.name} on {broker.url}")
            config = _config(broker, listen or _usual_or_free(), place)
            async with open_gateway(config, SystemClock(), open_as=_MANAGER) as gateway:
                await _run(gateway, broker, devices, stop, console)
    console.print("ended" if directory is None else f"ended; everything is kept in {directory}")


async def _run(gateway: Gateway, broker: DemoBroker, devices: int, stop: asyncio.Event, console: Console) -> None:
    now_ms = gateway.clock.now_ms()
    settings = SimulatorSettings(
        start_ms=history_start_ms(now_ms),
        live_from_ms=now_ms,
        dense_from_ms=now_ms - DENSE_DAYS * _DAY_MS,
        devices=devices,
        live_sample_interval_ms=_LIVE_INTERVAL_MS,
        live_session_interval_ms=_LIVE_INTERVAL_MS,
    )
    fleet = DemoFleet(settings, now_ms, broker.url)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(gateway.run(stop), name="gateway")
            loading = tasks.create_task(_load(gateway, fleet, settings, console), name="history")
            stopped = tasks.create_task(stop.wait(), name="stop signal")
            await asyncio.wait({loading, stopped, running}, return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                _say_where(gateway, await _add_users(gateway), console, caught_up=loading.result())
            await asyncio.wait({stopped, running}, return_when=asyncio.FIRST_COMPLETED)
            loading.cancel()
            stopped.cancel()
    finally:
        await fleet.close()


async def _load(gateway: Gateway, fleet: DemoFleet, settings: SimulatorSettings, console: Console) -> bool:
    """Takes the fleet's history in by the same way as every other delivery. Whether the alerts have caught up."""
    entries = await fleet.registry()
    await gateway.registry.save(entries)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[records]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"{HISTORY_MONTHS} months of history", total=1.0, records="")
        stored = 0
        async for part in fleet.history():
            stored += (await gateway.pipeline.ingest(part.deliveries)).stored
            progress.update(task, completed=_share_in(settings, part.until_ms), records=f"{stored:,} records")
        progress.add_task("alerts and demand", total=None, records="")
        catching_up = alerts_catch_up(gateway.engine, gateway.pipeline.commit_no)
        caught_up, _ = await asyncio.gather(catching_up, gateway.analytics.demand.renew())
        return caught_up


async def alerts_catch_up(engine: AlertEngine, commit_no: int, looks: int = _ALERT_LOOKS) -> bool:
    """Waits until what fires is of today: the engine goes through the history in order, which takes a busy machine a
    minute. Whether it came to that commit; False after so many looks, ten a second."""
    for _ in range(looks):
        if engine.mark >= commit_no:
            return True
        await asyncio.sleep(_LOOK_S)
    return False


def _share_in(settings: SimulatorSettings, until_ms: int) -> float:
    """How much of the history's records is in: its dense end has the most."""
    live_ms = settings.live_from_ms or settings.start_ms
    dense_ms = settings.dense_from_ms or settings.start_ms
    sparse = min(until_ms, dense_ms) - settings.start_ms
    dense = max(min(until_ms, live_ms) - dense_ms, 0)
    return (sparse + _DENSE_WEIGHT * dense) / (dense_ms - settings.start_ms + _DENSE_WEIGHT * (live_ms - dense_ms))


async def _add_users(gateway: Gateway) -> list[Login]:
    logins = [Login(role, role, secrets.token_urlsafe(9)) for role in ROLES]
    for login in logins:
        await gateway.services.access.add_user(_DEMO, login.name, login.role, Scope(), login.password)
    return logins


def _say_where(gateway: Gateway, logins: list[Login], console: Console, *, caught_up: bool) -> None:
    if not caught_up:
        console.print("\nAlerts still go through the history: for a while the page shows some that are over.")
    console.print(f"\nopen [bold]{gateway.http.url}/[/bold]\n")
    for login in logins:
        console.print(f"  {login.name:<12} {login.password}", markup=False)
    console.print("\nOn this machine the page opens signed in as manager. Ctrl-C ends the demo.")


def _config(broker: DemoBroker, listen: ListenAddress, place: Path) -> Config:
    return Config(
        broker=BrokerConfig(url=SecretStr(broker.url)),
        store=StoreConfig(url=f"sqlite:///{place / _STORE_NAME}"),
        http=HttpConfig(listen=str(listen)),
        retention=RetentionConfig(samples_days=_SAMPLES_DAYS),
    )


def _usual_or_free() -> ListenAddress:
    """The usual address, or the same with a free port where somebody listens there already."""
    for address in (DEFAULT_LISTEN, ListenAddress(DEFAULT_LISTEN.host, 0)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                continue
            return ListenAddress(address.host, probe.getsockname()[1])
    raise ListenError(f"no port is free on {DEFAULT_LISTEN.host}")


@contextmanager
def _directory(directory: Path | None) -> Iterator[Path]:
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="silverpoint-demo-") as temporary:
            yield Path(temporary)
    else:
        if (directory / _STORE_NAME).exists():
            raise SilverpointError(f"{directory} holds a demo already: give --dir an empty directory")
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SilverpointError(f"can't make {directory}: {error.strerror}; give --dir another") from error
        yield directory.resolve()
