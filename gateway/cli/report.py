"""`silverpoint report`: the printable report of the fleet or of one clinic, as HTML or PDF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, run_async
from gateway.clock import SystemClock
from gateway.errors import InvalidInputError, SilverpointError
from schemas.access import Role, Scope, Viewer
from schemas.times import parse_time

if TYPE_CHECKING:
    from gateway.config import Config
    from schemas.report_pages import ReportFile, ReportForm

_FORMS: Final[dict[str, ReportForm]] = {".html": "html", ".pdf": "pdf"}
_ROLES: Final[tuple[Role, ...]] = ("manager", "vendor")


def _checked_out(out: Path) -> Path:
    if out.suffix.lower() not in _FORMS:
        raise typer.BadParameter(f"the file's name must end in .html or .pdf (found {str(out)!r})")
    return out


def _checked_role(role: str) -> str:
    if role not in _ROLES:
        raise typer.BadParameter(f"write {' or '.join(_ROLES)} (found {role!r})")
    return role


def _checked_language(language: str) -> str:
    from dashboards.web.strings import CATALOGUES

    if language not in CATALOGUES:
        raise typer.BadParameter(f"write {' or '.join(CATALOGUES)} (found {language!r})")
    return language


def report(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Where to: FILE.html or FILE.pdf.", callback=_checked_out),
    ],
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="From when on: RFC 3339, epoch ms, or an age as 30d.", callback=checks.time),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="T", help="Until when; with --since alone until now.", callback=checks.time)
    ] = None,
    clinic: Annotated[
        str | None, typer.Option(metavar="ID", help="One clinic alone.", callback=checks.identifier)
    ] = None,
    role: Annotated[
        str,
        typer.Option(
            metavar="ROLE",
            help="For whom: manager, or vendor (the product, without any clinic).",
            callback=_checked_role,
        ),
    ] = "manager",
    language: Annotated[str, typer.Option(metavar="CODE", help="en or de.", callback=_checked_language)] = "en",
    config: ConfigOption = None,
) -> None:
    """Make the report of the last whole month, or of a time, with its charts: use, wear, replacements, forecasts
    against what came, alerts, cost. Works beside a running gateway, and without one. For a vendor it is the report on
    the product: lifetimes by lot and model, use, demand; as published, without any clinic.

    Example: silverpoint report --out october.pdf --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z
    """
    settings = configured(config)
    now_ms = SystemClock().now_ms()
    from gateway.alerts.conditions import due_from_wear
    from gateway.serve.reports.gather import ReportAsked
    from gateway.serve.reports.make import ReportJob, make_report

    form = _FORMS[out.suffix.lower()]
    since_ms = None if since is None else parse_time(since, now_ms)
    until_ms = None if until is None else parse_time(until, now_ms)
    if role == "vendor" and (clinic or since or until):
        raise InvalidInputError(
            ["--role vendor tells the published quarter whole: leave out --clinic, --since and --until"]
        )
    if role == "vendor":
        made = run_async(_product_report(settings, form, language))
        _save(out, made.content)
        return
    asked = ReportAsked(
        viewer=Viewer("report", "admin", Scope()),
        clinic=clinic,
        since_ms=since_ms,
        until_ms=until_ms,
        made_ms=now_ms,
        due_wear=due_from_wear(settings.alerts),
        cost_ratio=settings.forecast.cost_ratio,
    )
    made = run_async(make_report(ReportJob(settings.store.url, asked, form, language)))
    _save(out, made.content)


async def _product_report(config: Config, form: ReportForm, language: str) -> ReportFile:
    """From the running gateway, which knows what is forecast, or from the store where none runs."""
    from gateway.cli.target import locked_store, told_or_done
    from gateway.serve.dispatch import PRODUCT_FACTS, VENDOR
    from gateway.serve.product_reader import stored_product
    from gateway.serve.reports.make import ProductJob, make_product
    from schemas.product_pages import ProductFacts

    async def stored_facts() -> ProductFacts:
        async with locked_store(config) as store:
            return await (await stored_product(store, SystemClock(), config.privacy.k)).facts(VENDOR)

    facts = ProductFacts.model_validate(await told_or_done(config, PRODUCT_FACTS, {}, stored_facts))
    return make_product(ProductJob(facts, form, language))


def _save(out: Path, content: bytes) -> None:
    _write(out, content)
    typer.echo(f"{out}: {len(content) / 1_000:,.0f} kB")


def _write(out: Path, content: bytes) -> None:
    """Whole or not at all."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise SilverpointError(f"can't write {out}: {error.strerror}; give --out another place") from error
