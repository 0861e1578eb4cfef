"""The same month again, in any pieces and with restarts in between, makes the same orders and none twice."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.delivery import Delivery
from schemas.work import WorkOrder
from tests.alerts.site import Device
from tests.work.workshop import open_workshop


def month() -> list[Delivery]:
    """Three devices wear nozzles out: one is replaced, one is moved and replaced, one is only taken off."""
    one, two, three = Device("d-1"), Device("d-2", "c-2"), Device("d-3", "c-2")
    said: list[Delivery] = []
    for day in range(0, 30, 2):
        worn = day / 16
        for hour in (24.0 * (day - 29), 24.0 * (day - 29) + 0.8):
            one_has = "A1" if day <= 18 or day > 24 else "A2"
            said.append(one.sample(hour, one_has, worn if one_has == "A1" else 0.1))
            said.append(two.sample(hour, "B1" if day <= 18 else "B2", worn if day <= 18 else 0.1))
            if day <= 24:
                said.append(three.sample(hour, "C1", worn))
        if day == 18:
            said += [one.removed(hour + 1, "A1"), one.fitted(hour + 2, "A2")]
            said += [two.removed(hour + 1, "B1"), two.fitted(hour + 2, "B2")]
        if day == 24:
            said += [three.removed(hour + 1, "C1"), one.removed(hour + 2, "A2"), one.fitted(hour + 3, "A1")]
    return said


async def orders_after(path: Path, pieces: list[list[Delivery]]) -> tuple[list[WorkOrder], list[list[tuple[str, str]]]]:
    """The orders, and what happened to each, after each piece was taken by a gateway of its own."""
    for piece in pieces:
        async with open_workshop(path) as shop:
            await shop.site.ingest(*piece)
            device_ids = [state.device_id for state in shop.site.fleet.devices()]
            await shop.site.engine.evaluate(device_ids, 0)
            await shop.look()
    async with open_workshop(path) as shop:
        orders = await shop.orders()
        return orders, [await shop.acts(order) for order in orders]


async def check(cuts: list[int], repeats: list[bool]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        said = month()
        places = [0, *sorted({cut % len(said) for cut in cuts}), len(said)]
        pieces = [said[start:end] for start, end in itertools.pairwise(places)]
        once = await orders_after(path, pieces)
        subjects = [(order.kind, order.subject) for order in once[0]]
        assert len(subjects) == len(set(subjects))
        again = [piece if repeat else said for piece, repeat in zip(pieces, repeats, strict=False)]
        assert await orders_after(path, [said, *again]) == once
        assert await orders_after(path, [list(reversed(said))]) == once


@settings(max_examples=6, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 1_000), min_size=1, max_size=5),
    repeats=st.lists(st.booleans(), min_size=1, max_size=3),
)
def test_any_replay_makes_the_same_orders(cuts: list[int], repeats: list[bool]) -> None:
    asyncio.run(check(cuts, repeats))


async def test_the_month_ends_as_it_should(tmp_path: Path) -> None:
    said = month()
    pieces = [said[start : start + 6] for start in range(0, len(said), 6)]
    orders, _ = await orders_after(tmp_path / "s.db", pieces)
    states = {order.subject: (order.state, order.replaced_by) for order in orders}
    assert states == {"A1": ("open", None), "B1": ("confirmed", "B2"), "C1": ("open", None)}
