"""The machine: clock and zones, the disk under the store, and the store itself."""

from __future__ import annotations

import asyncio
import shutil
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.clock import Clock
from gateway.doctor.finding import Finding, note, wrong
from gateway.errors import SilverpointError
from gateway.store.sqlite.files import faults_of, require_writable

_RELEASED_MS: Final = 1_767_225_600_000
"""2026-01-01: a clock before it was never set."""
_LEAST_FREE_BYTES: Final = 2 << 30
_LEAST_FREE_RATIO: Final = 0.05
_QUICKLY_CHECKED_BYTES: Final = 1 << 30
_TIMEDATECTL_S: Final = 5.0
_NETWORK_FILESYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "glusterfs", "ceph"}
)


async def examine_clock(clock: Clock) -> list[Finding]:
    """Whether event times can be believed, and clinics' hours worked out."""
    found: list[Finding] = []
    if clock.now_ms() < _RELEASED_MS:
        found.append(wrong("clock", "it has never been set", "set it, and let NTP keep it (timedatectl set-ntp true)"))
    synchronized = await _ntp_synchronized()
    if synchronized is None:
        found.append(note("clock", "whether NTP keeps it can't be seen here", "see that it is right within a second"))
    elif not synchronized:
        found.append(
            wrong("clock", "it is not kept by NTP, and late messages are judged by it", "timedatectl set-ntp true")
        )
    if "Europe/Berlin" not in zoneinfo.available_timezones():
        found.append(wrong("clock", "there is no time zone data", "install the package tzdata"))
    return found


async def examine_store(path: Path) -> list[Finding]:
    """Whether the store can be written, and is sound as far as can be seen in seconds."""
    try:
        require_writable(str(path))
        size = await asyncio.to_thread(_size, path)
        if size is None:
            return [note("store", f"there is no store {path} yet", "it is made at the first start")]
        if size > _QUICKLY_CHECKED_BYTES:
            return [note("store", f"{path} is too large to be looked through now", "run silverpoint store check")]
        faults = await faults_of(str(path))
    except SilverpointError as error:
        return [wrong("store", "can't be used", str(error))]
    return [wrong("store", fault, "restore the last backup (silverpoint store restore)") for fault in faults]


def examine_disk(path: Path, mounts: Path = Path("/proc/mounts")) -> Iterator[Finding]:
    """Whether there is room, on a disk that SQLite can trust."""
    folder = path.resolve().parent
    if not folder.is_dir():
        return
    usage = shutil.disk_usage(folder)
    if usage.free < _LEAST_FREE_BYTES or usage.free < usage.total * _LEAST_FREE_RATIO:
        yield wrong(
            "disk",
            f"{usage.free / (1 << 30):.1f} GiB of {usage.total / (1 << 30):.1f} GiB are free at {folder}",
            "make room, lower retention.samples_days, or move the store to a larger disk",
        )
    kind = filesystem_of(folder, mounts)
    if kind in _NETWORK_FILESYSTEMS:
        yield wrong("disk", f"the store lies on a network share ({kind})", "put it on a local disk: store.url")


def filesystem_of(folder: Path, mounts: Path) -> str | None:
    """The type of the file system that a folder lies on; None where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found: tuple[int, str] | None = None
    for fields in (line.split() for line in lines):
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if folder.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = (len(point.parts), fields[2])
    return found[1] if found else None


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


async def _ntp_synchronized() -> bool | None:
    program = shutil.which("timedatectl")
    if program is None:
        return None
    asked = await asyncio.create_subprocess_exec(
        program, "show", "--property=NTPSynchronized", "--value",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(asked.communicate(), _TIMEDATECTL_S)
    except TimeoutError:
        asked.kill()
        await asked.wait()
        return None
    return {b"yes": True, b"no": False}.get(said.strip())
