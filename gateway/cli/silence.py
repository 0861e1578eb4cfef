"""`silverpoint silence`: silences and maintenance windows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.asking import Api, AtOption, JsonOption, KeyOption, LimitOption, at_ms, length_s, show, when
from gateway.cli.common import ConfigOption, group
from gateway.cli.usage import ThoroughCommand

silence = group("Silences and maintenance windows: they hold messages back, never alerts.")


@silence.command("list", cls=ThoroughCommand)
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List silences and windows, newest first: id, from when, until when, what they match, by whom and why.

    Example: silverpoint silence list
    """
    rows = Api(config).items("/silences", limit, open="false" if everything else "true")
    show(rows, _line, as_json=as_json)


@silence.command(cls=ThoroughCommand)
def add(
    clinic: Annotated[str | None, typer.Option(metavar="ID")] = None,
    device: Annotated[str | None, typer.Option(metavar="ID")] = None,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="As mains_lost.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="A nozzle's serial, a device or a clinic.")] = None,
    severity: Annotated[str | None, typer.Option(metavar="SEVERITY")] = None,
    lasts: Annotated[str | None, typer.Option("--for", metavar="LENGTH", help="As 90m, 8h or 3d.")] = None,
    starts: Annotated[str | None, typer.Option("--from", metavar="T", help="Ahead: RFC 3339 or epoch ms; now.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Instead of --for.")] = None,
    maintenance: Annotated[bool, typer.Option("--maintenance", help="A window of a clinic or a device.")] = False,
    ends_with_alert: Annotated[bool, typer.Option("--ends-with-alert", help="With the last that it matches.")] = False,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Say nothing about the alerts that agree with all that is given.

    Example: silverpoint silence add --maintenance --clinic C-001 --from 2026-07-01T06:00:00Z --for 4h
    """
    done = Api(config).post(
        "/silences",
        key,
        kind="maintenance" if maintenance else "silence",
        clinic=clinic,
        device=device,
        rule=rule,
        subject=subject,
        severity=severity,
        lasts_s=length_s("--for", lasts),
        starts_ms=at_ms("--from", starts),
        ends_ms=at_ms("--until", until),
        ends_with_alert=ends_with_alert,
        comment=comment,
        at_ms=at_ms("--at", at),
    )
    typer.echo(_line(done))


@silence.command(cls=ThoroughCommand)
def end(
    silence_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """End one before its time.

    Example: silverpoint silence end 4
    """
    Api(config).send("DELETE", f"/silences/{silence_id}", {})
    typer.echo(f"silence {silence_id} is over")


def _line(row: dict[str, Any]) -> str:
    meant = [f"{name}={row[name]}" for name in ("rule", "clinic", "device", "subject", "severity") if row[name]]
    ends = " or with its alert" if row["ends_with_alert"] else ""
    why = f"  {row['comment']}" if row["comment"] else ""
    return (
        f"{row['id']}  {row['kind']}  {when(row['starts_ms'])} until {when(row['ended_ms'] or row['ends_ms'])}{ends}"
        f"  {' '.join(meant) or 'everything'}  by {row['created_by']}{why}"
    )
