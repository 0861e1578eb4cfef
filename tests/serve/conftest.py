"""Fixtures of the serving tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.serve.rig import Rig, fill, opened_rig


@pytest.fixture
async def empty_rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = await opened_rig(tmp_path)
    yield rig
    await rig.store.close()


@pytest.fixture
async def rig(empty_rig: Rig) -> Rig:
    await fill(empty_rig)
    return empty_rig


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """One for all tests of a file that only look at it, on the loop of their module."""
    opened = await opened_rig(tmp_path_factory.mktemp("rig"))
    await fill(opened)
    yield opened
    await opened.store.close()
