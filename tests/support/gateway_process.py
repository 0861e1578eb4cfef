"""The real gateway as a child process: `silverpoint run`, told everything by environment variables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.support.broker import free_port

START_DEADLINE_S = 120.0


class GatewayProcess:
    """One gateway on one store; may be killed and started again. Ends only the process that it started."""

    def __init__(self, directory: Path, broker_url: str, **settings: str) -> None:
        self.store_path = directory / "silverpoint.db"
        self.port = free_port()
        self.log_path = directory / "gateway.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SILVERPOINT_")},
            "SILVERPOINT_BROKER__URL": broker_url,
            "SILVERPOINT_STORE__URL": f"sqlite:///{self.store_path}",
            "SILVERPOINT_HTTP__LISTEN": f"127.0.0.1:{self.port}",
            **settings,
        }
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it and returns at once."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "run"],
                cwd=self._directory,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self, deadline_s: float = START_DEADLINE_S) -> None:
        """Returns once /readyz answers 200; raises with the log's end where it does not."""
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the gateway ended by itself ({self._process.returncode}):\n{self.log_tail()}")
            if self.status_of("/readyz") == 200:
                return
            time.sleep(0.05)
        raise AssertionError(f"the gateway was not ready within {deadline_s} s:\n{self.log_tail()}")

    def status_of(self, path: str) -> int | None:
        """HTTP status of a GET, None where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def metrics(self) -> str:
        with urllib.request.urlopen(self.url + "/metrics", timeout=60) as answer:
            body: bytes = answer.read()
            return body.decode()

    def kill(self) -> None:
        """kill -9, as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)

    def terminate(self, deadline_s: float = 60.0) -> int:
        """SIGTERM, and the exit code of the clean end."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(deadline_s)

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> GatewayProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(60)
