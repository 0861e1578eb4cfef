"""Internal events: each is one log line and one counter, in one place.

The process's own metrics live in a registry of their own; the fleet's gauges are formatted in `serve/metrics`.
Counts are given per batch, never per message: a labelled increment costs more than decoding.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

from gateway.histogram import LatencyHistogram

_LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)

# A `_created` series beside every counter is weight that no dashboard of ours reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Events:
    """Says what happened: to the log and to the process's metrics."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._log = structlog.get_logger("silverpoint")
        self._received = self._counter("messages_received", "Deliveries received, by kind.", "kind")
        self._rejected = self._counter("messages_rejected", "Deliveries and samples rejected, by reason.", "reason")
        self._stored = self._counter("records_stored", "Records stored, by kind.", "kind")
        self._duplicate = self._counter("records_duplicate", "Redelivered records, dropped.")
        self._lost = self._counter("records_lost", "Records missing for too long to expect them still.")
        self._sessions_lost = self._counter("broker_sessions_lost", "Times the broker had forgotten our session.")
        self._takeovers = self._counter("broker_takeovers", "Times another client took our client id over.")
        self._disconnects = self._counter("broker_disconnects", "Connections to the broker that ended.")
        self._commit_retries = self._counter("store_commit_retries", "Commits tried again.")
        self._advice = self._counter("advice_published", "Advice messages published to devices.")
        self._advice_delays = self._counter("advice_delays", "Times advice could not be published and had to wait.")
        self._alert_changes = self._counter("alert_transitions", "Alert transitions.", "rule", "state")
        self._order_changes = self._counter("work_order_changes", "Changes of work orders.", "kind", "state")
        self._notifications = self._counter(
            "notifications", "Attempts to notify, by what came of them.", "channel", "outcome"
        )
        self._heartbeats_missed = self._counter("heartbeats_missed", "Heartbeats that nobody took.")
        self._pictures_failed = self._counter("mail_pictures_failed", "Pictures that mails went out without.")
        self._sealed = self._counter("store_sealed_rows", "Samples moved from the hot table to their day's table.")
        self._starts = self._counter("starts", "Times the gateway has started (1 in each process).")
        self._stops = self._counter("stops", "Clean ends of the gateway.")
        self._wear_fits = self._counter("wear_fits", "Times the wear of a nozzle model was learnt anew.")
        self._wear_fit_failures = self._counter("wear_fit_failures", "Times learning the wear of a model failed.")
        self._forecast_delays = self._counter("forecast_delays", "Times forecasts had to wait for the store.")
        self._maintenance_failures = self._counter(
            "store_maintenance_failures", "Steps of sealing and retention that failed and are tried again."
        )
        self._archived = self._counter("store_archived_samples", "Samples written to files of the archive.")
        self._archive_failures = self._counter("store_archive_failures", "Files of the archive that failed.")
        self._connected = Gauge(
            "silverpoint_broker_connected", "1 while connected to the broker.", registry=self.registry
        )
        self._latency = LatencyHistogram(
            "silverpoint_ingest_latency_seconds",
            "From receipt of a delivery to its commit.",
            _LATENCY_BUCKETS_S,
            self.registry,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"silverpoint_{name}", text, labels, registry=self.registry)

    def batch_committed(
        self,
        *,
        received: Mapping[str, int],
        rejected: Mapping[str, int],
        stored: Mapping[str, int],
        duplicates: int,
        latencies_ms: Mapping[int, int],
    ) -> None:
        """One commit went through; the pipeline's only event per batch. `latencies_ms`: how often each was seen."""
        for kind, count in received.items():
            self._received.labels(kind).inc(count)
        for reason, count in rejected.items():
            self._rejected.labels(reason).inc(count)
        for kind, count in stored.items():
            self._stored.labels(kind).inc(count)
        if duplicates:
            self._duplicate.inc(duplicates)
        self._latency.observe(latencies_ms)
        if rejected:
            self._log.warning("messages rejected", **rejected)
        self._log.debug("batch committed", **stored, duplicates=duplicates)

    def records_lost(self, device_id: str, boot_id: str, count: int) -> None:
        self._lost.inc(count)
        self._log.warning("records lost", device=device_id, boot=boot_id, count=count)

    def commit_retried(self, why: str, retry_in_ms: int) -> None:
        self._commit_retries.inc()
        self._log.error("commit failed, trying again", why=why, retry_in_ms=retry_in_ms)

    def broker_connected(self, url: str, session_present: bool) -> None:
        self._connected.set(1)
        self._log.info("broker connected", url=url, session_present=session_present)

    def broker_disconnected(self, url: str, why: str, retry_in_ms: int) -> None:
        self._connected.set(0)
        self._disconnects.inc()
        log = self._log.warning if retry_in_ms else self._log.info  # no retry: we are stopping
        log("broker not connected", url=url, why=why, retry_in_ms=retry_in_ms)

    def broker_session_lost(self, url: str) -> None:
        self._sessions_lost.inc()
        self._log.error("broker has forgotten our session", url=url)

    def broker_taken_over(self, url: str) -> None:
        self._connected.set(0)
        self._takeovers.inc()
        self._log.error("another client took our client id over: stopping", url=url)

    def advice_published(self, device_id: str, nozzle: str) -> None:
        self._advice.inc()
        self._log.info("advice published", device=device_id, nozzle=nozzle)

    def advice_delayed(self, why: str, waiting: int, retry_in_ms: int) -> None:
        self._advice_delays.inc()
        self._log.warning("advice can't be published", why=why, waiting=waiting, retry_in_ms=retry_in_ms)

    def alert_changed(self, rule: str, subject: str, state: str, severity: str) -> None:
        self._alert_changes.labels(rule, state).inc()
        self._log.info("alert changed", rule=rule, subject=subject, state=state, severity=severity)

    def work_order_changed(self, kind: str, subject: str, state: str) -> None:
        self._order_changes.labels(kind, state).inc()
        self._log.info("work order changed", kind=kind, subject=subject, state=state)

    def notification_planned(self, receiver: str, group: str, reason: str) -> None:
        self._log.info("notification planned", receiver=receiver, group=group, reason=reason)

    def notification_waits(self, receiver: str, group: str, why: str) -> None:
        self._log.debug("notification waits", receiver=receiver, group=group, why=why)

    def notification_sent(self, channel: str, receiver: str, key: str) -> None:
        self._notifications.labels(channel, "sent").inc()
        self._log.info("notification sent", channel=channel, receiver=receiver, key=key)

    def notification_retried(self, channel: str, receiver: str, why: str, retry_in_ms: int) -> None:
        self._notifications.labels(channel, "retried").inc()
        self._log.warning(
            "notification not delivered, trying again",
            channel=channel,
            receiver=receiver,
            why=why,
            retry_in_ms=retry_in_ms,
        )

    def notification_given_up(self, channel: str, receiver: str, key: str, why: str, outcome: str) -> None:
        """`outcome`: refused (it can never be taken) or dead (tried too often)."""
        self._notifications.labels(channel, outcome).inc()
        self._log.error("notification given up: nobody was told", channel=channel, receiver=receiver, key=key, why=why)

    def heartbeat_missed(self, why: str) -> None:
        self._heartbeats_missed.inc()
        self._log.warning("heartbeat not taken", why=why)

    def picture_failed(self, why: str) -> None:
        self._pictures_failed.inc()
        self._log.warning("mail goes without its picture", why=why)

    def wear_fitted(self, model: str, fit_no: int, units: int, lives: int) -> None:
        self._wear_fits.inc()
        self._log.info("wear learnt", model=model, fit=fit_no, nozzles=units, ended=lives)

    def wear_fit_failed(self, model: str, why: str) -> None:
        self._wear_fit_failures.inc()
        self._log.error("wear could not be learnt", model=model, why=why)

    def forecasts_delayed(self, why: str) -> None:
        self._forecast_delays.inc()
        self._log.warning("forecasts wait for the store", why=why)

    def gateway_started(self, listen: str, store_url: str) -> None:
        self._starts.inc()
        self._log.info("gateway started", listen=listen, store=store_url)

    def metrics_open(self, listen: str) -> None:
        self._log.warning(
            "/metrics names every clinic and device to whoever reaches this address: set http.metrics_token_file",
            listen=listen,
        )

    def gateway_stopped(self) -> None:
        self._stops.inc()
        self._log.info("gateway stopped")

    def maintenance_failed(self, why: str) -> None:
        self._maintenance_failures.inc()
        self._log.error("store maintenance failed, trying again later", why=why)

    def samples_archived(self, name: str, samples: int) -> None:
        self._archived.inc(samples)
        self._log.info("samples archived", file=name, samples=samples)

    def archiving_failed(self, why: str) -> None:
        self._archive_failures.inc()
        self._log.error("archiving failed; the samples stay in the store", why=why)

    def samples_sealed(self, rows: int) -> None:
        self._sealed.inc(rows)
        self._log.debug("samples sealed", rows=rows)
