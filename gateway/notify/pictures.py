"""Pictures for mails: how a nozzle has worn so far and when it will be worn out, drawn once for each alert about wear.

A picture helps; it never holds a mail up. What can't be drawn, or not soon, is left to the words, which say the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Protocol

from dashboards.charts.plain import Spec
from dashboards.charts.theme import LIGHT, wall_ms
from dashboards.charts.wear import Fan, Reading, WearData, WearWords, wear_spec
from dashboards.web.chart_language import localised
from dashboards.web.strings import Strings, strings_of
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.hours import zone_or_utc
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.notify.notice import Item, Notice
from gateway.notify.texts import one_line
from gateway.notify.wording import wear_line
from gateway.store.rows import SamplePoint
from gateway.wear.level import nozzle_wear

MOST_PICTURES: Final = 3
"""In one mail; the other alerts have their bar."""
_DAY_MS: Final = 86_400_000
_BACK_MS: Final = 28 * _DAY_MS
_POINTS: Final = 240
_LEAST_POINTS: Final = 3
_WITHIN_S: Final = 15.0
_P75: Final = 0.674_490 / 1.281_552
_P95: Final = 1.644_854 / 1.281_552
"""A message knows the quantiles 10, 50 and 90 %: the others lie as in a normal distribution, each side by itself."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, and what it shows in words, for whoever can't see it."""

    png: bytes
    words: str


Pictures = Mapping[int, Picture]
"""By alert."""
NO_PICTURES: Final[Pictures] = MappingProxyType({})


class Renderer(Protocol):
    """Draws a spec, in a process of its own."""

    async def png(self, spec: Spec, scale: float = 2.0) -> bytes: ...


class SeriesStore(Protocol):
    """Where readings are kept."""

    async def sample_series(
        self, device_id: str, since_ms: int, until_ms: int, points: int
    ) -> tuple[SamplePoint, ...]: ...


class Illustrator(Protocol):
    """Makes the pictures of a mail."""

    async def illustrate(self, notice: Notice, now_ms: int) -> Pictures: ...


class WearIllustrator:
    """Draws the wear of the nozzles that a notice is about."""

    def __init__(
        self, *, store: SeriesStore, fleet: Fleet, registry: Registry, renderer: Renderer, events: Events
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._renderer = renderer
        self._events = events

    async def illustrate(self, notice: Notice, now_ms: int) -> Pictures:
        """The pictures of the first few firing alerts about wear; without those that can't be drawn in time."""
        wanted = [item for item in notice.firing if item.wear_ratio is not None][:MOST_PICTURES]
        strings, made = strings_of(notice.language), dict[int, Picture]()
        try:
            async with asyncio.timeout(_WITHIN_S):
                for item in wanted:
                    picture = await self._picture(item, notice.timezone, now_ms, strings)
                    if picture is not None:
                        made[item.alert_id] = picture
        except TimeoutError:
            self._events.picture_failed("it took too long")
        return made

    async def _picture(self, item: Item, zone: str, now_ms: int, strings: Strings) -> Picture | None:
        nozzle = self._fleet.nozzle(item.subject)
        if nozzle is None:
            return None
        try:
            points = await self._store.sample_series(nozzle.device_id, now_ms - _BACK_MS, now_ms + 1, _POINTS)
            readings = self._readings(nozzle, points, zone)
            if len(readings) < _LEAST_POINTS:
                return None
            spec = await asyncio.to_thread(mail_spec, item, readings, zone, now_ms, strings)
            return Picture(await self._renderer.png(spec), wear_line(item, strings.message))
        except StoreUnavailableError as error:
            self._events.picture_failed(str(error))
        except (OSError, RuntimeError, ValueError) as error:
            # Of the drawing library, and of its process where that has died.
            self._events.picture_failed(f"{type(error).__name__}: {error}")
        return None

    def _readings(self, nozzle: NozzleState, points: Sequence[SamplePoint], zone: str) -> list[Reading]:
        model, found = self._registry.model(nozzle.model), []
        for point in points:
            if point.nozzle_serial != nozzle.serial:
                continue
            if point.coating_ratio is None and nozzle.coating_ratio is not None:
                continue
            wear = nozzle_wear(replace(nozzle, coating_ratio=point.coating_ratio, strikes=point.strikes), model)
            if wear is not None:
                t = wall_ms(point.ts_ms, zone_or_utc(zone))
                found.append(Reading(t, round(wear, 4), nozzle.serial, current=True, when=""))
        return found


def mail_spec(item: Item, readings: Sequence[Reading], zone: str, now_ms: int, strings: Strings) -> Spec:
    """The chart of one alert: readings, the limit, and the forecast as a fan. Pure."""
    said = strings.message.picture
    until = wall_ms(now_ms, zone_or_utc(zone))
    since = min(reading.t for reading in readings)
    data = WearData(
        span="month" if until - since > 7 * _DAY_MS else "week",
        since=since,
        until=until,
        readings=readings,
        swaps=(),
        fan=_fan(item, until),
    )
    words = WearWords(
        limit=said.limit,
        wear=said.wear,
        time=said.time,
        nozzle=said.nozzle,
        description=said.description.format(nozzle=one_line(item.subject), wear=wear_line(item, strings.message)),
    )
    return localised(wear_spec(data, LIGHT, words), strings)


def _fan(item: Item, t: int) -> Fan | None:
    days = item.forecast.remaining_days if item.forecast is not None else None
    if days is None or item.wear_ratio is None or item.wear_ratio >= 1.0:
        return None
    below, above = days.p50 - days.p10, days.p90 - days.p50
    spread = (-_P95 * below, -_P75 * below, 0.0, _P75 * above, _P95 * above)
    p05, p25, p50, p75, p95 = (t + round(max(0.0, days.p50 + by) * _DAY_MS) for by in spread)
    return Fan(t, item.wear_ratio, p05, p25, p50, p75, p95)
