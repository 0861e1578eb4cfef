"""The command `silverpoint`. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from collectors.errors import CollectorError
from gateway.cli.access import token, user
from gateway.cli.alert import alert
from gateway.cli.backtest import backtest
from gateway.cli.clinic import clinic
from gateway.cli.common import unwrapped
from gateway.cli.demo import demo
from gateway.cli.device import device
from gateway.cli.doctor import doctor
from gateway.cli.export import export
from gateway.cli.forecast import forecast
from gateway.cli.ledger import lot, swap
from gateway.cli.notify import notify
from gateway.cli.order import order
from gateway.cli.quarantine import quarantine
from gateway.cli.registry import registry
from gateway.cli.rehearse import rehearse
from gateway.cli.replay import replay
from gateway.cli.report import report
from gateway.cli.run import run
from gateway.cli.schema import schema
from gateway.cli.silence import silence
from gateway.cli.simulate import simulate
from gateway.cli.store import store
from gateway.cli.supply import spare, visits
from gateway.cli.usage import ThoroughCommand, UsageError, usage_line
from gateway.cli.validate import validate
from gateway.errors import ConfigError, InvalidInputError, SilverpointError

DONE: Final = 0
FAILED: Final = 1
WRONG: Final = 2
INTERRUPTED: Final = 130

app = typer.Typer(
    help="Silverpoint watches fleets of fractional-mesotherapy devices.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    demo, run, simulate, validate, replay, rehearse, report, forecast, backtest, export, schema, doctor, visits, swap,
):  # fmt: skip
    app.command(cls=ThoroughCommand, help=unwrapped(command.__doc__))(command)
for name, commands in (
    ("alert", alert),
    ("silence", silence),
    ("order", order),
    ("spare", spare),
    ("lot", lot),
    ("registry", registry),
    ("quarantine", quarantine),
    ("notify", notify),
    ("user", user),
    ("token", token),
    ("store", store),
    ("device", device),
    ("clinic", clinic),
):
    app.add_typer(commands, name=name)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"silverpoint {version('silverpoint')}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Silverpoint watches fleets of fractional-mesotherapy devices: power, nozzle wear, sessions, and the alert in
    time. Begin with: silverpoint demo"""


def main() -> None:
    """Runs the command that the process was started with, and ends the process."""
    os.umask(0o077)  # the store holds password hashes, backups too
    # A gateway loads half a million objects that stay: to look for cycles among them took a sixth of its start. Its
    # records are many, short-lived and free of cycles: by Python's defaults a quarter of the ingest was spent on them
    # (18.7 against 14.4 us a message).
    gc.set_threshold(100_000, 50, 50)
    code = execute(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has had enough; the interpreter would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def execute(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code; what went wrong is told on standard error, a line each."""
    try:
        code = app(args=list(arguments), prog_name="silverpoint", standalone_mode=False)
    except (ConfigError, InvalidInputError) as error:
        return _tell(error.mistakes, WRONG)
    except (SilverpointError, CollectorError) as error:
        return _tell([str(error)], FAILED)
    except UsageError as error:
        return _tell([_usage(error)], WRONG)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except BaseExceptionGroup as group:
        return _tell_group(group)
    return code if isinstance(code, int) else DONE


def _tell(lines: Sequence[str], code: int) -> int:
    for line in lines:
        typer.echo(line, err=True)
    return code


def _tell_group(group: BaseExceptionGroup[BaseException]) -> int:
    known, other = group.split((SilverpointError, CollectorError))
    if other is not None or known is None:
        raise group
    errors = list(_leaves(known))
    wrong = any(isinstance(error, ConfigError) for error in errors)
    return _tell([line for error in errors for line in str(error).splitlines()], WRONG if wrong else FAILED)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _usage(error: Exception) -> str:
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "silverpoint"
    return f"{command}: {usage_line(error)} (see {command} --help)"
