"""The ways by which people are told: whether there are any, and whether they can be reached from here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gateway.config import NotifyConfig
from gateway.doctor.finding import Finding, note, wrong

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


async def examine_channels(config: NotifyConfig) -> list[Finding]:
    """Connects to every channel without sending anything."""
    reached = await asyncio.gather(*(_examine_place(place) for place in places(config)))
    return [*judge_channels(config), *(finding for finding in reached if finding is not None)]


def judge_channels(config: NotifyConfig) -> Iterator[Finding]:
    """What the configuration says by itself."""
    if not config.routes:
        yield note(
            _AREA,
            "no route is set, so alerts are only seen by who looks at the pages",
            "add receivers and routes to [notify] (docs/notify.md)",
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
        (f"the receiver {receiver.name}", receiver.url)
        for receiver in config.receivers
        if receiver.channel in ("webhook", "alertmanager")
    ]
    urls += [("notify.smtp_url", config.smtp_url), ("notify.heartbeat_url", config.heartbeat_url)]
    found: list[Place] = []
    for key, url in urls:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and parts.hostname:
            found.append(Place(key, parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]))
    return found


async def _examine_place(place: Place) -> Finding | None:
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
