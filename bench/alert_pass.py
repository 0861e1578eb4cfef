"""How long the alert rules take: over a batch of changed devices, and over the whole fleet."""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from gateway.alerts.engine import AlertEngine
from gateway.clock import ManualClock
from gateway.config import LogConfig
from gateway.config_alerts import AlertsConfig
from gateway.events import Events
from gateway.forecasting.board import NoForecasts, NozzleForecast, Remaining
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.logs import set_up_logs
from gateway.store.rows import DeviceState, FleetSnapshot, LedgerRow, Sighting, TimedSample
from gateway.store.sqlite import SqliteStore
from schemas.records import Sample

NOW_MS = 1_767_571_200_000
MINUTE_MS = 60_000
PER_CLINIC = 20
_PASSES = 7


class Spent(NamedTuple):
    """What a pass took: of the processor, which is the pass's own, and by the clock on the wall, in which it rests
    and waits for whatever else the machine does."""

    processor_ms: float
    wall_ms: float


class Measured(NamedTuple):
    """Milliseconds. `batch` is the median of some passes, `best_ms` the processor time of the best of them; `loop_ms`
    is the longest that the event loop was held in the full pass."""

    batch: Spent
    best_ms: float
    full: Spent
    loop_ms: float
    open_alerts: int


class KnownForecasts(NoForecasts):
    """A forecast for each nozzle that has been sighted, far from due: the usual case, and one more thing to look at."""

    def __init__(self, serials: Iterable[str]) -> None:
        super().__init__()
        far = Remaining(800, 850, 900, 1_000, 1_100, 1_150, 1_200)
        of_one = NozzleForecast(
            "N", NOW_MS, "fine-24", "L-1", "D", "C", 1_000, 0.4, 0.38, 0.42, far, None, None, date(2030, 1, 1), None,
            "model fine-24", 1, 100, True, True,
        )  # fmt: skip
        self._forecasts = dict.fromkeys(serials, of_one)

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        return self._forecasts.get(serial)


async def measure(*, devices: int, batch: int, every: int) -> Measured:
    """A fleet in which one nozzle in `every` is worn out: a pass over a batch (the median of some), then over all."""
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(str(Path(folder) / "s.db"))
        try:
            fleet = Fleet()
            fleet.restore(_snapshot(devices, every, seq=0))
            engine = AlertEngine(
                store=store,
                fleet=fleet,
                registry=Registry(store),
                feed=CommitFeed(),
                events=Events(),
                clock=ManualClock(NOW_MS),
                settings=AlertsConfig(),
                forecasts=KnownForecasts(f"N{number}" for number in range(devices)),
            )
            everybody = [_device_id(number) for number in range(devices)]
            for seq in range(3):
                _say(fleet, range(devices), every, seq)
                await engine.evaluate(everybody, seq)
            _calm_the_collector()
            passes = [await _pass(engine, fleet, everybody[:batch], every, seq) for seq in range(3, 3 + _PASSES)]
            for seq in range(3, 3 + _PASSES):
                _say(fleet, range(batch, devices), every, seq)
                await engine.evaluate(everybody[batch:], seq)
            _say(fleet, range(devices), every, 3 + _PASSES)
            full, loop_ms = await _with_longest_hold(engine, everybody)
            batch_ms = Spent(*(statistics.median(times) for times in zip(*passes, strict=True)))
            return Measured(batch_ms, min(passes).processor_ms, full, loop_ms, len(engine.firing()))
        finally:
            gc.unfreeze()
            await store.close()


def _calm_the_collector() -> None:
    """As the gateway does at its start; the thresholds stay the process's own."""
    gc.collect()
    gc.freeze()


async def _pass(engine: AlertEngine, fleet: Fleet, device_ids: list[str], every: int, seq: int) -> Spent:
    _say(fleet, range(len(device_ids)), every, seq)
    return await _evaluated(engine, device_ids, seq)


async def _evaluated(engine: AlertEngine, device_ids: list[str], seq: int) -> Spent:
    wall_s, processor_s = time.perf_counter(), time.thread_time()
    await engine.evaluate(device_ids, seq)
    return Spent(1_000 * (time.thread_time() - processor_s), 1_000 * (time.perf_counter() - wall_s))


async def _with_longest_hold(engine: AlertEngine, device_ids: list[str]) -> tuple[Spent, float]:
    holds: list[float] = [0.0]

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            holds.append(time.thread_time() - before)

    watching = asyncio.create_task(watch())
    full = await _evaluated(engine, device_ids, 3 + _PASSES)
    watching.cancel()
    return full, 1_000 * max(holds)


def _snapshot(devices: int, every: int, seq: int) -> FleetSnapshot:
    states = [_state(number, every, seq) for number in range(devices)]
    sightings = [_sighting(number, every, seq) for number in range(devices)]
    ledger = [
        LedgerRow(_device_id(number), _clinic_id(number), NOW_MS, "b", 0, "fitted", f"N{number}", 0, "device")
        for number in range(devices)
    ]
    return FleetSnapshot(tuple(states), tuple(sightings), tuple(ledger), (), (), 0)


def _say(fleet: Fleet, numbers: range, every: int, seq: int) -> None:
    fleet.apply(
        [_state(number, every, seq) for number in numbers],
        [_sighting(number, every, seq) for number in numbers],
        (),
    )


def _state(number: int, every: int, seq: int) -> DeviceState:
    at_ms = NOW_MS + seq * 15 * MINUTE_MS
    health = 0.3 if number % every == 0 else 0.9
    sample = Sample(
        _clinic_id(number), _device_id(number), "b", seq, at_ms, None, "mains", 0.9, 24.0, health, True,
        f"N{number}", 1_000 + seq, 0.7, 1.5, 40, (number + seq) % 4 == 0,
    )  # fmt: skip
    return DeviceState(
        device_id=_device_id(number),
        clinic_id=_clinic_id(number),
        first_seen_ms=NOW_MS,
        last_seen_ms=at_ms,
        latest=TimedSample(at_ms, at_ms, False, sample),
        latest_key=(at_ms, "b", seq),
        form="stationary",
        model="pen-2",
    )


def _sighting(number: int, every: int, seq: int) -> Sighting:
    key = (NOW_MS + seq * 15 * MINUTE_MS, "b", seq)
    coating = 0.1 if number % every == 0 else 0.7
    return Sighting(
        f"N{number}", _device_id(number), _clinic_id(number), NOW_MS, key, 1_000 + seq, coating, key, "fine-24", "L-1",
        1_000_000, "2030-01-01", key,
    )  # fmt: skip


def _device_id(number: int) -> str:
    return f"D-{number:06}"


def _clinic_id(number: int) -> str:
    return f"C-{number // PER_CLINIC:04}"


def main() -> None:
    set_up_logs(LogConfig(level="error"))
    measured = asyncio.run(measure(devices=100_000, batch=5_000, every=100))
    print(f"100,000 devices, {measured.open_alerts} firing alerts")
    batch, full = measured.batch, measured.full
    print("milliseconds of the processor, and of the clock in which the pass also rests:")
    print(f"a batch of 5,000: {batch.processor_ms:.0f} (at best {measured.best_ms:.0f}) and {batch.wall_ms:.0f}")
    print(f"the whole fleet: {full.processor_ms:.0f} and {full.wall_ms:.0f}")
    print(f"the loop was held for {measured.loop_ms:.0f} at most")


if __name__ == "__main__":
    main()
