"""Times as people write them: RFC 3339, milliseconds since the epoch, or an age such as `7d` (contract, section 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from schemas.identity import MAX_TIME_MS, MIN_TIME_MS

_UNIT_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_age = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)
_epoch_ms = re.compile(r"[0-9]{1,15}", re.ASCII)
_rfc3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str, now_ms: int) -> int:
    """Milliseconds since the epoch of a written time; an age counts back from `now_ms`.

    Raises ValueError, with a sentence for whoever wrote it, where `text` is no time or lies outside 2000 to 2100.
    """
    time_ms = _milliseconds(text, now_ms)
    if time_ms is None:
        raise ValueError(f"{text[:40]!r} is no time: write 2026-07-01T12:00:00Z, epoch milliseconds, or an age as 7d")
    if not MIN_TIME_MS <= time_ms <= MAX_TIME_MS:
        raise ValueError(f"{text[:40]!r} lies outside the years 2000 to 2100")
    return time_ms


def _milliseconds(text: str, now_ms: int) -> int | None:
    age = _age.fullmatch(text)
    if age is not None:
        return now_ms - int(age[1]) * _UNIT_MS[age[2]]
    if _epoch_ms.fullmatch(text) is not None:
        return int(text)
    # A query string turns the `+` of an offset into a space where it was not escaped.
    return _from_rfc3339(text) or _from_rfc3339(re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text))


def _from_rfc3339(text: str) -> int | None:
    if _rfc3339.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "T"))
        elapsed = moment - _EPOCH
    except (ValueError, OverflowError):
        return None
    return elapsed.days * _UNIT_MS["d"] + elapsed.seconds * 1_000 + elapsed.microseconds // 1_000
