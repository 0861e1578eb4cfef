"""One connection to the broker: the asyncio transport under one `MqttSession`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, cast

from collectors.mqtt_session import Disconnected, Event, MqttSession, Refused, State, Subscribed, Violated
from schemas.delivery import Delivery

LEAVE_TIMEOUT_S: Final = 2.0


class Ending(NamedTuple):
    """Why a connection ended; `wordless` where the broker closed it in good order and gave no reason."""

    reason: str
    wordless: bool = False


class Link(asyncio.Protocol):
    """Carries bytes between transport and session, and says when the connection is open and when it is over.

    `settled` is done once the session is open (then `opened` is true, for good) or the connection has failed; `closed`
    once the transport is gone.
    """

    def __init__(
        self,
        session: MqttSession,
        now_ms: Callable[[], int],
        on_events: Callable[[Sequence[Event]], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.session = session
        self.settled: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[Ending] = loop.create_future()
        self.opened = False
        self._now_ms = now_ms
        self._on_events = on_events
        self._transport: asyncio.Transport | None = None
        self._ending: Ending | None = None
        self._reading = True
        self._heard = False

    @property
    def open(self) -> bool:
        """Whether the session is subscribed and nobody has begun to end it."""
        return self.session.state is State.OPEN and self._ending is None

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Writes the acknowledgements of a batch at once."""
        self.session.acknowledge(deliveries)
        self._flush()

    def heard(self) -> bool:
        """Whether anything came in since this was last asked; true while we do not listen."""
        heard, self._heard = self._heard, False
        return heard or not self._reading

    def probe(self) -> None:
        """Pings the broker. Ends the connection if nothing was heard since the last probe though we listened."""
        if not self.open:
            return
        if not self.heard():
            self.abort("the broker has stopped answering")
            return
        self.session.ping()
        self._flush()

    def pause_reading(self) -> None:
        """Leaves further bytes with the broker."""
        if self._transport is not None and self._reading:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._reading:
            self._reading = True
            self._heard = True
            self._transport.resume_reading()

    async def leave(self) -> None:
        """Takes leave of the broker, which keeps our session, and waits a bounded time until it has let go.

        What still arrives is read and dropped: closing over unread bytes resets the connection, and the broker could
        miss the acknowledgements that we have just written.
        """
        if not self.open:
            self.abort("stopped")
        else:
            self.session.disconnect()
            self._ending = Ending("stopped")
            self._flush()
            self.resume_reading()
        await asyncio.wait({self.closed}, timeout=LEAVE_TIMEOUT_S)
        self.abort("stopped")

    def abort(self, reason: str) -> None:
        """Ends the connection now; the first reason given is the one that counts."""
        if self._ending is None:
            self._ending = Ending(reason)
        if self._transport is not None:
            self._transport.abort()
        else:
            self._finish()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._ending is not None:
            self._transport.abort()
            return
        self.session.connect()
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        events = self.session.receive(data, self._now_ms())
        self._flush()
        if not events:
            return
        self._on_events(events)
        match events[-1]:
            case Subscribed():
                self._settle()
            case Refused(advice):
                self._end(advice)
            case Disconnected(reason, _):
                self._end(reason)
            case Violated(error):
                self._end(str(error))
            case _:
                if self.session.state is State.OPEN:
                    self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ending is None:
            self._ending = self._why_lost(exc)
        self._finish()

    def _why_lost(self, exc: Exception | None) -> Ending:
        if self.session.state is State.CONNECTING:
            return Ending("the broker closed the connection without an answer: is TLS right (mqtt:// or mqtts://)?")
        if exc is not None:
            return Ending(f"the connection broke: {exc}")
        return Ending("the broker closed the connection without a word", wordless=True)

    def _end(self, reason: str) -> None:
        """Ends the connection after what was written has gone out."""
        if self._ending is None:
            self._ending = Ending(reason)
        if self._transport is not None:
            self._transport.close()

    def _settle(self) -> None:
        self.opened |= self.session.state is State.OPEN
        if not self.settled.done():
            self.settled.set_result(None)

    def _finish(self) -> None:
        self._settle()
        if not self.closed.done():
            self.closed.set_result(self._ending or Ending("stopped"))

    def _flush(self) -> None:
        data = self.session.bytes_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
