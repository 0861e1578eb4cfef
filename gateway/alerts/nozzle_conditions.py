"""What speaks against a nozzle beside its wear: its date, its lot, its make, its identity, its pace. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from gateway.alerts.conditions import Finding, NozzleFacts, Rules, Verdict, nozzle_finding
from gateway.hours import zone_or_utc
from gateway.ingest.ledger import fitted_after
from gateway.store.rows import LedgerRow, Sighting
from schemas.alert import Rule
from schemas.alert_facts import AlertFacts
from schemas.registry import NozzleModel

OVERLAP_MS: Final = 300_000
"""Two devices' clocks may differ by this much: what overlaps for less is a nozzle that was moved."""
IN_USE_MS: Final = 86_400_000
"""A device that has not shown the nozzle for so long does not use it any more, whatever its ledger says."""

_FARTHEST_ZONE_MS: Final = 14 * 3_600_000


class Use(NamedTuple):
    """One device that has the nozzle fitted by its ledger: from when on, and when it showed it last."""

    device_id: str
    from_ms: int
    last_ms: int


class Pace(NamedTuple):
    """How fast the nozzle wears over what is usual in its group, where that is beyond chance."""

    speed_ratio: float
    model: str | None
    """The nozzle model whose others it is held against; None: those of the fleet."""
    at_ms: int


class Unreported(NamedTuple):
    """A swap that nobody reported: the nozzle took another's place, or its counter fell from one count to another."""

    strikes_before: int | None = None
    strikes_now: int | None = None


class NozzleCase(NamedTuple):
    """All that the rules of this file look at."""

    facts: NozzleFacts
    model: NozzleModel | None
    device_model: str | None
    recalled_ms: int | None
    expires_ms: int | None
    """The first moment, in the clinic's zone, at which its date is past."""
    uses: Sequence[Use]
    unreported: Unreported | None
    """What changed on the device without a swap record."""
    count_unseen: bool
    """Whether nothing tells if its counter fell: no reading shows it, and no swap record accounts for it."""
    pace: Pace | None
    known_ms: int
    """When the last of what is known of the device was received."""


CaseCondition: TypeAlias = Callable[[NozzleCase, Rules], Finding]


def nozzle_expired(case: NozzleCase, rules: Rules) -> Finding:
    """The day until which the nozzle may be used is past."""
    nozzle = case.facts.nozzle
    expired = case.expires_ms is not None and case.facts.at_ms >= case.expires_ms
    found = _found(case, "nozzle_expired", rules, expired, AlertFacts(expires_on=nozzle.expires_on))
    return found._replace(since_ms=case.expires_ms if found.verdict == "true" else None)


def nozzle_recalled(case: NozzleCase, rules: Rules) -> Finding:
    """The nozzle's lot was recalled."""
    nozzle = case.facts.nozzle
    found = _found(case, "nozzle_recalled", rules, case.recalled_ms is not None, AlertFacts(lot=nozzle.lot))
    # A recall is evidence of its own time: the device need not have said anything since.
    return found._replace(at_ms=max(found.at_ms, case.recalled_ms)) if case.recalled_ms is not None else found


def nozzle_mismatched(case: NozzleCase, rules: Rules) -> Finding:
    """The nozzle's model is not made for the device's."""
    nozzle = case.facts.nozzle
    wrong = mismatched(case.model, case.device_model)
    said = AlertFacts(nozzle_model=nozzle.model, device_model=case.device_model)
    return _found(case, "nozzle_mismatched", rules, wrong, said)


def nozzle_duplicate(case: NozzleCase, rules: Rules) -> Finding:
    """One serial is in use on two devices at the same time."""
    nozzle = case.facts.nozzle
    others = sorted(duplicates(case.uses) - {nozzle.device_id})
    return _found(case, "nozzle_duplicate", rules, bool(others), AlertFacts(others=tuple(others)))


def nozzle_unconfirmed_swap(case: NozzleCase, rules: Rules) -> Finding:
    """The nozzle on the device changed, or its counter fell, and no swap was reported.

    It is timed by receipt: a swap record may be overtaken by readings of hours that were sent at once.
    """
    change = case.unreported or Unreported()
    said = AlertFacts(strikes_before=change.strikes_before, strikes_now=change.strikes_now)
    found = _found(case, "nozzle_unconfirmed_swap", rules, case.unreported is not None, said)
    return found._replace(at_ms=case.known_ms, count_unseen=case.count_unseen)


def nozzle_wear_abnormal(case: NozzleCase, rules: Rules) -> Finding:
    """The nozzle wears faster than its group, beyond what chance explains in a fleet of this size."""
    pace = case.pace
    threshold = rules.rule("nozzle_wear_abnormal").threshold or 0.0
    fast = pace is not None and pace.speed_ratio >= threshold
    speed = pace.speed_ratio if pace is not None else None
    said = AlertFacts(speed_ratio=speed, group_model=pace.model if pace is not None else None)
    return _found(case, "nozzle_wear_abnormal", rules, fast, said)._replace(value=speed)


CASE_CONDITIONS: Final[Mapping[Rule, CaseCondition]] = MappingProxyType(
    {
        "nozzle_expired": nozzle_expired,
        "nozzle_recalled": nozzle_recalled,
        "nozzle_mismatched": nozzle_mismatched,
        "nozzle_duplicate": nozzle_duplicate,
        "nozzle_unconfirmed_swap": nozzle_unconfirmed_swap,
        "nozzle_wear_abnormal": nozzle_wear_abnormal,
    }
)


def case_findings(case: NozzleCase, rules: Rules) -> tuple[Finding, ...]:
    """What every rule of this file finds."""
    return tuple(condition(case, rules) for condition in CASE_CONDITIONS.values())


def _found(case: NozzleCase, rule: Rule, rules: Rules, is_true: bool, said: AlertFacts) -> Finding:
    verdict: Verdict = "true" if is_true else "false"
    return nozzle_finding(case.facts, rule, rules.rule(rule), verdict, said)


@lru_cache(maxsize=4_096)
def expiry_ms(expires_on: str | None, timezone: str) -> int | None:
    """The end of the day until which a nozzle may be used, in the clinic's zone; None without a date."""
    if expires_on is None:
        return None
    try:
        day = date.fromisoformat(expires_on) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    midnight = datetime.combine(day, time(), tzinfo=zone_or_utc(timezone))
    return int(midnight.astimezone(UTC).timestamp()) * 1_000


@lru_cache(maxsize=4_096)
def never_expired_before_ms(expires_on: str) -> int:
    """Before this no zone on Earth has the nozzle expired; 0 where the date can't be read."""
    utc_ms = expiry_ms(expires_on, "UTC")
    return 0 if utc_ms is None else utc_ms - _FARTHEST_ZONE_MS


def mismatched(model: NozzleModel | None, device_model: str | None) -> bool:
    """Whether the registry says that the nozzle's model does not fit the device's."""
    return model is not None and bool(model.fits) and device_model is not None and device_model not in model.fits


def duplicates(uses: Sequence[Use]) -> set[str]:
    """Devices that used the nozzle at the same time as another one, and still do."""
    newest_ms = max((use.last_ms for use in uses), default=0)
    now = [use for use in uses if use.last_ms >= newest_ms - IN_USE_MS]
    return {
        device_id
        for at, one in enumerate(now)
        for other in now[at + 1 :]
        if min(one.last_ms, other.last_ms) > max(one.from_ms, other.from_ms) + OVERLAP_MS
        for device_id in (one.device_id, other.device_id)
    }


def use_of(sighting: Sighting, ledger: Sequence[LedgerRow]) -> Use:
    """The device's use of the nozzle that its ledger has fitted now."""
    from_ms = sighting.first_event_ms
    for row in reversed(ledger):
        if row.serial != sighting.serial:
            break
        from_ms = row.event_ms
    return Use(sighting.device_id, from_ms, sighting.last_key[0])


def left_by(serial: str, ledger: Sequence[LedgerRow]) -> int | None:
    """The time of the row that took the nozzle off last; None without a ledger."""
    return taken_off(serial, ledger).event_ms if ledger else None


def taken_off(serial: str, ledger: Sequence[LedgerRow]) -> LedgerRow:
    """The row that took the nozzle off last, whatever was written after it; the newest row where none says that it was
    fitted. There is one at least."""
    taken = ledger[-1]
    fitted: str | None = None
    for row in ledger:
        before, fitted = fitted, fitted_after(fitted, row)
        if before == serial and fitted != serial:
            taken = row
    return taken


def shown_since(ledger: Sequence[LedgerRow], at_ms: int, strikes: int | None) -> int | None:
    """The count that a reading of that time shows, unless something was written after it: then it says nothing of what
    is fitted now."""
    return None if ledger and ledger[-1].event_ms > at_ms else strikes


def unreported_change(
    serial: str, ledger: Sequence[LedgerRow], shown_strikes: int | None, most_strikes: int | None
) -> Unreported | None:
    """What changed without a swap record; None where everything is accounted for.

    The first nozzle that a device ever showed is no swap. A counter that fell is accounted for by a `fitted` of the
    same nozzle whose count lies below one that the ledger had before it.
    """
    if not ledger:
        return None
    last = ledger[-1]
    if last.action == "sighted" and last.serial == serial and len(ledger) > 1:
        return Unreported()
    if shown_strikes is None or most_strikes is None or shown_strikes >= most_strikes:
        return None
    return None if is_reset(ledger) else Unreported(most_strikes, shown_strikes)


def is_reset(ledger: Sequence[LedgerRow]) -> bool:
    """Whether the last row says that the nozzle was fitted with a counter that starts lower."""
    if not ledger or ledger[-1].action != "fitted":
        return False
    last = ledger[-1]
    if last.made_by == "person":
        return True
    return any(row.serial == last.serial and (row.strikes or 0) > (last.strikes or 0) for row in ledger[:-1])
