"""What a line of an order's history says, as data: pages word it in their reader's language. Pure."""

from __future__ import annotations

import json
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from schemas.alert import Rule
from schemas.work import ReplaceReason

Shown: TypeAlias = Literal["device", "person"]
"""Who made the record of a swap. What a person recorded counts once the device has shown it."""
ELSEWHERE: Final = "a device elsewhere"
"""In place of a device's name, for whoever does not see that device; no device has blanks in its name."""


class OrderTold(NamedTuple):
    """What happened; each act fills what it speaks of, and one that a person described in own words nothing."""

    rule: Rule | None = None
    again: bool = False
    """The order had been over."""
    device_id: str | None = None
    """Where the nozzle is now."""
    reason: ReplaceReason | None = None
    serial: str | None = None
    """The nozzle that came in its place."""
    made_by: Shown | None = None
    health_then: float | None = None
    health_now: float | None = None
    text: str = ""
    """What the person who did it wrote besides."""


def write_told(told: OrderTold | None) -> str | None:
    """As JSON, without what is not filled."""
    if told is None:
        return None
    return json.dumps({name: value for name, value in told._asdict().items() if value}, separators=(",", ":"))


def read_told(text: str | None) -> OrderTold | None:
    """What that JSON says; None where there is none."""
    if text is None:
        return None
    filled: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in OrderTold._fields}
    return OrderTold(**filled)
