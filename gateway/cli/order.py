"""`silverpoint order`: work orders."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer

from gateway.cli.asking import Api, AtOption, ClinicOption, JsonOption, KeyOption, LimitOption, at_ms, show, when
from gateway.cli.common import ConfigOption, as_line, group
from gateway.cli.usage import ThoroughCommand

order = group("Work orders: list, open, assign, claim, note, close.")

OrderArgument: TypeAlias = Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` shows it.")]


@order.command("list", cls=ThoroughCommand)
def list_(
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="open, claimed, confirmed or closed; all of them.")
    ] = None,
    clinic: ClinicOption = None,
    assignee: Annotated[str | None, typer.Option(metavar="NAME", help="Only this person's.")] = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List work orders, newest first: id, state, due, severity, what and where, whose, why.

    Example: silverpoint order list --state open --clinic C-001
    """
    rows = Api(config).items("/work-orders", limit, state=state, clinic=clinic, assignee=assignee)
    show(rows, _line, as_json=as_json)


@order.command("show", cls=ThoroughCommand)
def show_(order_id: OrderArgument, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show one order with all that happened to it.

    Example: silverpoint order show 12
    """
    found = Api(config).get(f"/work-orders/{order_id}")
    if as_json:
        typer.echo(as_line(found))
        return
    typer.echo(_line(found))
    for row in found["history"]:
        note = f": {row['note']}" if row["note"] else ""
        typer.echo(f"  {when(row['at_ms'])}  {row['act']} by {row['actor']}, {row['to_state']}{note}")


@order.command("open", cls=ThoroughCommand)
def open_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="nozzle, battery or device.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The nozzle's serial, otherwise the device.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What is to be done.")],
    due: Annotated[str | None, typer.Option(metavar="T", help="By when.")] = None,
    assignee: Annotated[str | None, typer.Option(metavar="NAME", help="Who shall do it.")] = None,
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Open an order for a nozzle, a battery or a device.

    Example: silverpoint order open device D-0001 --note "the foot switch sticks"
    """
    times = {"due_ms": at_ms("--due", due), "at_ms": at_ms("--at", at)}
    done = Api(config).post("/work-orders", key, kind=kind, subject=subject, note=note, assignee=assignee, **times)
    typer.echo(_line(done))


@order.command(cls=ThoroughCommand)
def assign(
    order_id: OrderArgument,
    assignee: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Who shall do it; left out: nobody.")] = None,
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Give an order to somebody, or back.

    Example: silverpoint order assign 12 kim
    """
    times = {} if at is None else {"at_ms": at_ms("--at", at)}
    typer.echo(_line(Api(config).send("POST", f"/work-orders/{order_id}/assign", {"assignee": assignee, **times}, key)))


@order.command(cls=ThoroughCommand)
def claim(
    order_id: OrderArgument,
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="worn, damaged, expired, recalled, preventive or mistake.")
    ],
    note: Annotated[str, typer.Option(metavar="TEXT")] = "",
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that the part was replaced. The order ends once the device's own evidence has come.

    Example: silverpoint order claim 12 --reason worn
    """
    done = Api(config).post(f"/work-orders/{order_id}/claim", key, reason=reason, note=note, at_ms=at_ms("--at", at))
    typer.echo(_line(done))


@order.command(cls=ThoroughCommand)
def note(
    order_id: OrderArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a note to an order's history.

    Example: silverpoint order note 12 "the key is at the reception"
    """
    typer.echo(_line(Api(config).post(f"/work-orders/{order_id}/notes", key, text=text, at_ms=at_ms("--at", at))))


@order.command(cls=ThoroughCommand)
def close(
    order_id: OrderArgument,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it ends without evidence.")],
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """End an order by hand, without evidence.

    Example: silverpoint order close 12 --reason "the device was sold"
    """
    typer.echo(_line(Api(config).post(f"/work-orders/{order_id}/close", key, reason=reason, at_ms=at_ms("--at", at))))


def _line(row: dict[str, Any]) -> str:
    state = f"{row['state']}, overdue" if row["overdue"] else row["state"]
    whose = row["claimed_by"] or row["assignee"] or "nobody's"
    part = f"  {row['part']}" if row["part"] else ""
    return (
        f"{row['id']}  {state}  due {when(row['due_ms'])}  {row['severity']}  {row['kind']} {row['subject']}"
        f" at {row['clinic_id']}, {row['device_id']}  {whose}{part}  {row['summary']}"
    )
