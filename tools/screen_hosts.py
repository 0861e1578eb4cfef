"""What pictures are taken of: a demo with its history, and a gateway that knows no device yet. Both end with us."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from gateway.demo_broker import demo_broker

READY_DEADLINE_S = 300
_COMMAND = (sys.executable, "-u", "-m", "gateway.cli")
_PASSWORD = "only-for-pictures"


class Host(NamedTuple):
    """Where pages are, and the passwords by role."""

    address: str
    passwords: Mapping[str, str]


@asynccontextmanager
async def running_demo() -> AsyncIterator[Host]:
    """A demo on a free port, when its history is in."""
    demo = await asyncio.create_subprocess_exec(*_COMMAND, "demo", stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(READY_DEADLINE_S):
            yield await _told(demo)
    finally:
        await _end(demo)


@asynccontextmanager
async def fresh_gateway() -> AsyncIterator[Host]:
    """A gateway with a broker, an administrator, and nothing else."""
    with tempfile.TemporaryDirectory() as place, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        async with demo_broker(Path(place) / "broker") as broker:
            environ = os.environ | {
                "SILVERPOINT_BROKER__URL": broker.url,
                "SILVERPOINT_STORE__URL": f"sqlite:///{place}/fresh.db",
                "SILVERPOINT_HTTP__LISTEN": listen,
            }
            password_file = Path(place) / "password"
            password_file.write_text(_PASSWORD)
            add = ("user", "add", "admin", "--role", "admin", "--password-file", str(password_file))
            adding = await asyncio.create_subprocess_exec(*_COMMAND, *add, env=environ, cwd=place)
            if await adding.wait():
                sys.exit("the fresh gateway has no administrator")
            gateway = await asyncio.create_subprocess_exec(*_COMMAND, "run", env=environ, cwd=place)
            try:
                await _listening(listen)
                yield Host(f"http://{listen}", {"admin": _PASSWORD})
            finally:
                await _end(gateway)


async def _told(demo: asyncio.subprocess.Process) -> Host:
    assert demo.stdout is not None
    address, passwords = "", {}
    async for line in demo.stdout:
        text = line.decode()
        if found := re.search(r"open (http://\S+)", text):
            address = found.group(1).rstrip("/")
        if found := re.match(r"\s+(admin|manager|technician|vendor)\s+(\S+)", text):
            passwords[found.group(1)] = found.group(2)
        if "Ctrl-C ends" in text:
            return Host(address, passwords)
    raise SystemExit("the demo ended before it was ready")


async def _listening(listen: str) -> None:
    host, port = listen.split(":")
    async with asyncio.timeout(READY_DEADLINE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()
