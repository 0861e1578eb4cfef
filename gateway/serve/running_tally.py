"""The running tally: a fleet's counts kept up to date by what changes, device by device.

Counting ten thousand devices anew takes a tenth of a second; taking one out and putting it in again, microseconds.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from gateway.serve.summary import Tally
from schemas.views import DeviceView, WearBand


class _Counted(NamedTuple):
    """What one device adds to the counts."""

    clinic_id: str
    online: bool
    retired: bool
    source: str | None
    in_session: bool
    nozzle: str | None
    band: WearBand


class RunningTally:
    """The same counts as `gateway.serve.summary.tally` makes, and devices by clinic."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        self._counts: Counter[str] = Counter()
        self._nozzles: dict[str, Counter[WearBand]] = {}
        self._bands: Counter[WearBand] = Counter()
        self._of_clinic: dict[str, list[int]] = {}

    def put(self, view: DeviceView) -> None:
        """Takes the device as it stands now."""
        counted = _counted(view)
        if self._counted.get(view.id) == counted:
            return
        self.drop(view.id)
        self._counted[view.id] = counted
        self._add(counted, 1)

    def drop(self, device_id: str) -> None:
        """Takes the device out, if it is there."""
        counted = self._counted.pop(device_id, None)
        if counted is not None:
            self._add(counted, -1)

    def counts(self) -> Tally:
        """Power and sessions count for devices online alone; a nozzle on two devices counts once."""
        counts, bands = self._counts, self._bands
        return Tally(
            devices=counts["devices"],
            online=counts["online"],
            offline=counts["devices"] - counts["online"],
            on_mains=counts["mains"],
            on_battery=counts["battery"],
            in_session=counts["in_session"],
            nozzles_ok=bands["ok"],
            nozzles_due=bands["due"],
            nozzles_worn_out=bands["worn_out"],
            nozzles_unknown=bands["unknown"],
        )

    @property
    def clinics(self) -> int:
        """How many clinics have a device."""
        return len(self._of_clinic)

    def of_clinic(self, clinic_id: str) -> tuple[int, int]:
        """(devices, of these online), by the clinic's id as the views have it; retired ones too."""
        devices, online = self._of_clinic.get(clinic_id, (0, 0))
        return devices, online

    def _add(self, counted: _Counted, by: int) -> None:
        of_clinic = self._of_clinic.setdefault(counted.clinic_id, [0, 0])
        of_clinic[0] += by
        of_clinic[1] += by * counted.online
        if not of_clinic[0]:
            del self._of_clinic[counted.clinic_id]
        if counted.retired:
            return
        self._counts["devices"] += by
        self._counts["online"] += by * counted.online
        self._counts["in_session"] += by * counted.in_session
        if counted.online and counted.source is not None:
            self._counts[counted.source] += by
        if counted.nozzle is not None:
            self._add_nozzle(counted.nozzle, counted.band, by)

    def _add_nozzle(self, nozzle: str, band: WearBand, by: int) -> None:
        bands = self._nozzles.setdefault(nozzle, Counter())
        if bands:
            self._bands[_band_of(bands)] -= 1
        bands[band] += by
        if not bands[band]:
            del bands[band]
        if bands:
            self._bands[_band_of(bands)] += 1
        else:
            del self._nozzles[nozzle]


def _band_of(bands: Counter[WearBand]) -> WearBand:
    return max(bands)


def _counted(view: DeviceView) -> _Counted:
    return _Counted(
        clinic_id=view.clinic_id,
        online=view.online,
        retired=view.state == "retired",
        source=view.power.source if view.power else None,
        in_session=view.online and view.sessions is not None and view.sessions.active,
        nozzle=None if view.nozzle is None else view.nozzle.serial or f"?{view.id}",
        band=view.wear_band,
    )
