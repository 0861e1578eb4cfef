"""The band of a nozzle: worn out by its wear, due by its forecast, or by its wear where there is none."""

from __future__ import annotations

import pytest

from gateway.serve.device_views import wear_band


@pytest.mark.parametrize(
    ("wear", "due", "band"),
    [
        (1.0, False, "worn_out"),
        (0.5, True, "due"),
        (0.95, False, "ok"),
        (None, True, "due"),
        (None, False, "unknown"),
        (0.9, None, "due"),
        (0.8, None, "ok"),
        (None, None, "unknown"),
    ],
)
def test_the_forecast_decides_whether_a_nozzle_is_due_and_wear_where_there_is_none(
    wear: float | None, due: bool | None, band: str
) -> None:
    assert wear_band(wear, 0.85, due) == band
