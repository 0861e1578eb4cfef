"""A silence mutes sending, never state; it ends by time, by hand or with its alert."""

from __future__ import annotations

from pathlib import Path

from gateway.alerts.muting import told
from gateway.store.service_rows import AuditRow
from schemas.alert import Alert, Matchers, Rule, Silence, SilenceKind
from tests.alerts.site import HOUR_MS, Device, Site, open_site

AUDIT = AuditRow(0, 0, 0, "kim", "silence_alerts", "alerts", "{}")


async def silence(
    site: Site, matchers: Matchers, *, hours: float = 1, ends_with_alert: bool = False, kind: SilenceKind = "silence"
) -> Silence:
    now_ms = site.clock.now_ms()
    ends_ms = now_ms + round(hours * HOUR_MS)
    made = Silence(0, kind, matchers, now_ms, ends_ms, ends_with_alert, "being mended", "kim", now_ms)
    return await site.engine.add_silence(made, AUDIT)


async def due(site: Site, device: Device, first_hour: float = 1) -> None:
    await site.say(*(device.sample(hour, "N1", 0.9) for hour in (first_hour, first_hour + 1)))


def said(site: Site, alert: Alert) -> str:
    """Why nothing is sent about the alert."""
    found = site.engine.muted(alert)
    return "" if found is None else told(found)


async def test_a_silenced_alert_goes_on_firing_and_is_muted_until_the_end(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await silence(site, Matchers(clinic_id="c-1"))
        await due(site, device)
        (alert,) = site.engine.firing()
        assert said(site, alert).startswith("silenced by kim until 2025-10-10")
        site.clock.advance(HOUR_MS)
        assert site.engine.muted(alert) is None


async def test_a_silence_reaches_only_what_agrees_with_all_of_it(tmp_path: Path) -> None:
    async with open_site(tmp_path / "s.db") as site:
        await due(site, Device())
        (alert,) = site.engine.firing()
        rule: Rule
        for rule, clinic in (("nozzle_due", "c-2"), ("battery_low", "c-1")):
            await silence(site, Matchers(rule=rule, clinic_id=clinic))
            assert site.engine.muted(alert) is None
        await silence(site, Matchers(rule="nozzle_due", severity="warning", subject="N1"))
        assert site.engine.muted(alert) is not None


async def test_a_silence_that_ends_with_its_alert_does_not_mute_the_next_time(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await due(site, device)
        made = await silence(site, Matchers(rule="nozzle_due", subject="N1"), hours=400, ends_with_alert=True)
        await site.say(device.removed(4, "N1"))
        stored = await site.store.silence(made.silence_id)
        assert stored is not None
        assert (stored.ended_ms, stored.ended_by) == (site.clock.now_ms(), None)
        await site.say(device.fitted(5, "N1"))
        (alert,) = site.engine.firing()
        assert site.engine.muted(alert) is None


async def test_a_silence_of_a_clinic_lasts_until_the_last_of_its_alerts_resolves(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", boot_id="b2")
    async with open_site(tmp_path / "s.db") as site:
        await due(site, device)
        await site.say(*(other.sample(hour, "N2", 0.9) for hour in (1, 2)))
        await silence(site, Matchers(clinic_id="c-1"), hours=400, ends_with_alert=True)
        await site.say(device.removed(4, "N1"))
        (alert,) = site.engine.firing()
        assert site.engine.muted(alert) is not None
        await site.say(other.removed(4, "N2"), device.fitted(5, "N1"))
        (alert,) = site.engine.firing()
        assert site.engine.muted(alert) is None


async def test_silences_outlive_a_restart_and_can_be_ended_by_hand(tmp_path: Path) -> None:
    async with open_site(tmp_path / "s.db") as site:
        await due(site, Device())
        made = await silence(site, Matchers(device_id="d-1"), kind="maintenance")
    async with open_site(tmp_path / "s.db") as site:
        (alert,) = site.engine.firing()
        assert said(site, alert).startswith("maintenance until ")
        ended = await site.engine.end_silence(made.silence_id, "kim", site.clock.now_ms(), AUDIT)
        assert ended is not None
        assert ended.ended_by == "kim"
        assert site.engine.muted(alert) is None
        assert await site.engine.end_silence(99, "kim", 0, AUDIT) is None
        assert await site.store.open_silences(site.clock.now_ms()) == ()
