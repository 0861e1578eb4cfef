"""`silverpoint alert`: what fires, who has seen it, and saying nothing more about one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.asking import (
    Api,
    AtOption,
    ClinicOption,
    JsonOption,
    KeyOption,
    LimitOption,
    at_ms,
    length_s,
    show,
    when,
)
from gateway.cli.common import ConfigOption, group
from gateway.cli.usage import ThoroughCommand

alert = group("Alerts: list, acknowledge, silence.")


@alert.command("list", cls=ThoroughCommand)
def list_(
    state: Annotated[str | None, typer.Option(metavar="STATE", help="pending, firing, resolved or any.")] = "firing",
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="Only this rule, as nozzle_due.")] = None,
    clinic: ClinicOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List alerts, newest first: id, severity, since when, rule, subject, what is the matter.

    Example: silverpoint alert list --clinic C-001
    """
    wanted = None if state == "any" else state
    show(Api(config).items("/alerts", limit, state=wanted, rule=rule, clinic=clinic), _line, as_json=as_json)


@alert.command(cls=ThoroughCommand)
def acknowledge(
    alert_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` shows it.")],
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that somebody has seen to an alert: it is not repeated and not escalated any more.

    Example: silverpoint alert acknowledge 17
    """
    done = Api(config).post(f"/alerts/{alert_id}/acknowledge", key, at_ms=at_ms("--at", at))
    typer.echo(f"alert {alert_id} is acknowledged by {done['acknowledged_by']}")


@alert.command(cls=ThoroughCommand)
def silence(
    alert_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` shows it.")],
    lasts: Annotated[str | None, typer.Option("--for", metavar="LENGTH", help="As 90m, 8h or 3d; a day.")] = None,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Say nothing more about one alert, for a time or until it resolves, whichever is first.

    Example: silverpoint alert silence 17 --for 8h --comment "the electrician is there"
    """
    body = {"lasts_s": length_s("--for", lasts), "comment": comment, "at_ms": at_ms("--at", at)}
    done = Api(config).post(f"/alerts/{alert_id}/silence", key, **body)
    typer.echo(f"silence {done['id']}: nothing is said about alert {alert_id} until {when(done['ends_ms'])}")


def _line(row: dict[str, Any]) -> str:
    marks = [f"acknowledged by {row['acknowledged_by']}"] if row["acknowledged_by"] else []
    marks += [row["muted"]] if row["muted"] else []
    told = f"  ({'; '.join(marks)})" if marks else ""
    since = when(row["firing_since_ms"] or row["pending_since_ms"])
    what = f"{row['rule']}  {row['subject']}  {row['summary']}"
    return f"{row['id']}  {row['severity']}  {row['state']}  {since}  {what}{told}"
