"""One simulated device: a machine, the people who use and mend it, and what befalls both."""

from __future__ import annotations

from functools import partial

from collectors.simulator.agenda import NEVER_MS, Act, Agenda
from collectors.simulator.clinics import SimulatedClinic, Window, mains_outages, next_day
from collectors.simulator.dayplan import DayPlan, plan_day
from collectors.simulator.inventory import Inventory, Nozzle
from collectors.simulator.machine import ActiveSession, Machine
from collectors.simulator.mount import NozzleMount
from collectors.simulator.power import Battery, PowerSupply
from collectors.simulator.recorder import Recorder
from collectors.simulator.rhythm import SessionPlan
from collectors.simulator.settings import DAY_MS, MINUTE_MS, SECOND_MS, SimulatorSettings
from collectors.simulator.timekeeping import DeviceClock
from collectors.simulator.traits import Traits
from collectors.simulator.truth import NozzleTruth
from collectors.simulator.uplink import Outgoing, Uplink

_DOCK_BELOW = 0.25
_DOCK_SHARE = 0.8
_UNDOCK_ABOVE = 0.5
_FIRMWARE_UPDATE_SHARE = 0.3


class SimulatedDevice:
    """A device with its people. Independent of all other devices, so a fleet may advance them in any order."""

    def __init__(
        self,
        settings: SimulatorSettings,
        traits: Traits,
        clinic: SimulatedClinic,
        inventory: Inventory,
        device_no: int,
        absence: Window | None = None,
    ) -> None:
        self._settings = settings
        self._odd = settings.oddities
        self._traits = traits
        self._clinic = clinic
        self._rng = rng = settings.random("device", device_no)
        start_ms = settings.start_ms
        health_ratio = traits.battery_health_ratio
        battery = None if health_ratio is None else Battery(rng.uniform(0.7, 1.0), health_ratio)
        clock = DeviceClock(rng, traits.drift_ppm, sync_works=traits.sync_works, at_ms=start_ms)
        self._uplink = Uplink(settings, rng, clinic.clinic_id, traits.device_id, device_no)
        self._mount = NozzleMount(inventory, traits, rng, clinic.clinic_id, device_no)
        self._agenda = Agenda()
        self._machine = Machine(
            settings,
            rng,
            self._agenda,
            Recorder(settings, traits, rng, clock, self._uplink),
            PowerSupply(rng, clinic.region.mains_v, battery, start_ms),
            self._mount,
        )
        self._day = clinic.local_date(start_ms)
        self._visit_ms = NEVER_MS
        self._fit_used_nozzle(start_ms)
        self._agenda.plan(start_ms, self._start_day)
        self._agenda.plan(start_ms + int(rng.random() * MINUTE_MS), self._machine.boot)
        if settings.live_from_ms is not None:
            self._agenda.plan(max(start_ms, settings.live_from_ms - SECOND_MS), self._machine.go_live)
        if absence is not None:
            self._plan_absence(absence, start_ms)

    def next_ms(self) -> int:
        """When something happens next to this device."""
        return min(self._agenda.next_ms(), self._machine.next_sample_ms)

    def advance(self, until_ms: int) -> None:
        """Lets everything happen up to and including `until_ms`."""
        agenda, machine = self._agenda, self._machine
        while True:
            act_ms = agenda.next_ms()
            if machine.next_sample_ms < act_ms:
                if machine.next_sample_ms > until_ms:
                    return
                machine.sample_until(min(act_ms, until_ms + 1))
            elif act_ms > until_ms:
                return
            else:
                agenda.perform_next()

    def collect(self) -> list[Outgoing]:
        """Hands over what was sent since last asked."""
        sent, self._uplink.outbox = self._uplink.outbox, []
        return sent

    def truth(self) -> list[NozzleTruth]:
        """Every nozzle that the device ever had, as it is now."""
        return self._mount.truth()

    def _fit_used_nozzle(self, at_ms: int) -> None:
        nozzle = self._mount.draw_nozzle()
        nozzle.strikes = int(self._rng.random() * nozzle.path.strikes_at_limit)
        self._mount.fit(nozzle, at_ms)
        if self._rng.random() < self._odd.unannounced_share:
            self._mount.keep_quiet()

    def _start_day(self, at_ms: int) -> None:
        day, self._day = self._day, next_day(self._day)
        self._agenda.plan(self._clinic.midnight_ms(self._day), self._start_day)
        self._machine.sync_clock(at_ms)
        plan = plan_day(self._rng, self._odd, self._traits, self._clinic, day)
        for outage in mains_outages(self._settings, self._clinic, day):
            self._plan_window(at_ms, outage, self._lose_mains, self._regain_mains)
        self._plan_mishaps(plan, at_ms)
        if plan.hours is not None:
            self._plan_work(plan, plan.hours, at_ms)

    def _plan(self, now_ms: int, at_ms: int | None, act: Act) -> None:
        """Plans what lies ahead; a fleet may start within a day."""
        if at_ms is not None and at_ms >= now_ms:
            self._agenda.plan(at_ms, act)

    def _plan_window(self, now_ms: int, window: Window | None, begin: Act, end: Act) -> None:
        if window is not None and window.start_ms >= now_ms:
            self._agenda.plan(window.start_ms, begin)
            self._agenda.plan(window.end_ms, end)

    def _plan_absence(self, absence: Window, now_ms: int) -> None:
        self._plan_window(now_ms, absence, self._machine.lose_network, self._machine.regain_network)

    def _plan_mishaps(self, plan: DayPlan, now_ms: int) -> None:
        if plan.offline is not None:
            self._plan_absence(plan.offline, now_ms)
        self._plan(now_ms, plan.reboot_ms, self._reboot)
        self._plan(now_ms, plan.cleaning_ms, self._clean)
        self._plan_window(now_ms, plan.tag_unreadable, partial(self._set_tag, False), partial(self._set_tag, True))

    def _plan_work(self, plan: DayPlan, hours: Window, now_ms: int) -> None:
        self._plan(now_ms, hours.start_ms - int(self._rng.uniform(5, 20) * MINUTE_MS), self._open)
        close = partial(self._close, plan.docked_at_night)
        self._plan(now_ms, hours.end_ms + int(self._rng.uniform(3, 15) * MINUTE_MS), close)
        for session in plan.sessions:
            self._plan(now_ms, session.start_ms, partial(self._start_session, session))
        self._plan_visit(hours, now_ms)
        if plan.is_damaged:
            self._plan(now_ms, (hours.start_ms + hours.end_ms) // 2, partial(self._swap, True))

    def _plan_visit(self, hours: Window, now_ms: int) -> None:
        """People ask for another nozzle when this one is worn enough; most technicians come soon, some don't."""
        wear = self._mount.seen_wear()
        if self._visit_ms == NEVER_MS and wear is not None and wear >= self._traits.swap_wear:
            is_late = self._rng.random() < self._odd.late_swap_share
            days = self._rng.uniform(3, 10) if is_late else self._rng.uniform(0, 1.5)
            self._visit_ms = now_ms + int(days * DAY_MS)
        visit_ms = hours.start_ms + int(self._rng.uniform(-5, 45) * MINUTE_MS)
        if self._visit_ms <= visit_ms and visit_ms >= now_ms:
            self._visit_ms = NEVER_MS
            self._agenda.plan(visit_ms, partial(self._swap, False))

    def _open(self, at_ms: int) -> None:
        self._wake(at_ms)
        self._undock(at_ms)

    def _wake(self, at_ms: int) -> None:
        """Somebody finds the machine off, perhaps with an empty battery."""
        machine = self._machine
        machine.pass_time(at_ms)
        if not machine.running:
            machine.power.plugged = machine.power.plugged or not machine.power.available
            machine.boot(at_ms)

    def _close(self, docked_at_night: bool, at_ms: int) -> None:
        self._machine.pass_time(at_ms)
        if docked_at_night:
            self._machine.power.plugged = True
            if not self._traits.off_at_night:
                self._machine.boot(at_ms)
        if self._traits.off_at_night and self._machine.session is None:
            self._machine.power_off(at_ms, says_so=True)

    def _undock(self, at_ms: int) -> None:
        machine = self._machine
        machine.pass_time(at_ms)
        battery = machine.power.battery
        if self._traits.form == "mobile" and battery is not None and battery.charge_ratio > _UNDOCK_ABOVE:
            machine.power.plugged = False

    def _start_session(self, plan: SessionPlan, at_ms: int) -> None:
        self._wake(at_ms)
        self._undock(at_ms)
        session = self._machine.start_session(plan, at_ms)
        if session is not None:
            self._agenda.plan(plan.end_ms, partial(self._end_session, session))

    def _end_session(self, session: ActiveSession, at_ms: int) -> None:
        battery = self._machine.power.battery
        if not self._machine.end_session(session, at_ms) or battery is None:
            return
        if battery.charge_ratio < _DOCK_BELOW and self._rng.random() < _DOCK_SHARE:
            self._machine.power.plugged = True

    def _lose_mains(self, at_ms: int) -> None:
        self._machine.pass_time(at_ms)
        self._machine.power.outage = True
        if not self._machine.power.available:
            self._machine.power_off(at_ms, says_so=False)

    def _regain_mains(self, at_ms: int) -> None:
        self._machine.pass_time(at_ms)
        self._machine.power.outage = False
        if not self._machine.running and not self._traits.off_at_night:
            self._agenda.plan(at_ms + int(self._rng.uniform(5, 90) * SECOND_MS), self._machine.boot)

    def _reboot(self, at_ms: int) -> None:
        if not self._machine.running:
            return
        self._machine.power_off(at_ms, says_so=False)
        if self._rng.random() < self._odd.repair_share:
            self._machine.come_back_from_repair()
        if self._rng.random() < _FIRMWARE_UPDATE_SHARE:
            self._machine.update_firmware()
        self._agenda.plan(at_ms + int(self._rng.uniform(20, 150) * SECOND_MS), self._machine.boot)

    def _set_tag(self, readable: bool, at_ms: int) -> None:
        self._mount.tag_readable = readable

    def _clean(self, at_ms: int) -> None:
        if self._machine.session is not None:
            return
        nozzle = self._mount.take_off(at_ms)
        if nozzle is not None:
            self._machine.report_nozzle(at_ms)
            self._agenda.plan(at_ms + int(self._rng.uniform(5, 15) * MINUTE_MS), partial(self._fit, nozzle))

    def _swap(self, damaged: bool, at_ms: int) -> None:
        if self._machine.session is not None or self._mount.nozzle is None:
            self._agenda.plan(at_ms + 20 * MINUTE_MS, partial(self._swap, damaged))
            return
        self._visit_ms = NEVER_MS
        chance = self._rng.random()
        switched_off = chance < self._odd.swap_off_share
        if switched_off:
            self._machine.power_off(at_ms, says_so=True)
        self._mount.discard(at_ms, damaged=damaged)
        unreported = chance >= 1.0 - self._odd.unreported_swap_share
        if unreported:
            self._mount.fit(self._mount.draw_nozzle(), at_ms)
            self._mount.keep_quiet()
            return
        self._machine.report_nozzle(at_ms)
        fitted_ms = at_ms + int(self._rng.uniform(2, 6) * MINUTE_MS)
        self._agenda.plan(fitted_ms, partial(self._fit, self._mount.draw_nozzle()))
        if switched_off:
            self._agenda.plan(fitted_ms + MINUTE_MS, self._machine.boot)

    def _fit(self, nozzle: Nozzle, at_ms: int) -> None:
        self._mount.fit(nozzle, at_ms)
        self._machine.report_nozzle(at_ms)
