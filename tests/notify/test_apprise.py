"""Apprise, against a listener on a real socket."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.channels.apprise import AppriseChannel
from gateway.notify.channels.base import Envelope
from gateway.notify.notice import Notice
from gateway.notify.receivers import Receiver, directory
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import User
from schemas.access import Scope
from tests.notify.house import T0_MS, listener


def envelope(receiver: Receiver | None) -> Envelope:
    assert receiver is not None
    return Envelope("k", receiver, Notice(reason="test", group_key="", link="https://s.example", made_ms=T0_MS), T0_MS)


def configured(url: str) -> Receiver | None:
    receiver = ReceiverConfig(name="chat", channel="apprise", url=SecretStr(url))
    return directory(NotifyConfig(receivers=(receiver,)), ()).get("chat")


async def test_a_message_goes_out_and_a_failure_may_be_tried_again() -> None:
    channel = AppriseChannel()
    async with listener() as hook:
        receiver = configured(hook.url.replace("http://", "json://"))
        await channel.send(envelope(receiver))
        assert hook.taken[0]["title"] == "Silverpoint: test message"
        hook.status = 500
        with pytest.raises(NotDeliveredError):
            await channel.send(envelope(receiver))
    channel.close()


async def test_an_address_that_apprise_does_not_know_is_given_up() -> None:
    channel = AppriseChannel()
    with pytest.raises(UndeliverableError):
        await channel.send(envelope(configured("nonsense://x")))
    channel.close()


async def test_what_a_person_wrote_does_not_reach_into_our_network() -> None:
    channel = AppriseChannel()
    async with listener() as hook:
        settings = NotificationSettings("kim", (("apprise", hook.url.replace("http://", "json://")),))
        people = directory(NotifyConfig(), [(User("kim", "technician", Scope(), 0), settings)])
        with pytest.raises(UndeliverableError):
            await channel.send(envelope(people.get("kim/apprise")))
        assert hook.requests == []
    channel.close()
