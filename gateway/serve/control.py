"""The local socket: commands act on a running gateway through it, one line of JSON each way.

`{"action": name, "args": {...}}` is answered by `{"ok": true, "result": ...}` or by
`{"ok": false, "error": sentence, "kind": name of the error, "mistakes": [...]}`. Who may open the socket is who may
open the store's file: it has the mode 0600.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import JsonValue, TypeAdapter, ValidationError

import gateway.errors as errors
from gateway.errors import (
    AlreadyRunningError,
    InvalidInputError,
    ListenError,
    NotRunningError,
    SilverpointError,
)
from gateway.serve.access import LOCAL
from gateway.serve.unix_path import reachable
from schemas.access import Viewer

Dispatch: TypeAlias = Callable[[str, Mapping[str, JsonValue], Viewer], Awaitable[dict[str, JsonValue]]]

MAX_LINE_BYTES: Final = 32 * 1024 * 1024
_REQUEST_WITHIN_S: Final = 30.0
_CONNECT_WITHIN_S: Final = 5.0
_FINISH_WITHIN_S: Final = 2.0
_line_shape: Final = TypeAdapter(dict[str, JsonValue])


def socket_path(store_path: Path) -> Path:
    """Where the gateway that holds this store listens."""
    return store_path.with_name(f"{store_path.name}.sock")


class ControlServer:
    """Answers commands until it is closed."""

    def __init__(self, path: Path, dispatch: Dispatch, lasting: Collection[str] = ()) -> None:
        """`lasting`: actions that are answered when this server is closed already, by whatever comes after it."""
        self._lasting = frozenset(lasting)
        self._spared: set[asyncio.Task[None]] = set()
        self._path = path
        self._dispatch = dispatch
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._acting: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begins to listen; a socket that a killed gateway left is taken away.

        Raises AlreadyRunningError where a gateway listens there, ListenError where the socket can't be made.
        """
        if await asyncio.to_thread(_is_answered, self._path):
            raise AlreadyRunningError(f"another gateway listens on {self._path}: stop it first")
        try:
            listening = _bound(self._path)
        except OSError as error:
            raise ListenError(f"can't listen on {self._path}: {error.strerror or error}") from error
        self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=MAX_LINE_BYTES)

    async def close(self) -> None:
        """Stops listening, lets acts that run come to their end for a moment, and removes the socket."""
        if self._server is None:
            return
        self._server.close()
        for idle in self._connections - self._acting:
            idle.cancel()
        if self._acting:
            _, late = await asyncio.wait(self._acting, timeout=_FINISH_WITHIN_S)
            for task in late:
                task.cancel()
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            async with asyncio.timeout(_REQUEST_WITHIN_S):
                line = await reader.readuntil(b"\n")
            self._acting.add(task)
            writer.write(json.dumps(await self._answer(line, _actor(writer))).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            # The command went away, or never was one: there is nobody to tell.
            return
        finally:
            self._connections.discard(task)
            self._acting.discard(task)
            self._spared.discard(task)
            writer.close()

    async def _answer(self, line: bytes, actor: Viewer) -> dict[str, JsonValue]:
        try:
            name, args = _request(line)
            if name in self._lasting:
                self._spare()
            return {"ok": True, "result": await self._dispatch(name, args, actor)}
        except SilverpointError as error:
            mistakes: list[JsonValue] = list(getattr(error, "mistakes", []))
            return {"ok": False, "error": str(error), "kind": type(error).__name__, "mistakes": mistakes}

    def _spare(self) -> None:
        """Closing does not wait for this act: it waits for the closing."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.discard(task)
        self._acting.discard(task)
        self._spared.add(task)


async def call(path: Path, action: str, args: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Asks the gateway that listens on `path` to act, and gives its answer.

    Raises NotRunningError where none listens, otherwise what the act raised.
    """
    try:
        with reachable(path) as name:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                reader, writer = await asyncio.open_unix_connection(name, limit=MAX_LINE_BYTES)
    except (OSError, TimeoutError):
        raise NotRunningError(f"no gateway listens on {path}") from None
    try:
        writer.write(json.dumps({"action": action, "args": dict(args)}).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
    except ConnectionError:
        line = b""
    finally:
        writer.close()
    return _result(line)


def _result(line: bytes) -> dict[str, JsonValue]:
    try:
        answer = _line_shape.validate_json(line)
    except ValidationError:
        raise SilverpointError("the gateway ended before it answered: see its log, then try again") from None
    result = answer.get("result")
    if answer.get("ok") is True and isinstance(result, dict):
        return result
    raise _error(str(answer.get("kind", "")), str(answer.get("error", "")), answer.get("mistakes"))


def _error(kind: str, message: str, mistakes: JsonValue) -> SilverpointError:
    found = getattr(errors, kind, None)
    if kind in ("InvalidInputError", "ConfigError") and isinstance(mistakes, list):
        return InvalidInputError([str(mistake) for mistake in mistakes])
    if isinstance(found, type) and issubclass(found, SilverpointError) and found.__init__ is SilverpointError.__init__:
        return found(message)
    return SilverpointError(message)


def _request(line: bytes) -> tuple[str, dict[str, JsonValue]]:
    try:
        request = _line_shape.validate_json(line)
    except ValidationError:
        raise InvalidInputError(["send one JSON object on one line"]) from None
    name, args = request.get("action"), request.get("args", {})
    if not isinstance(name, str) or not isinstance(args, dict):
        raise InvalidInputError(['send {"action": name, "args": {...}}'])
    return name, args


def _bound(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mask makes the socket ours alone from its first moment on; nothing else runs until it is set back.
    mask = os.umask(0o177)
    try:
        with reachable(path) as name:
            listening.bind(name)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    return listening


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_WITHIN_S)
        try:
            with reachable(path) as name:
                probe.connect(name)
        except OSError:
            return False
    return True


def _actor(writer: asyncio.StreamWriter) -> Viewer:
    """Who writes, by the user id that the system vouches for."""
    peer = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return Viewer(f"{LOCAL.name}:{uid}", LOCAL.role)
