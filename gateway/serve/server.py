"""The server: uvicorn inside our own task group, its signal handling replaced by ours."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from gateway.config import HttpConfig
from gateway.errors import ListenError

_GRACEFUL_S: Final = 3
_BACKLOG: Final = 1024


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the app, which stops everything in its own order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Takes its address at `open`, answers from `run` on, ends at `stop`."""

    def __init__(self, app: FastAPI, http: HttpConfig) -> None:
        self._app = app
        self._http = http
        self._sockets: list[socket.socket] = []
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                proxy_headers=bool(http.trusted_proxies),
                forwarded_allow_ips=list(http.trusted_proxies),
                ssl_certfile=http.cert_file,
                ssl_keyfile=http.key_file,
                timeout_graceful_shutdown=_GRACEFUL_S,
                backlog=_BACKLOG,
            )
        )

    async def open(self, port: int | None = None) -> None:
        """Takes the configured address; `port` 0 takes any that is free.

        Raises ListenError where it can't be had, or the certificate can't be used.
        """
        address = self._http.address
        self._check_certificate()
        self._sockets = _listening(address.host, address.port if port is None else port)

    @property
    def app(self) -> FastAPI:
        """What it serves."""
        return self._app

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it, once it is open."""
        address = self._http.address
        host = "localhost" if _is_unspecified(address.host) else address.host
        port: int = self._sockets[0].getsockname()[1]
        return f"{'https' if self._http.cert_file else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def run(self) -> None:
        """Serves until `stop`, then lets requests come to their end for a few seconds."""
        try:
            # Not uvicorn's own: it would leave the app's background work behind where we are cancelled.
            async with self._app.router.lifespan_context(self._app):
                await self._server.serve(sockets=self._sockets)
        finally:
            await self.close()

    def stop(self) -> None:
        """Lets `run` return."""
        self._server.should_exit = True

    async def close(self) -> None:
        """Gives the address up."""
        for listening in self._sockets:
            listening.close()
        self._sockets = []

    def _check_certificate(self) -> None:
        http = self._http
        if http.cert_file is None:
            return
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(http.cert_file, http.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ListenError(
                f"can't use the certificate {http.cert_file} with the key {http.key_file}: {error}"
            ) from error


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _listening(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, all on one port."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            place = (address[0], sockets[0].getsockname()[1] if sockets else port, *address[2:])
            sockets.append(_bound(family, place))
    except OSError as error:
        for opened in sockets:
            opened.close()
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise ListenError(
            f"can't listen on {shown}: {error.strerror or error}; set another address as http.listen"
        ) from error
    return sockets


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
