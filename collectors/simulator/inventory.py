"""What is fitted: nozzle models, their production lots (one of them bad), and the nozzles in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from collectors.simulator.physics import CoatingPath, WearLaw, draw_path
from collectors.simulator.settings import SimulatorSettings
from schemas.registry import DEFAULT_COATING_LIMIT, Lot, NozzleModel

LOTS_PER_MODEL = 4
BAD_LOT_FACTOR = 1.8
_LOT_SPREAD = 0.05
_SHELF_LIFE = timedelta(days=730)


class NozzleKind(NamedTuple):
    """A nozzle model with the law by which it wears."""

    model: str
    rated_strikes: int
    lead_days: int
    price: float
    fits: tuple[str, ...]
    law: WearLaw


NOZZLE_KINDS: tuple[NozzleKind, ...] = (
    NozzleKind("NZ18", 10_000_000, 5, 185.0, ("FM100", "FM200"), WearLaw(0.06, 1.35, 1.2, 0.16, 0.0025)),
    NozzleKind("NZ24", 14_000_000, 7, 240.0, ("FM200", "FM300"), WearLaw(0.14, 1.15, 1.15, 0.14, 0.002)),
    NozzleKind("NZ36", 20_000_000, 10, 345.0, ("FM300",), WearLaw(0.03, 1.6, 1.2, 0.18, 0.003)),
)


class ProductionLot(NamedTuple):
    """One lot; `factor` above 1 wears faster than the model does on average."""

    lot: str
    factor: float
    expires_on: str


@dataclass(slots=True)
class Nozzle:
    """One nozzle; it counts its own strikes."""

    serial: str
    kind: NozzleKind
    lot: ProductionLot
    path: CoatingPath
    strikes: int = 0

    def true_wear(self) -> float:
        """The wear that nobody sees: without the device's noise; 1 at the limit."""
        return (1.0 - self.path.coating_at(self.strikes)) / (1.0 - DEFAULT_COATING_LIMIT)


class Inventory:
    """The lots on the market and the nozzles that come from them."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._lots = {
            kind.model: _draw_lots(settings.random("lots", kind.model), kind_no, settings.start_ms)
            for kind_no, kind in enumerate(NOZZLE_KINDS)
        }

    @property
    def bad_lot(self) -> str:
        """The lot that wears clearly faster than it should."""
        return max((lot for lots in self._lots.values() for lot in lots), key=lambda lot: lot.factor).lot

    def draw_nozzle(self, rng: Random, device_model: str, serial: str) -> Nozzle:
        """A new nozzle that fits; its wear is the serial's own, whoever fits it and when."""
        kind = rng.choice([kind for kind in NOZZLE_KINDS if device_model in kind.fits])
        lot = rng.choice(self._lots[kind.model])
        path = draw_path(
            self._settings.random("nozzle", serial),
            kind.law,
            rated_strikes=kind.rated_strikes,
            coating_limit=DEFAULT_COATING_LIMIT,
            lot_factor=lot.factor,
        )
        return Nozzle(serial, kind, lot, path)

    def registry(self) -> list[NozzleModel | Lot]:
        """The models and lots as people would have written them down."""
        models = [
            NozzleModel(
                model=kind.model,
                rated_strikes=kind.rated_strikes,
                coating_limit=DEFAULT_COATING_LIMIT,
                lead_days=kind.lead_days,
                price=kind.price,
                fits=kind.fits,
            )
            for kind in NOZZLE_KINDS
        ]
        lots = [Lot(lot=lot.lot, model=model) for model, lots in self._lots.items() for lot in lots]
        return [*models, *lots]


def _draw_lots(rng: Random, kind_no: int, start_ms: int) -> tuple[ProductionLot, ...]:
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    lots = []
    for number in range(LOTS_PER_MODEL):
        made = start - timedelta(days=45 * (LOTS_PER_MODEL - number))
        name = f"L{made:%y}{chr(ord('A') + made.month - 1)}{kind_no + 1}{number + 1}"
        bad = kind_no == 0 and number == LOTS_PER_MODEL - 2
        factor = BAD_LOT_FACTOR if bad else 1.0 + rng.gauss(0.0, _LOT_SPREAD)
        lots.append(ProductionLot(name, factor, f"{made + _SHELF_LIFE:%Y-%m-%d}"))
    return tuple(lots)
