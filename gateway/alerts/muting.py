"""Muting: whether anything is sent about an alert. A silence mutes sending, never state. Pure but for its own list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from schemas.alert import Alert, Silence


class Muting:
    """The silences and maintenance windows that count now or later."""

    def __init__(self) -> None:
        self._silences: dict[int, Silence] = {}

    def replace(self, silences: Iterable[Silence]) -> None:
        """Forgets all and takes these."""
        self._silences = {silence.silence_id: silence for silence in silences}

    def put(self, silence: Silence) -> None:
        """Takes a silence as it is now."""
        if silence.ended_ms is None:
            self._silences[silence.silence_id] = silence
        else:
            self._silences.pop(silence.silence_id, None)

    def drop(self, silence_ids: Iterable[int]) -> None:
        """These have ended."""
        for silence_id in silence_ids:
            self._silences.pop(silence_id, None)

    def silence(self, alert: Alert, now_ms: int) -> Silence | None:
        """Why nothing is sent about the alert now; None where it is. Of several the one that lasts longest."""
        if not self._silences:
            return None
        muting = [silence for silence in self._silences.values() if silence.mutes(alert, now_ms)]
        return max(muting, key=lambda silence: silence.ends_ms) if muting else None

    def ended_by(self, resolved: Iterable[Alert], still_open: Collection[Alert]) -> tuple[int, ...]:
        """The silences whose last alert has resolved, of those that end with it."""
        over = list(resolved)
        return tuple(
            silence.silence_id
            for silence in self._silences.values()
            if silence.ends_with_alert
            and any(silence.matchers.match(alert) for alert in over)
            and not any(silence.matchers.match(alert) for alert in still_open)
        )


def told(silence: Silence) -> str:
    """The silence as a person reads it."""
    until = datetime.fromtimestamp(silence.ends_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    what = "maintenance" if silence.kind == "maintenance" else f"silenced by {silence.created_by}"
    why = f": {silence.comment}" if silence.comment else ""
    return f"{what} until {until}{why}"
