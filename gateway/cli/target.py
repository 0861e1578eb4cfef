"""What a command acts on: the running gateway through its local socket, or the store itself where none runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from pydantic import JsonValue

from collectors.replay import ReplayCollector
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.errors import AlreadyRunningError, NotRunningError
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.lock import StoreLock
from gateway.notify.reach import RoutedReach
from gateway.pipeline_intake import PipelineIntake
from gateway.serve.access import LOCAL, Access
from gateway.serve.actions import Actions
from gateway.serve.board import StoredAlerts
from gateway.serve.control import call, socket_path
from gateway.serve.dispatch import dispatch
from gateway.serve.local_api import API, ask
from gateway.serve.passwords import Passwords
from gateway.serve.pseudonyms import KEPT_UNDER, Pseudonyms
from gateway.serve.sight import Sight
from gateway.store.base import Store
from gateway.store.open import open_store, retention_of

T = TypeVar("T")

_TRIES: Final = 25
_BETWEEN_TRIES_S: Final = 0.2


async def act(config: Config, action: str, args: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Does one act and gives its answer.

    Raises what the act raises, and AlreadyRunningError where a gateway holds the store but answers no command.
    """
    return await told_or_done(config, action, args, lambda: _act_on_store(config, action, args))


async def told_or_done(
    config: Config, action: str, args: Mapping[str, JsonValue], instead: Callable[[], Awaitable[T]]
) -> dict[str, JsonValue] | T:
    """What the running gateway answers; where none runs, what is done on the store `instead`.

    Raises what either raises, and AlreadyRunningError where a gateway holds the store but answers no command.
    """
    left = _TRIES
    while True:
        with suppress(NotRunningError):
            return await call(socket_path(config.store.path), action, args)
        try:
            return await instead()
        except AlreadyRunningError:
            # It is starting or ending: in a moment it answers, or lets go of the store.
            left -= 1
            if not left:
                raise
        await asyncio.sleep(_BETWEEN_TRIES_S)


@asynccontextmanager
async def locked_store(config: Config) -> AsyncIterator[Store]:
    """The store itself, for a command that no gateway may disturb. Raises AlreadyRunningError, StoreError."""
    with StoreLock(config.store.path):
        store = await open_store(config.store.url, retention_of(config.retention))
        try:
            yield store
        finally:
            await store.close()


async def ask_api(
    config: Config,
    method: str,
    path: str,
    *,
    query: Mapping[str, str | None] | None = None,
    body: Mapping[str, JsonValue] | None = None,
    key: str | None = None,
) -> dict[str, JsonValue]:
    """Asks the API on behalf of whoever runs the command. Raises as `act` does."""
    asked: dict[str, JsonValue] = {"method": method, "path": path, "key": key}
    asked["query"] = {name: value for name, value in (query or {}).items() if value is not None}
    if body is not None:
        asked["body"] = dict(body)
    return await act(config, API, asked)


async def _act_on_store(config: Config, action: str, args: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if action == API:
        from gateway.app import open_quietly

        async with open_quietly(config, SystemClock()) as gateway:
            return await ask(gateway.http.app, args, LOCAL)
    async with locked_store(config) as store:
        return await dispatch(await _actions(config, store), action, args)


async def _actions(config: Config, store: Store) -> Actions:
    clock, fleet, feed, registry = SystemClock(), Fleet(), CommitFeed(), Registry(store)
    pipeline = Pipeline(
        collector=ReplayCollector([]),
        store=store,
        fleet=fleet,
        events=Events(),
        feed=feed,
        clock=clock,
        root=config.broker.root,
        retention_samples_days=config.retention.samples_days,
    )
    await registry.load()
    await pipeline.start()
    sight = Sight(fleet, Pseudonyms(await store.secret(KEPT_UNDER)))
    return Actions(
        store=store,
        registry=registry,
        fleet=fleet,
        feed=feed,
        access=Access(store, clock, Passwords()),
        board=StoredAlerts(store),
        intake=PipelineIntake(pipeline),
        sight=sight,
        clock=clock,
        alerts=config.alerts,
        reach=RoutedReach(config.notify, store, registry, sight.sees_alert),
    )
