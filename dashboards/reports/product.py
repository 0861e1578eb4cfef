"""The product's report, for its vendor: from facts to a page of it. Pure."""

from __future__ import annotations

from dashboards.reports.demand_sections import demand_sections
from dashboards.reports.lives_sections import lives_sections
from dashboards.reports.page import Key, ReportPage
from dashboards.reports.telling import PALETTE
from dashboards.reports.usage_sections import usage_sections
from dashboards.web.format import UTC_ZONE, count_text, date_text, local_date, local_time_text
from dashboards.web.strings import Strings
from schemas.product_pages import ProductFacts


def product_report(facts: ProductFacts, strings: Strings) -> ReportPage:
    """The page."""
    words = strings.product
    day = date_text(local_date(facts.made_ms, UTC_ZONE), strings.numbers, strings.pages.common)
    return ReportPage(
        language=strings.language,
        kind=words.report_kind,
        title=words.report_title,
        period=facts.lots.window or day,
        made=strings.report.made.format(when=local_time_text(facts.made_ms, UTC_ZONE, strings.numbers)),
        about=words.report_told if facts.role == "vendor" else "",
        summary=tuple(_summary(facts, strings)),
        keys=tuple(_keys(facts, strings)),
        sections=(
            *lives_sections(facts.lots, PALETTE, strings),
            lives_sections(facts.models, PALETTE, strings)[0],
            *usage_sections(facts.usage, facts.usage_months, PALETTE, strings, by_month=facts.usage_by_month),
            *demand_sections(facts.demand, PALETTE, strings),
        ),
        foot=strings.report.foot.format(kind=words.report_kind, title=words.report_title, period=day),
        page_of=strings.report.page_of,
    )


def _flagged(facts: ProductFacts) -> list[str]:
    return sorted(lot.lot for comparison in facts.lots.comparisons for lot in comparison.flagged)


def _summary(facts: ProductFacts, strings: Strings) -> list[str]:
    words, numbers = strings.product, strings.numbers
    nozzles, ended = sum(group.nozzles for group in facts.lots.items), sum(group.ended for group in facts.lots.items)
    if not nozzles:
        return [words.lives_none]
    flagged = _flagged(facts)
    return [
        words.report_lives.format(nozzles=count_text(nozzles, numbers), ended=count_text(ended, numbers)),
        words.report_flagged.format(lots=", ".join(flagged)) if flagged else words.report_flagged_none,
    ]


def _keys(facts: ProductFacts, strings: Strings) -> list[Key]:
    words, numbers = strings.product, strings.numbers
    groups = [group for group in facts.lots.items if group.nozzles]
    flagged = len(_flagged(facts))
    needed = [line.total.p50 for line in facts.demand.items if line.item == "nozzle"]
    return [
        Key(
            words.key_nozzles,
            count_text(sum(group.nozzles for group in groups), numbers),
            words.key_ended.format(n=count_text(sum(group.ended for group in groups), numbers)),
        ),
        Key(
            words.key_lots,
            count_text(len(groups), numbers),
            words.key_flagged.format(n=count_text(flagged, numbers)),
            "worn" if flagged else "plain",
        ),
        Key(words.key_need, count_text(sum(needed), numbers) if needed else words.none, words.key_weeks),
    ]
