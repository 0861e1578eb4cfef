"""What ships for a service: the unit leaves the gateway what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

UNIT: Final = (Path(__file__).parents[2] / "deploy" / "silverpoint.service").read_text()


def settings(name: str) -> list[str]:
    return [line.partition("=")[2] for line in UNIT.splitlines() if line.startswith(f"{name}=")]


def test_a_system_call_that_is_not_allowed_is_refused_and_ends_no_process() -> None:
    assert settings("SystemCallErrorNumber") == ["EPERM"]


def test_helper_processes_may_give_way_to_the_gateway() -> None:
    """They lower their own priority, by setpriority, which is in @resources."""
    refused = [word for line in settings("SystemCallFilter") if line.startswith("~") for word in line[1:].split()]
    assert "@system-service" in settings("SystemCallFilter")
    assert not {"@resources", "setpriority", "nice"} & set(refused)


def test_the_user_is_one_that_can_be_given_files() -> None:
    """Under DynamicUser= there would be nobody to own the secrets in /etc/silverpoint."""
    assert settings("User") == ["silverpoint"]
    assert settings("DynamicUser") == []
