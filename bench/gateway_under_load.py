"""The real gateway and a real mosquitto under load: the drain of a backlog, and a steady rate.

The broker, the load and the gateway share this machine's cores, so absolute figures say little elsewhere; the
drain stands beside `mosquitto_sub` to nowhere in the same run.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import time
from pathlib import Path

import psutil

from bench.load import publish_load
from tests.support.broker import BrokerOptions, Mosquitto, running_mosquitto
from tests.support.gateway_process import GatewayProcess

_POLL_S = 0.2
_DEADLINE_S = 300.0
_BUCKET = re.compile(r'^silverpoint_ingest_latency_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)', re.MULTILINE)
_STORED = re.compile(r'^silverpoint_records_stored_total\{kind="telemetry"\} ([0-9.e+]+)', re.MULTILINE)
_MIB = 1024 * 1024


def backlog(directory: Path, messages: int, runs: int) -> None:
    """Prints the drain of `messages` that queued at the broker while the gateway was away."""
    for run in range(runs):
        options = BrokerOptions(max_queued_messages=0, extra=("max_queued_bytes 0",))
        with running_mosquitto(directory / f"backlog-{run}", options) as broker:
            print(_drain(directory / f"backlog-{run}", broker, messages))


def _drain(directory: Path, broker: Mosquitto, messages: int) -> str:
    subscribe = ["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-q", "1", "-c", "-i", "nowhere", "-t", "fleet/#"]
    subscribe += ["-x", "3600", "-D", "connect", "receive-maximum", "4000"]
    subprocess.run([*subscribe, "-E"], check=True, timeout=10)
    with GatewayProcess(directory, broker.url) as gateway:
        gateway.wait_ready()
        gateway.terminate()
        asyncio.run(publish_load(broker.port, messages=messages, rate_per_s=None))
        started_s = time.perf_counter()
        subprocess.run([*subscribe, "-C", str(messages)], stdout=subprocess.DEVNULL, check=True, timeout=_DEADLINE_S)
        nowhere_s = time.perf_counter() - started_s
        gateway.start()
        gateway.wait_ready()
        process = psutil.Process(gateway.pid)
        first, cpu_s, started_s = stored(gateway), _cpu_s(process), time.perf_counter()
        while stored(gateway) < messages:
            assert time.perf_counter() - started_s < _DEADLINE_S, gateway.log_tail()
            time.sleep(_POLL_S)
        elapsed_s = time.perf_counter() - started_s
        drained = messages - first
        cpu_us = (_cpu_s(process) - cpu_s) / drained * 1e6
        gateway.terminate()
    return (
        f"backlog of {messages}: gateway {drained / elapsed_s:,.0f} msg/s, {cpu_us:.1f} us CPU a message; "
        f"mosquitto_sub to nowhere {messages / nowhere_s:,.0f} msg/s; "
        f"ratio {nowhere_s * drained / messages / elapsed_s:.2f}"
    )


def steady(directory: Path, rate_per_s: int, seconds: int) -> None:
    """Prints how the gateway keeps up with a steady rate: latency received to committed, memory, CPU."""
    options = BrokerOptions(max_queued_messages=0)
    with running_mosquitto(directory / "steady", options) as broker, GatewayProcess(directory, broker.url) as gateway:
        gateway.wait_ready()
        process = psutil.Process(gateway.pid)
        asyncio.run(publish_load(broker.port, messages=rate_per_s * 5, rate_per_s=rate_per_s, devices=2_000))
        _wait_for(gateway, rate_per_s * 5)
        before, cpu_s, messages = latency_buckets(gateway), _cpu_s(process), rate_per_s * seconds
        memory_mib, elapsed_s = asyncio.run(_load_and_watch(process, broker.port, messages, rate_per_s))
        behind = rate_per_s * 5 + messages - stored(gateway)
        _wait_for(gateway, rate_per_s * 5 + messages)
        buckets = {le: count - before.get(le, 0) for le, count in latency_buckets(gateway).items()}
        cpu_us = (_cpu_s(process) - cpu_s) / messages * 1e6
        quarter = max(1, len(memory_mib) // 4)
        first_mib, last_mib = statistics.median(memory_mib[:quarter]), statistics.median(memory_mib[-quarter:])
        print(
            f"steady {messages / elapsed_s:,.0f} msg/s for {elapsed_s:.0f} s: {behind} behind at the end; received to "
            f"committed p50 <= {quantile_ms(buckets, 0.5):.0f} ms, p99 <= {quantile_ms(buckets, 0.99):.0f} ms; "
            f"{cpu_us:.1f} us CPU a message; RSS {first_mib:.0f} MiB in the first quarter, {last_mib:.0f} in the last"
        )
        gateway.terminate()


async def _load_and_watch(
    process: psutil.Process, port: int, messages: int, rate_per_s: float
) -> tuple[list[float], float]:
    memory_mib: list[float] = []

    async def watch() -> None:
        while True:
            memory_mib.append(process.memory_info().rss / _MIB)
            await asyncio.sleep(1.0)

    watcher = asyncio.create_task(watch(), name="memory")
    elapsed_s = await publish_load(port, messages=messages, rate_per_s=rate_per_s, devices=2_000)
    watcher.cancel()
    return memory_mib, elapsed_s


def stored(gateway: GatewayProcess) -> int:
    """Samples stored since this gateway started."""
    found = _STORED.search(gateway.metrics())
    return int(float(found.group(1))) if found else 0


def latency_buckets(gateway: GatewayProcess) -> dict[float, float]:
    """Cumulative counts by upper bound in seconds."""
    return {float(le): float(count) for le, count in _BUCKET.findall(gateway.metrics())}


def quantile_ms(buckets: dict[float, float], share: float) -> float:
    """Upper bound of the bucket in which the quantile lies, in milliseconds."""
    total = max(buckets.values())
    return min(le for le, count in buckets.items() if count >= share * total) * 1000


def _wait_for(gateway: GatewayProcess, messages: int) -> None:
    until = time.monotonic() + _DEADLINE_S
    while stored(gateway) < messages:
        assert time.monotonic() < until, gateway.log_tail()
        time.sleep(_POLL_S)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
