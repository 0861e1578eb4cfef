"""Work: what trips and parts cost, and when a claim is chased."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.access import Role
from schemas.registry import Identifier


def _one_or_more(given: object) -> object:
    """One name may stand without brackets; in a variable several are parted by commas."""
    return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given


class WorkConfig(BaseModel):
    """Work orders, visits and spares. Money is in whatever currency the nozzle models' prices are."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    trip_cost: Annotated[float, Field(ge=0, le=1_000_000)] = 80.0
    """One visit to one clinic."""
    nozzle_price: Annotated[float, Field(ge=0, le=1_000_000)] = 60.0
    """Of a nozzle model whose price the registry does not know."""
    lead_days: Annotated[int, Field(ge=0, le=3_650)] = 14
    """Until an ordered nozzle has come, where the registry does not know it."""
    claim_overdue_days: Annotated[int, Field(ge=1, le=365)] = 3
    """After so many days a claim that no evidence confirms is chased: whoever claimed it is reminded."""
    claim_escalate_days: Annotated[int, Field(ge=0, le=365)] = 4
    """So many days after the reminder the claim is escalated; 0: never."""
    claim_escalate_role: Role = "manager"
    """Whom it is escalated to, each within their scope."""
    claim_escalate_receivers: Annotated[tuple[Identifier, ...], BeforeValidator(_one_or_more)] = ()
    """Receivers of [notify] that it is escalated to besides."""
