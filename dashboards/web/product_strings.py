"""The words of the pages and the report about the product in the field. Part of the one catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.demand_views import DemandBy, DemandItem
from schemas.lifetime_views import Direction, LivesBy
from schemas.usage_views import UsageBy


@dataclass(frozen=True, slots=True)
class ProductPageWords:
    """Lifetimes, use and demand."""

    title: str
    lives: str
    use: str
    demand: str
    by: str
    show: str
    save: str
    of: str
    between: str
    none: str
    window: str

    lives_lead: str
    lives_none: str
    lives_by: Mapping[LivesBy, str]
    curve: str
    curve_of: str
    curve_describes: str
    curve_axis: str
    share: str
    strikes: str
    low: str
    high: str
    at_risk: str
    groups: str
    groups_columns: tuple[str, ...]
    groups_note: str
    risk_title: str
    risk_cell: str
    risk_note: str
    flagged: str
    flagged_none: str
    flagged_columns: tuple[str, ...]
    directions: Mapping[Direction, str]
    flagged_note: str
    evidence: str
    intensities: Mapping[str, str]
    effects: str
    effects_columns: tuple[str, ...]
    effects_note: str
    changes: str
    changes_columns: tuple[str, ...]
    reasons: str
    notes: str
    note_texts: Mapping[str, str]
    note_texts_told: Mapping[str, str]
    other: str
    unknown: str

    use_lead: str
    use_lead_told: str
    use_told: str
    by_month: str
    by_month_describes: str
    month: str
    n: str
    use_none: str
    use_by: Mapping[UsageBy, str]
    rates: str
    rates_describes: str
    rates_axis: str
    use_columns: tuple[str, ...]
    use_note: str
    anomalies: str
    anomalies_columns: tuple[str, ...]
    anomalies_broad: str
    minutes: str
    millimetres: str
    months: str
    total: str

    demand_lead: str
    demand_told: str
    demand_none: str
    demand_by: Mapping[DemandBy, str]
    fan: str
    fan_of: str
    fan_describes: str
    week: str
    p10: str
    p50: str
    p90: str
    lines: str
    lines_told: str
    lines_columns: tuple[str, ...]
    lines_note: str
    items: Mapping[DemandItem, str]
    whole_fleet: str
    scores: str
    scores_columns: tuple[str, ...]
    scores_note: str

    report_kind: str
    report_title: str
    report_told: str
    report_offers: str
    report_lives: str
    report_flagged: str
    report_flagged_none: str
    key_nozzles: str
    key_ended: str
    key_lots: str
    key_flagged: str
    key_need: str
    key_weeks: str


ENGLISH_PRODUCT: Final = ProductPageWords(
    title="Product",
    lives="Lifetimes",
    use="Use",
    demand="Demand",
    by="By",
    show="Show",
    save="Save the numbers",
    of="{what}: {by}",
    between="{value} ({low} to {high})",
    none="–",
    window="Told of the nozzles that were fitted by the end of {window}, as they stood on {date}. Those fitted since "
    "are not among them, so few of them are in use still. Groups in which too few clinics take part go together.",
    lives_lead="How long nozzles last until their coating has worn to the limit. A nozzle that is in use, or was taken "
    "off before, has lasted at least so long.",
    lives_none="There are no measured lives to tell of yet.",
    lives_by={
        "lot": "Lot",
        "model": "Nozzle model",
        "firmware": "Firmware",
        "form": "Form of the device",
        "use": "Intensity of use",
    },
    curve="Share of nozzles that last so long",
    curve_of="Share of nozzles that last so long: {model}",
    curve_describes="For each group the share of nozzles still within their limit after so many strikes. "
    "Bands are 95 % intervals.",
    curve_axis="million strikes",
    share="Share",
    strikes="Strikes (million)",
    low="Low",
    high="High",
    at_risk="At risk",
    groups="Lives",
    groups_columns=("Group", "Nozzles", "Ended", "Replaced early", "In use", "Half last", "90 % last", "At own pace"),
    groups_note="In million strikes, with 95 % intervals. Half last: the middle of the curve; 90 % last: by a Weibull "
    "fit. At own pace: where each nozzle's own wear leads, not cut short by early replacement.",
    risk_title="Still within the limit, and nozzles at risk",
    risk_cell="{share} ({n})",
    risk_note="In brackets how many nozzles were still watched at that age; a share of few is uncertain.",
    flagged="Lots that stand out",
    flagged_none="No lot stands out from the others of its model.",
    flagged_columns=("Lot", "Model", "Lasts", "By lives", "By wear"),
    directions={"shorter": "shorter", "longer": "longer"},
    flagged_note="Times as long as the other lots of the model, by the ends of lives and by the pace of wear.",
    evidence="{ratio}, p {p}",
    intensities={"light": "light", "usual": "usual", "heavy": "heavy"},
    effects="What goes with the firmware",
    effects_columns=("Model", "Firmware", "Against", "Nozzles", "By lives", "By wear", "p"),
    effects_note="Times as long as with the most common firmware, with use, form and lot taken off: under 1 is "
    "shorter.",
    changes="Changes of pace from one production week to the next",
    changes_columns=("Model", "Expiring from", "Pace of wear", "Nozzles before", "Nozzles since"),
    reasons="Why nozzles were taken off: {reasons}.",
    notes="To know in reading",
    note_texts={
        "seen_late": "{n} of {of} nozzles were in use before the gateway knew them. They count from the age at which "
        "they were first seen, so what wore out unseen before does not make lives look longer.",
        "worn_before": "{n} nozzles were worn out when first seen; they are left out.",
        "unmeasured": "{n} nozzles are on devices without a coating sensor: their strikes are counted, but nobody sees "
        "when they are worn out. They are in no curve.",
        "replaced_early": "{n} of {of} nozzles were taken off before they were worn out, half of them at {wear} wear "
        "or more.",
        "replaced_early_by_wear": "{n} of {of} nozzles were taken off before they were worn out, half of them at "
        "{wear} wear or more. They were taken off because they wore: the quick ones go first, so the survival curves "
        "are too hopeful and hide differences between groups. The pace of wear is not cut short by that; compare by "
        "it, and by the strikes to the limit that it projects.",
        "only_lives": "Lot {lot} stands out by the ends of lives and not by the pace of wear: its nozzles may be used "
        "up in another way than by wear that is measured.",
        "only_wear": "Lot {lot} stands out by the pace of wear and not by the ends of lives: too few of its nozzles "
        "were left on until they were worn out.",
    },
    note_texts_told={
        "replaced_early": "Some nozzles were taken off before they were worn out.",
        "replaced_early_by_wear": "Many nozzles were taken off because they wore: the quick ones go first, so the "
        "survival curves are too hopeful and hide differences. Compare by the pace of wear.",
        "one_kind_of_evidence": "A lot stands out by its lives or by its pace of wear, and not by both.",
        "withheld": "Told for the last quarter that is over, by lot or model, where enough clinics stand behind each "
        "number.",
    },
    other="others together",
    unknown="not known",
    use_lead="Sessions a device and opening day, with 95 % intervals, over the last {months} months.",
    use_lead_told="Sessions in the whole months among the last {months}.",
    use_told="Told for whole months that are over, where enough clinics stand behind each number.",
    by_month="Sessions a month",
    by_month_describes="For each whole month the sessions, a group on the other.",
    month="Month",
    n="Sessions",
    use_none="There is no use to tell of yet.",
    use_by={
        "clinic": "Clinic",
        "model": "Device model",
        "firmware": "Firmware",
        "day": "Day",
        "region": "Region",
        "weekday": "Weekday",
        "nozzle_model": "Nozzle model",
        "form": "Form of the device",
    },
    rates="Sessions a device and opening day",
    rates_describes="For each group the rate of use with its 95 % interval.",
    rates_axis="sessions a device and opening day",
    use_columns=(
        "Group",
        "Devices",
        "Sessions",
        "Rate",
        "Every 4 weeks",
        "A session",
        "Depth",
        "On battery",
        "Power lost",
        "Utilisation",
    ),
    use_note="Every 4 weeks: the trend, in bold where its 95 % interval leaves no change out. "
    "Utilisation: session time over opening hours.",
    anomalies="Unlike the rest",
    anomalies_columns=("Group", "From", "Until", "Sessions", "Usual", "Devices that make it"),
    anomalies_broad="many devices, a little each",
    minutes="{n} min",
    millimetres="{n} mm",
    months="Last {n} months",
    total="Together",
    demand_lead="What will be needed in each of the next 13 weeks, from the forecasts of wear and the rates of use: "
    "the median, and the range that holds 80 %.",
    demand_told="Told once a month, where enough clinics stand behind each number.",
    demand_none="Nothing has been forecast yet: that takes some weeks of use.",
    demand_by={"fleet": "Whole fleet", "region": "Region", "clinic": "Clinic"},
    fan="{item}: needed a week",
    fan_of="{item}, {place}: needed a week",
    fan_describes="For each week the median of what will be needed, and the range that holds 80 %.",
    week="Week from",
    p10="10 %",
    p50="Median",
    p90="90 %",
    lines="Needed in 13 weeks, and stock",
    lines_told="Needed in 13 weeks",
    lines_columns=("Place", "What", "Median", "80 % range", "On hand", "Order now", "Order by", "Reorder at"),
    lines_note="Order now and reorder point for a service level of {service}.",
    items={"nozzle": "Nozzle", "battery": "Battery"},
    whole_fleet="whole fleet",
    scores="How past forecasts did",
    scores_columns=("What", "Weeks ahead", "Forecasts", "Within 80 % range", "Loss", "Loss of “as before”"),
    scores_note="Loss: the mean pinball loss; smaller is better. “As before”: the same as in the weeks before.",
    report_kind="Product report",
    report_title="The product in the field",
    report_told="Without any clinic: groups of at least five together.",
    report_offers="Lifetimes by lot and model, lots that stand out, use, and what will be needed.",
    report_lives="{nozzles} nozzles whose wear is measured, {ended} lives that ended.",
    report_flagged="Lots that stand out: {lots}.",
    report_flagged_none="No lot stands out.",
    key_nozzles="Nozzles measured",
    key_ended="{n} lives ended",
    key_lots="Lots",
    key_flagged="{n} stand out",
    key_need="Nozzles needed",
    key_weeks="median, next 13 weeks",
)
