"""Whatever a test opened is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.forecasting.rig import OPEN_STORES


@pytest.fixture(autouse=True)
async def _closed_stores() -> AsyncIterator[None]:
    yield
    while OPEN_STORES:
        await OPEN_STORES.pop().close()
