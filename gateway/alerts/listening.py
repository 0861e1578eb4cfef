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
class _Heard:
    """Changed in place: every message of every device does."""

    schedule: Schedule
    at_count_ms: int
    """What the schedule's counter showed when the subject was heard."""
    received_ms: int
    live: bool
    """Whether it was heard since the gateway started; before, it is only known to have been heard once."""


class Counters:
    """For each schedule, how long the gateway has listened within its hours."""

    def __init__(self) -> None:
        self._counts_ms: dict[Schedule, int] = {}

    def now_ms(self, schedule: Schedule) -> int:
        count_ms = self._counts_ms.get(schedule)
        if count_ms is None:
            count_ms = self._counts_ms[schedule] = 0
        return count_ms

    def listen(self, for_ms: int, wall_ms: int) -> None:
        """So much more time has passed in which every device could have been heard."""
        for schedule in self._counts_ms:
            if is_open(schedule, wall_ms):
                self._counts_ms[schedule] += for_ms


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
        self._waiting: set[Subject] = set()

    def hear(self, subject: Subject, received_ms: int, *, live: bool) -> bool:
        """Something of the subject was received then; says whether that is new. Not `live`: before the start."""
        before = self._heard.get(subject)
        if before is None:
            schedule = self._schedule_of(subject)
            self._heard[subject] = _Heard(schedule, self._counters.now_ms(schedule), received_ms, live)
        elif before.received_ms == received_ms:
            return False
        else:
            # Other hours count from the next deadline on: they change seldom, and who is heard changes all the time.
            schedule = before.schedule
            before.at_count_ms = self._counters.now_ms(schedule)
            before.received_ms = received_ms
            before.live = live
        if subject not in self._waiting:
            self._wait(subject, schedule)
        return True

    def silent_ms(self, subject: Subject) -> int:
        """How long the subject has been silent; 0 where it was never heard."""
        heard = self._heard.get(subject)
        return 0 if heard is None else self._counters.now_ms(heard.schedule) - heard.at_count_ms

    def heard_live(self, subject: Subject) -> bool:
        """Whether the subject was heard since the gateway started."""
        heard = self._heard.get(subject)
        return heard is not None and heard.live

    def due(self) -> Iterator[Subject]:
        """Subjects whose limit has come since the last call; each once until it is heard again."""
        for schedule, deadlines in tuple(self._deadlines.items()):
            now_ms = self._counters.now_ms(schedule)
            while deadlines and deadlines[0][0] <= now_ms:
                _, subject = heapq.heappop(deadlines)
                self._waiting.discard(subject)
                if self._follow(subject) and self.silent_ms(subject) >= self._limit_ms(subject):
                    yield subject
                else:
                    self._wait(subject, self._heard[subject].schedule)

    def _follow(self, subject: Subject) -> bool:
        """Takes over the silence so far where the subject's hours have changed; False where it is to wait anew."""
        heard = self._heard[subject]
        schedule = self._schedule_of(subject)
        if schedule == heard.schedule:
            return True
        so_far_ms = self.silent_ms(subject)
        heard.schedule, heard.at_count_ms = schedule, self._counters.now_ms(schedule) - so_far_ms
        return False

    def _wait(self, subject: Subject, schedule: Schedule) -> None:
        # At least a little ahead: a subject that waits anew is not asked twice in one tick.
        deadline_ms = max(
            self._heard[subject].at_count_ms + self._limit_ms(subject), self._counters.now_ms(schedule) + 1
        )
        heapq.heappush(self._deadlines.setdefault(schedule, []), (deadline_ms, subject))
        self._waiting.add(subject)


def is_open(schedule: Schedule, wall_ms: int) -> bool:
    """Whether a clinic of this schedule is open; one whose hours can't be read always is."""
    if not schedule.opening_hours:
        return True
    try:
        week = parse_hours(schedule.opening_hours)
    except ValueError:
        return True
    return within(week, zone_or_utc(schedule.timezone), wall_ms)
