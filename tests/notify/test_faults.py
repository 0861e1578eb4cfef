"""Kills, faults and slow receivers: everybody who has to know is told, and nobody twice by rule."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailableError
from gateway.store.notify_rows import NotifyPlan
from tests.notify.house import HOUR_MS, MINUTE_MS, House, config_for, listener, opened_house, webhook


async def killed_anywhere(house: House, dice: random.Random) -> None:
    """One look that is cut off at a random place, and a restart."""
    apply_plan = house.store.apply_plan

    async def cut(plan: NotifyPlan) -> None:
        if dice.random() < 0.5:
            await apply_plan(plan)
        raise StoreUnavailableError("killed")

    house.store.apply_plan = cut  # type: ignore[method-assign]
    try:
        await house.notifier.look()
    except StoreUnavailableError:
        pass
    finally:
        house.store.apply_plan = apply_plan  # type: ignore[method-assign]
    if dice.random() < 0.5:
        now_ms = house.clock.now_ms()
        await house.store.claim_messages(now_ms, now_ms + 120_000, 1, ())
    await house.notifier.close()
    house.started()


@pytest.mark.parametrize("seed", range(6))
async def test_killed_again_and_again_it_tells_each_alert_and_each_end_once(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        open_alerts = []
        for number in range(25):
            open_alerts.append(await house.fire(f"{number}", clinic_id=f"c-{number % 3}"))
            if dice.random() < 0.4:
                await house.resolve(open_alerts.pop(dice.randrange(len(open_alerts))))
            hook.status = dice.choice([200, 200, 503])
            await killed_anywhere(house, dice)
            await house.pass_time(dice.choice([30_000, 5 * MINUTE_MS, 20 * MINUTE_MS]), 30_000)
        hook.status = 200
        await house.pass_time(2 * HOUR_MS, MINUTE_MS)
        by_key = {message["key"]: message for message in hook.taken}
        told = Counter(item["subject"] for message in by_key.values() for item in message["firing"])
        ended = Counter(item["subject"] for message in by_key.values() for item in message["resolved"])
        still = {alert.subject for alert in open_alerts}
        assert set(told.values()) == {1}
        assert set(ended.values()) <= {1}
        assert still <= set(told)
        assert set(ended) == set(told) - still


async def test_a_receiver_that_never_answers_holds_up_neither_the_others_nor_the_loop(tmp_path: Path) -> None:
    async def swallow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    hole = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = hole.sockets[0].getsockname()[1]
    async with listener() as hook:
        config = config_for(webhook(f"http://127.0.0.1:{port}/", "hole"), webhook(hook.url), group_wait_s=0)
        async with opened_house(tmp_path, config) as house:
            for number in range(40):
                await house.fire(f"{number}", clinic_id=f"c-{number}")
            task = asyncio.create_task(house.notifier.run())
            longest_s = 0.0
            async with asyncio.timeout(60):
                while len(hook.requests) < 40:
                    began_s = time.monotonic()
                    await asyncio.sleep(0.005)
                    longest_s = max(longest_s, time.monotonic() - began_s)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert longest_s < 5.0
    hole.close()


async def test_alerts_that_were_erased_with_their_clinic_are_forgotten(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        await house.store._db.writer.outside_transaction("DELETE FROM alerts")
        await house.notifier.close()
        house.engine = type(house.engine)(house.store)
        house.started()
        await house.pass_time(MINUTE_MS)
        assert len(hook.taken) == 1
        assert (await house.store.load_notify()).watched == ()
