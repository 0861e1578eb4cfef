"""A nozzle as each reading of its device showed it: what the rules would have found had they looked then.

A nozzle that wore out and was swapped between two looks is seen by nobody who looks at the fleet as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.alerts.conditions import Finding, nozzle_facts
from gateway.alerts.evidence import WEAR_RULES, FleetEvidence, Found
from gateway.alerts.nozzle_conditions import (
    NozzleCase,
    Use,
    case_findings,
    duplicates,
    expiry_ms,
    is_reset,
    mismatched,
    nozzle_unconfirmed_swap,
    shown_since,
    unreported_change,
    use_of,
)
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.rules import nozzle_findings
from gateway.alerts.screening import may_be_unreported, may_be_worn
from gateway.alerts.walks import Walk
from gateway.config_alerts import RuleSet
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.rows import LedgerRow, SamplePoint
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
    measured_ms: int = 0
    """When the coating was measured."""
    told_ms: int = 0
    """When a reading or a swap record told of the nozzle last."""

    def take(self, point: SamplePoint) -> None:
        """Goes on by one reading."""
        self.count(point.strikes)
        self.told_ms = max(self.told_ms, point.ts_ms)
        if point.coating_ratio is not None and point.ts_ms >= self.measured_ms:
            self.coating_ratio, self.measured_ms = point.coating_ratio, point.ts_ms

    def count(self, strikes: int | None) -> None:
        """Takes a count; the largest stays."""
        if strikes is not None:
            self.most_strikes = max(strikes, self.most_strikes or 0)


class NozzleHistory:
    """The nozzles of one device along its readings; made for one walk."""

    def __init__(
        self,
        *,
        walk: Walk,
        fleet: Fleet,
        registry: Registry,
        book: RuleBook,
        evidence: FleetEvidence,
    ) -> None:
        self._walk = walk
        self._state = walk.state
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._evidence = evidence
        self._tracks: dict[str, _Track | None] = {}

    def take(self, point: SamplePoint) -> None:
        """How far the nozzle was by a reading that is not judged: one before the walk, or one that came late."""
        track = self._track(point.nozzle_serial, point.received_ms) if point.nozzle_serial is not None else None
        if track is not None:
            track.take(point)

    def is_newest(self, point: SamplePoint) -> bool:
        """Whether nothing later than this reading told of the nozzle."""
        track = self._track(point.nozzle_serial, point.received_ms) if point.nozzle_serial is not None else None
        return track is not None and point.ts_ms > track.told_ms

    def told(self, row: LedgerRow, known_ms: int) -> None:
        """How far the nozzle was by a swap record, and when."""
        track = self._track(row.serial, known_ms) if row.made_by == "device" else None
        if track is not None:
            track.count(row.strikes)
            track.told_ms = max(track.told_ms, row.event_ms)

    def reading(
        self,
        point: SamplePoint,
        ledger: Sequence[LedgerRow],
        known_ms: int,
        *,
        concerned: bool,
        is_overtaken: bool = False,
    ) -> Found | None:
        """What the rules find about the nozzle that the reading shows; `ledger` is what was known by `known_ms`. With
        `is_overtaken` a later reading was there before it, which says nothing of the nozzle."""
        serial = point.nozzle_serial
        track = self._track(serial, known_ms) if serial is not None else None
        if serial is None or track is None or self._is_elsewhere(track, point.ts_ms):
            return None
        track.take(point)
        if not concerned and not self._may_concern(track, serial, point, ledger):
            return None
        then = self._then(track, point)
        unsaid = point.coating_ratio is None and (is_overtaken or track.nozzle.coating_ratio is not None)
        case = self._case(track, then, self._uses(track, point.ts_ms, ledger) if track.shared else (), known_ms)
        shown = None if is_overtaken else shown_since(ledger, point.ts_ms, point.strikes)
        case = _changed(case, ledger, shown, track.most_strikes)
        return Found(track.rules, tuple(self._findings(track, case, unsaid=unsaid)))

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
        case = _changed(self._case(track, shown, (), known_ms), rows)
        found = (*nozzle_findings(case.facts, track.rules), *case_findings(case, track.rules))
        left_out = {"nozzle_wear_abnormal", "nozzle_duplicate"} | ({"nozzle_due"} if track.forecast else set())
        if not _is_measured(track, last) or (last is not None and row.event_ms < last.ts_ms):
            left_out |= WEAR_RULES
        return Found(track.rules, tuple(one for one in found if one.rule not in left_out))

    def unread(self, serial: str, point: SamplePoint, rows: Sequence[LedgerRow], known_ms: int) -> Found | None:
        """What the rules find about the fitted nozzle at a reading that can't tell which one it is: its swap alone."""
        track = self._track(serial, known_ms)
        if track is None or self._is_elsewhere(track, point.ts_ms):
            return None
        case = _changed(self._case(track, self._then(track, point), (), known_ms), rows)
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
            last_event_ms=max(point.ts_ms, track.told_ms),
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
            count_unseen=False,
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
                described.most_strikes = track.most_strikes
                described.coating_ratio, described.measured_ms = track.coating_ratio, track.measured_ms
                described.told_ms = track.told_ms
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
        coating_ratio, measured_ms = self._measured(serial)
        return _Track(
            nozzle=nozzle,
            model=model,
            rules=self._book.at(state.clinic_id, state.model, state.device_id),
            expires_ms=expiry_ms(nozzle.expires_on, self._registry.clinic(state.clinic_id).timezone),
            recalled_ms=self._evidence.recalled_ms(nozzle),
            wrong=mismatched(model, state.model),
            shared=len(self._fleet.sightings_on(serial)) > 1,
            forecast=self._evidence.is_forecast(serial),
            most_strikes=self._most_before(serial),
            described_ms=described_ms,
            is_described=is_described,
            coating_ratio=coating_ratio,
            measured_ms=measured_ms,
        )

    def _measured(self, serial: str) -> tuple[float | None, int]:
        """The coating before the walk, where it was not measured since, and when it was."""
        nozzle, sightings = self._fleet.nozzle(serial), self._fleet.sightings_on(serial)
        measured_ms = max((one.coating_key[0] for one in sightings if one.coating_key is not None), default=0)
        if nozzle is None or measured_ms >= min(one.ts_ms for one in (*self._walk.points[:1], *self._walk.late)):
            return None, 0
        return nozzle.coating_ratio, measured_ms

    def _most_before(self, serial: str) -> int | None:
        """The largest count before the walk; of other devices, where they did not show the nozzle since."""
        since_ms = self._walk.points[0].ts_ms
        counts = [self._walk.counts[serial]] if serial in self._walk.counts else []
        counts += [
            one.strikes
            for one in self._fleet.sightings_on(serial)
            if (one.last_key[0] < since_ms if one.device_id != self._state.device_id else not counts)
        ]
        return max((count for count in counts if count is not None), default=None)

    def _described_ms(self, serial: str) -> int:
        """When the first swap record of the nozzle was received, from any device: it tells of its make."""
        ledgers = (self._fleet.ledger(one.device_id) for one in self._fleet.sightings_on(serial))
        said = [row for rows in ledgers for row in rows if row.serial == serial and row.made_by == "device"]
        return min((row.received_ms or 0 for row in said), default=0)


def _changed(
    case: NozzleCase, ledger: Sequence[LedgerRow], shown: int | None = None, most: int | None = None
) -> NozzleCase:
    """The case with what changed without a swap record; `shown` is the count that is known to be of now."""
    return case._replace(
        unreported=unreported_change(case.facts.nozzle.serial, ledger, shown, most),
        count_unseen=shown is None and not is_reset(ledger),
    )


def _is_measured(track: _Track, last: SamplePoint | None) -> bool:
    """Whether anything tells how far a nozzle is worn that was fitted after this reading: its coating, or its strikes
    where that reading had no coating of it to tell."""
    shows_it = last is not None and last.nozzle_serial == track.nozzle.serial
    if track.coating_ratio is None:
        return shows_it and track.nozzle.coating_ratio is None
    return not shows_it or (last is not None and last.coating_ratio is not None)
