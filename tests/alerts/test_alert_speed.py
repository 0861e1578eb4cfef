"""A rule pass over a large fleet; the figures of the full size are those of `bench/alert_pass.py`."""

from __future__ import annotations

from bench.alert_pass import measure


async def test_a_pass_over_a_batch_costs_little_for_each_record() -> None:
    measured = await measure(devices=4_000, batch=1_000, every=100)
    assert measured.open_alerts >= 40
    # Six times what it takes on a free core: this only finds a pass that has begun to look at the whole fleet.
    assert measured.best_ms < 60
