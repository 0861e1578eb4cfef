"""Privacy: what a vendor may be told, so that no clinic can be recognised, not by subtraction either. Pure.

A vendor's numbers are sums over the *cells* of one partition. A cell holds what at least k clinics did, none of them
more than half of it. Every answer is made of whole cells, so whatever is added to or taken from whatever else is made
of whole cells again: no combination of answers says anything about fewer than k clinics. Hence no filters of a
vendor's own choice, but one order of labels for each kind of number (say model, then lot), whose cells are found
from the whole down: a label is told where that leaves every part large enough; small parts go together as OTHER.

In time, the windows are whole calendar months (sums) and quarters (lives so far), over only when they have settled. A
window is told from what had come by then; what comes later changes nothing that was told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias

Labels: TypeAlias = tuple[str, ...]
Weights: TypeAlias = dict[str, float]
"""How much each clinic gave."""

DEFAULT_K: Final = 5
OTHER: Final = "(other)"
"""In place of a label that is not told. No identifier is written so."""
UNKNOWN: Final = "(unknown)"
"""The label of what has none."""

SETTLE_MS: Final = 7 * 86_400_000
"""So long after its end a window waits for devices that were offline."""

_MOST_OF_ONE_CLINIC: Final = 0.5
_SIGNIFICANT_DIGITS: Final = 3


class Share(NamedTuple):
    """How much of the records with these labels one clinic gave. Labels come in the fixed order of their kind."""

    labels: Labels
    clinic_id: str
    weight: float = 1.0


class Window(NamedTuple):
    """A stretch of time that is over: since <= t < until. Only what was received before `settled_ms` counts."""

    name: str
    since_ms: int
    until_ms: int

    @property
    def settled_ms(self) -> int:
        return self.until_ms + SETTLE_MS


class Cells:
    """The partition: where each group of records is told."""

    def __init__(self, told: Mapping[Labels, Labels]) -> None:
        self._told = dict(told)

    def cell_of(self, labels: Labels) -> Labels | None:
        """The labels to tell in place of these; None: such records must be in no number."""
        return self._told.get(labels)

    def __bool__(self) -> bool:
        return bool(self._told)

    @property
    def told(self) -> tuple[Labels, ...]:
        """Every cell, in order."""
        return tuple(sorted(set(self._told.values())))


def published_cells(shares: Iterable[Share], k: int = DEFAULT_K) -> Cells:
    """The finest cells, by the order of labels, of which each has k clinics and none that outweighs the others.

    Give the shares of everything that the table sums up, then group records by `cell_of` and leave out what has none.
    A table of one label is the sum over cells, by that label of theirs.
    """
    groups: dict[Labels, Weights] = {}
    for labels, clinic_id, weight in shares:
        weights = groups.setdefault(labels, defaultdict(float))
        weights[clinic_id] += weight
    told: dict[Labels, Labels] = {}
    if is_enough(_together(groups.values()), k):
        _split(groups, (), k, told)
    return Cells(told)


def is_enough(weights: Mapping[str, float], k: int) -> bool:
    """Whether so much of so many clinics may be told as one number."""
    total = sum(weights.values())
    return len(weights) >= k and (total <= 0 or max(weights.values()) <= _MOST_OF_ONE_CLINIC * total)


def rounded(value: float) -> float:
    """A number as a vendor is told it: to three digits."""
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def rounded_count(count: int, k: int = DEFAULT_K) -> int:
    """A count of things of which a clinic has a few (devices, nozzles): to the nearest k."""
    return (2 * count + k) // (2 * k) * k


def month_before(until_ms: int, now_ms: int) -> Window:
    """The last settled calendar month (UTC) that is over by `until_ms`."""
    return _last_window(min(until_ms, now_ms - SETTLE_MS), months=1)


def quarter_before(until_ms: int, now_ms: int) -> Window:
    """The last settled calendar quarter (UTC) that is over by `until_ms`. Told are lives that had begun by its end."""
    return _last_window(min(until_ms, now_ms - SETTLE_MS), months=3)


def months_within(since_ms: int, until_ms: int, now_ms: int) -> Sequence[Window]:
    """The settled calendar months that lie wholly in since <= t < until, oldest first."""
    found: list[Window] = []
    window = month_before(until_ms, now_ms)
    while window.since_ms >= since_ms:
        found.append(window)
        window = _last_window(window.since_ms, months=1)
    return tuple(reversed(found))


def _last_window(by_ms: int, months: int) -> Window:
    moment = datetime.fromtimestamp(by_ms / 1_000, UTC)
    end = (moment.year * 12 + moment.month - 1) // months * months
    start = datetime((end - months) // 12, (end - months) % 12 + 1, 1, tzinfo=UTC)
    part = f"{start:%m}" if months == 1 else f"Q{start.month // 3 + 1}"
    until = datetime(end // 12, end % 12 + 1, 1, tzinfo=UTC)
    return Window(f"{start:%Y}-{part}", int(start.timestamp()) * 1_000, int(until.timestamp()) * 1_000)


def _split(groups: Mapping[Labels, Weights], prefix: Labels, k: int, told: dict[Labels, Labels]) -> None:
    """Tells groups that are enough together, in as many parts as can be by the label after `prefix`."""
    depth = len(prefix)
    if any(len(labels) == depth for labels in groups):
        told.update(dict.fromkeys(groups, prefix))
        return
    by_label: dict[str, dict[Labels, Weights]] = {}
    for labels, weights in groups.items():
        by_label.setdefault(labels[depth], {})[labels] = weights
    apart, rest = _parts({label: _together(part.values()) for label, part in by_label.items()}, k)
    for label in apart:
        _split(by_label[label], (*prefix, label), k, told)
    if rest:
        others = {labels: weights for label in rest for labels, weights in by_label[label].items()}
        _split(others, (*prefix, OTHER), k, told)


def _parts(sizes: Mapping[str, Weights], k: int) -> tuple[list[str], list[str]]:
    """Labels that can be told apart, and those that go together, which are enough together or none."""
    largest_first = sorted(sizes, key=lambda label: (-len(sizes[label]), label))
    apart = [label for label in largest_first if is_enough(sizes[label], k)]
    rest = [label for label in largest_first if label not in apart]
    while rest and apart and not is_enough(_together(sizes[label] for label in rest), k):
        rest.append(apart.pop())
    return apart, rest


def _together(parts: Iterable[Mapping[str, float]]) -> Weights:
    total: Weights = defaultdict(float)
    for weights in parts:
        for clinic_id, weight in weights.items():
            total[clinic_id] += weight
    return total
