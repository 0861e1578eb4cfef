"""All examinations of one installation."""

from __future__ import annotations

from pathlib import Path

from gateway.clock import Clock
from gateway.config import Config
from gateway.doctor.broker import examine_broker
from gateway.doctor.channels import examine_channels
from gateway.doctor.exposure import examine_files, judge_exposure
from gateway.doctor.finding import Finding, Weight
from gateway.doctor.machine import examine_clock, examine_disk, examine_store


async def examine(config: Config, config_file: Path | None, clock: Clock) -> list[Finding]:
    """Everything that was found, what is wrong before what is good to know. Changes nothing."""
    path = config.store.path
    found = [
        *await examine_broker(config.broker.mqtt_settings()),
        *await examine_clock(clock),
        *examine_disk(path),
        *await examine_store(path),
        *examine_files(config, config_file),
        *judge_exposure(config),
        *await examine_channels(config.notify),
    ]
    return sorted(found, key=lambda finding: finding.weight is not Weight.WRONG)
