"""The chaser: has overdue claims told through the outbox, each receiver once for each step. In a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from collectors.backoff import Backoff
from gateway.clock import Clock
from gateway.config_work import WorkConfig
from gateway.errors import ConflictError, StoreUnavailableError
from gateway.events import Events
from gateway.notify.chasing import Chasing, Key, Telling, group_key, key_of
from gateway.notify.notice import Facts
from gateway.notify.routing import Routing
from gateway.store.chase_base import Chase, ChaseStore
from gateway.store.notify_rows import NewMessage
from gateway.work.due import DAY_MS
from gateway.work.orders import is_overdue
from schemas.access import Viewer
from schemas.work import WorkOrder

_LOOK_EVERY_S: Final = 60.0
MOST_ORDERS: Final = 200
"""Of one message: it names the first of them, and all count as told."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The orders, and how long their claims may go unconfirmed."""

    live: Callable[[], Sequence[WorkOrder]]
    sees: Callable[[Viewer, WorkOrder], bool]
    settings: WorkConfig


class Chaser:
    """Looks at the claims every minute."""

    def __init__(
        self,
        claims: Claims,
        *,
        store: ChaseStore,
        routing: Callable[[], Awaitable[Routing]],
        facts: Facts,
        clock: Clock,
        events: Events,
        on_message: Callable[[], None],
    ) -> None:
        self._claims = claims
        self._store = store
        self._routing = routing
        self._facts = facts
        self._clock = clock
        self._events = events
        self._on_message = on_message
        self._told: dict[Key, int] | None = None

    async def run(self) -> None:
        """Chases until it is cancelled."""
        backoff = Backoff(500, 30_000)
        while True:
            try:
                await self.look()
                backoff.reset()
                await asyncio.sleep(_LOOK_EVERY_S)
            except StoreUnavailableError as error:
                wait_ms = backoff.next_ms()
                self._events.commit_retried(str(error), wait_ms)
                await asyncio.sleep(wait_ms / 1_000)

    async def look(self) -> None:
        """Writes what is to be told now. Raises StoreUnavailableError."""
        settings, now_ms = self._claims.settings, self._clock.now_ms()
        after_ms = settings.claim_overdue_days * DAY_MS
        orders = [order for order in self._claims.live() if is_overdue(order, after_ms, now_ms)]
        if not orders:
            return
        told = self._told
        if told is None:
            told = self._told = {key_of(chase): chase.at_ms for chase in await self._store.chases()}
        chasing = Chasing(settings, await self._routing(), self._claims.sees, told, now_ms)
        for telling in chasing.due(orders):
            await self._tell(telling, now_ms, told)
            await asyncio.sleep(0)

    async def _tell(self, telling: Telling, now_ms: int, told: dict[Key, int]) -> None:
        receiver, orders = telling.receiver, telling.orders[:MOST_ORDERS]
        chases = [Chase(order.order_id, order.claimed_ms or 0, telling.step, receiver.name, now_ms) for order in orders]
        notice = self._facts.chase(telling.step, group_key(telling.clinic_id), orders, now_ms, receiver.reads)
        message = NewMessage(
            key=_key(chases),
            receiver=receiver.name,
            group_key=notice.group_key,
            channel=receiver.channel,
            reason=telling.step,
            content_json=notice.model_dump_json(),
        )
        word = "reminded" if telling.step == "reminder" else "escalated to"
        try:
            await self._store.apply_chase(message, chases, f"{word} {receiver.name}", now_ms)
        except ConflictError:
            self._told = None  # somebody was faster: what the store has is what counts
            return
        told.update({key_of(chase): now_ms for chase in chases})
        self._events.notification_planned(receiver.name, message.group_key, telling.step)
        self._on_message()


def _key(chases: Sequence[Chase]) -> str:
    """The same for every sending of this message, another for every other message."""
    made = "\n".join(f"{c.step} {c.receiver} {c.order_id} {c.claimed_ms}" for c in chases)
    return sha256(made.encode()).hexdigest()[:32]
