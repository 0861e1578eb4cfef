"""The pages about work on a real gateway without its broker: store, alert rules, work desk, sign-in, strict headers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from playwright.async_api import Page

from gateway.config_notify import NotifyConfig
from gateway.serve.access import LOCAL
from gateway.work.desk import WorkDesk
from schemas.access import Role, Scope
from schemas.registry import Clinic, DeviceEntry
from schemas.work import WorkOrder
from tests.serve.rig import CLINIC_NAME, CLINICS, EVERYTHING, NO_ROUTES, PASSWORD, Rig, device_start, fill, opened_rig

HOURS: Final = ",".join(["08:00-18:00"] * 6 + ["closed"])
TELEPHONE: Final = "Reception +49 40 555 0100"


@dataclass
class WorkServer:
    """A gateway that serves, with one worn nozzle in each of two clinics and one nozzle about to be."""

    rig: Rig
    port: int
    server: uvicorn.Server
    serving: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def desk(self) -> WorkDesk:
        work = self.rig.services.parts.work
        assert work is not None
        return work.desk

    async def look(self) -> None:
        """Lets the work desk look at every device, as it does when something changed."""
        await self.desk.evaluate([state.device_id for state in self.rig.services.parts.fleet.devices()])

    async def person(self, name: str, role: Role, scope: Scope = EVERYTHING) -> None:
        await self.rig.services.access.add_user(LOCAL, name, role, scope, PASSWORD)

    def order(self, serial: str) -> WorkOrder:
        """The live order for a nozzle."""
        return next(order for order in self.desk.live() if order.subject == serial)

    async def stored(self, order_id: int) -> WorkOrder:
        order = await self.rig.store.work_order(order_id)
        assert order is not None
        return order

    async def settled(self, order_id: int, state: str) -> None:
        """Returns once the order is in that state."""
        async with asyncio.timeout(60):
            while (await self.stored(order_id)).state != state:
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        self.rig.stop.set()
        self.server.should_exit = True
        await self.serving


async def sign_in(page: Page, server: WorkServer, name: str, path: str = "/work") -> None:
    """Signs in on the way to `path`, whoever was signed in before."""
    await page.context.clear_cookies()
    await page.goto(f"{server.url}/login?next={path}")
    await page.fill("#username", name)
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_url(f"{server.url}{path}")


@asynccontextmanager
async def work_rig(directory: Path, notify: NotifyConfig = NO_ROUTES) -> AsyncIterator[Rig]:
    """Two clinics with work to do, and the people who do it; nothing serves yet."""
    rig = await opened_rig(directory, notify=notify)
    await fill(rig)
    registry = rig.services.parts.registry
    await registry.save(
        [
            Clinic(
                clinic_id=CLINICS[0],
                name=CLINIC_NAME,
                region="North",
                timezone="Europe/Berlin",
                contact=TELEPHONE,
                opening_hours=HOURS,
            ),
            DeviceEntry(device_id="d-one", label="Laser room pen", room="Room 4"),
        ]
    )
    await rig.take(*device_start(CLINICS[1], "d-four", "n-four", lot="lot-a", coating=0.02, source="battery"))
    try:
        yield rig
    finally:
        await rig.store.close()


@asynccontextmanager
async def work_server(directory: Path, notify: NotifyConfig = NO_ROUTES) -> AsyncIterator[WorkServer]:
    """Serves on a free port until the end of the block."""
    async with work_rig(directory, notify) as rig:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(rig.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        served = WorkServer(rig, listener.getsockname()[1], server, serving)
        await served.person("kim", "technician")
        await served.person("lee", "technician")
        await served.person("mara", "manager")
        await served.look()
        try:
            yield served
        finally:
            await served.stop()
