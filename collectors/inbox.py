"""The inbox: deliveries that were read and not yet taken, bounded by number and by bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from schemas.delivery import Delivery

MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
MAX_BATCH_BYTES: Final = 32 * 1024 * 1024


class _Arrival(NamedTuple):
    end: int
    at_s: float


class Inbox:
    """A queue of deliveries that knows how old its first is and when reading should pause.

    Times are seconds of one monotonic clock, given by the caller.
    """

    def __init__(self, max_messages: int, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._waiting: deque[Delivery] = deque()
        self._arrivals: deque[_Arrival] = deque()
        self._put_count = 0
        self._taken_count = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether nothing more should be read."""
        return len(self._waiting) >= self._max_messages or self._bytes >= self._max_bytes

    @property
    def has_room(self) -> bool:
        """Whether reading may go on after a pause: at half of what makes it full, so that it does not flutter."""
        return 2 * len(self._waiting) <= self._max_messages and 2 * self._bytes <= self._max_bytes

    @property
    def first_at_s(self) -> float | None:
        """When the first waiting delivery came in; None where none waits."""
        return self._arrivals[0].at_s if self._arrivals else None

    def put(self, deliveries: Sequence[Delivery], at_s: float) -> None:
        """Adds what came in together."""
        if not deliveries:
            return
        self._waiting.extend(deliveries)
        self._bytes += _size(deliveries)
        self._put_count += len(deliveries)
        self._arrivals.append(_Arrival(self._put_count, at_s))

    def take(self, max_messages: int) -> list[Delivery]:
        """Hands out the first deliveries: at most `max_messages`, and no more than a batch's bytes beyond one."""
        count = min(max_messages, len(self._waiting))
        if self._bytes > MAX_BATCH_BYTES:
            count = self._count_within(count, MAX_BATCH_BYTES)
        popleft = self._waiting.popleft
        batch = [popleft() for _ in range(count)]
        self._bytes -= _size(batch)
        self._taken_count += count
        while self._arrivals and self._arrivals[0].end <= self._taken_count:
            self._arrivals.popleft()
        return batch

    def _count_within(self, max_messages: int, max_bytes: int) -> int:
        size_bytes = 0
        for count, delivery in enumerate(islice(self._waiting, max_messages)):
            size_bytes += len(delivery.payload)
            if size_bytes > max_bytes:
                return max(count, 1)
        return max_messages


def _size(deliveries: Sequence[Delivery]) -> int:
    return sum([len(delivery.payload) for delivery in deliveries])
