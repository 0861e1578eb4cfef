"""The log: structlog, on standard error; console on a terminal, JSON otherwise. Standard loggers go the same way."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

from gateway.config import LogConfig

_QUIETER = ("uvicorn.access", "asyncio", "aiosqlite", "mqtt")
"""Standard loggers whose own info lines are nobody's business."""


def set_up_logs(config: LogConfig) -> None:
    """Called once, by whatever a person starts."""
    level = logging.getLevelNamesMapping()[config.level.upper()]
    console = sys.stderr.isatty() if config.format == "auto" else config.format == "console"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [
            # Without local variables: they may be passwords, or what a message said.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIETER:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
