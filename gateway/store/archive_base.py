"""What a store must do so that samples are archived before they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

STRAYS: Final = -1
"""In place of a day: samples whose time lies outside what is kept by day."""

SampleKey: TypeAlias = tuple[int, int, int, int]
"""(device_no, event_ms, boot_no, seq), as the store numbers them."""


class ArchiveJob(NamedTuple):
    """What is to be archived next: a day (UTC, since the epoch), or strays from before `before_ms`."""

    day: int
    before_ms: int
    number: int
    """Of the file of strays."""


class ArchivedFile(NamedTuple):
    """A file of the archive; `name` from the archive's folder. first_ms <= event times <= last_ms."""

    name: str
    day: int
    samples: int
    first_ms: int
    last_ms: int


class ArchiveStore(Protocol):
    """With `Retention.archived` no sample goes before the file that has it is noted."""

    async def archive_job(self, now_ms: int) -> ArchiveJob | None:
        """The oldest that is past its time and in no file yet; None: nothing just now."""
        ...

    async def note_archived(self, file: ArchivedFile, keys: Sequence[SampleKey], now_ms: int) -> bool:
        """Notes a file that is on disk for good, in one transaction with what follows: from then on the day's own
        table may go, the strays of these keys are gone. False, and nothing noted, where the day has grown since."""
        ...

    async def archives(self) -> tuple[ArchivedFile, ...]:
        """Every file, in order of name."""
        ...
