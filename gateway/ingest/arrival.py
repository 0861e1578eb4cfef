"""Arrivals: deliveries that were decoded, in groups small enough to be committed at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from schemas.decode import Decoded, decode
from schemas.delivery import Delivery
from schemas.topics import is_advice

MAX_RECORDS: Final = 5_000
"""Records in one group: a message may carry a thousand."""
BREATH_BYTES: Final = 128 * 1024
"""Decoded at a stretch: a few milliseconds, after which others may run."""
_OVERHEAD_BYTES: Final = 250
_CLEARED: Final = Decoded((), (), "status")
ADVICE: Final = "advice"
"""Kind of what we said ourselves: the subscription brings it back, and it is no device's message."""
_ECHO: Final = Decoded((), (), ADVICE)


class Arrival(NamedTuple):
    """One delivery and what it says."""

    delivery: Delivery
    decoded: Decoded


def arrive(delivery: Delivery, root: str) -> Arrival:
    """Decodes a delivery. An empty retained payload clears a retained copy and says nothing."""
    if delivery.retained and not delivery.payload:
        return Arrival(delivery, _CLEARED)
    if is_advice(delivery.topic):
        return Arrival(delivery, _ECHO)
    return Arrival(delivery, decode(delivery.topic, delivery.payload, root))


async def groups(deliveries: Sequence[Delivery], root: str) -> AsyncIterator[list[Arrival]]:
    """Decodes deliveries in order, and lets others run meanwhile."""
    group: list[Arrival] = []
    records = breath_bytes = 0
    for delivery in deliveries:
        arrival = arrive(delivery, root)
        group.append(arrival)
        records += len(arrival.decoded.records) + len(arrival.decoded.rejections)
        breath_bytes += len(delivery.payload) + _OVERHEAD_BYTES
        if breath_bytes > BREATH_BYTES:
            breath_bytes = 0
            await asyncio.sleep(0)
        if records >= MAX_RECORDS:
            yield group
            group = []
            records = 0
    if group:
        yield group
