"""The real server: its address, its certificate, its signals, its end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway.config import HttpConfig
from gateway.errors import ListenError
from gateway.serve.http import create_app
from gateway.serve.server import HttpServer
from tests.serve.rig import CLINICS, NOW_MS, Rig, message, sample
from tests.support.certificates import Authority


async def test_events_stream_changes_and_end_with_the_gateway(rig: Rig) -> None:
    server = HttpServer(rig.app, HttpConfig())
    await server.open(port=0)
    running, url = asyncio.create_task(server.run()), server.url
    headers = {"Authorization": f"Bearer {await rig.token('manager')}"}
    seen = []
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client,
        client.stream("GET", "/api/v1/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        async for line in answer.aiter_lines():
            if not line.startswith("data: "):
                continue
            seen.append(json.loads(line[6:]))
            if len(seen) == 1:
                await rig.take(message(CLINICS[0], "d-two", "telemetry", sample(8, NOW_MS, "n-two", 0.9)))
            else:
                rig.stop.set()
                server.stop()
    await asyncio.wait_for(running, 60)
    assert [device["id"] for device in seen[1]["devices"]] == ["d-two"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz")


def running_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


async def test_the_fleet_page_is_made_ready_before_anybody_asks_and_let_go_at_a_cancel(rig: Rig) -> None:
    server = HttpServer(rig.app, HttpConfig())
    await server.open(port=0)
    running = asyncio.create_task(server.run())
    async with asyncio.timeout(60):
        while "fleet board" not in running_tasks():
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running}, timeout=60)
    assert "warm fleet page" not in running_tasks()
    rig.stop.set()


async def test_the_apps_signal_handlers_stay_in_place(rig: Rig) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = HttpServer(rig.app, HttpConfig())
    await server.open(port=0)
    running = asyncio.create_task(server.run())
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    server.stop()
    await asyncio.wait_for(running, 60)


async def test_a_request_that_runs_is_answered_before_the_end(rig: Rig) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    @rig.app.get("/slow")
    async def slow() -> dict[str, bool]:
        asked.set()
        await go.wait()
        return {"done": True}

    server = HttpServer(rig.app, HttpConfig())
    await server.open(port=0)
    running = asyncio.create_task(server.run())
    async with httpx.AsyncClient(base_url=server.url) as client:
        asking = asyncio.create_task(client.get("/slow"))
        await asked.wait()
        server.stop()
        await asyncio.sleep(0.2)
        go.set()
        assert (await asking).json() == {"done": True}
    await asyncio.wait_for(running, 60)


async def test_a_port_that_is_taken_is_one_clear_error(rig: Rig) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"can't listen on {address}: Address already in use"):
            await HttpServer(rig.app, HttpConfig(listen=address)).open()


async def test_a_host_that_is_not_ours_is_one_clear_error(rig: Rig) -> None:
    with pytest.raises(ListenError, match=r"can't listen on 192\.0\.2\.1:8080: .*; set another address"):
        await HttpServer(rig.app, HttpConfig(listen="192.0.2.1:8080")).open()


async def test_a_certificate_that_is_none_is_one_clear_error(rig: Rig, tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing of the kind")
    http = HttpConfig(cert_file=tmp_path / "cert.pem", key_file=tmp_path / "key.pem")
    with pytest.raises(ListenError, match=r"can't use the certificate .*cert\.pem"):
        await HttpServer(rig.app, http).open()


async def test_a_proxy_is_believed_only_where_it_is_trusted(rig: Rig) -> None:
    for trusted, expected in (((), "127.0.0.1"), (("127.0.0.1/32",), "203.0.113.9")):
        server = HttpServer(rig.app, HttpConfig(trusted_proxies=trusted))
        await server.open(port=0)
        running = asyncio.create_task(server.run())
        async with httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": "203.0.113.9"}) as client:
            await client.post("/login", data={"username": "nobody", "password": "x"})
        server.stop()
        await asyncio.wait_for(running, 60)
        (failed, *_) = await rig.store.audit(limit=1, before=None)
        assert json.loads(failed.detail_json) == {"client": expected}


async def test_over_tls_it_answers_with_its_certificate_and_asks_for_tls_from_then_on(rig: Rig, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate = authority.issue("127.0.0.1")
    http = HttpConfig(cert_file=certificate.cert_file, key_file=certificate.key_file)
    server = HttpServer(create_app(replace(rig.services, http=http)), http)
    await server.open(port=0)
    running = asyncio.create_task(server.run())
    trusting = ssl.create_default_context(cafile=authority.ca_file)
    async with httpx.AsyncClient(base_url=server.url, verify=trusting) as client:
        answer = await client.get("/healthz")
    assert answer.url.scheme == "https"
    assert "strict-transport-security" in answer.headers
    server.stop()
    await asyncio.wait_for(running, 60)
