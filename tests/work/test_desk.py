"""The desk: one order for each nozzle's life, ended by evidence, opened again by a refit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import ConflictError, NotFoundError
from gateway.work.orders import Asked
from tests.alerts.site import Device
from tests.work.workshop import Workshop, at, open_workshop


async def worn(shop: Workshop, device: Device, serial: str = "N1") -> None:
    """Wears a nozzle out: its order is open after it."""
    await shop.say(device.fitted(0, serial), *(device.sample(hour, serial, hour / 8) for hour in range(1, 11)))


async def test_a_worn_nozzle_gets_one_order_that_grows_with_its_alerts(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, Device())
        order = await shop.order()
        assert (order.kind, order.subject, order.clinic_id, order.device_id) == ("nozzle", "N1", "c-1", "d-1")
        assert (order.state, order.cause, order.severity) == ("open", "nozzle_worn_out", "critical")
        assert [act for act, _ in await shop.acts(order)] == ["opened", "raised"]
        assert order.opened_ms == at(8)


async def test_a_swap_record_and_less_wear_confirm_the_order(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        await shop.say(device.removed(11, "N1"))
        assert (await shop.order()).state == "open"
        await shop.say(device.fitted(11.1, "N2"))
        order = await shop.order()
        assert (order.state, order.replaced_by, order.ended_by, order.ended_ms) == (
            "confirmed",
            "N2",
            "gateway",
            at(11.1),
        )


async def test_taken_off_alone_is_claimed_not_confirmed(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        order = await shop.claim(await shop.order(), 10.5)
        await shop.say(device.removed(11, "N1"))
        order = await shop.order()
        assert (order.state, order.claimed_by, order.claim_reason, order.assignee) == ("claimed", "kim", "worn", "kim")
        await shop.say(device.fitted(12, "N2"))
        order = await shop.order()
        assert (order.state, order.claimed_by) == ("confirmed", "kim")


async def test_another_nozzle_without_a_swap_record_confirms_nothing(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        await shop.say(device.sample(12, "N2", 0.01))
        assert (await shop.order()).state == "open"


async def test_a_nozzle_that_is_as_worn_confirms_nothing(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2")
    async with open_workshop(tmp_path / "s.db") as shop:
        await shop.say(*(other.sample(hour, "N9", 1.4, strikes=5_000) for hour in (1, 2)))
        await worn(shop, device)
        await shop.say(other.removed(11, "N9"), device.removed(11.5, "N1"), device.sample(12, "N9", 1.4, strikes=5_001))
        await shop.say(device.fitted(12.5, "N9", strikes=5_001))
        states = {order.subject: order.state for order in await shop.orders()}
        assert states["N1"] == "open"


async def test_a_refit_reopens_the_same_order_on_the_new_device(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", "c-2")
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        await shop.say(device.removed(11, "N1"), device.fitted(11.1, "N2"))
        assert (await shop.order()).state == "confirmed"
        await shop.say(other.fitted(20, "N1"))
        order = await shop.order()
        assert (order.order_id, order.state, order.device_id, order.clinic_id) == (1, "open", "d-2", "c-2")
        assert (order.replaced_by, order.claimed_by, order.opened_ms) == (None, None, at(20))
        await shop.say(other.removed(21, "N1"), other.fitted(21.1, "N3"))
        assert [(order.order_id, order.state, order.replaced_by) for order in await shop.orders()] == [
            (1, "confirmed", "N3")
        ]


async def test_an_order_follows_its_nozzle(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", "c-2")
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        await shop.say(device.removed(11, "N1"), other.fitted(12, "N1"))
        order = await shop.order()
        assert (order.state, order.device_id, order.clinic_id) == ("open", "d-2", "c-2")


async def test_closing_by_hand_lasts_until_a_newer_alert(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await shop.say(device.fitted(0, "N1"), *(device.sample(hour, "N1", 0.9) for hour in (5, 6, 7)))
        order = await shop.close(await shop.order(), 7.5, "scratched sensor")
        assert (order.state, order.end_reason, order.ended_by) == ("closed", "scratched sensor", "kim")
        await shop.say(device.sample(7.6, "N1", 0.9))
        assert (await shop.order()).state == "closed"
        await shop.say(device.sample(9, "N1", 1.1), device.sample(10, "N1", 1.2))
        order = await shop.order()
        assert (order.order_id, order.state, order.cause) == (1, "open", "nozzle_worn_out")


async def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, Device())
        order = await shop.close(await shop.order(), 11)
        with pytest.raises(ConflictError, match="closed already"):
            await shop.close(order, 11)
        with pytest.raises(ConflictError, match="closed already"):
            await shop.claim(order, 11)
        with pytest.raises(NotFoundError):
            await shop.desk.act(99, lambda found: None, shop.audit("claim", 11))


async def test_a_claim_by_a_phone_that_was_slower_than_the_device_is_kept(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await worn(shop, device)
        await shop.say(device.removed(11, "N1"), device.fitted(11.1, "N2"))
        order = await shop.claim(await shop.order(), 11, "damaged")
        assert (order.state, order.claimed_by, order.claim_reason) == ("confirmed", "kim", "damaged")


async def test_a_person_opens_orders_and_a_nozzle_has_one_for_its_life(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        await shop.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.1))
        asked = Asked("nozzle", "N1", "c-1", "d-1", "kim", at(2), "bent needle")
        order = await shop.desk.ask(asked, shop.audit("open", 2))
        with pytest.raises(ConflictError, match="open already"):
            await shop.desk.ask(asked, shop.audit("open", 2))
        await shop.close(order, 3)
        again = await shop.desk.ask(asked._replace(at_ms=at(4)), shop.audit("open", 4))
        assert (again.order_id, again.state) == (order.order_id, "open")
        for _ in range(2):
            await shop.desk.ask(Asked("device", "d-1", "c-1", "d-1", "kim", at(5), "display"), shop.audit("open", 5))
        assert len(await shop.orders()) == 3
        assert len(await shop.site.store.audit(limit=50, before=None)) == 5


async def test_two_who_ask_at_once_get_one_order(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await shop.say(Device().sample(1, "N1", 0.1))
        asked = Asked("nozzle", "N1", "c-1", "d-1", "kim", at(2), "bent needle")
        done = await asyncio.gather(
            *(shop.desk.ask(asked, shop.audit("open", 2)) for _ in range(5)), return_exceptions=True
        )
        assert sum(isinstance(one, ConflictError) for one in done) == 4
        assert len(await shop.orders()) == 1


async def test_the_running_desk_follows_the_feeds(tmp_path: Path) -> None:
    device = Device()
    async with open_workshop(tmp_path / "s.db") as shop:
        running = [asyncio.create_task(shop.desk.run()), asyncio.create_task(shop.site.engine.run())]
        await shop.site.ingest(device.fitted(0, "N1"), *(device.sample(hour, "N1", hour / 8) for hour in range(1, 11)))
        async with asyncio.timeout(60):
            while not shop.desk.live():
                await asyncio.sleep(0.01)
            await shop.site.ingest(device.removed(11, "N1"), device.fitted(11.1, "N2"))
            while shop.desk.live():
                await asyncio.sleep(0.01)
        assert (await shop.order()).state == "confirmed"
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_an_alert_that_was_over_before_anybody_looked_has_made_its_order(tmp_path: Path) -> None:
    device = Device("d-1")
    async with open_workshop(tmp_path / "s.db") as shop:
        await shop.site.ingest(
            device.fitted(0, "N1"),
            *(device.sample(hour, "N1", hour / 8) for hour in range(1, 12)),
            device.removed(12, "N1"),
            device.fitted(12.1, "N2"),
            *(device.sample(hour, "N2", 0.01) for hour in range(13, 20)),
        )
        await shop.site.engine.evaluate(["d-1"], 0)
        assert shop.site.engine.firing() == ()
        await shop.look()
        (order,) = await shop.orders()
        assert (order.subject, order.state, order.cause, order.replaced_by) == (
            "N1", "confirmed", "nozzle_worn_out", "N2",
        )  # fmt: skip
