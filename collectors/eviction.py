"""Telling a takeover from other ends where the broker does not say it.

MQTT 5 wants a DISCONNECT with 0x8E, but mosquitto before 2.0.15 closes without a word. Two gateways with one client id
would then throw each other out for ever, each keeping half of the messages. No other trouble looks like this: one
connection after the other is accepted, with our session, and closed without a word within seconds.
"""

from __future__ import annotations

from typing import Final

EVICTIONS_TO_STOP: Final = 4
_SHORT_S: Final = 5.0


class EvictionWatch:
    """Counts connections in a row that ended as a takeover does."""

    def __init__(self) -> None:
        self._row = 0

    def ended(self, *, lasted_s: float, session_present: bool, wordless: bool) -> bool:
        """Takes in how an accepted connection ended; answers whether that was one takeover too many."""
        evicted = wordless and session_present and lasted_s < _SHORT_S
        self._row = self._row + 1 if evicted else 0
        return self._row >= EVICTIONS_TO_STOP

    def failed(self) -> None:
        """An attempt did not get as far as an accepted connection: the broker itself is in trouble."""
        self._row = 0
