"""The product in the field, in memory: two lots, one of which stands out, two regions, one nozzle that is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from schemas.access import Viewer
from schemas.demand_views import DemandBy, DemandLineView, DemandScoreView, DemandView, QuarterNeedView, WeekNeedView
from schemas.lifetime_views import (
    ComparisonView,
    EffectView,
    EstimateView,
    FlaggedLotView,
    LifeEvidence,
    LifeGroupView,
    LifeNote,
    LifePoint,
    LifetimesView,
    LivesBy,
    MedianView,
    PaceChangeView,
    ReasonCount,
    WeibullView,
)
from schemas.usage_views import (
    DeviceShareView,
    IntervalView,
    TrendView,
    UsageAnomalyView,
    UsageBy,
    UsageGroupView,
    UsageView,
)


def estimate(value: float) -> EstimateView:
    return EstimateView(value=value, low=value * 0.8, high=value * 1.2)


FLAG = FlaggedLotView(
    lot="L-BAD",
    model="MN-12",
    direction="shorter",
    evidence=(
        LifeEvidence(kind="lives", life_ratio=estimate(0.6), p_value=0.00001, nozzles=30, ended=14, beyond_usual=True),
    ),
    text="Nozzles of lot L-BAD last less long.",
)


def group(key: str, last: float, flag: FlaggedLotView | None = None) -> LifeGroupView:
    curve = tuple(
        LifePoint(
            strikes=last * step / 8,
            survival=1 - step / 9,
            low=max(0.0, 0.9 - step / 9),
            high=min(1.0, 1.1 - step / 9),
            at_risk=30 - 3 * step,
        )
        for step in range(1, 9)
    )
    return LifeGroupView(
        key=key,
        model="MN-12",
        nozzles=30,
        ended=14,
        replaced_early=6,
        in_use=10,
        seen_late=2,
        unmeasured=1,
        median=MedianView(strikes=last / 2, low=last / 3, high=None),
        projected=estimate(last),
        median_at_least=last / 3,
        early_wear=0.9,
        since_strikes=0.0,
        curve=curve,
        weibull=WeibullView(shape=estimate(3.2), scale=estimate(last), b10=estimate(last / 4), b50=estimate(last / 2)),
        reasons=(ReasonCount(reason="worn", nozzles=9), ReasonCount(reason="unsaid", nozzles=5)),
        flag=flag,
    )


class MemoryProduct:
    """Carries out `ProductPages`. `region` is what somebody called a region."""

    def __init__(self, region: str = "Rhône") -> None:
        self.region = region
        self.asked: list[tuple[str, str, str]] = []
        self.notes: tuple[LifeNote, ...] = (
            LifeNote(code="early", text="Six nozzles were taken off before they were worn out."),
        )

    async def lifetimes(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        self.asked.append((viewer.role, "lives", by))
        return LifetimesView(
            as_of_ms=1_795_343_400_000,
            by=by,
            window="2026-Q3" if viewer.role == "vendor" else None,
            items=(group("L-BAD", 6e6, FLAG), group("L-GOOD", 12e6), group("(other)", 11e6)),
            next_cursor=None,
            comparisons=(
                ComparisonView(
                    model="MN-12",
                    groups=("L-BAD", "L-GOOD"),
                    p_lives=0.001,
                    p_wear=None,
                    usual_spread=0.1,
                    flagged=(FLAG,),
                ),
            ),
            firmware=(
                EffectView(
                    model="MN-12",
                    level="2.5.0",
                    baseline="2.4.0",
                    nozzles=40,
                    by_lives=estimate(0.9),
                    by_wear=None,
                    p_value=0.2,
                    clear=False,
                ),
            ),
            changes=(
                PaceChangeView(
                    model="MN-12",
                    week="2026-W20",
                    ratio=estimate(1.3),
                    p_value=0.01,
                    nozzles_before=20,
                    nozzles_after=9,
                ),
            ),
            notes=self.notes,
        )

    async def usage(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> UsageView:
        self.asked.append((viewer.role, "use", by))
        keys = {"weekday": ("Monday", "Sunday", None), "form": ("stationary", "mobile", None)}
        named = keys.get(by, (self.region, "lyon", None))
        groups = tuple(self._use(key, 100 + 50 * place) for place, key in enumerate(named))
        shares = (DeviceShareView(device_id="SP-0001", sessions=1, usual=40),)
        return UsageView(
            items=groups,
            by=by,
            since="2026-08-22",
            until="2026-11-22",
            total=self._use(None, 450),
            anomalies=(
                UsageAnomalyView(
                    key="lyon", since="2026-10-05", until="2026-10-12", sessions=3, usual=60, p_value=1e-6,
                    devices=shares, explained_share=0.9, broad=False,
                ),
            ),
        )  # fmt: skip

    def _use(self, key: str | None, sessions: int) -> UsageGroupView:
        return UsageGroupView(
            key=key,
            devices=4,
            sessions=sessions,
            strikes=sessions * 160_000,
            session_minutes=29.4,
            depth_mm=1.1,
            battery_share=0.3,
            battery_minutes_share=0.3,
            cut_share=0.01,
            stopped_share=0.02,
            rate=IntervalView(value=3.2, low=2.8, high=3.7),
            utilisation=0.2,
            trend=TrendView(change=-0.08, low=-0.15, high=-0.01, weeks=12, clear=True),
        )

    async def usage_by_month(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> Sequence[UsageView]:
        if viewer.role != "vendor":
            return ()
        months = ("2026-08-01", "2026-09-01", "2026-10-01")
        told = tuple(
            self._use(key, sessions).model_copy(update={"rate": None}) for key, sessions in (("FM1", 300), ("FM2", 90))
        )
        return [
            UsageView(items=told, by=by, since=since, until=since, total=None, anomalies=(), withheld="whole months")
            for since in months
        ]

    async def demand(self, viewer: Viewer, by: DemandBy) -> DemandView:
        self.asked.append((viewer.role, "demand", by))
        first = date(2026, 11, 22)
        weeks = tuple(
            WeekNeedView(
                since=(first + timedelta(weeks=number)).isoformat(),
                until=(first + timedelta(weeks=number + 1)).isoformat(),
                mean=4.2, p10=2, p50=4, p90=7,
            )
            for number in range(13)
        )  # fmt: skip
        return DemandView(
            items=(
                DemandLineView(
                    item="nozzle", model="MN-12", region=self.region if by == "region" else None, clinic_id=None,
                    weeks=weeks,
                    total=QuarterNeedView(mean=54.0, p05=40, p10=44, p25=48, p50=54, p75=60, p90=66, p95=70),
                    stock=None,
                ),
            ),
            next_cursor=None,
            as_of_ms=1_795_343_400_000,
            by=by,
            service_level=0.95,
            busy_sd=0.1,
            scores=(
                DemandScoreView(
                    item="nozzle", model="MN-12", weeks=13, scored=40, inside_80=0.8, loss=2.1, naive_loss=2.9,
                    compared_loss=2.1,
                ),
            ),
        )  # fmt: skip
