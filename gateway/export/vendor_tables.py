"""What vendors get as files: sums over cells of k clinics and more, month by month, and nozzle lives in groups. Pure.

Labels are what a thing is and stays (models, lots, rules), so that the same month comes out the same in every export.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.analytics.privacy import Labels, Share, Weights, is_enough, published_cells, rounded, rounded_count
from gateway.export.tables import Field, TableShape
from gateway.store.export_base import Row

_MONTH: Final = Field("month", "text", "the calendar month (UTC); only months that are over for a week")
_DEVICE_MODEL: Final = Field("device_model", "text", "`(other)`: models that too few clinics have, together")
_NOZZLE_MODEL: Final = Field("model", "text", "the nozzle's model, or `(other)`")
_LOT: Final = Field("lot", "text", "its lot, or `(other)`")

VENDOR_SAMPLES: Final = TableShape(
    "samples",
    False,
    (
        _MONTH,
        _DEVICE_MODEL,
        Field("samples", "float", "readings"),
        Field("on_mains", "float", "share on mains"),
        Field("charge", "float", "mean state of charge, where there is a battery"),
        Field("in_session", "float", "share in a session"),
    ),
    "month, device_model",
)
VENDOR_SESSIONS: Final = TableShape(
    "sessions",
    False,
    (
        _MONTH,
        _DEVICE_MODEL,
        Field("firmware", "text", "the devices' firmware, or `(other)`"),
        Field("sessions", "float", "sessions, as `GET /fleet/usage` tells them"),
        Field("strikes", "float", "strikes in them"),
        Field("depth_mm", "float", "mean depth, where it was told"),
        Field("on_battery", "float", "share fed by battery"),
        Field("cut", "float", "share that was cut off by a loss of power"),
    ),
    "month, device_model, firmware",
)
VENDOR_LIVES: Final = TableShape(
    "nozzle_lives",
    False,
    (
        Field("quarter", "text", "the calendar quarter in which the life ended"),
        _NOZZLE_MODEL,
        _LOT,
        Field("life", "text", "a pseudonym, another one in each quarter"),
        Field("strikes", "float", "strikes at the end: the mean of its group of at least k clinics"),
        Field("days", "float", "days fitted: the mean of its group"),
        Field("group_lives", "int", "lives in its group, to the nearest k"),
    ),
    "quarter, model, lot, strikes",
)
VENDOR_FORECASTS: Final = TableShape(
    "forecasts",
    False,
    (
        _MONTH,
        _NOZZLE_MODEL,
        _LOT,
        Field("forecasts", "float", "forecasts made in it whose outcome is known"),
        Field("inside_80", "float", "share of those that came inside their 80 % interval"),
    ),
    "month, model, lot",
)
VENDOR_ALERTS: Final = TableShape(
    "alerts",
    False,
    (_MONTH, Field("rule", "text", "the rule, or `(other)`"), Field("alerts", "float", "alerts that fired")),
    "month, rule",
)
VENDOR_TABLES: Final = (VENDOR_SAMPLES, VENDOR_SESSIONS, VENDOR_LIVES, VENDOR_FORECASTS, VENDOR_ALERTS)

Sums: TypeAlias = tuple[float, ...]


class Tally:
    """Sums by labels and clinic, for one window; the first of them is what outweighs."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._sums: dict[tuple[Labels, str], list[float]] = {}

    def add(self, labels: Labels, clinic_id: str, sums: Sequence[float]) -> None:
        kept = self._sums.setdefault((labels, clinic_id), [0.0] * self._width)
        for place, value in enumerate(sums):
            kept[place] += value

    def told(self, k: int) -> Iterator[tuple[Labels, Sums]]:
        """Each cell with its sums, in order of labels."""
        shares = (Share(labels, clinic_id, sums[0]) for (labels, clinic_id), sums in self._sums.items())
        cells = published_cells(shares, k)
        totals: dict[Labels, list[float]] = defaultdict(lambda: [0.0] * self._width)
        for (labels, _), sums in self._sums.items():
            cell = cells.cell_of(labels)
            if cell is not None:
                totals[cell] = [one + other for one, other in zip(totals[cell], sums, strict=True)]
        for cell in sorted(totals):
            yield cell, tuple(totals[cell])


def counted_and_meant(window: str, tally: Tally, k: int, means: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """Rows (window, labels, first sum, then for each pair the one sum over the other; None where that is 0)."""
    for labels, sums in tally.told(k):
        yield (window, *labels, rounded(sums[0]), *(ratio(sums[over], sums[by]) for over, by in means))


def ratio(over: float, by: float) -> float | None:
    """As a vendor is told it."""
    return rounded(over / by) if by else None


class EndedLife(NamedTuple):
    """One life that ended in the quarter."""

    labels: Labels
    clinic_id: str
    serial: str
    strikes: float
    days: float


def life_groups(quarter: str, lives: Iterable[EndedLife], secret: bytes, k: int) -> Iterator[Row]:
    """Rows of VENDOR_LIVES. Within its cell each life is told as the mean of a group of lives that are most like it,
    so that no row differs from those of k - 1 other clinics."""
    known = list(lives)
    cells = published_cells((Share(life.labels, life.clinic_id) for life in known), k)
    by_cell: dict[Labels, list[EndedLife]] = defaultdict(list)
    for life in known:
        cell = cells.cell_of(life.labels)
        if cell is not None:
            by_cell[cell].append(life)
    for cell in sorted(by_cell):
        for group in _groups(sorted(by_cell[cell], key=lambda life: (life.strikes, life.serial)), k):
            strikes = rounded(sum(life.strikes for life in group) / len(group))
            days = rounded(sum(life.days for life in group) / len(group))
            for name in sorted(pseudonym(secret, "life", quarter, life.serial) for life in group):
                yield (quarter, *cell, name, strikes, days, rounded_count(len(group), k))


def pseudonym(secret: bytes, kind: str, *what: str) -> str:
    """A name that leads back to nothing without the secret, as life-k3…"""
    digest = hmac.digest(secret, "\0".join((kind, *what)).encode(), hashlib.sha256)[:10]
    return f"{kind}-{base64.b32encode(digest).decode().lower()}"


def _groups(lives: Sequence[EndedLife], k: int) -> list[list[EndedLife]]:
    """Neighbours together, each group just large enough; what is left over goes with the last."""
    groups: list[list[EndedLife]] = [[]]
    weights: Weights = defaultdict(float)
    for life in lives:
        if is_enough(weights, k):
            groups.append([])
            weights = defaultdict(float)
        groups[-1].append(life)
        weights[life.clinic_id] += 1
    while len(groups) > 1 and not is_enough(_weights(groups[-1]), k):
        last = groups.pop()
        groups[-1] += last
    return groups


def _weights(lives: Iterable[EndedLife]) -> Mapping[str, float]:
    weights: Weights = defaultdict(float)
    for life in lives:
        weights[life.clinic_id] += 1
    return weights
