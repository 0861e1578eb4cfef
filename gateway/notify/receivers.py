"""Receivers: the places that messages go to, from the configuration and from what people set for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from gateway.config_notify import READ_BY_PEOPLE, NotifyConfig, ReceiverConfig, RotationConfig
from gateway.hours import Span, parse_span, parse_time_of_day, zone_or_utc
from gateway.store.notify_rows import ChannelName, NotificationSettings
from gateway.store.service_rows import User
from schemas.access import Role, Viewer
from schemas.alert import Severity

_DAYS_IN_WEEK: Final = 7


class ReadBy(NamedTuple):
    """Who reads: in which language, in which time zone where no clinic has a say, and within whose scope (None: whoever
    runs the gateway gave the address, and may be told all)."""

    language: str
    zone: str
    person: Viewer | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One place that messages go to. A person's are called `NAME/CHANNEL`."""

    name: str
    channel: ChannelName
    to: tuple[str, ...]
    """Mail addresses; empty for the other channels."""
    url: SecretStr | None
    secret: SecretStr | None
    person: Viewer | None
    """Who reads it, within that one's scope; None: it gets whatever its routes give it."""
    trusted: bool
    """Whether the operator wrote the address: what people write of themselves reaches the Internet only."""
    zone: ZoneInfo
    quiet: Span | None
    digest_at: int | None
    """Minutes after local midnight at which what can wait goes out as one message."""
    min_severity: Severity
    language: str
    """Of what people read; programs get English."""

    @property
    def reads(self) -> ReadBy:
        """How it reads what it gets."""
        return ReadBy(self.language, self.zone.key, self.person)

    @property
    def can_wait(self) -> bool:
        """Whether somebody reads it who sleeps; programs take everything at once."""
        return self.channel in READ_BY_PEOPLE


class Directory:
    """All receivers, and who is meant by a name, a role or a rotation."""

    def __init__(self, receivers: Iterable[Receiver], rotations: Sequence[RotationConfig] = ()) -> None:
        self._by_name = {receiver.name: receiver for receiver in receivers}
        self._rotations = {rotation.name: rotation for rotation in rotations}

    def __iter__(self) -> Iterator[Receiver]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Receiver | None:
        """None for a receiver that is there no more."""
        return self._by_name.get(name)

    def of_person(self, name: str) -> list[str]:
        """The receivers of a person, or the receiver of that name itself."""
        own = [receiver.name for receiver in self if receiver.person is not None and receiver.person.name == name]
        return own or ([name] if name in self._by_name else [])

    def of_role(self, role: Role) -> list[str]:
        return [receiver.name for receiver in self if receiver.person is not None and receiver.person.role == role]

    def on_call(self, rotation: str, at_ms: int) -> list[str]:
        """The receivers of whoever is on call at that moment."""
        found = self._rotations.get(rotation)
        return [] if found is None else self.of_person(on_call(found, at_ms))


def on_call(rotation: RotationConfig, at_ms: int) -> str:
    """Whose week it is. Hand-over is at the same local time each week, whatever summer time does."""
    return person_of_week(rotation, week_of(rotation, at_ms))


def week_of(rotation: RotationConfig, at_ms: int) -> int:
    """The week of the rotation, counted from its beginning."""
    zone = zone_or_utc(rotation.timezone)
    first = _first_hand_over(rotation)
    local = datetime.fromtimestamp(at_ms / 1_000, zone)
    weeks = (local.date() - first.date()).days // _DAYS_IN_WEEK
    return weeks - 1 if local < first + timedelta(days=weeks * _DAYS_IN_WEEK) else weeks


def person_of_week(rotation: RotationConfig, week: int) -> str:
    """Whose that week is."""
    return rotation.people[week % len(rotation.people)]


def hand_over_ms(rotation: RotationConfig, week: int) -> int:
    """When that week begins."""
    return round((_first_hand_over(rotation) + timedelta(days=week * _DAYS_IN_WEEK)).timestamp() * 1_000)


def _first_hand_over(rotation: RotationConfig) -> datetime:
    return datetime.strptime(rotation.starts, "%Y-%m-%dT%H:%M").replace(tzinfo=zone_or_utc(rotation.timezone))


def directory(config: NotifyConfig, people: Iterable[tuple[User, NotificationSettings]]) -> Directory:
    """The receivers of the configuration, and those of everybody who may be told. Vendors know clinics by
    pseudonyms only, and a message has none."""
    own = (
        receiver
        for user, settings in people
        if user.role != "vendor"
        for receiver in _of_person(user, settings, mails=config.smtp_url is not None)
    )
    return Directory((*(_of_config(receiver) for receiver in config.receivers), *own), config.rotations)


def _of_config(config: ReceiverConfig) -> Receiver:
    return Receiver(
        name=config.name,
        channel=config.channel,
        to=config.to,
        url=config.url,
        secret=config.secret,
        person=None,
        trusted=True,
        zone=zone_or_utc(config.timezone),
        quiet=parse_span(config.quiet_hours) if config.quiet_hours else None,
        digest_at=parse_time_of_day(config.digest_at) if config.digest_at else None,
        min_severity=config.min_severity,
        language=config.language,
    )


def _of_person(user: User, settings: NotificationSettings, *, mails: bool) -> Iterator[Receiver]:
    for channel, where in settings.addresses:
        if channel == "email" and not mails:
            continue
        yield Receiver(
            name=f"{user.name}/{channel}",
            channel=channel,
            to=(where,) if channel == "email" else (),
            url=None if channel == "email" else SecretStr(where),
            secret=None,
            person=Viewer(user.name, user.role, user.scope),
            trusted=False,
            zone=zone_or_utc(settings.timezone),
            quiet=parse_span(settings.quiet_hours) if settings.quiet_hours else None,
            digest_at=parse_time_of_day(settings.digest_at) if settings.digest_at else None,
            min_severity=settings.min_severity,
            language=settings.language,
        )
