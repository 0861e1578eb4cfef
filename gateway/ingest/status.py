"""Statuses merge by receipt (contract, section 2): what a device says of itself, and whether it is online. Pure.

The rules: the status received last wins for each field that it gives; `offline` of another boot than the device's
latest changes nothing; a record received after an `offline` makes the device online again; a retained copy only fills
what nobody said yet.
"""

from __future__ import annotations

from gateway.store.rows import DeviceState, Key, TimedSample
from schemas.records import OnlineState, Status


class StatusWork:
    """The part of a device's state that statuses make; mutable, private to ingest."""

    __slots__ = ("boot_id", "firmware", "form", "interval_s", "model", "received_ms", "state")

    def __init__(self) -> None:
        self.state: OnlineState | None = None
        self.received_ms: int | None = None
        """Of the last live status that counted."""
        self.boot_id: str | None = None
        self.model: str | None = None
        self.firmware: str | None = None
        self.form: str | None = None
        self.interval_s: int | None = None

    @classmethod
    def of(cls, device: DeviceState) -> StatusWork:
        work = cls()
        work.state = device.status_state
        work.received_ms = device.status_received_ms
        work.boot_id = device.status_boot_id
        work.model = device.model
        work.firmware = device.firmware
        work.form = device.form
        work.interval_s = device.interval_s
        return work

    def add_retained(self, status: Status) -> bool:
        """Takes the broker's stored copy; says whether it told anything new."""
        before = (self.model, self.firmware, self.form, self.interval_s)
        self._fill(status)
        return before != (self.model, self.firmware, self.form, self.interval_s)

    def add_live(self, status: Status, received_ms: int, latest_boot_id: str | None) -> bool:
        """Takes a status; False where it counts for nothing. `latest_boot_id`: see `latest_boot`."""
        if status.state == "offline" and _of_earlier_boot(status, latest_boot_id):
            return False
        if self.received_ms is not None and received_ms < self.received_ms:
            self._fill(status)
            return True
        self.state = status.state
        self.received_ms = received_ms
        self.boot_id = status.boot_id if status.boot_id is not None else self.boot_id
        self.model = status.model if status.model is not None else self.model
        self.firmware = status.firmware if status.firmware is not None else self.firmware
        self.form = status.form if status.form is not None else self.form
        self.interval_s = status.interval_s if status.interval_s is not None else self.interval_s
        return True

    def after_seen(self, last_seen_ms: int) -> None:
        """Something of the device was received last at this time: later than its `offline`, it is online again."""
        if self.state == "offline" and self.received_ms is not None and last_seen_ms > self.received_ms:
            self.state = "online"

    def _fill(self, status: Status) -> None:
        self.model = self.model if self.model is not None else status.model
        self.firmware = self.firmware if self.firmware is not None else status.firmware
        self.form = self.form if self.form is not None else status.form
        self.interval_s = self.interval_s if self.interval_s is not None else status.interval_s


def _of_earlier_boot(status: Status, latest_boot_id: str | None) -> bool:
    return status.boot_id is not None and latest_boot_id is not None and status.boot_id != latest_boot_id


def latest_boot(status: StatusWork, latest_key: Key | None, latest: TimedSample | None) -> str | None:
    """The latest boot known of a device: of its last status, or of its latest record if that was made later.

    A backlog of an earlier boot arrives after the status of the new one, but was made before it.
    """
    if latest_key is None or status.boot_id is None or status.received_ms is None:
        return status.boot_id if latest_key is None else latest_key[1]
    made_ms = latest_key[0]
    if latest is not None and latest.key == latest_key:
        made_ms = min(made_ms, latest.received_ms)
    return latest_key[1] if made_ms > status.received_ms else status.boot_id
