"""When a nozzle is due by its forecast: early enough before the day on which replacing costs least. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from gateway.alerts.conditions import DueBy
from gateway.hours import Week, parse_hours_or, zone_or_utc

DEFAULT_LEAD_DAYS: Final = 3
"""Where the registry does not say how long a nozzle takes to come."""
_ALWAYS_OPEN: Final[Week] = ()
_WEEK: Final = 7
_DAY_MS: Final = 86_400_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def never_due_before_ms(replace_by: date, lead_days: int | None) -> int:
    """Before this the nozzle is not due by `due_by`, whatever the clinic's zone and hours: they make it a week and a
    day at most. Quicker than that."""
    lead = DEFAULT_LEAD_DAYS if lead_days is None else lead_days
    return (replace_by.toordinal() - _EPOCH_DAY - lead - _WEEK - 1) * _DAY_MS


@lru_cache(maxsize=16_384)
def due_by(replace_by: date, lead_days: int | None, timezone: str, opening_hours: str) -> DueBy:
    """The part's lead time before `replace_by`, and not on a day on which the clinic is closed."""
    lead = timedelta(days=DEFAULT_LEAD_DAYS if lead_days is None else lead_days)
    week = parse_hours_or(opening_hours, _ALWAYS_OPEN)
    day = replace_by - lead
    for _ in range(_WEEK if week else 0):
        if week[day.weekday()] is not None:
            break
        day -= timedelta(days=1)
    midnight = datetime.combine(day, time(), tzinfo=zone_or_utc(timezone))
    return DueBy(int(midnight.astimezone(UTC).timestamp()) * 1_000, replace_by.isoformat())
