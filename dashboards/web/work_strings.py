"""The words of the pages about work: visits, orders, silences, and what a phone says that has no signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural
from schemas.alert import SilenceKind
from schemas.order_told import Shown
from schemas.work import OrderAct, OrderState, ReplaceReason, SubjectKind
from schemas.work_views import OrderFilter


@dataclass(frozen=True, slots=True)
class VisitWords:
    """The technician's page."""

    title: str
    short_name: str
    visits_title: str
    visits_none: str
    visits_none_detail: str
    visits_more: str
    everybodys: str
    mine: str
    whose: str
    until: str
    days: Plural
    one_clinic: str
    all_clinics: str
    overdue: str
    today: str
    tomorrow: str
    due: str
    due_today: str
    due_tomorrow: str
    todo: Plural
    bring: str
    part: str
    part_unknown: str
    part_battery: str
    nothing_to_bring: str
    open_then: str
    closed_then: str
    take: str
    taken: str
    assigned_to: str
    not_ordered: str
    replaced: str
    reason: str
    more: str
    open_order: str
    order_it: str
    alerts_title: str
    alerts_none: str
    alerts_all: str
    silence_day: str
    muted: str
    muted_until: Mapping[SilenceKind, str]
    muted_why: str
    waiting_title: str
    waiting_note: str
    needs_script: str


@dataclass(frozen=True, slots=True)
class OrderWords:
    """A work order, and the list of them."""

    title: str
    list_title: str
    list_none: str
    list_none_detail: str
    older: str
    kinds: Mapping[SubjectKind, str]
    states: Mapping[OrderState, str]
    filters: Mapping[OrderFilter, str]
    columns: Mapping[str, str]
    unconfirmed: str
    cause_person: str
    part: str
    assignee: str
    nobody: str
    opened: str
    claimed: str
    ended: str
    replaced_by: str
    claim_note: str
    when: str
    when_hint: str
    claim: str
    swap_title: str
    swap_serial: str
    swap_lot: str
    swap: str
    reasons: Mapping[ReplaceReason, str]
    note_text: str
    note: str
    assign_to: str
    assign: str
    take: str
    hand_back: str
    close_title: str
    close_reason: str
    close: str
    history_title: str
    acts: Mapping[OrderAct, str]
    by_gateway: str
    reported_later: str
    alerts_title: str
    told_again: str
    told_refitted: str
    told_elsewhere: str
    told_fitted: str
    told_replaced: Mapping[Shown, str]
    told_health: str


@dataclass(frozen=True, slots=True)
class SilenceWords:
    """The page of silences and maintenance windows."""

    title: str
    none: str
    none_detail: str
    older: str
    open_only: str
    with_past: str
    kinds: Mapping[SilenceKind, str]
    everything: str
    until: str
    until_alert: str
    from_time: str
    ended: str
    ended_by_alert: str
    made_by: str
    end_now: str
    too_late: str
    done: str
    new_title: str
    new_detail: str
    kind: str
    rule: str
    clinic: str
    device: str
    subject: str
    severity: str
    any: str
    starts: str
    starts_hint: str
    lasts: str
    hours: Plural
    days: Plural
    ends_with_alert: str
    comment: str
    make: str
    mistakes: str


@dataclass(frozen=True, slots=True)
class OutboxWords:
    """Acts that a phone keeps until they are sent, and what became of them."""

    title: str
    unsent: Plural
    refused: Plural
    sending: str
    send_now: str
    undo: str
    dismiss: str
    waits_for_signal: str
    waits_for_sign_in: str
    waits_for_owner: str
    sign_in: str
    done_at: str
    undo_in: str
    acts: Mapping[str, str]
    refusals: Mapping[str, str]
    sign_out_unsent: Plural
    sign_out_anyway: str
    stay: str
    offline_title: str
    offline_detail: str
    offline_again: str


@dataclass(frozen=True, slots=True)
class WorkWords:
    """All of them."""

    visits: VisitWords
    order: OrderWords
    silences: SilenceWords
    outbox: OutboxWords


ENGLISH_WORK: Final = WorkWords(
    visits=VisitWords(
        title="Work",
        short_name="Work",
        visits_title="Visits",
        visits_none="Nothing is due",
        visits_none_detail="No work is due by then at the clinics that you see. Look further ahead.",
        visits_more="Show more visits",
        everybodys="Everybody’s",
        mine="Mine",
        whose="Whose work",
        until="Due within",
        days=Plural("{n} day", "{n} days"),
        one_clinic="Only {clinic}",
        all_clinics="All clinics",
        overdue="Overdue",
        today="Today",
        tomorrow="Tomorrow",
        due="due {day}",
        due_today="due today",
        due_tomorrow="due tomorrow",
        todo=Plural("{n} to do", "{n} to do"),
        bring="Bring",
        part="{n} × {part}",
        part_battery="{n} × battery",
        part_unknown="{n} × nozzle of unknown model: ask the clinic",
        nothing_to_bring="nothing",
        open_then="open {hours}",
        closed_then="closed on that day",
        take="Take this visit",
        taken="This visit is yours",
        assigned_to="with {name}",
        not_ordered="worn by then",
        replaced="Replaced",
        reason="Why",
        more="More",
        open_order="Order {n}",
        order_it="Order it now",
        alerts_title="Alerts",
        alerts_none="No alert waits for you here.",
        alerts_all="All alerts",
        silence_day="Silence for a day",
        muted="silenced",
        muted_until={"silence": "silenced by {name} until {time}", "maintenance": "maintenance until {time}"},
        muted_why="{what}: {why}",
        waiting_title="Waiting for the device’s word",
        waiting_note="Claimed; these close by themselves when the device reports the new part.",
        needs_script="Acting on work needs JavaScript. Switch it on for this site.",
    ),
    order=OrderWords(
        title="Work order {n}",
        list_title="Work orders",
        list_none="No work order matches",
        list_none_detail="Orders open by themselves when a part is due. Choose “Any” to see what is over.",
        older="More orders",
        kinds={"nozzle": "Nozzle", "battery": "Battery", "device": "Device"},
        states={"open": "Open", "claimed": "Claimed", "confirmed": "Confirmed", "closed": "Closed by hand"},
        filters={
            "live": "To do or to confirm",
            "overdue": "Overdue",
            "open": "Open",
            "claimed": "Claimed",
            "confirmed": "Confirmed",
            "closed": "Closed by hand",
        },
        columns={
            "order": "Order",
            "state": "State",
            "what": "What",
            "where": "Where",
            "due": "Due",
            "assignee": "With",
        },
        unconfirmed="no evidence yet",
        cause_person="Asked for by a person",
        part="Part",
        assignee="With",
        nobody="nobody yet",
        opened="Opened",
        claimed="Claimed",
        ended="Ended",
        replaced_by="Replaced by",
        claim_note="Note (optional)",
        when="When it was done",
        when_hint="empty: now; otherwise on the clinic’s clocks",
        claim="Replaced",
        swap_title="The device did not report the swap",
        swap_serial="Serial of the nozzle that was fitted",
        swap_lot="Its lot (optional)",
        swap="Record swap",
        reasons={
            "worn": "worn",
            "damaged": "damaged",
            "expired": "expired",
            "recalled": "recalled",
            "preventive": "preventive",
            "mistake": "by mistake",
        },
        note_text="What others should know",
        note="Add note",
        assign_to="Give it to",
        assign="Assign",
        take="Take it",
        hand_back="Hand it back",
        close_title="Close without evidence",
        close_reason="Why it ends",
        close="Close order",
        history_title="What happened",
        acts={
            "opened": "Opened",
            "moved": "Moved",
            "raised": "More urgent",
            "assigned": "Assigned",
            "claimed": "Claimed",
            "noted": "Note",
            "confirmed": "Confirmed",
            "closed": "Closed",
        },
        by_gateway="by itself",
        reported_later="reached us {time}",
        alerts_title="Alerts about it",
        told_again="{what}, again",
        told_refitted="fitted again, on {device}",
        told_elsewhere="a device elsewhere",
        told_fitted="{serial} fitted",
        told_replaced={
            "device": "{serial} was fitted in its place, as the device reported",
            "person": "{serial} was fitted in its place, as a person recorded and the device shows",
        },
        told_health="its health rose from {before} to {now}",
    ),
    silences=SilenceWords(
        title="Silences",
        none="Nothing is silenced",
        none_detail="Messages go out for every alert. A silence holds back messages only; alerts go on.",
        older="Older silences",
        open_only="Now and planned",
        with_past="With past ones",
        kinds={"silence": "Silence", "maintenance": "Maintenance"},
        everything="everything",
        until="until {time}",
        until_alert="until {time} or until the alert resolves",
        from_time="from {time}",
        ended="ended {time} by {name}",
        ended_by_alert="ended {time} with its alert",
        made_by="by {name}",
        end_now="End now",
        too_late="That silence had ended already.",
        done="Silenced.",
        new_title="New silence",
        new_detail="Nothing is sent about alerts that fit all that you choose here; their state goes on.",
        kind="Kind",
        rule="Rule",
        clinic="Clinic",
        device="Device",
        subject="Nozzle or other subject",
        severity="Severity",
        any="Any",
        starts="Starts",
        starts_hint="empty: now; otherwise on the clinic’s clocks",
        lasts="Lasts",
        hours=Plural("{n} hour", "{n} hours"),
        days=Plural("{n} day", "{n} days"),
        ends_with_alert="Ends early when its alert resolves",
        comment="Why",
        make="Silence",
        mistakes="Not silenced. Correct this and try again:",
    ),
    outbox=OutboxWords(
        title="Kept on this phone",
        unsent=Plural("{n} unsent", "{n} unsent"),
        refused=Plural("{n} not taken", "{n} not taken"),
        sending="Sending …",
        send_now="Send now",
        undo="Undo",
        dismiss="Got it",
        waits_for_signal="Waits for a connection; nothing is lost.",
        waits_for_sign_in="Your sign-in has ended. Sign in again to send this; nothing is lost.",
        waits_for_owner="Signed in as somebody else: these wait for {name}.",
        sign_in="Sign in",
        done_at="done {time}",
        undo_in="sent in a moment",
        acts={
            "claim": "Replaced",
            "swap": "Swap",
            "assign": "Take",
            "note": "Note",
            "close": "Close",
            "order": "Order",
            "acknowledge": "Acknowledge",
            "silence": "Silence",
        },
        refusals={
            "claimed": "{name} has claimed it already.",
            "taken": "{name} has taken it already.",
            "confirmed": "It is confirmed as replaced already.",
            "closed": "{name} has closed it meanwhile.",
            "resolved": "The alert is over already: nothing is left to do.",
            "ordered": "There is an order for it already.",
            "gone": "It is not there any more, or not yours to see.",
            "forbidden": "Your role does not allow this.",
            "other": "It does not fit how things stand now. Look at it again.",
        },
        sign_out_unsent=Plural(
            "{n} act has not been sent. Signing out erases it from this phone.",
            "{n} acts have not been sent. Signing out erases them from this phone.",
        ),
        sign_out_anyway="Sign out and erase",
        stay="Stay signed in",
        offline_title="No connection",
        offline_detail="This page was not opened on this phone before: there is nothing to show without a signal.",
        offline_again="Try again",
    ),
)
