"""Appends into a store that already holds millions of samples, through the store's own method.

Devices come in random order; a batch carries what a real one does: its samples, the marks of their boots, the
device states and the sightings. Sealing runs beside it, as in the gateway. Prints medians of batches.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from gateway.store.rows import Batch, DeviceState, Marks, Sighting, TimedSample
from gateway.store.sqlite import SqliteStore
from schemas.records import Sample

START_MS = 1_767_225_600_000
INTERVAL_MS = 60_000


class FleetBatches:
    """Makes batches of a fleet in which each device reports in turn, in random order."""

    def __init__(self, devices: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._seqs = [0] * devices
        self._queue: list[int] = []

    def next(self, samples: int, whole: bool) -> Batch:
        """A batch of so many samples; without marks, states and sightings where it is not `whole`."""
        timed = [self._sample(self._next_device()) for _ in range(samples)]
        if not whole:
            return Batch(samples=tuple(timed))
        last = {sample.sample.device_id: sample for sample in timed}
        return Batch(
            samples=tuple(timed),
            marks=tuple(_marks(sample) for sample in last.values()),
            devices=tuple(_state(sample) for sample in last.values()),
            sightings=tuple(_sighting(sample) for sample in last.values()),
        )

    def _next_device(self) -> int:
        if not self._queue:
            self._queue = self._random.sample(range(len(self._seqs)), len(self._seqs))
        return self._queue.pop()

    def _sample(self, device: int) -> TimedSample:
        seq = self._seqs[device]
        self._seqs[device] += 1
        event_ms = START_MS + seq * INTERVAL_MS + device * 7 % INTERVAL_MS
        sample = Sample(
            clinic_id=f"clinic-{device // 30:04}",
            device_id=f"SP-{device:06}",
            boot_id=f"b{device:08x}",
            seq=seq,
            ts_ms=event_ms,
            up_ms=None,
            power_source="mains" if device % 3 else "battery",
            charge_ratio=round(self._random.random(), 3),
            voltage_v=round(225 + 10 * self._random.random(), 1),
            health_ratio=None,
            nozzle_fitted=True,
            nozzle_serial=f"N-{device:06}",
            strikes=seq * 5_000,
            coating_ratio=round(max(0.0, 1 - seq / 5_000 + self._random.gauss(0, 0.01)), 4),
            depth_mm=1.25,
            sessions_total=seq // 30,
            session_active=seq % 3 == 0,
        )
        return TimedSample(event_ms, event_ms + 120, False, sample)


def _marks(timed: TimedSample) -> Marks:
    sample = timed.sample
    return Marks(sample.device_id, sample.boot_id, ((0, sample.seq),), (), (), timed.received_ms)


def _state(timed: TimedSample) -> DeviceState:
    sample = timed.sample
    return DeviceState(
        device_id=sample.device_id,
        clinic_id=sample.clinic_id,
        first_seen_ms=START_MS,
        last_seen_ms=timed.received_ms,
        latest=timed,
        latest_key=timed.key,
        status_state="online",
        status_received_ms=START_MS,
        status_boot_id=sample.boot_id,
        model="SP-2",
        firmware="1.4.2",
        form="stationary",
    )


def _sighting(timed: TimedSample) -> Sighting:
    sample = timed.sample
    assert sample.nozzle_serial is not None
    return Sighting(
        serial=sample.nozzle_serial,
        device_id=sample.device_id,
        clinic_id=sample.clinic_id,
        first_event_ms=START_MS,
        last_key=timed.key,
        strikes=sample.strikes,
        coating_ratio=sample.coating_ratio,
        coating_key=timed.key,
    )


async def measure(store: SqliteStore, fleet: FleetBatches, samples: int, batch: int, whole: bool, title: str) -> None:
    """Commits batches with maintenance beside them, as the gateway does; making the batches is not counted."""
    commits: list[float] = []
    steps: list[float] = []
    done = asyncio.Event()
    now_ms = START_MS + 86_400_000

    async def maintain() -> None:
        while not done.is_set():
            began = time.perf_counter()
            report = await store.maintain(now_ms)
            steps.append(time.perf_counter() - began)
            await asyncio.sleep(0.002 if report.more else 0.05)

    before = await store.stats()
    background = asyncio.create_task(maintain())
    for _ in range(samples // batch):
        made = fleet.next(batch, whole)
        began = time.perf_counter()
        await store.commit(made)
        commits.append(time.perf_counter() - began)
    done.set()
    await background
    after = await store.stats()
    gained = (after.size_bytes - before.size_bytes) / (after.samples - before.samples)
    print(
        f"{title}: {samples / sum(commits):,.0f} samples/s overall, {batch / statistics.median(commits):,.0f} by the"
        f" median batch; commit ms median {statistics.median(commits) * 1e3:.1f}, max {max(commits) * 1e3:.1f};"
        f" maintain ms median {statistics.median(steps) * 1e3:.1f}, max {max(steps) * 1e3:.1f};"
        f" store {after.samples:,} samples, {after.hot_samples:,} hot, {after.size_bytes / after.samples:.0f} bytes"
        f" a sample, {gained:.0f} of those added",
        flush=True,
    )


async def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=arguments.dir) as folder:
        path = arguments.store or str(Path(folder) / "bench.db")
        store = await SqliteStore.open(path)
        fleet = FleetBatches(arguments.devices, seed=1)
        await measure(store, fleet, arguments.prefill, arguments.batch, whole=True, title="prefill")
        await measure(store, fleet, arguments.samples, arguments.batch, whole=True, title="whole batches")
        await measure(store, fleet, arguments.samples, arguments.batch, whole=False, title="samples only")
        await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--prefill", type=int, default=5_000_000)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=4_000)
    parser.add_argument("--dir", default=None, help="folder of the store, removed afterwards")
    parser.add_argument("--store", default=None, help="a path to keep the store at")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
