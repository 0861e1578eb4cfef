"""The usage reader: use as a viewer may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.analytics.local_days import DAY_MS, date_of
from gateway.analytics.usage import LONGEST_DAYS, Anomaly, Usage, UsageReport, UseScope
from gateway.analytics.usage_groups import UsageBy, UseGroup
from gateway.analytics.usage_told import TOLD_BY, ToldUse
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.errors import InvalidInputError
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.sight import Sight
from schemas.access import Viewer
from schemas.usage_views import DeviceShareView, IntervalView, TrendView, UsageAnomalyView, UsageGroupView, UsageView

_MINUTE_MS: Final = 60_000
_WITHHELD: Final = (
    "told for whole months that are over, by model or firmware, where enough clinics stand behind each number"
)


class UsageReader:
    """Reads usage on behalf of a viewer."""

    def __init__(
        self, *, usage: Usage, told: ToldUse, fleet: Fleet, registry: Registry, sight: Sight, clock: Clock
    ) -> None:
        self._usage = usage
        self._told = told
        self._fleet = fleet
        self._registry = registry
        self._sight = sight
        self._clock = clock

    async def usage(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> UsageView:
        """Use over the local days from that of `since_ms` to that of `until_ms`, both included; to a vendor, over the
        whole months among them. Raises InvalidInputError for a span of more than three years."""
        since_day, until_day = since_ms // DAY_MS, -(-until_ms // DAY_MS)
        if until_day - since_day > LONGEST_DAYS:
            raise InvalidInputError([f"since: lies more than {LONGEST_DAYS} days before until"])
        if viewer.role == "vendor":
            return await self._published(viewer, by, since_ms, until_ms)
        report = await self._usage.report(by, since_day, until_day, await self._scope(viewer))
        return UsageView(
            items=tuple(_group(by, group) for group in report.groups),
            by=by,
            since=date_of(since_day).isoformat(),
            until=date_of(until_day).isoformat(),
            total=_group(None, report.total),
            anomalies=tuple(_anomaly(anomaly) for anomaly in report.anomalies),
        )

    async def _published(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> UsageView:
        report: UsageReport | None = None
        if viewer.told_published and by in TOLD_BY:
            report = await self._told.report(by, since_ms, until_ms, viewer.scope.models)
        since_day = since_ms // DAY_MS if report is None else report.since_day
        until_day = -(-until_ms // DAY_MS) if report is None else report.until_day
        return UsageView(
            items=() if report is None else tuple(_group(by, group) for group in report.groups),
            by=by,
            since=date_of(since_day).isoformat(),
            until=date_of(until_day).isoformat(),
            total=None if report is None else _group(None, report.total),
            anomalies=(),
            withheld=_WITHHELD,
        )

    async def _scope(self, viewer: Viewer) -> UseScope:
        models, breath = viewer.scope.models, Breath()
        seen: set[str] = set()
        devices: set[str] = set()
        for state in tuple(self._fleet.devices()):
            if state.device_id not in self._registry.out_of_use and self._sight.sees_device(viewer, state):
                seen.add(state.device_id)
            if models is not None and state.model in models:
                devices.add(state.device_id)
            await breath.take()
        if models is None:
            return UseScope(viewer.scope.clinics, None, frozenset(), frozenset(seen))
        nozzles: set[str] = set()
        for nozzle in self._fleet.nozzles():
            if nozzle.model in models:
                nozzles.add(nozzle.serial)
            await breath.take()
        return UseScope(viewer.scope.clinics, frozenset(devices), frozenset(nozzles), frozenset(seen))


def _group(by: UsageBy | None, group: UseGroup) -> UsageGroupView:
    sums = group.totals
    sessions = sums.sessions
    return UsageGroupView(
        key=group.key,
        day=group.key if by == "day" else None,
        clinic_id=group.key if by == "clinic" else None,
        model=group.key if by == "model" else None,
        firmware=group.key if by == "firmware" else None,
        devices=group.devices,
        sessions=sessions,
        strikes=sums.strikes,
        session_minutes=_share(sums.duration_ms, sums.timed, 1 / _MINUTE_MS, 2),
        depth_mm=_share(sums.depth_um, sums.depths, 1e-3, 3),
        battery_share=_share(sums.on_battery, sessions),
        battery_minutes_share=_share(sums.battery_ms, sums.duration_ms),
        cut_share=_share(sums.cut, sessions),
        stopped_share=_share(sums.stopped, sessions),
        rate=None if group.rate is None else IntervalView(**_short(group.rate._asdict())),
        utilisation=None if group.utilisation is None else round(group.utilisation, 4),
        trend=None
        if group.trend is None
        else TrendView(**_short(group.trend._asdict()), clear=not group.trend.low <= 0.0 <= group.trend.high),
    )


def _short(interval: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in interval.items()}


def _share(part: int, whole: int, factor: float = 1.0, digits: int = 4) -> float | None:
    return round(part / whole * factor, digits) if whole else None


def _anomaly(anomaly: Anomaly) -> UsageAnomalyView:
    told = anomaly.explanation
    return UsageAnomalyView(
        key=anomaly.key,
        since=date_of(anomaly.since_day).isoformat(),
        until=date_of(anomaly.until_day).isoformat(),
        sessions=anomaly.came,
        usual=round(anomaly.usual, 2),
        p_value=anomaly.p_value,
        devices=tuple(
            DeviceShareView(device_id=part.device_id, sessions=part.came, usual=round(part.usual, 2))
            for part in told.devices
        ),
        explained_share=round(told.explained, 3),
        broad=told.broad,
    )
