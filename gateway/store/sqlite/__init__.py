"""The store in one SQLite file, through aiosqlite."""

from gateway.store.sqlite.database import Tuning
from gateway.store.sqlite.files import restore_store
from gateway.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "Tuning", "restore_store"]
