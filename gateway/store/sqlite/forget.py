"""Forgetting a clinic that has left: all that is about it goes, the lives of its nozzles stay without its name.

What was written there (samples, sessions, swap records, alerts, orders, messages) is deleted. Ledger rows and
sightings, by which a nozzle's life is known, go over to pseudonyms made by chance, which lead back to nobody.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

import aiosqlite

from gateway.errors import NotFoundError
from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import day_table
from gateway.store.sqlite.state_rows import PAIR
from gateway.store.work_base import Forgotten

_KEPT: Final = frozenset({"devices", "clinics", "boots", "nozzles", "ledger", "sightings", "audit", "registry"})
"""Tables that are dealt with by themselves, or are kept."""
_TEXTS: Final = {
    "responses": ("response_json",),
    "outbox": ("group_key", "content_json"),
    "notify_groups": ("group_key", "told_json"),
    "quarantine": ("topic", "known_json"),
}
"""Tables whose texts may name the clinic: such rows go."""
_KEYS: Final = {"responses": "viewer, idempotency_key", "notify_groups": "receiver, group_key"}
"""What names a row of a table without a row number."""
_EACH: Final = "SELECT value FROM json_each(?)"
_ORPHANS: Final = (
    "DELETE FROM alert_history WHERE alert_id NOT IN (SELECT alert_id FROM alerts)",
    "DELETE FROM work_history WHERE order_id NOT IN (SELECT order_id FROM work_orders)",
    "DELETE FROM work_chases WHERE order_id NOT IN (SELECT order_id FROM work_orders)",
    "DELETE FROM outbox_intents WHERE alert_id NOT IN (SELECT alert_id FROM alerts)",
    "DELETE FROM notify_watch WHERE alert_id NOT IN (SELECT alert_id FROM alerts)",
    "DELETE FROM estimated WHERE boot_no NOT IN (SELECT boot_no FROM boots)",
)


class Forgetting(Part):
    """What is left to do when a clinic has left."""

    async def knows_clinic(self, clinic_id: str) -> bool:
        """Whether anything was ever heard or written of it."""
        async with self._db.readers.snapshot() as connection:
            return (
                await fetch_one(
                    connection,
                    "SELECT 1 FROM clinics WHERE clinic_id = ? UNION ALL"
                    " SELECT 1 FROM registry WHERE kind = 'clinic' AND entry_id = ?",
                    (clinic_id, clinic_id),
                )
                is not None
            )

    async def forget_clinic(self, clinic_id: str, audit: AuditRow) -> Forgotten:
        """Forgets the clinic in one transaction, then writes the file anew, so that nothing is left between the rows.

        All samples must be sealed, no gateway may run, and the store must be closed and opened again after it. It
        needs as much free space as the store has.
        Raises NotFoundError where nothing is known of the clinic.
        """
        await self._db.writer.outside_transaction("PRAGMA secure_delete = ON")
        forgotten = await self._db.writer.run(lambda connection: _forget(connection, clinic_id, audit))
        # What was written over before, in ordinary work, may still stand in free places of the file.
        await self._db.writer.outside_transaction("VACUUM")
        await self._db.writer.outside_transaction("PRAGMA wal_checkpoint(TRUNCATE)")
        return forgotten


async def _forget(connection: aiosqlite.Connection, clinic_id: str, audit: AuditRow) -> Forgotten:
    entry = await fetch_one(
        connection, "SELECT document FROM registry WHERE kind = 'clinic' AND entry_id = ?", (clinic_id,)
    )
    row = await fetch_one(connection, "SELECT clinic_no FROM clinics WHERE clinic_id = ?", (clinic_id,))
    if row is None and entry is None:
        raise NotFoundError(f"nothing is known of a clinic {clinic_id}")
    clinic_no = row[0] if row else 0
    here = await fetch(
        connection,
        "SELECT d.device_no, d.device_id FROM device_states s JOIN devices d USING (device_no) WHERE s.clinic_no = ?",
        (clinic_no,),
    )
    needles = [clinic_id, *_names(entry[0] if entry else None), *(device_id for _, device_id in here)]
    await _veil_lives(connection, clinic_no)
    rows = await _delete_rows(connection, clinic_id, clinic_no, here)
    await _delete_texts(connection, needles)
    await _delete_entries(connection, clinic_id, [device_id for _, device_id in here])
    await _narrow_scopes(connection, clinic_id)
    gone = await _delete_names(connection, [device_no for device_no, _ in here])
    await connection.execute("UPDATE clinics SET clinic_id = ? WHERE clinic_no = ?", (_pseudonym("clinic"), clinic_no))
    for orphans in _ORPHANS:
        await connection.execute(orphans)
    await write_audit(connection, audit)
    return Forgotten(devices=tuple(sorted(device_id for _, device_id in here)), names_kept=len(here) - gone, rows=rows)


async def _veil_lives(connection: aiosqlite.Connection, clinic_no: int) -> None:
    """Gives the clinic's part of the ledger to devices that nobody has."""
    concerned = await fetch(
        connection,
        "SELECT device_no FROM ledger WHERE clinic_no = ? UNION SELECT pair_no / ? FROM sightings WHERE clinic_no = ?",
        (clinic_no, PAIR, clinic_no),
    )
    for (device_no,) in concerned:
        veil_no = await _new_row(connection, "devices", "device_no", "device_id", _pseudonym("device"))
        boot = await fetch_one(
            connection,
            "INSERT INTO boots (boot_no, device_no, boot_id) VALUES"
            " ((SELECT coalesce(max(boot_no), 0) + 1 FROM boots), ?, 'forgotten') RETURNING boot_no",
            (veil_no,),
        )
        assert boot is not None
        # A boot id may be the board's serial number; the order within one millisecond stays.
        await connection.execute(
            "UPDATE ledger SET device_no = ?, boot_id = 'forgotten', reason = NULL, received_ms = NULL,"
            " seq = places.place FROM"
            " (SELECT ledger_no AS no, row_number() OVER (ORDER BY event_ms, boot_id, seq) AS place FROM ledger"
            " WHERE device_no = ? AND clinic_no = ?) AS places WHERE ledger_no = places.no",
            (veil_no, device_no, clinic_no),
        )
        await _veil_sightings(connection, device_no, clinic_no, veil_no, boot[0])
        await _take_off(connection, veil_no)


async def _veil_sightings(
    connection: aiosqlite.Connection, device_no: int, clinic_no: int, veil_no: int, boot_no: int
) -> None:
    rows = await fetch(
        connection,
        "SELECT pair_no, info FROM sightings WHERE pair_no >= ? AND pair_no < ? AND clinic_no = ?",
        (device_no * PAIR, (device_no + 1) * PAIR, clinic_no),
    )
    for pair_no, info in rows:
        said = json.loads(info) if info else None
        if said is not None:
            said[5] = "forgotten"
        await connection.execute(
            "UPDATE sightings SET pair_no = ?, last_boot_no = ?, info = ?,"
            " coating_boot_no = iif(coating_boot_no > 0, ?, coating_boot_no) WHERE pair_no = ?",
            (
                veil_no * PAIR + pair_no % PAIR,
                boot_no,
                "" if said is None else json.dumps(said, separators=(",", ":")),
                boot_no,
                pair_no,
            ),
        )


async def _take_off(connection: aiosqlite.Connection, veil_no: int) -> None:
    """What was fitted last counts as taken off when it was last seen: there is no device that it could be due on."""
    await connection.execute(
        "INSERT INTO ledger (device_no, clinic_no, event_ms, boot_id, seq, action, nozzle_no, strikes, made_by)"
        " SELECT l.device_no, l.clinic_no, max(l.event_ms, coalesce(s.last_event_ms, l.event_ms)), l.boot_id,"
        " l.seq + 1, 'removed', l.nozzle_no, s.strikes, 'inference' FROM ledger l"
        f" LEFT JOIN sightings s ON s.pair_no = l.device_no * {PAIR:d} + l.nozzle_no"
        " WHERE l.action <> 'removed' AND l.ledger_no ="
        " (SELECT ledger_no FROM ledger WHERE device_no = ? ORDER BY event_ms DESC, seq DESC LIMIT 1)",
        (veil_no,),
    )


async def _delete_rows(
    connection: aiosqlite.Connection, clinic_id: str, clinic_no: int, here: Sequence[tuple[int, str]]
) -> int:
    """What any table has of the clinic; what has no clinic goes with the devices that are there now."""
    device_nos, device_ids = json.dumps([no for no, _ in here]), json.dumps([name for _, name in here])
    deleted = 0
    days = {day_table(day): day for (day,) in await fetch(connection, "SELECT day FROM days")}
    tables = await fetch(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in tables:
        if table in _KEPT:
            continue
        columns = {row[1] for row in await fetch(connection, f"PRAGMA table_info({table})")}
        if "clinic_no" in columns:
            gone = await changed_rows(connection, f"DELETE FROM {table} WHERE clinic_no = ?", (clinic_no,))
            if table in days and gone:
                await connection.execute("UPDATE days SET samples = samples - ? WHERE day = ?", (gone, days[table]))
        elif "clinic_id" in columns:
            gone = await changed_rows(connection, f"DELETE FROM {table} WHERE clinic_id = ?", (clinic_id,))
        elif "device_no" in columns:
            gone = await changed_rows(connection, f"DELETE FROM {table} WHERE device_no IN ({_EACH})", (device_nos,))
        elif "device_id" in columns:
            gone = await changed_rows(connection, f"DELETE FROM {table} WHERE device_id IN ({_EACH})", (device_ids,))
        else:
            continue
        deleted += gone
    deleted += await changed_rows(
        connection, "DELETE FROM spares WHERE place_kind = 'clinic' AND place = ?", (clinic_id,)
    )
    # A silence may name a device, or what its alerts are about, and no clinic.
    deleted += await changed_rows(
        connection,
        f"DELETE FROM silences WHERE clinic_id IS NULL AND (device_id IN ({_EACH}) OR subject IN ({_EACH}))",
        (device_ids, device_ids),
    )
    return deleted


async def _delete_texts(connection: aiosqlite.Connection, needles: Iterable[str]) -> None:
    words = "|".join(re.escape(needle) for needle in needles if needle)
    named = re.compile(rf"(?<![A-Za-z0-9._-])(?:{words})(?![A-Za-z0-9._-])")
    for table, columns in _TEXTS.items():
        key = _KEYS.get(table, "rowid")
        for row in await fetch(connection, f"SELECT {', '.join(columns)}, {key} FROM {table}"):
            texts, place = row[: len(columns)], row[len(columns) :]
            if any(text is not None and named.search(text) for text in texts):
                where = " AND ".join(f"{part.strip()} = ?" for part in key.split(","))
                await connection.execute(f"DELETE FROM {table} WHERE {where}", place)


async def _delete_entries(connection: aiosqlite.Connection, clinic_id: str, device_ids: Sequence[str]) -> None:
    await connection.execute("DELETE FROM registry WHERE kind = 'clinic' AND entry_id = ?", (clinic_id,))
    await connection.execute(
        f"DELETE FROM registry WHERE kind = 'device' AND entry_id IN ({_EACH})", (json.dumps(list(device_ids)),)
    )


async def _narrow_scopes(connection: aiosqlite.Connection, clinic_id: str) -> None:
    """Nobody's scope names the clinic; one that named nothing else sees nothing from now on."""
    for table, key in (("users", "name"), ("tokens", "token_hash")):
        for name, clinics in await fetch(connection, f"SELECT {key}, clinics FROM {table} WHERE clinics IS NOT NULL"):
            seen = json.loads(clinics)
            if clinic_id in seen:
                left = json.dumps([clinic for clinic in seen if clinic != clinic_id])
                await connection.execute(f"UPDATE {table} SET clinics = ? WHERE {key} = ?", (left, name))


async def _delete_names(connection: aiosqlite.Connection, device_nos: Sequence[int]) -> int:
    """Deletes the names of devices that no row refers to; those that were in another clinic before keep theirs."""
    gone = 0
    tables = await fetch(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    users = [
        table
        for (table,) in tables
        if table not in ("devices", "boots")
        and "device_no" in {row[1] for row in await fetch(connection, f"PRAGMA table_info({table})")}
    ]
    for device_no in device_nos:
        places = [f"SELECT 1 FROM {table} WHERE device_no = {device_no:d}" for table in users]
        places.append(
            f"SELECT 1 FROM sightings WHERE pair_no >= {device_no * PAIR:d} AND pair_no < {(device_no + 1) * PAIR:d}"
        )
        used = [await fetch_one(connection, f"{place} LIMIT 1") for place in places]
        boots = "SELECT boot_no FROM boots WHERE device_no = ?"
        for table in ("marks", "open_boots"):
            await connection.execute(f"DELETE FROM {table} WHERE boot_no IN ({boots})", (device_no,))
        if not any(used):
            await connection.execute("DELETE FROM boots WHERE device_no = ?", (device_no,))
            gone += await changed_rows(connection, "DELETE FROM devices WHERE device_no = ?", (device_no,))
    return gone


async def _new_row(connection: aiosqlite.Connection, table: str, number: str, name: str, value: str) -> int:
    row = await fetch_one(
        connection,
        f"INSERT INTO {table} ({number}, {name}) VALUES ((SELECT coalesce(max({number}), 0) + 1 FROM {table}), ?)"
        f" RETURNING {number}",
        (value,),
    )
    assert row is not None
    return int(row[0])


def _names(document: str | None) -> list[str]:
    """The words by which a text may name the clinic beside its id."""
    if document is None:
        return []
    entry = json.loads(document)
    return [str(entry[key]) for key in ("name", "contact") if entry.get(key)]


def _pseudonym(what: str) -> str:
    return f"forgotten-{what}-{secrets.token_hex(6)}"
