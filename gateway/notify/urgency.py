"""How urgent an alert is, in words: its severity, what is left with the interval, and by when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from dashboards.web.format import wear_percent
from dashboards.web.message_strings import MessageWords, OutlookWords
from gateway.notify.notice import Item
from gateway.notify.texts import count, day
from schemas.alert import Rule
from schemas.views import ForecastView, Quantiles

Unit: TypeAlias = Literal["session", "day"]

_NOW: Final = frozenset[Rule]({"nozzle_worn_out", "nozzle_expired", "nozzle_recalled"})
"""Whatever a forecast says: these nozzles must not be used any more."""
_AHEAD: Final = frozenset[Rule]({"nozzle_due", "nozzle_wear_abnormal"})


def percent(ratio: float, words: OutlookWords) -> str:
    """As `87 %`, rounded as everywhere; what is short of the whole is never told as the whole."""
    return words.percent.format(n=wear_percent(ratio))


def urgency_line(item: Item, words: MessageWords) -> str:
    """How urgent: the severity and, with its interval, for how long it lasts."""
    return ", ".join((words.severities[item.severity], *_rest(item, words)))


def has_interval(item: Item) -> bool:
    """Whether what is said of its urgency has a range in brackets."""
    forecast = _forecast(item)
    if forecast is None:
        return False
    return any(_is_range(left) for left in (forecast.remaining_sessions, forecast.remaining_days) if left is not None)


def left(quantiles: Quantiles, unit: Unit, words: MessageWords) -> str:
    """What is left, as `34 (21 to 52) sessions left`, in whole numbers that a person can plan by."""
    said, (_, middle, high) = words.outlook, _whole(quantiles)
    least, about, most = (count(number, words) for number in _whole(quantiles))
    if high < 1:
        return said.less_than_session if unit == "session" else said.less_than_day
    if middle < 1:
        return (said.most_sessions if unit == "session" else said.most_days).of(high).format(n=most)
    if _is_range(quantiles):
        about = said.interval.format(n=about, low=least, high=most)
    return (said.sessions if unit == "session" else said.days).of(high).format(n=about)


def _rest(item: Item, words: MessageWords) -> Iterator[str]:
    said, forecast = words.outlook, _forecast(item)
    if item.firing and item.rule in _NOW:
        yield said.replace_now
    elif forecast is not None:
        yield from _outlook(forecast, words)
    elif item.wear_ratio is not None and item.firing:
        yield said.no_forecast.format(wear=percent(item.wear_ratio, said))


def _forecast(item: Item) -> ForecastView | None:
    """The forecast that is told of."""
    return item.forecast if item.rule in _AHEAD else None


def _outlook(forecast: ForecastView, words: MessageWords) -> Iterator[str]:
    if forecast.remaining_sessions is not None:
        yield left(forecast.remaining_sessions, "session", words)
    if forecast.remaining_days is not None:
        yield left(forecast.remaining_days, "day", words)
    if forecast.replace_by:
        yield words.outlook.replace_by.format(day=day(forecast.replace_by, words))


def _is_range(quantiles: Quantiles) -> bool:
    low, middle, high = _whole(quantiles)
    return middle >= 1 and low < high


def _whole(quantiles: Quantiles) -> tuple[int, int, int]:
    return round(quantiles.p10), round(quantiles.p50), round(quantiles.p90)
