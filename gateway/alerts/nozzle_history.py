"""A nozzle as each reading of its device showed it: what the rules would have found had they looked then.

A nozzle that wore out and was swapped between two looks is seen by nobody who looks at the fleet as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.alerts.board import OpenAlerts
from gateway.alerts.conditions import Finding, nozzle_facts
from gateway.alerts.evidence import WEAR_RULES, FleetEvidence, Found
from gateway.alerts.nozzle_conditions import (
    NozzleCase,
    Use,
    case_findings,
    duplicates,
    expiry_ms,
    mismatched,
    nozzle_unconfirmed_swap,
    shown_since,
    unreported_change,
    use_of,
)
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.rules import nozzle_findings
from gateway.alerts.screening import may_be_unreported, may_be_worn
from gateway.config_alerts import RuleSet
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, LedgerRow, SamplePoint
from schemas.registry import NozzleModel


@dataclass(slots=True)
class _Track:
    """What is known of a nozzle; how far it was worn goes along with the readings."""

    nozzle: NozzleState
    model: NozzleModel | None
    rules: RuleSet
    expires_ms: int | None
    recalled_ms: int | None
    wrong: bool
    shared: bool
    forecast: bool
    most_strikes: int | None
    described_ms: int
    """Until this was received, nothing was known of the nozzle's make."""
    is_described: bool
    coating_ratio: float | None = None

    def take(self, point: SamplePoint) -> None:
        """Goes on by one reading."""
        if point.strikes is not None:
            self.most_strikes = max(point.strikes, self.most_strikes or 0)
        if point.coating_ratio is not None:
            self.coating_ratio = point.coating_ratio


class NozzleHistory:
    """The nozzles of one device along its readings; made for one walk."""

    def __init__(
        self,
        *,
        state: DeviceState,
        fleet: Fleet,
        registry: Registry,
        book: RuleBook,
        evidence: FleetEvidence,
        alerts: OpenAlerts,
        points: Sequence[SamplePoint],
    ) -> None:
        self._state = state
        self._points = points
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._evidence = evidence
        self._open = alerts
        self._tracks: dict[str, _Track | None] = {}

    def start(self, point: SamplePoint) -> None:
        """How far the nozzle was before."""
        track = self._track(point.nozzle_serial, point.received_ms) if point.nozzle_serial is not None else None
        if track is not None:
            track.take(point)

    def reading(
        self, point: SamplePoint, ledger: Sequence[LedgerRow], known_ms: int, *, concerned: bool
    ) -> Found | None:
        """What the rules find about the nozzle that the reading shows; `ledger` is what was known by `known_ms`."""
        serial = point.nozzle_serial
        track = self._track(serial, known_ms) if serial is not None else None
        if serial is None or track is None or self._is_elsewhere(track, point.ts_ms):
            return None
        track.take(point)
        if not concerned and not self._may_concern(track, serial, point, ledger):
            return None
        then = self._then(track, point)
        unsaid = point.coating_ratio is None and track.nozzle.coating_ratio is not None
        case = self._case(track, then, self._uses(track, point.ts_ms, ledger) if track.shared else (), known_ms)
        unreported = unreported_change(
            serial, ledger, shown_since(ledger, point.ts_ms, point.strikes), track.most_strikes
        )
        return Found(track.rules, tuple(self._findings(track, case._replace(unreported=unreported), unsaid=unsaid)))

    def come(
        self, rows: Sequence[LedgerRow], last: SamplePoint | None, known_ms: int, *, concerned: bool
    ) -> Found | None:
        """What the rules find about the nozzle that the last of these rows has fitted: known from before. `last` is
        the reading before it."""
        row = rows[-1]
        track = self._track(row.serial, known_ms)
        if track is None or self._is_elsewhere(track, row.event_ms):
            return None
        limits, rated = self._book.limits(track.rules), track.nozzle.rated_strikes
        worn = may_be_worn(track.coating_ratio, track.most_strikes, rated, track.model, limits)
        if not (concerned or worn):
            return None
        shown = replace(
            track.nozzle,
            device_id=row.device_id,
            clinic_id=row.clinic_id,
            coating_ratio=track.coating_ratio,
            strikes=track.most_strikes,
            last_event_ms=row.event_ms,
            fitted=True,
        )
        case = self._case(track, shown, (), known_ms)
        case = case._replace(unreported=unreported_change(row.serial, rows, None, None))
        found = (*nozzle_findings(case.facts, track.rules), *case_findings(case, track.rules))
        left_out = {"nozzle_wear_abnormal", "nozzle_duplicate"} | ({"nozzle_due"} if track.forecast else set())
        if not _is_measured(track, last):
            left_out |= WEAR_RULES
        return Found(track.rules, tuple(one for one in found if one.rule not in left_out))

    def unread(self, serial: str, point: SamplePoint, rows: Sequence[LedgerRow], known_ms: int) -> Found | None:
        """What the rules find about the fitted nozzle at a reading that can't tell which one it is: its swap alone."""
        track = self._track(serial, known_ms)
        if track is None or self._is_elsewhere(track, point.ts_ms):
            return None
        case = self._case(track, self._then(track, point), (), known_ms)
        case = case._replace(unreported=unreported_change(serial, rows, None, None))
        return Found(track.rules, (nozzle_unconfirmed_swap(case, track.rules),))

    def gone(self, serial: str, row: LedgerRow, known_ms: int) -> Found | None:
        """The nozzle has left the device by this row: it is out of every rule's reach."""
        track = self._track(serial, known_ms)
        if track is None or self._is_elsewhere(track, row.event_ms):
            return None
        left = replace(
            track.nozzle, device_id=row.device_id, clinic_id=row.clinic_id, last_event_ms=row.event_ms, fitted=False
        )
        case = self._case(track, left, (), known_ms)
        return Found(track.rules, (*nozzle_findings(case.facts, track.rules), *case_findings(case, track.rules)))

    def _then(self, track: _Track, point: SamplePoint) -> NozzleState:
        """The nozzle as it was at a reading."""
        return replace(
            track.nozzle,
            device_id=self._state.device_id,
            clinic_id=point.clinic_id,
            coating_ratio=track.coating_ratio,
            strikes=track.most_strikes,
            last_event_ms=point.ts_ms,
            fitted=True,
        )

    def _findings(self, track: _Track, case: NozzleCase, *, unsaid: bool) -> list[Finding]:
        """All but what is no matter of history: a pace is against the fleet as it is, and so is a forecast."""
        found = (*nozzle_findings(case.facts, track.rules), *case_findings(case, track.rules))
        left_out = {"nozzle_wear_abnormal"} | ({"nozzle_due"} if track.forecast else set())
        left_out |= WEAR_RULES if unsaid else set()
        return [finding for finding in found if finding.rule not in left_out]

    def _case(self, track: _Track, nozzle: NozzleState, uses: Sequence[Use], known_ms: int) -> NozzleCase:
        return NozzleCase(
            facts=nozzle_facts(nozzle, track.model, None),
            model=track.model,
            device_model=self._state.model,
            recalled_ms=track.recalled_ms,
            expires_ms=track.expires_ms,
            uses=uses,
            unreported=None,
            pace=None,
            known_ms=known_ms,
        )

    def _may_concern(self, track: _Track, serial: str, point: SamplePoint, ledger: Sequence[LedgerRow]) -> bool:
        if track.wrong or track.recalled_ms is not None:
            return True
        if track.expires_ms is not None and point.ts_ms >= track.expires_ms:
            return True
        rated, limits = track.nozzle.rated_strikes, self._book.limits(track.rules)
        if may_be_worn(track.coating_ratio, track.most_strikes, rated, track.model, limits):
            return True
        if may_be_unreported(serial, ledger, point.strikes, track.most_strikes):
            return True
        return track.shared and bool(duplicates(self._uses(track, point.ts_ms, ledger)))

    def _uses(self, track: _Track, at_ms: int, ledger: Sequence[LedgerRow]) -> list[Use]:
        """Who uses the nozzle, as far as was known then."""
        serial, uses = track.nozzle.serial, []
        for sighting in self._fleet.sightings_on(serial):
            own = sighting.device_id == self._state.device_id
            rows = ledger if own else [row for row in self._fleet.ledger(sighting.device_id) if row.event_ms <= at_ms]
            if sighting.first_event_ms > at_ms or not rows or rows[-1].serial != serial:
                continue
            if rows[-1].action != "removed":
                use = use_of(sighting, rows)
                uses.append(use._replace(last_ms=at_ms if own else min(use.last_ms, at_ms)))
        return uses

    def _is_elsewhere(self, track: _Track, at_ms: int) -> bool:
        """Whether another device, which has it now, had shown it by then."""
        now_on = track.nozzle.device_id
        if now_on == self._state.device_id:
            return False
        sightings = self._fleet.sightings_on(track.nozzle.serial)
        return any(one.device_id == now_on and one.first_event_ms <= at_ms for one in sightings)

    def _track(self, serial: str, known_ms: int) -> _Track | None:
        if serial not in self._tracks:
            self._tracks[serial] = self._made(serial, known_ms)
        track = self._tracks[serial]
        if track is not None and not track.is_described and known_ms >= track.described_ms:
            described = self._tracks[serial] = self._made(serial, known_ms)
            if described is not None:
                described.most_strikes, described.coating_ratio = track.most_strikes, track.coating_ratio
            return described
        return track

    def _made(self, serial: str, known_ms: int) -> _Track | None:
        nozzle = self._fleet.nozzle(serial)
        if nozzle is None:
            return None
        described_ms = self._described_ms(serial)
        is_described = known_ms >= described_ms
        if not is_described:
            lot = self._fleet.lots_read.get(serial)
            nozzle = replace(nozzle, model=None, lot=lot, rated_strikes=None, expires_on=None)
        state, model = self._state, self._registry.model(nozzle.model)
        strikes, coating_ratio = self._stood(serial)
        return _Track(
            nozzle=nozzle,
            model=model,
            rules=self._book.at(state.clinic_id, state.model, state.device_id),
            expires_ms=expiry_ms(nozzle.expires_on, self._registry.clinic(state.clinic_id).timezone),
            recalled_ms=self._evidence.recalled_ms(nozzle),
            wrong=mismatched(model, state.model),
            shared=len(self._fleet.sightings_on(serial)) > 1,
            forecast=self._evidence.is_forecast(serial),
            most_strikes=self._fell_from(serial) if strikes is None else strikes,
            described_ms=described_ms,
            is_described=is_described,
            coating_ratio=coating_ratio,
        )

    def _stood(self, serial: str) -> tuple[int | None, float | None]:
        """Strikes and coating before the walk, where nothing was said of them since."""
        nozzle, sightings = self._fleet.nozzle(serial), self._fleet.sightings_on(serial)
        if nozzle is None or not self._points:
            return None, None
        since_ms = self._points[0].ts_ms
        counted = all(one.last_key[0] < since_ms for one in sightings)
        measured = all(one.coating_key is None or one.coating_key[0] < since_ms for one in sightings)
        return (nozzle.strikes if counted else None), (nozzle.coating_ratio if measured else None)

    def _fell_from(self, serial: str) -> int | None:
        """From where its counter fell before the walk, by the alert that tells of it. The nozzle's own largest count
        does not: it may be of a reading that is none of the walk, as one that came while the walk was read."""
        told = self._open.of(serial).get("nozzle_unconfirmed_swap")
        return told.facts.strikes_before if told is not None and told.facts is not None else None

    def _described_ms(self, serial: str) -> int:
        """When the first swap record of the nozzle was received, from any device: it tells of its make."""
        ledgers = (self._fleet.ledger(one.device_id) for one in self._fleet.sightings_on(serial))
        said = [row for rows in ledgers for row in rows if row.serial == serial and row.made_by == "device"]
        return min((row.received_ms or 0 for row in said), default=0)


def _is_measured(track: _Track, last: SamplePoint | None) -> bool:
    """Whether anything tells how far a nozzle is worn that was fitted after this reading: its coating, or its strikes
    where that reading had no coating of it to tell."""
    shows_it = last is not None and last.nozzle_serial == track.nozzle.serial
    if track.coating_ratio is None:
        return shows_it and track.nozzle.coating_ratio is None
    return not shows_it or (last is not None and last.coating_ratio is not None)
