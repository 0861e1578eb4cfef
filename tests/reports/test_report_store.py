"""What reports read of a store: the sums are right, and a store opened to be read stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.store.open import open_reading
from gateway.store.report_base import Use
from gateway.store.rows import Batch
from gateway.store.service_rows import AlertChange
from gateway.store.sqlite import SqliteStore
from tests.alerts.site import HOUR_MS, T0_MS
from tests.store.store_records import DAY_MS, NOW_MS, alert, marks, session, state


async def test_sessions_are_summed_by_clinic_and_day_and_by_device(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(tmp_path / "s.db"))
    said = [session(seq, event_ms=NOW_MS + seq * 6 * HOUR_MS) for seq in range(1, 9)]
    await store.commit(Batch(sessions=tuple(said), marks=(marks((1, 8)),), devices=(state(),)))
    reading = await open_reading(f"sqlite:///{tmp_path / 's.db'}")
    bounds = [NOW_MS, NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS, NOW_MS + 3 * DAY_MS]
    found = await reading.clinic_use(bounds, None)
    assert [(use.place, use.start_ms) for use in found] == [("clinic-1", ms) for ms in bounds[:-1]][: len(found)]
    assert sum(use.sessions for use in found) == len(said)
    assert sum(use.strikes for use in found) == sum(row.session.strikes for row in said)
    assert await reading.clinic_use(bounds, ["another"]) == ()
    assert await reading.clinic_use(bounds, ["dev-1"]) == found
    (used,) = await reading.device_use_between(bounds[0], bounds[-1])
    assert used == Use("dev-1", NOW_MS, *(sum(getattr(use, name) for use in found) for name in Use._fields[2:]))
    first_ms = await reading.first_session_ms()
    assert first_ms is not None
    assert NOW_MS - DAY_MS < first_ms <= NOW_MS + 6 * HOUR_MS
    await reading.close()
    await store.close()


async def test_an_alert_that_opens_again_fires_again(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(tmp_path / "s.db"))
    at = T0_MS
    first = alert(state="firing", firing_since_ms=at, pending_since_ms=at, resolved_ms=None)
    (made,) = await store.apply_alerts([AlertChange(first, None, at, "")], 1)

    def changed(to: str, expected: str, ms: int) -> AlertChange:
        from dataclasses import replace

        over = ms if to == "resolved" else None
        return AlertChange(replace(made, state=to, resolved_ms=over), expected, ms, "")  # type: ignore[arg-type]

    for step in (("resolved", "firing", at + 50), ("firing", "resolved", at + 90), ("resolved", "firing", at + 120)):
        await store.apply_alerts([changed(*step)], 2)
    found = await store.firings(at, at + 1_000)
    assert [(one.fired_ms, one.resolved_ms) for one in found] == [(at, at + 50), (at + 90, at + 120)]
    assert await store.firings(at + 1, at + 90) == ()
    await store.close()


async def test_a_store_that_is_read_is_neither_made_nor_migrated_nor_written(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with pytest.raises(StoreError, match="there is no store"):
        await open_reading(f"sqlite:///{path}")
    assert not path.exists()
    await (await SqliteStore.open(str(path))).close()
    reading = await open_reading(f"sqlite:///{path}")
    with pytest.raises(StoreError):
        await reading.secret("something")
    await reading.close()


async def test_an_older_store_is_left_to_its_gateway(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "s.db"
    await (await SqliteStore.open(str(path))).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="silverpoint store migrate"):
        await open_reading(f"sqlite:///{path}")
