"""Mail: plain text, and HTML with pictures of its own, in one message, by SMTP."""

from __future__ import annotations

import email.policy
import ipaddress
import ssl
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime
from typing import Any, ClassVar, Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from pydantic import SecretStr

from gateway.errors import NotDeliveredError, UndeliverableError
from gateway.notify.channels.base import Envelope
from gateway.notify.pictures import NO_PICTURES, Illustrator, Pictures
from gateway.notify.wording import html, plain, subject

_TIMEOUT_S: Final = 20
_PERMANENT: Final = 500
_LONGEST_LINE: Final = 998
"""RFC 5322, 2.1.1."""
_ENCODED_LINE: Final = 75
"""RFC 2047, 2: 76 with the space that a folded line begins with."""
_ENCODED_WORD: Final = "=?"
_PORTS: Final = {"smtp": 587, "smtps": 465}


class EncodedSubject(UnstructuredHeader, BaseHeader):
    """A subject as encoded words from its beginning to its end (RFC 2047).

    Where the library mixes them with plain ones, it doubles a space now and then. And it takes what looks like an
    encoded word for one: a name that a person wrote so would end the header and begin another.
    """

    max_count: ClassVar[Literal[1] | None] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Takes the value as it is, and decodes nothing."""
        super().parse("", kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """The header's lines."""
        words = Header(str(self), "utf-8", header_name=self.name, maxlinelen=_ENCODED_LINE).encode(
            linesep=policy.linesep
        )
        return f"{self.name}: {words}{policy.linesep}"


def _headers() -> HeaderRegistry:
    headers = HeaderRegistry()
    headers.map_to_type("subject", EncodedSubject)
    return headers


_ENCODED: Final = email.policy.default.clone(header_factory=_headers())


class EmailChannel:
    """Hands mails to one server."""

    def __init__(self, smtp_url: SecretStr | None, mail_from: str, illustrator: Illustrator | None = None) -> None:
        self._url = smtp_url
        self._from = mail_from
        self._illustrator = illustrator

    async def send(self, envelope: Envelope) -> None:
        """Raises NotDeliveredError, UndeliverableError."""
        if self._url is None:
            raise UndeliverableError("notify.smtp_url is not set")
        message = mail(envelope, self._from, await self._pictures(envelope))
        parts = urlsplit(self._url.get_secret_value())
        client = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            start_tls=_start_tls(parts),
            tls_context=ssl.create_default_context(),
            timeout=_TIMEOUT_S,
        )
        try:
            async with client:
                await client.send_message(message, sender=self._from, recipients=list(envelope.receiver.to))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise _failure(
                max(codes, default=0), "no recipient was taken", all(code >= 500 for code in codes)
            ) from error
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPConnectResponseError) as error:
            # Somebody will mend the password or the server; the mail is good.
            raise NotDeliveredError(f"the mail server answered {error.code} {error.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            why = f"the mail server answered {error.code} {error.message}"
            raise _failure(error.code, why, error.code >= _PERMANENT) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotDeliveredError(f"no mail server: {error}") from error

    async def _pictures(self, envelope: Envelope) -> Pictures:
        if self._illustrator is None or envelope.notice.reason == "test":
            return NO_PICTURES
        return await self._illustrator.illustrate(envelope.notice, envelope.now_ms)


def _start_tls(parts: SplitResult) -> bool | None:
    """Wherever the server offers it; a password goes over an open line to this machine only."""
    if parts.scheme == "smtps":
        return False
    return True if parts.username and not _is_loopback(parts.hostname or "") else None


def mail(envelope: Envelope, mail_from: str, pictures: Pictures = NO_PICTURES) -> EmailMessage:
    """The mail. Its id is made of the key, so that mail programs show a repetition once."""
    domain = mail_from.rpartition("@")[2]
    named = {alert_id: f"wear-{alert_id}.{envelope.key}@{domain}" for alert_id in pictures}
    notice = envelope.notice
    headline = subject(notice)
    plainly = headline.isascii() and _ENCODED_WORD not in headline
    # Folded, it would begin on a line of its own, and some programs show the space before it.
    message = EmailMessage(email.policy.default.clone(max_line_length=_LONGEST_LINE) if plainly else _ENCODED)
    message["Subject"] = headline
    message["From"] = mail_from
    message["To"] = ", ".join(envelope.receiver.to)
    message["Date"] = format_datetime(datetime.fromtimestamp(envelope.now_ms / 1_000, UTC))
    message["Message-ID"] = f"<{envelope.key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain(notice))
    message.add_alternative(html(notice, named), subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    for alert_id, picture in pictures.items():
        page.add_related(
            picture.png,
            "image",
            "png",
            cid=f"<{named[alert_id]}>",
            filename=f"wear-{alert_id}.png",
            disposition="inline",
        )
    return message


def _failure(code: int, why: str, permanent: bool) -> NotDeliveredError | UndeliverableError:
    text = f"{why} ({code})" if str(code) not in why else why
    return UndeliverableError(text) if permanent else NotDeliveredError(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
