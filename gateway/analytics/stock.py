"""Stock: how many to keep and when to order, so that what is needed is there as often as the service level says. Pure.

Orders are looked at once in a review period and take the lead time to come. The reorder point covers both at the
service level: at or below it, order up to what covers an order cycle more (the periodic review policy of the
textbooks, by the drawn demand in place of a normal distribution).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.local_days import Floats

DEFAULT_SERVICE: Final = 0.95
REVIEW_DAYS: Final = 7
CYCLE_DAYS: Final = 28
_WEEK_DAYS: Final = 7


class StockAdvice(NamedTuple):
    """What to do about one item at one place. Days count from the forecast's; None: not within it."""

    reorder_point: int
    order_up_to: int
    order_now: int
    """0: nothing is to be ordered now."""
    needed_by_arrival: int
    """The median, until an order placed now has come."""
    runs_out_day: int | None
    """The first day on which what is there may not be enough, at the service level."""
    order_by_day: int | None
    """The last on which an order comes in time; 0 where that is now, or past."""


class NeedCurve(NamedTuple):
    """What is needed within 0, 1, 2, … days: at the service level, and the median."""

    enough: Floats
    median: Floats


def need_curve(counts: Floats, lead_days: int, service: float = DEFAULT_SERVICE) -> NeedCurve:
    """From needed items (weeks, scenarios); beyond the last week they go on as on average."""
    reach = max(lead_days + REVIEW_DAYS + CYCLE_DAYS, counts.shape[0] * _WEEK_DAYS)
    enough, median = np.quantile(cumulative(counts, reach), (service, 0.5), axis=1, method="inverted_cdf")
    return NeedCurve(enough, median)


def stock_advice(curve: NeedCurve, on_hand: int, lead_days: int) -> StockAdvice:
    """What to do where so many are there and more need `lead_days` to come."""
    reorder_point = _whole(curve.enough[lead_days + REVIEW_DAYS])
    order_up_to = _whole(curve.enough[lead_days + REVIEW_DAYS + CYCLE_DAYS])
    short = np.flatnonzero(curve.enough > on_hand)
    runs_out = int(short[0]) if short.size else None
    return StockAdvice(
        reorder_point=reorder_point,
        order_up_to=order_up_to,
        order_now=max(order_up_to - on_hand, 0) if on_hand <= reorder_point else 0,
        needed_by_arrival=_whole(curve.median[lead_days]),
        runs_out_day=runs_out,
        order_by_day=None if runs_out is None else max(runs_out - lead_days, 0),
    )


def cumulative(counts: Floats, days: int) -> Floats:
    """Needed within 0..days days: (days + 1, scenarios); a week's are spread over it evenly."""
    weeks = counts.shape[0]
    total = np.concatenate([np.zeros((1, counts.shape[1])), np.cumsum(counts, axis=0)])
    day = np.arange(days + 1) / _WEEK_DAYS
    whole = np.minimum(day.astype(int), weeks - 1)
    share = (day - whole)[:, None]
    step = np.where(day[:, None] > weeks, total[-1] / weeks, counts[whole])
    base = np.where(day[:, None] > weeks, total[-1], total[whole])
    past = np.where(day > weeks, day - weeks, 0.0)[:, None]
    return np.asarray(np.where(day[:, None] > weeks, base + step * past, base + step * share))


def _whole(value: float) -> int:
    return int(np.ceil(value - 1e-9))
