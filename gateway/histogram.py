"""A histogram that takes many observations at once: one call a batch instead of one a message."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class LatencyHistogram(Collector):
    """Durations in whole milliseconds, shown in seconds."""

    def __init__(self, name: str, text: str, buckets_s: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._text = text
        self._buckets_s = tuple(buckets_s)
        self._limits_ms = tuple(round(bucket_s * 1000) for bucket_s in buckets_s)
        self._counts = [0] * (len(buckets_s) + 1)
        self._sum_ms = 0
        registry.register(self)

    def observe(self, counts: Mapping[int, int]) -> None:
        """Takes how often each duration was seen."""
        for duration_ms, count in counts.items():
            self._counts[bisect_left(self._limits_ms, duration_ms)] += count
            self._sum_ms += duration_ms * count

    def collect(self) -> Iterable[HistogramMetricFamily]:
        names = (*(str(bucket_s) for bucket_s in self._buckets_s), "+Inf")
        cumulated = [(name, float(count)) for name, count in zip(names, accumulate(self._counts), strict=True)]
        yield HistogramMetricFamily(self._name, self._text, buckets=cumulated, sum_value=self._sum_ms / 1000)
