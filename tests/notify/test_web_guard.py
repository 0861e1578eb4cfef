"""Requests to receivers: what the guard lets through is decided at the socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.channels.web import GuardedBackend, RefusedAddressError, Web
from tests.notify.house import listener


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "ff02::1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:5ef5:79fb::1",
    ],
)  # fmt: skip
def test_addresses_on_this_side_of_the_internet_are_refused(address: str) -> None:
    assert not GuardedBackend().allows(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"])
def test_addresses_on_the_internet_are_open(address: str) -> None:
    assert GuardedBackend().allows(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_network_that_is_allowed_is_open_and_no_other(address: object) -> None:
    assert GuardedBackend(["10.0.0.0/8"]).allows(str(address))
    assert not GuardedBackend(["192.168.0.0/16"]).allows(str(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
async def test_no_socket_is_opened_to_this_machine_however_it_is_written(host: str) -> None:
    async with listener() as hook:
        web = Web([])
        with pytest.raises((RefusedAddressError, NotDeliveredError)):
            await web.request("POST", f"http://{host}:{hook.port}/", {})
        await web.close()
        assert hook.requests == []


async def test_an_allowed_network_is_reached_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listener() as hook:
        web = Web(["127.0.0.0/8"])
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        await web.request("POST", f"http://localhost:{hook.port}/", {}, b"x")
        await web.close()
        assert len(hook.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, NotDeliveredError), (429, NotDeliveredError), (302, UndeliverableError), (404, UndeliverableError)],
)
async def test_the_answer_says_whether_to_try_again(status: int, error: type[Exception]) -> None:
    async with listener() as hook:
        hook.status, hook.headers = status, "Location: http://127.0.0.1:9/\r\n"
        web = Web(["127.0.0.0/8"])
        with pytest.raises(error, match=str(status)):
            await web.request("POST", hook.url, {})
        await web.close()
