"""The recorded week holds all that it promises, for every seed that is likely to be used."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from schemas.records import NozzleEvent, Sample, Session, Status
from tests.support.recorded_week import WEEK_START_MS, recorded_week, records_of


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_recorded_week_is_small_and_the_same_each_time(seed: int) -> None:
    deliveries = recorded_week(seed)
    assert 300 < len(deliveries) < 5_000
    assert deliveries == recorded_week(seed)


def test_a_recorded_week_holds_every_oddity() -> None:
    deliveries = [delivery for seed in (1, 2, 3) for delivery in recorded_week(seed)]
    records = records_of(deliveries)
    telemetry = [json.loads(d.payload) for d in deliveries if d.topic.endswith("telemetry")]
    samples = [record for record in records if isinstance(record, Sample)]
    sessions = [record for record in records if isinstance(record, Session)]
    events = Counter(record.action for record in records if isinstance(record, NozzleEvent))
    statuses = [record for record in records if isinstance(record, Status)]
    assert any("samples" in message for message in telemetry), "batches"
    assert any("samples" not in message for message in telemetry), "single samples"
    assert any(any(s["ts_ms"] is None for s in m.get("samples", ())) for m in telemetry), "a backlog without a clock"
    assert len(deliveries) > len({(d.topic, d.payload) for d in deliveries}), "redeliveries"
    assert any(sample.ts_ms is None for sample in samples), "unset clocks"
    assert any(not sample.nozzle_fitted for sample in samples), "no nozzle"
    assert any(sample.nozzle_fitted and sample.nozzle_serial is None for sample in samples), "unreadable tags"
    assert any(sample.coating_ratio is None and sample.nozzle_fitted for sample in samples), "no sensor"
    assert any(sample.power_source == "battery" for sample in samples), "batteries"
    assert len({(sample.device_id, sample.boot_id) for sample in samples}) > 12, "reboots"
    assert {session.end for session in sessions} == {"normal", "stopped", "power_lost"}
    assert any(session.started_ms is None for session in sessions)
    assert events["fitted"] >= 6
    assert events["removed"] >= 6
    assert any(status.state == "offline" and status.ts_ms is None for status in statuses), "wills"
    assert any(status.state == "offline" and status.ts_ms is not None for status in statuses), "goodbyes"
    late_ms = [d.received_ms - r.ts_ms for d in deliveries for r in records_of([d])[:1] if r.ts_ms is not None]
    assert max(late_ms) > 3_600_000, "backlog"
    assert min(late_ms) > -3_600_000
    assert deliveries[0].received_ms >= WEEK_START_MS
