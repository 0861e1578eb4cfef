"""Fixtures of the serving tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
