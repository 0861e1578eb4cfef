"""`python -m bench.wear lots`: how soon a bad lot is named, and how often a good one or a sound nozzle is, by mistake.

Fleets of 500 nozzles of 3 models and 8 lots, one of them bad. Nozzles are fitted over two months, wear at the rate of
their devices, and are looked at day by day until all are replaced, by the code that the gateway runs. A lot counts as
named if it was named on any day.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

import numpy as np

from collectors.simulator.inventory import BAD_LOT_FACTOR, NOZZLE_KINDS, NozzleKind
from collectors.simulator.physics import draw_path
from gateway.forecasting.abnormal import Pace, abnormal_lots, abnormal_nozzles, pace_of
from gateway.forecasting.fit import ModelFit
from gateway.wear.forecast import learn
from gateway.wear.history import Unit, unit
from gateway.wear.kalman import Lanes, State, filter_lanes
from gateway.wear.paths import Floats

COATING_LIMIT: Final = 0.2
LOTS: Final = (3, 3, 2)
"""Of each model."""
LOT_SPREAD: Final = 0.05
NOZZLES: Final = 500
TAUGHT_BY: Final = 24
BINS: Final = 64
"""Of a model's rated life and a half."""
FALSE_DISCOVERY: Final = 0.05
FITTED_OVER_DAYS: Final = 60
LIFE_DAYS: Final = 60.0
"""At the usual rate."""
LAST_DAY: Final = 400


class Outcome(NamedTuple):
    """What one fleet's days brought."""

    bad_named_on: int | None
    bad_replaced: float
    """Share of the bad lot's nozzles that were replaced when it was named; 1 where it never was."""
    good_named: int
    good_lots: int
    sound_named: int
    """Nozzles of good lots that were ever named."""
    sound: int
    all_named: int


class Strand(NamedTuple):
    """A model's nozzles over their lives: what the first model's filter knows after each bin."""

    fit: ModelFit
    names: list[str]
    lots: list[str]
    lanes: Lanes
    use: Floats
    """On the model's axis, (bins, nozzles)."""
    first_day: Floats
    bins_a_day: Floats
    life_days: Floats


def main(fleets: int = 200, fits: int = 4) -> None:
    """Prints shares over so many fleets, and over a fifth of them with a lot that is not so bad."""
    fits_of = [[taught(Random(f"{kind.model}-{number}"), kind) for kind in NOZZLE_KINDS] for number in range(fits)]
    for count, factor in ((fleets, BAD_LOT_FACTOR), (max(fleets // 5, 1), 1.4)):
        _print([outcome(fits_of[seed % fits], seed, factor) for seed in range(count)], factor)


def _print(found: list[Outcome], factor: float) -> None:
    replaced = np.array([one.bad_replaced for one in found])
    days = [one.bad_named_on for one in found if one.bad_named_on is not None]
    print(
        f"{len(found)} fleets of {NOZZLES} nozzles, 3 models, 8 lots, one wearing {factor} times as fast\n"
        f"bad lot named before a third of its nozzles were replaced: {np.mean(replaced < 1 / 3):.1%};"
        f" share replaced by then: median {np.median(replaced):.1%}, 95 % {np.quantile(replaced, 0.95):.1%};"
        f" named in {len(days) / len(found):.0%}, on day {np.median(days) if days else np.nan:.0f} (median)\n"
        f"good lots ever named: {sum(o.good_named for o in found) / sum(o.good_lots for o in found):.2%};"
        f" sound nozzles ever named: {sum(o.sound_named for o in found) / sum(o.sound for o in found):.2%}"
        f" ({sum(o.sound_named for o in found) / max(sum(o.all_named for o in found), 1):.1%} of those named)\n"
    )


def outcome(fits: list[ModelFit], seed: int, bad_factor: float = BAD_LOT_FACTOR) -> Outcome:
    """One fleet, day by day."""
    rng = Random(seed)
    bad_model = rng.randrange(len(fits))
    strands = []
    for number, (kind, fit, lots) in enumerate(zip(NOZZLE_KINDS, fits, LOTS, strict=True)):
        factors = {f"{kind.model}-{lot}": 1.0 + rng.gauss(0.0, LOT_SPREAD) for lot in range(lots)}
        if number == bad_model:
            factors[f"{kind.model}-0"] = bad_factor
        strands.append(_strand(rng, kind, fit, factors, NOZZLES // len(fits)))
    return _watched(strands, f"{NOZZLE_KINDS[bad_model].model}-0")


def _watched(strands: list[Strand], bad: str) -> Outcome:
    lots_named: dict[str, int] = {}
    nozzles_named: set[str] = set()
    last = min(int(max(float((s.first_day + s.life_days).max()) for s in strands)) + 1, LAST_DAY)
    for day in range(1, last):
        groups = [(strand.fit, _paces(strand, day)) for strand in strands]
        for lot in abnormal_lots(groups, FALSE_DISCOVERY):
            lots_named.setdefault(lot.subject, day)
        nozzles_named |= {one.subject for one in abnormal_nozzles(groups, FALSE_DISCOVERY)}
    ends = np.concatenate([s.first_day + s.life_days for s in strands])
    is_bad = np.array([lot == bad for s in strands for lot in s.lots])
    names = [name for s in strands for name in s.names]
    named_on = lots_named.get(bad)
    every = {lot for s in strands for lot in s.lots}
    sound = {name for name, one in zip(names, is_bad.tolist(), strict=True) if not one}
    return Outcome(
        named_on,
        float(np.mean(ends[is_bad] <= named_on)) if named_on is not None else 1.0,
        len(lots_named.keys() - {bad}),
        len(every) - 1,
        len(nozzles_named & sound),
        len(sound),
        len(nozzles_named),
    )


def _paces(strand: Strand, day: int) -> list[Pace]:
    """What was known of the nozzles on a day; those replaced stand as they ended."""
    worked = np.minimum(day - strand.first_day, strand.life_days)
    bins = np.floor(worked * strand.bins_a_day).astype(int)
    paces = []
    for nozzle in np.flatnonzero(bins >= 2).tolist():
        at = min(int(bins[nozzle]), len(strand.use)) - 1
        parts = (float(part[at, nozzle]) for part in strand.lanes[:5])
        state = State(float(strand.use[at, nozzle]), *parts)
        in_use = bool(day - strand.first_day[nozzle] < strand.life_days[nozzle])
        pace = pace_of(strand.names[nozzle], strand.lots[nozzle], in_use, day, state, strand.fit.groups[0])
        if pace is not None:
            paces.append(pace)
    return paces


def _strand(rng: Random, kind: NozzleKind, fit: ModelFit, factors: dict[str, float], nozzles: int) -> Strand:
    width = 1.5 * kind.rated_strikes / BINS
    strikes = np.asarray(width * (np.arange(BINS) + 0.5), dtype=float)
    names, lots, wear, lives = [], [], [], []
    for number in range(nozzles):
        lot = sorted(factors)[number % len(factors)]
        seen, life = _read(rng, kind, factors[lot], strikes)
        names.append(f"{kind.model}-n{number}")
        lots.append(lot)
        wear.append(seen)
        lives.append(life)
    flat = np.array(wear).T.ravel()
    use, level, noise_var = fit.readings(0, np.repeat(strikes, nozzles), flat, 0)
    shape = (BINS, nozzles)
    group = fit.groups[0]
    share = (noise_var / float(group.noise_var)).reshape(shape)
    lanes = filter_lanes(use.reshape(shape), level.reshape(shape), share, group)
    a_day = np.exp([rng.gauss(0.0, 0.4) for _ in names]) * kind.rated_strikes / LIFE_DAYS
    first_day = np.array([rng.uniform(0.0, FITTED_OVER_DAYS) for _ in names])
    return Strand(fit, names, lots, lanes, use.reshape(shape), first_day, a_day / width, np.array(lives) / a_day)


def _read(rng: Random, kind: NozzleKind, factor: float, strikes: Floats) -> tuple[Floats, float]:
    """Wear as a bin's readings tell it, and the strikes at the limit."""
    path = draw_path(rng, kind.law, rated_strikes=kind.rated_strikes, coating_limit=COATING_LIMIT, lot_factor=factor)
    noise = rng.uniform(0.002, 0.005)
    coating = np.array([path.coating_at(int(at)) + rng.gauss(0.0, noise) for at in strikes.tolist()])
    return (1.0 - coating) / (1.0 - COATING_LIMIT), float(path.strikes_at_limit)


def taught(rng: Random, kind: NozzleKind) -> ModelFit:
    """A fit from nozzles of earlier lots."""
    strikes = np.asarray(1.5 * kind.rated_strikes / BINS * (np.arange(2 * BINS) + 0.5), dtype=float)
    units: list[Unit] = []
    for number in range(TAUGHT_BY):
        wear, life = _read(rng, kind, 1.0 + rng.gauss(0.0, LOT_SPREAD), strikes)
        kept = strikes < life * rng.uniform(0.8, 1.05)
        units.append(unit(f"u{number}", strikes[kept], wear[kept]))
    forecaster = learn(units, 1.0)
    return ModelFit(1, kind.model, 0, len(units), len(forecaster.ended_lives), COATING_LIMIT, 0, forecaster)


if __name__ == "__main__":
    main()
