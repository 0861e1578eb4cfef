"""The wear of a nozzle as it stands: measured by its coating, or counted by its strikes (contract, section 3)."""

from __future__ import annotations

from gateway.ingest.fleet import NozzleState
from schemas.registry import DEFAULT_COATING_LIMIT, NozzleModel


def wear_ratio(
    *, coating_ratio: float | None, coating_limit: float, strikes: int | None, rated_strikes: int | None
) -> float | None:
    """Wear, at least 0; at 1 the nozzle must be replaced. None where there is neither a coating nor a rating."""
    if coating_ratio is not None:
        return max(0.0, (1.0 - coating_ratio) / (1.0 - coating_limit))
    if strikes is not None and rated_strikes:
        return strikes / rated_strikes
    return None


def nozzle_wear(nozzle: NozzleState, model: NozzleModel | None) -> float | None:
    """A nozzle's wear by its model's limit; its own swap record's rating comes before the registry's."""
    return wear_ratio(
        coating_ratio=nozzle.coating_ratio,
        coating_limit=model.coating_limit if model else DEFAULT_COATING_LIMIT,
        strikes=nozzle.strikes,
        rated_strikes=nozzle.rated_strikes or (model.rated_strikes if model else None),
    )
