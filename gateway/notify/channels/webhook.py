"""Signed webhooks: JSON by POST, with the idempotency key and an HMAC over time and body."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Final

from dashboards.web.message_strings import ENGLISH_MESSAGES
from gateway.errors import UndeliverableError
from gateway.notify.channels.base import Envelope
from gateway.notify.channels.web import Web
from gateway.notify.texts import where_line
from gateway.notify.urgency import urgency_line
from gateway.notify.wording import plain, subject

KEY_HEADER: Final = "Idempotency-Key"
SIGNATURE_HEADER: Final = "Silverpoint-Signature"


class WebhookChannel:
    """Posts the message as JSON."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def send(self, envelope: Envelope) -> None:
        """Raises NotDeliveredError, UndeliverableError."""
        receiver = envelope.receiver
        if receiver.url is None or receiver.secret is None:
            raise UndeliverableError(f"the receiver {receiver.name} has no url or no secret")
        body = webhook_body(envelope)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "silverpoint",
            KEY_HEADER: envelope.key,
            SIGNATURE_HEADER: signature(receiver.secret.get_secret_value(), envelope.now_ms // 1_000, body),
        }
        await self._web.request("POST", receiver.url.get_secret_value(), headers, body)


def signature(secret: str, at_s: int, body: bytes) -> str:
    """`t=SECONDS,v1=HEX`: HMAC-SHA-256 over `SECONDS.BODY`. The time lets a receiver refuse an old recording."""
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={mac.hexdigest()}"


def webhook_body(envelope: Envelope) -> bytes:
    """The message as a program reads it, and as a person does: in English, whatever people speak."""
    notice = envelope.notice
    document = {
        "version": 1,
        "key": envelope.key,
        "subject": subject(notice),
        "text": plain(notice),
        **notice.model_dump(mode="json", exclude={"timezone", "language"}),
    }
    for items, told in ((document["firing"], notice.firing), (document["resolved"], notice.resolved)):
        for item, source in zip(items, told, strict=True):
            item |= {
                "title": ENGLISH_MESSAGES.titles[source.rule],
                "where": where_line(source.place, ENGLISH_MESSAGES),
                "urgency": urgency_line(source, ENGLISH_MESSAGES),
            }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
