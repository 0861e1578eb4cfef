"""Commands that tell every mistake in how they were called, not only the first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import typer
from typer.core import TyperCommand

from gateway.errors import InvalidInputError

# typer brings its own copy of click, or takes the installed one, by version: the base is found, not imported.
UsageError = cast(
    "type[Exception]", next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
)


class InputMistakes(typer.BadParameter):
    """What is wrong in a file that was given: lines that are told as they stand."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class ThoroughCommand(TyperCommand):
    """One command; wrong usage raises InvalidInputError with a line for each mistake."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as first:
            raise InvalidInputError(self._mistakes(ctx, given) or _lines(ctx, first)) from None

    def _mistakes(self, ctx: Any, given: list[str]) -> list[str]:
        values, rest, found = self._options(ctx, given)
        unusable = set(found)
        mistakes = [_line(ctx, text) for text in found.values()]
        for parameter in self.get_params(ctx):
            try:
                parameter.handle_parse_result(ctx, values, rest)
            except UsageError as error:
                if unusable.isdisjoint(parameter.opts):
                    mistakes += _lines(ctx, error)
        # What stands behind an unknown option may have been meant as its value.
        if rest and not unusable:
            mistakes.append(_line(ctx, f"Got unexpected extra argument(s) ({' '.join(rest)})"))
        return mistakes

    def _options(self, ctx: Any, given: list[str]) -> tuple[dict[str, Any], list[str], dict[str, str]]:
        """What was given to each parameter, what is left over, and what is wrong with options, by their names."""
        found: dict[str, str] = {}
        left = list(given)
        while True:
            try:
                values, rest, _ = self.make_parser(ctx).parse_args(args=list(left))
            except UsageError as error:
                option = str(getattr(error, "option_name", ""))
                kept = [text for text in left if not option or text.partition("=")[0] != option]
                found[option] = usage_line(error)
                if len(kept) == len(left):
                    return {}, [], found
                left = kept
            else:
                return values, rest, found


def _lines(ctx: Any, error: Any) -> list[str]:
    """What an error tells, a line for each mistake."""
    if isinstance(error, InputMistakes):
        return list(error.mistakes)
    parts = str(error.message).splitlines() if getattr(error, "message", None) else []
    if len(parts) < 2:
        return [_line(ctx, usage_line(error))]
    lines: list[str] = []
    for error.message in parts:
        lines.append(_line(ctx, usage_line(error)))
    return lines


def _line(ctx: Any, mistake: str) -> str:
    return f"{ctx.command_path}: {mistake} (see {ctx.command_path} --help)"


def usage_line(error: Exception) -> str:
    """The error's message on one line."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return " ".join(str(message).split())
