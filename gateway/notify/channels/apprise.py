"""Chat, SMS, push and a hundred more through Apprise, in threads of its own: it blocks, and may hang."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pydantic import SecretStr

from gateway.config_notify import person_url
from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.channels.base import Envelope
from gateway.notify.wording import plain, subject

_THREADS: Final = 4
_TIMEOUT_S: Final = 25.0


class AppriseChannel:
    """Hands messages to Apprise. It tells only whether it worked, so that every failure is tried again."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="apprise")

    async def send(self, envelope: Envelope) -> None:
        """Raises NotDeliveredError, UndeliverableError."""
        receiver = envelope.receiver
        if receiver.url is None:
            raise UndeliverableError(f"the receiver {receiver.name} has no url")
        if not receiver.trusted:
            _require_for_people(receiver.url)
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, _notify, receiver.url, subject(envelope.notice), plain(envelope.notice)
        )
        try:
            taken = await asyncio.wait_for(sending, _TIMEOUT_S)
        except TimeoutError as error:
            raise NotDeliveredError("the service did not answer in time") from error
        if not taken:
            raise NotDeliveredError("the service did not take it")

    def close(self) -> None:
        """Takes no more; a message that hangs does not hold up the end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _require_for_people(url: SecretStr) -> None:
    try:
        person_url(url.get_secret_value())
    except ValueError as error:
        raise UndeliverableError(str(error)) from None


def _notify(url: SecretStr, title: str, body: str) -> bool:
    import apprise

    service = apprise.Apprise()
    if not service.add(url.get_secret_value()):
        raise UndeliverableError("Apprise does not know this address: see its list of services for how to write it")
    return bool(service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))
