"""The sections of the configuration: every key, what it must be, and its default (contract, section 5)."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from collectors.mqtt_settings import MqttSettings
from gateway.config_alerts import AlertsConfig
from gateway.config_forecast import ForecastConfig
from gateway.config_notify import NotifyConfig
from gateway.config_work import WorkConfig

DEFAULT_CONFIG_FILE: Final = Path("silverpoint.toml")
_SQLITE_PREFIX: Final = "sqlite:///"
_CLIENT_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class ListenAddress(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Reads `HOST:PORT` or `[IPV6]:PORT`. Raises ValueError that says what to write."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or (":" in bare) != host.startswith("["):
        raise ValueError("write HOST:PORT, as 127.0.0.1:8080 or [::1]:8080")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError("the port must be a whole number from 1 to 65535")
    return ListenAddress(bare, int(port))


def _checked_listen(text: str) -> str:
    return str(parse_listen(text))


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"can't read {path}: {error.strerror}") from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"{text!r} is no address or network; write 10.0.0.1 or 10.0.0.0/8") from None


def _split_commas(value: object) -> object:
    """A list in a variable is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the address that people open, as https://silverpoint.example.org")
    return text.rstrip("/")


def _store_url(text: str) -> str:
    if text.startswith(("postgresql://", "postgres://")):
        raise ValueError("PostgreSQL is not supported by this version; write sqlite:///PATH")
    if not text.startswith(_SQLITE_PREFIX) or text == _SQLITE_PREFIX:
        raise ValueError("write sqlite:///PATH (sqlite:////var/lib/silverpoint/silverpoint.db for an absolute path)")
    if "?" in text or "#" in text:
        raise ValueError("write sqlite:///PATH without ? and #")
    return text


def _client_id(text: str) -> str:
    if _CLIENT_ID_PATTERN.fullmatch(text) is None:
        raise ValueError("write 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit")
    return text


def _root(text: str) -> str:
    MqttSettings(root=text)
    return text


def _broker_url(url: SecretStr) -> SecretStr:
    MqttSettings.from_url(url.get_secret_value())
    return url


ReadableFile = Annotated[Path, AfterValidator(_readable)]
Network = Annotated[str, AfterValidator(_network)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BrokerConfig(_Section):
    """The MQTT broker."""

    url: Annotated[SecretStr, AfterValidator(_broker_url)] = SecretStr("mqtt://127.0.0.1:1883")
    client_id: Annotated[str, AfterValidator(_client_id)] = "silverpoint"
    root: Annotated[str, AfterValidator(_root)] = "fleet"
    ca_file: ReadableFile | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None
    password_file: Path | None = None
    acl_file: Path | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        self.mqtt_settings()
        return self

    def mqtt_settings(self, *, client_id: str | None = None) -> MqttSettings:
        """What a connection needs; `client_id` for one beside the gateway's own session."""
        return MqttSettings.from_url(
            self.url.get_secret_value(),
            client_id=client_id or self.client_id,
            root=self.root,
            ca_file=self.ca_file,
            cert_file=self.cert_file,
            key_file=self.key_file,
        )


class StoreConfig(_Section):
    """Where everything is kept."""

    url: Annotated[str, AfterValidator(_store_url)] = "sqlite:///silverpoint.db"

    @property
    def path(self) -> Path:
        """The database's file."""
        return Path(self.url.removeprefix(_SQLITE_PREFIX))


class HttpConfig(_Section):
    """Pages, API and metrics."""

    listen: Annotated[str, AfterValidator(_checked_listen)] = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_split_commas)] = ()
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None

    @model_validator(mode="after")
    def _cert_with_key(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: set both, or none")
        return self

    @property
    def address(self) -> ListenAddress:
        return parse_listen(self.listen)


class RetentionConfig(_Section):
    """How long raw data stays. The ledger and the audit trail are kept."""

    samples_days: Annotated[int, Field(ge=1, le=3_650)] = 180
    sessions_days: Annotated[int, Field(ge=1, le=36_500)] = 3_650
    quarantine_days: Annotated[int, Field(ge=1, le=3_650)] = 90
    archive_dir: Path | None = None
    """Samples past their time go there as Parquet files; None: they go for good."""


class PrivacyConfig(_Section):
    """What vendors are told."""

    k: Annotated[int, Field(ge=3, le=1_000)] = 5
    """No number says anything about fewer clinics."""


class LogConfig(_Section):
    """The gateway's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Config(BaseSettings):
    """The whole configuration, frozen. Made by `load_config`; made directly it takes what it is given."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    broker: BrokerConfig = BrokerConfig()
    store: StoreConfig = StoreConfig()
    http: HttpConfig = HttpConfig()
    alerts: AlertsConfig = AlertsConfig()
    notify: NotifyConfig = NotifyConfig()
    forecast: ForecastConfig = ForecastConfig()
    work: WorkConfig = WorkConfig()
    retention: RetentionConfig = RetentionConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    log: LogConfig = LogConfig()

    @model_validator(mode="after")
    def _escalations_reach_somebody(self) -> Self:
        known = {receiver.name for receiver in self.notify.receivers if receiver.channel != "alertmanager"}
        unknown = [name for name in self.work.claim_escalate_receivers if name not in known]
        if unknown:
            raise ValueError(
                f"work.claim_escalate_receivers: no mail, Apprise or webhook receiver of [notify]: {', '.join(unknown)}"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)
