"""The section [notify]: receivers, routes, rotations, and when what is sent (docs/notify.md)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from dashboards.web.translation import ENGLISH_CODE, spoken
from gateway.config_alerts import SeveralMistakesError
from gateway.hours import parse_hours, parse_span, parse_time_of_day
from schemas.access import Role
from schemas.alert import Rule, Severity
from schemas.mistakes import Mistake
from schemas.registry import Identifier

FOR_PEOPLE: Final = frozenset({"tgram", "slack", "discord", "pover", "twilio", "wxteams", "pbul", "threema"})
"""Apprise's services whose address is fixed: what people write of themselves must not reach into our network."""
READ_BY_PEOPLE: Final = frozenset({"email", "apprise"})
"""Channels whose messages are in somebody's language, and may wait for somebody to wake."""
_SECRETS: Final = ("url", "secret")
_SMTP_SCHEMES: Final = ("smtp", "smtps")
_DEFAULT_WORKING_HOURS: Final = (
    "08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,closed,closed"  # Monday to Friday
)


def zone(text: str) -> str:
    """An IANA time zone's name. Raises ValueError for an unknown one."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        what = f"{text!r} is no time zone; write one such as Europe/Berlin"
        raise ValueError(Mistake(what, "zone", name=text)) from None
    return text


def span(text: str) -> str:
    """`HH:MM-HH:MM` or empty. Raises ValueError otherwise."""
    try:
        if text:
            parse_span(text)
    except ValueError as error:
        raise ValueError(Mistake(str(error), "time_span")) from None
    return text


def time_of_day(text: str) -> str:
    """`HH:MM` or empty. Raises ValueError otherwise."""
    try:
        if text:
            parse_time_of_day(text)
    except ValueError as error:
        raise ValueError(Mistake(str(error), "time_of_day")) from None
    return text


def language(text: str) -> str:
    """The code of a language that messages speak. Raises ValueError for any other."""
    if text not in (known := spoken()):
        what = f"{text!r} is no language that messages speak; write {' or '.join(known)}"
        raise ValueError(Mistake(what, "choose_one", limit=", ".join(known)))
    return text


def mail_address(text: str) -> str:
    """One plain mail address. Raises ValueError for anything that could be more than that."""
    name, at, host = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not any(character in ' ,;:<>()[]"\\' for character in text)
    if not (at and name and host and plain and len(text) <= 254 and "@" not in name):
        raise ValueError(Mistake("write one mail address, as service@example.org", "mail_address"))
    return text


def web_url(text: str) -> str:
    """An http or https address. Raises ValueError otherwise."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isascii() or not text.isprintable():
        raise ValueError("write an address that begins with https:// or http://")
    return text


def person_url(text: str) -> str:
    """An address of Apprise's that people may give for themselves. Raises ValueError for any other."""
    if text.partition("://")[0].lower() not in FOR_PEOPLE or not text.isascii() or not text.isprintable():
        services = ", ".join(sorted(FOR_PEOPLE))
        raise ValueError(
            Mistake(f"write an address of Apprise's for one of {services}", "chat_address", limit=services)
        )
    return text


def _working_hours(text: str) -> str:
    parse_hours(text)
    return text


def _smtp_url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in _SMTP_SCHEMES or not parts.hostname:
        raise ValueError("write smtp://user:password@host:587, or smtps:// for TLS from the first byte")
    return url


def _web_secret(url: SecretStr) -> SecretStr:
    web_url(url.get_secret_value())
    return url


def _network(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"{text!r} is no address or network; write 10.0.0.1 or 10.0.0.0/8") from None


def _moment(text: str) -> str:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007
    except ValueError:
        raise ValueError("write the first hand-over as 2026-01-05T09:00") from None
    return text


def _from_json(value: object) -> object:
    """A variable holds a list of tables as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("write the list as JSON") from None


def _split_commas(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _tuple(value: object) -> object:
    """One name may stand without brackets."""
    return (value,) if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(zone)]
Language = Annotated[str, AfterValidator(language)]
MailAddress = Annotated[str, AfterValidator(mail_address)]
Names = Annotated[tuple[Identifier, ...], BeforeValidator(_tuple)]
Seconds = Annotated[int, Field(ge=0, le=30 * 86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ReceiverConfig(_Part):
    """One place that messages go to. `url` and `secret` may be given as `url_file` and `secret_file`."""

    name: Identifier
    channel: Literal["email", "apprise", "webhook", "alertmanager"]
    to: Annotated[tuple[MailAddress, ...], BeforeValidator(_tuple)] = ()
    url: SecretStr | None = None
    secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    timezone: Zone = "UTC"
    quiet_hours: Annotated[str, AfterValidator(span)] = ""
    digest_at: Annotated[str, AfterValidator(time_of_day)] = ""
    min_severity: Severity = "info"
    language: Language = ENGLISH_CODE

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        read = dict(given)
        for key in _SECRETS:
            path = read.pop(f"{key}_file", None)
            if path is None:
                continue
            if key in read:
                raise ValueError(f"{key} and {key}_file are both given; keep one of the two")
            try:
                read[key] = Path(str(path)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not text"
                raise ValueError(f"{key}_file: can't read {path}: {why}") from None
        return read

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.channel == "email":
            if not self.to or self.url or self.secret:
                raise ValueError(f"the receiver {self.name} needs `to`, and neither url nor secret")
        elif self.url is None or self.to:
            raise ValueError(f"the receiver {self.name} needs `url`, and no `to`")
        if self.channel in ("webhook", "alertmanager") and self.url is not None:
            web_url(self.url.get_secret_value())
        if self.channel == "webhook" and self.secret is None:
            raise ValueError(f"the receiver {self.name} needs `secret`, with which its messages are signed")
        if self.channel not in READ_BY_PEOPLE and self.language != ENGLISH_CODE:
            raise ValueError(f"the receiver {self.name} is a program, which gets English: leave out `language`")
        return self


class _Audience(_Part):
    """Whom to tell: named receivers, people by name or role (each within their scope), whoever is on call."""

    receivers: Names = ()
    users: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = ()
    roles: Annotated[tuple[Role, ...], BeforeValidator(_tuple)] = ()
    on_call: Names = ()


class EscalationConfig(_Audience):
    """Whom to tell besides, when nobody has acknowledged an alert `after_s` after it was first seen to fire."""

    after_s: Annotated[int, Field(gt=0, le=30 * 86_400)]


class RouteConfig(_Audience):
    """Which alerts go to whom. What is left out matches everything; every route that matches counts."""

    clinics: Names = ()
    regions: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = ()
    rules: Annotated[tuple[Rule, ...], BeforeValidator(_tuple)] = ()
    min_severity: Severity = "info"
    hours: Literal["any", "working", "off"] = "any"
    escalate: tuple[EscalationConfig, ...] = ()


class RotationConfig(_Part):
    """On call: each of `people` (users or receivers) for a week, in turn, from `starts` on, in `timezone`."""

    name: Identifier
    people: Annotated[tuple[str, ...], BeforeValidator(_tuple), Field(min_length=1)]
    starts: Annotated[str, AfterValidator(_moment)]
    timezone: Zone = "UTC"


class NotifyConfig(_Part):
    """What is sent out."""

    advice: bool = True
    advice_valid_h: Annotated[int, Field(ge=1, le=720)] = 24
    group_wait_s: Seconds = 30
    group_interval_s: Seconds = 300
    repeat_interval_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400
    resolve_wait_s: Seconds = 300
    working_hours: Annotated[str, AfterValidator(_working_hours)] = _DEFAULT_WORKING_HOURS
    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 40
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = None
    mail_from: MailAddress = "silverpoint@localhost"
    heartbeat_url: Annotated[SecretStr, AfterValidator(_web_secret)] | None = None
    heartbeat_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    allow_private_networks: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_split_commas)
    ] = ()
    receivers: Annotated[tuple[ReceiverConfig, ...], BeforeValidator(_from_json)] = ()
    routes: Annotated[tuple[RouteConfig, ...], BeforeValidator(_from_json)] = ()
    rotations: Annotated[tuple[RotationConfig, ...], BeforeValidator(_from_json)] = ()

    @model_validator(mode="after")
    def _names_meet(self) -> Self:
        mistakes = [*self._doubles(), *self._unknown_names()]
        if self.smtp_url is None and any(receiver.channel == "email" for receiver in self.receivers):
            mistakes.append("smtp_url: a receiver with channel email needs it")
        if mistakes:
            raise SeveralMistakesError(mistakes)
        return self

    def _doubles(self) -> list[str]:
        found: list[str] = []
        for what, names in (
            ("receiver", [receiver.name for receiver in self.receivers]),
            ("rotation", [rotation.name for rotation in self.rotations]),
        ):
            found += [f"{what}s: two are called {name}" for name in sorted({n for n in names if names.count(n) > 1})]
        return found

    def _unknown_names(self) -> list[str]:
        receivers = {receiver.name for receiver in self.receivers}
        rotations = {rotation.name for rotation in self.rotations}
        found: list[str] = []
        for number, route in enumerate(self.routes, 1):
            for audience in (route, *route.escalate):
                found += [
                    f"routes {number}: no receiver is called {n}" for n in audience.receivers if n not in receivers
                ]
                found += [f"routes {number}: no rotation is called {n}" for n in audience.on_call if n not in rotations]
                if not (audience.receivers or audience.users or audience.roles or audience.on_call):
                    found.append(f"routes {number}: names nobody; give receivers, users, roles or on_call")
        return found
