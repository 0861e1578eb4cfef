"""Presence: whether a device counts as online, by its own word and by how long it has been silent."""

from __future__ import annotations

from typing import Final

from gateway.store.rows import DeviceState

DEFAULT_SILENT_AFTER_MS: Final = 35 * 60_000
"""Two of the 15 min that the contract allows between two samples, and 5 min for the way."""


def silent_after_ms(state: DeviceState, default_ms: int = DEFAULT_SILENT_AFTER_MS) -> int:
    """How long this device may be silent: twice the longest silence that it announced, or the default."""
    return 2_000 * state.interval_s if state.interval_s else default_ms


def is_online(state: DeviceState, now_ms: int, default_ms: int = DEFAULT_SILENT_AFTER_MS) -> bool:
    """False for a device that said it is offline, or that has been silent for too long."""
    return state.status_state != "offline" and now_ms - state.last_seen_ms <= silent_after_ms(state, default_ms)
