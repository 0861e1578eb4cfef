"""Sets of seqs as sorted, disjoint intervals that don't touch. Extending the last one is the case that must be fast."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from gateway.store.rows import Interval


class IntervalSet:
    """A mutable set of integers, kept as intervals [first, last]; private to whoever made it."""

    __slots__ = ("firsts", "lasts")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        for first, last in intervals:
            self.firsts.append(first)
            self.lasts.append(last)

    def __contains__(self, seq: int) -> bool:
        at = bisect_right(self.firsts, seq) - 1
        return at >= 0 and seq <= self.lasts[at]

    def __bool__(self) -> bool:
        return bool(self.firsts)

    def add(self, first: int, last: int) -> None:
        """Adds all of [first, last], of which some or none may be in the set."""
        low = bisect_left(self.lasts, first - 1)
        high = bisect_right(self.firsts, last + 1)
        if low < high:
            first = min(first, self.firsts[low])
            last = max(last, self.lasts[high - 1])
        self.firsts[low:high] = [first]
        self.lasts[low:high] = [last]

    def discard(self, seq: int) -> bool:
        """Takes one seq out; says whether it was in."""
        at = bisect_right(self.firsts, seq) - 1
        if at < 0 or seq > self.lasts[at]:
            return False
        rest = [(self.firsts[at], seq - 1), (seq + 1, self.lasts[at])]
        kept = [(first, last) for first, last in rest if first <= last]
        self.firsts[at : at + 1] = [first for first, _ in kept]
        self.lasts[at : at + 1] = [last for _, last in kept]
        return True

    def size(self) -> int:
        return sum(self.lasts) - sum(self.firsts) + len(self.firsts)

    def frozen(self) -> tuple[Interval, ...]:
        if not self.firsts:
            return ()
        if len(self.firsts) == 1:
            return ((self.firsts[0], self.lasts[0]),)
        return tuple(zip(self.firsts, self.lasts, strict=True))


def gaps(known: Iterable[Interval]) -> list[Interval]:
    """What lies between the first and the last of some intervals, in any order, and in none of them."""
    missing: list[Interval] = []
    reached: int | None = None
    for first, last in sorted(known):
        if reached is not None and first > reached + 1:
            missing.append((reached + 1, first - 1))
        reached = last if reached is None else max(reached, last)
    return missing
