"""From `store.url` to an open store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.config import RetentionConfig
from gateway.errors import StoreError
from gateway.store.base import Store
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore, restore_store
from gateway.store.sqlite.reading import SqliteReading

if TYPE_CHECKING:
    from gateway.store.export_base import ExportSource

_SQLITE: Final = "sqlite:///"


def retention_of(kept: RetentionConfig) -> Retention:
    """For how long the store keeps what it keeps."""
    return Retention(kept.samples_days, kept.sessions_days, kept.quarantine_days, archived=kept.archive_dir is not None)


def store_path(url: str) -> str:
    """The file of a store: `sqlite:///relative.db` or `sqlite:////absolute.db`. Raises StoreError."""
    path = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or not path:
        raise StoreError(f"store.url {url!r} can't be used: write sqlite:///relative.db or sqlite:////absolute.db")
    return path


async def open_store(url: str, retention: Retention | None = None) -> Store:
    """Opens the store, makes it where there is none, and migrates an older one after a backup.

    Raises StoreError with what to do, StoreVersionError where a newer program wrote it.
    """
    return await SqliteStore.open(store_path(url), retention=retention)


async def open_reading(url: str) -> Store:
    """Opens the store to read it, also while a gateway writes it; nothing is made and nothing migrated.

    Raises StoreError with what to do, StoreVersionError where a newer program wrote it.
    """
    return await SqliteReading.open_reading(store_path(url))


def open_export(url: str) -> ExportSource:
    """Opens the store to export it, also while a gateway writes it. Raises StoreError, StoreVersionError."""
    # With its numpy it takes longer to load than most commands take.
    from gateway.store.sqlite.exporting import SqliteExport

    return SqliteExport.open(store_path(url))


async def restore(url: str, backup: str) -> None:
    """Puts a backup in the store's place, while no gateway runs. Raises StoreError."""
    await restore_store(backup, store_path(url))
