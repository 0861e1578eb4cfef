"""A real mosquitto for tests: on a free loopback port, with a generated configuration, ended by its own pid."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

_START_TIMEOUT_S = 60.0
_POLL_S = 0.01
_PORTS = range(20_000, 32_000)
"""Linux gives out those from 32,768 on: one of them might be taken after it was found and before it is listened on."""


def find_mosquitto() -> str | None:
    """The broker's program; Debian installs it where a person's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/sbin")


def require_mosquitto() -> str:
    """The broker's program. Skips the test where it is missing, but fails it in CI."""
    program = find_mosquitto()
    if program is None:
        reason = "mosquitto is not installed; on Debian: apt-get install mosquitto mosquitto-clients"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return program


def free_port() -> int:
    """A loopback port that nobody listens on, and that the kernel gives nobody who connects or asks for any port."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True)
class BrokerOptions:
    """What a generated configuration says. `default` starts mosquitto with no configuration at all."""

    default: bool = False
    persistence: bool = True
    max_inflight_messages: int | None = None
    max_queued_messages: int | None = None
    extra: Sequence[str] = ()
    """Further lines; an own `listener` or `allow_anonymous` among them replaces the generated ones."""


class Mosquitto:
    """One broker in `directory`; it keeps port and files over a restart."""

    def __init__(
        self,
        directory: Path,
        options: BrokerOptions = BrokerOptions(),
        *,
        port: int | None = None,
        config: str | None = None,
    ) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._options = options
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self.log = directory / "mosquitto.log"

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def start(self) -> Self:
        """Starts the broker and waits until its port answers."""
        assert self._process is None, "the broker is running already"
        command = [require_mosquitto(), *self._arguments()]
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise AssertionError(f"mosquitto did not start:\n{self.log.read_text()}")
            time.sleep(_POLL_S)
        return self

    def stop(self) -> None:
        """Ends the broker as an administrator does: it writes its database."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the broker as a power cut does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Lets the broker fall silent without closing anything."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def forget(self) -> None:
        """Removes the database of a broker that does not run: all sessions are gone."""
        assert self._process is None, "stop the broker first"
        (self.directory / "mosquitto.db").unlink(missing_ok=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(timeout=60)
        self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except OSError:
            return False

    def _arguments(self) -> list[str]:
        if self._options.default and self._config is None:
            return ["-p", str(self.port)]
        path = self.directory / "mosquitto.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._config or self._generated())
        return ["-c", str(path)]

    def _generated(self) -> str:
        options = self._options
        words = {line.split(" ", 1)[0] for line in options.extra}
        lines = [f"user {getpass.getuser()}"]
        if options.persistence:
            lines += ["persistence true", f"persistence_location {self.directory}/", "autosave_interval 1"]
        if options.max_inflight_messages is not None:
            lines.append(f"max_inflight_messages {options.max_inflight_messages}")
        if options.max_queued_messages is not None:
            lines.append(f"max_queued_messages {options.max_queued_messages}")
        if "listener" not in words:
            lines.append(f"listener {self.port} 127.0.0.1")
        if "allow_anonymous" not in words:
            lines.append("allow_anonymous true")
        return "\n".join([*lines, *options.extra, ""])


@contextmanager
def running_mosquitto(
    directory: Path, options: BrokerOptions = BrokerOptions(), *, port: int | None = None, config: str | None = None
) -> Iterator[Mosquitto]:
    """A broker that runs for the length of the block, and is ended whatever happens in it."""
    broker = Mosquitto(directory, options, port=port, config=config).start()
    try:
        yield broker
    finally:
        broker.kill()
