"""A real Prometheus for tests: on a free loopback port, with a generated configuration, ended by its own pid."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.broker import free_port
from tests.support.programs import require_program

RULES = Path(__file__).parents[2] / "dashboards" / "prometheus"
START_DEADLINE_S = 60.0

_CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: [recording_rules.yml, alert_rules.yml]
scrape_configs:
  - job_name: silverpoint
    static_configs: [{{targets: ["{target}"]}}]
"""
_ALERTING = """\
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{alertmanager}"]}}]
"""


class Prometheus:
    """One server with the shipped rules that reads one gateway every second."""

    def __init__(self, directory: Path, target: str, alertmanager: str | None = None) -> None:
        """`alertmanager` is where alerts go, and then they fire at once: a test has no time for their holds."""
        self._directory = directory
        self._target = target
        self._alertmanager = alertmanager
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        program = require_program("prometheus", "prometheus")
        self._directory.mkdir(parents=True, exist_ok=True)
        config = _CONFIG.format(target=self._target)
        alerts = (RULES / "alert_rules.yml").read_text()
        if self._alertmanager is not None:
            config += _ALERTING.format(alertmanager=self._alertmanager)
            alerts = re.sub(r" for: \w+", " for: 0s", alerts)
        (self._directory / "prometheus.yml").write_text(config)
        (self._directory / "alert_rules.yml").write_text(alerts)
        # A test has no five minutes to wait for the rules that look at days.
        recording = (RULES / "recording_rules.yml").read_text().replace("interval: 5m", "interval: 1s")
        (self._directory / "recording_rules.yml").write_text(recording)
        with (self._directory / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program, f"--config.file={self._directory}/prometheus.yml",
                    f"--storage.tsdb.path={self._directory}/data", f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + START_DEADLINE_S
        while not self._ready():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)

    def log(self) -> str:
        return (self._directory / "prometheus.log").read_text()

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query. Raises AssertionError with Prometheus's own words where it is wrong."""
        result: list[dict[str, Any]] = self.get("/api/v1/query", {"query": expr})["data"]["result"]
        return result

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """An answer of its API."""
        url = f"http://127.0.0.1:{self._port}{path}?{urllib.parse.urlencode(parameters or {})}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from error

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def running_prometheus(directory: Path, target: str, alertmanager: str | None = None) -> Iterator[Prometheus]:
    """A server that runs for the length of the block, and is ended whatever happens in it."""
    server = Prometheus(directory, target, alertmanager)
    try:
        server.start()
        yield server
    finally:
        server.stop()
