"""`silverpoint visits` and `silverpoint spare`: the trips that are due, what to bring, and what to order."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.cli.asking import Api, ClinicOption, JsonOption, LimitOption, at_ms, show
from gateway.cli.common import ConfigOption, group
from gateway.cli.usage import ThoroughCommand

spare = group("Spares at clinics and in vehicles.")


def visits(
    until: Annotated[str | None, typer.Option(metavar="T", help="Due by then; in 30 days.")] = None,
    clinic: ClinicOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List what is due as the trips that cost least: day, clinic, parts to bring, and what for.

    Example: silverpoint visits --clinic C-001
    """
    until_ms = at_ms("--until", until)
    asked = None if until_ms is None else str(until_ms)
    show(Api(config).items("/visits", limit, until=asked, clinic=clinic), _visit, as_json=as_json)


@spare.command("list", cls=ThoroughCommand)
def list_(
    clinic: ClinicOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List spares: place, model, how many are there, how many are needed until more can come, and by when to order.

    Example: silverpoint spare list
    """
    show(Api(config).items("/spares", limit, clinic=clinic), _spare, as_json=as_json)


@spare.command(cls=ThoroughCommand)
def count(
    place_kind: Annotated[str, typer.Argument(metavar="KIND", help="clinic or vehicle.")],
    place: Annotated[str, typer.Argument(metavar="PLACE", help="The clinic, or whose vehicle.")],
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The nozzle model.")],
    on_hand: Annotated[int, typer.Argument(metavar="NUMBER", min=0, help="How many are there.")],
    config: ConfigOption = None,
) -> None:
    """Write how many nozzles of a model lie at a clinic, or in a person's vehicle.

    Example: silverpoint spare count clinic C-001 SN-12 4
    """
    done = Api(config).send("PUT", f"/spares/{place_kind}/{place}/{model}", {"on_hand": on_hand})
    typer.echo(f"{done['on_hand']} x {done['model']} at {done['place_kind']} {done['place']}")


def _visit(row: dict[str, Any]) -> str:
    parts = ", ".join(f"{part['count']} x {part['model'] or 'nozzle of unknown model'}" for part in row["parts"])
    what = "".join(f"\n  {item['device_id']}: {item['why']}" for item in row["items"])
    return f"{row['visit_by']}  {row['clinic_id']}  {parts or 'no parts'}{what}"


def _spare(row: dict[str, Any]) -> str:
    order_by = f"order by {row['order_by']}" if row["order_by"] else "lasts"
    low = "  LOW" if row["low"] else ""
    needed = f"{row['needed_in_lead_time']} needed within {row['lead_days']} days"
    return f"{row['place_kind']} {row['place']}  {row['model']}  {row['on_hand']} there, {needed}  {order_by}{low}"
