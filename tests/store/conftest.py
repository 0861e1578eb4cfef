"""Stores to test against. Every store joins the contract suite by a factory in FACTORIES."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.store.base import Store
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore, Tuning

TINY = Tuning(seal_rows=5, seal_step_rows=3, clear_step_rows=4, delete_step_rows=3)


@dataclass(frozen=True, slots=True)
class StoreFactory:
    """Opens the store of one test, again and again."""

    open: Callable[[], Awaitable[Store]]


def _sqlite(folder: Path) -> StoreFactory:
    path = str(folder / "store.db")
    return StoreFactory(lambda: SqliteStore.open(path, retention=Retention(samples_days=30), tuning=TINY))


FACTORIES = {"sqlite": _sqlite}


@pytest.fixture(params=sorted(FACTORIES))
def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> StoreFactory:
    return FACTORIES[request.param](tmp_path)


@pytest.fixture
async def store(store_factory: StoreFactory) -> AsyncIterator[Store]:
    opened = await store_factory.open()
    yield opened
    await opened.close()
