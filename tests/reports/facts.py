"""Facts of a made-up month, and hostile ones: every text that a device or a person gives is an attack."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.serve.reports.period import midnight_ms
from schemas.report import (
    AlertFacts,
    AlertUse,
    AlertWeek,
    Check,
    ClinicUse,
    CostFacts,
    DueNozzle,
    FleetFacts,
    ForecastFacts,
    Period,
    QuarterCost,
    Replacement,
    ReplacementFacts,
    ReportHead,
    UseDay,
    UseFacts,
    Wait,
    WearBin,
    WearFacts,
    WeekCount,
)

ZONE = "Europe/Berlin"
MADE_MS = midnight_ms(date(2026, 11, 2), ZONE) + 9 * 3_600_000
HOSTILE = '<img src=x onerror="alert(1)"></style></script>{{7*7}}#let x = 1 \u202etxt.exe'


def facts(text: str = "Graz", clinics: int = 3, *, whole: bool = True) -> FleetFacts:
    """`text` stands wherever a clinic, a label, a serial or a model is named."""
    names = [text if not number else f"{text} {number}" for number in range(clinics)]
    october = [date(2026, 10, 1) + timedelta(days=number) for number in range(31)]
    period = Period(midnight_ms(october[0], ZONE), midnight_ms(date(2026, 11, 1), ZONE), ZONE)
    return FleetFacts(
        head=ReportHead(None if whole else text, period, MADE_MS, "manager", clinics, 2 * clinics),
        use=UseFacts(
            days=tuple(UseDay(day, 20 + day.day % 7, 22.5) for day in october),
            clinics=tuple(ClinicUse(name, 2, 2, 240, 230.0, 41_000_000, 430_000_000, 180) for name in names),
            known_from=None,
            usual_days=56,
        ),
        wear=WearFacts(
            fitted=2 * clinics,
            bins=tuple(
                WearBin(place / 10, place % 3, "worn_out" if place == 10 else "due" if place > 7 else "ok")
                for place in range(11)
            ),
            unknown=1,
            worn_out=1,
            due=tuple(
                DueNozzle(name, f"FM-{number}", text, text, text, 0.9, number == 0, date(2026, 11, 9), 4.0, 12.0)
                for number, name in enumerate(names)
            ),
            due_within=((7, 1), (14, 2), (30, clinics)),
            waiting=(Wait(7, 0.8, 620.0, 0.0), Wait(14, 1.6, 1_240.0, 0.2), Wait(30, 3.1, 2_400.0, 0.2)),
            cost_ratio=5.0,
        ),
        replacements=ReplacementFacts(
            rows=tuple(
                Replacement(
                    period.since_ms + 86_400_000 * number, name, "FM-1", text, text, 1.1, "late", "worn", 185.0, text
                )
                for number, name in enumerate(names)
            ),
            weeks=(WeekCount(date(2026, 9, 28), "late", 2), WeekCount(date(2026, 10, 5), "in_time", 1)),
        ),
        forecasts=ForecastFacts(
            120, 0.79, 14, 6, tuple(Check(f"{text}-{n}", 1e6, 2e6, 3e6, 2.5e6 + n * 1e5, n < 6) for n in range(14))
        ),
        alerts=AlertFacts(
            rules=(AlertUse("nozzle_due", "warning", 4, 3, 5_400_000, 4, 200_000_000),),
            weeks=(AlertWeek(date(2026, 10, 5), "warning", 4),),
            acknowledge_ms=5_400_000,
            acknowledged=3,
            fired=4,
        ),
        costs=CostFacts(
            quarters=("2026-Q3", "2026-Q4"),
            rows=tuple(QuarterCost(name, "2026-Q4", 3, 370.0, 1) for name in names),
            unpriced_models=(text,),
        ),
    )
