"""Which firmware a nozzle's life counts with: that which the device had at the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.analytics.life_gathering import firmware_during
from gateway.store.lives_base import FirmwareSince
from gateway.store.rows import Batch
from gateway.store.sqlite import SqliteStore
from tests.store.store_records import NOW_MS, state

UPDATED = (FirmwareSince(1_000, "1.0"), FirmwareSince(2_000, "1.1"), FirmwareSince(2_100, "1.2"))


@pytest.mark.parametrize(
    ("history", "since_ms", "until_ms", "firmware"),
    [
        (UPDATED, 1_100, 1_900, "1.0"),
        (UPDATED, 0, 900, "1.0"),
        (UPDATED, 1_950, 2_090, "1.1"),
        (UPDATED, 1_500, 9_000, "1.2"),
        (UPDATED, 1_500, 1_500, "1.0"),
        (UPDATED, 2_050, 2_050, "1.1"),
        ((*UPDATED, FirmwareSince(3_000, "1.0")), 1_900, 4_000, "1.0"),
        ((), 0, 1, None),
    ],
)
def test_a_life_counts_with_the_firmware_of_most_of_it(
    history: Sequence[FirmwareSince], since_ms: int, until_ms: int, firmware: str | None
) -> None:
    assert firmware_during(history, since_ms, until_ms) == firmware


async def test_the_store_keeps_every_change_and_nothing_else(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(tmp_path / "store.db"))
    told = [(None, NOW_MS), ("1.0", NOW_MS + 1), ("1.0", NOW_MS + 2), ("1.1", NOW_MS + 3), ("1.0", NOW_MS + 4)]
    for firmware, received_ms in told:
        device = replace(state(), firmware=firmware, status_received_ms=received_ms)
        await store.commit(Batch(devices=(device,)))
    assert await store.firmware_history() == {
        "dev-1": [
            FirmwareSince(NOW_MS + 1, "1.0"), FirmwareSince(NOW_MS + 3, "1.1"), FirmwareSince(NOW_MS + 4, "1.0")
        ]
    }  # fmt: skip
    await store.close()
