"""Fixtures of the collectors' tests: a real broker, and a collector whose connection is watched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import BrokerOptions, Mosquitto, running_mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that keeps sessions on disk and queues without a bound in number."""
    with running_mosquitto(tmp_path / "broker", BrokerOptions(max_queued_messages=0)) as broker:
        yield broker


@pytest.fixture
def default_mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with no configuration at all."""
    with running_mosquitto(tmp_path / "broker", BrokerOptions(default=True)) as broker:
        yield broker
