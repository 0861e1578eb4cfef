"""What a nozzle model's fleet teaches of the next nozzle: learnt from all its nozzles' bins, kept as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from gateway.forecasting.codec import decode, encode
from gateway.store.forecast_rows import UNITS_IN_ONE, NozzleBins, StoredFit, coarser
from gateway.wear.age import fit_age
from gateway.wear.calibrate import UNCHANGED, Calibration, PastScore, learnt_from_past
from gateway.wear.forecast import Forecaster, learn
from gateway.wear.history import Unit
from gateway.wear.kalman import Group
from gateway.wear.paths import Floats
from gateway.wear.wiener import WienerModel

LIMIT: Final = 1.0
"""Wear is a ratio (contract, section 3): at 1 the nozzle must be replaced."""

MOST_UNITS: Final = 300
_LEAST_BINS: Final = 4
_LEAST_TAUGHT: Final = 3
_TAUGHT_FROM: Final = 0.5
"""A unit that has worn so far teaches something of a life."""
_MAKERS_LIVES: Final = (0.8, 1.0, 1.25)
"""In rated strikes: what stands in for the fleet until it has lives of its own."""
_MAKERS_BINS: Final = 16
_MOST_LINES: Final = 30
_LEVELS: Final = np.linspace(-0.3, 1.8, 421)


class CountedLife(NamedTuple):
    """A nozzle whose coating nobody measures: its strikes so far, and whether a person found it worn at them."""

    serial: str
    strikes: int
    ended: bool


class FitRequest(NamedTuple):
    """What is learnt from; plain enough to be sent to another process."""

    model: str
    coating_limit: float
    rated_strikes: int | None
    nozzles: tuple[tuple[NozzleBins, str | None], ...]
    """Bins with the nozzle's lot."""
    past: tuple[PastScore, ...] = ()
    """Where in forecasts that were given lives have ended."""
    counted: tuple[CountedLife, ...] = ()


class Learnt(NamedTuple):
    """What comes back."""

    document: bytes
    units: int
    lives: int


class _Document(NamedTuple):
    """What a stored fit holds, in order."""

    coating_limit: float
    shift: int
    forecaster: Forecaster
    taught: tuple[tuple[str | None, Calibration], ...] = ()


@dataclass(frozen=True)
class ModelFit:
    """One fit of one nozzle model, ready to forecast."""

    fit_no: int
    model: str
    made_ms: int
    units: int
    lives: int
    coating_limit: float
    shift: int
    """Readings are bins of `1 << shift` strikes, as they were in the fit."""
    forecaster: Forecaster
    taught: tuple[tuple[str | None, Calibration], ...] = ()
    """By lot (None: all others), what came of past forecasts."""

    @classmethod
    def of(cls, stored: StoredFit) -> ModelFit:
        """Raises StoreError where the document can't be read."""
        document = _Document(*decode(stored.document))
        fit = cls(stored.fit_no, stored.model, stored.made_ms, stored.units, stored.lives, *document)
        _ = fit.forecaster.training.lives, fit.groups
        return fit

    def numbered(self, fit_no: int) -> ModelFit:
        return replace(self, fit_no=fit_no)

    @cached_property
    def _taught_by_lot(self) -> dict[str | None, Calibration]:
        return dict(self.taught)

    def taught_of(self, lot: str | None) -> Calibration:
        """How forecasts of a lot are to be moved and widened."""
        by_lot = self._taught_by_lot
        return by_lot.get(lot) or by_lot.get(None) or UNCHANGED

    @property
    def models(self) -> tuple[WienerModel, ...]:
        """The models whose filters are kept for each nozzle; the first warps the level of wear."""
        return self.forecaster.wiener

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """For each model what is known of a nozzle of any lot before its first reading, on the model's axes."""
        priors = ((model, (model.lots.drift, model.lots.drift_var)) for model in self.models)
        return tuple(Group(*(float(np.asarray(part)) for part in model.group(prior))) for model, prior in priors)

    @property
    def typical_life(self) -> float:
        """In strikes."""
        return self.forecaster.training.frame.life

    def use(self, strikes: Floats) -> Floats:
        """Use in typical lives."""
        return self.forecaster.training.frame.use(strikes)

    def readings(self, number: int, strikes: Floats, wear: Floats, shift: int) -> tuple[Floats, Floats, Floats]:
        """Use, wear and noise variance on a model's axes, of bins of a shift; narrower bins are noisier."""
        warp = self.models[number].warp
        level = self.forecaster.training.frame.wear(wear)
        share = 2.0 ** max(self.shift - shift, 0)
        noise_var = warp.noise_factor(level) * (share * float(self.groups[number].noise_var))
        return warp.along(self.use(strikes)), warp.up(level), noise_var

    def down(self, level: Floats) -> Floats:
        """Wear of places on the first model's axis."""
        frame = self.forecaster.training.frame
        places = np.interp(level, self.models[0].warp.up(_LEVELS), _LEVELS)
        return np.asarray(frame.start + places * (frame.limit - frame.start))


def unit_of(bins: NozzleBins, lot: str | None, coating_limit: float) -> Unit:
    """Bins as a history of wear over strikes."""
    sums = np.array([part[1:] for part in bins.bins], dtype=float)
    wear = (1.0 - sums[:, 2] / sums[:, 0] / UNITS_IN_ONE) / (1.0 - coating_limit)
    return Unit(bins.serial, lot, sums[:, 1] / sums[:, 0], wear)


def learn_model(request: FitRequest) -> Learnt | None:
    """Learns a model's fit; None where there is nothing to learn from. Takes seconds: runs in a process of its own."""
    chosen = [(bins, lot) for bins, lot in request.nozzles if len(bins.bins) >= _LEAST_BINS]
    chosen.sort(key=lambda one: one[0].serial)
    # Those that have worn the most teach the most; a fleet of thousands teaches no more than some hundreds of it.
    units = [unit_of(bins, lot, request.coating_limit) for bins, lot in chosen]
    order = sorted(range(len(units)), key=lambda place: -float(units[place].wear[-1]))[:MOST_UNITS]
    shift = max((chosen[place][0].shift for place in order), default=0)
    units = [unit_of(coarser(chosen[p][0], shift), chosen[p][1], request.coating_limit) for p in sorted(order)]
    lives = sum(unit.life(LIMIT) is not None for unit in units) + sum(life.ended for life in request.counted)
    told = [*units, *(_makers_word(request) if _is_new(units) else ())] or _as_lines(request.counted)
    if not told:
        return None
    forecaster = _with_counted(learn(told, LIMIT), request.counted)
    taught = learnt_from_past(request.past)
    return Learnt(encode((request.coating_limit, shift, forecaster, taught)), len(units), lives)


def _with_counted(forecaster: Forecaster, counted: Sequence[CountedLife]) -> Forecaster:
    """The age model with the lives that strikes alone tell: ended where somebody found the nozzle worn, otherwise at
    least so long."""
    told = [life for life in counted if life.strikes > 0]
    if not told:
        return forecaster
    training = forecaster.training
    use = np.concatenate([training.ends, training.frame.use(np.array([float(life.strikes) for life in told]))])
    ended = np.concatenate([~np.isnan(training.lives), np.array([life.ended for life in told])])
    return replace(forecaster, age=fit_age(use, ended, guess=1.0))


def _as_lines(counted: Sequence[CountedLife]) -> list[Unit]:
    """Lives that ended as units that wore evenly: where neither a sensor nor the maker says more."""
    share = np.linspace(0.0, 1.0, _MAKERS_BINS + 1)
    ended = [life for life in counted if life.ended and life.strikes > 0][:_MOST_LINES]
    return [Unit(life.serial, None, share * life.strikes, share * LIMIT) for life in ended]


def _is_new(units: list[Unit]) -> bool:
    return sum(float(unit.wear[-1]) >= _TAUGHT_FROM for unit in units) < _LEAST_TAUGHT


def _makers_word(request: FitRequest) -> list[Unit]:
    if request.rated_strikes is None:
        return []
    share = np.linspace(0.0, 1.0, _MAKERS_BINS + 1)
    return [
        Unit(f"rated {ratio}", None, share * ratio * request.rated_strikes, share * LIMIT) for ratio in _MAKERS_LIVES
    ]
