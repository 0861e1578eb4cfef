"""The machine itself: boots, takes samples, runs sessions, reports what it finds. In true time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random

from collectors.simulator.agenda import NEVER_MS, Agenda
from collectors.simulator.mount import NozzleMount
from collectors.simulator.power import PowerSupply
from collectors.simulator.recorder import Recorder
from collectors.simulator.rhythm import SessionPlan
from collectors.simulator.settings import MINUTE_MS, SECOND_MS, SimulatorSettings
from schemas.records import PowerSource, SessionEnd

_WILL_AFTER_MS = 75 * SECOND_MS
_FIRST_SAMPLE_AFTER_MS = 2 * SECOND_MS


@dataclass(slots=True)
class ActiveSession:
    """A session that is running, or was when the power went."""

    plan: SessionPlan
    session_id: str
    started_ms: int | None
    source: PowerSource
    nozzle_serial: str | None
    struck_until_ms: int
    strikes: int = 0
    cut_ms: int | None = None
    """When the power went, by the device's clock."""


class Machine:
    """One device without its people."""

    def __init__(
        self,
        settings: SimulatorSettings,
        rng: Random,
        agenda: Agenda,
        recorder: Recorder,
        power: PowerSupply,
        mount: NozzleMount,
    ) -> None:
        self._settings = settings
        self._rng = rng
        self._agenda = agenda
        self._recorder = recorder
        self._clock = recorder.clock
        self._uplink = recorder.uplink
        self._absences = 0
        self._cut_session: ActiveSession | None = None
        self._sessions_total = rng.randint(50, 3000)
        self._depth_mm = 1.0
        self.power = power
        self.mount = mount
        self.running = False
        self.session: ActiveSession | None = None
        self.next_sample_ms = NEVER_MS

    def boot(self, at_ms: int) -> None:
        """Powers up, if it can and is not up already, and reports what it finds."""
        self.pass_time(at_ms)
        if self.running or not self.power.available:
            return
        self.running = True
        forgets_time = self._rng.random() < self._settings.oddities.unset_clock_share
        self._recorder.boot(at_ms, forgets_time=forgets_time)
        if not self._absences:
            self._connect(at_ms)
        if self._cut_session is not None:
            cut, self._cut_session = self._cut_session, None
            self._record_session(cut, cut.cut_ms, "power_lost", at_ms)
        self.mount.report(self._recorder, at_ms)
        self.next_sample_ms = at_ms + _FIRST_SAMPLE_AFTER_MS

    def power_off(self, at_ms: int, *, says_so: bool) -> None:
        """Powers down. Unless it can say so, the broker misses it only later. A session is cut."""
        self.pass_time(at_ms)
        if not self.running:
            return
        session, self.session = self.session, None
        if session is not None:
            knows_when = self._rng.random() < 0.7
            session.cut_ms = self._clock.ts_ms(at_ms) if knows_when and session.started_ms is not None else None
            self._cut_session = session
            self._sessions_total += 1
        self.running = False
        self.next_sample_ms = NEVER_MS
        if self._uplink.connected and says_so:
            self._uplink.connected = False
            self._recorder.status(at_ms, "offline")
        self._disconnect(at_ms)

    def come_back_from_repair(self) -> None:
        """A repair puts a new board in: sessions are counted from 0 again."""
        self._sessions_total = 0

    def lose_network(self, at_ms: int) -> None:
        self._absences += 1
        self._disconnect(at_ms)

    def regain_network(self, at_ms: int) -> None:
        self._absences -= 1
        if self.running and not self._absences:
            self._connect(at_ms)

    def update_firmware(self) -> None:
        """Takes effect with the next status."""
        self._recorder.update_firmware()

    def sync_clock(self, at_ms: int) -> None:
        if self._uplink.connected:
            self._clock.sync(at_ms)

    def start_session(self, plan: SessionPlan, at_ms: int) -> ActiveSession | None:
        """Starts a session, if the machine is up, idle and has a nozzle."""
        self.pass_time(at_ms)
        if not self.running or self.session is not None or self.mount.nozzle is None:
            return None
        self._depth_mm = plan.depth_mm
        self.session = ActiveSession(
            plan=plan,
            session_id=f"{self._rng.getrandbits(128):032x}",
            started_ms=self._clock.ts_ms(at_ms),
            source=self.power.source,
            nozzle_serial=self.mount.serial,
            struck_until_ms=at_ms,
        )
        if self._settings.is_dense(at_ms):
            self.next_sample_ms = at_ms
        return self.session

    def end_session(self, session: ActiveSession, at_ms: int) -> bool:
        """Ends the session and records it; False where it was cut before."""
        if self.session is not session:
            return False
        self.pass_time(at_ms)
        self.session = None
        self._sessions_total += 1
        ended_ms = self._clock.ts_ms(at_ms) if session.started_ms is not None else None
        self._record_session(session, ended_ms, "stopped" if session.plan.stopped else "normal", at_ms)
        self.next_sample_ms = at_ms
        return True

    def report_nozzle(self, at_ms: int) -> None:
        """Reports a change of nozzle, if the machine is up to see it."""
        if self.running:
            self.mount.report(self._recorder, at_ms)

    def go_live(self, at_ms: int) -> None:
        """Sends what was gathered for a batch, and goes over to the live intervals."""
        self._uplink.is_live = True
        self._uplink.flush(at_ms)
        if self.running:
            interval_ms = self._settings.interval_ms(at_ms, in_session=self.session is not None, live=True)
            soon_ms = at_ms + int(self._rng.random() * interval_ms)
            self.next_sample_ms = min(self.next_sample_ms, soon_ms)

    def sample_until(self, stop_ms: int) -> None:
        """Takes every sample due before `stop_ms`. One that finds the battery empty is the last."""
        in_session, live = self.session is not None, self._uplink.is_live
        while self.next_sample_ms < stop_ms:
            at_ms = self.next_sample_ms
            self.next_sample_ms = at_ms + self._settings.interval_ms(at_ms, in_session=in_session, live=live)
            self._take_sample(at_ms)

    def pass_time(self, at_ms: int) -> None:
        """Brings charge and strikes up to `at_ms`."""
        session, nozzle = self.session, self.mount.nozzle
        self.power.pass_time(at_ms, running=self.running, in_session=session is not None)
        if session is not None and nozzle is not None:
            seconds = (at_ms - session.struck_until_ms) / SECOND_MS
            session.struck_until_ms = at_ms
            strikes = int(seconds * session.plan.strikes_per_s * self._rng.uniform(0.95, 1.05))
            session.strikes += strikes
            nozzle.strikes += strikes

    def _take_sample(self, at_ms: int) -> None:
        self.pass_time(at_ms)
        in_session = self.session is not None
        power_json = self.power.to_json(in_session)
        self._recorder.sample(at_ms, power_json, self.mount.to_json(self._depth_mm), self._sessions_total, in_session)
        if not self.power.available:
            self.power_off(at_ms, says_so=True)

    def _record_session(self, session: ActiveSession, ended_ms: int | None, end: SessionEnd, at_ms: int) -> None:
        self._recorder.session(
            at_ms,
            session_id=session.session_id,
            started_ms=session.started_ms,
            ended_ms=ended_ms,
            strikes=session.strikes,
            depth_mm=session.plan.depth_mm if self.mount.reports_depth else None,
            nozzle_serial=session.nozzle_serial,
            power_source=session.source,
            end=end,
        )

    def _connect(self, at_ms: int) -> None:
        self._uplink.connected = True
        self._recorder.status(at_ms, "online")
        self._uplink.flush(at_ms)
        if not self._clock.is_set:
            self._agenda.plan(at_ms + int(self._rng.uniform(1, 20) * MINUTE_MS), self.sync_clock)

    def _disconnect(self, at_ms: int) -> None:
        if self._uplink.connected:
            self._uplink.connected = False
            self._agenda.plan(at_ms + _WILL_AFTER_MS, partial(self._send_will, self._recorder.boot_id))

    def _send_will(self, boot_id: str, at_ms: int) -> None:
        if not self._uplink.connected or self._recorder.boot_id != boot_id:
            self._recorder.will(at_ms, boot_id)
