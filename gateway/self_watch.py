"""The gateway's watch over itself: can it hear its devices, and has its disk room for what they say?"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from collectors.mqtt import MqttCollector
from gateway.alerts.watch import DiskSpace


class SelfWatch:
    """A `GatewayWatch` over the collector and the disk that holds the store."""

    def __init__(self, collector: MqttCollector, store_path: Path) -> None:
        self._collector = collector
        self._folder = store_path.absolute().parent

    def broker_connected(self) -> bool:
        return self._collector.connected

    def caught_up(self) -> bool:
        return self._collector.caught_up

    async def disk(self) -> DiskSpace | None:
        """None where the system does not tell."""
        try:
            usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
        except OSError:
            return None
        return DiskSpace(free_bytes=usage.free, total_bytes=usage.total)
