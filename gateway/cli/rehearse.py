"""`silverpoint rehearse`: what a changed alert rule would have raised over stored history."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import JsonValue

from gateway.cli.common import ConfigOption, as_line, configured, run_async
from gateway.errors import InvalidInputError


def rehearse(
    rule: Annotated[str, typer.Option("--rule", metavar="NAME", help="The rule, as battery_low.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="What to change; may be given often.")
    ] = None,
    since: Annotated[str, typer.Option(metavar="T", help="From when on: RFC 3339, epoch ms, or an age.")] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Replay stored history through an alert rule as it is and as it might be: how often each would have fired.

    Example: silverpoint rehearse --rule battery_low --set threshold=0.3 --since 30d
    """
    settings = configured(config)
    asked: dict[str, JsonValue] = {"rule": rule, "changes": _pairs(changes or []), "since": since}
    from gateway.cli.target import act

    done: dict[str, Any] = run_async(act(settings, "rehearse", asked))
    if as_json:
        typer.echo(as_line(done))
        return
    for line in _lines(done):
        typer.echo(line)


def _pairs(changes: list[str]) -> dict[str, Any]:
    wrong = [text for text in changes if not text.partition("=")[0] or not text.partition("=")[1]]
    if wrong:
        raise InvalidInputError([f"--set {text}: write KEY=VALUE, as threshold=0.3" for text in wrong])
    return {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in changes)}


def _lines(done: dict[str, Any]) -> list[str]:
    through = (
        f"{done['readings']} readings of {done['devices']} devices"
        if done["evidence"] == "readings"
        else "what it goes by is not kept; this is by the record of its alerts"
    )
    found = [
        f"{done['rule']}: {through}",
        _tally("as it is set", done["now"]),
        _tally("as changed", done["changed"]),
    ]
    for key, what in (("only_now", "only as it is set"), ("only_changed", "only as changed")):
        if done[key]:
            found.append(f"{what}: {', '.join(done[key])}")
    found += _reached(done["reached_now"], done["reached_changed"])
    return found


def _reached(now: list[dict[str, Any]], changed: list[dict[str, Any]]) -> list[str]:
    """Whom the routes in force would have given alerts to: how many as it is set, and as changed."""
    before = {one["receiver"]: one["alerts"] for one in now}
    after = {one["receiver"]: one["alerts"] for one in changed}
    names = sorted(before.keys() | after.keys())
    if not names:
        return ["reached: nobody, by the routes in force"]
    told = (f"{name} {before.get(name, 0)} -> {after.get(name, 0)}" for name in names)
    return [f"reached, as it is set -> as changed, if nobody acknowledges: {', '.join(told)}"]


def _tally(what: str, tally: dict[str, Any]) -> str:
    return (
        f"{what}: fired {tally['fired']} times on {tally['subjects']} subjects in {tally['clinics']} clinics, flapped "
        f"{tally['flapped']} times on {tally['flapping_subjects']}, {tally['firing_now']} would fire now"
    )
