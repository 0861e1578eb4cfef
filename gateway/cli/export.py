"""`silverpoint export`: the fleet's history as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, run_async
from gateway.config import Config
from gateway.errors import InvalidInputError

_MIN_MS: Final = 946_684_800_000
_MAX_MS: Final = 4_102_444_800_000


def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder, or that of an export cut off.")],
    form: Annotated[Literal["parquet", "csv"], typer.Option("--format", help="What files to write.")] = "parquet",
    since: Annotated[
        str | None,
        typer.Option(
            metavar="T", help="From when on: RFC 3339, epoch ms, or an age; all without it.", callback=checks.time
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="T", help="Up to when, not included; all without it.", callback=checks.time)
    ] = None,
    role: Annotated[
        Literal["vendor"] | None, typer.Option("--role", help="For a vendor: no clinic can be recognised in it.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write samples, sessions, nozzle lives, forecasts and alerts as files, also while the gateway runs.

    An export that was cut off goes on where it was: give the same command again.

    Example: silverpoint export --format parquet --out history --since 90d
    """
    settings = configured(config)
    # Its own allocator keeps a third more than it needs; read when pyarrow is imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    since_ms, until_ms, now_ms = _span(since, until)
    if role == "vendor":
        files, rows = _export_for_vendor(settings, out, form, (since, until), since_ms, until_ms, now_ms)
    else:
        files, rows = _export(settings, out, form, (since, until), since_ms, until_ms)
    typer.echo(f"{rows} rows in {files} files in {out}")


def _export(
    settings: Config,
    out: Path,
    form: Literal["parquet", "csv"],
    asked: tuple[str | None, str | None],
    since_ms: int,
    until_ms: int,
) -> tuple[int, int]:
    from gateway.cli.progress import progress_told
    from gateway.export.exporter import export as write_export
    from gateway.export.manifest import Manifest
    from gateway.store.open import open_export

    source = open_export(settings.store.url)
    try:
        with progress_told("export") as tell:
            asking = Manifest(form, None, asked, since_ms, until_ms)
            done = write_export(source, out, asking, settings.retention.archive_dir, tell)
    finally:
        source.close()
    return len(done.files), sum(entry.rows for entry in done.files)


def _export_for_vendor(
    settings: Config,
    out: Path,
    form: Literal["parquet", "csv"],
    asked: tuple[str | None, str | None],
    since_ms: int,
    until_ms: int,
    now_ms: int,
) -> tuple[int, int]:
    from gateway.cli.target import act
    from gateway.export.manifest import Manifest
    from gateway.export.vendor_export import export_for_vendor
    from gateway.store.open import open_export
    from gateway.store.told_base import ToldDocument

    def keep(name: str, documents: Mapping[str, ToldDocument]) -> Mapping[str, ToldDocument]:
        texts = {span: made.document for span, made in documents.items()}
        asked: dict[str, Any] = {"name": name, "documents": texts, "k": settings.privacy.k}
        told: Any = run_async(act(settings, "vendor_tell", asked))
        return {span: ToldDocument(*kept) for span, kept in told["documents"].items()}

    def tell_use(since_ms: int, until_ms: int) -> None:
        run_async(_tell_use(settings, since_ms, until_ms))

    source = open_export(settings.store.url)
    try:
        asking = Manifest(form, "vendor", asked, since_ms, until_ms)
        done = export_for_vendor(source, out, asking, keep, tell_use, k=settings.privacy.k, now_ms=now_ms)
    finally:
        source.close()
    return len(done.files), sum(entry.rows for entry in done.files)


async def _tell_use(settings: Config, since_ms: int, until_ms: int) -> None:
    """By the running gateway, or on the store where none runs."""
    from gateway.cli.target import locked_store
    from gateway.clock import SystemClock
    from gateway.errors import NotRunningError
    from gateway.serve.control import call, socket_path
    from gateway.serve.dispatch import VENDOR, VENDOR_USE
    from gateway.serve.product_reader import stored_product

    try:
        await call(socket_path(settings.store.path), VENDOR_USE, {"since_ms": since_ms, "until_ms": until_ms})
    except NotRunningError:
        async with locked_store(settings) as store:
            product = await stored_product(store, SystemClock(), settings.privacy.k)
            await product.usage(VENDOR, "model", since_ms, until_ms)


def _span(since: str | None, until: str | None) -> tuple[int, int, int]:
    """(since, until, now). Raises InvalidInputError with every mistake."""
    from gateway.clock import SystemClock
    from schemas.times import parse_time

    now_ms, mistakes = SystemClock().now_ms(), list[str]()
    times: list[int] = []
    for name, text, default_ms in (("--since", since, _MIN_MS), ("--until", until, _MAX_MS)):
        try:
            times.append(parse_time(text, now_ms) if text is not None else default_ms)
        except ValueError as error:
            mistakes.append(f"{name}: {error}")
    if not mistakes and times[0] > times[1]:
        mistakes.append("--since: lies after --until")
    if mistakes:
        raise InvalidInputError(mistakes)
    return times[0], times[1], now_ms
