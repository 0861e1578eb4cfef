"""A delivery: one undecoded message, as a collector received it."""

from __future__ import annotations

from typing import NamedTuple


class Delivery(NamedTuple):
    """One message and what its collector needs to acknowledge it.

    `retained` is true for the broker's stored copy: it says what was, never that a device is alive now.
    `connection` and `packet_id` bind the acknowledgement to the connection it came on; both are 0 where
    nothing needs to be acknowledged (a recording, QoS 0).
    """

    topic: str
    payload: bytes
    received_ms: int
    retained: bool = False
    connection: int = 0
    packet_id: int = 0
