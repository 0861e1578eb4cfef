"""The archiver: beside the gateway, it brings into files what is past its time, so that the store may let it go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from gateway.clock import Clock
from gateway.errors import SilverpointError
from gateway.events import Events
from gateway.export.archiving import archive_apart
from gateway.store.archive_base import ArchiveStore

_REST_S: Final = 600.0


class Archiver:
    """Needs pyarrow, and a folder that is there."""

    def __init__(self, store: ArchiveStore, store_url: str, folder: Path, clock: Clock, events: Events) -> None:
        self._store = store
        self._store_url = store_url
        self._folder = folder
        self._clock = clock
        self._events = events

    async def run(self, rest: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Archives what is due, then rests; what fails is tried again after the rest, and nothing goes meanwhile."""
        while True:
            try:
                while await self.step():
                    pass
            except SilverpointError as error:
                self._events.archiving_failed(str(error))
            await rest(_REST_S)

    async def step(self) -> bool:
        """Archives one file; False: nothing is due, or the day must be looked at again later."""
        job = await self._store.archive_job(self._clock.now_ms())
        if job is None:
            return False
        archived = await archive_apart(self._store_url, self._folder, job)
        noted = await self._store.note_archived(archived.file, archived.keys, self._clock.now_ms())
        if noted:
            self._events.samples_archived(archived.file.name, archived.file.samples)
        return noted
