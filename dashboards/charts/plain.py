"""What charts share with whoever names them and draws nothing: without the library that makes specs. Pure."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

Spec: TypeAlias = dict[str, Any]
"""A Vega-Lite spec as JSON."""

Span: TypeAlias = Literal["hour", "day", "week", "month", "year"]

DAY_FORMAT: Final = "%-d %b"
"""A day without its year on an axis; a reader's language may write it otherwise."""
