"""The gateway: the only place that wires its parts, starts them in order and ends them in order."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from collectors.errors import CollectorError
from collectors.mqtt import MqttCollector
from collectors.mqtt_publish import Publisher
from dashboards.charts.render import ChartRenderer, cache_folder
from gateway.alerts.conditions import due_from_wear
from gateway.alerts.engine import AlertEngine
from gateway.analytics.background import Background, background
from gateway.analytics.clinic_needs import ClinicNeeds
from gateway.clock import Clock, SystemClock
from gateway.config import Config
from gateway.errors import SilverpointError, StoreUnavailableError
from gateway.events import Events
from gateway.export.archiver import Archiver
from gateway.export.files import make_folder
from gateway.export.parquet import require_pyarrow
from gateway.export.sample_archive import SampleArchive
from gateway.forecasting.board import ForecastBook, Forecasts, NoForecasts
from gateway.forecasting.online import ForecastKeeper
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.local_acts import FORGET, local_acts
from gateway.lock import StoreLock
from gateway.notify.advice import AdvicePublisher
from gateway.notify.chaser import Claims
from gateway.notify.notifier import Notifier, NotifierParts
from gateway.notify.outlook import outlook_from
from gateway.notify.own import OwnTelling
from gateway.notify.pictures import WearIllustrator
from gateway.notify.reach import RoutedReach
from gateway.pausing import Pauses
from gateway.pipeline_intake import PipelineIntake
from gateway.self_watch import SelfWatch
from gateway.serve.control import ControlServer, socket_path
from gateway.serve.http import create_app
from gateway.serve.outlook import WaitingCosts
from gateway.serve.reports.desk import ReportSettings
from gateway.serve.server import HttpServer
from gateway.serve.services import Parts, Services, WorkParts, build_services
from gateway.session_listener import SessionListener
from gateway.store.base import MaintenanceStore, Store
from gateway.store.open import open_store, retention_of
from gateway.work.desk import WorkDesk
from gateway.work.planner import Planner
from schemas.access import Viewer

_TICK_MS: Final = 1_000
_MAINTENANCE_REST_S: Final = 5.0
_MAINTENANCE_PAUSE_S: Final = 0.05
_DRAIN_WITHIN_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway, wired and restored. Made by `open_gateway`; `run` it once."""

    config: Config
    clock: Clock
    events: Events
    store: Store
    registry: Registry
    collector: MqttCollector
    pipeline: Pipeline
    engine: AlertEngine
    keeper: ForecastKeeper | None
    """None: nothing is forecast, by configuration."""
    analytics: Background
    desk: WorkDesk
    advice: AdvicePublisher | None
    notifier: Notifier
    services: Services
    charts: ChartRenderer
    http: HttpServer
    stopping: asyncio.Event

    async def run(self, stop: asyncio.Event, pauses: Pauses | None = None) -> None:
        """Works until `stop` is set, then ends cleanly: stops reading, commits, acknowledges, closes.

        `pauses`: whoever begins again after a pause; without, acts that need one are refused.

        Raises `SilverpointError` where it may not go on: another client has taken its place at the broker.
        """
        dispatcher = local_acts(self.services, self.http.app, self.config, pauses)
        control = ControlServer(socket_path(self.config.store.path), dispatcher, lasting={FORGET})
        await control.open()
        try:
            async with asyncio.TaskGroup() as tasks:
                connecting = tasks.create_task(self.collector.run(), name="broker session")
                working = tasks.create_task(self.pipeline.run(), name="pipeline")
                serving = tasks.create_task(self.http.run(), name="http")
                background = self._start_background(tasks)
                stopped = tasks.create_task(stop.wait(), name="stop signal")
                try:
                    await asyncio.wait({stopped, connecting, working, serving}, return_when=asyncio.FIRST_COMPLETED)
                    await self._drain(working)
                    await self.collector.close()
                finally:  # also where a task has failed: open event streams would keep the server, and all of us, alive
                    self.stopping.set()
                    self.http.stop()
                for task in (*background, stopped):
                    task.cancel()
        except* CollectorError as errors:
            raise SilverpointError(str(errors.exceptions[0])) from errors
        finally:
            self.stopping.set()
            await control.close()

    def _start_background(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        background = [
            tasks.create_task(self.engine.run(), name="alerts"),
            tasks.create_task(self.desk.run(), name="work"),
            tasks.create_task(self.analytics.use.run(), name="use"),
            tasks.create_task(self.analytics.demand.run(), name="demand"),
            tasks.create_task(self.notifier.run(), name="notify"),
            tasks.create_task(_maintain(self.store, self.clock, self.events), name="store maintenance"),
            tasks.create_task(_count_connected_time(self.collector, self.pipeline, self.clock), name="connected time"),
        ]
        if (folder := self.config.retention.archive_dir) is not None:
            archiver = Archiver(self.store, self.config.store.url, folder, self.clock, self.events)
            background.append(tasks.create_task(archiver.run(), name="archive"))
        if self.keeper is not None:
            background.append(tasks.create_task(self.keeper.run(), name="forecasts"))
        if self.advice is not None:
            background.append(tasks.create_task(self.advice.run(), name="advice"))
        return background

    async def _drain(self, working: asyncio.Task[None]) -> None:
        """Commits and acknowledges what was read. What can't be committed in time is given up: it will come again."""
        self.pipeline.stop()
        _, late = await asyncio.wait({working}, timeout=_DRAIN_WITHIN_S)
        for task in late:
            task.cancel()


@asynccontextmanager
async def open_gateway(config: Config, clock: Clock, *, open_as: Viewer | None = None) -> AsyncIterator[Gateway]:
    """Takes the store's lock and the port, restores the fleet, and wires everything; closes it all at the end.

    `open_as` is the demo's: whom browsers on this machine are taken for. Raises `SilverpointError` with the one
    line to show.
    """
    async with _opened(config, clock, open_as) as gateway:
        await gateway.http.open()
        try:
            yield gateway
        finally:
            await gateway.http.close()


@asynccontextmanager
async def open_quietly(config: Config, clock: Clock) -> AsyncIterator[Gateway]:
    """What a command acts on where no gateway runs: everything wired and restored, nothing that listens or connects.

    Raises AlreadyRunningError, StoreError.
    """
    async with _opened(config, clock, None) as gateway:
        try:
            yield gateway
        finally:
            await gateway.notifier.close()


@asynccontextmanager
async def _opened(config: Config, clock: Clock, open_as: Viewer | None) -> AsyncIterator[Gateway]:
    with StoreLock(config.store.path):
        store = await open_store(config.store.url, retention_of(config.retention))
        try:
            gateway = await _wire(config, clock, store, open_as)
            try:
                yield gateway
            finally:
                gateway.charts.close()
                gateway.services.reports.close()
        finally:
            await store.close()


async def run(config: Config) -> None:
    """Runs the gateway until SIGTERM or SIGINT. Raises `SilverpointError` with the one line to show."""
    pauses = Pauses()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, pauses.stop)
    try:
        await _run_once(config, pauses)
        while await pauses.take():
            await _run_once(config, pauses)
    finally:
        pauses.answer()


async def _run_once(config: Config, pauses: Pauses) -> None:
    async with open_gateway(config, SystemClock()) as gateway:
        _calm_the_collector()
        gateway.events.gateway_started(gateway.http.url, config.store.url)
        if config.http.metrics_token is None and not config.http.address.is_loopback:
            gateway.events.metrics_open(config.http.listen)
        pauses.answer()
        await gateway.run(pauses.ending, pauses)
        gateway.events.gateway_stopped()


def _calm_the_collector() -> None:
    """What was restored stays, and need not be looked at again for cycles. How often the rest is, the process says that
    the gateway runs in (`gateway.cli.main`)."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _wire(config: Config, clock: Clock, store: Store, open_as: Viewer | None) -> Gateway:
    stopping = asyncio.Event()
    events, fleet, feed, registry = Events(), Fleet(), CommitFeed(), Registry(store)
    listener = SessionListener(events)
    collector = MqttCollector(config.broker.mqtt_settings(), now_ms=clock.now_ms, listener=listener)
    pipeline = Pipeline(
        collector=collector,
        store=store,
        fleet=fleet,
        events=events,
        feed=feed,
        clock=clock,
        root=config.broker.root,
        retention_samples_days=config.retention.samples_days,
    )
    await registry.load()
    await pipeline.start()
    if fleet.devices():
        collector.expect_session()
    keeper = _keeper(config, store, fleet, registry, feed, clock, events) if config.forecast.enabled else None
    if keeper is not None:
        await keeper.restore()
    forecasts: ForecastBook = keeper or NoForecasts()
    engine = AlertEngine(
        store=store,
        fleet=fleet,
        registry=registry,
        feed=feed,
        events=events,
        clock=clock,
        settings=config.alerts,
        watch=SelfWatch(collector, config.store.path),
        forecasts=forecasts,
    )
    await engine.restore()
    analytics = background(
        store=store,
        fleet=fleet,
        registry=registry,
        forecasts=forecasts,
        clock=clock,
        events=events,
        degraded_health=config.alerts.rule("battery_degraded").threshold,
    )
    needs = ClinicNeeds(analytics.demand)
    work = _work(config, store, fleet, registry, engine, feed, clock, events, forecasts, needs)
    await work.desk.restore()
    advice = _advice(config, fleet, registry, engine, feed, clock, events, forecasts) if config.notify.advice else None
    if advice is not None:
        listener.on_session_lost(advice.republish)
    parts = Parts(
        store=store,
        fleet=fleet,
        registry=registry,
        feed=feed,
        board=engine,
        intake=PipelineIntake(pipeline),
        readiness=_Readiness(collector, pipeline),
        events=events,
        clock=clock,
        stop=stopping,
        work=work,
        forecasts=forecasts,
        demand=analytics.demand,
        privacy_k=config.privacy.k,
        reach=lambda sees: RoutedReach(config.notify, store, registry, sees),
        telling=OwnTelling(config.notify, config.work, store, _public_url(config)),
        archive=_archive(config, store),
    )
    services = await build_services(
        parts,
        config.http,
        alerts=config.alerts,
        open_as=open_as,
        costs=WaitingCosts(config.forecast.cost_ratio, config.work.nozzle_price),
        reports=ReportSettings(config.store.url, due_from_wear(config.alerts), config.forecast.cost_ratio),
    )
    charts = ChartRenderer(cache_folder())
    return Gateway(
        config=config,
        clock=clock,
        events=events,
        store=store,
        registry=registry,
        collector=collector,
        pipeline=pipeline,
        engine=engine,
        keeper=keeper,
        analytics=analytics,
        desk=work.desk,
        advice=advice,
        notifier=_notifier(config, services, engine, forecasts, charts, work.desk),
        services=services,
        charts=charts,
        http=HttpServer(create_app(services, charts), config.http),
        stopping=stopping,
    )


def _archive(config: Config, store: Store) -> SampleArchive | None:
    """Raises SilverpointError where pyarrow is not installed or the folder can't be made."""
    folder = config.retention.archive_dir
    if folder is None:
        return None
    require_pyarrow()
    make_folder(folder)
    return SampleArchive(store, folder)


def _keeper(
    config: Config, store: Store, fleet: Fleet, registry: Registry, feed: CommitFeed, clock: Clock, events: Events
) -> ForecastKeeper:
    return ForecastKeeper(
        store=store,
        fleet=fleet,
        registry=registry,
        feed=feed,
        events=events,
        clock=clock,
        settings=config.forecast,
    )


def _work(
    config: Config,
    store: Store,
    fleet: Fleet,
    registry: Registry,
    engine: AlertEngine,
    feed: CommitFeed,
    clock: Clock,
    events: Events,
    forecasts: Forecasts,
    needs: ClinicNeeds,
) -> WorkParts:
    desk = WorkDesk(
        store=store,
        fleet=fleet,
        registry=registry,
        alerts=engine,
        feeds=(feed, engine.changes),
        events=events,
        clock=clock,
    )
    planner = Planner(
        fleet=fleet,
        registry=registry,
        forecasts=forecasts,
        desk=desk,
        settings=config.work,
        clock=clock,
        needs=needs,
    )
    return WorkParts(desk, planner)


def _advice(
    config: Config,
    fleet: Fleet,
    registry: Registry,
    engine: AlertEngine,
    feed: CommitFeed,
    clock: Clock,
    events: Events,
    forecasts: Forecasts,
) -> AdvicePublisher:
    # A connection of its own: the collector's session must not be disturbed by what we publish.
    settings = config.broker.mqtt_settings(client_id=f"{config.broker.client_id}-advice")
    return AdvicePublisher(
        fleet=fleet,
        registry=registry,
        alerts=engine,
        feed=feed,
        connect=lambda: Publisher(settings),
        root=config.broker.root,
        valid_h=config.notify.advice_valid_h,
        clock=clock,
        events=events,
        forecasts=forecasts,
    )


def _notifier(
    config: Config,
    services: Services,
    engine: AlertEngine,
    forecasts: Forecasts,
    charts: ChartRenderer,
    desk: WorkDesk,
) -> Notifier:
    parts = services.parts
    return Notifier(
        NotifierParts(
            store=parts.store,
            fleet=parts.fleet,
            registry=parts.registry,
            alerts=engine,
            mutes=engine,
            sees=services.sight.sees_alert,
            veil=services.veil,
            outlook=outlook_from(forecasts),
            readiness=parts.readiness,
            clock=parts.clock,
            events=parts.events,
            public_url=_public_url(config),
            illustrator=WearIllustrator(
                store=parts.store, fleet=parts.fleet, registry=parts.registry, renderer=charts, events=parts.events
            ),
            claims=Claims(desk.live, services.sight.sees_order, config.work),
        ),
        config.notify,
    )


def _public_url(config: Config) -> str:
    return config.http.public_url or f"http://{config.http.listen}"


class _Readiness:
    """What `/readyz` asks."""

    def __init__(self, collector: MqttCollector, pipeline: Pipeline) -> None:
        self._collector = collector
        self._pipeline = pipeline

    def broker_connected(self) -> bool:
        return self._collector.connected

    def commit_fault(self) -> str | None:
        return self._pipeline.commit_fault


async def _maintain(store: MaintenanceStore, clock: Clock, events: Events) -> None:
    """Seals and forgets in short steps, so that commits never wait for long."""
    while True:
        try:
            report = await store.maintain(clock.now_ms())
        except StoreUnavailableError as error:
            events.maintenance_failed(str(error))
            await asyncio.sleep(_MAINTENANCE_REST_S)
            continue
        if report.sealed_rows:
            events.samples_sealed(report.sealed_rows)
        await asyncio.sleep(_MAINTENANCE_PAUSE_S if report.more else _MAINTENANCE_REST_S)


async def _count_connected_time(collector: MqttCollector, pipeline: Pipeline, clock: Clock) -> None:
    """Holes are given up by connected time only: while we are away, nothing can come."""
    last_ms = clock.monotonic_ms()
    while True:
        await asyncio.sleep(_TICK_MS / 1000)
        now_ms = clock.monotonic_ms()
        if collector.connected:
            await pipeline.tick(min(now_ms - last_ms, 2 * _TICK_MS))
        last_ms = now_ms
