"""`silverpoint user` and `silverpoint token`: people and programs that may see and do things."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, TypeAlias, cast

import typer
from pydantic import JsonValue

from gateway.cli import checks
from gateway.cli.asking import when
from gateway.cli.common import ConfigOption, configured, group, names, read_text, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.errors import InvalidInputError
from schemas.access import ROLES

user = group("People who sign in.")
token = group("Tokens for programs.")

NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", callback=checks.person)]
RoleOption: TypeAlias = Annotated[
    str, typer.Option(metavar="ROLE", help=f"One of {', '.join(ROLES)}.", callback=checks.role)
]
ClinicsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="See only these clinics; by default all.", callback=checks.identifiers),
]
ModelsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="M,N", help="See only these models; by default all.", callback=checks.identifiers),
]


PasswordFileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="F", help="Its first line is the password; by default it is asked for.", callback=checks.readable
    ),
]


@user.command(cls=ThoroughCommand)
def add(
    name: NameArgument,
    role: RoleOption,
    password_file: PasswordFileOption = None,
    clinics: ClinicsOption = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
) -> None:
    """Add a person; the role and scope decide what that person sees and does.

    Example: silverpoint user add kim --role technician --clinics C-001,C-002
    """
    grant = _grant(name, role, clinics, models)
    settings = configured(config)
    password = _password("add", password_file)
    from gateway.cli.target import act

    done = run_async(act(settings, "user_add", grant | {"password": password}))
    typer.echo(f"{done['name']} may sign in as {done['role']}")


@user.command(cls=ThoroughCommand)
def password(name: NameArgument, password_file: PasswordFileOption = None, config: ConfigOption = None) -> None:
    """Give a person a new password; whoever is signed in by the old one must sign in again.

    Example: silverpoint user password kim
    """
    settings = configured(config)
    typed = _password("password", password_file)
    from gateway.cli.target import act

    run_async(act(settings, "user_password", {"name": name, "password": typed}))
    typer.echo(f"{name} has a new password")


@user.command(cls=ThoroughCommand)
def remove(name: NameArgument, config: ConfigOption = None) -> None:
    """Remove a person who has left: sign-ins end at once, and nothing is sent there any more. What that person did
    stays in the audit trail; orders stay assigned until somebody gives them to another one.

    Example: silverpoint user remove kim
    """
    settings = configured(config)
    from gateway.cli.target import act

    run_async(act(settings, "user_remove", {"name": name}))
    typer.echo(f"{name} is removed")


@token.command(cls=ThoroughCommand)
def create(
    name: NameArgument,
    role: RoleOption,
    clinics: ClinicsOption = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a token and print it, alone, this once: only its hash is kept.

    Example: silverpoint token create prometheus --role manager
    """
    grant = _grant(name, role, clinics, models)
    settings = configured(config)
    from gateway.cli.target import act

    typer.echo(run_async(act(settings, "token_create", grant))["token"])


@token.command("list", cls=ThoroughCommand)
def list_(config: ConfigOption = None) -> None:
    """List tokens: name, role, since when, and what they see.

    Example: silverpoint token list
    """
    settings = configured(config)
    from gateway.cli.target import act

    for row in cast("list[dict[str, Any]]", run_async(act(settings, "token_list", {}))["items"]):
        seen = [f"{what} {','.join(row[what])}" for what in ("clinics", "models") if row[what] is not None]
        typer.echo(f"{row['name']}  {row['role']}  {when(row['created_ms'])}  {'; '.join(seen) or 'everything'}")


@token.command(cls=ThoroughCommand)
def revoke(name: NameArgument, config: ConfigOption = None) -> None:
    """End all tokens of a name, at once.

    Example: silverpoint token revoke prometheus
    """
    settings = configured(config)
    from gateway.cli.target import act

    done = run_async(act(settings, "token_revoke", {"name": name}))
    typer.echo(f"{done['tokens']} revoked")


def _grant(name: str, role: str, clinics: str | None, models: str | None) -> dict[str, JsonValue]:
    return {"name": name, "role": role, "clinics": names(clinics), "models": names(models)}


def _password(command: str, file: Path | None) -> str:
    if file is not None:
        return (read_text(file).splitlines() or [""])[0]
    if not sys.stdin.isatty():
        raise InvalidInputError(
            [f"silverpoint user {command}: no terminal to ask on; give --password-file (- reads a pipe)"]
        )
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
