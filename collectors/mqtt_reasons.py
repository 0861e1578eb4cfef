"""What the broker's reason codes mean for the person who must set things right.

The codec's codes can't be hashed, so these tables go by their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

GRANTED_QOS_1: Final = 1
SESSION_TAKEN_OVER: Final = 0x8E
_GRANTED_QOS_0: Final = 0


class _Reason(NamedTuple):
    words: str
    advice: str | None = None


_CONNECT: Final[Mapping[int, _Reason]] = MappingProxyType(
    {
        0x80: _Reason("unspecified error"),
        0x82: _Reason("protocol error"),
        0x84: _Reason("unsupported protocol version", "use a broker that speaks MQTT 5"),
        0x85: _Reason("client id not valid", "set another broker.client_id"),
        0x86: _Reason("bad user name or password", "set the right user and password in broker.url"),
        0x87: _Reason(
            "not authorized", "set the right user and password in broker.url, and enter that user at the broker"
        ),
        0x88: _Reason("server unavailable"),
        0x89: _Reason("server busy"),
        0x8A: _Reason("banned", "lift the ban on our client id at the broker"),
        0x8C: _Reason("bad authentication method", "let the broker take user and password"),
        0x95: _Reason("packet too large", "raise the broker's largest packet size"),
        0x97: _Reason("quota exceeded", "raise the broker's quota for us"),
        0x9C: _Reason("use another server", "set broker.url to the broker's new address"),
        0x9D: _Reason("server moved", "set broker.url to the broker's new address"),
        0x9F: _Reason("connection rate exceeded"),
    }
)
_SUBSCRIBE: Final[Mapping[int, _Reason]] = MappingProxyType(
    {
        0x80: _Reason("unspecified error"),
        0x87: _Reason("not authorized", "let the gateway's user read it in the broker's ACL"),
        0x8F: _Reason("topic filter not valid", "check broker.root"),
        0x97: _Reason("quota exceeded", "raise the broker's quota for us"),
        0xA2: _Reason("wildcards not supported", "use a broker that takes wildcards"),
    }
)
_DISCONNECT: Final[Mapping[int, _Reason]] = MappingProxyType(
    {
        0x00: _Reason("normal disconnection"),
        0x80: _Reason("unspecified error"),
        0x81: _Reason("malformed packet"),
        0x82: _Reason("protocol error"),
        0x87: _Reason("not authorized", "let the gateway's user read the devices' topics in the broker's ACL"),
        0x89: _Reason("server busy"),
        0x8B: _Reason("server shutting down"),
        0x8D: _Reason("keep-alive timeout"),
        SESSION_TAKEN_OVER: _Reason(
            "session taken over", "another client has our client id; run one gateway for each broker.client_id"
        ),
        0x95: _Reason("packet too large", "raise the broker's largest packet size"),
        0x96: _Reason("message rate too high"),
        0x97: _Reason("quota exceeded", "raise the broker's quota for us"),
        0x98: _Reason("administrative action"),
    }
)


def refusal_advice(code: int, reason: str | None) -> str:
    """Why the connection was refused and what to change."""
    return _sentence("the broker refused the connection", _CONNECT, code, reason)


def subscription_advice(pattern: str, code: int, reason: str | None) -> str:
    """Why a subscription was refused, or granted with less than QoS 1, and what to change."""
    if code == _GRANTED_QOS_0:
        return f"the broker grants {pattern} with QoS 0 only, which loses messages; allow QoS 1 there"
    return _sentence(f"the broker refused the subscription to {pattern}", _SUBSCRIBE, code, reason)


def disconnect_reason(code: int, reason: str | None) -> str:
    """Why the broker ended the connection."""
    return _sentence("the broker ended the connection", _DISCONNECT, code, reason)


def _sentence(what: str, known: Mapping[int, _Reason], code: int, detail: str | None) -> str:
    words, advice = known.get(code, _Reason(f"reason code {code}"))
    told = f"{words}, {detail}" if detail else words
    return f"{what} ({told})" + (f": {advice}" if advice else "")
