"""What a device says of itself: numbers its records within a boot and hands them to its uplink."""

from __future__ import annotations

from random import Random

from collectors.simulator.inventory import Nozzle
from collectors.simulator.settings import SECOND_MS, SimulatorSettings
from collectors.simulator.timekeeping import DeviceClock
from collectors.simulator.traits import FIRMWARES, Traits
from collectors.simulator.uplink import Uplink
from collectors.simulator.wire import head_json, nozzle_json, session_json, status_json, will_json
from schemas.records import NozzleAction, OnlineState, PowerSource, SessionEnd

_LONGEST_SILENCE_S = 900


class Recorder:
    """The records of one device, over all its boots."""

    def __init__(
        self, settings: SimulatorSettings, traits: Traits, rng: Random, clock: DeviceClock, uplink: Uplink
    ) -> None:
        self._traits = traits
        self._rng = rng
        self._firmware_no = traits.firmware_no
        self._interval_s = max(_LONGEST_SILENCE_S, 3 * settings.sample_interval_ms // SECOND_MS)
        self._next_seq = 0
        self.clock = clock
        self.uplink = uplink
        self.boot_id = ""

    def boot(self, at_ms: int, *, forgets_time: bool) -> None:
        """Begins a new boot: another id, and its records counted from 0."""
        self.boot_id = f"{self._rng.getrandbits(64):016x}"
        self._next_seq = 0
        self.clock.boot(at_ms, forgets=forgets_time)

    def update_firmware(self) -> None:
        self._firmware_no = min(self._firmware_no + 1, len(FIRMWARES) - 1)

    def sample(self, at_ms: int, power: str, nozzle: str, sessions_total: int, session_active: bool) -> None:
        """Records one reading; `power` and `nozzle` are already JSON."""
        clock = self.clock
        seq = self._next_seq
        self._next_seq = seq + 1
        self.uplink.sample(
            f"{head_json(self.boot_id, seq, clock.ts_ms(at_ms), at_ms - clock.booted_ms)},"
            f'"power":{power},"nozzle":{nozzle},'
            f'"sessions":{{"total":{sessions_total},"active":{"true" if session_active else "false"}}}}}',
            at_ms,
        )

    def session(
        self,
        at_ms: int,
        *,
        session_id: str,
        started_ms: int | None,
        ended_ms: int | None,
        strikes: int,
        depth_mm: float | None,
        nozzle_serial: str | None,
        power_source: PowerSource,
        end: SessionEnd,
    ) -> None:
        """Records a session that has ended."""
        text = session_json(
            self._head(at_ms),
            session_id=session_id,
            started_ms=started_ms,
            ended_ms=ended_ms,
            strikes=strikes,
            depth_mm=depth_mm,
            nozzle_serial=nozzle_serial,
            power_source=power_source,
            end=end,
        )
        self.uplink.record("session", text, at_ms)

    def nozzle(self, at_ms: int, event: NozzleAction, nozzle: Nozzle) -> None:
        """Records a nozzle fitted or removed."""
        text = nozzle_json(
            self._head(at_ms),
            event,
            serial=nozzle.serial,
            strikes=nozzle.strikes,
            model=nozzle.kind.model,
            lot=nozzle.lot.lot,
            rated_strikes=nozzle.kind.rated_strikes,
            expires_on=nozzle.lot.expires_on,
        )
        self.uplink.record("nozzle", text, at_ms)

    def status(self, at_ms: int, state: OnlineState) -> None:
        """Says that the device is there, or is about to go."""
        text = status_json(
            state,
            self.boot_id,
            self.clock.ts_ms(at_ms),
            model=self._traits.model,
            firmware=FIRMWARES[self._firmware_no],
            form=self._traits.form,
            interval_s=self._interval_s,
        )
        self.uplink.status(text, at_ms)

    def will(self, at_ms: int, boot_id: str) -> None:
        """What the broker says for the device once it misses it."""
        self.uplink.status(will_json(boot_id), at_ms)

    def _head(self, at_ms: int) -> str:
        seq = self._next_seq
        self._next_seq = seq + 1
        return head_json(self.boot_id, seq, self.clock.ts_ms(at_ms), self.clock.up_ms(at_ms))
