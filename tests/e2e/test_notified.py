"""A nozzle wears out, the receiver is down, the gateway is killed: one message arrives, once the receiver is back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_nozzle_alert import HOUR_MS, _Device
from tests.support.broker import running_mosquitto
from tests.support.gateway_process import GatewayProcess

DEADLINE_S = 90.0


class Receiver:
    """Keeps what it takes; refuses while it is down."""

    def __init__(self) -> None:
        self.down = True
        self.refused = 0
        self.taken: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.down:
                    receiver.refused += 1
                else:
                    receiver.taken.append(json.loads(body))
                self.send_response(503 if receiver.down else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


def eventually(condition: Callable[[], bool], gateway: GatewayProcess) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, gateway.log_tail()
        time.sleep(0.1)


@pytest.mark.mosquitto
def test_a_worn_nozzle_reaches_its_receiver_through_a_kill(tmp_path: Path) -> None:
    with listening() as receiver, running_mosquitto(tmp_path / "broker") as broker:
        hook = {"name": "ops", "channel": "webhook", "url": receiver.url, "secret": "0123456789abcdef"}
        settings = {
            "SILVERPOINT_NOTIFY__RECEIVERS": json.dumps([hook]),
            "SILVERPOINT_NOTIFY__GROUP_WAIT_S": "0",
            "SILVERPOINT_NOTIFY__ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        }
        with GatewayProcess(tmp_path, f"mqtt://127.0.0.1:{broker.port}", **settings) as gateway:
            gateway.wait_ready()
            device, now_ms = _Device(broker), time.time_ns() // 1_000_000
            for hours_ago in (3, 2, 1):
                device.sample(now_ms - hours_ago * HOUR_MS, "N-1", 5_000, 0.1)
            eventually(lambda: receiver.refused > 0, gateway)
            gateway.kill()
            receiver.down = False
            gateway.start()
            gateway.wait_ready()
            eventually(lambda: bool(receiver.taken), gateway)
            (message,) = receiver.taken
            assert [(item["rule"], item["subject"]) for item in message["firing"]] == [("nozzle_worn_out", "N-1")]
            counted = 'silverpoint_notifications_total{channel="webhook",outcome="sent"} 1.0'
            eventually(lambda: counted in gateway.metrics(), gateway)
