"""Seq marks of one boot of a device: what is stored, what was rejected, what is missing, what is given up as lost.

Between the first and the largest seq seen, each seq is in exactly one of four sets: stored, rejected, open (a hole
that may still be filled) and lost (a hole for too long). A record that comes after all leaves the latter three.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

from gateway.ingest.intervals import IntervalSet, gaps
from gateway.store.rows import Interval, Marks

MAX_COUNTED_MISSING: Final = 10_000
"""Missing seqs are counted up to this many a boot: a device whose seq jumps must not drown the others' count."""
LOST_AFTER_MS: Final = 600_000
"""A hole that was open for longer than this much connected time is lost."""


class OpenHoles:
    """Holes of one boot, each with the connected time at which it was noticed."""

    __slots__ = ("firsts", "lasts", "noticed_ms")

    def __init__(self) -> None:
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        self.noticed_ms: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.firsts)

    def open(self, first: int, last: int, noticed_ms: int) -> None:
        at = bisect_left(self.firsts, first)
        self.firsts.insert(at, first)
        self.lasts.insert(at, last)
        self.noticed_ms.insert(at, noticed_ms)

    def fill(self, seq: int) -> bool:
        """Takes one seq out of its hole; says whether there was one."""
        at = bisect_right(self.firsts, seq) - 1
        if at < 0 or seq > self.lasts[at]:
            return False
        first, last, noticed_ms = self.firsts.pop(at), self.lasts.pop(at), self.noticed_ms.pop(at)
        if seq < last:
            self.open(seq + 1, last, noticed_ms)
        if first < seq:
            self.open(first, seq - 1, noticed_ms)
        return True

    def take_overdue(self, connected_ms: int) -> list[Interval]:
        """Takes out the holes that were noticed too long ago."""
        overdue: list[Interval] = []
        for at in reversed(range(len(self.firsts))):
            if connected_ms - self.noticed_ms[at] > LOST_AFTER_MS:
                overdue.append((self.firsts.pop(at), self.lasts.pop(at)))
                self.noticed_ms.pop(at)
        return overdue

    def size(self) -> int:
        return sum(self.lasts) - sum(self.firsts) + len(self.firsts)


class BootMarks:
    """The working form of `Marks`: mutable, private to ingest."""

    __slots__ = (
        "boot_id",
        "counted_missing",
        "device_id",
        "first",
        "holes",
        "largest",
        "last_received_ms",
        "lost",
        "rejected",
        "stored",
        "touched",
        "watched_ms",
    )

    def __init__(self, device_id: str, boot_id: str) -> None:
        self.device_id = device_id
        self.boot_id = boot_id
        self.stored = IntervalSet()
        self.rejected: IntervalSet | None = None
        self.lost: IntervalSet | None = None
        self.holes: OpenHoles | None = None
        """These three are None until needed: most boots have no faults, and a large fleet has many boots."""
        self.first = -1
        self.largest = -1
        self.last_received_ms = 0
        self.touched = False
        self.counted_missing = 0
        """What of this boot is in the fleet's count of missing records."""
        self.watched_ms = -1
        """Holes noticed up to this connected time are watched for being open too long."""

    @classmethod
    def of(cls, marks: Marks, noticed_ms: int) -> BootMarks:
        """The working form of stored marks; their open holes count as noticed at `noticed_ms`."""
        boot = cls(marks.device_id, marks.boot_id)
        boot.stored = IntervalSet(marks.stored)
        boot.rejected = IntervalSet(marks.rejected) if marks.rejected else None
        boot.lost = IntervalSet(marks.lost) if marks.lost else None
        boot.last_received_ms = marks.last_received_ms
        seen = (*marks.stored, *marks.rejected)
        if seen:
            boot.first = min(first for first, _ in seen)
            boot.largest = max(last for _, last in seen)
        for first, last in gaps((*seen, *marks.lost)):
            boot._open(first, last, noticed_ms)
        return boot

    def is_stored(self, seq: int) -> bool:
        return seq <= self.largest and seq in self.stored

    def store(self, seq: int, received_ms: int, connected_ms: int) -> None:
        """Marks a seq that is not stored yet as stored."""
        self.last_received_ms = max(self.last_received_ms, received_ms)
        lasts = self.stored.lasts
        if seq == self.largest + 1 and lasts and lasts[-1] == self.largest:
            lasts[-1] = self.largest = seq
            return
        self._cover(seq, connected_ms)
        if self.rejected is not None:
            self.rejected.discard(seq)
        self.stored.add(seq, seq)

    def reject(self, seq: int, connected_ms: int) -> None:
        """Marks a seq as rejected, unless it is stored: a rejected record leaves no hole."""
        if self.rejected is None:
            self.rejected = IntervalSet()
        if seq in self.stored or seq in self.rejected:
            return
        self._cover(seq, connected_ms)
        self.rejected.add(seq, seq)

    def may_be_earlier(self, received_ms: int, estimated: bool) -> bool:
        """Whether a redelivery received then may be an earlier receipt of the stored record."""
        return received_ms < self.last_received_ms or (estimated and received_ms == self.last_received_ms)

    def _cover(self, seq: int, connected_ms: int) -> None:
        """Makes `seq` part of what was seen: it opens a hole beyond the ends, and fills one between them."""
        if self.largest < 0:
            self.first = self.largest = seq
        elif seq > self.largest:
            if seq > self.largest + 1:
                self._open(self.largest + 1, seq - 1, connected_ms)
            self.largest = seq
        elif seq < self.first:
            if seq < self.first - 1:
                self._open(seq + 1, self.first - 1, connected_ms)
            self.first = seq
        elif (self.holes is None or not self.holes.fill(seq)) and self.lost is not None:
            self.lost.discard(seq)

    def _open(self, first: int, last: int, noticed_ms: int) -> None:
        if self.holes is None:
            self.holes = OpenHoles()
        self.holes.open(first, last, noticed_ms)

    def give_up(self, connected_ms: int) -> int | None:
        """Turns overdue holes into lost ones; how many seqs that are, as far as they are counted. None: no hole."""
        overdue = self.holes.take_overdue(connected_ms) if self.holes is not None else []
        if not overdue:
            return None
        if self.lost is None:
            self.lost = IntervalSet()
        before = min(self.lost.size(), MAX_COUNTED_MISSING)
        for first, last in overdue:
            self.lost.add(first, last)
        return min(self.lost.size(), MAX_COUNTED_MISSING) - before

    def to_watch(self) -> bool:
        """Whether a hole was noticed that is not watched yet; it is from now on."""
        newest_ms = max(self.holes.noticed_ms, default=-1) if self.holes is not None else -1
        if newest_ms <= self.watched_ms:
            return False
        self.watched_ms = newest_ms
        return True

    def missing(self) -> int:
        """Open holes now, counted up to the bound."""
        return min(self.holes.size(), MAX_COUNTED_MISSING) if self.holes else 0

    def frozen(self) -> Marks:
        return Marks(
            self.device_id,
            self.boot_id,
            self.stored.frozen(),
            self.rejected.frozen() if self.rejected is not None else (),
            self.lost.frozen() if self.lost is not None else (),
            self.last_received_ms,
        )
