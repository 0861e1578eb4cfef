"""Sums for reports: sessions by day, firings, forecasts with what came of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from gateway.store.forecast_rows import IssuedForecast
from gateway.store.report_base import Firing, Use
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.forecasts import ISSUED, named_issued
from schemas.work import ReplaceReason

_SUMS: Final = (
    "count(*), sum(s.strikes), sum(coalesce(max(s.ended_ms - s.started_ms, 0), 0)), sum(s.power_source = 'mains')"
)
_OF_DEVICES: Final = (
    " AND s.device_no IN (SELECT device_no FROM devices WHERE device_id IN (SELECT value FROM json_each(?)))"
)
_SERIALS: Final = "n.serial IN (SELECT value FROM json_each(?))"


class ReportReads(Part):
    """See `gateway.store.report_base`."""

    async def clinic_use(self, bounds_ms: Sequence[int], device_ids: Sequence[str] | None) -> tuple[Use, ...]:
        """A query for each stretch: their bounds are local midnights, which no fixed step hits."""
        some = device_ids is not None
        found: list[Use] = []
        async with self._db.readers.snapshot() as connection:
            for since_ms, until_ms in pairwise(bounds_ms):
                rows = await fetch(
                    connection,
                    f"SELECT c.clinic_id, ?, {_SUMS} FROM sessions s JOIN clinics c USING (clinic_no)"
                    f" WHERE s.at_ms >= ? AND s.at_ms < ?{_OF_DEVICES if some else ''}"
                    " GROUP BY s.clinic_no ORDER BY c.clinic_id",
                    (since_ms, since_ms, until_ms, *((json.dumps(list(device_ids or ())),) if some else ())),
                )
                found += (Use(*row) for row in rows)
        return tuple(found)

    async def device_use_between(self, since_ms: int, until_ms: int) -> tuple[Use, ...]:
        """By device, in order of id."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT d.device_id, ?, {_SUMS} FROM sessions s JOIN devices d USING (device_no)"
                " WHERE s.at_ms >= ? AND s.at_ms < ? GROUP BY s.device_no ORDER BY d.device_id",
                (since_ms, since_ms, until_ms),
            )
        return tuple(Use(*row) for row in rows)

    async def first_session_ms(self) -> int | None:
        """When the first session that is kept ended."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT min(at_ms) FROM sessions")
        return None if row is None or row[0] is None else int(row[0])

    async def firings(self, since_ms: int, until_ms: int) -> tuple[Firing, ...]:
        """Each change to firing, with the next change from it to resolved."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT a.rule, a.subject, a.clinic_id, a.device_id, h.severity, h.at_ms, (SELECT min(r.at_ms) FROM"
                " alert_history r WHERE r.alert_id = h.alert_id AND r.history_no > h.history_no"
                " AND r.to_state = 'resolved') AS over_ms, a.acknowledged_ms"
                " FROM alert_history h JOIN alerts a USING (alert_id) WHERE h.to_state = 'firing'"
                " AND h.from_state IS NOT 'firing' AND h.at_ms >= ? AND h.at_ms < ? ORDER BY h.at_ms, h.history_no",
                (since_ms, until_ms),
            )
        return tuple(Firing(*row) for row in rows)

    async def newest_forecasts(self, serials: Sequence[str], until_ms: int) -> tuple[IssuedForecast, ...]:
        """The last forecast of each nozzle made before `until_ms`, in order of serial."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {ISSUED} FROM nozzles n JOIN wear_forecasts f ON f.nozzle_no = n.nozzle_no"
                " AND (f.day, f.tenth) = (SELECT day, tenth FROM wear_forecasts w WHERE w.nozzle_no = n.nozzle_no"
                " AND w.as_of_ms < ? ORDER BY day DESC, as_of_ms DESC, tenth DESC LIMIT 1)"
                f" WHERE {_SERIALS} ORDER BY n.serial",
                (until_ms, json.dumps(list(serials))),
            )
        return tuple(named_issued(row) for row in rows)

    async def settled_forecasts(self, since_ms: int, until_ms: int) -> tuple[IssuedForecast, ...]:
        """In order of (serial, day)."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {ISSUED} FROM wear_forecasts f JOIN nozzles n USING (nozzle_no)"
                " WHERE f.scored_ms >= ? AND f.scored_ms < ? ORDER BY n.serial, f.day",
                (since_ms, until_ms),
            )
        return tuple(named_issued(row) for row in rows)

    async def claim_reasons(self, serials: Sequence[str]) -> tuple[tuple[str, ReplaceReason], ...]:
        """In order of serial."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT subject, claim_reason FROM work_orders WHERE kind = 'nozzle' AND claim_reason IS NOT NULL"
                " AND subject IN (SELECT value FROM json_each(?)) ORDER BY subject, order_id",
                (json.dumps(list(serials)),),
            )
        return tuple((row[0], row[1]) for row in rows)
