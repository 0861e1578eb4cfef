"""Where the broker is and how we present ourselves there."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from collectors.errors import BrokerRefusedError
from schemas.topics import DEFAULT_ROOT

_DAY_S: Final = 86_400
MIN_SESSION_EXPIRY_S: Final = 7 * _DAY_S
MAX_RECEIVE_MAXIMUM: Final = 60_000
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_MAX_CLIENT_ID_BYTES: Final = 65_535


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files for a TLS connection. Without `ca_file` the system's authorities are trusted; `cert_file` and
    `key_file` are ours, for brokers that ask for a client certificate."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Reads the files. Raises `BrokerRefusedError` where one can't be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as error:
            names = ", ".join(str(path) for path in (self.ca_file, self.cert_file, self.key_file) if path is not None)
            raise BrokerRefusedError(f"can't use the TLS files of the broker ({names}): {error}") from error
        return context


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How to reach the broker. Raises `ValueError` for values that would lose messages or can't work.

    `receive_maximum` bounds the messages in flight. It must be below 65535: mosquitto takes that for "not said" and
    falls back to 20. Two batches of the pipeline fit into the default. mosquitto 2.0.11 keeps to it until the first
    acknowledgement only (each one lets it send as many again), so the bound of memory is the collector's own: it stops
    reading.
    `max_packet_bytes` lets a message above the contract's 512 KiB still arrive, to be rejected and quarantined;
    the broker drops what is larger than this.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    tls: TlsFiles | ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = "silverpoint"
    root: str = DEFAULT_ROOT
    receive_maximum: int = 4_000
    session_expiry_s: int = 30 * _DAY_S
    keep_alive_s: int = 30
    connect_timeout_s: float = 10.0
    reconnect_min_ms: int = 500
    reconnect_max_ms: int = 15_000
    max_packet_bytes: int = 1_048_576

    def __post_init__(self) -> None:
        checks = (
            (bool(self.host), "the broker's host must not be empty"),
            (0 < self.port < 65_536, f"the broker's port must lie between 1 and 65535, not {self.port}"),
            (
                0 < len(self.client_id.encode()) <= _MAX_CLIENT_ID_BYTES,
                "the client id must not be empty: the broker keeps our session under it",
            ),
            (
                0 < self.receive_maximum <= MAX_RECEIVE_MAXIMUM,
                f"the receive maximum must lie between 1 and {MAX_RECEIVE_MAXIMUM}",
            ),
            (
                self.session_expiry_s >= MIN_SESSION_EXPIRY_S,
                f"the session expiry must be {MIN_SESSION_EXPIRY_S} s (7 days) at least",
            ),
            (0 < self.keep_alive_s < 65_536, "the keep-alive must lie between 1 and 65535 s"),
            (
                0 < self.reconnect_min_ms <= self.reconnect_max_ms,
                "the shortest wait before a reconnect must be above 0 and not above the longest",
            ),
            (_is_plain_topic(self.root), f"the topic root {self.root!r} must be a topic without + and #"),
            (self.password is None or bool(self.username), "a password needs a user name"),
        )
        for holds, mistake in checks:
            if not holds:
                raise ValueError(mistake)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        client_id: str = "silverpoint",
        root: str = DEFAULT_ROOT,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
    ) -> MqttSettings:
        """Reads `mqtt://` or `mqtts://user:password@host:port`, percent-decoding user and password.
        Raises `ValueError`, whose text never holds the password."""
        parts = _split(url)
        tls = _tls_files(parts.scheme, ca_file, cert_file, key_file)
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls=tls,
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            client_id=client_id,
            root=root,
        )

    @property
    def display_url(self) -> str:
        """The address as it may be logged: without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtt' if self.tls is None else 'mqtts'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """What the connection needs, or None for plain TCP. Raises `BrokerRefusedError` for unusable files."""
        return self.tls.context() if isinstance(self.tls, TlsFiles) else self.tls


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the broker's URL has no valid host and port; write mqtt://host:1883") from None
    if parts.scheme not in _PORTS:
        raise ValueError("the broker's URL must begin with mqtt:// or mqtts://")
    if not parts.hostname or port == 0:
        raise ValueError("the broker's URL has no valid host and port; write mqtt://host:1883")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(
            "the broker's URL must end after host and port; write / ? # in a user name or password as %2F %3F %23"
        )
    return parts


def _tls_files(scheme: str, ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> TlsFiles | None:
    if scheme == "mqtts":
        if key_file is not None and cert_file is None:
            raise ValueError("a TLS key file needs its certificate file")
        return TlsFiles(ca_file, cert_file, key_file)
    if ca_file is not None or cert_file is not None or key_file is not None:
        raise ValueError("TLS files are set, but the broker's URL begins with mqtt://; write mqtts://")
    return None


def _is_plain_topic(root: str) -> bool:
    return bool(root) and not any(character in root for character in "+#\0") and not root.startswith(("/", "$"))
