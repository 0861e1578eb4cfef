"""The words of the fleet page beyond its table: what is due, what waiting costs, sessions against the usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class BoardWords:
    """The figures of the fleet, its pages and its wall screen."""

    due_title: str
    due_now: str
    due_within: str
    due_nozzles: str
    waiting: str
    waiting_detail: str
    usual: str
    usual_unknown: str
    days_title: str
    days_describes: str
    days_empty: str
    days_usual: str
    filters: Mapping[str, str]
    find: str
    update_order: str
    page_of: str
    previous: str
    next: str
    pages: str
    all_alerts: str
    wall: str
    leave_wall: str


ENGLISH_BOARD: Final = BoardWords(
    due_title="Nozzles to replace",
    due_now="now",
    due_within="within {n} days",
    due_nozzles="Nozzles",
    waiting="Cost of waiting",
    waiting_detail="What is expected to be lost by then to nozzles that pass their limit unreplaced; "
    "each costs {ratio} times a planned replacement.",
    usual="{n} is usual for a {weekday}",
    usual_unknown="the usual is not known yet",
    days_title="Sessions a day",
    days_describes="Sessions a day over the last four weeks: {n} in all, at most {most} on a day; "
    "beside each day what is usual for its weekday.",
    days_empty="No session has ended in the last four weeks.",
    days_usual="Usual for the weekday",
    filters={
        "action": "Needs action",
        "battery": "On battery",
        "session": "In session",
        "offline": "Offline",
        "now": "Replace now",
        "due7": "Replace within 7 days",
        "due14": "Replace within 14 days",
        "due30": "Replace within 30 days",
    },
    find="Find",
    update_order="Order has changed: update",
    page_of="{first} to {last} of {all}",
    previous="Previous",
    next="Next",
    pages="Pages of devices",
    all_alerts="All {n} alerts",
    wall="Wall screen",
    leave_wall="Leave wall screen",
)
