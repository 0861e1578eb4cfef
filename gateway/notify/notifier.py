"""The notifier: looks at what fires, plans messages into the outbox, and has them delivered. In tasks of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from collectors.backoff import Backoff
from gateway.clock import Clock
from gateway.config_notify import NotifyConfig
from gateway.errors import ConflictError, StoreUnavailableError
from gateway.events import Events
from gateway.hours import parse_hours
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.notify.channels.alertmanager import AlertmanagerChannel
from gateway.notify.channels.apprise import AppriseChannel
from gateway.notify.channels.base import Channel, Envelope
from gateway.notify.channels.email import EmailChannel
from gateway.notify.channels.web import Web
from gateway.notify.channels.webhook import WebhookChannel
from gateway.notify.chaser import Chaser, Claims
from gateway.notify.decision import Timings
from gateway.notify.delivery import Deliverer
from gateway.notify.heartbeat import Heartbeat, Readiness
from gateway.notify.notice import Facts, Outlook, Veils
from gateway.notify.pictures import Illustrator
from gateway.notify.planner import GroupName, Look, Mutes, Planner, Situation
from gateway.notify.receivers import Directory, directory
from gateway.notify.routing import Routing, Sees
from gateway.store.chase_base import ChaseStore
from gateway.store.notify_base import NotifyStore
from gateway.store.notify_rows import ChannelName
from gateway.store.service_rows import User
from schemas.alert import Alert, Silence

_LOOK_EVERY_S: Final = 5.0
_PAUSE_S: Final = 0.2
"""Between two looks: what changes within it is looked at together."""
_LOOK_SHARE: Final = 20
"""Looking takes no more than one part in so many of the loop's time, however many alerts there are."""
_LOOK_ANYWAY_MS: Final = 30_000
"""Silences begin and end without a word to us."""
_KEPT_MS: Final = 30 * 86_400_000
_FORGET_EVERY_MS: Final = 3_600_000


class NotifierStore(NotifyStore, ChaseStore, Protocol):
    """The store as the notifier needs it."""

    async def users(self) -> tuple[User, ...]: ...


class Firing(Protocol):
    """The alert engine."""

    changes: CommitFeed

    def firing(self) -> Sequence[Alert]: ...


class NoMutes:
    """Nothing is silenced."""

    def muted(self, alert: Alert) -> Silence | None:
        """Never."""
        return None


@dataclass(frozen=True, slots=True)
class NotifierParts:
    """What the app made before it notifies."""

    store: NotifierStore
    fleet: Fleet
    registry: Registry
    alerts: Firing
    mutes: Mutes
    sees: Sees
    veil: Veils
    outlook: Outlook
    readiness: Readiness
    clock: Clock
    events: Events
    public_url: str
    illustrator: Illustrator | None = None
    """None: mails have no pictures."""
    claims: Claims | None = None
    """None: no claim is chased."""


class Outlets:
    """The channels, and the connections that they share."""

    def __init__(self, config: NotifyConfig, illustrator: Illustrator | None = None) -> None:
        self._guarded = Web(config.allow_private_networks)
        self.web = Web(None)
        self._apprise = AppriseChannel()
        self.channels: Mapping[ChannelName, Channel] = {
            "email": EmailChannel(config.smtp_url, config.mail_from, illustrator),
            "apprise": self._apprise,
            "webhook": WebhookChannel(self._guarded),
            "alertmanager": AlertmanagerChannel(self.web),
        }

    async def send(self, envelope: Envelope) -> None:
        """Sends one message now. Raises NotDeliveredError, UndeliverableError."""
        await self.channels[envelope.receiver.channel].send(envelope)

    async def close(self) -> None:
        self._apprise.close()
        await self._guarded.close()
        await self.web.close()


class Notifier:
    """Tells whoever must act. Nothing else waits for it."""

    def __init__(self, parts: NotifierParts, config: NotifyConfig) -> None:
        self._parts = parts
        self._config = config
        self._timings = Timings(
            wait_ms=config.group_wait_s * 1_000,
            interval_ms=config.group_interval_s * 1_000,
            repeat_ms=config.repeat_interval_s * 1_000,
            resolve_wait_ms=config.resolve_wait_s * 1_000,
        )
        self._facts = Facts(parts.fleet, parts.registry, parts.outlook, parts.public_url, parts.veil)
        self._follower = parts.alerts.changes.follow()
        self._planner: Planner | None = None
        self._wake = asyncio.Event()
        self._next_ms: int | None = None
        self._looked_ms = 0
        self._stirred = True
        self._forgot_ms = 0
        self._why: dict[GroupName, str] = {}
        self._outlets = Outlets(config, parts.illustrator)
        self.deliverer = Deliverer(
            store=parts.store,
            channels=self._outlets.channels,
            directory=self.directory,
            max_attempts=config.max_attempts,
            clock=parts.clock,
            events=parts.events,
            on_end=self._stir,
        )
        self.chaser = None if parts.claims is None else self._chaser(parts.claims)

    async def run(self) -> None:
        """Plans and sends until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(), name="notify-follow")
                tasks.create_task(self._plan(), name="notify-plan")
                tasks.create_task(self.deliverer.run(), name="notify-deliver")
                if self.chaser is not None:
                    tasks.create_task(self.chaser.run(), name="chase claims")
                if self._config.heartbeat_url is not None:
                    tasks.create_task(self._heartbeat(self._config).run(), name="heartbeat")
        finally:
            await self.close()

    async def close(self) -> None:
        """Lets go of connections; for one that was never run."""
        self._follower.close()
        await self._outlets.close()

    async def look(self) -> None:
        """Decides about everything as it stands now, and writes what is to be sent.

        Raises StoreUnavailableError.
        """
        store, now_ms = self._parts.store, self._parts.clock.now_ms()
        self._stirred, self._looked_ms = False, now_ms
        if self._planner is None:
            self._planner = Planner(await store.load_notify(), now_ms)
        look = self._planner.look(await self._situation(now_ms))
        if look.plan is not None:
            try:
                await store.apply_plan(look.plan)
            except ConflictError:
                self._planner = None
                self._wake.set()
                return
            self._planner.accept(look.plan)
            for message in look.plan.messages:
                self._parts.events.notification_planned(message.receiver, message.group_key, message.reason)
            if look.plan.messages:
                self.deliverer.wake()
        self._next_ms = look.next_ms
        self._say_why(look)

    def _say_why(self, look: Look) -> None:
        """Once for each change of the reason."""
        why = dict(look.waiting)
        for (receiver, group_key), reason in look.waiting:
            if self._why.get((receiver, group_key)) != reason:
                self._parts.events.notification_waits(receiver, group_key, reason)
        self._why = why

    async def directory(self) -> Directory:
        """The receivers as they are now."""
        settings = {row.user_name: row for row in await self._parts.store.notification_settings()}
        if not settings:
            return directory(self._config, ())
        users = await self._parts.store.users()
        return directory(self._config, [(user, settings[user.name]) for user in users if user.name in settings])

    async def _situation(self, now_ms: int) -> Situation:
        parts = self._parts
        return Situation(
            touched=await parts.store.touched_alerts(),
            firing=parts.alerts.firing(),
            undelivered=await parts.store.undelivered_groups(),
            routing=await self._routing(),
            mutes=parts.mutes,
            facts=self._facts,
            timings=self._timings,
            now_ms=now_ms,
        )

    async def _routing(self) -> Routing:
        return Routing(
            routes=self._config.routes,
            directory=await self.directory(),
            clinic_of=self._parts.registry.clinic,
            sees=self._parts.sees,
            working_hours=parse_hours(self._config.working_hours),
        )

    def _chaser(self, claims: Claims) -> Chaser:
        return Chaser(
            claims,
            store=self._parts.store,
            routing=self._routing,
            facts=self._facts,
            clock=self._parts.clock,
            events=self._parts.events,
            on_message=self.deliverer.wake,
        )

    async def _plan(self) -> None:
        backoff = Backoff(500, 30_000)
        while True:
            self._wake.clear()
            began_ms = self._parts.clock.monotonic_ms()
            try:
                if await self._is_due():
                    await self.look()
                await self._forget_now_and_then()
                backoff.reset()
                wait_s = self._rest_s()
            except StoreUnavailableError as error:
                self._planner = None  # it may have taken in what was not written
                wait_s = backoff.next_ms() / 1_000
                self._parts.events.commit_retried(str(error), round(wait_s * 1_000))
            took_s = (self._parts.clock.monotonic_ms() - began_ms) / 1_000
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(max(_PAUSE_S, took_s * _LOOK_SHARE))

    async def _is_due(self) -> bool:
        """Whether a look could find anything new."""
        now_ms = self._parts.clock.now_ms()
        if self._stirred or self._planner is None or not 0 <= now_ms - self._looked_ms < _LOOK_ANYWAY_MS:
            return True
        if self._next_ms is not None and now_ms >= self._next_ms:
            return True
        return bool((await self._parts.store.touched_alerts()).alerts)

    def _rest_s(self) -> float:
        if self._next_ms is None:
            return _LOOK_EVERY_S
        return min(_LOOK_EVERY_S, max(0.0, (self._next_ms - self._parts.clock.now_ms()) / 1_000))

    async def _follow(self) -> None:
        while True:
            await self._follower.next()
            self._stir()

    def _stir(self) -> None:
        """Something has changed that may have to be told."""
        self._stirred = True
        self._wake.set()

    async def _forget_now_and_then(self) -> None:
        now_ms = self._parts.clock.now_ms()
        if now_ms - self._forgot_ms >= _FORGET_EVERY_MS:
            self._forgot_ms = now_ms
            await self._parts.store.forget_messages(now_ms - _KEPT_MS)

    def _heartbeat(self, config: NotifyConfig) -> Heartbeat:
        assert config.heartbeat_url is not None
        return Heartbeat(
            url=config.heartbeat_url,
            every_s=config.heartbeat_s,
            readiness=self._parts.readiness,
            web=self._outlets.web,
            events=self._parts.events,
        )
