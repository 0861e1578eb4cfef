"""Services: all that requests are answered from, wired once by the app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast

from fastapi import Request

from gateway.alerts.conditions import due_from_wear
from gateway.alerts.rehearsing import Reach
from gateway.alerts.rulebook import RuleBook
from gateway.analytics.demand import DemandBook, NoDemand
from gateway.analytics.lifetimes import LifetimeBook
from gateway.analytics.privacy import DEFAULT_K
from gateway.analytics.usage import Usage
from gateway.analytics.usage_told import ToldUse
from gateway.clock import Clock
from gateway.config import HttpConfig, WorkConfig
from gateway.config_alerts import AlertsConfig
from gateway.events import Events
from gateway.export.sample_archive import SampleArchive
from gateway.forecasting.board import ForecastBook, NoForecasts
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.access import Access
from gateway.serve.actions import Actions
from gateway.serve.board import AlertBoard
from gateway.serve.credentials import Credentials
from gateway.serve.demand_reader import DemandReader
from gateway.serve.health import Readiness
from gateway.serve.history import HistoryReader
from gateway.serve.idempotency import RememberedAnswers
from gateway.serve.intake import Intake
from gateway.serve.my_notifications import MyNotifications
from gateway.serve.nozzles import NozzleReader
from gateway.serve.operator import OperatorFigures
from gateway.serve.outlook import OutlookReader, WaitingCosts
from gateway.serve.page_acts import FormActs
from gateway.serve.page_reader import StorePageReader
from gateway.serve.passwords import Passwords
from gateway.serve.product_reader import ProductReader
from gateway.serve.pseudonyms import KEPT_UNDER, Pseudonyms
from gateway.serve.reader import Reader
from gateway.serve.reports.desk import ReportDesk, ReportSettings
from gateway.serve.sight import Sight
from gateway.serve.silence_acts import SilenceActs
from gateway.serve.stopping import StopSignal
from gateway.serve.telling import NobodyTold, Telling
from gateway.serve.usage_reader import UsageReader
from gateway.serve.veil import Veil
from gateway.serve.work_acts import WorkActs
from gateway.serve.work_pages import StoreWorkPages
from gateway.serve.work_reader import KEPT_UNDER as CALENDARS_KEPT_UNDER
from gateway.serve.work_reader import WorkReader
from gateway.store.base import Store
from gateway.work.desk import WorkDesk
from gateway.work.planner import Planner
from schemas.access import Viewer
from schemas.alert import Alert


class WorkParts(NamedTuple):
    """The work desk, and the planner over it."""

    desk: WorkDesk
    planner: Planner


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app made before it serves."""

    store: Store
    fleet: Fleet
    registry: Registry
    feed: CommitFeed
    board: AlertBoard
    intake: Intake
    readiness: Readiness
    events: Events
    clock: Clock
    stop: StopSignal
    work: WorkParts | None = None
    """None: orders are shown and acted on, but nothing follows the alerts."""
    forecasts: ForecastBook = field(default_factory=NoForecasts)
    demand: DemandBook = field(default_factory=NoDemand)
    privacy_k: int = DEFAULT_K
    """Behind every number that vendors are told stand so many clinics."""
    reach: Callable[[Callable[[Viewer, Alert], bool]], Reach] | None = None
    """Who would be told of alerts, given who sees which. None: nobody is ever told."""
    telling: Telling = field(default_factory=NobodyTold)
    archive: SampleArchive | None = None
    """None: what is past its time is gone."""


@dataclass(frozen=True, slots=True)
class Services:
    """What requests are answered from."""

    parts: Parts
    http: HttpConfig
    sight: Sight
    veil: Veil
    reader: Reader
    history: HistoryReader
    nozzles: NozzleReader
    access: Access
    credentials: Credentials
    actions: Actions
    answers: RememberedAnswers
    page_reader: StorePageReader
    page_acts: FormActs
    work: WorkReader
    work_acts: WorkActs
    silence_acts: SilenceActs
    usage: UsageReader
    demand: DemandReader
    lifetimes: LifetimeBook
    work_pages: StoreWorkPages
    my_notifications: MyNotifications
    reports: ReportDesk
    product: ProductReader

    @property
    def encrypted(self) -> bool:
        """Whether people reach us by TLS only."""
        return is_encrypted(self.http)


async def build_services(
    parts: Parts,
    http: HttpConfig,
    *,
    alerts: AlertsConfig | None = None,
    open_as: Viewer | None = None,
    passwords: Passwords | None = None,
    costs: WaitingCosts | None = None,
    reports: ReportSettings | None = None,
) -> Services:
    """Wires the services. `open_as` is the demo's: whom browsers on this machine are taken for."""
    sight = Sight(parts.fleet, Pseudonyms(await parts.store.secret(KEPT_UNDER)))
    veil = Veil(parts.fleet, sight)
    history = HistoryReader(parts.store, sight, parts.archive)
    passwords = passwords or Passwords()
    await passwords.warm_up()
    access = Access(parts.store, parts.clock, passwords)
    book = RuleBook(alerts or AlertsConfig())
    reader = Reader(
        fleet=parts.fleet,
        registry=parts.registry,
        board=parts.board,
        clock=parts.clock,
        feed=parts.feed,
        readiness=parts.readiness,
        history=history,
        sight=sight,
        veil=veil,
        stop=parts.stop,
        forecasts=parts.forecasts,
        book=book,
    )
    actions = Actions(
        store=parts.store,
        registry=parts.registry,
        fleet=parts.fleet,
        feed=parts.feed,
        access=access,
        board=parts.board,
        intake=parts.intake,
        sight=sight,
        clock=parts.clock,
        alerts=alerts,
        reach=parts.reach(sight.sees_alert) if parts.reach is not None else None,
    )
    planned = parts.work or await idle_work(parts)
    parts = replace(parts, work=planned)
    work_acts = WorkActs(
        store=parts.store,
        fleet=parts.fleet,
        desk=planned.desk,
        intake=parts.intake,
        sight=sight,
        clock=parts.clock,
        done_at=actions.done_at,
    )
    lifetimes = _lifetimes(parts, sight)
    work = WorkReader(
        store=parts.store,
        fleet=parts.fleet,
        registry=parts.registry,
        planner=planned.planner,
        acts=work_acts,
        sight=sight,
        veil=veil,
        clock=parts.clock,
        calendar_secret=await parts.store.secret(CALENDARS_KEPT_UNDER),
    )
    silence_acts = SilenceActs(
        store=parts.store, board=parts.board, fleet=parts.fleet, sight=sight, actions=actions, clock=parts.clock
    )
    usage = _usage_reader(parts, sight)
    demand = DemandReader(
        book=parts.demand,
        store=parts.store,
        registry=parts.registry,
        clock=parts.clock,
        usual_lead_days=planned.planner.usual_lead_days,
        k=parts.privacy_k,
    )
    product = ProductReader(lifetimes=lifetimes, usage=usage, demand=demand, clock=parts.clock)
    return Services(
        parts=parts,
        http=http,
        sight=sight,
        veil=veil,
        reader=reader,
        history=history,
        nozzles=NozzleReader(
            fleet=parts.fleet,
            registry=parts.registry,
            store=parts.store,
            sight=sight,
            reader=reader,
            forecasts=parts.forecasts,
            book=book,
        ),
        access=access,
        credentials=Credentials(access, secure=is_encrypted(http), open_as=open_as),
        actions=actions,
        answers=RememberedAnswers(parts.store, parts.clock),
        page_reader=StorePageReader(
            store=parts.store,
            fleet=parts.fleet,
            registry=parts.registry,
            sight=sight,
            reader=reader,
            history=history,
            lifetimes=lifetimes,
            figures=OperatorFigures(parts.events.registry, parts.readiness, parts.clock),
            outlooks=OutlookReader(
                reader=reader,
                forecasts=parts.forecasts,
                registry=parts.registry,
                history=history,
                clock=parts.clock,
                costs=costs or WaitingCosts(),
            ),
            forecasts=parts.forecasts,
        ),
        page_acts=FormActs(actions=actions, reader=reader, registry=parts.registry),
        work=work,
        work_acts=work_acts,
        silence_acts=silence_acts,
        usage=usage,
        demand=demand,
        product=product,
        lifetimes=lifetimes,
        my_notifications=MyNotifications(
            store=parts.store,
            telling=parts.telling,
            work=work,
            clock=parts.clock,
            done_at=actions.done_at,
            public_url=http.public_url,
        ),
        reports=ReportDesk(
            settings=reports or ReportSettings("", due_from_wear(book.everywhere)),
            product=product,
            store=parts.store,
            fleet=parts.fleet,
            registry=parts.registry,
            sight=sight,
            clock=parts.clock,
        ),
        work_pages=StoreWorkPages(
            store=parts.store,
            registry=parts.registry,
            desk=planned.desk,
            planner=planned.planner,
            work=work,
            acts=work_acts,
            silencing=silence_acts,
            reader=reader,
            sight=sight,
            clock=parts.clock,
        ),
    )


def _lifetimes(parts: Parts, sight: Sight) -> LifetimeBook:
    return LifetimeBook(
        store=parts.store,
        fleet=parts.fleet,
        registry=parts.registry,
        forecasts=parts.forecasts,
        clock=parts.clock,
        sees=lambda viewer, life: sight.sees_record(viewer, life.device_id, life.clinic_id, life.serial),
        k=parts.privacy_k,
    )


def _usage_reader(parts: Parts, sight: Sight) -> UsageReader:
    usage = Usage(store=parts.store, fleet=parts.fleet, registry=parts.registry, clock=parts.clock)
    told = ToldUse(store=parts.store, usage=usage, fleet=parts.fleet, clock=parts.clock, k=parts.privacy_k)
    return UsageReader(
        usage=usage, told=told, fleet=parts.fleet, registry=parts.registry, sight=sight, clock=parts.clock
    )


async def idle_work(parts: Parts) -> WorkParts:
    """A desk that follows nothing, where the app brought none."""
    desk = WorkDesk(
        store=parts.store,
        fleet=parts.fleet,
        registry=parts.registry,
        alerts=parts.board,
        feeds=(),
        events=parts.events,
        clock=parts.clock,
    )
    await desk.load()
    planner = Planner(
        fleet=parts.fleet,
        registry=parts.registry,
        forecasts=parts.forecasts,
        desk=desk,
        settings=WorkConfig(),
        clock=parts.clock,
    )
    return WorkParts(desk, planner)


def is_encrypted(http: HttpConfig) -> bool:
    """Whether we, or the proxy before us, serve TLS."""
    return http.cert_file is not None or (http.public_url or "").startswith("https://")


def services_of(request: Request) -> Services:
    """The services of the app that got this request."""
    return cast("Services", request.app.state.services)
