"""Ground truth: what really became of every nozzle, which no device and no gateway can know."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Replaced: TypeAlias = Literal["early", "planned", "late", "failed"]
"""Of a nozzle taken off for good: true wear under 0.8, under 1, from 1 on; or damaged, whatever its wear."""

EARLY_WEAR = 0.8


@dataclass(frozen=True, slots=True)
class NozzleTruth:
    """One nozzle's life. `fitted_ms` is its first fitting, `removed_ms` its last removal; None while it is fitted.

    `drift` is the unit's true mean progress over one rated life. `strikes_at_limit` is where its true coating reaches
    the limit, also if it was removed before.
    """

    serial: str
    model: str
    lot: str
    device_id: str
    clinic_id: str
    fitted_ms: int
    removed_ms: int | None
    strikes_at_fitting: int
    strikes: int
    coating: float
    wear: float
    drift: float
    strikes_at_limit: int
    has_coating_sensor: bool
    replaced: Replaced | None


def how_replaced(true_wear: float, *, damaged: bool) -> Replaced:
    """Names a replacement by what was left of the nozzle."""
    if damaged:
        return "failed"
    if true_wear < EARLY_WEAR:
        return "early"
    return "planned" if true_wear < 1.0 else "late"


def write_truth(path: Path, nozzles: Iterable[NozzleTruth]) -> None:
    """Writes JSON lines; a reader never finds half a file.

    Raises:
        OSError: the file can't be written.
    """
    partial = path.with_name(f"{path.name}.part")
    with partial.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(asdict(nozzle))}\n" for nozzle in nozzles)
    partial.replace(path)
