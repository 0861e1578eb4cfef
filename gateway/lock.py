"""The gateway's lock: one gateway to a store. Apart from the database, so that holding it blocks no reader."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import AlreadyRunningError, StoreError


class StoreLock:
    """Holds `<store path>.lock` while it is entered; the system lets it go when the process ends, however it ends.

    Entering raises `AlreadyRunningError`, which names the process that holds it, or `StoreError` where the lock's
    file can't be written.
    """

    def __init__(self, store_path: Path) -> None:
        self.path = store_path.with_name(store_path.name + ".lock")
        self._store_path = store_path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"can't write beside the store ({self.path}): {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunningError(
                f"another gateway (process {holder}) is running on {self._store_path}; stop it first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: unlinking it would let two processes hold locks on two files of the same name.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
