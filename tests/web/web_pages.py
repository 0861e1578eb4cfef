"""What the pages about one thing read and do, in memory: a device's history, alerts, registry, operator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from web_fleet import HOUR_MS, NOW_MS, MemoryFleet

from schemas.access import Viewer
from schemas.page_views import (
    AlertsAsked,
    AlertsFound,
    DaysLeft,
    DayTotal,
    DayUse,
    EntryKind,
    FleetOutlook,
    ImportOutcome,
    LedgerEntry,
    MessageLine,
    NozzlePast,
    OperatorView,
    PageAct,
    PastForecast,
    PersonView,
    QuarantinedView,
    RegistryView,
    ReleaseOutcome,
    SeriesPoint,
    SessionMark,
    Waiting,
    WearStory,
)
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel
from schemas.views import AlertView

DAY_MS: Final = 24 * HOUR_MS
LEVELS: Final = ("p05", "p10", "p50", "p90", "p95")
EVERYTHING: Final = frozenset[PageAct](
    {
        "acknowledge",
        "registry",
        "edit_clinic",
        "edit_device",
        "edit_nozzle_model",
        "exchange_registry",
        "operator",
        "release",
        "resend",
        "people",
        "edit_lot",
        "reports",
        "product",
        "notifications",
    }
)


class MemoryPages:
    """Carries out `PageReader` for the fleet; every device has the same history."""

    def __init__(self, fleet: MemoryFleet, allowed: frozenset[PageAct] = EVERYTHING) -> None:
        self.fleet = fleet
        self.allowed = allowed
        self.past: list[AlertView] = []
        self.history = True
        self.entries = RegistryView(
            clinics=tuple(Clinic(clinic_id=view.id, name=view.name) for view in fleet.clinic_views),
            devices=tuple(DeviceEntry(device_id=name) for name in sorted(fleet.views)),
            nozzle_models=(NozzleModel(model="MN-12", rated_strikes=6_000_000, fits=("SP-500",)),),
            lots=(Lot(lot="L2641", model="MN-12"), Lot(lot="L2642", recalled_ms=NOW_MS, recall_note="=1+1")),
        )
        self.rejected = 3
        self.persons = [
            PersonView(name="manager", role="manager", clinics=None, models=None, created_ms=NOW_MS),
            PersonView(name="vendor", role="vendor", clinics=None, models=("MN-12",), created_ms=NOW_MS),
        ]

    def may(self, viewer: Viewer) -> frozenset[PageAct]:
        return self.allowed

    async def series(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int, points: int
    ) -> Sequence[SeriesPoint]:
        step_ms = (until_ms - since_ms) // points
        return [self._point(since_ms + step_ms * place, place) for place in range(points)] if self.history else []

    async def session_marks(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int
    ) -> Sequence[SessionMark]:
        marks = [self._mark(number) for number in range(200)] if self.history else []
        return [mark for mark in marks if since_ms <= mark.ended_ms < until_ms]

    async def clinic_days(self, viewer: Viewer, clinic_id: str, since_ms: int, until_ms: int) -> Sequence[DayTotal]:
        days = [NOW_MS - NOW_MS % DAY_MS - DAY_MS * ago for ago in range(30)] if self.history else []
        return [DayTotal(day_ms=day, sessions=3 + day // DAY_MS % 5) for day in days if since_ms <= day < until_ms]

    async def outlook(self, viewer: Viewer) -> FleetOutlook:
        today_ms = NOW_MS - NOW_MS % DAY_MS
        days = (DayUse(day_ms=today_ms - DAY_MS * ago, sessions=20 + ago % 7, usual=24) for ago in range(27, -1, -1))
        return FleetOutlook(
            as_of_ms=NOW_MS,
            waiting=tuple(Waiting(days=days, nozzles=days // 2, cost=60.0 * days) for days in (0, 7, 14, 30)),
            failure_ratio=5.0,
            days=tuple(days) if self.history else (),
        )

    async def ledger(self, viewer: Viewer, device_id: str) -> Sequence[LedgerEntry]:
        fitted = LedgerEntry(
            ts_ms=NOW_MS - 20 * DAY_MS, action="fitted", serial="NZ-000001", strikes=0, made_by="device", reason=None
        )
        before = fitted.model_copy(update={"ts_ms": NOW_MS - 60 * DAY_MS, "action": "sighted", "made_by": "inference"})
        return [fitted, before] if self.history else []

    async def alerts(self, viewer: Viewer, asked: AlertsAsked, limit: int, before: int | None) -> AlertsFound:
        found = [
            alert
            for alert in sorted([*self.fleet.firing_alerts(viewer), *self.past], key=lambda alert: -alert.id)
            if asked.state in (None, alert.state)
            and asked.rule in (None, alert.rule)
            and asked.severity in (None, alert.severity)
            and asked.clinic_id in (None, alert.clinic_id)
            and asked.device_id in (None, alert.device_id)
            and (before is None or alert.id < before)
        ]
        return AlertsFound(items=tuple(found[:limit]), next=found[limit - 1].id if len(found) > limit else None)

    async def wear_story(self, viewer: Viewer, device_id: str) -> WearStory:
        left = DaysLeft(p05=6, p25=11, p50=14, p75=18, p95=26)
        return WearStory(days_left=left, path=((0.5, 0.93),), past=(past_story("NZ-000000", 5.4e6),) * self.history)

    async def people(self, viewer: Viewer) -> Sequence[PersonView]:
        return self.persons

    def registry(self, viewer: Viewer) -> RegistryView:
        return self.entries

    async def operator(self, viewer: Viewer) -> OperatorView:
        return operator_view(self.rejected)

    def _point(self, at_ms: int, place: int) -> SeriesPoint:
        current = at_ms >= NOW_MS - 20 * DAY_MS
        return SeriesPoint(
            ts_ms=at_ms,
            on_mains=place % 90 > 30,
            charge=0.6 + 0.3 * math.sin(place / 20),
            voltage_v=24.1,
            health=0.93,
            serial="NZ-000001" if current else "NZ-000000",
            wear=0.2 + place / 900 + (place % 5) / 100,
            session_active=False,
        )

    def _mark(self, number: int) -> SessionMark:
        return SessionMark(
            ended_ms=NOW_MS - number * 19 * HOUR_MS,
            duration_ms=(20 + number % 25) * 60_000,
            strikes=90_000 + number,
            depth_mm=1.25,
            power_source="mains",
            serial="NZ-000001",
            end="normal" if number % 7 else "stopped",
        )


class MemoryActs:
    """Carries out `PageActs`: remembers what was done, and finds the mistakes that the test says."""

    def __init__(self, fleet: MemoryFleet) -> None:
        self.fleet = fleet
        self.saved: list[tuple[EntryKind, str, Mapping[str, str]]] = []
        self.imported: list[str] = []
        self.released: list[int | None] = []
        self.people: list[tuple[str, dict[str, str], bool]] = []
        self.again: list[int] = []
        self.people_files: list[str] = []
        self.mistakes: tuple[str, ...] = ()

    async def release(self, viewer: Viewer, entry_id: int | None) -> ReleaseOutcome:
        self.released.append(entry_id)
        return ReleaseOutcome(released=1, kept=0 if entry_id else 2)

    async def send_again(self, viewer: Viewer, message_id: int) -> bool:
        self.again.append(message_id)
        return message_id == 4

    async def import_people(self, viewer: Viewer, csv: str) -> ImportOutcome:
        self.people_files.append(csv)
        return ImportOutcome(entries=0 if self.mistakes else 2, mistakes=self.mistakes)

    async def save_person(self, viewer: Viewer, name: str, fields: Mapping[str, str], *, new: bool) -> Sequence[str]:
        if not self.mistakes:
            self.people.append((name, dict(fields), new))
        return self.mistakes

    async def acknowledge(self, viewer: Viewer, alert_id: int) -> bool:
        known = [alert for alert in self.fleet.alerts if alert.id == alert_id]
        done = {"acknowledged_by": viewer.name, "acknowledged_ms": NOW_MS}
        self.fleet.push(
            alerts=[alert.model_copy(update=done) if alert in known else alert for alert in self.fleet.alerts]
        )
        return bool(known)

    async def save_entry(
        self, viewer: Viewer, kind: EntryKind, entry_id: str, fields: Mapping[str, str]
    ) -> Sequence[str]:
        if not self.mistakes:
            self.saved.append((kind, entry_id, dict(fields)))
        return self.mistakes

    async def import_registry(self, viewer: Viewer, csv: str) -> ImportOutcome:
        self.imported.append(csv)
        return ImportOutcome(entries=0 if self.mistakes else 2, mistakes=self.mistakes)

    async def export_registry(self, viewer: Viewer) -> str:
        return "kind,clinic_id\nclinic,lyon\n"


def past_story(serial: str, came: float) -> NozzlePast:
    """Forty days of forecasts that grew surer."""
    items = []
    for day in range(40):
        spread = (40 - day) / 40
        quantiles = {
            name: came * (1 + by * spread) for name, by in zip(LEVELS, (-0.5, -0.4, 0.1, 0.5, 0.7), strict=True)
        }
        at_ms = NOW_MS - (60 - day) * DAY_MS
        items.append(PastForecast(as_of_ms=at_ms, strikes=day * 120_000, held=day % 6 > 0, **quantiles))
    return NozzlePast(serial=serial, items=tuple(items), came=came)


def operator_view(rejected: int = 3) -> OperatorView:
    """A gateway at its ordinary work."""
    entry = QuarantinedView(
        id=1,
        topic="fleet/v1/lyon/SP-0001/telemetry",
        reason="out_of_range",
        path="samples[2].power.charge",
        size_bytes=412,
        count=3,
        last_received_ms=NOW_MS - HOUR_MS,
        readable=True,
    )
    dead = MessageLine(
        id=4,
        receiver="office",
        channel="email",
        reason="new_alerts",
        state="dead",
        attempts=9,
        created_ms=NOW_MS - 30 * HOUR_MS,
        next_try_ms=NOW_MS - HOUR_MS,
        ended_ms=NOW_MS - HOUR_MS,
        error="550 no such mailbox",
    )
    waiting = dead.model_copy(update={"id": 5, "state": "waiting", "ended_ms": None, "error": "", "attempts": 1})
    return OperatorView(
        as_of_ms=NOW_MS,
        dead=(dead,),
        waiting=(waiting,),
        messages_per_s=212.4,
        received={"telemetry": 1_204_332, "session": 4_100, "nozzle": 120, "status": 300},
        stored=1_208_552,
        duplicates=312,
        rejected={"out_of_range": rejected} if rejected else {},
        records_missing=4,
        records_lost=0,
        latency_p50_ms=21.4,
        latency_p99_ms=88.0,
        broker_connected=True,
        broker_disconnects=1,
        broker_sessions_lost=0,
        commit_fault=None,
        commit_retries=0,
        samples=1_204_332,
        samples_unsealed=204_000,
        sessions=4_100,
        oldest_sample_ms=NOW_MS - 400 * DAY_MS,
        store_bytes=412_000_000,
        free_bytes=88_000_000_000,
        quarantined=1,
        quarantine=(entry,) if rejected else (),
    )
