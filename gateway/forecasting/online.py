"""Forecasts online: follows what is committed, keeps every nozzle's wear, and says what is left of it.

One round after the other: take in what was committed, take over what was learnt, forecast what changed, keep what was
said, score what has ended. What takes long is done in a thread or in a process of its own, so the loop stays free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from gateway.clock import Clock
from gateway.config_forecast import ForecastConfig
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.forecasting.abnormal import Pace, abnormal_lots, abnormal_nozzles
from gateway.forecasting.board import Abnormality, NozzleForecast, NozzleStory
from gateway.forecasting.filtering import wear_points
from gateway.forecasting.fit import ModelFit
from gateway.forecasting.fits import Fits, Learn
from gateway.forecasting.follower import WearFollower
from gateway.forecasting.learning import learn_apart
from gateway.forecasting.outcomes import Outcomes
from gateway.forecasting.outlook import Outlook, Subject, fan, forecasts
from gateway.forecasting.use_book import UseBook
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import Coverage

_PACE_S: Final = 1.0
_RETRY_S: Final = 2.0
_STEPS: Final = 4
"""Slices taken in before the round goes on."""
_AT_ONCE: Final = 200
"""Nozzles forecast in one go: their thread holds the interpreter for some milliseconds at a time."""
_A_ROUND: Final = 1_000
_BUSY_READINGS: Final = 5_000
"""In one round: history is being loaded; what would be learnt and forecast now is out of date at once."""
_BUSY_ROWS: Final = 100_000
_LONGEST_BUSY_PACE_S: Final = 20.0
"""Each taking in holds the store's writer for a moment: the less often, the fewer commits wait for it."""
_LONGEST_WAIT_MS: Final = 300_000
_SCORE_EVERY_MS: Final = 60_000
_COMPARE_EVERY_MS: Final = 30_000
_SWEEP_EVERY_MS: Final = 3_600_000
"""Days pass for nozzles that nobody uses, too."""


class ForecastKeeper:
    """Carries out `gateway.forecasting.board.Forecasts`."""

    def __init__(
        self,
        *,
        store: ForecastStore,
        fleet: Fleet,
        registry: Registry,
        feed: CommitFeed,
        events: Events,
        clock: Clock,
        settings: ForecastConfig,
        learn: Learn = learn_apart,
    ) -> None:
        self.changes = CommitFeed()
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._events = events
        self._clock = clock
        self._settings = settings
        self._feed_follower = feed.follow()
        self.fits = Fits(
            store=store, fleet=fleet, registry=registry, events=events, clock=clock, settings=settings, learn=learn
        )
        self.follower = WearFollower(store, self.fits.of_nozzle)
        self._use = UseBook(store=store, fleet=fleet, registry=registry, clock=clock, weeks=settings.usage_weeks)
        self._outcomes = Outcomes(
            store=store, fleet=fleet, fit_of=self.fits.of_nozzle, clock=clock, ended_days=settings.ended_days
        )
        self._outlooks: dict[str, Outlook] = {}
        self._abnormal: dict[str, Abnormality] = {}
        self._abnormal_lots: tuple[Abnormality, ...] = ()
        self._dirty: dict[str, None] = {}
        self._made_at_ms: dict[str, int] = {}
        self._scored_at_ms: int | None = None
        self._compared_at_ms: int | None = None
        self._uncompared = False
        self._swept_at_ms = clock.monotonic_ms()
        self._at_rest_ms = clock.monotonic_ms()
        self._taken_at_ms = self._at_rest_ms
        self._taken = 0

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        """The nozzle's forecast as it stands."""
        outlook = self._outlooks.get(serial)
        return outlook.forecast if outlook is not None else None

    def abnormal_nozzles(self) -> Mapping[str, Abnormality]:
        """The nozzles that wear faster than their group, by serial."""
        return self._abnormal

    def abnormal_lots(self) -> Sequence[Abnormality]:
        """The lots that wear faster than their model, the surest first."""
        return self._abnormal_lots

    def coverage(self) -> Sequence[Coverage]:
        """How past forecasts turned out, by group."""
        return self._outcomes.coverage

    async def story(self, serial: str) -> NozzleStory:
        """A nozzle's wear so far, how it may go on, and what was forecast of it."""
        past = await self._store.issued_forecasts(serial)
        nozzle, fit = self._fleet.nozzle(serial), self.fits.of_nozzle(serial)
        if nozzle is None or fit is None:
            return NozzleStory((), (), past)
        history = [wear_points(bins, fit) for bins in await self._store.wear_bins([serial])]
        forecast = self.forecast_of(serial)
        furthest = forecast.remaining_strikes.p75 if forecast is not None else 0.0
        ahead = await asyncio.to_thread(fan, fit, (await self._subjects([nozzle]))[0], furthest)
        return NozzleStory(tuple(point for part in history for point in part), tuple(ahead), past)

    async def restore(self) -> None:
        """Takes over what the store holds. Comes before `run`."""
        await self.fits.restore()
        await self.follower.restore()
        await self._outcomes.restore()
        self._look_at(nozzle.serial for nozzle in self._fleet.nozzles())

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        try:
            while True:
                try:
                    changed = await self._changed()
                    self._look_at(self._shown_by(changed))
                    pace_s = self._busy_pace_s() if await self.round(at_ease=True) else _PACE_S
                except StoreUnavailableError as error:
                    self._events.forecasts_delayed(str(error))
                    pace_s = _RETRY_S
                await asyncio.sleep(pace_s)
        finally:
            self._feed_follower.close()
            await self.fits.close()

    async def round(self, *, at_ease: bool = False) -> bool:
        """One round; whether more is to be done at once. Raises StoreUnavailableError: then nothing is lost."""
        more, readings = await self._take_in(at_ease=at_ease)
        self._taken = readings
        if (more or readings >= _BUSY_READINGS) and self._may_wait():
            return True
        self._at_rest_ms = self._clock.monotonic_ms()
        fit = self.fits.adopt()
        if fit is not None:
            self._look_at(nozzle.serial for nozzle in self._fleet.nozzles() if (nozzle.model or "") == fit.model)
        self.fits.start(self.follower)
        self._sweep()
        made = await self._forecast()
        await self._score()
        return more or made >= _A_ROUND

    def _busy_pace_s(self) -> float:
        """How long to rest while much comes in: until as much has gathered as is taken in well at once."""
        now_ms = self._clock.monotonic_ms()
        elapsed_s = max(now_ms - self._taken_at_ms, 1) / 1_000
        self._taken_at_ms = now_ms
        return min(max(_BUSY_ROWS * elapsed_s / max(self._taken, 1), _PACE_S), _LONGEST_BUSY_PACE_S)

    def _may_wait(self) -> bool:
        """Whether forecasts may wait until what is being loaded is in."""
        return self._clock.monotonic_ms() - self._at_rest_ms < _LONGEST_WAIT_MS

    async def settle(self) -> None:
        """Rounds until nothing is left to do now."""
        await self._rounds()
        await self.fits.settle()
        await self._rounds()

    async def _rounds(self) -> None:
        while await self.round():
            pass

    async def _changed(self) -> Collection[str]:
        try:
            return (await asyncio.wait_for(self._feed_follower.next(), _PACE_S)).device_ids
        except TimeoutError:
            return ()

    def _shown_by(self, device_ids: Iterable[str]) -> Iterable[str]:
        for device_id in device_ids:
            serial = self._fleet.fitted_serial(device_id)
            if serial is not None:
                yield serial

    def _look_at(self, serials: Iterable[str]) -> None:
        self._dirty.update(dict.fromkeys(serials))

    def _sweep(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._swept_at_ms >= _SWEEP_EVERY_MS:
            self._swept_at_ms = now_ms
            self._look_at(self._outlooks)

    async def _take_in(self, *, at_ease: bool) -> tuple[bool, int]:
        readings = 0
        for _ in range(_STEPS):
            step = await self.follower.step(at_ease=at_ease)
            readings += step.readings
            self._look_at(step.touched)
            if not step.more:
                return False, readings
            await asyncio.sleep(0)
        return True, readings

    async def _forecast(self) -> int:
        """Forecasts the nozzles that are due, at most so many in a round; how many there were."""
        due = list(islice((serial for serial in self._dirty if self._is_due(serial)), _A_ROUND))
        for first in range(0, len(due), _AT_ONCE):
            await self._forecast_these(due[first : first + _AT_ONCE])
        self._uncompared = self._uncompared or bool(due)
        await self._compare()
        return len(due)

    def _is_due(self, serial: str) -> bool:
        made_at_ms = self._made_at_ms.get(serial)
        if made_at_ms is None or self.follower.is_outdated(serial):
            return True
        return self._clock.monotonic_ms() - made_at_ms >= self._settings.refresh_s * 1_000

    async def _forecast_these(self, serials: Sequence[str]) -> None:
        await self.follower.refilter([serial for serial in serials if self.follower.is_outdated(serial)])
        nozzles = [nozzle for serial in serials if (nozzle := self._fleet.nozzle(serial)) is not None]
        by_fit: dict[str, list[Subject]] = {}
        for subject in await self._subjects(nozzles):
            by_fit.setdefault(subject.nozzle.model or "", []).append(subject)
        made: list[Outlook] = []
        for model, subjects in by_fit.items():
            fit = self.fits.of(model)
            if fit is not None:
                made += await asyncio.to_thread(
                    forecasts,
                    fit,
                    subjects,
                    cost_ratio=self._settings.cost_ratio,
                    now_ms=self._clock.now_ms(),
                )
        await self._outcomes.issue(outlook.forecast for outlook in made)
        changed = {one.forecast.device_id for one in made if _differs(self._outlooks.get(one.forecast.serial), one)}
        self._outlooks.update((one.forecast.serial, one) for one in made)
        now_ms = self._clock.monotonic_ms()
        done = {one.forecast.serial for one in made}
        for serial in serials:
            self._dirty.pop(serial, None)
            if serial in done:
                self._made_at_ms[serial] = now_ms
        if changed:
            self.changes.publish(0, changed)

    async def _subjects(self, nozzles: Sequence[NozzleState]) -> list[Subject]:
        uses = await self._use.uses({nozzle.device_id for nozzle in nozzles}) if nozzles else {}
        subjects = []
        for nozzle in nozzles:
            model = self._registry.model(nozzle.model)
            lead_days = model.lead_days if model is not None else None
            subjects.append(
                Subject(
                    nozzle=nozzle,
                    state=self.follower.state(nozzle.serial),
                    rated_strikes=nozzle.rated_strikes or (model.rated_strikes if model else None),
                    use=uses.get(nozzle.device_id),
                    calendar=self._use.calendar(nozzle.clinic_id),
                    lead_days=self._settings.lead_days if lead_days is None else lead_days,
                )
            )
        return subjects

    async def _compare(self) -> None:
        """Finds who wears faster than its group, now and then: wear does not change by the second."""
        now_ms = self._clock.monotonic_ms()
        if not self._uncompared or (
            self._compared_at_ms is not None and now_ms - self._compared_at_ms < _COMPARE_EVERY_MS
        ):
            return
        self._uncompared, self._compared_at_ms = False, now_ms
        nozzles, lots = await asyncio.to_thread(
            _compared, list(self._outlooks.values()), self.fits.all(), self._settings.false_discovery
        )
        changed = nozzles.keys() ^ self._abnormal.keys()
        told = {nozzle.device_id for serial in changed if (nozzle := self._fleet.nozzle(serial)) is not None}
        quick = {lot.subject for lot in lots} ^ {lot.subject for lot in self._abnormal_lots}
        told |= {one.forecast.device_id for one in self._outlooks.values() if one.forecast.lot in quick}
        self._abnormal, self._abnormal_lots = nozzles, lots
        if told:
            self.changes.publish(0, told)

    async def _score(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._scored_at_ms is None or now_ms - self._scored_at_ms >= _SCORE_EVERY_MS:
            self._scored_at_ms = now_ms
            await self._outcomes.score(self.forecast_of)


def _compared(
    outlooks: Sequence[Outlook], fits: Sequence[ModelFit], false_discovery: float
) -> tuple[dict[str, Abnormality], tuple[Abnormality, ...]]:
    """The nozzles and the lots that wear faster than their group."""
    paces: dict[str, list[Pace]] = {}
    for outlook in outlooks:
        if outlook.pace is not None:
            paces.setdefault(outlook.forecast.model or "", []).append(outlook.pace)
    groups = [(fit, paces.get(fit.model, ())) for fit in fits]
    nozzles = {one.subject: one for one in abnormal_nozzles(groups, false_discovery)}
    return nozzles, tuple(abnormal_lots(groups, false_discovery))


def _differs(was: Outlook | None, now: Outlook) -> bool:
    """Whether a person, or a rule, would see a difference."""
    return was is None or _seen(was.forecast) != _seen(now.forecast)


def _seen(forecast: NozzleForecast) -> tuple[object, ...]:
    sessions, days = forecast.remaining_sessions, forecast.remaining_days
    return (
        forecast.device_id,
        forecast.replace_by,
        round(forecast.wear, 3),
        tuple(round(value) for value in sessions.values()) if sessions else None,
        tuple(round(value) for value in days.values()) if days else None,
    )
