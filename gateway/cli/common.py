"""What all commands share: their options, the configuration, and what is printed."""

from __future__ import annotations

import inspect
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import typer
from pydantic import JsonValue

from gateway.config import Config, load_config
from gateway.errors import InvalidInputError
from gateway.logs import set_up_logs

T = TypeVar("T")

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration; by default ./silverpoint.toml where there is one."),
]


def configured(path: Path | None) -> Config:
    """The configuration, with the log set up by it. Raises ConfigError with every mistake."""
    config = load_config(path)
    set_up_logs(config.log)
    return config


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Runs one piece of work to its end."""
    import asyncio

    return asyncio.run(work)


def group(summary: str) -> typer.Typer:
    """A command that has commands of its own."""
    return typer.Typer(help=summary, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


def unwrapped(doc: str | None) -> str:
    """A command's help, with its example left on one line."""
    return inspect.cleandoc(doc or "").replace("\nExample:", "\n\b\nExample:")


def read_text(path: Path) -> str:
    """A file's text, `-` for standard input. Raises InvalidInputError where it can't be read."""
    try:
        if str(path) == "-":
            return typer.get_text_stream("stdin").read()
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInputError([f"can't read {path}: {error.strerror}"]) from error
    except UnicodeDecodeError:
        raise InvalidInputError([f"can't read {path}: it is not UTF-8 text"]) from None


def names(text: str | None) -> list[JsonValue] | None:
    """The parts of `A,B`; None, for all, where nothing was given."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def as_line(value: JsonValue) -> str:
    """Compact JSON for programs that read us."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
