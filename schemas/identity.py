"""Identifiers and times: the one place that says what an id and a time may look like (contract, section 1)."""

from __future__ import annotations

import re
from typing import Final, Literal, NewType, get_args

IDENTIFIER_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
BOOT_ID_PATTERN: Final = r"^[A-Za-z0-9-]{1,36}$"
SESSION_ID_PATTERN: Final = r"^[0-9a-f-]{1,36}$"
VERSION_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$"
DATE_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

MIN_TIME_MS: Final = 946_684_800_000
MAX_TIME_MS: Final = 4_102_444_800_000
MAX_COUNT: Final = 2**53 - 1

Kind = Literal["telemetry", "session", "nozzle", "status"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ClinicId = NewType("ClinicId", str)
DeviceId = NewType("DeviceId", str)
Serial = NewType("Serial", str)

_identifier = re.compile(IDENTIFIER_PATTERN.removesuffix("$"), re.ASCII)


def is_identifier(text: str) -> bool:
    """Whether `text` may name a clinic, device, nozzle, lot, model or board; a trailing newline may not."""
    return _identifier.fullmatch(text) is not None
