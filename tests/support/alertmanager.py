"""A real Alertmanager for tests: alone, on a free loopback port, with the shipped example configuration."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.broker import free_port
from tests.support.programs import require_program

EXAMPLE = Path(__file__).parents[2] / "dashboards" / "prometheus" / "alertmanager.example.yml"
START_DEADLINE_S = 60.0


class Alertmanager:
    """Where it listens, and what it holds."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Its alerts by name."""
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=60) as answer:
            return {alert["labels"]["alertname"]: alert for alert in json.load(answer)}

    def tool(self, *arguments: str) -> str:
        """What amtool says, asked of this one."""
        amtool = require_program("amtool", "prometheus-alertmanager")
        command = [amtool, f"--alertmanager.url=http://{self.address}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def running_alertmanager(directory: Path) -> Iterator[Alertmanager]:
    """One that runs for the length of the block, and is ended whatever happens in it."""
    program = require_program("prometheus-alertmanager", "prometheus-alertmanager")
    directory.mkdir(parents=True, exist_ok=True)
    server = Alertmanager(free_port())
    with (directory / "alertmanager.log").open("ab") as log:
        process = subprocess.Popen(
            [
                program, f"--config.file={EXAMPLE}", f"--storage.path={directory}/data",
                f"--web.listen-address={server.address}", "--cluster.listen-address=",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until = time.monotonic() + START_DEADLINE_S
        while not server.ready():
            assert process.poll() is None, (directory / "alertmanager.log").read_text()
            assert time.monotonic() < until, (directory / "alertmanager.log").read_text()
            time.sleep(0.1)
        yield server
    finally:
        process.kill()
        process.wait(60)
