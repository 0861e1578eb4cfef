"""The planner: from what fires and what was told to the messages that are due. Pure but for its own memory.

It looks at states, not at single changes: whatever opened and closed between two looks is told once or not at all,
and nothing is lost however long the gateway was away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, TypeAlias

from gateway.hours import next_time_of_day
from gateway.notify.decision import Fresh, Group, Over, Send, SendReason, Standing, Timings, decide
from gateway.notify.notice import MOST_LINES, Facts
from gateway.notify.receivers import Receiver
from gateway.notify.routing import PATIENT, Routing
from gateway.store.notify_rows import NewMessage, NotifyPlan, NotifyState, TellingGroup, Told, Touched, Watched
from schemas.alert import SEVERITIES, Alert, Silence

DIGEST: Final = "*"
"""The group of a digest, and of an Alertmanager: all clinics together."""
RESEND_MS: Final = 60_000
"""Alertmanager calls an alert resolved that it has not heard of for 5 minutes."""

MOST_MESSAGES: Final = 50
"""Of one look: the loop has other things to do. The others come with the next look, a moment later."""

GroupName: TypeAlias = tuple[str, str]
"""(receiver, group_key)"""


class Mutes(Protocol):
    """Silences and maintenance windows."""

    def muted(self, alert: Alert) -> Silence | None:
        """Why nobody is to be told of this alert now; None where somebody is."""
        ...


class Situation(NamedTuple):
    """What one look has to go by."""

    touched: Touched
    firing: Sequence[Alert]
    """The firing alerts as they are now, acknowledgements included."""
    undelivered: frozenset[GroupName]
    routing: Routing
    mutes: Mutes
    facts: Facts
    timings: Timings
    now_ms: int


class Look(NamedTuple):
    """The outcome of one look. `plan` None: there is nothing to write."""

    plan: NotifyPlan | None
    waiting: tuple[tuple[GroupName, str], ...]
    """Why the groups that are not told now wait."""
    next_ms: int | None


class _Book(NamedTuple):
    """What the planner remembers of alerts."""

    alerts: Mapping[int, Alert]
    watched: Mapping[int, Watched]
    inhibited: frozenset[int]


class _Members(NamedTuple):
    receiver: Receiver
    watched: list[Watched]


class Planner:
    """Remembers what is watched and told. `look`, then store its plan, then `accept` it."""

    def __init__(self, state: NotifyState, now_ms: int) -> None:
        self._alerts = {alert.alert_id: alert for alert in state.alerts}
        # Alerts may have been erased with their clinic.
        self._watched = {watched.alert_id: watched for watched in state.watched if watched.alert_id in self._alerts}
        self._groups = {(group.receiver, group.group_key): self._known(group) for group in state.groups}
        for alert in state.alerts:
            if alert.state == "firing":  # also those that fired before there were intents
                self._watched.setdefault(alert.alert_id, Watched(alert.alert_id, now_ms))
        self._stored_watch = {watched.alert_id for watched in state.watched}
        self._inhibited: frozenset[int] = frozenset()
        self._ended: dict[int, tuple[Watched, int]] = {}
        """What was watched until lately, and since when it is over."""

    def look(self, situation: Situation) -> Look:
        """Decides about every group as things stand now."""
        self._take_in(situation)
        members = self._members(situation)
        book = _Book(self._alerts, self._watched, self._inhibited)
        groups: list[TellingGroup] = []
        messages: list[NewMessage] = []
        waiting: list[tuple[GroupName, str]] = []
        due: list[int] = list(self._escalations(situation))
        for name in sorted(members.keys() | {name for name, group in self._groups.items() if group.told}):
            if len(messages) >= MOST_MESSAGES:
                due.append(situation.now_ms)
                break
            before = self._groups.get(name) or TellingGroup(*name, version=0)
            outcome = _Deciding(book, situation, before, members.get(name)).outcome()
            if outcome.group != before:
                groups.append(outcome.group)
            if outcome.message is not None:
                messages.append(outcome.message)
            else:
                waiting.append((name, outcome.reason))
            if outcome.next_ms is not None:
                due.append(outcome.next_ms)
        plan = NotifyPlan(
            up_to=situation.touched.up_to,
            now_ms=situation.now_ms,
            watch=tuple(w for w in self._watched.values() if w.alert_id not in self._stored_watch),
            unwatch=tuple(self._stored_watch - self._watched.keys()),
            groups=tuple(groups),
            messages=tuple(messages),
        )
        is_empty = not (situation.touched.alerts or plan.watch or plan.unwatch or groups or messages)
        return Look(None if is_empty else plan, tuple(waiting), min(due, default=None))

    def accept(self, plan: NotifyPlan) -> None:
        """The plan is stored: remember it so."""
        for group in plan.groups:
            self._groups[group.receiver, group.group_key] = replace(group, version=group.version + 1)
        self._stored_watch = set(self._watched)
        told = {told.alert_id for group in self._groups.values() for told in group.told}
        self._inhibited &= told - self._watched.keys()
        self._alerts = {key: alert for key, alert in self._alerts.items() if key in self._watched or key in told}

    def _known(self, group: TellingGroup) -> TellingGroup:
        """Without alerts that were erased."""
        return replace(group, told=tuple(told for told in group.told if told.alert_id in self._alerts))

    def _take_in(self, situation: Situation) -> None:
        self._inhibited |= situation.touched.inhibited
        for alert in situation.touched.alerts:
            self._alerts[alert.alert_id] = alert
            if alert.state == "firing":
                self._watch(alert.alert_id, situation)
            elif (watched := self._watched.pop(alert.alert_id, None)) is not None:
                self._ended[alert.alert_id] = (watched, situation.now_ms)
        for alert in situation.firing:
            if alert.alert_id in self._watched:
                self._alerts[alert.alert_id] = alert

    def _watch(self, alert_id: int, situation: Situation) -> None:
        """An alert that comes back before its end has settled has fired all the time: one that comes and goes
        faster than messages wait is told too."""
        settle_ms = situation.timings.resolve_wait_ms
        self._ended = {key: ended for key, ended in self._ended.items() if situation.now_ms - ended[1] < settle_ms}
        before = self._ended.pop(alert_id, None)
        new = before[0] if before else Watched(alert_id, situation.now_ms)
        self._watched.setdefault(alert_id, new)

    def _members(self, situation: Situation) -> dict[GroupName, _Members]:
        """Every watched alert under each group that it belongs to."""
        told_in = {
            (group.receiver, told.alert_id): group.group_key for group in self._groups.values() for told in group.told
        }
        members: dict[GroupName, _Members] = {}
        for watched in self._watched.values():
            alert = self._alerts[watched.alert_id]
            for receiver in situation.routing.receivers(alert, watched.seen_ms, situation.now_ms):
                key = told_in.get((receiver.name, alert.alert_id)) or _group_key(receiver, alert)
                members.setdefault((receiver.name, key), _Members(receiver, [])).watched.append(watched)
        return members

    def _escalations(self, situation: Situation) -> Iterator[int]:
        for watched in self._watched.values():
            alert = self._alerts[watched.alert_id]
            at_ms = situation.routing.next_escalation_ms(alert, watched.seen_ms, situation.now_ms)
            if at_ms is not None:
                yield at_ms


class _Outcome(NamedTuple):
    group: TellingGroup
    message: NewMessage | None
    reason: str
    next_ms: int | None


class _Deciding:
    """The decision about one group, and what follows from it."""

    def __init__(
        self,
        book: _Book,
        situation: Situation,
        group: TellingGroup,
        members: _Members | None,
    ) -> None:
        self._alerts = book.alerts
        self._inhibited = book.inhibited
        self._situation = situation
        self._now_ms = situation.now_ms
        self._receiver = members.receiver if members else situation.routing.directory.get(group.receiver)
        self._members = {w.alert_id: w for w in members.watched} if members else {}
        self._group = replace(group, told=tuple(self._aged(told, book.watched) for told in group.told))
        self._told = {told.alert_id: told for told in self._group.told}

    def outcome(self) -> _Outcome:
        receiver = self._receiver
        if receiver is None:
            return _Outcome(replace(self._group, told=()), None, "no such receiver", None)
        decision = decide(self._view(receiver), _timings(receiver, self._situation.timings), self._now_ms)
        if isinstance(decision, Send):
            return self._send(receiver, decision.reason)
        quiet = tuple(told for told in self._group.told if not self._ends_unheard(told))
        return _Outcome(replace(self._group, told=quiet), None, decision.reason, decision.until_ms)

    def _view(self, receiver: Receiver) -> Group:
        name = (self._group.receiver, self._group.group_key)
        return Group(
            fresh=[
                Fresh(self._members[alert.alert_id].seen_ms, self._allowed_ms(receiver, alert), worse)
                for alert, worse in self._fresh()
            ],
            over=[
                Over(told.over_ms, self._allowed_ms(receiver, self._alerts[told.alert_id]))
                for told in self._group.told
                if told.over_ms is not None and not self._ends_unheard(told)
            ],
            standing=[Standing(self._allowed_to_repeat_ms(receiver, alert)) for alert in self._standing()],
            last_sent_ms=self._group.last_sent_ms,
            undelivered=name in self._situation.undelivered,
        )

    def _fresh(self) -> Iterator[tuple[Alert, bool]]:
        for alert_id in self._members:
            alert, told = self._alerts[alert_id], self._told.get(alert_id)
            if told is not None and SEVERITIES.index(alert.severity) <= SEVERITIES.index(told.severity):
                continue
            if self._situation.mutes.muted(alert) is None:
                yield alert, told is not None

    def _standing(self) -> Iterator[Alert]:
        stream = self._receiver is not None and self._receiver.channel == "alertmanager"
        for told in self._group.told:
            alert = self._alerts[told.alert_id]
            if told.over_ms is not None or told.alert_id not in self._members:
                continue
            if stream or (alert.acknowledged_ms is None and self._situation.mutes.muted(alert) is None):
                yield alert

    def _aged(self, told: Told, watched: Mapping[int, Watched]) -> Told:
        if told.alert_id in watched:
            return told._replace(over_ms=None)
        return told if told.over_ms is not None else told._replace(over_ms=self._now_ms)

    def _ends_unheard(self, told: Told) -> bool:
        """A muted alert ends without a word, and so does one that another now speaks for. Alertmanager has silences
        of its own, and must hear of the end."""
        stream = self._receiver is not None and self._receiver.channel == "alertmanager"
        if told.over_ms is None or stream:
            return False
        return told.alert_id in self._inhibited or self._situation.mutes.muted(self._alerts[told.alert_id]) is not None

    def _send(self, receiver: Receiver, reason: SendReason) -> _Outcome:
        wait_ms = _timings(receiver, self._situation.timings).resolve_wait_ms
        for_program = receiver.channel == "alertmanager"
        # What waits for its hour does not go along with what can't.
        fresh = [alert for alert, _ in self._fresh() if self._allowed_ms(receiver, alert) <= self._now_ms]
        standing = [self._alerts[t.alert_id] for t in self._group.told if t.over_ms is None]
        over = [t for t in self._group.told if t.over_ms is not None and self._now_ms >= t.over_ms + wait_ms]
        ended = [self._alerts[t.alert_id] for t in over if not self._ends_unheard(t)]
        firing = {alert.alert_id: alert for alert in (*fresh, *standing)}
        notice = self._situation.facts.notice(
            reason,
            self._group.group_key,
            list(firing.values()) if reason == "repeat" or for_program else fresh,
            ended,
            self._now_ms,
            most=None if for_program else MOST_LINES,
            read_by=receiver.reads,
        )
        gone = {t.alert_id for t in over}
        waiting = tuple(
            t
            for t in self._group.told
            if t.over_ms is not None and t.alert_id not in gone and not self._ends_unheard(t)
        )
        group = replace(
            self._group,
            sends=self._group.sends + 1,
            last_sent_ms=self._now_ms,
            told=(*(Told(alert.alert_id, alert.severity) for alert in firing.values()), *waiting),
        )
        message = NewMessage(
            key=_key(group),
            receiver=receiver.name,
            group_key=group.group_key,
            channel=receiver.channel,
            reason=reason,
            content_json=notice.model_dump_json(),
        )
        return _Outcome(group, message, reason, None)

    def _allowed_ms(self, receiver: Receiver, alert: Alert) -> int:
        if self._group.group_key == DIGEST and receiver.digest_at is not None:
            # Whoever chose the hour reads then, whichever clinics are open.
            return self._digest_ms(receiver, receiver.digest_at, alert, self._group.last_sent_ms)
        return self._situation.routing.allowed_ms(receiver, alert, self._now_ms)

    def _allowed_to_repeat_ms(self, receiver: Receiver, alert: Alert) -> int:
        """Hours are dear to work out for every standing alert, and not asked for before a repetition is due."""
        repeat_ms = _timings(receiver, self._situation.timings).repeat_ms
        is_due = self._now_ms - (self._group.last_sent_ms or 0) >= repeat_ms
        return self._allowed_ms(receiver, alert) if is_due else self._now_ms

    def _digest_ms(self, receiver: Receiver, digest_at: int, alert: Alert, last_sent_ms: int | None) -> int:
        """The first digest since the alert was seen, or since the last digest."""
        watched, told = self._members.get(alert.alert_id), self._told.get(alert.alert_id)
        since = [watched.seen_ms if watched else 0, last_sent_ms or 0, (told.over_ms or 0) if told else 0]
        return next_time_of_day(digest_at, receiver.zone, max(since))


def _group_key(receiver: Receiver, alert: Alert) -> str:
    if receiver.channel == "alertmanager":
        return DIGEST
    return DIGEST if receiver.digest_at is not None and alert.rule in PATIENT else alert.clinic_id


def _timings(receiver: Receiver, timings: Timings) -> Timings:
    if receiver.channel == "alertmanager":  # it groups, waits and repeats by itself, but must be told again and again
        return Timings(0, 0, RESEND_MS, 0)
    return timings


def _key(group: TellingGroup) -> str:
    """The same for every sending of this message, another for every other message."""
    made = f"{group.receiver}\n{group.group_key}\n{group.sends}\n{group.last_sent_ms}"
    return sha256(made.encode()).hexdigest()[:32]
