"""History: what the store keeps of devices, as a viewer may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.export.sample_archive import SampleArchive
from gateway.serve.paged import CHUNK_ROWS, Page, filled_page
from gateway.serve.sight import Sight
from gateway.store.base import ReadStore
from gateway.store.rows import SamplePoint, TimedSession
from schemas.access import Viewer

SessionCursor: TypeAlias = tuple[int, str, str, int]
_DAY_MS: Final = 86_400_000


class DayCount(NamedTuple):
    """Sessions of one clinic that ended on one UTC day. `clinic_id` is the real one."""

    clinic_id: str
    day_ms: int
    sessions: int


class HistoryReader:
    """Reads the store on behalf of a viewer; records of other clinics and models are left out."""

    def __init__(self, store: ReadStore, sight: Sight, archive: SampleArchive | None = None) -> None:
        self._store = store
        self._sight = sight
        self._archive = archive

    async def samples(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int, points: int
    ) -> Sequence[SamplePoint]:
        """The device's series, at most `points` of it, in order of time."""
        series: Sequence[SamplePoint] = await self._store.sample_series(device_id, since_ms, until_ms, points)
        if self._archive is not None:
            series = await self._archive.with_archived(series, device_id, since_ms, until_ms, points)
        sees = self._sight.sees_record
        return [point for point in series if sees(viewer, device_id, point.clinic_id, point.nozzle_serial)]

    async def sessions(
        self,
        viewer: Viewer,
        *,
        device_id: str | None,
        since_ms: int,
        until_ms: int,
        limit: int,
        before: SessionCursor | None,
    ) -> Page[TimedSession, SessionCursor]:
        """Sessions of one device, or of all in scope, newest first."""

        async def fetch(rows: int, behind: SessionCursor | None) -> Sequence[TimedSession]:
            return await self._store.sessions(
                device_id=device_id, since_ms=since_ms, until_ms=until_ms, limit=rows, before=behind
            )

        return await filled_page(
            fetch, cursor_of=_cursor_of, keep=lambda row: self._sees(viewer, row), limit=limit, before=before
        )

    async def sessions_by_day(self, viewer: Viewer, since_ms: int, until_ms: int) -> Sequence[DayCount]:
        """Counts of (clinic, day) in order of (day, clinic); days without a session are left out."""
        if viewer.scope.models is None:
            rows = [DayCount(*row) for row in await self._store.sessions_by_day(since_ms, until_ms)]
            counts = [row for row in rows if viewer.scope.sees_clinic(row.clinic_id)]
        else:
            counts = await self._counted(viewer, since_ms, until_ms)
        return sorted(counts, key=lambda row: (row.day_ms, row.clinic_id))

    async def sessions_since(self, viewer: Viewer, since_ms: int, now_ms: int) -> int:
        """How many sessions in scope ended since."""
        return sum(row.sessions for row in await self.sessions_by_day(viewer, since_ms, now_ms + 1))

    async def _counted(self, viewer: Viewer, since_ms: int, until_ms: int) -> list[DayCount]:
        """Counts for a scope of models, which the store's daily counts don't know."""
        counts: Counter[tuple[str, int]] = Counter()
        async for row in self._all_sessions(since_ms, until_ms):
            if self._sees(viewer, row):
                counts[(row.session.clinic_id, row.event_ms - row.event_ms % _DAY_MS)] += 1
        return [DayCount(clinic_id, day_ms, sessions) for (clinic_id, day_ms), sessions in counts.items()]

    async def _all_sessions(self, since_ms: int, until_ms: int) -> AsyncIterator[TimedSession]:
        before: SessionCursor | None = None
        while True:
            rows = await self._store.sessions(
                device_id=None, since_ms=since_ms, until_ms=until_ms, limit=CHUNK_ROWS, before=before
            )
            for row in rows:
                yield row
            if len(rows) < CHUNK_ROWS:
                return
            before = _cursor_of(rows[-1])

    def _sees(self, viewer: Viewer, row: TimedSession) -> bool:
        session = row.session
        return self._sight.sees_record(viewer, session.device_id, session.clinic_id, session.nozzle_serial)


def _cursor_of(row: TimedSession) -> SessionCursor:
    return (row.event_ms, row.session.device_id, row.session.boot_id, row.session.seq)
