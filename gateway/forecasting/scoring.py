"""What came of forecasts: the share of lives within the 80 % that was said, and where in it each fell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.forecasting.board import Remaining
from gateway.forecasting.outlook import SHOWN
from gateway.store.forecast_rows import IssuedForecast, Outcome
from gateway.wear.calibrate import PastScore
from gateway.wear.paths import Floats

WORN_FROM: Final = 0.8
"""A nozzle taken off at this wear or more has so little left that its own last forecast tells when it would have
ended. Without them hardly any life would count: people replace in time, and the late ones are no fair sample."""

_SHARES: Final = np.array([0.075, 0.1, 0.2, 0.25, 0.2, 0.1, 0.075])
"""What each of the shown quantiles stands for."""

_SHARPER: Final = 0.5
_P10: Final = 1
_P90: Final = 5


class LifeEnd(NamedTuple):
    """When a life ended, in strikes: a few possible ends with their shares; one of them where it was seen."""

    outcome: Outcome
    strikes: tuple[float, ...]
    shares: tuple[float, ...]


def crossed(strikes: float) -> LifeEnd:
    """The readings show where the limit was passed."""
    return LifeEnd("crossed", (strikes,), (1.0,))


def taken_off(strikes: int, wear: float, last: Remaining | None) -> LifeEnd:
    """Taken off for good before the limit: how far the rest would have gone is known by its last forecast, or not."""
    if last is None or wear < WORN_FROM:
        return LifeEnd("censored", (float(strikes),), (1.0,))
    ends = tuple(strikes + left for left in last.values())
    return LifeEnd("worn", ends, tuple(_SHARES.tolist()))


def scored(issued: Sequence[IssuedForecast], end: LifeEnd, now_ms: int) -> list[IssuedForecast]:
    """The forecasts that this end settles, with what came; those settled before are left as they are."""
    return [_score(one, end, now_ms) for one in issued if _is_open(one, end)]


def _is_open(issued: IssuedForecast, end: LifeEnd) -> bool:
    return issued.outcome is None or (issued.outcome != "crossed" and end.outcome == "crossed")


def _score(issued: IssuedForecast, end: LifeEnd, now_ms: int) -> IssuedForecast:
    came = np.maximum(np.array(end.strikes) - issued.strikes, 0.0)
    shares = np.array(end.shares)
    said = np.array(issued.remaining_strikes)
    if end.outcome == "censored" or not came.any() or _tells_too_little(end, said):
        return replace(issued, outcome="censored", came_strikes=float(came[0]), scored_ms=now_ms)
    inside = (came >= said[_P10]) & (came <= said[_P90])
    return replace(
        issued,
        outcome=end.outcome,
        came_strikes=float(shares @ came),
        pit=float(shares @ probability(said, came)),
        inside_80=float(shares @ inside),
        scored_ms=now_ms,
    )


def _tells_too_little(end: LifeEnd, said: Floats) -> bool:
    """Whether the end is known hardly better than it was forecast: a forecast must not be held against itself."""
    spread = end.strikes[_P90] - end.strikes[_P10] if len(end.strikes) > 1 else 0.0
    return bool(spread > _SHARPER * (said[_P90] - said[_P10]))


def probability(said: Floats, came: Floats) -> Floats:
    """What a forecast, by its shown quantiles, gave to lives no longer than these: straight between them."""
    beyond = said[-1] + max(said[-1] - said[len(said) // 2], 1.0)
    places = np.concatenate([[min(0.0, said[0] - 1e-9)], said, [beyond]])
    return np.asarray(np.interp(came, places, np.concatenate([[0.0], SHOWN, [1.0]])))


def past_score(issued: IssuedForecast, lot: str | None, strikes: int) -> PastScore | None:
    """Where in a forecast its life ended, or how far it has come by now, as if nothing had taught that forecast."""
    if issued.pit is not None:
        place, ended = issued.pit, True
    else:
        came = issued.came_strikes if issued.came_strikes is not None else float(strikes - issued.strikes)
        if came <= 0.0:
            return None
        place, ended = float(probability(np.array(issued.remaining_strikes), np.array([came]))[0]), False
    score = float(ndtri(np.clip(place, 1e-3, 1.0 - 1e-3)))
    return PastScore(issued.serial, lot, score * issued.taught_spread + issued.taught_shift, ended)
