"""Services: all that requests are answered from, wired once by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from gateway.clock import Clock
from gateway.config import HttpConfig
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.access import Access
from gateway.serve.actions import Actions
from gateway.serve.board import AlertBoard
from gateway.serve.credentials import Credentials
from gateway.serve.health import Readiness
from gateway.serve.history import HistoryReader
from gateway.serve.idempotency import RememberedAnswers
from gateway.serve.intake import Intake
from gateway.serve.nozzles import NozzleReader
from gateway.serve.passwords import Passwords
from gateway.serve.pseudonyms import KEPT_UNDER, Pseudonyms
from gateway.serve.reader import Reader
from gateway.serve.sight import Sight
from gateway.serve.stopping import StopSignal
from gateway.store.base import Store
from schemas.access import Viewer


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


@dataclass(frozen=True, slots=True)
class Services:
    """What requests are answered from."""

    parts: Parts
    http: HttpConfig
    sight: Sight
    reader: Reader
    history: HistoryReader
    nozzles: NozzleReader
    access: Access
    credentials: Credentials
    actions: Actions
    answers: RememberedAnswers

    @property
    def encrypted(self) -> bool:
        """Whether people reach us by TLS only."""
        return is_encrypted(self.http)


async def build_services(
    parts: Parts,
    http: HttpConfig,
    *,
    due_wear: float,
    open_as: Viewer | None = None,
    passwords: Passwords | None = None,
) -> Services:
    """Wires the services. `open_as` is the demo's: whom browsers on this machine are taken for."""
    sight = Sight(parts.fleet, Pseudonyms(await parts.store.secret(KEPT_UNDER)))
    history = HistoryReader(parts.store, sight)
    access = Access(parts.store, parts.clock, passwords or Passwords())
    reader = Reader(
        fleet=parts.fleet,
        registry=parts.registry,
        board=parts.board,
        clock=parts.clock,
        feed=parts.feed,
        readiness=parts.readiness,
        history=history,
        sight=sight,
        stop=parts.stop,
        due_wear=due_wear,
    )
    return Services(
        parts=parts,
        http=http,
        sight=sight,
        reader=reader,
        history=history,
        nozzles=NozzleReader(
            fleet=parts.fleet,
            registry=parts.registry,
            store=parts.store,
            sight=sight,
            reader=reader,
            due_wear=due_wear,
        ),
        access=access,
        credentials=Credentials(access, secure=is_encrypted(http), open_as=open_as),
        actions=Actions(
            store=parts.store,
            registry=parts.registry,
            fleet=parts.fleet,
            feed=parts.feed,
            access=access,
            board=parts.board,
            intake=parts.intake,
            sight=sight,
            clock=parts.clock,
        ),
        answers=RememberedAnswers(parts.store, parts.clock),
    )


def is_encrypted(http: HttpConfig) -> bool:
    """Whether we, or the proxy before us, serve TLS."""
    return http.cert_file is not None or (http.public_url or "").startswith("https://")


def services_of(request: Request) -> Services:
    """The services of the app that got this request."""
    return cast("Services", request.app.state.services)
