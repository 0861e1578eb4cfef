"""Fifty open fleet pages over a live fleet: what they cost the gateway's process, its ingest and its memory.

The real gateway and a real mosquitto. Ten thousand devices are known; a part of them says something new each second,
first to nobody, then to the viewers, each a connection of its own to the page's stream.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import psutil

from bench.gateway_under_load import latency_buckets, stored
from bench.load import publish_load
from gateway.serve.operator import quantile_ms
from tests.support.broker import BrokerOptions, running_mosquitto
from tests.support.gateway_process import GatewayProcess

_MIB: Final = 1024 * 1024
_FILL_PER_S: Final = 2_000
_SETTLE_S: Final = 3.0
_CALM_S: Final = 20.0
"""So long the gateway may still forecast and judge what it was filled with."""
_QUERIES: Final = ("", "sort=wear.desc", "sort=seen.desc", "q=c-07", "show=action&sort=alerts.desc")
"""What the viewers ask for, in turn."""


class Stretch(NamedTuple):
    """What one stretch of the load cost. `cpu_share` of one core, from /proc of the gateway's process."""

    cpu_share: float
    p99_ms: float
    rss_first_mib: float
    rss_last_mib: float


@dataclass
class Heard:
    """What one viewer was told."""

    table: int = 0
    changes: int = 0
    orders: int = 0
    rows: int = 0
    bytes: int = 0
    last: dict[str, object] = field(default_factory=dict)


def viewers(directory: Path, devices: int, per_s: int, seconds: int, number: int) -> None:
    """Prints both stretches and their difference."""
    directory.mkdir(parents=True, exist_ok=True)
    with (
        running_mosquitto(directory / "broker", BrokerOptions(max_queued_messages=0)) as broker,
        GatewayProcess(directory, broker.url) as gateway,
    ):
        gateway.wait_ready()
        asyncio.run(_measure(directory, gateway, broker.port, devices, per_s, seconds, number))
        gateway.terminate()


async def _measure(
    directory: Path, gateway: GatewayProcess, broker_port: int, devices: int, per_s: int, seconds: int, number: int
) -> None:
    await publish_load(broker_port, messages=devices, rate_per_s=_FILL_PER_S, devices=devices)
    while await asyncio.to_thread(stored, gateway) < devices:
        await asyncio.sleep(0.2)
    cookie = await signed_in(directory, gateway)
    print(await _page_times(gateway, cookie))
    await asyncio.sleep(_CALM_S)
    alone = await _stretch(gateway, broker_port, devices, per_s, seconds)
    async with watching(gateway.url, cookie, number) as heard:
        await asyncio.sleep(_SETTLE_S)
        watched = await _stretch(gateway, broker_port, devices, per_s, seconds)
    told = sum(each.changes for each in heard) / number / seconds
    weight = sum(each.bytes for each in heard) / number / seconds / 1_000
    print(
        f"{devices} devices, {per_s} changes/s, {seconds} s\n"
        f"nobody looks: {alone.cpu_share:.1%} of a core, p99 {alone.p99_ms:.1f} ms, "
        f"RSS {alone.rss_first_mib:.0f} to {alone.rss_last_mib:.0f} MiB\n"
        f"{number} viewers: {watched.cpu_share:.1%} of a core, p99 {watched.p99_ms:.1f} ms, "
        f"RSS {watched.rss_first_mib:.0f} to {watched.rss_last_mib:.0f} MiB; "
        f"each told {told:.2f} times a second, {weight:.1f} kB/s\n"
        f"the viewers cost {watched.cpu_share - alone.cpu_share:.1%} of a core; "
        f"p99 ratio {watched.p99_ms / alone.p99_ms:.2f}"
    )


async def _stretch(gateway: GatewayProcess, broker_port: int, devices: int, per_s: int, seconds: int) -> Stretch:
    process = psutil.Process(gateway.pid)
    before = await asyncio.to_thread(latency_buckets, gateway)
    memory_mib: list[float] = []

    async def watch() -> None:
        while True:
            memory_mib.append(process.memory_info().rss / _MIB)
            await asyncio.sleep(1.0)

    watcher = asyncio.create_task(watch(), name="memory")
    cpu_s, started_s = cpu_seconds(gateway.pid), time.perf_counter()
    await publish_load(broker_port, messages=per_s * seconds, rate_per_s=per_s, devices=devices)
    share = (cpu_seconds(gateway.pid) - cpu_s) / (time.perf_counter() - started_s)
    watcher.cancel()
    after = await asyncio.to_thread(latency_buckets, gateway)
    counts = sorted((le, count - before.get(le, 0.0)) for le, count in after.items())
    quarter = max(1, len(memory_mib) // 4)
    return Stretch(
        share,
        quantile_ms(counts, 0.99) or 0.0,
        statistics.median(memory_mib[:quarter]),
        statistics.median(memory_mib[-quarter:]),
    )


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has had, from /proc."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


@asynccontextmanager
async def watching(url: str, cookie: str, number: int, queries: Sequence[str] = _QUERIES) -> AsyncIterator[list[Heard]]:
    """So many viewers, each with a connection of its own, who read whatever comes; `queries` in turn."""
    heard = [Heard() for _ in range(number)]
    limits = httpx.Limits(max_connections=number + 1)
    async with httpx.AsyncClient(base_url=url, cookies={"silverpoint_session": cookie}, limits=limits) as client:
        tasks = [
            asyncio.create_task(_listen(client, queries[place % len(queries)], each), name=f"viewer {place}")
            for place, each in enumerate(heard)
        ]
        yield heard
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(client: httpx.AsyncClient, query: str, heard: Heard) -> None:
    async with client.stream("GET", f"/live?{query}", timeout=None) as answer:
        answer.raise_for_status()
        event = ""
        async for line in answer.aiter_lines():
            heard.bytes += len(line)
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                _note(event, line.removeprefix("data: "), heard)


def _note(event: str, data: str, heard: Heard) -> None:
    if event not in ("table", "change", "order"):
        return
    told = json.loads(data)
    heard.table += event == "table"
    heard.changes += event == "change"
    heard.orders += event == "order"
    rows = told.get("rows", ())
    heard.rows += len(rows)
    heard.last.update({row[0]: row for row in rows})


async def signed_in(directory: Path, gateway: GatewayProcess) -> str:
    """The session cookie of a manager who was added by the command."""
    secret = directory / "password"
    secret.write_text("a long enough password")
    command = ("user", "add", "manager", "--role", "manager", "--password-file", str(secret))
    adding = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli", *command, env=gateway.environment, cwd=directory
    )
    if await adding.wait():
        raise RuntimeError("the command could not add a user")
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = await client.post("/login", data={"username": "manager", "password": secret.read_text(), "next": "/"})
        return answer.cookies["silverpoint_session"]


async def _page_times(gateway: GatewayProcess, cookie: str) -> str:
    """How long the server takes for the page and its orders, over a connection that stands."""
    lines: list[str] = []
    headers = {"Accept-Encoding": "gzip"}
    async with httpx.AsyncClient(
        base_url=gateway.url, cookies={"silverpoint_session": cookie}, headers=headers, timeout=30
    ) as client:
        await client.get("/healthz")
        for name, path in (
            ("first ever", "/"),
            ("first rows", "/"),
            ("sorted by wear", "/?sort=wear.desc"),
            ("filtered", "/?show=action&sort=alerts.desc"),
            ("searched", "/?q=c-07+d-001&sort=seen.desc"),
            ("page 50", "/?page=50"),
        ):
            started_s = time.perf_counter()
            answer = await client.get(path)
            elapsed_ms = (time.perf_counter() - started_s) * 1_000
            size_kb = answer.num_bytes_downloaded / 1_000
            lines.append(f"{name}: {elapsed_ms:.0f} ms, {size_kb:.0f} kB")
    return "page over HTTP: " + "; ".join(lines)
