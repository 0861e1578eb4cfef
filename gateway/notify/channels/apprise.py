"""Chat, SMS, push and a hundred more through Apprise, in threads of its own: it blocks, and may hang."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pydantic import SecretStr

from gateway.config_notify import person_url
from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.brevity import body_within
from gateway.notify.channels.base import Envelope
from gateway.notify.notice import Notice
from gateway.notify.wording import subject

_THREADS: Final = 4
_TIMEOUT_S: Final = 25.0
_MARKUP_SHARE: Final = 10
"""One part in so many of a message's room is left for it."""


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
        sending = asyncio.get_running_loop().run_in_executor(self._threads, _notify, receiver.url, envelope.notice)
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


def _notify(url: SecretStr, notice: Notice) -> bool:
    import apprise

    service = apprise.Apprise()
    if not service.add(url.get_secret_value()):
        raise UndeliverableError("Apprise does not know this address: see its list of services for how to write it")
    title = subject(notice)
    plugin = service[0]
    # A service without titles gets it as the first line of the body. Some write markup, which takes room of its own.
    room = plugin.body_maxlen - (len(title) + 2 if plugin.title_maxlen <= 0 else 0)
    return bool(
        service.notify(
            body=body_within(notice, room - room // _MARKUP_SHARE),
            title=title,
            notify_type=_type(notice),
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def _type(notice: Notice) -> str:
    """By which a service may choose a colour or a sound."""
    if notice.firing:
        return "failure" if notice.firing[0].severity == "critical" else "warning"
    return "success" if notice.resolved else "warning" if notice.orders else "info"
