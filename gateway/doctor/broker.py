"""The broker: settings of it that lose messages, and how it is reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from collectors.errors import CollectorError
from collectors.mqtt_probe import LARGEST_PAYLOAD_BYTES, TRIED_MESSAGES, BrokerFacts, probe_broker
from collectors.mqtt_settings import MIN_SESSION_EXPIRY_S, MqttSettings
from gateway.doctor.finding import Finding, note, wrong

_AREA: Final = "broker"
_DAY_S: Final = 86_400
_MOSQUITTO: Final = re.compile(r"mosquitto version (\d+)\.(\d+)\.(\d+)", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_KNOWN_FAULTS: Final = (
    ((2, 0, 15), "it does not say when another client takes a session over", "run one gateway for each client_id"),
    (
        (2, 0, 22),
        'with max_queued_messages 0 it may end healthy connections with "Quota exceeded"',
        "write max_queued_messages 100000000 instead, or take 2.0.22",
    ),
)
"""Faults of mosquitto before a version, from `deploy/mosquitto/README.md`."""


async def examine_broker(settings: MqttSettings) -> list[Finding]:
    """Tries the broker and says what is wrong with it."""
    try:
        facts = await probe_broker(settings)
    except CollectorError as error:
        return [wrong(_AREA, "can't be tried", str(error))]
    return [*judge_broker(facts), *judge_reach(settings, facts)]


def judge_broker(facts: BrokerFacts) -> Iterator[Finding]:
    """What the broker would lose."""
    if facts.session_expiry_s < MIN_SESSION_EXPIRY_S:
        yield wrong(
            _AREA,
            f"it forgets our session after {facts.session_expiry_s / _DAY_S:.1f} days",
            "have it keep sessions for 7 days at least (mosquitto: persistent_client_expiration 60d)",
        )
    if not facts.session_kept:
        yield wrong(
            _AREA,
            "it forgets a session as soon as the client is away, so what comes meanwhile is lost",
            "use a broker that keeps sessions (MQTT 5 session expiry)",
        )
    yield from _judge_queue(facts)
    if facts.max_qos < 1:
        yield wrong(_AREA, "it offers QoS 0 only, which loses messages", "allow QoS 1")
    if not facts.wildcards_available:
        yield wrong(_AREA, "it takes no wildcards, so we can't hear the fleet", "allow wildcard subscriptions")
    if not facts.retain_available:
        yield wrong(_AREA, "it keeps no retained messages, so statuses and advice are lost", "allow retained messages")
    if facts.takes_largest is False:
        yield wrong(
            _AREA,
            f"it refuses messages of {LARGEST_PAYLOAD_BYTES // 1024} KiB, which a device's backlog may have",
            "raise its largest message (mosquitto: message_size_limit 1048576, and no max_packet_size below)",
        )
    yield from _judge_version(facts.version)


def judge_reach(settings: MqttSettings, facts: BrokerFacts) -> Iterator[Finding]:
    """Who else reaches the broker, or listens on the way to it."""
    away = settings.host not in _LOOPBACK
    if away and settings.tls is None:
        yield wrong(
            _AREA,
            "passwords and telemetry go to another machine in clear text",
            "write mqtts:// in broker.url, and give the broker a TLS listener",
        )
    if facts.takes_anonymous:
        found = wrong if away else note
        yield found(
            _AREA,
            "it takes clients without a name, so anybody who reaches it can speak for a device",
            "allow_anonymous false, with a login and literal ACL entries for each device (docs/secure.md)",
        )


def _judge_queue(facts: BrokerFacts) -> Iterator[Finding]:
    if facts.kept_messages is None:
        yield note(
            _AREA,
            "how much it keeps for us while we are away could not be tried",
            "let the gateway's login write and read silverpoint-doctor/# to have it tried",
        )
    elif facts.kept_messages < TRIED_MESSAGES:
        yield wrong(
            _AREA,
            f"of {TRIED_MESSAGES} messages for a client that was away it kept {facts.kept_messages}",
            "lift its queue (mosquitto: max_queued_messages 100000000, max_queued_bytes 2147483648)",
        )


def _judge_version(version: str | None) -> Iterator[Finding]:
    match = _MOSQUITTO.match(version or "")
    if match is None:
        return
    numbers = tuple(int(part) for part in match.groups())
    for fixed_in, fault, change in _KNOWN_FAULTS:
        if numbers < fixed_in:
            yield note(_AREA, f"{version}: {fault}", change)
    yield note(
        _AREA,
        "whether it writes sessions to disk can't be seen from here",
        "see that it has persistence true and autosave_interval 1, as deploy/mosquitto/silverpoint.conf",
    )
