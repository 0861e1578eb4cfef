"""The gateway itself: does it hear, keep up, store and tell."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import theme
from dashboards.grafana.panels import Series, lines, number
from dashboards.grafana.theme import Limits
from dashboards.grafana.variables import Panel, Section, board, instances

_OF: Final = '{instance=~"$instance"}'
_SLOW: Final = Limits(theme.FINE, ((0.25, theme.SOON), (1.0, theme.NOW)))
_REJECTED: Final = Limits(theme.FINE, ((0.001, theme.SOON), (0.01, theme.NOW)))


def operator_board() -> Dashboard:
    """The board `silverpoint-operator`."""
    return board(
        "silverpoint-operator",
        "Silverpoint / Operator",
        about="The gateway itself: does it hear, keep up, store and tell.",
        variables=[instances()],
        since="now-6h",
        refresh="30s",
        sections=[
            Section("Now", _figures()),
            Section("Ingest", [_received(), _latency(), _rejected(), _stored(), _holes(), _duplicates()]),
            Section("Broker and store", [_broker(), _store(), _sealed()]),
            Section("Telling", [_alerts(), _notifications(), _advice()]),
            Section("Forecasts", [_forecasts()]),
            Section("Reading the metrics", [_scrape(), _series()]),
        ],
    )


def _figures() -> list[Panel]:
    return [
        number(
            "Gateway",
            'min(up{job="silverpoint", instance=~"$instance"})',
            about="Whether Prometheus can read it.",
            unit=theme.WORD,
            limits=theme.ONE_IS_FINE,
            words=theme.UP_WORDS,
            span=3,
            links=[("Open the gateway's page in Silverpoint", "${silverpoint}/operator")],
        ),
        number(
            "Broker",
            f"min(silverpoint_broker_connected{_OF})",
            about="Whether it is connected to the broker; the log says why not.",
            unit=theme.WORD,
            limits=theme.ONE_IS_FINE,
            words=theme.CONNECTED_WORDS,
            span=4,
        ),
        number(
            "Messages a second",
            f"sum(rate(silverpoint_messages_received_total{_OF}[5m]))",
            about="What comes in, over the last five minutes.",
            decimals=1,
            span=3,
        ),
        number(
            "Latency, 99th percentile",
            f"max(instance:silverpoint_ingest_latency_seconds:p99_5m{_OF})",
            about="From receipt to commit, over the last five minutes.",
            unit=theme.SECONDS,
            limits=_SLOW,
            span=4,
        ),
        number(
            "Rejected",
            f"max(instance:silverpoint_rejected:ratio_rate15m{_OF})",
            about="The part of what came in the last 15 minutes that had to be quarantined.",
            unit=theme.RATIO,
            decimals=2,
            limits=_REJECTED,
            span=3,
        ),
        number(
            "Records missing",
            f"sum(silverpoint_records_missing{_OF})",
            about="Holes in the devices' numbering now. For ten minutes they are no reason to worry.",
            limits=theme.NONE_IS_FINE,
            span=3,
        ),
        number(
            "Records lost in 24 h",
            f"sum(increase(silverpoint_records_lost_total{_OF}[1d]))",
            about="Records that did not come within ten minutes of connected time.",
            decimals=0,
            limits=theme.NONE_OR_NOW,
            span=4,
        ),
    ]


def _received() -> Panel:
    return lines(
        "Messages received, by kind",
        Series(f"sum by (kind) (rate(silverpoint_messages_received_total{_OF}[$__rate_interval]))", "{{kind}}"),
        about="Deliveries from the broker.",
        unit=theme.PER_SECOND,
        stacked=True,
    )


def _latency() -> Panel:
    return lines(
        "Latency from receipt to commit",
        Series(f"max by (instance) (instance:silverpoint_ingest_latency_seconds:p50_5m{_OF})", "{{instance}} median"),
        Series(f"max by (instance) (instance:silverpoint_ingest_latency_seconds:p99_5m{_OF})", "{{instance}} 99 %"),
        about="Its floor is the 20 ms for which a batch is gathered. If it climbs, see the disk first.",
        unit=theme.SECONDS,
    )


def _rejected() -> Panel:
    return lines(
        "Rejected, by reason",
        Series(f"sum by (reason) (rate(silverpoint_messages_rejected_total{_OF}[$__rate_interval]))", "{{reason}}"),
        about="What goes into quarantine. `silverpoint quarantine list` says from whom, and where in the message.",
        unit=theme.PER_SECOND,
        stacked=True,
    )


def _stored() -> Panel:
    return lines(
        "Records stored, by kind",
        Series(f"sum by (kind) (rate(silverpoint_records_stored_total{_OF}[$__rate_interval]))", "{{kind}}"),
        about="Samples, sessions, nozzle events and statuses.",
        unit=theme.PER_SECOND,
        stacked=True,
    )


def _holes() -> Panel:
    return lines(
        "Records missing and lost",
        Series(f"sum(silverpoint_records_missing{_OF})", "missing now"),
        Series(f"sum(increase(silverpoint_records_lost_total{_OF}[1h]))", "lost in an hour"),
        about="Loss between device and store. A broker that drops shows here first.",
    )


def _duplicates() -> Panel:
    return lines(
        "Redelivered records",
        Series(f"sum(rate(silverpoint_records_duplicate_total{_OF}[$__rate_interval]))", "dropped"),
        about="Normal after a restart or a lost connection; each is stored once.",
        unit=theme.PER_SECOND,
    )


def _broker() -> Panel:
    return lines(
        "Broker, in an hour",
        Series(f"sum(increase(silverpoint_broker_disconnects_total{_OF}[1h]))", "connections ended"),
        Series(f"sum(increase(silverpoint_broker_sessions_lost_total{_OF}[1h]))", "sessions forgotten"),
        Series(f"sum(increase(silverpoint_broker_takeovers_total{_OF}[1h]))", "taken over"),
        about="A forgotten session means that messages may be missing: see the broker's persistence.",
        span=8,
    )


def _store() -> Panel:
    return lines(
        "Store troubles, in an hour",
        Series(f"sum(increase(silverpoint_store_commit_retries_total{_OF}[1h]))", "commits tried again"),
        Series(f"sum(increase(silverpoint_store_maintenance_failures_total{_OF}[1h]))", "maintenance failed"),
        about="While commits are tried again, nothing is acknowledged and nothing is lost; make room on the disk.",
        span=8,
    )


def _sealed() -> Panel:
    return lines(
        "Samples sealed",
        Series(f"sum(rate(silverpoint_store_sealed_rows_total{_OF}[$__rate_interval]))", "rows"),
        about="Samples that go from the hot table to their day's table: nothing for long, then many at once.",
        unit=theme.PER_SECOND,
        span=8,
    )


def _alerts() -> Panel:
    return lines(
        "Alert transitions, in an hour",
        Series(f"sum by (rule, state) (increase(silverpoint_alert_transitions_total{_OF}[1h]))", "{{rule}} {{state}}"),
        about="Many for one rule: it flaps; give it a longer hold or more hysteresis.",
        span=8,
    )


def _notifications() -> Panel:
    return lines(
        "Notifications, in an hour",
        Series(
            f"sum by (channel, outcome) (increase(silverpoint_notifications_total{_OF}[1h]))", "{{channel}} {{outcome}}"
        ),
        about="What was sent, and what has to be tried again.",
        span=8,
    )


def _advice() -> Panel:
    return lines(
        "Advice to devices, in an hour",
        Series(f"sum(increase(silverpoint_advice_published_total{_OF}[1h]))", "published"),
        Series(f"sum(increase(silverpoint_advice_delays_total{_OF}[1h]))", "had to wait"),
        about="What devices are told about their nozzles.",
        span=8,
    )


def _forecasts() -> Panel:
    return lines(
        "Learning and forecasting, in an hour",
        Series(f"sum(increase(silverpoint_wear_fits_total{_OF}[1h]))", "models learnt"),
        Series(f"sum(increase(silverpoint_wear_fit_failures_total{_OF}[1h]))", "learning failed"),
        Series(f"sum(increase(silverpoint_forecast_delays_total{_OF}[1h]))", "waited for the store"),
        about="How often the wear of a nozzle model is learnt anew from its lives.",
        span=24,
    )


def _scrape() -> Panel:
    return lines(
        "Time to read the metrics",
        Series('scrape_duration_seconds{job="silverpoint", instance=~"$instance"}', "{{instance}}"),
        about="Grows with the fleet; keep it far below the scrape interval.",
        unit=theme.SECONDS,
    )


def _series() -> Panel:
    return lines(
        "Samples read each time",
        Series('scrape_samples_scraped{job="silverpoint", instance=~"$instance"}', "{{instance}}"),
        about="About nine for each device that is online.",
    )
