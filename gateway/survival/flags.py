"""Bad lots by name: by the ends of lives and by the pace of wear together, with one chance of a false word. Pure.

Where both speak, each is allowed half of the chance, so that together they name a lot wrongly in at most `alpha`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.survival.lifetimes import Ints, Lifetimes
from gateway.survival.lots import ALPHA, MARGIN, Comparison, LotVerdict, coded, compare_lives
from gateway.survival.step_down import DRAWS
from gateway.survival.wear_pace import Paces, compare_paces


class LivesOfLots(NamedTuple):
    """Lives, and the lot of each."""

    lives: Lifetimes
    lots: Sequence[str | None]
    stratum: Ints | None = None


class PacesOfLots(NamedTuple):
    """Paces, and the lot of each."""

    paces: Paces
    lots: Sequence[str | None]


class FlaggedLot(NamedTuple):
    """A lot that stands out, by its ends, by its pace of wear, or by both."""

    lot: str
    by_lives: LotVerdict | None
    by_wear: LotVerdict | None

    @property
    def verdict(self) -> LotVerdict:
        """The surer of the two."""
        told = [one for one in (self.by_lives, self.by_wear) if one is not None]
        return min(told, key=lambda one: one.p_value)


class LotFlags(NamedTuple):
    """Which lots stand out. A comparison is None where there is nothing to compare by."""

    by_lives: Comparison | None
    by_wear: Comparison | None
    flagged: tuple[FlaggedLot, ...]
    """The shortest lived first."""

    @property
    def bad(self) -> tuple[FlaggedLot, ...]:
        """Those that wear out sooner than the others."""
        return tuple(one for one in self.flagged if one.verdict.shorter)


def flag_lots(
    lives: LivesOfLots | None = None,
    wear: PacesOfLots | None = None,
    *,
    alpha: float = ALPHA,
    margin: float = MARGIN,
    draws: int = DRAWS,
) -> LotFlags:
    """The lots of one nozzle model that wear out sooner or later than its others.

    The chance that any lot is named that is like the others is at most `alpha`, whichever others are bad. Needs no
    ends: by the pace of wear a bad lot is named in use. `margin`: a smaller difference is not worth a word."""
    told_lives = lives if lives is not None and lives.lives.ends and _several(lives.lots) else None
    told_wear = wear if wear is not None and _several(wear.lots) else None
    share = alpha / 2.0 if told_lives is not None and told_wear is not None else alpha
    by_lives = by_wear = None
    if told_lives is not None:
        by_lives = compare_lives(
            told_lives.lives, told_lives.lots, alpha=share, margin=margin, stratum=told_lives.stratum, draws=draws
        )
    if told_wear is not None:
        by_wear = compare_paces(told_wear.paces, told_wear.lots, alpha=share, margin=margin, draws=draws)
    return LotFlags(by_lives, by_wear, _together(by_lives, by_wear))


def _several(lots: Sequence[str | None]) -> bool:
    return len(coded(lots)[0]) > 1


def _together(by_lives: Comparison | None, by_wear: Comparison | None) -> tuple[FlaggedLot, ...]:
    ended = {one.lot: one for one in by_lives.verdicts} if by_lives is not None else {}
    paced = {one.lot: one for one in by_wear.verdicts} if by_wear is not None else {}
    flagged = [FlaggedLot(lot, ended.get(lot), paced.get(lot)) for lot in ended.keys() | paced.keys()]
    return tuple(sorted(flagged, key=lambda one: (one.verdict.ratio, one.lot)))
