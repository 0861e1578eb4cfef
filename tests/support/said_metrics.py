"""A stand-in for a gateway's /metrics where a test has to say itself what Prometheus reads."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SaidMetrics(http.server.ThreadingHTTPServer):
    """Answers with the metrics that it was given."""

    metrics = ""


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, SaidMetrics)
        body = self.server.metrics.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing: the test's output is for its failures."""


@contextmanager
def gateway_that_says(metrics: str) -> Iterator[SaidMetrics]:
    server = SaidMetrics(("127.0.0.1", 0), _Handler)
    server.metrics = metrics
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
