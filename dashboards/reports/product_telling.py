"""How the product's numbers are told: estimates, groups, shares. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboards.web.format import decimal_text, percent_text
from dashboards.web.strings import ENGLISH, Strings
from schemas.lifetime_views import EstimateView, LivesBy, MedianView
from schemas.usage_views import UsageBy

MILLION: Final = 1_000_000
_OTHER: Final = "(other)"
_UNKNOWN: Final = "(unknown)"


def millions(strikes: float | None, strings: Strings) -> str:
    """Strikes in millions, without the word: `9.4`."""
    return strings.product.none if strikes is None else decimal_text(strikes / MILLION, 1, strings.numbers)


def estimated(estimate: EstimateView | None, strings: Strings) -> str:
    """In millions, with its interval."""
    if estimate is None:
        return strings.product.none
    return _between(estimate.value, estimate.low, estimate.high, strings)


def median_text(median: MedianView, strings: Strings) -> str:
    """In millions, with its interval as far as there is one."""
    words = strings.product
    if median.strikes is None:
        return words.none if median.low is None else f"> {millions(median.low, strings)}"
    if median.low is None and median.high is None:
        return millions(median.strikes, strings)
    return words.between.format(
        value=millions(median.strikes, strings),
        low=millions(median.low, strings),
        high=millions(median.high, strings),
    )


def ratio_text(estimate: EstimateView | None, strings: Strings) -> str:
    """A ratio with its interval: `0.71 (0.6 to 0.84)`."""
    if estimate is None:
        return strings.product.none
    value, low, high = (decimal_text(n, 2, strings.numbers) for n in (estimate.value, estimate.low, estimate.high))
    return strings.product.between.format(value=value, low=low, high=high)


def group_text(key: str | None, strings: Strings) -> str:
    """A group's name; what was put together, or is not known, in words."""
    if key is None or key == _UNKNOWN:
        return strings.product.unknown
    return strings.product.other if key == _OTHER else key


def group_names(by: LivesBy | UsageBy, strings: Strings) -> Mapping[str, str]:
    """What groups are called whose keys are codes of ours: forms, weekdays, how much a nozzle is used."""
    match by:
        case "form":
            return {str(form): name for form, name in strings.fleet.forms.items()}
        case "use":
            return strings.product.intensities
        case "weekday":
            return dict(zip(ENGLISH.pages.clinic.weekdays, strings.pages.clinic.weekdays, strict=True))
        case _:
            return {}


def share_text(share: float | None, strings: Strings) -> str:
    return strings.product.none if share is None else percent_text(share, strings.numbers)


def p_text(p_value: float, strings: Strings) -> str:
    """A p value, never rounded to 0."""
    least = 0.0001
    if p_value < least:
        return f"< {decimal_text(least, 4, strings.numbers)}"
    return decimal_text(p_value, 4 if p_value < 0.01 else 2, strings.numbers)


def _between(value: float, low: float, high: float, strings: Strings) -> str:
    return strings.product.between.format(
        value=millions(value, strings), low=millions(low, strings), high=millions(high, strings)
    )
