"""What people say of swaps goes into the ledger by the one writer, at its place, and erases nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from gateway.store.rows import LedgerRow
from gateway.store.sqlite import SqliteStore
from schemas.delivery import Delivery
from tests.alerts.site import HOUR_MS, T0_MS, Device, Site, open_site


def by_person(hour: float, serial: str, seq: int = 0, lot: str | None = None) -> LedgerRow:
    at_ms = T0_MS + round(hour * HOUR_MS)
    return LedgerRow("d-1", "c-1", at_ms, "person", seq, "fitted", serial, None, "person", "damaged", lot)


def rows(site: Site) -> list[tuple[str, str, str]]:
    return [(row.serial, row.action, row.made_by) for row in site.fleet.ledger("d-1")]


async def test_a_persons_row_takes_the_place_of_the_inference_that_it_explains(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(device.fitted(0, "N1"), device.sample(1, "N1", 0.5), device.sample(3, "N2", 0.1))
        assert rows(site) == [("N1", "fitted", "device"), ("N2", "sighted", "inference")]
        await site.pipeline.add_ledger_rows([by_person(2, "N2", lot="L7")])
        assert rows(site) == [("N1", "fitted", "device"), ("N2", "fitted", "person")]
        nozzle = site.fleet.nozzle("N2")
        assert nozzle is not None
        assert (nozzle.lot, nozzle.fitted) == ("L7", True)
        await site.ingest(device.sample(4, "N2", 0.1), device.sample(5, "N1", 0.6))
        assert rows(site)[2:] == [("N1", "sighted", "inference")]


async def test_it_is_there_after_a_restart_and_a_correction_supersedes_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(device.fitted(0, "N1"), device.sample(1, "N1", 0.5))
        await site.pipeline.add_ledger_rows([by_person(2, "N3")])
        assert site.fleet.fitted_serial("d-1") == "N3"
    async with open_site(tmp_path / "s.db") as site:
        assert site.fleet.fitted_serial("d-1") == "N3"
        await site.pipeline.add_ledger_rows([by_person(2, "N2", seq=1)])
        assert site.fleet.fitted_serial("d-1") == "N2"
        assert [row.serial for row in await site.store.ledger(device_id="d-1")] == ["N1", "N3", "N2"]


async def test_any_order_of_rows_and_readings_ends_in_the_same_ledger(tmp_path: Path) -> None:
    def said() -> list[Delivery]:
        device = Device()
        return [
            device.fitted(0, "N1"),
            device.sample(1, "N1", 0.5),
            device.sample(3, "N2", 0.1),
            device.sample(6, "N2", 0.2),
        ]

    ends = []
    for at in range(5):
        async with open_site(tmp_path / f"{at}.db") as site:
            deliveries = said()
            await site.ingest(*deliveries[: max(at, 1)])
            await site.pipeline.add_ledger_rows([by_person(2, "N2")])
            await site.ingest(*deliveries[max(at, 1) :])
            ends.append(rows(site))
    assert all(end == ends[0] for end in ends)


async def test_rows_and_batches_at_the_same_time_keep_memory_and_store_alike(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(device.fitted(0, "N1"))
        await asyncio.gather(
            *(site.ingest(device.sample(hour, "N1", 0.1)) for hour in range(1, 20)),
            *(site.pipeline.add_ledger_rows([by_person(hour + 0.5, f"P{hour}")]) for hour in range(3, 15, 3)),
        )
        shown = site.fleet.ledger("d-1")
    store = await SqliteStore.open(str(tmp_path / "s.db"))
    assert await store.ledger(device_id="d-1") == shown
    await store.close()
    assert json.dumps([row.serial for row in shown if row.made_by == "person"]) == '["P3", "P6", "P9", "P12"]'
