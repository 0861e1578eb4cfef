"""Listening: how long somebody has not been heard, of the time in which they would have been. No I/O, no clock.

Silence counts only while the gateway was connected and had caught up, within the hours of the subject's clinic. So
each schedule of hours has a counter that runs only then, in elapsed time: a clock that is set, a gateway that was
down and a clinic that is shut add nothing. A subject's silence is how far its schedule's counter has come since it
was heard. Deadlines wait in a heap for each schedule: a tick looks at those that have come, not at the fleet.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from gateway.hours import parse_hours, within, zone_or_utc


class Schedule(NamedTuple):
    """A clinic's hours as the registry has them; without hours it is always open."""

    timezone: str
    opening_hours: str


Subject: TypeAlias = str


@dataclass(slots=True)
class Counter:
    """How long the gateway has listened within the hours of a schedule; whoever has those hours holds the one."""

    schedule: Schedule
    now_ms: int = 0


@dataclass(slots=True)
class _Heard:
    """Changed in place: every message of every device does."""

    counter: Counter
    at_count_ms: int
    """What the counter showed when the subject was heard."""
    received_ms: int
    live: bool
    """Whether it was heard since the gateway started; before, it is only known to have been heard once."""
    waiting: bool = False
    """Whether a deadline of it stands."""


class Counters:
    """One for each schedule of hours that anybody has."""

    def __init__(self) -> None:
        self._counters: dict[Schedule, Counter] = {}

    def of(self, schedule: Schedule) -> Counter:
        """The schedule's counter; from 0 on where nobody has asked for it before."""
        counter = self._counters.get(schedule)
        if counter is None:
            counter = self._counters[schedule] = Counter(schedule)
        return counter

    def listen(self, for_ms: int, wall_ms: int) -> None:
        """So much more time has passed in which every device could have been heard."""
        for counter in self._counters.values():
            if is_open(counter.schedule, wall_ms):
                counter.now_ms += for_ms


class LastHeard:
    """Who was heard when. `schedule_of` and `limit_ms` are asked as they stand now."""

    def __init__(
        self, counters: Counters, schedule_of: Callable[[Subject], Schedule], limit_ms: Callable[[Subject], int]
    ) -> None:
        self._counters = counters
        self._schedule_of = schedule_of
        self._limit_ms = limit_ms
        self._heard: dict[Subject, _Heard] = {}
        self._deadlines: dict[Schedule, list[tuple[int, Subject]]] = {}

    def hear(self, subject: Subject, received_ms: int, *, live: bool) -> bool:
        """Something of the subject was received then; says whether that is new. Not `live`: before the start."""
        heard = self._heard.get(subject)
        if heard is None:
            counter = self._counters.of(self._schedule_of(subject))
            heard = self._heard[subject] = _Heard(counter, counter.now_ms, received_ms, live)
        elif heard.received_ms == received_ms:
            return False
        else:
            # Other hours count from the next deadline on: they change seldom, and who is heard changes all the time.
            heard.at_count_ms = heard.counter.now_ms
            heard.received_ms = received_ms
            heard.live = live
        if not heard.waiting:
            self._wait(subject, heard)
        return True

    def silent_ms(self, subject: Subject) -> int:
        """How long the subject has been silent; 0 where it was never heard."""
        heard = self._heard.get(subject)
        return 0 if heard is None else heard.counter.now_ms - heard.at_count_ms

    def heard_live(self, subject: Subject) -> bool:
        """Whether the subject was heard since the gateway started."""
        heard = self._heard.get(subject)
        return heard is not None and heard.live

    def due(self) -> Iterator[Subject]:
        """Subjects whose limit has come since the last call; each once until it is heard again."""
        for schedule, deadlines in tuple(self._deadlines.items()):
            now_ms = self._counters.of(schedule).now_ms
            while deadlines and deadlines[0][0] <= now_ms:
                _, subject = heapq.heappop(deadlines)
                heard = self._heard[subject]
                heard.waiting = False
                if self._follow(subject, heard) and self.silent_ms(subject) >= self._limit_ms(subject):
                    yield subject
                else:
                    self._wait(subject, heard)

    def _follow(self, subject: Subject, heard: _Heard) -> bool:
        """Takes over the silence so far where the subject's hours have changed; False where it is to wait anew."""
        schedule = self._schedule_of(subject)
        if schedule == heard.counter.schedule:
            return True
        so_far_ms = self.silent_ms(subject)
        heard.counter = self._counters.of(schedule)
        heard.at_count_ms = heard.counter.now_ms - so_far_ms
        return False

    def _wait(self, subject: Subject, heard: _Heard) -> None:
        # At least a little ahead: a subject that waits anew is not asked twice in one tick.
        deadline_ms = max(heard.at_count_ms + self._limit_ms(subject), heard.counter.now_ms + 1)
        heapq.heappush(self._deadlines.setdefault(heard.counter.schedule, []), (deadline_ms, subject))
        heard.waiting = True


def is_open(schedule: Schedule, wall_ms: int) -> bool:
    """Whether a clinic of this schedule is open; one whose hours can't be read always is."""
    if not schedule.opening_hours:
        return True
    try:
        week = parse_hours(schedule.opening_hours)
    except ValueError:
        return True
    return within(week, zone_or_utc(schedule.timezone), wall_ms)
