"""Enrolment: the broker's password file and access list, with a login and literal entries for each device.

The formats are mosquitto's. Whatever else stands in the files stays as it is.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from gateway.errors import ConflictError, InvalidInputError, NotFoundError, SilverpointError
from schemas.identity import KINDS, is_identifier
from schemas.topics import device_topic, parse_topic

T = TypeVar("T")

_ITERATIONS: Final = 1_000
"""Passwords are 192 random bits: no number of guesses finds one, and the broker checks one at every connect."""
_SALT_BYTES: Final = 12
_PASSWORD_BYTES: Final = 24


class Login(NamedTuple):
    """A device that was enrolled. `password` None: it has one already, which nobody knows but the device."""

    device_id: str
    clinic_id: str
    password: str | None
    changed: bool


class BrokerFiles(NamedTuple):
    """Where the broker keeps who may sign in and who may say what."""

    passwords: Path
    acl: Path


def enrol(files: BrokerFiles, devices: Sequence[tuple[str, str]], root: str, *, renew: bool = False) -> list[Login]:
    """Gives each (clinic_id, device_id) a login and its entries, or brings them up to date.

    A device that has a login keeps its password unless `renew`. All are written, or none. Raises InvalidInputError
    with every mistake, ConflictError where a name belongs to somebody who is no device.
    """
    _check(devices)
    with _alone(files):
        passwords, acl = _read(files.passwords), _read(files.acl)
        known = _logins(passwords)
        logins: list[Login] = []
        for clinic_id, device_id in devices:
            _require_device(acl, device_id, root, has_login=device_id in known)
            written = with_entries(acl, device_id, device_entries(clinic_id, device_id, root))
            password = None if device_id in known and not renew else secrets.token_urlsafe(_PASSWORD_BYTES)
            if password is not None:
                passwords = with_login(passwords, device_id, password_hash(password))
            logins.append(Login(device_id, clinic_id, password, password is not None or written != acl))
            acl = written
        _write(files.acl, acl)
        _write(files.passwords, passwords)
    return logins


def revoke(files: BrokerFiles, device_ids: Sequence[str], root: str) -> None:
    """Takes login and entries of these devices away. Raises InvalidInputError for names that
    are no identifiers, NotFoundError where one has none; then none is revoked."""
    _require_identifiers(("device", device_id) for device_id in device_ids)
    with _alone(files):
        passwords, acl = _read(files.passwords), _read(files.acl)
        for device_id in device_ids:
            if device_id not in _logins(passwords) and not _entries(acl, device_id):
                raise NotFoundError(f"{device_id} is not enrolled in {files.passwords}")
            _require_device(acl, device_id, root, has_login=False)
            passwords = with_login(passwords, device_id, None)
            acl = with_entries(acl, device_id, ())
        _write(files.passwords, passwords)
        _write(files.acl, acl)


def device_entries(clinic_id: str, device_id: str, root: str) -> tuple[str, ...]:
    """What a device may do: write its four kinds and read its advice. No pattern, no wildcard."""
    writes = (f"topic write {device_topic(clinic_id, device_id, kind, root)}" for kind in KINDS)
    return (*writes, f"topic read {device_topic(clinic_id, device_id, 'advice', root)}")


def password_hash(password: str, salt: bytes | None = None) -> str:
    """The password as mosquitto keeps it: PBKDF2 with SHA-512, `$7$iterations$salt$hash`."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def with_login(text: str, name: str, hashed: str | None) -> str:
    """The password file with this login; None: without it."""
    kept = [line for line in text.splitlines() if line.partition(":")[0] != name]
    return _joined([*kept, *([f"{name}:{hashed}"] if hashed is not None else [])])


def with_entries(text: str, name: str, entries: Sequence[str]) -> str:
    """The access list with exactly these entries for a name; none: without the name. Comments stay where they are."""
    lines = text.splitlines()
    if _entries(text, name) == list(entries) and entries:
        return text
    kept: list[str] = []
    inside = False
    for line in lines:
        words = line.split()
        if words[:1] == ["user"]:
            inside = words[1:] == [name]
        if not (inside and words[:1] in (["user"], ["topic"])):
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    added = [*([""] if kept else []), f"user {name}", *entries] if entries else []
    return _joined([*kept, *added])


def _entries(text: str, name: str) -> list[str]:
    """The `topic` lines that belong to a name."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["user"]:
            inside = words[1:] == [name]
        elif inside and words[:1] == ["topic"]:
            found.append(" ".join(words))
    return found


def _logins(text: str) -> frozenset[str]:
    return frozenset(line.partition(":")[0] for line in text.splitlines() if ":" in line)


def _require_device(acl: str, name: str, root: str, *, has_login: bool) -> None:
    """Raises ConflictError where the name is a person's or a program's: its rights must not become a device's."""
    entries = _entries(acl, name)
    if all(_is_devices(entry, name, root) for entry in entries) and (entries or not has_login):
        return
    raise ConflictError(f"{name} is a login that is no device's: give the device another name, or remove that login")


def _is_devices(entry: str, name: str, root: str) -> bool:
    words = entry.split()
    advice = words[-1].removesuffix("/advice")
    topic = parse_topic(f"{advice}/status" if words[1:2] == ["read"] else words[-1], root)
    return len(words) == 3 and getattr(topic, "device_id", None) == name


def _wrong_identifiers(named: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{what} {text[:40]!r}: write 1 to 64 letters, digits and . _ - beginning with a letter or digit"
        for what, text in named
        if not is_identifier(text)
    ]


def _require_identifiers(named: Iterable[tuple[str, str]]) -> None:
    mistakes = _wrong_identifiers(named)
    if mistakes:
        raise InvalidInputError(mistakes)


def _check(devices: Sequence[tuple[str, str]]) -> None:
    mistakes = _wrong_identifiers(named for pair in devices for named in zip(("clinic", "device"), pair, strict=True))
    seen: dict[str, str] = {}
    for clinic_id, device_id in devices:
        if seen.setdefault(device_id, clinic_id) != clinic_id:
            mistakes.append(f"device {device_id} stands in two clinics: {seen[device_id]} and {clinic_id}")
    if mistakes:
        raise InvalidInputError(mistakes)


@contextmanager
def _alone(files: BrokerFiles) -> Iterator[None]:
    """Lets one enrolment at a time at the files; the lock is their folder, so that nothing is left behind."""
    folder = _told(files.passwords.parent, lambda: os.open(files.passwords.parent, os.O_RDONLY | os.O_DIRECTORY))
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _read(path: Path) -> str:
    def read() -> str:
        with suppress(FileNotFoundError):
            return path.read_text(encoding="utf-8")
        return ""

    return _told(path, read)


def _write(path: Path, text: str) -> None:
    """Puts the text in the file's place in one step; its owner and rights stay. Unchanged: nothing is touched."""

    def write() -> None:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            with suppress(FileNotFoundError):
                before = path.stat()
                os.fchmod(descriptor, before.st_mode & 0o777)
                with suppress(PermissionError):
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        part.replace(path)

    _told(path, write)


def _told(path: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise SilverpointError(f"can't use {path}: {error.strerror}; run this as the user who owns it") from error
    except UnicodeDecodeError:
        raise SilverpointError(f"can't use {path}: it is no text of a broker's file") from None


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
