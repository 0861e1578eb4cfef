"""The wear of a nozzle as it stands: measured by its coating, or counted by its strikes (contract, section 3)."""

from __future__ import annotations


def wear_ratio(
    *, coating_ratio: float | None, coating_limit: float, strikes: int | None, rated_strikes: int | None
) -> float | None:
    """Wear, at least 0; at 1 the nozzle must be replaced. None where there is neither a coating nor a rating."""
    if coating_ratio is not None:
        return max(0.0, (1.0 - coating_ratio) / (1.0 - coating_limit))
    if strikes is not None and rated_strikes:
        return strikes / rated_strikes
    return None
