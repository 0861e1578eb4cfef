"""A real Alertmanager hears of alerts, their end, and respects its own silences."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.errors import UndeliverableError
from gateway.notify.channels.web import Web
from tests.notify.house import MINUTE_MS, opened_house
from tests.support.broker import free_port

PROGRAM = shutil.which("prometheus-alertmanager")


@dataclass
class Alertmanager:
    url: str

    async def alerts(self) -> list[dict[str, Any]]:
        found = await asyncio.to_thread(self._ask, "GET", "/api/v2/alerts", None)
        assert isinstance(found, list)
        return found

    async def silence(self, name: str, value: str) -> None:
        now = datetime.now(UTC)
        body = {
            "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "kim", "comment": "known",
        }  # fmt: skip
        await asyncio.to_thread(self._ask, "POST", "/api/v2/silences", body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[Alertmanager]:
    if PROGRAM is None:
        reason = "prometheus-alertmanager is not installed; on Debian: apt-get install prometheus-alertmanager"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                PROGRAM, f"--config.file={config}", f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    running = Alertmanager(f"http://127.0.0.1:{port}")
    try:
        until = time.monotonic() + 60
        while True:
            try:
                await running.alerts()
                break
            except OSError:
                assert time.monotonic() < until, (folder / "log").read_text()
                assert process.poll() is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def telling(url: str) -> NotifyConfig:
    return NotifyConfig(receivers=(ReceiverConfig(name="am", channel="alertmanager", url=SecretStr(url)),))


async def test_alerts_appear_are_silenced_there_and_resolve(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    async with alertmanager(tmp_path) as running, opened_house(tmp_path, telling(running.url), now_ms) as house:
        first = await house.fire("1", rule="nozzle_due", value=0.9, summary="wear 0.90")
        await house.fire("2", severity="critical", clinic_id="c-2")
        await house.look()
        found = {alert["labels"]["subject"]: alert for alert in await running.alerts()}
        assert found["1"]["labels"] == {
            "alertname": "nozzle_due", "severity": "warning", "clinic": "c-1", "device": "d-1", "subject": "1",
        }  # fmt: skip
        assert found["2"]["labels"]["severity"] == "critical"
        assert found["1"]["annotations"]["urgency"] == "warning, wear 90 % of the limit; no forecast yet"
        await running.silence("subject", "2")
        await house.resolve(first)
        await house.look()
        async with asyncio.timeout(60):
            while len(left := await running.alerts()) != 1:
                await asyncio.sleep(0.1)
        assert left[0]["labels"]["subject"] == "2"
        assert left[0]["status"]["state"] == "suppressed"


async def test_what_fires_is_told_again_every_minute_and_leaves_no_row(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    async with alertmanager(tmp_path) as running, opened_house(tmp_path, telling(running.url), now_ms) as house:
        alert = await house.fire("1")
        await house.look()
        (before,) = await running.alerts()
        house.engine.acknowledge(alert, house.clock.now_ms())
        await house.pass_time(2 * MINUTE_MS)
        (after,) = await running.alerts()
        assert after["fingerprint"] == before["fingerprint"]
        assert after["endsAt"] > before["endsAt"]
        assert [message.reason for message in await house.store.outbox(limit=10, before=None)] == ["new"]


async def test_an_alert_of_a_device_whose_clock_is_ahead_is_taken_too(tmp_path: Path) -> None:
    """Alertmanager refuses what ends before it starts."""
    now_ms = time.time_ns() // 1_000_000
    async with alertmanager(tmp_path) as running, opened_house(tmp_path, telling(running.url), now_ms) as house:
        alert = await house.engine.fire(now_ms + 5 * MINUTE_MS - 1, "1")
        await house.look()
        assert [found["labels"]["subject"] for found in await running.alerts()] == ["1"]
        await house.engine.resolve(now_ms + 5 * MINUTE_MS, alert)
        await house.look()
        assert {message.state for message in await house.store.outbox(limit=10, before=None)} == {"sent"}


async def test_an_answer_is_quoted_where_no_guard_is_and_only_there(tmp_path: Path) -> None:
    wrong = json.dumps([{"labels": {}}]).encode()
    async with alertmanager(tmp_path) as running:
        for allowed, quoted in ((None, True), (["127.0.0.1/32"], False)):
            web = Web(allowed)
            with pytest.raises(UndeliverableError, match="answered 400") as caught:
                await web.request("POST", f"{running.url}/api/v2/alerts", {"Content-Type": "application/json"}, wrong)
            await web.close()
            assert ("label" in str(caught.value)) == quoted


async def test_all_alerts_go_in_one_request(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    async with alertmanager(tmp_path) as running, opened_house(tmp_path, telling(running.url), now_ms) as house:
        for number in range(200):
            await house.fire(f"{number}", clinic_id=f"c-{number % 7}")
        await house.look()
        assert len(await running.alerts()) == 200
        assert len(await house.store.outbox(limit=10, before=None)) == 1
