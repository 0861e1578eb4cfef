"""`silverpoint swap` and `silverpoint lot`: what people add to the nozzles' ledger."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from gateway.cli.asking import Api, AtOption, KeyOption, at_ms
from gateway.cli.common import ConfigOption, group
from gateway.cli.usage import ThoroughCommand

_MOST_COUNTED: Final = 1_000_000

lot = group("Production lots of nozzles.")


def swap(
    device: Annotated[str, typer.Argument(metavar="DEVICE")],
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="The nozzle that was fitted.")],
    lot_id: Annotated[str | None, typer.Option("--lot", metavar="LOT", help="Of that nozzle.")] = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="worn, damaged, expired, recalled, preventive or mistake claim its order."),
    ] = None,
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Record a swap that the device did not report. The same time again supersedes what was recorded; both stay.

    Example: silverpoint swap D-0001 N-4711 --lot L-7 --reason worn --at 2h
    """
    done = Api(config).post(
        f"/devices/{device}/swaps", key, serial=serial, lot=lot_id, reason=reason, at_ms=at_ms("--at", at)
    )
    replaced = f", in the place of {done['replaced']}" if done["replaced"] else ""
    claimed = f"; its order {done['order_id']} is claimed" if done["order_id"] else ""
    typer.echo(f"{done['serial']} is fitted to {done['device_id']}{replaced}{claimed}")


@lot.command(cls=ThoroughCommand)
def recall(
    lot_id: Annotated[str, typer.Argument(metavar="LOT")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    at: AtOption = None,
    key: KeyOption = None,
    config: ConfigOption = None,
) -> None:
    """Recall a lot: every fitted nozzle of it has an alert and a work order.

    Example: silverpoint lot recall L-7 --note "the coating flakes"
    """
    api = Api(config)
    done = api.post(f"/lots/{lot_id}/recall", key, note=note, at_ms=at_ms("--at", at))
    fitted = sum(1 for _ in api.items("/nozzles", _MOST_COUNTED, lot=lot_id, state="fitted"))
    typer.echo(f"lot {done['lot']} is recalled: {fitted or 'no'} nozzle{'' if fitted == 1 else 's'} of it in use")
