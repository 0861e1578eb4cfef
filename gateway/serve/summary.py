"""The tally: a fleet's devices and nozzles counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.views import DeviceView


class Tally(NamedTuple):
    """The counts of a fleet summary; retired devices are left out."""

    devices: int
    online: int
    offline: int
    on_mains: int
    on_battery: int
    in_session: int
    nozzles_ok: int
    nozzles_due: int
    nozzles_worn_out: int
    nozzles_unknown: int


def tally(views: Iterable[DeviceView]) -> Tally:
    """Power and sessions count for devices online alone; a nozzle seen on two devices counts once."""
    counted = [view for view in views if view.state != "retired"]
    alive = [view for view in counted if view.online]
    bands = {view.nozzle.serial or f"?{view.id}": view.wear_band for view in counted if view.nozzle is not None}
    band_list = list(bands.values())
    sources = [view.power.source for view in alive if view.power is not None]
    return Tally(
        devices=len(counted),
        online=len(alive),
        offline=len(counted) - len(alive),
        on_mains=sources.count("mains"),
        on_battery=sources.count("battery"),
        in_session=sum(1 for view in alive if view.sessions is not None and view.sessions.active),
        nozzles_ok=band_list.count("ok"),
        nozzles_due=band_list.count("due"),
        nozzles_worn_out=band_list.count("worn_out"),
        nozzles_unknown=band_list.count("unknown"),
    )
