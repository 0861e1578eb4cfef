"""The live stream of the fleet page: server-sent events that carry only what changed, as formatted rows.

A stream begins with `hello`, then sends `change` events, and a `beat` when nothing happened for a while, so that a
page can tell a quiet fleet from a dead connection. After `hello` the page fetches the snapshot: what changed between
its making and the stream's begin is in one or the other.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi.sse import format_sse_event

from dashboards.web.pages.actions import action_lines, severity_counts
from dashboards.web.pages.kpis import Kpis, kpis_of
from dashboards.web.pages.rows import Place, RowBook, RowEntry, place_in, places_of
from dashboards.web.strings import Strings
from schemas.access import Viewer
from schemas.views import AlertView, DeviceView, FleetChange, FleetReader, FleetSummary

BEAT_S: Final = 15.0
RETRY_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What every page, snapshot and stream is made from."""

    reader: FleetReader
    book: RowBook
    now_ms: Callable[[], int]
    assets_version: str


class ChangeWriter:
    """Writes changes for one viewer as JSON, and leaves out what that viewer was told already."""

    def __init__(self, source: LiveSource, viewer: Viewer, strings: Strings) -> None:
        self._source = source
        self._viewer = viewer
        self._strings = strings
        self._places: dict[str, Place] = {}
        self._names: dict[str, str] = {}
        self._told_kpis: Kpis | None = None
        self._told_alerts: tuple[list[AlertView], list[str | None]] | None = None

    def snapshot(self, summary: FleetSummary, since_edition: int) -> str:
        """The fleet as it stands: of its rows only those that changed since an edition, all where it is unknown."""
        reader, viewer, book = self._source.reader, self._viewer, self._source.book
        whole = not book.knows(since_edition)
        self._places = places_of(reader.clinics(viewer))
        entries = self._entries(reader.devices(viewer))
        changed = [entry for entry in entries if whole or entry.edition > since_edition]
        head = {"whole": whole, "total": len(entries), "edition": book.edition}
        return self._written(changed, summary, reader.firing_alerts(viewer), head)

    def change(self, change: FleetChange) -> str:
        """What changed."""
        self._learn_places(change)
        entries = self._entries(change.devices)
        self._learn_names(change.alerts)
        return self._written(entries, change.summary, change.alerts, {})

    def _learn_places(self, change: FleetChange) -> None:
        clinic_ids = {view.clinic_id for view in change.devices} | {alert.clinic_id for alert in change.alerts}
        if not clinic_ids <= self._places.keys():
            described = places_of(self._source.reader.clinics(self._viewer))
            self._places = {id_: Place(id_, "UTC") for id_ in clinic_ids} | self._places | described

    def _learn_names(self, alerts: Sequence[AlertView]) -> None:
        for alert in alerts:
            if alert.device_id is not None and alert.device_id not in self._names:
                view = self._source.reader.device(self._viewer, alert.device_id)
                self._names[alert.device_id] = (view.label if view else "") or alert.device_id

    def _entries(self, devices: Sequence[DeviceView]) -> list[RowEntry]:
        entries = [
            self._source.book.entry(view, place_in(self._places, view.clinic_id), self._strings) for view in devices
        ]
        self._names.update((entry.row.id, entry.row.name) for entry in entries)
        return entries

    def _written(
        self,
        entries: Sequence[RowEntry],
        summary: FleetSummary,
        alerts: Sequence[AlertView],
        head: Mapping[str, object],
    ) -> str:
        parts = [f'"{name}":{_json(value)}' for name, value in head.items()]
        parts.append(f'"rows":[{",".join(entry.encoded for entry in entries)}]')
        kpis = kpis_of(summary, self._strings)
        if kpis != self._told_kpis:
            self._told_kpis = kpis
            parts.append(f'"kpis":{_json(_kpis_object(kpis))}')
        named_alerts = (list(alerts), [self._names.get(alert.device_id or "") for alert in alerts])
        if named_alerts != self._told_alerts:
            self._told_alerts = named_alerts
            lines = action_lines(alerts, self._names, self._places, self._strings)
            counts = severity_counts(lines, self._strings.fleet)
            parts.append(f'"actions":{_json({"lines": lines, "counts": counts})}')
        return f"{{{','.join(parts)}}}"


async def live_stream(
    source: LiveSource,
    viewer: Viewer,
    strings: Strings,
    still_viewer: Callable[[], Awaitable[Viewer | None]],
    beat_s: float = BEAT_S,
) -> AsyncIterator[bytes]:
    """The events of one viewer's page, until the reader's changes end or the viewer is no longer who they were.

    `still_viewer` says at each beat who the viewer is now: signed out, or with another scope, the page gets `bye`
    and loads again.
    """
    writer = ChangeWriter(source, viewer, strings)
    changes = source.reader.changes(viewer)
    pending = asyncio.ensure_future(anext(changes, None))
    loop = asyncio.get_running_loop()
    try:
        await asyncio.sleep(0)  # the reader follows the fleet from here on, before the page asks for the snapshot
        hello = _json({"nowMs": source.now_ms(), "version": source.assets_version})
        yield format_sse_event(event="hello", data_str=hello, retry=RETRY_MS)
        next_beat_s = loop.time() + beat_s
        while True:
            await asyncio.wait((pending,), timeout=max(0.0, next_beat_s - loop.time()))
            if pending.done():
                change = pending.result()
                if change is None:
                    return
                pending = asyncio.ensure_future(anext(changes, None))
                yield format_sse_event(event="change", data_str=writer.change(change))
            if loop.time() >= next_beat_s:
                if await still_viewer() != viewer:
                    yield format_sse_event(event="bye", data_str="{}")
                    return
                next_beat_s = loop.time() + beat_s
                yield format_sse_event(event="beat", data_str=_json({"nowMs": source.now_ms()}))
    finally:
        await end_following(changes, pending)


async def end_following(changes: AsyncIterator[FleetChange], pending: asyncio.Future[FleetChange | None]) -> None:
    """Lets go of the reader's changes, in the middle of a wait too."""
    pending.cancel()
    await asyncio.wait((pending,))
    close = getattr(changes, "aclose", None)
    if close is not None:
        await close()


def _kpis_object(kpis: Kpis) -> dict[str, object]:
    return {**kpis._asdict(), "segments": [segment._asdict() for segment in kpis.segments]}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
