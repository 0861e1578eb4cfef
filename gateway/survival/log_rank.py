"""The log-rank test of Mantel (1966) for any number of groups, with left truncation and strata. Pure.

At each age at which a life ended, the ends of a group are compared with its share of those at risk. Strata are
compared within themselves and added up: groups then differ whatever the strata differ by.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from gateway.survival.lifetimes import Floats, Ints, Lifetimes, at_risk, ends_at


class GroupEnds(NamedTuple):
    """What came of each group, and what would have come if all groups were alike."""

    observed: Floats
    expected: Floats
    covariance: Floats
    """Of observed less expected, (groups, groups)."""
    ends: Floats
    """How many lives ended at each age, over all strata."""
    shares: Floats
    """Each group's share of those at risk there: (ages, groups)."""


class KSample(NamedTuple):
    """The test that no group differs from the others."""

    chi2: float
    df: int
    p_value: float


def group_ends(lives: Lifetimes, group: Ints, groups: int, stratum: Ints | None = None) -> GroupEnds:
    """Observed and expected ends of the groups 0..groups-1, stratum by stratum."""
    kinds = np.zeros(lives.size, dtype=np.int64) if stratum is None else stratum
    ended, shares = [np.zeros(0)], [np.zeros((0, groups))]
    observed, expected, covariance = np.zeros(groups), np.zeros(groups), np.zeros((groups, groups))
    for kind in np.unique(kinds):
        chosen = kinds == kind
        part, where = lives.of(chosen), group[chosen]
        ages = np.unique(part.exit[part.ended])
        deaths = ends_at(part, ages)
        by_group = np.stack([at_risk(part.of(where == number), ages) for number in range(groups)], axis=1)
        total = by_group.sum(axis=1)
        share = by_group / total[:, None]
        observed += np.bincount(where[part.ended], minlength=groups)
        expected += deaths @ share
        weight = deaths * np.where(total > 1.0, (total - deaths) / np.maximum(total - 1.0, 1.0), 0.0)
        covariance += np.diag(weight @ share) - (share * weight[:, None]).T @ share
        ended.append(deaths)
        shares.append(share)
    return GroupEnds(observed, expected, covariance, np.concatenate(ended), np.concatenate(shares))


def k_sample(found: GroupEnds) -> KSample:
    """Whether any group differs; groups that were never at risk beside another one do not count."""
    counted = np.diag(found.covariance) > 1e-12
    size = int(counted.sum())
    if size < 2:
        return KSample(0.0, 0, 1.0)
    off = (found.observed - found.expected)[counted][:-1]
    inner = found.covariance[np.ix_(counted, counted)][:-1, :-1]
    rank = int(np.linalg.matrix_rank(inner))
    chi2 = float(off @ np.linalg.pinv(inner, hermitian=True) @ off)
    return KSample(chi2, rank, float(chdtrc(rank, chi2)) if rank else 1.0)


def log_rank(lives: Lifetimes, group: Ints, stratum: Ints | None = None) -> KSample:
    """The test over groups 0..max."""
    return k_sample(group_ends(lives, group, int(group.max()) + 1, stratum))
