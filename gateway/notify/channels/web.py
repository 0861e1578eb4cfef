"""HTTP requests to receivers. Where an address is checked is the socket: what a name resolves to when it is opened.

A check before the connection could be led astray by a name that resolves otherwise a moment later. Redirects are not
followed, and proxies of the environment not used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import httpcore

from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.texts import one_line

SocketOption: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_TIMEOUT_S: Final = 10.0
_TIMEOUTS: Final = {"connect": _TIMEOUT_S, "read": _TIMEOUT_S, "write": _TIMEOUT_S, "pool": _TIMEOUT_S}
_LONGEST_ANSWER: Final = 64 * 1024
_QUOTED: Final = 160
_TRY_LATER: Final = frozenset({408, 409, 423, 425, 429})
_LONGEST_RETRY_S: Final = 3_600


class RefusedAddressError(UndeliverableError):
    """The address lies on this side of the Internet, and nobody allowed it."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens sockets to addresses on the Internet, and to the networks that are allowed besides."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allowed: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in allowed)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first address that answers. Raises RefusedAddressError where none may be used."""
        addresses = await _resolve(host, port)
        open_to = [address for address in addresses if self.allows(address)]
        if not open_to:
            told = "" if addresses == [host] else f" {', '.join(addresses)},"
            raise RefusedAddressError(
                f"{host} is{told} an address on this side of the Internet:"
                " list its network in notify.allow_private_networks if it is meant"
            )
        for address in open_to[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(open_to[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a receiver is no socket file."""
        raise RefusedAddressError(f"{path} is no receiver")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def allows(self, address: str) -> bool:
        """Whether a message may be sent there."""
        found = ipaddress.ip_address(address.partition("%")[0])
        inner = getattr(found, "ipv4_mapped", None)
        found = found if inner is None else inner
        if any(found in network for network in self._allowed if network.version == found.version):
            return True
        return found.is_global and not found.is_multicast and not _is_tunnelled(found)


class _Answer(NamedTuple):
    status: int
    retry_after: str | None
    said: str
    """How its body begins, as `: start time must be before end time`."""


class Web:
    """Posts to receivers. `allowed` None: wherever the operator says, without a guard, and errors quote the answer.
    With one they don't: they would tell of what lies behind it."""

    def __init__(self, allowed: Sequence[str] | None) -> None:
        self._quotes = allowed is None
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=32,
            keepalive_expiry=5,
            network_backend=None if allowed is None else GuardedBackend(allowed),
        )

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> None:
        """Raises NotDeliveredError where trying again may help, UndeliverableError where it can't."""
        try:
            async with asyncio.timeout(2 * _TIMEOUT_S):
                answer = await self._answer(method, url, headers, content)
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as error:
            raise UndeliverableError(f"the address can't be used: {error}") from error
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            OSError,
            TimeoutError,
        ) as error:
            raise NotDeliveredError(f"no answer: {type(error).__name__} {error}".strip()) from error
        status = answer.status
        why = f"answered {status}{answer.said}" if self._quotes else f"answered {status}"
        if status < 200 or status >= 500 or status in _TRY_LATER:
            raise NotDeliveredError(why, _retry_in_ms(answer.retry_after))
        if status >= 300:
            raise UndeliverableError(why)

    async def close(self) -> None:
        await self._pool.aclose()

    async def _answer(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> _Answer:
        async with self._pool.stream(
            method, url, headers=list(headers.items()), content=content, extensions={"timeout": _TIMEOUTS}
        ) as response:
            read, begins = 0, b""
            async for chunk in response.aiter_stream():
                begins = (begins + chunk)[:_QUOTED]
                read += len(chunk)
                if read > _LONGEST_ANSWER:
                    break
            after = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
            said = one_line(begins.decode("utf-8", "replace"))
            retry_after = after.decode("ascii", "replace") if after is not None else None
            return _Answer(response.status, retry_after, f": {said}" if said else "")


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_tunnelled(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """IPv6 addresses that carry an IPv4 address which a translator may lead inwards."""
    if isinstance(address, ipaddress.IPv4Address):
        return False
    return (
        address.sixtofour is not None or address.teredo is not None or address in ipaddress.ip_network("64:ff9b::/96")
    )


def _retry_in_ms(retry_after: str | None) -> int | None:
    if retry_after is None or not retry_after.strip().isdecimal():
        return None
    return min(int(retry_after), _LONGEST_RETRY_S) * 1_000
