"""A receiver that is down for long: everything arrives afterwards, each message once. The full length, and what ingest
feels of it, is measured by `bench/receiver_down.py`."""

from __future__ import annotations

from bench.receiver_down import measure


async def test_what_a_receiver_missed_arrives_once_each_when_it_is_back() -> None:
    found = await measure(down_min=12, speed=120)
    assert found.refused > 0
    assert found.wanted >= 3
    assert (found.arrived, found.twice, found.unsent) == (found.wanted, 0, 0)
