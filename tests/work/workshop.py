"""A gateway's ingest, alert engine and work desk over a real store, driven by what devices and people say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.serve.access import audit_row
from gateway.store.service_rows import AuditRow
from gateway.work.desk import WorkDesk
from gateway.work.orders import Claimed, Closed, step
from schemas.delivery import Delivery
from schemas.work import ReplaceReason, WorkOrder
from tests.alerts.site import HOUR_MS, T0_MS, Site, open_site


class Workshop:
    """Times are given in hours after `T0_MS`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.desk = WorkDesk(
            store=site.store,
            fleet=site.fleet,
            registry=site.registry,
            alerts=site.engine,
            feeds=(site.feed, site.engine.changes),
            events=site.events,
            clock=site.clock,
        )

    async def say(self, *deliveries: Delivery) -> None:
        """Each is committed and looked at by itself, as it is live."""
        for delivery in deliveries:
            await self.site.say(delivery)
            await self.look()

    async def say_at_once(self, *deliveries: Delivery) -> None:
        """All are committed before anybody looks, as after an outage."""
        await self.site.ingest(*deliveries)
        await self.site.look()
        await self.look()

    async def look(self) -> None:
        await self.desk.evaluate([state.device_id for state in self.site.fleet.devices()])

    async def orders(self) -> list[WorkOrder]:
        """Every order there ever was, oldest first."""
        return list(reversed(await self.site.store.work_orders(limit=1_000, before=None)))

    async def order(self) -> WorkOrder:
        """The one order that there is."""
        (order,) = await self.orders()
        return order

    async def claim(self, order: WorkOrder, hour: float, reason: ReplaceReason = "worn") -> WorkOrder:
        event = Claimed("kim", reason, at(hour))
        return await self.desk.act(order.order_id, lambda found: step(found, event), self.audit("claim", hour))

    async def close(self, order: WorkOrder, hour: float, why: str = "not needed") -> WorkOrder:
        event = Closed("kim", why, at(hour))
        return await self.desk.act(order.order_id, lambda found: step(found, event), self.audit("close", hour))

    async def acts(self, order: WorkOrder) -> list[tuple[str, str]]:
        """What happened to an order: (what, by whom)."""
        return [(row.act, row.actor) for row in await self.site.store.order_history(order.order_id)]

    def audit(self, action: str, hour: float) -> AuditRow:
        return audit_row(self.site.clock.now_ms(), "kim", action, "order", {}, at(hour))


def at(hour: float) -> int:
    return T0_MS + round(hour * HOUR_MS)


@asynccontextmanager
async def open_workshop(path: Path) -> AsyncIterator[Workshop]:
    """Starts on the store at `path`, as after a crash where there is one already."""
    async with open_site(path) as site:
        workshop = Workshop(site)
        await workshop.desk.restore()
        yield workshop
