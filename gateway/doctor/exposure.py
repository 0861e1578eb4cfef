"""Who can reach the gateway, and read its secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.config import Config
from gateway.config_sources import holding_secrets
from gateway.doctor.finding import Finding, note, wrong

_AREA: Final = "exposure"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def judge_exposure(config: Config) -> Iterator[Finding]:
    """What the configuration of HTTP leaves open."""
    http = config.http
    outward = not http.address.is_loopback
    behind_proxy = bool(http.trusted_proxies)
    if outward and http.metrics_token is None:
        yield wrong(
            _AREA,
            f"/metrics on {http.listen} names every clinic and device to whoever asks",
            "set http.metrics_token_file, and give Prometheus the token",
        )
    if outward and http.cert_file is None and not behind_proxy:
        yield wrong(
            _AREA,
            f"pages and passwords on {http.listen} go over the network in clear text",
            "set http.cert_file and http.key_file, or listen on 127.0.0.1 behind a proxy that speaks HTTPS",
        )
    if (outward or behind_proxy) and http.public_url is None:
        yield wrong(
            _AREA,
            "links in messages would lead to the listen address, which people may not reach",
            "set http.public_url to the address that people open",
        )
    elif http.public_url is None and config.notify.receivers:
        yield note(
            _AREA,
            f"links in messages lead to {http.listen}, which opens on this machine only",
            "set http.public_url to the address that people open",
        )
    if http.public_url is not None and http.public_url.startswith("http://") and outward:
        yield wrong(_AREA, "http.public_url is not HTTPS", "write https:// there, and have the address speak it")
    if behind_proxy and outward:
        yield note(
            _AREA,
            f"{http.listen} can be reached around the proxy",
            "listen on 127.0.0.1 where the proxy runs on the same machine, or close the port to others",
        )


def examine_files(config: Config, config_file: Path | None) -> Iterator[Finding]:
    """Files that other users of this machine can read."""
    paths = [config.store.path]
    if config_file is not None:
        paths += holding_secrets(config_file)
    if config.http.key_file is not None:
        paths.append(config.http.key_file)
    if config.broker.key_file is not None:
        paths.append(config.broker.key_file)
    for path in dict.fromkeys(paths):
        if path.is_file() and path.stat().st_mode & _OTHERS:
            yield wrong(_AREA, f"other users of this machine can read {path}", f"chmod 600 {path}")
