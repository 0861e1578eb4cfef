"""Rows of use: what devices did, summed by device and day, and how such sums are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

UseKind: TypeAlias = Literal["all", "clinic", "device", "nozzle"]
"""By what sessions are put into groups: all in one, or by the clinic, device or nozzle that they belong to."""

UNLABELLED: Final = -1
"""The label of what has none."""


class ZoneSpan(NamedTuple):
    """A clinic's clock is `offset_ms` ahead of UTC in since <= t < until."""

    clinic_id: str
    since_ms: int
    until_ms: int
    offset_ms: int


class UseSums(NamedTuple):
    """What the sessions of one group and bucket of days come to. `day`: the bucket's first, in local days since 1970.

    A session's duration counts where both its times are known and not half a day apart.
    """

    label: int
    day: int
    sessions: int
    strikes: int
    timed: int
    duration_ms: int
    depths: int
    depth_um: int
    on_battery: int
    battery_ms: int
    cut: int
    """Sessions that a loss of power ended."""
    stopped: int


@dataclass(frozen=True, slots=True)
class UseAsk:
    """Sums over the local days since <= day < until, as the viewer may see them."""

    since_day: int
    until_day: int
    kind: UseKind = "all"
    labels: Mapping[str, int] | None = None
    """By id of the kind; None: all in one."""
    bucket_days: int = 1
    """A bucket of 7 days begins on a Monday; 0: all days are one."""
    step_days: int = 7
    """Days read in one go; fewer where the labels are many."""
    clinics: frozenset[str] | None = None
    devices: frozenset[str] | None = None
    """With `nozzles`, the records of these devices or nozzles; None: of all."""
    nozzles: frozenset[str] = frozenset()


class FoldedDay(NamedTuple):
    """One UTC day that was summed anew."""

    day: int
    rows: int
    more: bool
