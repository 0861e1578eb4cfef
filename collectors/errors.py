"""Errors of the collectors; exceptions of the MQTT and TLS libraries are translated into these where they arise."""

from __future__ import annotations


class CollectorError(Exception):
    """Base of all errors of the collectors; its message tells the reader what to do."""


class MqttProtocolError(CollectorError):
    """The broker sent something that MQTT 5 does not allow at that point."""


class BrokerRefusedError(CollectorError):
    """The broker can't be reached, or refused the connection or a subscription. It may come right later."""


class TakenOverError(CollectorError):
    """Another client connected with our client id. Connecting again would throw that one out in turn."""


class PublishError(CollectorError):
    """A message was not published, or the broker did not confirm it."""


class RecordingError(CollectorError):
    """A recording can't be read or written; the message names the file."""
