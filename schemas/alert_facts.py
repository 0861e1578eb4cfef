"""What an alert says, as data: pages and messages word it in their reader's language, the store keeps English. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple


class AlertFacts(NamedTuple):
    """What a rule found, as of when the alert's text was last written. Each rule fills what it speaks of.

    Kept beside the text and not read off the alert's value: that one goes on while the alert clears, the text stays.
    """

    wear_ratio: float | None = None
    replace_by: str | None = None
    """A date in the clinic's zone."""
    expires_on: str | None = None
    lot: str | None = None
    nozzle_model: str | None = None
    device_model: str | None = None
    others: tuple[str, ...] = ()
    """Devices that have the same nozzle in use."""
    strikes_before: int | None = None
    """With `strikes_now`: the nozzle's counter fell. Without: another nozzle came in an unreported swap."""
    strikes_now: int | None = None
    speed_ratio: float | None = None
    group_model: str | None = None
    """The nozzle model that it is held against; None: the fleet."""
    charge_ratio: float | None = None
    health_ratio: float | None = None
    lasts_ms: int | None = None
    """A session, a silence, a lost connection."""
    depth_mm: float | None = None
    low_mm: float | None = None
    high_mm: float | None = None
    clock_off_ms: int | None = None
    """Above 0: ahead. None: the clock is not set."""
    number: int | None = None
    """Records, messages, or devices of `devices`."""
    devices: int | None = None
    reason: str | None = None
    """The code of a rejection."""
    free_ratio: float | None = None
    free_bytes: int | None = None

    def veiled(self, seen: Collection[str] = ()) -> AlertFacts:
        """The same without the names of other devices than `seen`: they may stand where the reader does not see."""
        return self._replace(others=tuple(device_id for device_id in self.others if device_id in seen))


_LISTS: Final = frozenset({"others"})


def write_facts(facts: AlertFacts | None) -> str | None:
    """As JSON, without what is not filled."""
    if facts is None:
        return None
    filled = {name: value for name, value in facts._asdict().items() if value is not None and value != ()}
    return json.dumps(filled, separators=(",", ":"))


def read_facts(text: str | None) -> AlertFacts | None:
    """The facts of that JSON; None where there are none."""
    if text is None:
        return None
    given: Mapping[str, Any] = json.loads(text)
    known = {name: value for name, value in given.items() if name in AlertFacts._fields}
    filled: dict[str, Any] = {name: tuple(value) if name in _LISTS else value for name, value in known.items()}
    return AlertFacts(**filled)
