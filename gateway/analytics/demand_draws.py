"""Demand drawn: the replacements of every device over the coming weeks, in many scenarios side by side. Pure.

A scenario holds for the whole fleet what nobody knows of all of it together: how busy the time will be, how long a
model's nozzles live, how far its forecasts are off. That is why totals are less sure than the sum of independent
devices would be. Within a scenario each device goes its own way: its nozzle now by its forecast, those after it by
the lives of their model, as often as they end within the time (renewals).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gateway.analytics.local_days import Floats
from gateway.analytics.practice import Practice
from gateway.wear.usage_rate import UsageRate

SCENARIOS: Final = 400
WEEKS: Final = 13
_WEEK_DAYS: Final = 7
_AT_ONCE: Final = 64
"""Devices drawn together: each step takes less than a millisecond, all of them a few megabytes."""
_FEW: Final = 30
"""Devices that never need more than 255 nozzles in a week."""
_MOST_RENEWALS: Final = 40
_OWN_DRIFT: Final = 0.05
"""How far one device's use of a quarter is from that of the last, beside chance: as standard deviation of its log."""
_LEVELS: Final = np.array([0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0])
UNKNOWN_MODEL: Final = "(unknown)"
"""The item of nozzles whose model nobody told."""

Counts = NDArray[np.uint8] | NDArray[np.uint16]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DemandSeat:
    """One device that will need nozzles."""

    device_id: str
    clinic_id: str
    device_model: str | None
    model: str
    """Of the nozzle on it."""
    strikes: float | None
    """Of the nozzle on it so far."""
    wear: float | None
    rated_strikes: float | None
    remaining: tuple[float, ...] | None
    """Quantiles (as in `Remaining`) of the strikes until its limit, where its coating is measured."""
    lives: int
    """That the forecast had learnt from."""
    rate: UsageRate
    """Strikes an open day."""
    open_weekdays: tuple[bool, ...]


class Cell(NamedTuple):
    """What is counted together: the finest that any viewer may ask for."""

    clinic_id: str
    device_model: str | None
    item: str


Group: TypeAlias = tuple[str, str | None]
CountCell: TypeAlias = Callable[[Group, str, Numbers], None]


class _Shared(NamedTuple):
    """What a scenario holds for the whole fleet: (scenarios,) each."""

    busy: Floats
    early: Floats
    lives: Mapping[str, tuple[Floats, Floats]]
    off: Mapping[str, Floats]
    follows: Mapping[tuple[str | None, str], tuple[tuple[str, ...], Floats]]
    """The models that come next, and their cumulated shares (models, scenarios)."""


class Setting(NamedTuple):
    """What the time ahead is like."""

    first_weekday: int
    """Of today; Monday 0."""
    busy_sd: float
    """Of the logarithm of the fleet's use against that of late."""
    seed: int
    weeks: int = WEEKS
    scenarios: int = SCENARIOS


class Drawing:
    """What is drawn, some devices at a time, so that others get their turn in between."""

    def __init__(self, seats: Sequence[DemandSeat], practice: Practice, setting: Setting) -> None:
        self._seats = sorted(seats, key=lambda seat: (seat.device_model or "", seat.clinic_id, seat.device_id))
        self._practice = practice
        self._setting = setting
        self._rng = np.random.default_rng(setting.seed)
        self._shared = _shared(self._seats, practice, setting, self._rng)
        self._devices = Counter(_group(seat) for seat in seats)
        self._drawn = 0
        self.counts: dict[Cell, Counts] = {}
        """(weeks, scenarios) of each cell that needs anything."""

    def step(self) -> bool:
        """Draws some devices; whether more are left."""
        some = self._seats[self._drawn : self._drawn + _AT_ONCE]
        self._drawn += len(some)
        if some:
            _draw_some(some, self._practice, self._setting, self._shared, self._rng, self._count)
        return self._drawn < len(self._seats)

    def _count(self, group: Group, item: str, numbers: Numbers) -> None:
        cell = Cell(*group, item)
        known = self.counts.get(cell)
        if known is None:
            few = self._devices[group] <= _FEW
            self.counts[cell] = numbers.astype(np.uint8) if few else numbers.astype(np.uint16)
        else:
            known += numbers.astype(known.dtype)


def drawn(seats: Sequence[DemandSeat], practice: Practice, setting: Setting) -> dict[Cell, Counts]:
    """All of it in one go."""
    drawing = Drawing(seats, practice, setting)
    while drawing.step():
        pass
    return drawing.counts


def _group(seat: DemandSeat) -> Group:
    return (seat.clinic_id, seat.device_model)


def _shared(seats: Sequence[DemandSeat], practice: Practice, setting: Setting, rng: np.random.Generator) -> _Shared:
    size = setting.scenarios
    shape, days = practice.early
    pairs = {(seat.device_model, name) for seat in seats for name in _next_models(practice, seat)}
    models = {name for _, name in pairs} | practice.lives.keys()
    return _Shared(
        busy=np.exp(setting.busy_sd * rng.standard_normal(size)),
        early=rng.gamma(shape, 1.0 / days, size),
        lives={model: practice.life(model).draw(rng, size) for model in sorted(models)},
        off={model: rng.standard_normal(size) for model in sorted(models)},
        follows={pair: _shares(*practice.following(*pair), rng, size) for pair in sorted(pairs, key=repr)},
    )


def _shares(
    options: tuple[str, ...], times: tuple[float, ...], rng: np.random.Generator, size: int
) -> tuple[tuple[str, ...], Floats]:
    return options, np.cumsum(rng.dirichlet(times, size), axis=1).T


def _draw_some(
    seats: Sequence[DemandSeat],
    practice: Practice,
    setting: Setting,
    shared: _Shared,
    rng: np.random.Generator,
    count: CountCell,
) -> None:
    """Counts the replacements of some devices."""
    size, days = setting.scenarios, setting.weeks * _WEEK_DAYS
    open_until = np.stack([_open_days(seat.open_weekdays, setting.first_weekday, days) for seat in seats])
    means = np.array([seat.rate.mean for seat in seats])[:, None]
    relative_sd = np.sqrt(np.array([seat.rate.mean_var for seat in seats])[:, None] / means**2 + _OWN_DRIFT**2)
    scatter = np.sqrt(np.array([seat.rate.period_var for seat in seats]))[:, None]
    pace = means * np.exp(relative_sd * rng.standard_normal((len(seats), size))) * shared.busy
    at = np.minimum(_first(seats, practice, shared, pace, scatter, rng), _early(shared, pace.shape, rng))
    names = sorted({name for seat in seats for name in _next_models(practice, seat)})
    groups = sorted({_group(seat) for seat in seats}, key=repr)
    group = np.array([groups.index(_group(seat)) for seat in seats])
    model = np.tile(np.array([names.index(seat.model) for seat in seats])[:, None], (1, size))
    total = np.zeros((len(groups), len(names), setting.weeks, size), dtype=np.int64)
    for _ in range(_MOST_RENEWALS):
        due = at < open_until[:, -1:]
        if not due.any():
            break
        model = np.where(due, _followers(seats, model, names, shared, rng), model)
        rows, scenarios = np.nonzero(due)
        day = np.stack([np.searchsorted(open_until[row], at[row], side="right") for row in range(len(seats))])
        week = np.minimum(day[rows, scenarios] // _WEEK_DAYS, setting.weeks - 1)
        _add(total, group[rows], model[rows, scenarios], week, scenarios)
        life = _periods(_new_life(names, model, shared, rng), pace, scatter, rng)
        at = np.where(due, at + np.minimum(life, _early(shared, at.shape, rng)), at)
    for number, item in np.argwhere(total.any(axis=(2, 3))):
        count(groups[number], names[item], total[number, item])


def _next_models(practice: Practice, seat: DemandSeat) -> set[str]:
    """The models that may come on this device, one after the other."""
    found, new = {seat.model}, {seat.model}
    while new:
        new = {name for model in new for name in practice.following(seat.device_model, model)[0]} - found
        found |= new
    return found


def _add(total: Numbers, group: Numbers, model: Numbers, week: Numbers, scenario: Numbers) -> None:
    places = np.ravel_multi_index((group, model, week, scenario), total.shape)
    total += np.bincount(places, minlength=total.size).reshape(total.shape)


def _first(
    seats: Sequence[DemandSeat],
    practice: Practice,
    shared: _Shared,
    pace: Floats,
    scatter: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Open days until the nozzles on the devices now are replaced for their wear."""
    size = pace.shape[1]
    left = np.stack([_strikes_left(seat, practice, shared, rng, size) for seat in seats])
    waits = rng.exponential(practice.beyond_days, left.shape)
    return np.where(np.isnan(left), waits, _periods(np.nan_to_num(left), pace, scatter, rng))


def _strikes_left(seat: DemandSeat, practice: Practice, shared: _Shared, rng: np.random.Generator, size: int) -> Floats:
    """Strikes until it is replaced for its wear; NaN where that is overdue."""
    wear = seat.wear
    if wear is not None and (seat.remaining is not None or seat.rated_strikes):
        until = practice.ends_after(wear, rng, size)
        if until is None:
            return np.full(size, np.nan)
        if seat.remaining is None:
            return np.asarray((until - wear) * float(seat.rated_strikes or 0.0))
        share = (until - wear) / max(1.0 - wear, 0.02)
        return np.asarray(_remaining(seat, shared, rng, size) * np.clip(share, 0.0, 3.0))
    location, spread = shared.lives[seat.model]
    used = np.log(max(seat.strikes or 0.0, 1.0))
    # A life that is longer than what is used already: drawn from the rest of the distribution.
    survived = ndtr((location - used) / spread)
    total = np.exp(location + spread * -ndtri(np.maximum(survived * rng.random(size), 1e-12)))
    return np.asarray(np.maximum(total - np.exp(used), 0.0))


def _remaining(seat: DemandSeat, shared: _Shared, rng: np.random.Generator, size: int) -> Floats:
    """Draws from the forecast; how far a model's forecasts are off together depends on how many lives taught them."""
    said = np.array(seat.remaining or ())
    together = 1.0 / (2.0 + seat.lives)
    z = np.sqrt(together) * shared.off[seat.model] + np.sqrt(1.0 - together) * rng.standard_normal(size)
    low = max(said[0] - (said[2] - said[0]), 0.0)
    high = said[-1] + (said[-1] - said[-3])
    return np.asarray(np.interp(ndtr(z), _LEVELS, np.concatenate([[low], said, [high]])))


def _periods(strikes: Floats, pace: Floats, scatter: Floats, rng: np.random.Generator) -> Floats:
    """Open days until so many strikes are used up, days being unlike each other."""
    usual = strikes / pace
    noise = np.sqrt(usual) * scatter / pace * rng.standard_normal(usual.shape)
    return np.asarray(np.maximum(usual + noise, 0.0))


def _new_life(names: Sequence[str], model: Numbers, shared: _Shared, rng: np.random.Generator) -> Floats:
    location = np.stack([shared.lives[name][0] for name in names])
    spread = np.stack([shared.lives[name][1] for name in names])
    scenario = np.arange(model.shape[1])[None, :]
    return np.asarray(np.exp(location[model, scenario] + spread[model, scenario] * rng.standard_normal(model.shape)))


def _early(shared: _Shared, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    return np.asarray(rng.exponential(1.0, shape) / shared.early)


def _followers(
    seats: Sequence[DemandSeat], model: Numbers, names: Sequence[str], shared: _Shared, rng: np.random.Generator
) -> Numbers:
    """The models that come next, as they did on such devices."""
    chance = rng.random(model.shape)
    following = model.copy()
    for device_model in sorted({seat.device_model for seat in seats}, key=repr):
        mine = np.array([seat.device_model == device_model for seat in seats])[:, None]
        for place, name in enumerate(names):
            found = shared.follows.get((device_model, name))
            if found is None or len(found[0]) == 1 or not set(found[0]) <= set(names):
                continue
            targets = np.array([names.index(option) for option in found[0]])
            number = (chance[None] >= found[1][:-1, None, :]).sum(axis=0)
            following = np.where(mine & (model == place), targets[number], following)
    return following


def _open_days(open_weekdays: tuple[bool, ...], first_weekday: int, days: int) -> Floats:
    """Open days up to the end of each of the next days."""
    week = np.asarray(open_weekdays, dtype=float)
    return np.cumsum(week[(first_weekday + np.arange(days)) % _WEEK_DAYS])
