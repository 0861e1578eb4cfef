"""What the fleet notes of samples that came after a later one: only those that told of a nozzle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.site import HOUR_MS, T0_MS, Device, open_site


@pytest.mark.parametrize(
    ("serial", "strikes", "is_noted"), [("N-1", 7_000, True), ("N-2", 10, True), ("N-1", 10, False), (None, 0, False)]
)
async def test_an_overtaken_sample_is_noted_where_it_told_of_a_nozzle(
    tmp_path: Path, serial: str | None, strikes: int, is_noted: bool
) -> None:
    device = Device()
    first, overtaken, last = (
        device.sample(1, "N-1", 0.1, strikes=1_000),
        device.sample(2, serial, None if serial is None else 0.1, strikes=strikes),
        device.sample(3, "N-1", 0.1, strikes=1_500),
    )
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(first, last)
        assert site.fleet.overtaken == {}
        await site.ingest(overtaken._replace(received_ms=last.received_ms + 1))
        assert site.fleet.overtaken == ({"d-1": T0_MS + 2 * HOUR_MS} if is_noted else {})
