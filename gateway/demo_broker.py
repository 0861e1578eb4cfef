"""The demo's broker: an installed mosquitto as a child process, otherwise moat-lib-mqtt in a child of our own.

moat-lib-mqtt speaks MQTT 5 with QoS 1, wildcards and retained messages, but keeps no session for a client that is
away and sends no wills: good for a demo, never for a clinic.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from gateway.errors import SilverpointError

_START_DEADLINE_S: Final = 15.0
_END_DEADLINE_S: Final = 3.0
_POLL_S: Final = 0.02

_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {directory}/
autosave_interval 1
max_queued_messages 0
max_queued_bytes 268435456
log_dest none
"""


@dataclass(frozen=True, slots=True)
class DemoBroker:
    """Where the demo's broker listens, and what it is."""

    url: str
    name: str


@asynccontextmanager
async def demo_broker(directory: Path) -> AsyncIterator[DemoBroker]:
    """Runs a broker on a free loopback port for as long as the context lasts; its files go to `directory`."""
    port = _free_port()
    url = f"mqtt://127.0.0.1:{port}"
    program = shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    if program is not None:
        async with _mosquitto(program, directory, port):
            yield DemoBroker(url, "mosquitto")
    else:
        async with _moat(port):
            yield DemoBroker(url, "moat-lib-mqtt")


@asynccontextmanager
async def _mosquitto(program: str, directory: Path, port: int) -> AsyncIterator[None]:
    config = await asyncio.to_thread(_write_config, directory, port)
    # A session of its own, so that Ctrl-C reaches us alone and the broker outlives what still talks to it.
    child = await asyncio.create_subprocess_exec(
        program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        await _wait_until_open(port, lambda: child.returncode is None)
        yield
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                async with asyncio.timeout(_END_DEADLINE_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()


@asynccontextmanager
async def _moat(port: int) -> AsyncIterator[None]:
    child = multiprocessing.get_context("spawn").Process(target=_serve_moat, args=(port,), daemon=True)
    child.start()
    try:
        await _wait_until_open(port, child.is_alive)
        yield
    finally:
        await asyncio.to_thread(_end, child)


def _write_config(directory: Path, port: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    # Started by root, mosquitto would drop to a user that may not write into our directory.
    user = "user root\n" if os.geteuid() == 0 else ""
    config = directory / "mosquitto.conf"
    config.write_text(user + _CONFIG.format(port=port, directory=directory.resolve()))
    return config


def _end(child: BaseProcess) -> None:
    child.terminate()
    child.join(_END_DEADLINE_S)
    if child.is_alive():
        child.kill()
        child.join()


def _serve_moat(port: int) -> None:
    import logging
    import signal

    from moat.lib.mqtt import ReasonCode
    from moat.lib.mqtt.async_broker import AsyncMQTTBroker, MQTTAuthorizer

    class GrantQos1(MQTTAuthorizer):
        """Left alone, the broker answers every subscription with QoS 0, though it delivers with QoS 1."""

        async def authorize_publish(self, *_: object) -> None:
            return None

        async def authorize_subscribe(self, *_: object) -> ReasonCode:
            return ReasonCode.GRANTED_QOS_1

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("moat").setLevel(logging.CRITICAL)
    asyncio.run(AsyncMQTTBroker(("127.0.0.1", port), authorizers=[GrantQos1()]).serve())


async def _wait_until_open(port: int, alive: Callable[[], bool]) -> None:
    async def knock() -> None:
        while alive():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(_POLL_S)
            else:
                writer.close()
                return
        raise SilverpointError("the demo's broker ended as soon as it was started: is loopback usable here?")

    try:
        async with asyncio.timeout(_START_DEADLINE_S):
            await knock()
    except TimeoutError:
        raise SilverpointError(f"the demo's broker did not open its port within {_START_DEADLINE_S:g} s") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
