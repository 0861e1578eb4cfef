"""Paths of local sockets: the system takes 107 bytes, directories may be deeper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_MAX_BYTES: Final = 107


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name for `path` that is short enough to bind or connect to, good while the block runs.

    Raises OSError where the directory can't be opened.
    """
    if len(os.fsencode(path)) <= _MAX_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
