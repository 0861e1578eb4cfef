from __future__ import annotations

import pytest

from gateway.ingest.event_time import event_time

NOW = 1_760_000_000_000


@pytest.mark.parametrize(
    ("ts_ms", "up_ms", "largest_up_ms", "expected"),
    [
        (NOW - 1_000, None, None, (NOW - 1_000, False)),
        (NOW - 10**10, 5, 900, (NOW - 10**10, False)),
        (NOW + 300_000, None, None, (NOW + 300_000, False)),
        (NOW + 300_001, None, None, (NOW, True)),
        (NOW + 300_001, 200, 500, (NOW - 300, True)),
        (None, None, None, (NOW, True)),
        (None, None, 500, (NOW, True)),
        (None, 500, 500, (NOW, True)),
        (None, 100, 500, (NOW - 400, True)),
    ],
)
def test_event_time_is_the_devices_or_an_estimate(
    ts_ms: int | None, up_ms: int | None, largest_up_ms: int | None, expected: tuple[int, bool]
) -> None:
    assert event_time(ts_ms, up_ms, NOW, largest_up_ms) == expected
