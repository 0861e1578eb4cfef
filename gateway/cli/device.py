"""`silverpoint device`: logins for devices, with literal entries in the broker's access list."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from gateway.cli.common import ConfigOption, configured, group, read_text
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.enrolment import BrokerFiles, Login
from gateway.errors import InvalidInputError

device = group("Logins of devices at the broker.")

_COLUMNS: Final = ["clinic_id", "device_id"]
_PASSWORDS: Final = "silverpoint.passwords"
_ACL: Final = "silverpoint.acl"
_RELOAD: Final = "Let the broker read its files again: systemctl reload mosquitto (or send it SIGHUP)."

PasswordFileOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="F", help="The broker's; by default broker.password_file, or beside the store.")
]
AclFileOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="F", help="The broker's; by default broker.acl_file, or beside the store.")
]


@device.command(cls=ThoroughCommand)
def enrol(
    clinic: Annotated[str | None, typer.Argument(metavar="CLINIC")] = None,
    name: Annotated[str | None, typer.Argument(metavar="DEVICE")] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.csv", help="Many at once: columns clinic_id,device_id; - reads a pipe."),
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="New passwords for devices that have one.")] = False,
    password_file: PasswordFileOption = None,
    acl_file: AclFileOption = None,
    config: ConfigOption = None,
) -> None:
    """Give a device its login: print its password, alone, this once (with --from a line device_id,password for each).

    It may then write its four kinds and read its advice, nothing else. A device that has moved gets the entries of
    its new clinic and keeps its password.

    Example: silverpoint device enrol C-001 D-0001
    """
    if (from_file is None) == (clinic is None or name is None) or (from_file is not None and clinic is not None):
        raise InvalidInputError(["silverpoint device enrol: name CLINIC and DEVICE, or give --from FILE.csv"])
    settings = configured(config)
    files = _files(settings, password_file, acl_file)
    devices = [(str(clinic), str(name))] if from_file is None else _listed(from_file)
    from gateway.enrolment import enrol as enrol_devices

    for login in enrol_devices(files, devices, settings.broker.root, renew=renew):
        _tell(login, alone=from_file is None)
    _say_where(settings, files)
    typer.echo(_RELOAD, err=True)


@device.command(cls=ThoroughCommand)
def revoke(
    names: Annotated[list[str], typer.Argument(metavar="DEVICE...")],
    password_file: PasswordFileOption = None,
    acl_file: AclFileOption = None,
    config: ConfigOption = None,
) -> None:
    """Take a device's login and entries away.

    Example: silverpoint device revoke D-0001
    """
    settings = configured(config)
    files = _files(settings, password_file, acl_file)
    from gateway.enrolment import revoke as revoke_devices

    revoke_devices(files, names, settings.broker.root)
    typer.echo(f"{len(names)} revoked. {_RELOAD}", err=True)


def _files(settings: Config, password_file: Path | None, acl_file: Path | None) -> BrokerFiles:
    """Named in the command or in the configuration; otherwise beside the store, for the broker to be told of."""
    beside = _files_beside(settings)
    return BrokerFiles(
        password_file or settings.broker.password_file or beside.passwords,
        acl_file or settings.broker.acl_file or beside.acl,
    )


def _say_where(settings: Config, files: BrokerFiles) -> None:
    if files == _files_beside(settings):
        typer.echo(f"The broker must read {files.passwords} (password_file) and {files.acl} (acl_file).", err=True)


def _files_beside(settings: Config) -> BrokerFiles:
    folder = settings.store.path.parent
    return BrokerFiles(folder / _PASSWORDS, folder / _ACL)


def _listed(file: Path) -> list[tuple[str, str]]:
    rows = csv.reader(read_text(file).splitlines())
    head = [column.strip() for column in next(rows, [])]
    if not set(_COLUMNS) <= set(head):
        raise InvalidInputError([f"{file}: the first line must name the columns {','.join(_COLUMNS)}"])
    twice = [column for column in _COLUMNS if head.count(column) > 1]
    if twice:
        raise InvalidInputError([f"{file}:1: column {column} is there twice" for column in twice])
    places = [head.index(column) for column in _COLUMNS]
    found: list[tuple[str, str]] = []
    mistakes: list[str] = []
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            mistakes.append(f"{file}:{number}: {len(row)} fields, the first line has {len(head)}")
            continue
        found.append((row[places[0]].strip(), row[places[1]].strip()))
    if mistakes:
        raise InvalidInputError(mistakes)
    return found


def _tell(login: Login, *, alone: bool) -> None:
    if login.password is None:
        what = "its entries were brought up to date" if login.changed else "nothing was changed"
        typer.echo(f"{login.device_id} has a login already: {what} (--renew makes a new password)", err=True)
    else:
        typer.echo(login.password if alone else f"{login.device_id},{login.password}")
