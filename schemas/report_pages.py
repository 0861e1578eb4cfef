"""Reports as pages offer them: which months there are, and the file of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from schemas.access import Viewer

ReportForm: TypeAlias = Literal["html", "pdf"]


class ReportMonth(NamedTuple):
    """A calendar month; not `whole`: it is not over yet."""

    year: int
    month: int
    whole: bool


class ReportFile(NamedTuple):
    """A report, ready to be saved under its name."""

    name: str
    media_type: str
    content: bytes


class ReportPages(Protocol):
    """What the reports' pages offer; carried out by gateway/serve/reports/desk.py."""

    async def months(self, viewer: Viewer) -> Sequence[ReportMonth]:
        """Newest first; none where nothing is known yet."""
        ...

    async def product(self, viewer: Viewer, form: ReportForm, language: str) -> ReportFile:
        """The report on the product in the field, as of now. Raises as `make` does."""
        ...

    async def make(
        self, viewer: Viewer, *, month: tuple[int, int], form: ReportForm, clinic: str | None, language: str
    ) -> ReportFile:
        """The report of one month of what the viewer sees. Raises where the viewer may not have it, where there is no
        such clinic, or where it can't be made just now."""
        ...
