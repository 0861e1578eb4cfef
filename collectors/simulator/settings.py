"""What a simulated fleet is made of, and how often each oddity of the field befalls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from schemas.identity import MAX_TIME_MS, MIN_TIME_MS
from schemas.topics import DEFAULT_ROOT

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Oddities:
    """How often things go as they do in the field. `*_per_day`: chance per device (or clinic) and day; `*_share`: of
    the messages, boots, swaps or devices that it can befall. All 0: a fleet in which nothing ever goes wrong."""

    reboots_per_day: float = 0.04
    offline_per_day: float = 0.06
    long_offline_share: float = 0.2
    """Of the offline spells: lasting half a day to three days, instead of minutes to hours."""
    outages_per_day: float = 0.03
    """Mains outages, per clinic."""
    unset_clock_share: float = 0.3
    """Of the boots: the clock is not set until the next time sync."""
    broken_sync_share: float = 0.02
    """Of the devices: the clock is never synced and runs away by minutes in a month."""
    duplicate_share: float = 0.004
    late_share: float = 0.004
    """Of the messages: overtaken by later ones."""
    loss_share: float = 0.0
    """Of the messages other than statuses: never delivered, so their records are holes."""
    sensorless_share: float = 0.15
    depthless_share: float = 0.1
    unreadable_tag_per_day: float = 0.003
    damage_per_day: float = 0.002
    cleaning_per_day: float = 0.004
    """A nozzle taken off and fitted again."""
    late_swap_share: float = 0.2
    swap_off_share: float = 0.3
    """Of the swaps: made with the device switched off, so it finds the new nozzle at power-up."""
    unreported_swap_share: float = 0.01
    unannounced_share: float = 0.05
    """Of the devices: the nozzle found at the start is not reported as fitted."""
    repair_share: float = 0.01
    """Of the reboots: after a repair, the count of sessions restarts at 0."""
    vanished_share: float = 1 / 30
    """Of the devices: out of reach for two days or more when the history goes over into live."""


NO_ODDITIES = Oddities(**dict.fromkeys(Oddities.__dataclass_fields__, 0.0))


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """One simulated fleet. The same settings give the same deliveries, byte for byte.

    Samples up to `live_from_ms` are uploaded in batches of `batch_ms`, as by devices with buffered upload; from then
    on each is sent at once. None: batches throughout; `start_ms`: never batches.

    Raises:
        ValueError: a number is out of its range.
    """

    start_ms: int
    devices: int = 60
    clinics: int = 12
    seed: int = 1
    live_from_ms: int | None = None
    sample_interval_ms: int = 5 * MINUTE_MS
    session_interval_ms: int = MINUTE_MS
    live_sample_interval_ms: int | None = None
    """From `live_from_ms` on; None: as before. Shorter ones make a page worth watching."""
    live_session_interval_ms: int | None = None
    dense_from_ms: int | None = None
    """Before it a device takes a sample every `sparse_interval_ms`, and one as a session ends: a long history for
    little. None: dense from the start."""
    sparse_interval_ms: int = 6 * HOUR_MS
    batch_ms: int = HOUR_MS
    root: str = DEFAULT_ROOT
    oddities: Oddities = field(default_factory=Oddities)

    def __post_init__(self) -> None:
        if not 1 <= self.devices <= 99_999:
            raise ValueError(f"devices must be 1 to 99999, not {self.devices}")
        if not 1 <= self.clinics <= 9_999:
            raise ValueError(f"clinics must be 1 to 9999, not {self.clinics}")
        if not MIN_TIME_MS + DAY_MS <= self.start_ms <= MAX_TIME_MS - DAY_MS:
            raise ValueError("start_ms must lie between the years 2000 and 2100")
        intervals_ms = (
            self.sample_interval_ms,
            self.session_interval_ms,
            self.sparse_interval_ms,
            self.live_sample_interval_ms,
            self.live_session_interval_ms,
        )
        if any(interval_ms is not None and interval_ms < SECOND_MS for interval_ms in intervals_ms):
            raise ValueError("the intervals between samples must be at least 1000 ms")
        if self.batch_ms < 0:
            raise ValueError(f"batch_ms must be at least 0, not {self.batch_ms}")

    def is_dense(self, at_ms: int) -> bool:
        """Whether devices take samples as often as they should."""
        return self.dense_from_ms is None or at_ms >= self.dense_from_ms

    def interval_ms(self, at_ms: int, *, in_session: bool, live: bool) -> int:
        """The time from a sample at `at_ms` to the next."""
        if not self.is_dense(at_ms):
            return self.sparse_interval_ms
        if in_session:
            return (self.live_session_interval_ms if live else None) or self.session_interval_ms
        return (self.live_sample_interval_ms if live else None) or self.sample_interval_ms

    def random(self, *names: object) -> Random:
        """A source of chance of its own for what is named, so that no part disturbs another's draws."""
        return Random("/".join(str(name) for name in (self.seed, *names)))
