"""`silverpoint rehearse`: what a changed alert rule would have raised over stored history."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from pydantic import JsonValue

from gateway.cli import checks
from gateway.cli.common import ConfigOption, as_line, configured, run_async
from schemas.alert import RULES


def _checked_rule(rule: str) -> str:
    if rule not in RULES:
        raise typer.BadParameter(f"there is no rule {rule[:40]!r}; rehearse one of {', '.join(RULES)}")
    return rule


def _checked_pairs(changes: list[str] | None) -> list[str] | None:
    wrong = [text for text in changes or () if not text.partition("=")[0] or not text.partition("=")[1]]
    if wrong:
        checks.raise_all(f"write KEY=VALUE, as threshold=0.3 (found {part!r})" for part in wrong)
    return changes


_MOST_SHOWN: Final = 20
"""The answer names so many."""
_NOBODY: Final = "reached: nobody, by the routes in force"
_SUBJECTS: Final = (("nozzle_", "nozzle"), ("clinic_", "clinic"), ("gateway_", "gateway"))


def rehearse(
    rule: Annotated[
        str, typer.Option("--rule", metavar="NAME", help="The rule, as battery_low.", callback=_checked_rule)
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="What to change; may be given often.", callback=_checked_pairs),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="T", help="From when on: RFC 3339, epoch ms, or an age.", callback=checks.time)
    ] = "30d",
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
    for line in _lines(done, changed=bool(changes)):
        typer.echo(line)


def _pairs(changes: list[str]) -> dict[str, Any]:
    return {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in changes)}


def _lines(done: dict[str, Any], *, changed: bool) -> list[str]:
    through = (
        f"{_number(done['readings'], 'reading')} of {_number(done['devices'], 'device')}"
        if done["evidence"] == "readings"
        else "what it goes by is not kept; this is by the record of its alerts"
    )
    found = [f"{done['rule']}: {through}", _tally("as it is set", done["now"], done["rule"])]
    if not changed:
        return [*found, *_reached_now(done["reached_now"], fired=done["now"]["fired"])]
    found.append(_tally("as changed", done["changed"], done["rule"]))
    for key, what in (("only_now", "only as it is set"), ("only_changed", "only as changed")):
        if done[key]:
            more = ", …" if len(done[key]) >= _MOST_SHOWN else ""
            found.append(f"{what}: {', '.join(done[key])}{more}")
    found += _reached(done["reached_now"], done["reached_changed"])
    if (done["now"]["fired"] or done["changed"]["fired"]) and not (done["reached_now"] or done["reached_changed"]):
        found.append(_NOBODY)
    return found


def _reached(now: list[dict[str, Any]], changed: list[dict[str, Any]]) -> list[str]:
    """Whom the routes in force would have given alerts to: how many as it is set, and as changed."""
    before = {one["receiver"]: one["alerts"] for one in now}
    after = {one["receiver"]: one["alerts"] for one in changed}
    names = sorted(before.keys() | after.keys())
    if not names:
        return []
    told = (f"{name} {before.get(name, 0)} -> {after.get(name, 0)}" for name in names)
    return [f"reached, as it is set -> as changed, if nobody acknowledges: {', '.join(told)}"]


def _reached_now(now: list[dict[str, Any]], *, fired: int) -> list[str]:
    if not now:
        return [_NOBODY] if fired else []
    told = ", ".join(f"{one['receiver']} {one['alerts']}" for one in now)
    return [f"reached, if nobody acknowledges: {told}"]


def _tally(what: str, tally: dict[str, Any], rule: str) -> str:
    if not tally["fired"]:
        return f"{what}: never fired"
    subject = next((name for prefix, name in _SUBJECTS if rule.startswith(prefix)), "device")
    flapped = f", flapped {_times(tally['flapped'])} on {tally['flapping_subjects']}" if tally["flapped"] else ""
    return (
        f"{what}: fired {_times(tally['fired'])} on {_number(tally['subjects'], subject)} in "
        f"{_number(tally['clinics'], 'clinic')}{flapped}; {tally['firing_now'] or 'none'} would fire now"
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
