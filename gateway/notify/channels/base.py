"""What a channel is: it sends one message once, and says whether trying again may help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.notify.notice import Notice
from gateway.notify.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way. `key` is the same at every attempt, so that a receiver can tell a repetition."""

    key: str
    receiver: Receiver
    notice: Notice
    now_ms: int


class Channel(Protocol):
    """One way to send."""

    async def send(self, envelope: Envelope) -> None:
        """Returns when the receiver has taken it.

        Raises NotDeliveredError where trying again may help, UndeliverableError where it can't.
        """
        ...
