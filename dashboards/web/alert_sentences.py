"""One sentence that says what an alert found, in the words of one catalogue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, TypeAlias

from dashboards.web.format import count_text, date_text, decimal_text, percent_text, wear_text
from dashboards.web.plural import Plural
from dashboards.web.strings import Strings
from schemas.alert import RULES, Rule
from schemas.alert_facts import AlertFacts

_MINUTE_MS: Final = 60_000
_MOST_MINUTES: Final = 120
_MOST_HOURS: Final = 48
_WORN_OUT: Final = 1.0
_GIGABYTE: Final = 1e9


class Named(NamedTuple):
    """Whom a sentence is about: the alert's subject, and the device where it has one."""

    subject: str
    device: str


class Told(Protocol):
    """What has a text, and the same as data where it could be kept: an alert, an order."""

    @property
    def subject(self) -> str: ...

    @property
    def device_id(self) -> str | None: ...

    @property
    def summary(self) -> str: ...

    @property
    def facts(self) -> AlertFacts | None: ...


class ToldAlert(Told, Protocol):
    """An alert, as the gateway or a page knows it."""

    @property
    def rule(self) -> Rule: ...


class ToldOrder(Told, Protocol):
    """An order. `cause`: the alert rule that asked for it, or anything else."""

    @property
    def cause(self) -> str: ...


Sentence: TypeAlias = Callable[[Named, AlertFacts, Strings], str]


def alert_text(alert: ToldAlert, strings: Strings) -> str:
    """The alert's sentence; the text that was stored where nothing else was."""
    if alert.facts is None:
        return alert.summary
    return sentence(alert.rule, alert.subject, alert.device_id, alert.facts, strings)


def order_text(order: ToldOrder, strings: Strings) -> str:
    """What an alert said that asked for the order, or what a person wrote."""
    rule = next((known for known in RULES if known == order.cause), None)
    if rule is None or order.facts is None:
        return order.summary
    return sentence(rule, order.subject, order.device_id, order.facts, strings)


def sentence(rule: Rule, subject: str, device_id: str | None, facts: AlertFacts, strings: Strings) -> str:
    """What the rule found about the subject."""
    return SENTENCES[rule](Named(subject, device_id or subject), facts, strings)


def _due(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words = strings.alert
    if facts.replace_by is None:
        return _worn(named, facts, strings)
    template = words.wear_unknown_replace_by if facts.wear_ratio is None else words.wear_replace_by
    return template.format(
        nozzle=named.subject, device=named.device, wear=_wear(facts, strings), day=_day(facts.replace_by, strings)
    )


def _worn(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words = strings.alert
    template = words.wear_at
    if facts.wear_ratio is None:
        template = words.wear_unknown
    elif facts.wear_ratio >= _WORN_OUT:
        template = words.worn_out
    return template.format(nozzle=named.subject, device=named.device, wear=_wear(facts, strings))


def _expired(named: Named, facts: AlertFacts, strings: Strings) -> str:
    day = _day(facts.expires_on or "", strings)
    return strings.alert.expired.format(nozzle=named.subject, device=named.device, day=day)


def _recalled(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.recalled.format(nozzle=named.subject, device=named.device, lot=facts.lot)


def _mismatched(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.mismatched.format(
        nozzle=named.subject, device=named.device, model=facts.nozzle_model, device_model=facts.device_model
    )


def _duplicate(named: Named, facts: AlertFacts, strings: Strings) -> str:
    template = strings.alert.duplicate if facts.others else strings.alert.duplicate_elsewhere
    return template.format(nozzle=named.subject, device=named.device, others=", ".join(facts.others))


def _swapped(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words, numbers = strings.alert, strings.numbers
    if facts.strikes_before is None or facts.strikes_now is None:
        return words.swap_unreported.format(nozzle=named.subject, device=named.device)
    before, now = count_text(facts.strikes_before, numbers), count_text(facts.strikes_now, numbers)
    return words.counter_fell.format(nozzle=named.subject, device=named.device, before=before, now=now)


def _fast(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words = strings.alert
    times = decimal_text(facts.speed_ratio or 0.0, 1, strings.numbers)
    template = words.wears_fast_in_fleet if facts.group_model is None else words.wears_fast
    return template.format(nozzle=named.subject, device=named.device, n=times, model=facts.group_model)


def _battery_low(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.battery_low.format(device=named.device, charge=_percent(facts.charge_ratio, strings))


def _battery_degraded(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.battery_degraded.format(device=named.device, health=_percent(facts.health_ratio, strings))


def _mains_lost(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words = strings.alert
    template = words.mains_lost if facts.charge_ratio is None else words.mains_lost_charged
    return template.format(device=named.device, charge=_percent(facts.charge_ratio, strings))


def _clinic_mains_lost(named: Named, facts: AlertFacts, strings: Strings) -> str:
    dark, of = (count_text(number or 0, strings.numbers) for number in (facts.number, facts.devices))
    return strings.alert.clinic_mains_lost.format(clinic=named.subject, n=dark, all=of)


def _device_silent(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.device_silent.format(device=named.device, time=_span(facts.lasts_ms, strings))


def _clinic_silent(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.clinic_silent.format(clinic=named.subject, time=_span(facts.lasts_ms, strings))


def _overlong(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.session_overlong.format(device=named.device, time=_span(facts.lasts_ms, strings))


def _depth(named: Named, facts: AlertFacts, strings: Strings) -> str:
    depth, low, high = (_plain(number, strings) for number in (facts.depth_mm, facts.low_mm, facts.high_mm))
    return strings.alert.depth_out_of_range.format(device=named.device, depth=depth, low=low, high=high)


def _clock(named: Named, facts: AlertFacts, strings: Strings) -> str:
    words, off_ms = strings.alert, facts.clock_off_ms
    if off_ms is None:
        return words.clock_not_set.format(device=named.device)
    template = words.clock_ahead if off_ms > 0 else words.clock_behind
    return template.format(device=named.device, time=_span(abs(off_ms), strings))


def _gap(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return _counted(strings.alert.data_gap, named, facts, strings)


def _rejected(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return _counted(strings.alert.message_rejected, named, facts, strings)


def _disk(_named: Named, facts: AlertFacts, strings: Strings) -> str:
    words = strings.alert
    size = words.gigabytes.format(n=decimal_text((facts.free_bytes or 0) / _GIGABYTE, 1, strings.numbers))
    return words.disk_low.format(free=_percent(facts.free_ratio, strings), size=size)


def _broker(_named: Named, facts: AlertFacts, strings: Strings) -> str:
    return strings.alert.broker_lost.format(time=_span(facts.lasts_ms, strings))


def _dead(named: Named, facts: AlertFacts, strings: Strings) -> str:
    return _counted(strings.alert.messages_dead, named, facts, strings)


SENTENCES: Final[Mapping[Rule, Sentence]] = MappingProxyType(
    {
        "nozzle_due": _due,
        "nozzle_worn_out": _worn,
        "nozzle_expired": _expired,
        "nozzle_recalled": _recalled,
        "nozzle_mismatched": _mismatched,
        "nozzle_duplicate": _duplicate,
        "nozzle_unconfirmed_swap": _swapped,
        "nozzle_wear_abnormal": _fast,
        "battery_low": _battery_low,
        "battery_degraded": _battery_degraded,
        "mains_lost": _mains_lost,
        "clinic_mains_lost": _clinic_mains_lost,
        "device_silent": _device_silent,
        "clinic_silent": _clinic_silent,
        "session_overlong": _overlong,
        "depth_out_of_range": _depth,
        "clock_skew": _clock,
        "data_gap": _gap,
        "message_rejected": _rejected,
        "gateway_disk_low": _disk,
        "gateway_broker_lost": _broker,
        "gateway_message_dead": _dead,
    }
)


def _counted(phrase: Plural, named: Named, facts: AlertFacts, strings: Strings) -> str:
    count = facts.number or 0
    said = count_text(count, strings.numbers)
    return phrase.of(count).format(n=said, device=named.device, reason=facts.reason)


def _wear(facts: AlertFacts, strings: Strings) -> str:
    return "" if facts.wear_ratio is None else wear_text(facts.wear_ratio, strings.numbers)


def _percent(ratio: float | None, strings: Strings) -> str:
    return "" if ratio is None else percent_text(ratio, strings.numbers)


def _plain(value: float | None, strings: Strings) -> str:
    """A number with as many places as it has: `2`, `1.25`."""
    return f"{value or 0.0:g}".replace(".", strings.numbers.decimal_mark)


def _day(day: str, strings: Strings) -> str:
    """A date in full; what is no date, as it came."""
    try:
        return date_text(date.fromisoformat(day), strings.numbers, strings.pages.common)
    except ValueError:
        return day


def _span(lasts_ms: int | None, strings: Strings) -> str:
    words, minutes = strings.alert, (lasts_ms or 0) // _MINUTE_MS
    if minutes < _MOST_MINUTES:
        return words.minutes.format(n=minutes)
    hours = minutes // 60
    if hours < _MOST_HOURS:
        return words.hours.format(n=hours)
    return words.days.format(n=count_text(hours // 24, strings.numbers))
