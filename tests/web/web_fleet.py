"""A fleet in memory that pages read as they read the gateway's: views, alerts, and changes pushed by the test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from schemas.access import Viewer
from schemas.alert import Rule, Severity
from schemas.views import (
    AlertView,
    ClinicView,
    DeviceView,
    FleetChange,
    FleetSummary,
    NozzleView,
    PowerView,
    SessionsView,
    WearBand,
)

NOW_MS: Final = 1_795_343_400_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS

CITIES: Final = (
    ("Lisbon", "Europe/Lisbon"),
    ("Kraków", "Europe/Warsaw"),
    ("Lyon", "Europe/Paris"),
    ("Graz", "Europe/Vienna"),
    ("Porto", "Europe/Lisbon"),
    ("Turku", "Europe/Helsinki"),
    ("Ghent", "Europe/Brussels"),
    ("Bilbao", "Europe/Madrid"),
    ("Cork", "Europe/Dublin"),
    ("Malmö", "Europe/Stockholm"),
    ("Trieste", "Europe/Rome"),
    ("Basel", "Europe/Zurich"),
)


class MemoryFleet:
    """Carries out `FleetReader`. `push` is a change that every open page hears of; `stop` ends their streams."""

    def __init__(
        self,
        devices: Sequence[DeviceView] = (),
        clinics: Sequence[ClinicView] = (),
        alerts: Sequence[AlertView] = (),
    ) -> None:
        self.views = {view.id: view for view in devices}
        self.clinic_views = list(clinics)
        self.alerts = list(alerts)
        self.sessions_today = len(self.views) * 2 + len(self.views) // 5
        self.broker_connected = True
        self.followers: set[asyncio.Queue[FleetChange | None]] = set()

    def devices(self, viewer: Viewer) -> Sequence[DeviceView]:
        seen = [view for view in self.views.values() if viewer.scope.sees_clinic(view.clinic_id)]
        return sorted(seen, key=lambda view: (view.clinic_id, view.id))

    async def standing(self, viewer: Viewer) -> Sequence[DeviceView]:
        return self.devices(viewer)

    def device(self, viewer: Viewer, device_id: str) -> DeviceView | None:
        view = self.views.get(device_id)
        return view if view and viewer.scope.sees_clinic(view.clinic_id) else None

    def clinics(self, viewer: Viewer) -> Sequence[ClinicView]:
        return [clinic for clinic in self.clinic_views if viewer.scope.sees_clinic(clinic.id)]

    async def summary(self, viewer: Viewer) -> FleetSummary:
        return self.summed(viewer)

    def firing_alerts(self, viewer: Viewer) -> Sequence[AlertView]:
        return [alert for alert in self.alerts if viewer.scope.sees_clinic(alert.clinic_id)]

    async def changes(self, viewer: Viewer) -> AsyncIterator[FleetChange]:
        queue: asyncio.Queue[FleetChange | None] = asyncio.Queue()
        self.followers.add(queue)
        try:
            yield FleetChange(devices=(), summary=self.summed(viewer), alerts=tuple(self.firing_alerts(viewer)))
            while (change := await queue.get()) is not None:
                yield change
        finally:
            self.followers.discard(queue)

    def push(self, *views: DeviceView, alerts: Sequence[AlertView] | None = None) -> None:
        """Changes devices, and the alerts where given, and tells every follower. Call it on the event loop."""
        self.views.update({view.id: view for view in views})
        if alerts is not None:
            self.alerts = list(alerts)
        change = FleetChange(devices=views, summary=self.summed(MANAGER), alerts=tuple(self.alerts))
        for follower in self.followers:
            follower.put_nowait(change)

    def stop(self) -> None:
        for follower in self.followers:
            follower.put_nowait(None)

    def summed(self, viewer: Viewer) -> FleetSummary:
        views = self.devices(viewer)
        online = [view for view in views if view.online]
        bands = [view.wear_band for view in views if view.nozzle]
        sources = [view.power.source for view in online if view.power]
        return FleetSummary(
            as_of_ms=NOW_MS,
            clinics=len(self.clinic_views),
            devices=len(views),
            online=len(online),
            offline=len(views) - len(online),
            on_mains=sources.count("mains"),
            on_battery=sources.count("battery"),
            in_session=sum(bool(view.sessions and view.sessions.active) for view in online),
            nozzles_ok=bands.count("ok"),
            nozzles_due=bands.count("due"),
            nozzles_worn_out=bands.count("worn_out"),
            nozzles_unknown=bands.count("unknown"),
            alerts_firing=len(self.alerts),
            alerts_pending=0,
            sessions_today=self.sessions_today,
            records_missing=0,
            broker_connected=self.broker_connected,
        )


MANAGER: Final = Viewer(name="manager", role="manager")


def device_view(
    device_id: str = "SP-0001",
    *,
    clinic_id: str = "lyon",
    label: str = "",
    online: bool = True,
    last_seen_ms: int | None = NOW_MS - 20_000,
    source: str | None = "mains",
    charge: float | None = None,
    active: bool = False,
    total: int | None = 1_204,
    serial: str | None = "NZ-000001",
    lot: str | None = "L2641",
    wear: float | None = 0.42,
    strikes: int | None = 3_214_000,
    mobile: bool = False,
) -> DeviceView:
    """A device; what is not said is ordinary."""
    return DeviceView(
        id=device_id,
        clinic_id=clinic_id,
        label=label,
        model="SP-200" if mobile else "SP-500",
        firmware="2.4.1",
        form="mobile" if mobile else "stationary",
        state="in_service",
        online=online,
        last_seen_ms=last_seen_ms,
        power=PowerView.model_validate({"source": source, "charge": charge, "voltage_v": 24.1, "health": None}),
        sessions=SessionsView(total=total, active=active),
        nozzle=NozzleView(
            serial=serial,
            model="MN-12",
            lot=lot,
            strikes=strikes,
            coating=None,
            wear=wear,
            wear_low=None,
            wear_high=None,
        ),
        wear_band=band_of(wear),
        forecast=None,
    )


def band_of(wear: float | None) -> WearBand:
    if wear is None:
        return "unknown"
    return "worn_out" if wear >= 1 else "due" if wear >= 0.85 else "ok"


def clinic_view(clinic_id: str = "lyon", name: str = "Clinic Lyon", timezone: str = "Europe/Paris") -> ClinicView:
    return ClinicView(
        id=clinic_id,
        name=name,
        region="",
        timezone=timezone,
        opening_hours="",
        contact="",
        discovered=False,
        devices=1,
        online=1,
    )


def alert_view(
    alert_id: int,
    view: DeviceView,
    *,
    rule: Rule = "nozzle_worn_out",
    severity: Severity = "critical",
    since_ms: int = NOW_MS - 3 * HOUR_MS,
    acknowledged_by: str | None = None,
    summary: str = "",
) -> AlertView:
    """A firing alert about a device."""
    nozzle_rule = rule.startswith("nozzle")
    return AlertView(
        id=alert_id,
        rule=rule,
        subject=(view.nozzle.serial or "?") if nozzle_rule and view.nozzle else view.id,
        clinic_id=view.clinic_id,
        device_id=view.id,
        severity=severity,
        state="firing",
        value=view.nozzle.wear if nozzle_rule and view.nozzle else None,
        summary=summary,
        pending_since_ms=since_ms,
        firing_since_ms=since_ms,
        resolved_ms=None,
        last_evidence_ms=since_ms,
        acknowledged_by=acknowledged_by,
        acknowledged_ms=since_ms + HOUR_MS if acknowledged_by else None,
    )


def sample_fleet(devices: int, *, clinics: int = 12, seed: int = 7) -> MemoryFleet:
    """A fleet as it might stand on a working morning."""
    luck = random.Random(seed)
    places = [_sample_clinic(number) for number in range(min(clinics, devices))]
    views = [_sample_device(number, places[number % len(places)].id, luck) for number in range(devices)]
    worn = [view for view in views if view.wear_band == "worn_out"]
    due = [view for view in views if view.wear_band == "due"]
    alerts = [
        alert_view(
            100 + number,
            view,
            since_ms=NOW_MS - luck.randint(1, 90) * HOUR_MS,
            acknowledged_by="technician" if number % 3 == 1 else None,
        )
        for number, view in enumerate(worn)
    ]
    alerts += [
        alert_view(
            1_000 + number,
            view,
            rule="nozzle_due",
            severity="warning",
            since_ms=NOW_MS - luck.randint(1, 200) * HOUR_MS,
        )
        for number, view in enumerate(due)
    ]
    return MemoryFleet(views, places, alerts)


def _sample_clinic(number: int) -> ClinicView:
    city, zone = CITIES[number % len(CITIES)]
    round_no = number // len(CITIES)
    return clinic_view(f"clinic-{number:03}", f"Dermatology {city}" + (f" {round_no + 1}" if round_no else ""), zone)


def _sample_device(number: int, clinic_id: str, luck: random.Random) -> DeviceView:
    mobile = luck.random() < 0.3
    online = luck.random() < 0.95
    wear = luck.betavariate(1.6, 2.2) * 1.12
    return device_view(
        f"SP-{number + 1:04}",
        clinic_id=clinic_id,
        label=("Trolley " if mobile else "Room ") + str(number // 12 + 1),
        online=online,
        last_seen_ms=NOW_MS - (luck.randint(1, 800) * 1_000 if online else luck.randint(2, 90) * HOUR_MS),
        source="battery" if mobile and luck.random() < 0.7 else "mains",
        charge=luck.uniform(0.1, 1) if mobile else None,
        active=luck.random() < 0.15,
        total=luck.randint(40, 4_000),
        serial=None if luck.random() < 0.02 else f"NZ-{number * 7_919 % 1_000_000:06}",
        lot=f"L26{luck.randint(30, 44)}",
        wear=None if luck.random() < 0.03 else wear,
        strikes=int(wear * 6_000_000),
        mobile=mobile,
    )
