"""`silverpoint quarantine`: what was rejected, and taking it in after all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import JsonValue

from gateway.cli.common import ConfigOption, as_line, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.errors import InvalidInputError

_PAGE = 1_000

quarantine = group("What was rejected, and taking it in after all.")


@quarantine.command("list", cls=ThoroughCommand)
def list_(
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="Only this reason, as out_of_range.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those released already, too.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    config: ConfigOption = None,
) -> None:
    """List rejected messages, newest first: id, last seen, count, reason, place, topic.

    Example: silverpoint quarantine list --reason unknown_field
    """
    settings = configured(config)
    from gateway.cli.target import act

    asked: dict[str, JsonValue] = {"reason": reason, "released": None if everything else False}
    left, before = limit, None
    while left > 0:
        page: dict[str, Any] = run_async(
            act(settings, "quarantine_list", asked | {"limit": min(left, _PAGE), "before": before})
        )
        for item in page["items"]:
            typer.echo(as_line(item) if as_json else _line(item))
        left -= len(page["items"])
        before = page["next"]
        if before is None:
            return


@quarantine.command(cls=ThoroughCommand)
def release(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID...", help="Entries, as `list` shows them; by default all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every entry, as without ids.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take the complete known parts of rejected messages in after all.

    Example: silverpoint quarantine release 17 18
    """
    if ids and everything:
        raise InvalidInputError(["silverpoint quarantine release: name entries by their ids, or give --all, not both"])
    settings = configured(config)
    from gateway.cli.target import act

    done: dict[str, Any] = run_async(act(settings, "quarantine_release", {"ids": list(ids) if ids else None}))
    typer.echo(f"{len(done['released'])} released, {len(done['kept'])} kept because they are not complete")


def _line(item: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(item["last_received_ms"] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    released = "  (released)" if item["released_ms"] is not None else ""
    return f"{item['id']}  {when}  x{item['count']}  {item['reason']}  {item['path']}  {item['topic']}{released}"
