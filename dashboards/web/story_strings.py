"""The words of a nozzle's story on the device page: earlier forecasts against what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural


@dataclass(frozen=True, slots=True)
class StoryWords:
    """Earlier forecasts."""

    past_title: str
    past_describes: str
    past_empty: str
    life: str
    so_far: str
    came: str
    held: Plural
    earlier: str
    later: str


ENGLISH_STORY: Final = StoryWords(
    past_title="Earlier forecasts of the life, in strikes",
    past_describes="Forecasts of the life of nozzle {serial}, day by day: first {first} strikes, last {last}.",
    past_empty="Too few forecasts have been made of this device's nozzles yet.",
    life="Life expected",
    so_far="strikes so far",
    came="what came",
    held=Plural(
        "{held} of {n} forecast held what came; 80 % is promised.",
        "{held} of {n} forecasts held what came; 80 % is promised.",
    ),
    earlier="Earlier",
    later="Later",
)
