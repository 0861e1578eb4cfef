"""The board: the fleet page's rows, figures and lines, kept up to date once for all viewers of one sight and language.

A page shows a hundred rows; the board knows of all devices only what they are sorted and found by, and formats a row
when somebody looks at it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dashboards.web.fleet_index import FleetIndex, Found
from dashboards.web.lines import AlertLines
from dashboards.web.pages.asked import TableAsked
from dashboards.web.pages.facts import facts_of
from dashboards.web.pages.fleet import Chip, chips_of
from dashboards.web.pages.kpis import Kpis, kpis_of
from dashboards.web.pages.outlook import OutlookText, outlook_text
from dashboards.web.pages.rows import Place, RowBook, RowEntry, place_in, places_of
from dashboards.web.strings import Strings
from schemas.access import Viewer
from schemas.page_views import PageReader
from schemas.views import DeviceView, FleetChange, FleetReader, FleetSummary

_SLICE: Final = 50
_REMEMBERED: Final = 64
"""So many changes back a stream may be and still be told only what has changed."""


@dataclass(frozen=True, slots=True)
class BoardSource:
    """What boards are made from."""

    reader: FleetReader
    pages: PageReader
    book: RowBook


class FleetBoard:
    """One sight in one language. `fill` it once, then `take` every change in order."""

    def __init__(self, source: BoardSource, viewer: Viewer, strings: Strings) -> None:
        self._source = source
        self._viewer = viewer
        self.strings = strings
        self._views: dict[str, DeviceView] = {}
        self._places: dict[str, Place] = {}
        self._index = FleetIndex()
        self._found: dict[TableAsked, tuple[int, Found]] = {}
        self._log: deque[tuple[int, frozenset[str]]] = deque(maxlen=_REMEMBERED)
        self.lines = AlertLines(strings)
        self.version = 0
        self.summary: FleetSummary | None = None
        self.outlook: OutlookText | None = None
        self.outlook_json = "null"
        self.kpis_json = "null"
        self.actions_json = "null"

    async def fill(self, beginning: FleetChange) -> None:
        """Takes in the whole fleet, and lets others have their turn between."""
        self._learn_places()
        self.lines.take(beginning.alerts, self._views, self._places)
        views = await self._source.reader.standing(self._viewer)
        self._views = {view.id: view for view in views}
        self.lines.take(beginning.alerts, self._views, self._places, anew=True)
        await self._put_all(views)
        self._tell(beginning.summary, frozenset(self._views))

    async def take(self, change: FleetChange) -> None:
        """Takes in what has changed, and lets others have their turn between."""
        told = frozenset(view.id for view in change.devices)
        if any(view.clinic_id not in self._places or view.id not in self._views for view in change.devices):
            self._learn_places()
        self._views.update((view.id, view) for view in change.devices)
        touched = self.lines.take(change.alerts, self._views, self._places)
        await self._put_all([self._views[device_id] for device_id in told | (touched & self._views.keys())])
        self._tell(change.summary, told | touched)

    async def look_ahead(self) -> None:
        """Asks for the outlook again, and for the names of clinics. Raises what the reader raises."""
        outlook = outlook_text(await self._source.pages.outlook(self._viewer), self.strings)
        if outlook != self.outlook:
            self.outlook = outlook
            self.outlook_json = to_json(
                {**outlook._asdict(), "horizons": [each._asdict() for each in outlook.horizons]}
            )
            self.version += 1
        self._learn_places()

    def find(self, asked: TableAsked, now_ms: int) -> Found:
        """The page that is asked for."""
        kept = self._found.get(asked)
        if kept is not None and kept[0] == self.version:
            return kept[1]
        found = self._index.find(asked, _ordinal(now_ms))
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        self._found[asked] = (self.version, found)
        return found

    def entries(self, ids: Iterable[str]) -> list[RowEntry]:
        """The rows of those devices that there are."""
        return [
            self._source.book.entry(
                view, place_in(self._places, view.clinic_id), self.strings, self.lines.badges(device_id)
            )
            for device_id in ids
            if (view := self._views.get(device_id)) is not None
        ]

    @property
    def edition(self) -> int:
        """The last edition of any row."""
        return self._source.book.edition

    def knows(self, edition: int) -> bool:
        """Whether what changed since that edition can be said."""
        return self._source.book.knows(edition)

    @property
    def kpis(self) -> Kpis:
        """The figures. The board must have been filled."""
        assert self.summary is not None
        return kpis_of(self.summary, self.strings)

    @property
    def total(self) -> int:
        return len(self._views)

    def chips(self, asked: TableAsked, now_ms: int) -> tuple[Chip, ...]:
        """The filters with how many devices each lets through."""
        return chips_of(asked, self._index.counts(_ordinal(now_ms)), self.strings)

    def changed_since(self, version: int) -> frozenset[str] | None:
        """The devices that changed after that version; None where that is too long ago to say."""
        if version >= self.version:
            return frozenset()
        later = [ids for of, ids in self._log if of > version]
        if not self._log or self._log[0][0] > version + 1:
            return None
        return frozenset().union(*later)

    async def _put_all(self, views: Sequence[DeviceView]) -> None:
        for start in range(0, len(views), _SLICE):
            for view in views[start : start + _SLICE]:
                self._put(view)
            await asyncio.sleep(0)

    def _put(self, view: DeviceView) -> None:
        place, badges = place_in(self._places, view.clinic_id), self.lines.badges(view.id)
        self._index.put(facts_of(view, place, badges, self.strings))

    def _tell(self, summary: FleetSummary, ids: frozenset[str]) -> None:
        self.summary = summary
        self.version += 1
        self._log.append((self.version, ids))
        self.kpis_json = to_json(_kpis_object(self.kpis))
        self.actions_json = self.lines.json

    def _learn_places(self) -> None:
        self._places = places_of(self._source.reader.clinics(self._viewer))


def to_json(value: object) -> str:
    """Compact, with every letter as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def rows_json(entries: Sequence[RowEntry]) -> str:
    """Rows as they travel."""
    return f"[{','.join(entry.encoded for entry in entries)}]"


def _kpis_object(kpis: Kpis) -> dict[str, object]:
    return {**kpis._asdict(), "segments": [segment._asdict() for segment in kpis.segments]}


def _ordinal(now_ms: int) -> int:
    return datetime.fromtimestamp(now_ms / 1_000, UTC).date().toordinal()
