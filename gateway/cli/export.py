"""`silverpoint export`: the fleet's history as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, run_async
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.errors import InvalidInputError
from schemas.identity import MAX_TIME_MS, MIN_TIME_MS
from schemas.times import parse_time

if TYPE_CHECKING:
    from gateway.export.manifest import Manifest


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
    from gateway.export.manifest import Manifest

    now_ms = SystemClock().now_ms()
    asking = Manifest(form, role, (since, until), *_span(since, until, now_ms))
    done = _export(settings, out, asking) if role is None else _export_for_vendor(settings, out, asking, now_ms)
    typer.echo(f"{sum(entry.rows for entry in done.files)} rows in {len(done.files)} files in {out}")


def _export(settings: Config, out: Path, asking: Manifest) -> Manifest:
    from gateway.cli.progress import progress_told
    from gateway.export.exporter import export as write_export
    from gateway.store.open import open_export

    with closing(open_export(settings.store.url)) as source, progress_told("export") as tell:
        return write_export(source, out, asking, settings.retention.archive_dir, tell)


def _export_for_vendor(settings: Config, out: Path, asking: Manifest, now_ms: int) -> Manifest:
    from gateway.cli.target import act
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

    with closing(open_export(settings.store.url)) as source:
        return export_for_vendor(source, out, asking, keep, tell_use, k=settings.privacy.k, now_ms=now_ms)


async def _tell_use(settings: Config, since_ms: int, until_ms: int) -> None:
    """By the running gateway, or on the store where none runs."""
    from gateway.cli.target import locked_store, told_or_done
    from gateway.serve.dispatch import VENDOR, VENDOR_USE
    from gateway.serve.product_reader import stored_product

    async def tell() -> None:
        async with locked_store(settings) as store:
            product = await stored_product(store, SystemClock(), settings.privacy.k)
            await product.usage(VENDOR, "model", since_ms, until_ms)

    await told_or_done(settings, VENDOR_USE, {"since_ms": since_ms, "until_ms": until_ms}, tell)


def _span(since: str | None, until: str | None, now_ms: int) -> tuple[int, int]:
    """Raises InvalidInputError where it ends before it begins."""
    since_ms = MIN_TIME_MS if since is None else parse_time(since, now_ms)
    until_ms = MAX_TIME_MS if until is None else parse_time(until, now_ms)
    if since_ms > until_ms:
        raise InvalidInputError(["--since: lies after --until"])
    return since_ms, until_ms
