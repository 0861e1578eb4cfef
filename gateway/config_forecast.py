"""The section [forecast]: how far ahead a replacement is planned, and how often forecasts are learnt anew."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ForecastConfig(BaseModel):
    """Forecasts of the remaining life of nozzles."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: bool = True
    cost_ratio: Annotated[float, Field(ge=1, le=1_000)] = 5.0
    lead_days: Annotated[int, Field(ge=0, le=3_650)] = 5
    refresh_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    refit_h: Annotated[int, Field(ge=1, le=8_760)] = 24
    refit_lives: Annotated[int, Field(ge=1, le=100_000)] = 10
    usage_weeks: Annotated[int, Field(ge=1, le=520)] = 12
    ended_days: Annotated[int, Field(ge=1, le=3_650)] = 7
    false_discovery: Annotated[float, Field(gt=0, lt=1)] = 0.05
