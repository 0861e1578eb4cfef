"""Reports as pages offer them, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.access import Viewer
from schemas.report_pages import ReportFile, ReportForm, ReportMonth


class MemoryReports:
    """Carries out `ReportPages`; a report says what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, int], str | None, str]] = []
        self.products: list[tuple[str, str]] = []

    async def months(self, viewer: Viewer) -> Sequence[ReportMonth]:
        return [ReportMonth(2026, 11, whole=False), ReportMonth(2026, 10, whole=True), ReportMonth(2026, 9, whole=True)]

    async def product(self, viewer: Viewer, form: ReportForm, language: str) -> ReportFile:
        self.products.append((viewer.role, language))
        return ReportFile(f"silverpoint-product.{form}", "application/pdf", b"the product")

    async def make(
        self, viewer: Viewer, *, month: tuple[int, int], form: ReportForm, clinic: str | None, language: str
    ) -> ReportFile:
        self.asked.append((month, clinic, language))
        kind = "application/pdf" if form == "pdf" else "text/html; charset=utf-8"
        return ReportFile(f"silverpoint-report.{form}", kind, b"the report")
