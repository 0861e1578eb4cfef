"""What a message says of the time left: the forecast of the nozzle that the alert is about."""

from __future__ import annotations

from gateway.forecasting.board import Forecasts, Remaining
from gateway.notify.notice import Outlook
from schemas.alert import Alert
from schemas.views import ForecastView, Quantiles


def outlook_from(forecasts: Forecasts) -> Outlook:
    """Looks the forecast up; None where nothing is known."""

    def outlook(alert: Alert) -> ForecastView | None:
        found = forecasts.forecast_of(alert.subject)
        if found is None:
            return None
        return ForecastView(
            remaining_sessions=_quantiles(found.remaining_sessions),
            remaining_days=_quantiles(found.remaining_days),
            replace_by=found.replace_by.isoformat() if found.replace_by else None,
        )

    return outlook


def _quantiles(remaining: Remaining | None) -> Quantiles | None:
    return None if remaining is None else Quantiles(p10=remaining.p10, p50=remaining.p50, p90=remaining.p90)
