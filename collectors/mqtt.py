"""The MQTT collector: keeps a session with the broker and hands out its messages for acknowledgement after commit.

The broker keeps what was not acknowledged. So nothing is lost when we are killed, and what bounds memory is the
Receive Maximum; messages of QoS 0, which it does not bound, stop the reading of the socket when too many wait.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence

from collectors.backoff import Backoff
from collectors.base import ConnectionListener
from collectors.errors import BrokerRefusedError, TakenOverError
from collectors.eviction import EvictionWatch
from collectors.inbox import Inbox
from collectors.mqtt_link import Link
from collectors.mqtt_session import Connected, Disconnected, Event, MqttSession, Ponged, Received, Subscribed
from collectors.mqtt_settings import MqttSettings, TlsFiles
from schemas.delivery import Delivery

__all__ = ["MqttCollector", "MqttSettings", "TlsFiles"]


class MqttCollector:
    """A `Collector` over MQTT 5. `run` keeps it connected until `close`.

    `had_session` says that an earlier run had a session at this broker under the same client id: only then is a
    broker that knows of none reported as having lost it at the first connection.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        now_ms: Callable[[], int],
        listener: ConnectionListener,
        had_session: bool = False,
    ) -> None:
        self._settings = settings
        self._now_ms = now_ms
        self._listener = listener
        self._had_session = had_session
        self._url = settings.display_url
        self._inbox = Inbox(2 * settings.receive_maximum)
        self._backoff = Backoff(settings.reconnect_min_ms, settings.reconnect_max_ms)
        self._evictions = EvictionWatch()
        self._wake = asyncio.Event()
        self._wanted = 1
        self._room = asyncio.Event()
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()
        self._running = False
        self._link: Link | None = None
        self._attempt: asyncio.Task[str | None] | None = None
        self._connections = 0
        self._session_present = False
        self._keep_alive_s = settings.keep_alive_s
        self._full_since_ping = False
        self._caught_up = False
        self._taken_over = False

    @property
    def connected(self) -> bool:
        """Whether the broker sends us messages now."""
        return self._link is not None and self._link.open

    @property
    def caught_up(self) -> bool:
        """Whether all that had gathered at the broker has been received. Looked at with each ping, so a backlog
        that is worked off shows half a keep-alive late at most."""
        return self.connected and self._caught_up

    @property
    def in_flight(self) -> int:
        """Messages of this connection that were received and not acknowledged."""
        return self._link.session.in_flight if self._link is not None and self._link.open else 0

    def expect_session(self) -> None:
        """Says, before `run`, that an earlier run had a session here: see `had_session`."""
        self._had_session = True

    async def run(self) -> None:
        """Keeps connected until `close`, or until stopped while there is no connection.
        Raises `TakenOverError` where another client has taken our client id."""
        self._running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._stay_connected(tasks)
        finally:
            self._ended.set()
            self._wake.set()
        if self._taken_over:
            raise TakenOverError(
                f"another client has connected to {self._url} as {self._settings.client_id!r}: "
                "stop it, or give this one another broker.client_id"
            )

    async def take(self, max_messages: int, max_age_ms: int) -> Sequence[Delivery]:
        """See `Collector.take`. A batch also ends at 32 MiB, and when the broker may send no more."""
        await self._wait_for(1, None)
        first_at_s = self._inbox.first_at_s
        if first_at_s is None:
            return ()
        await self._wait_for(max_messages, first_at_s + max_age_ms / 1000)
        batch = self._inbox.take(max_messages)
        if self._inbox.has_room:
            self._room.set()
            if self._link is not None and not self._stop.is_set():
                self._link.resume_reading()
        return batch

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """See `Collector.acknowledge`: one write for the whole batch."""
        if self._link is not None:
            self._link.acknowledge(deliveries)

    def stop_reading(self) -> None:
        """See `Collector.stop_reading`. The connection stays, so that what is committed can be acknowledged."""
        self._stop.set()
        self._wake.set()
        self._room.set()
        if self._attempt is not None:
            self._attempt.cancel()
        if self._link is not None:
            self._link.pause_reading()

    async def close(self) -> None:
        """Sends what is due, takes leave so that the broker keeps our session, and returns within a few seconds."""
        self.stop_reading()
        if self._link is not None:
            await self._link.leave()
        if self._running:
            await self._ended.wait()

    async def _stay_connected(self, tasks: asyncio.TaskGroup) -> None:
        while not self._stop.is_set():
            reason = await self._connection(tasks)
            if self._taken_over:
                self._listener.broker_taken_over(self._url)
                return
            retry_in_ms = self._backoff.next_ms()
            self._listener.broker_disconnected(self._url, reason, 0 if self._stop.is_set() else retry_in_ms)
            await self._pause(retry_in_ms / 1000)

    async def _connection(self, tasks: asyncio.TaskGroup) -> str:
        """One connection from its beginning to its end; answers why it ended."""
        self._connections += 1
        self._caught_up = False
        session = MqttSession(self._settings, self._connections)
        link = self._link = Link(session, self._now_ms, self._on_events)
        attempt = self._attempt = tasks.create_task(self._open(link), name="mqtt connect")
        await asyncio.wait({attempt})
        self._attempt = None
        if not link.opened:
            self._evictions.failed()
            link.abort("stopped" if attempt.cancelled() else attempt.result() or "the connection broke")
            return (await link.closed).reason
        loop = asyncio.get_running_loop()
        opened_at_s = loop.time()
        pings = tasks.create_task(self._keep_alive(link), name="mqtt keep-alive")
        try:
            ending = await link.closed
        finally:
            pings.cancel()
        lasted_s = loop.time() - opened_at_s
        if lasted_s >= self._settings.reconnect_max_ms / 1000:
            self._backoff.reset()
        self._taken_over |= self._evictions.ended(
            lasted_s=lasted_s, session_present=self._session_present, wordless=ending.wordless
        )
        return ending.reason

    async def _open(self, link: Link) -> str | None:
        """Connects and waits for the broker's word on connection and subscriptions; answers what failed."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: link, settings.host, settings.port, ssl=settings.tls_context()
                )
            await self._settled(link)
        except TimeoutError:
            return f"the broker did not answer within {settings.connect_timeout_s:g} s"
        except BrokerRefusedError as error:
            return str(error)
        except ssl.SSLCertVerificationError as error:
            return (
                f"the broker's certificate is not trusted ({error.verify_message}): set broker.ca_file to its authority"
            )
        except ssl.SSLError as error:
            return f"no TLS with the broker ({error.reason}): is that its TLS port?"
        except ConnectionResetError as error:
            hint = ": is that its TLS port?" if settings.tls else ""
            return f"the broker broke the connection off ({error.strerror}){hint}"
        except (OSError, UnicodeError) as error:
            return f"can't reach the broker: {error}"
        return None

    async def _settled(self, link: Link) -> None:
        """Waits for the session to open. What was in flight may come before that, and may take its time."""
        while not link.settled.done():
            await asyncio.wait({link.settled}, timeout=self._settings.connect_timeout_s)
            if not link.settled.done() and not link.heard():
                raise TimeoutError

    async def _keep_alive(self, link: Link) -> None:
        while True:
            await asyncio.sleep(self._keep_alive_s / 2)
            self._probe(link)

    def _probe(self, link: Link) -> None:
        self._full_since_ping = self._window_full()
        link.probe()

    async def _pause(self, seconds: float) -> None:
        """Waits between connections: its time, and until what was received before has been taken."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass
        if not self._inbox.has_room and not self._stop.is_set():
            self._room.clear()
            await self._room.wait()

    async def _wait_for(self, count: int, until_s: float | None) -> None:
        if self._ready(count):
            return
        self._wanted = count
        try:
            async with asyncio.timeout_at(until_s):
                while not self._ready(count):
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            pass

    def _ready(self, count: int) -> bool:
        waiting = len(self._inbox)
        return (
            waiting >= count
            or self._stop.is_set()
            or self._ended.is_set()
            or (waiting > 0 and (self._inbox.full or self._window_full()))
        )

    def _window_full(self) -> bool:
        return self.in_flight >= self._settings.receive_maximum

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Received(deliveries):
                    self._on_received(deliveries)
                case Connected():
                    self._on_connected(event)
                case Subscribed():
                    self._on_subscribed()
                case Ponged():
                    self._caught_up = not self._full_since_ping
                case Disconnected(_, taken_over):
                    self._taken_over |= taken_over
                case _:
                    pass

    def _on_received(self, deliveries: Sequence[Delivery]) -> None:
        self._inbox.put(deliveries, asyncio.get_running_loop().time())
        if self._window_full():
            self._full_since_ping = True
            self._caught_up = False
        self._mind_bounds()
        if self._ready(self._wanted):
            self._wake.set()

    def _on_connected(self, event: Connected) -> None:
        self._session_present = event.session_present
        self._keep_alive_s = event.keep_alive_s
        if self._had_session and not event.session_present:
            self._listener.broker_session_lost(self._url)
        self._had_session = True

    def _on_subscribed(self) -> None:
        self._listener.broker_connected(self._url, self._session_present)
        if self._link is not None:
            self._probe(self._link)
        self._mind_bounds()

    def _mind_bounds(self) -> None:
        """Stops reading while too much waits; not before the session is open, or it could never open."""
        if self.connected and self._link is not None and (self._inbox.full or self._stop.is_set()):
            self._link.pause_reading()
