"""Specs to pictures, and the script that draws specs in browsers, both made in a process of their own.

The library that draws holds the interpreter's lock while it works: in this process it would stop everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Final

from dashboards.charts.plain import Spec

_ENGINE: Final = "vl-convert-python"
_WIDTH: Final = 720
_IDLE_S: Final = 120.0
_MOST_KEPT: Final = 64


def engine_version() -> str:
    """What the script in browsers is a version of."""
    return version(_ENGINE)


class ChartRenderer:
    """Draws; its process begins with the first picture and ends when none was wanted for a while.

    `cache` is a folder for the script, which takes seconds to make; None: it is made again in each process.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._pool: ProcessPoolExecutor | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._kept: dict[str, bytes] = {}
        self._script: asyncio.Task[bytes] | None = None

    async def svg(self, spec: Spec) -> bytes:
        """The picture as SVG; the same spec again is not drawn again."""
        text = json.dumps(spec, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        if key not in self._kept:
            drawn = await self._run(_svg, text)
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = drawn
        return self._kept[key]

    async def png(self, spec: Spec, scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels for each of the spec's."""
        return await self._run(_png, json.dumps(spec), scale)

    async def script(self) -> bytes:
        """The browser's script, compressed with gzip."""
        if self._script is None or (self._script.done() and self._script.exception() is not None):
            self._script = asyncio.ensure_future(self._made_script())
        return await asyncio.shield(self._script)

    def close(self) -> None:
        """Ends the process."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _made_script(self) -> bytes:
        path = self._cache / f"vega-{engine_version()}.js.gz" if self._cache is not None else None
        if path is not None and (kept := await asyncio.to_thread(_read, path)) is not None:
            return kept
        made = await self._run(_script)
        if path is not None:
            await asyncio.to_thread(_write, path, made)
        return made

    async def _run(self, draw: object, *args: object) -> bytes:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=begin_helper)
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        try:
            drawn: bytes = await loop.run_in_executor(self._pool, draw, *args)  # type: ignore[arg-type]
        finally:
            self._idle = loop.call_later(_IDLE_S, self.close)
        return drawn


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "silverpoint"


def begin_helper() -> None:
    """In a helping process: Ctrl-C reaches the whole group, and a parent that was killed must leave nobody behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(0)


def _sized(spec_text: str) -> str:
    spec = json.loads(spec_text)
    return json.dumps({**spec, "width": _WIDTH})


def draw_svg(spec: Spec) -> str:
    """The picture as SVG, drawn in this process: for whoever has one of its own."""
    return _svg(json.dumps(spec, sort_keys=True)).decode()


def _svg(spec_text: str) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_svg(_sized(spec_text)).encode()


def _png(spec_text: str, scale: float) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_png(_sized(spec_text), scale=scale)


def _script() -> bytes:
    import vl_convert

    return gzip.compress(vl_convert.javascript_bundle().encode(), 9, mtime=0)  # type: ignore[call-arg]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; a folder that can't be written is no folder."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)
