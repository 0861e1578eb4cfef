"""`silverpoint run`: the gateway."""

from __future__ import annotations

from gateway.cli.common import ConfigOption, configured, run_async


def run(config: ConfigOption = None) -> None:
    """Run the gateway until SIGTERM or Ctrl-C.

    Without configuration: broker mqtt://127.0.0.1:1883, store ./silverpoint.db, pages on http://127.0.0.1:8080.

    Example: silverpoint run --config /etc/silverpoint/silverpoint.toml
    """
    settings = configured(config)
    from gateway.app import run as run_gateway

    run_async(run_gateway(settings))
