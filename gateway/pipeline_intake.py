"""The intake over the pipeline: recordings and released messages go the way of every other delivery."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from collectors.errors import RecordingError
from collectors.replay import ReplayCollector
from gateway.errors import InvalidInputError
from gateway.ingest.pipeline import MAX_BATCH, Pipeline
from gateway.serve.intake import Replayed
from gateway.store.rows import LedgerRow, QuarantineEntry

_NO_WAIT_MS: Final = 0


class PipelineIntake:
    """An `Intake` over a pipeline that was started; it need not run."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def release(self, entries: Sequence[QuarantineEntry]) -> Sequence[int]:
        return (await self._pipeline.release(entries)).entry_ids

    async def add_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        await self._pipeline.add_ledger_rows(rows)

    async def replay(self, path: Path) -> Replayed:
        """Raises InvalidInputError where the file can't be read; what stood before that is in."""
        recording = ReplayCollector(path)
        deliveries = stored = duplicates = rejected = 0
        try:
            while batch := await recording.take(MAX_BATCH, _NO_WAIT_MS):
                done = await self._pipeline.ingest(batch)
                deliveries += done.deliveries
                stored += done.stored
                duplicates += done.duplicates
                rejected += done.rejected
        except RecordingError as error:
            raise InvalidInputError([f"{error} (the {deliveries} deliveries before it were taken in)"]) from error
        return Replayed(deliveries, stored, duplicates, rejected, tuple(recording.mistakes))
