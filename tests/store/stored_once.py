"""What the stores of earlier versions in databases/ were filled with, by the program of their version.

A new one is made before the next migration is: `python -m tests.store.stored_once > tests/store/databases/v16.sql`.
It writes by the store's own methods only, so that it tells what that version really left behind.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.store.forecast_rows import IssuedForecast, StoredFit
from gateway.store.notify_rows import NotificationSettings
from gateway.store.rows import Batch, Marks
from gateway.store.service_rows import AlertChange, Retention, Token, User
from gateway.store.sqlite import SqliteStore, Tuning
from gateway.store.work_base import OrderChange, OrderHistory, SpareRow
from schemas.access import Scope
from schemas.alert import Matchers, Silence
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel
from schemas.work import WorkOrder
from tests.store.store_records import (
    AUDIT,
    DAY_MS,
    NOW_MS,
    alert,
    ledger_row,
    rejected,
    sample,
    session,
    settle,
    sighting,
    state,
    swap,
)

SEALED, HOT = 6, 2
REGISTRY = (
    Clinic(clinic_id="clinic-1", name="North", timezone="Europe/Berlin"),
    DeviceEntry(device_id="dev-1", label="Room 2", state="repair"),
    Lot(lot="L-1", model="SN-9", recalled_ms=NOW_MS),
    NozzleModel(model="SN-9", rated_strikes=900_000, price=12.5, fits=("SP-2",)),
)
ADA = User("ada", "manager", Scope(frozenset({"clinic-1"}), None), NOW_MS)
BOARD = Token("board", "vendor", Scope(None, frozenset({"SN-9"})), NOW_MS)
ORDER = WorkOrder(
    0, 0, "nozzle", "noz-1", "clinic-1", "dev-1", "open", "nozzle_due", "warning", "nozzle noz-1 is due", NOW_MS,
    "gateway", assignee="ada",
)  # fmt: skip
OPENED = OrderHistory(NOW_MS, NOW_MS + 1, "gateway", "opened", "open", "nozzle noz-1 is due")
SPARE = SpareRow("clinic", "clinic-1", "SN-9", 3, NOW_MS)
SILENCE = Silence(0, "silence", Matchers(clinic_id="clinic-1"), NOW_MS, NOW_MS + DAY_MS, False, "move", "ada", NOW_MS)
SETTINGS = NotificationSettings("ada", (("email", "ada@clinic.example"),), "Europe/Berlin", "22:00-07:00")
FIT = StoredFit(0, "SN-9", NOW_MS, 5, 3, b"{}")
LEFT = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
ISSUED = IssuedForecast(
    "noz-1", NOW_MS // DAY_MS, NOW_MS, "model SN-9", 1, 7_000, 0.31, LEFT, LEFT, None, "2026-04-01", tenth=3
)


async def fill(store: SqliteStore) -> None:
    """Something of everything, by the store's own methods."""
    await store.commit(Batch(samples=tuple(sample(seq) for seq in range(SEALED))))
    await settle(store)
    await store.commit(
        Batch(
            samples=tuple(sample(seq) for seq in range(SEALED, SEALED + HOT)),
            sessions=(session(9),),
            nozzle_events=(swap(10),),
            marks=(Marks("dev-1", "boot-1", ((0, 7), (9, 10)), (), (), NOW_MS),),
            devices=(state(sample(7)),),
            sightings=(sighting(),),
            ledger=(ledger_row(10),),
            quarantine=(rejected(),),
        )
    )
    await store.save_registry(REGISTRY, AUDIT)
    await store.save_user(ADA, "hash", AUDIT)
    await store.save_token(BOARD, "token-hash", AUDIT)
    (opened,) = await store.apply_alerts([AlertChange(alert(), None, NOW_MS, "over limit")], mark=1)
    firing = replace(opened, state="firing", firing_since_ms=NOW_MS + 1)
    await store.apply_alerts([AlertChange(firing, "pending", NOW_MS + 1, "held")], mark=2)
    await store.apply_orders([OrderChange(ORDER, 0, (OPENED,))])
    await store.save_spare(SPARE, AUDIT)
    await store.add_silence(SILENCE, AUDIT)
    await store.save_notification_settings(SETTINGS, AUDIT)
    await store.save_fit(FIT)
    await store.issue_forecasts([ISSUED])


async def everything(store: SqliteStore) -> dict[str, Any]:
    """What the store says of it, by name."""
    fleet, history = await store.load_fleet(), await store.device_history("dev-1")
    return {
        "devices": fleet.devices,
        "sightings": fleet.sightings,
        "ledger": fleet.ledger,
        "marks": fleet.marks,
        "samples": history.samples,
        "sessions": history.sessions,
        "swaps": history.nozzle_events,
        "rollups": await store.rollups("dev-1", 0, 2 * NOW_MS),
        "quarantine": await store.quarantine(limit=9, before=None),
        "registry": set(await store.load_registry()),
        "user": await store.user("ada"),
        "token": await store.token("token-hash"),
        "audit": await store.audit(limit=99, before=None),
        "alerts": await store.alerts(limit=9, before=None),
        "alert_history": await store.alert_history(1),
        "touched": await store.touched_alerts(),
        "orders": await store.work_orders(limit=9, before=None),
        "order_history": await store.order_history(1),
        "spares": await store.spares(),
        "silences": await store.silences(limit=9, before=None),
        "settings": await store.notification_settings(),
        "fits": await store.latest_fits(),
        "issued": await store.issued_forecasts("noz-1"),
        "firmware": await store.firmware_history(),
    }


async def opened(path: Path) -> SqliteStore:
    """Small enough steps that a few samples are sealed."""
    tuning = Tuning(seal_rows=SEALED, seal_step_rows=3, clear_step_rows=4, delete_step_rows=3)
    return await SqliteStore.open(str(path), retention=Retention(samples_days=30), tuning=tuning)


def dump(path: Path) -> str:
    """The file as SQL, with its version."""
    connection = sqlite3.connect(path)
    names = ("user_version", "application_id")
    pragmas = [f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};" for name in names]
    text = "\n".join([*connection.iterdump(), *pragmas]) + "\n"
    connection.close()
    return text


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        store = await opened(path)
        await fill(store)
        await store.close()
        sys.stdout.write(dump(path))


if __name__ == "__main__":
    asyncio.run(_main())
