"""Notices of every kind, and all that is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from gateway.notify.brevity import body_within
from gateway.notify.channels.alertmanager import posted_alerts
from gateway.notify.channels.base import Envelope
from gateway.notify.channels.webhook import webhook_body
from gateway.notify.notice import Item, Need, Notice, OrderItem, Place
from gateway.notify.receivers import Receiver, directory
from gateway.notify.wording import html, plain, subject
from schemas.alert import RULES
from schemas.views import ForecastView, Quantiles
from tests.notify.house import T0_MS, config_for, webhook

KEPT: Final = Path(__file__).parent / "golden" / "english_messages.json"
LINK: Final = "https://silverpoint.example.org/act?clinic=c-1"
HOUR_MS: Final = 3_600_000
PRAXIS: Final = Place(
    clinic_id="c-1", clinic_name="Praxis am Großen Wall", region="Wien", device_id="d-1",
    device_label="Gerät am Fenster", room="Raum 2",
)  # fmt: skip
BARE: Final = Place(clinic_id="c-2", clinic_name="", region="", device_id="d-2", device_label="", room="")
GATEWAY: Final = Place(clinic_id="", clinic_name="", region="", device_id=None, device_label="", room="")


def item(number: int = 1, **other: Any) -> Item:
    known: dict[str, Any] = {
        "alert_id": number, "rule": "nozzle_due", "severity": "warning", "subject": f"n-{number}", "firing": True,
        "summary": f"Nozzle n-{number} on d-1 is at 87 % of its wear limit", "place": PRAXIS, "part": "fine-24",
        "wear_ratio": 0.874, "forecast": ahead(), "since_ms": T0_MS - HOUR_MS, "ended_ms": None,
    }  # fmt: skip
    return Item(**known | other)


def ahead(
    sessions: tuple[float, float, float] | None = (21.2, 34.4, 51.9),
    days: tuple[float, float, float] | None = (6, 9, 15),
    replace_by: str | None = "2025-10-15",
) -> ForecastView:
    return ForecastView(remaining_sessions=_quantiles(sessions), remaining_days=_quantiles(days), replace_by=replace_by)


def _quantiles(values: tuple[float, float, float] | None) -> Quantiles | None:
    return None if values is None else Quantiles(p10=values[0], p50=values[1], p90=values[2])


def over(number: int, **other: Any) -> Item:
    return item(number, firing=False, forecast=None, ended_ms=T0_MS, **other)


def order(number: int = 1, **other: Any) -> OrderItem:
    known: dict[str, Any] = {
        "order_id": number, "kind": "nozzle", "subject": f"n-{number}", "severity": "warning",
        "summary": f"Nozzle n-{number} on d-1 is worn out, at 104 % of its wear limit: replace it", "place": PRAXIS,
        "part": "fine-24", "claimed_by": "kim", "claim_reason": "worn", "claimed_ms": T0_MS - 72 * HOUR_MS,
    }  # fmt: skip
    return OrderItem(**known | other)


def notice(**other: Any) -> Notice:
    known: dict[str, Any] = {
        "reason": "new", "group_key": "c-1", "link": LINK, "timezone": "Europe/Vienna", "made_ms": T0_MS,
    }  # fmt: skip
    return Notice(**known | other)


SAMPLES: Final[dict[str, Notice]] = {
    "a due nozzle": notice(firing=(item(),), parts=(Need(part="fine-24", number=1),)),
    "three of one rule": notice(
        firing=(item(1), item(2, severity="critical"), item(3)), parts=(Need(part="fine-24", number=3),)
    ),
    "several rules, and more than are named": notice(
        firing=(
            item(1, rule="nozzle_worn_out", severity="critical", wear_ratio=1.04, forecast=None),
            item(2, rule="mains_lost", wear_ratio=None, forecast=None, part="", subject="d-2"),
        ),
        resolved=(over(3, rule="battery_low", wear_ratio=None, part=""),),
        left_out=12,
        parts=(Need(part="battery for SP-500", number=1), Need(part="fine-24", number=17)),
    ),
    "one more than is named": notice(firing=(item(1),), left_out=1),
    "a digest of two clinics": notice(
        group_key="*", link="https://silverpoint.example.org/alerts", firing=(item(1), item(2, place=BARE))
    ),
    "what is over": notice(reason="resolved", resolved=(over(1), over(2, rule="mains_lost", wear_ratio=None))),
    "one that is over": notice(reason="resolved", resolved=(over(1),)),
    "still open": notice(reason="repeat", firing=(item(1, severity="info"),), timezone="UTC"),
    "worse": notice(reason="worse", firing=(item(1, severity="critical"),), timezone="America/New_York"),
    "the gateway": notice(
        group_key="",
        firing=(
            item(
                1,
                rule="gateway_broker_lost",
                severity="critical",
                subject="gateway",
                place=GATEWAY,
                part="",
                wear_ratio=None,
                forecast=None,
                summary="The gateway has had no connection to the broker for 9 min",
            ),
        ),
    ),
    "every rule": notice(
        firing=tuple(item(number, rule=rule, part="") for number, rule in enumerate(RULES, 1)),
        timezone="Nowhere/At/All",
    ),
    "every outlook": notice(
        firing=tuple(
            item(number, forecast=forecast)
            for number, forecast in enumerate(
                (
                    ahead(days=(0.0, 0.1, 0.3), sessions=(0.1, 0.2, 0.9)),
                    ahead(days=(0.0, 0.3, 1.2), sessions=(0.0, 0.3, 1.2)),
                    ahead(days=(0.0, 0.4, 3.2), sessions=(0.0, 0.3, 7.2)),
                    ahead(days=(1.9, 2.0, 2.1), sessions=(0.9, 1.0, 1.1)),
                    ahead(days=(1.0, 1.0, 4.0), sessions=(900.0, 1_204.0, 12_345.0)),
                    ahead(days=None, replace_by=None),
                    ahead(sessions=None, days=None, replace_by="soon"),
                    None,
                )
            )
        )
    ),
    "a recall": notice(
        firing=(
            item(
                1,
                rule="nozzle_recalled",
                part="fine-24, of another lot than L-7",
                wear_ratio=None,
                forecast=None,
                summary="Nozzle n-1 on d-1 is of the recalled lot L-7: replace it (coating <flakes> & falls)",
            ),
        )
    ),
    "a reminder": notice(reason="reminder", group_key="claims:c-1", orders=(order(),)),
    "reminders": notice(
        reason="reminder",
        group_key="claims:c-1",
        orders=(
            order(1),
            order(2, kind="battery", subject="d-2", claim_reason=None, part="battery", summary="It dies at noon"),
            order(3, kind="device", subject="d-3", part="", summary="the foot switch sticks", claim_reason="damaged"),
        ),
        left_out=1,
    ),
    "an escalation": notice(
        reason="escalation", group_key="claims:c-1", orders=(order(1, severity="critical"), order(2)), left_out=7
    ),
    "a test": notice(reason="test", group_key="", link="https://silverpoint.example.org/alerts"),
}
TO_PROGRAMS: Final = ("several rules, and more than are named", "a recall", "reminders", "a test")
"""Of these also what programs get, and what the outbox keeps."""


def said(name: str, notice: Notice) -> dict[str, str]:
    """What each channel says; of some notices only what people read."""
    texts = {"subject": subject(notice), "plain": plain(notice), "html": html(notice)}
    texts |= {"chat": body_within(notice, 400), "sms": body_within(notice, 150)}
    if name == "a due nozzle":
        texts["html with its picture"] = html(notice, {1: "wear-1@example.org"})
    if name in TO_PROGRAMS:
        texts["alertmanager"] = json.dumps(posted_alerts(notice, T0_MS))
        texts["webhook"] = webhook_body(Envelope("k", _hook(), notice, T0_MS)).decode()
    return texts


def _hook() -> Receiver:
    found = directory(config_for(webhook("https://example.org/")), ()).get("hook")
    assert found is not None
    return found


if __name__ == "__main__":
    written = {name: said(name, one) for name, one in SAMPLES.items()}
    for name in TO_PROGRAMS:
        written[name]["kept"] = SAMPLES[name].model_dump_json()
    KEPT.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
