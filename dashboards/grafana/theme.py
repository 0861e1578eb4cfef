"""How the boards look: colours that the colour-blind tell apart, units, and where a value changes its colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    MappingType,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

FINE: Final = "#009E73"
SOON: Final = "#E69F00"
NOW: Final = "#D55E00"
PLAIN: Final = "#0072B2"

COUNT: Final = "short"
RATIO: Final = "percentunit"
SECONDS: Final = "s"
AGO: Final = "dateTimeFromNow"
PER_SECOND: Final = "cps"
WORD: Final = "none"


@dataclass(frozen=True)
class Limits:
    """From which value on a colour counts, the lowest first; `base` is the colour below all of them."""

    base: str
    steps: tuple[tuple[float, str], ...] = ()

    def config(self) -> ThresholdsConfig:
        """As Grafana wants it."""
        steps = [Threshold(value=None, color=self.base)]
        steps += [Threshold(value=value, color=color) for value, color in self.steps]
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


NO_LIMITS: Final = Limits(PLAIN)
WEAR: Final = Limits(FINE, ((0.85, SOON), (1.0, NOW)))
CHARGE: Final = Limits(NOW, ((0.2, SOON), (0.4, FINE)))
HEALTH: Final = Limits(NOW, ((0.6, SOON), (0.75, FINE)))
NONE_IS_FINE: Final = Limits(FINE, ((1, SOON),))
NONE_OR_NOW: Final = Limits(FINE, ((1, NOW),))
ONE_IS_FINE: Final = Limits(NOW, ((1, FINE),))
SESSIONS_LEFT: Final = Limits(NOW, ((10, SOON), (30, FINE)))


def words(texts: Mapping[str, tuple[str, str]]) -> Sequence[ValueMapping]:
    """Values as words: (text, colour) by value."""
    results = {
        value: ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(texts.items())
    }
    mapping = ValueMap(options=results)
    assert mapping.type_val == MappingType.VALUE_TO_TEXT
    return (mapping,)


ONLINE_WORDS: Final = words({"1": ("online", FINE), "0": ("silent", SOON)})
POWER_WORDS: Final = words({"1": ("mains", FINE), "0": ("battery", SOON)})
UP_WORDS: Final = words({"1": ("up", FINE), "0": ("down", NOW)})
CONNECTED_WORDS: Final = words({"1": ("connected", FINE), "0": ("not connected", NOW)})
