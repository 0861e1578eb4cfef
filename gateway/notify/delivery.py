"""Delivery: takes due messages from the outbox, sends them, and marks them after that.

A process killed between sending and marking leaves a claim, which the next one gives back as it starts; the message
then goes out again, with the same key. A receiver that is down keeps two senders busy at most, and never the rest.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from pydantic import ValidationError

from collectors.backoff import Backoff
from gateway.clock import Clock
from gateway.errors import NotDeliveredError, StoreUnavailableError, UndeliverableError
from gateway.events import Events
from gateway.notify.channels.base import Channel, Envelope
from gateway.notify.notice import Notice
from gateway.notify.receivers import Directory
from gateway.store.notify_base import NotifyStore
from gateway.store.notify_rows import ChannelName, OutboxMessage

CLAIM_MS: Final = 120_000
"""How long a sender may take before its message is due again; no channel takes that long."""
_AT_ONCE: Final = 16
_AT_ONCE_EACH: Final = 2
_FIRST_RETRY_MS: Final = 5_000
_LONGEST_RETRY_MS: Final = 900_000
_MAX_DOUBLINGS: Final = 20
_LOOK_EVERY_S: Final = 5.0
_LOOK_AGAIN_S: Final = 0.25
"""What is due but can't be taken yet, because its receiver is busy, is looked for so often."""
_LONGEST_ERROR: Final = 300


def retry_in_ms(attempts: int, dice: random.Random) -> int:
    """The wait after so many failed attempts: it doubles, with jitter, between half of its ceiling and its ceiling."""
    ceiling_ms = min(_LONGEST_RETRY_MS, _FIRST_RETRY_MS << min(max(0, attempts - 1), _MAX_DOUBLINGS))
    return dice.randint(ceiling_ms // 2, ceiling_ms)


class Deliverer:
    """Sends what the outbox holds. `on_end` is told of each message that is sent or given up."""

    def __init__(
        self,
        *,
        store: NotifyStore,
        channels: Mapping[ChannelName, Channel],
        directory: Callable[[], Awaitable[Directory]],
        max_attempts: int,
        clock: Clock,
        events: Events,
        on_end: Callable[[], None] = lambda: None,
        dice: random.Random | None = None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._directory = directory
        self._max_attempts = max_attempts
        self._clock = clock
        self._events = events
        self._on_end = on_end
        self._dice = dice or random.Random()
        self._wake = asyncio.Event()
        self._sending: Counter[str] = Counter()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Sends until it is cancelled."""
        backoff = Backoff(500, 30_000)
        given_back = False
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                wait_s = _LOOK_EVERY_S
                try:
                    if not given_back:
                        await self._store.give_back_claims(self._clock.now_ms())
                        given_back = True
                    while (message := await self._claim()) is not None:
                        tasks.create_task(self._deliver(message), name=f"send to {message.receiver}")
                    wait_s = await self._until_next_s()
                    backoff.reset()
                except StoreUnavailableError as error:
                    wait_s = backoff.next_ms() / 1_000
                    self._events.commit_retried(str(error), round(wait_s * 1_000))
                await self._rest(wait_s)

    async def deliver_due(self) -> int:
        """Sends what is due now, one after the other; how many were tried."""
        tried = 0
        while (message := await self._claim()) is not None:
            await self._deliver(message)
            tried += 1
        return tried

    async def _claim(self) -> OutboxMessage | None:
        if self._sending.total() >= _AT_ONCE:
            return None
        now_ms = self._clock.now_ms()
        next_ms = await self._store.next_delivery_ms()
        if next_ms is None or next_ms > now_ms:
            return None
        busy = [receiver for receiver, count in self._sending.items() if count >= _AT_ONCE_EACH]
        claimed = await self._store.claim_messages(now_ms, now_ms + CLAIM_MS, 1, busy)
        if not claimed:
            return None
        self._sending[claimed[0].receiver] += 1
        return claimed[0]

    async def _deliver(self, message: OutboxMessage) -> None:
        try:
            await self._send_and_mark(message)
        except StoreUnavailableError as error:
            # It stays claimed, and goes out again with the same key when the claim runs out.
            self._events.commit_retried(str(error), CLAIM_MS)
        finally:
            self._sending[message.receiver] -= 1
            self._sending += Counter()  # drops those at 0
            self._wake.set()

    async def _send_and_mark(self, message: OutboxMessage) -> None:
        try:
            await self._send(message)
        except UndeliverableError as error:
            await self._give_up(message, str(error), "refused")
        except NotDeliveredError as error:
            await self._try_later(message, error)
        else:
            await self._store.mark_sent(message.message_id, message.attempts, self._clock.now_ms())
            self._events.notification_sent(message.channel, message.receiver, message.key)
            self._on_end()

    async def _send(self, message: OutboxMessage) -> None:
        receiver = (await self._directory()).get(message.receiver)
        if receiver is None or receiver.channel != message.channel:
            raise UndeliverableError("the receiver is there no more")
        try:
            notice = Notice.model_validate_json(message.content_json)
        except ValidationError:
            raise UndeliverableError("the message was kept by another version") from None
        await self._channels[message.channel].send(Envelope(message.key, receiver, notice, self._clock.now_ms()))

    async def _try_later(self, message: OutboxMessage, error: NotDeliveredError) -> None:
        if message.attempts >= self._max_attempts:
            await self._give_up(message, f"{message.attempts} attempts failed, the last: {error}", "dead")
            return
        wait_ms = max(retry_in_ms(message.attempts, self._dice), error.retry_in_ms or 0)
        at_ms = self._clock.now_ms() + wait_ms
        await self._store.mark_retry(message.message_id, message.attempts, at_ms, str(error)[:_LONGEST_ERROR])
        self._events.notification_retried(message.channel, message.receiver, str(error), wait_ms)

    async def _give_up(self, message: OutboxMessage, why: str, outcome: str) -> None:
        at_ms = self._clock.now_ms()
        await self._store.mark_dead(message.message_id, message.attempts, at_ms, why[:_LONGEST_ERROR])
        self._events.notification_given_up(message.channel, message.receiver, message.key, why, outcome)
        self._on_end()

    async def _until_next_s(self) -> float:
        next_ms = await self._store.next_delivery_ms()
        if next_ms is None:
            return _LOOK_EVERY_S
        return min(_LOOK_EVERY_S, max(_LOOK_AGAIN_S, (next_ms - self._clock.now_ms()) / 1_000))

    async def _rest(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass
