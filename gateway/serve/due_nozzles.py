"""Which nozzles are due, for pages and the API: by the same rule as the alert, without its holds. Pure."""

from __future__ import annotations

from gateway.alerts.due import due_by, never_due_before_ms
from gateway.forecasting.board import NozzleForecast
from gateway.ingest.fleet import NozzleState
from schemas.registry import Clinic, NozzleModel


def is_due(
    nozzle: NozzleState, forecast: NozzleForecast | None, model: NozzleModel | None, clinic: Clinic
) -> bool | None:
    """Whether it is time to have the next nozzle ready; None where no forecast says, so that wear decides.

    `clinic` is where the nozzle is."""
    if not nozzle.fitted or forecast is None or forecast.replace_by is None:
        return None
    lead_days = model.lead_days if model is not None else None
    if nozzle.last_event_ms < never_due_before_ms(forecast.replace_by, lead_days):
        return False
    due = due_by(forecast.replace_by, lead_days, clinic.timezone, clinic.opening_hours)
    return nozzle.last_event_ms >= due.due_ms
