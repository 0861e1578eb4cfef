"""Commands that tell every mistake in how they were called, not only the first."""

from __future__ import annotations

from typing import Any, cast

import typer
from typer.core import TyperCommand

from gateway.errors import InvalidInputError

# typer brings its own copy of click, or takes the installed one, by version: the base is found, not imported.
UsageError = cast(
    "type[Exception]", next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
)


class ThoroughCommand(TyperCommand):
    """One command; wrong usage raises InvalidInputError with a line for each mistake."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as first:
            mistakes = self._mistakes(ctx, given) or [usage_line(first)]
            raise InvalidInputError(
                [f"{ctx.command_path}: {mistake} (see {ctx.command_path} --help)" for mistake in mistakes]
            ) from None

    def _mistakes(self, ctx: Any, given: list[str]) -> list[str]:
        ctx.ignore_unknown_options = True
        try:
            values, rest, _ = self.make_parser(ctx).parse_args(args=given)
        except UsageError as error:
            return [usage_line(error)]
        found: list[str] = []
        for parameter in self.get_params(ctx):
            try:
                parameter.handle_parse_result(ctx, values, rest)
            except UsageError as error:
                found.append(usage_line(error))
        return [*(f"No such option: {text}" for text in rest if text.startswith("-") and text != "-"), *found]


def usage_line(error: Exception) -> str:
    """The error's message on one line."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return " ".join(str(message).split())
