"""Use as it is seen: who did how much, how sure the rates and trends are, and what is unlike the rest.

Rates are sessions a device and day on which its clinic is open. Intervals hold in 95 of 100 cases. Ratios are shares.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

UsageBy = Literal["clinic", "model", "firmware", "day", "region", "weekday", "nozzle_model", "form"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class IntervalView(_View):
    value: float
    low: float
    high: float


class TrendView(_View):
    """The change every four weeks, after allowing for opening days and devices: 0.1 is a tenth more. `clear`: the
    interval leaves 0 out."""

    change: float
    low: float
    high: float
    weeks: int
    clear: bool


class UsageGroupView(_View):
    """One group's use. `key`: the clinic, model, firmware, local day, region, weekday, nozzle model or form; null:
    not known. The same stands in the field that has the name of what was asked by.

    Devices count where, and as what, they are now; sessions where they were held. `utilisation`: session time over the
    opening hours of the clinics' devices; null where the hours of one are not written down.
    """

    key: str | None
    day: str | None = None
    clinic_id: str | None = None
    model: str | None = None
    firmware: str | None = None
    devices: int
    sessions: int
    strikes: int
    session_minutes: float | None
    """Of a session, on average."""
    depth_mm: float | None
    """On average, over the sessions that told it."""
    battery_share: float | None
    """Of the sessions: held on battery."""
    battery_minutes_share: float | None
    """Of the session time."""
    cut_share: float | None
    """Of the sessions: ended by a loss of power."""
    stopped_share: float | None
    rate: IntervalView | None
    utilisation: float | None
    trend: TrendView | None


class DeviceShareView(_View):
    """One device's part in what is unlike the rest: its sessions, and what it usually has."""

    device_id: str
    sessions: float
    usual: float


class UsageAnomalyView(_View):
    """A day or week that is unlike the others, and the devices that make most of it. `broad`: many devices do, a
    little each; then it is not about these."""

    key: str | None
    since: str
    until: str
    """The first day that does not belong to it any more."""
    sessions: float
    usual: float
    p_value: float
    devices: tuple[DeviceShareView, ...]
    explained_share: float
    broad: bool


class UsageView(_View):
    """The groups in order of key, all of them together, and what is unlike the rest. `since`, `until`: local days."""

    items: tuple[UsageGroupView, ...]
    next_cursor: None = None
    by: UsageBy
    since: str
    until: str
    total: UsageGroupView | None
    anomalies: tuple[UsageAnomalyView, ...]
    withheld: str | None = None
    """Why a vendor is not told this, or not all of it."""
