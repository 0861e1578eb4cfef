"""The ways by which people are told: whether there are any, and whether they can be reached from here."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gateway.config import NotifyConfig
from gateway.doctor.finding import Finding, note, wrong
from gateway.notify.channels.web import GuardedBackend

_AREA: Final = "channels"
_TIMEOUT_S: Final = 5.0
_PORTS: Final = {"http": 80, "https": 443, "smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Place(NamedTuple):
    """Something that we send to: the key of the configuration, and where it listens."""

    key: str
    scheme: str
    host: str
    port: int
    guarded: bool = False
    """Whether messages are sent to the Internet only, and to allow_private_networks."""


async def examine_channels(config: NotifyConfig) -> list[Finding]:
    """Connects to every channel without sending anything."""
    guard = GuardedBackend(config.allow_private_networks)
    reached = await asyncio.gather(*(_examine_place(place, guard) for place in places(config)))
    return [*judge_channels(config), *(finding for finding in reached if finding is not None)]


def judge_channels(config: NotifyConfig) -> Iterator[Finding]:
    """What the configuration says by itself."""
    if not config.receivers:
        yield note(
            _AREA,
            "no receiver is set, so alerts reach nobody but people who have set an address of their own",
            "add receivers to [notify] (docs/notify.md)",
        )
    elif len([one for one in config.receivers if one.channel != "alertmanager"]) == 1:
        yield note(
            _AREA,
            "there is one way to people: when it fails, nobody hears of that either",
            "add a receiver of another channel to [notify]",
        )
    if config.heartbeat_url is None:
        yield note(
            _AREA,
            "nobody would notice that this machine is gone",
            "set notify.heartbeat_url to a service that misses us, or have Prometheus watch us",
        )
    for place in places(config):
        if place.scheme == "http" and place.host not in _LOOPBACK:
            yield wrong(
                _AREA, f"{place.key} sends to {place.host} in clear text", "write https:// and have it speak that"
            )


def places(config: NotifyConfig) -> list[Place]:
    """Everything with an address of its own; Apprise's services know theirs themselves."""
    urls = [
        (f"the receiver {receiver.name}", receiver.url, receiver.channel == "webhook")
        for receiver in config.receivers
        if receiver.channel in ("webhook", "alertmanager")
    ]
    urls += [("notify.smtp_url", config.smtp_url, False), ("notify.heartbeat_url", config.heartbeat_url, False)]
    found: list[Place] = []
    for key, url, guarded in urls:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and parts.hostname:
            found.append(Place(key, parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], guarded))
    return found


async def _examine_place(place: Place, guard: GuardedBackend) -> Finding | None:
    if place.guarded and (refused := await _refused(place, guard)):
        return wrong(
            _AREA,
            f"{place.key} would get nothing: {refused} on this side of the Internet, where no webhook is sent",
            "if it is meant, list its network in notify.allow_private_networks",
        )
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(place.host, place.port), _TIMEOUT_S)
    except (OSError, TimeoutError) as error:
        why = getattr(error, "strerror", None) or str(error) or f"no answer within {_TIMEOUT_S:g} s"
        return wrong(
            _AREA,
            f"{place.key} can't be reached at {place.host}:{place.port} ({why})",
            "check the address, and the firewall on the way",
        )
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


async def _refused(place: Place, guard: GuardedBackend) -> str:
    """What the place resolves to, where none of it may be sent to."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""  # told when it is connected to
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if any(guard.allows(address) for address in addresses):
        return ""
    return f"{place.host} is" if addresses == [place.host] else f"{place.host} is {', '.join(addresses)},"
