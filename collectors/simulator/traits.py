"""What makes one device of the fleet differ from the next; drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from collectors.simulator.settings import SimulatorSettings
from schemas.records import Form

FIRMWARES = ("2.3.1", "2.4.0", "2.5.0+5")
_FORMS: dict[str, Form] = {"FM100": "stationary", "FM200": "mobile", "FM300": "stationary"}
_WEAK_BATTERY_SHARE = 0.1
_CARELESS_SHARE = 0.2
_OFF_AT_NIGHT_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Traits:
    """One device's nature and its people's habits."""

    device_id: str
    model: str
    form: Form
    firmware_no: int
    battery_health_ratio: float | None
    """None: it has no battery."""
    has_coating_sensor: bool
    coating_noise: float
    reports_depth: bool
    sessions_per_day: float
    """On a full day of a plain weekday."""
    dock_share: float
    """Of the evenings: somebody docks the mobile device."""
    off_at_night: bool
    drift_ppm: float
    sync_works: bool
    swap_wear: float
    """The wear at which its people ask for another nozzle."""


def draw_traits(settings: SimulatorSettings, device_no: int) -> Traits:
    """The traits of the fleet's `device_no`-th device, from 0."""
    rng = settings.random("traits", device_no)
    odd = settings.oddities
    model = rng.choices(("FM100", "FM200", "FM300"), (35, 40, 25))[0]
    form = _FORMS[model]
    mobile = form == "mobile"
    sync_works = rng.random() >= odd.broken_sync_share
    careless = mobile and rng.random() < _CARELESS_SHARE
    return Traits(
        device_id=f"{model}-{device_no + 1:04d}",
        model=model,
        form=form,
        firmware_no=rng.choices(range(len(FIRMWARES)), (2, 5, 3))[0],
        battery_health_ratio=_draw_health(rng) if mobile or model == "FM300" else None,
        has_coating_sensor=rng.random() >= odd.sensorless_share,
        coating_noise=rng.uniform(0.004, 0.01),
        reports_depth=rng.random() >= odd.depthless_share,
        sessions_per_day=min(7.5, max(1.2, rng.lognormvariate(1.32, 0.35))),
        dock_share=0.5 if careless else 0.95,
        off_at_night=mobile and not careless and rng.random() < _OFF_AT_NIGHT_SHARE,
        drift_ppm=rng.uniform(-30.0, 30.0) if sync_works else rng.uniform(250.0, 400.0),
        sync_works=sync_works,
        swap_wear=min(0.93, max(0.76, rng.gauss(0.86, 0.04))),
    )


def _draw_health(rng: Random) -> float:
    return rng.uniform(0.5, 0.62) if rng.random() < _WEAK_BATTERY_SHARE else rng.uniform(0.72, 0.99)
