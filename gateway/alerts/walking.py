"""Walking: the readings of a device between two looks at it, so that none is passed over.

A look sees a device as it stands. Where more than one record came since the last look (a backlog, a fast replay), the
store has what was in between, and the rules go through it in the order of receipt: the same history raises the same
alerts, however fast it came in and wherever the gateway was killed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from gateway.store.rows import DeviceState, LedgerRow, SamplePoint, TimedSample

PAGE: Final = 5_000
WORTH_READING_MS: Final = 60_000
"""Less time than this between two looks holds nothing that a rule with a hold would tell, and the store is asked for
each device: a fleet that says much in a second would keep it busy with nothing else."""
BEFORE_MS: Final = 6 * 3_600_000
"""How far back the reading before a stretch is looked for, and the beginning of its session: what runs after so long
without a word is another session."""
_DAY_MS: Final = 86_400_000
_FIRST_BACK_MS: Final = 40 * _DAY_MS
"""How much of the past of a device that nobody has looked at yet counts."""
_MOST_STARTS: Final = 5_000
_NOTHING_NEW: Final = 2**62
_WALKS_BACK: Final = ((200, _FIRST_BACK_MS), (5_000, 2 * _DAY_MS))
"""How far a start walks back that does not know where the last run was, by how many devices it had not looked at."""


class Readings(Protocol):
    """Where readings are kept."""

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]: ...


class Stretch(NamedTuple):
    """What came of a device since the last look: `before` is how it stood then (None: that has to be read too), and
    readings from `since_ms` on are to be read; None: there are none but its latest."""

    before: DeviceState | None
    since_ms: int | None


class Walker:
    """Knows how each device stood when it was looked at last."""

    def __init__(self) -> None:
        self._looked: dict[str, DeviceState] = {}
        self._back_ms = _FIRST_BACK_MS
        self._resume: dict[str, int] = {}
        self._unread_starts: set[str] = set()

    def looked_at(self, states: Sequence[DeviceState]) -> None:
        """Everything of the devices up to their latest samples counts as looked at."""
        looked = self._looked
        for state in states:
            looked[state.device_id] = state
        if self._resume or self._unread_starts:
            for state in states:
                self._resume.pop(state.device_id, None)
                self._unread_starts.discard(state.device_id)

    def before(self, state: DeviceState) -> DeviceState | None:
        """How the device stood when it was looked at last."""
        return self._looked.get(state.device_id)

    def is_rewritten(self, state: DeviceState, ledger: Sequence[LedgerRow]) -> bool:
        """Of a device whose ledger has changed: whether it was looked at before that, or something in its ledger came
        after its latest sample. What a swap means depends on when it was known."""
        if state.device_id in self._looked:
            return True
        latest_ms = state.latest.received_ms if state.latest is not None else 0
        return any(row.received_ms is None or row.received_ms > latest_ms for row in ledger)

    def resume(self, waiting: Collection[str], since_ms: Mapping[str, int] | None) -> None:
        """The run before has not looked at everything of the devices in `waiting`; `since_ms`: from where on, None
        where that is not known."""
        if since_ms is None:
            self._back_ms = next((back_ms for most, back_ms in _WALKS_BACK if len(waiting) <= most), 0)
            return
        self._resume = {device_id: since_ms.get(device_id, _NOTHING_NEW) for device_id in waiting}

    def read_starts(self, device_ids: Collection[str]) -> None:
        """Of these devices a session is running, and since when is not known."""
        if len(device_ids) <= _MOST_STARTS:
            self._unread_starts.update(device_ids)

    def astray(self, states: Iterable[DeviceState]) -> Iterator[DeviceState]:
        """The devices with a stretch to be gone through. Of most the latest reading is the next one after that of the
        last look, which is told at once."""
        before_of, unread_starts = self._looked.get, self._unread_starts
        for state in states:
            before, latest = before_of(state.device_id), state.latest
            if before is not None and latest is not None and (last := before.latest) is not None and not unread_starts:
                old, new = last.sample, latest.sample
                if new.seq == old.seq + 1 and new.boot_id == old.boot_id:
                    continue
            if self.stretch(state) is not None:
                yield state

    def stretch(self, state: DeviceState) -> Stretch | None:
        """What is to be gone through before the device as it stands; None where nothing is, as mostly."""
        before, latest = self._looked.get(state.device_id), state.latest
        if latest is None or before is state:
            return None
        if before is None or before.latest is None:
            return self._first(state, latest)
        if state.device_id in self._unread_starts:
            return Stretch(None, before.latest.event_ms + 1)
        old, new = before.latest.sample, latest.sample
        if new.seq == old.seq + 1 and new.boot_id == old.boot_id:
            return None
        since_ms = before.latest.event_ms + 1
        if latest.event_ms - since_ms < WORTH_READING_MS:
            return None
        return Stretch(before, since_ms)

    def _first(self, state: DeviceState, latest: TimedSample) -> Stretch | None:
        since_ms = self._resume.get(state.device_id)
        if since_ms is not None:
            return None if since_ms == _NOTHING_NEW else Stretch(None, since_ms)
        if latest.sample.seq == 0 and latest.received_ms <= state.first_seen_ms:
            return None  # there is nothing before it
        return Stretch(None, latest.event_ms - self._back_ms) if self._back_ms else None


async def read_all(store: Readings, device_id: str, since_ms: int, until_ms: int) -> list[SamplePoint]:
    """Every sample with since <= event time < until, oldest first."""
    readings: list[SamplePoint] = []
    while True:
        page = await store.samples(device_id, since_ms, until_ms, PAGE)
        readings += page
        if len(page) < PAGE:
            return readings
        since_ms = page[-1].ts_ms + 1
