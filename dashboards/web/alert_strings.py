"""What alerts say, one sentence for each rule. Part of the one catalogue; `alert_sentences.py` fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural


@dataclass(frozen=True, slots=True)
class AlertSentences:
    """One sentence for each rule, and one for each way in which it can be true."""

    wear_unknown: str
    wear_at: str
    wear_replace_by: str
    wear_unknown_replace_by: str
    worn_out: str
    expired: str
    recalled: str
    mismatched: str
    duplicate: str
    duplicate_elsewhere: str
    swap_unreported: str
    counter_fell: str
    wears_fast: str
    wears_fast_in_fleet: str
    battery_low: str
    battery_degraded: str
    mains_lost: str
    mains_lost_charged: str
    clinic_mains_lost: str
    device_silent: str
    clinic_silent: str
    session_overlong: str
    depth_out_of_range: str
    clock_not_set: str
    clock_ahead: str
    clock_behind: str
    data_gap: Plural
    message_rejected: Plural
    disk_low: str
    broker_lost: str
    messages_dead: Plural
    minutes: str
    hours: str
    days: str
    gigabytes: str


ENGLISH_ALERTS: Final = AlertSentences(
    wear_unknown="Nozzle {nozzle} on {device}: its wear is not known",
    wear_at="Nozzle {nozzle} on {device} is at {wear} of its wear limit",
    wear_replace_by="Nozzle {nozzle} on {device} is at {wear} of its wear limit: replace it by {day}",
    wear_unknown_replace_by="Nozzle {nozzle} on {device}: replace it by {day}; its wear is not known",
    worn_out="Nozzle {nozzle} on {device} is worn out, at {wear} of its wear limit: replace it",
    expired="Nozzle {nozzle} on {device} expired after {day}: replace it",
    recalled="Nozzle {nozzle} on {device} is of the recalled lot {lot}: replace it",
    mismatched="Nozzle {nozzle} of model {model} does not fit {device}, a {device_model}: replace it by one that does",
    duplicate="Nozzle {nozzle} is in use on {device} and on {others} at the same time",
    duplicate_elsewhere="Nozzle {nozzle} is in use on {device} and on another device at the same time",
    swap_unreported="Nozzle {nozzle} on {device} took another's place without a swap record: confirm the swap",
    counter_fell="Nozzle {nozzle} on {device} fell from {before} to {now} strikes without a swap record: "
    "confirm the swap",
    wears_fast="Nozzle {nozzle} on {device} wears {n} times as fast as its model {model}: "
    "look at the nozzle and the device",
    wears_fast_in_fleet="Nozzle {nozzle} on {device} wears {n} times as fast as its fleet: "
    "look at the nozzle and the device",
    battery_low="{device} has {charge} of charge left",
    battery_degraded="The battery of {device} holds {health} of what it was made for: replace it",
    mains_lost="{device} has lost mains and runs on its battery",
    mains_lost_charged="{device} has lost mains and runs on its battery, {charge} charged",
    clinic_mains_lost="Clinic {clinic} has lost mains: {n} of {all} devices run on their batteries",
    device_silent="{device} has been silent for {time}",
    clinic_silent="Nothing was heard of clinic {clinic} for {time}",
    session_overlong="A session on {device} has been running for {time}",
    depth_out_of_range="{device} is set to a depth of {depth} mm; {low} to {high} mm are in range",
    clock_not_set="The clock of {device} is not set",
    clock_ahead="The clock of {device} is {time} ahead",
    clock_behind="The clock of {device} is {time} behind",
    data_gap=Plural(
        "{n} record of {device} was lost on its way",
        "{n} records of {device} were lost on their way",
    ),
    message_rejected=Plural(
        "{n} message of {device} was rejected, as {reason}: see the quarantine",
        "{n} messages of {device} were rejected, the last as {reason}: see the quarantine",
    ),
    disk_low="The gateway's disk has {free} free, {size}: make room",
    broker_lost="The gateway has had no connection to the broker for {time}",
    messages_dead=Plural(
        "{n} message could not be delivered within a day: see which, and mend its receiver",
        "{n} messages could not be delivered within a day: see which, and mend their receivers",
    ),
    minutes="{n} min",
    hours="{n} h",
    days="{n} d",
    gigabytes="{n} GB",
)
