"""`silverpoint notify`: whether messages reach their receivers."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from gateway.cli.common import ConfigOption, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.errors import InvalidInputError

notify = group("Messages to receivers.")


@notify.command("test", cls=ThoroughCommand)
def send_test(
    receiver: Annotated[str, typer.Argument(metavar="RECEIVER", help="Its name in [[notify.receivers]].")],
    config: ConfigOption = None,
) -> None:
    """Send a test message to one receiver now, past all routes and hours, and say what came of it.

    Example: silverpoint notify test ops
    """
    settings = configured(config)
    known = [configured_one.name for configured_one in settings.notify.receivers]
    if receiver not in known:
        names = f"use one of {', '.join(known)}" if known else "the configuration has no [[notify.receivers]]"
        raise InvalidInputError([f"silverpoint notify test: there is no receiver {receiver!r}: {names}"])
    run_async(_send(settings, receiver))
    typer.echo(f"{receiver} has taken the message")


async def _send(config: Config, name: str) -> None:
    from gateway.clock import SystemClock
    from gateway.notify.channels.base import Envelope
    from gateway.notify.notice import Notice, link
    from gateway.notify.notifier import Outlets
    from gateway.notify.receivers import directory

    now_ms = SystemClock().now_ms()
    receiver = directory(config.notify, ()).get(name)
    assert receiver is not None
    address = link(config.http.public_url or f"http://{config.http.listen}", None)
    notice = Notice(reason="test", group_key="", link=address, language=receiver.language, made_ms=now_ms)
    outlets = Outlets(config.notify)
    try:
        await outlets.send(Envelope(secrets.token_hex(16), receiver, notice, now_ms))
    finally:
        await outlets.close()
