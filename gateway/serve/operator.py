"""The gateway's own figures, read from its metrics: totals, rates, latencies."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from gateway.clock import Clock
from gateway.serve.health import Readiness
from gateway.store.rows import QuarantineEntry
from gateway.store.service_rows import StoreStats
from schemas.page_views import OperatorView, QuarantinedView

_WINDOW_MS: Final = 60_000
_SHORTEST_MS: Final = 1_000


class Counted(NamedTuple):
    """What the metrics say at one moment."""

    received: Mapping[str, int]
    rejected: Mapping[str, int]
    totals: Mapping[str, int]
    """Counters without labels, and those with labels summed, by name without prefix and suffix."""
    latency_buckets: Sequence[tuple[float, float]]
    """(upper bound in seconds, observations up to it), in order."""


class _Tick(NamedTuple):
    monotonic_ms: int
    received: int


class OperatorFigures:
    """Counts the rate over the last minute in which somebody looked."""

    def __init__(self, registry: CollectorRegistry, readiness: Readiness, clock: Clock) -> None:
        self._registry = registry
        self._readiness = readiness
        self._clock = clock
        self._ticks: deque[_Tick] = deque()

    def view(self, *, missing: int, stats: StoreStats, quarantine: Sequence[QuarantineEntry]) -> OperatorView:
        """Everything as it stands."""
        counted = counted_in(list(self._registry.collect()))
        totals = counted.totals
        return OperatorView(
            as_of_ms=self._clock.now_ms(),
            messages_per_s=self._rate(sum(counted.received.values())),
            received=counted.received,
            stored=totals.get("records_stored", 0),
            duplicates=totals.get("records_duplicate", 0),
            rejected=counted.rejected,
            records_missing=missing,
            records_lost=totals.get("records_lost", 0),
            latency_p50_ms=quantile_ms(counted.latency_buckets, 0.5),
            latency_p99_ms=quantile_ms(counted.latency_buckets, 0.99),
            broker_connected=self._readiness.broker_connected(),
            broker_disconnects=totals.get("broker_disconnects", 0),
            broker_sessions_lost=totals.get("broker_sessions_lost", 0),
            commit_fault=self._readiness.commit_fault(),
            commit_retries=totals.get("store_commit_retries", 0),
            samples=stats.samples,
            samples_unsealed=stats.hot_samples,
            sessions=stats.sessions,
            oldest_sample_ms=stats.oldest_sample_ms,
            store_bytes=stats.size_bytes,
            free_bytes=stats.free_bytes,
            quarantined=stats.quarantined,
            quarantine=tuple(_quarantined(entry) for entry in quarantine),
        )

    def _rate(self, received: int) -> float | None:
        """Messages a second since the oldest look of the last minute; None at the first."""
        now_ms = self._clock.monotonic_ms()
        while self._ticks and now_ms - self._ticks[0].monotonic_ms > _WINDOW_MS:
            self._ticks.popleft()
        if not self._ticks or now_ms - self._ticks[-1].monotonic_ms >= _SHORTEST_MS:
            self._ticks.append(_Tick(now_ms, received))
        elapsed_ms = now_ms - self._ticks[0].monotonic_ms
        if elapsed_ms < _SHORTEST_MS:
            return None
        return (received - self._ticks[0].received) / elapsed_ms * 1_000


def counted_in(families: Sequence[Metric]) -> Counted:
    """The counters and the latency histogram among these metrics. Pure."""
    by_name = {family.name.removeprefix("silverpoint_"): family for family in families}
    totals = {
        name: int(sum(sample.value for sample in family.samples if sample.name.endswith("_total")))
        for name, family in by_name.items()
        if family.type == "counter"
    }
    return Counted(
        received=_by_label(by_name.get("messages_received"), "kind"),
        rejected=_by_label(by_name.get("messages_rejected"), "reason"),
        totals=totals,
        latency_buckets=_buckets(by_name.get("ingest_latency_seconds")),
    )


def quantile_ms(buckets: Sequence[tuple[float, float]], quantile: float) -> float | None:
    """The quantile of a cumulative histogram, by straight lines within its buckets; None where it is empty. Pure."""
    total = buckets[-1][1] if buckets else 0.0
    if not total:
        return None
    wanted = quantile * total
    lower_s, below = 0.0, 0.0
    for upper_s, count in buckets:
        if count >= wanted and count > below:
            share = (wanted - below) / (count - below)
            return (lower_s if math.isinf(upper_s) else lower_s + share * (upper_s - lower_s)) * 1_000
        lower_s, below = upper_s, count
    return None


def _by_label(family: Metric | None, label: str) -> dict[str, int]:
    samples = family.samples if family else ()
    counts = {sample.labels[label]: int(sample.value) for sample in samples if sample.name.endswith("_total")}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _buckets(family: Metric | None) -> list[tuple[float, float]]:
    samples = family.samples if family else ()
    return [(float(sample.labels["le"]), sample.value) for sample in samples if sample.name.endswith("_bucket")]


def _quarantined(entry: QuarantineEntry) -> QuarantinedView:
    return QuarantinedView(
        id=entry.entry_id,
        topic=entry.topic,
        reason=entry.rejection.reason,
        path=entry.rejection.path,
        size_bytes=entry.rejection.size_bytes,
        count=entry.count,
        last_received_ms=entry.last_received_ms,
        readable=entry.rejection.known_json is not None,
    )
