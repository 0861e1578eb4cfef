"""The decision to send: a pure function over what one receiver knows of one group of alerts. It gives its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

SendReason: TypeAlias = Literal["new", "worse", "resolved", "repeat"]
WaitReason: TypeAlias = Literal["undelivered", "group_wait", "group_interval", "hours", "settling", "told"]


class Timings(NamedTuple):
    """The waits of a receiver, in milliseconds."""

    wait_ms: int
    """How long the first new alert waits for others."""
    interval_ms: int
    """The shortest time between two messages."""
    repeat_ms: int
    """How long until what still fires is told again."""
    resolve_wait_ms: int
    """How long an alert has been over before that is told."""


class Fresh(NamedTuple):
    """A firing alert that the receiver does not know of, or knows as less severe."""

    seen_ms: int
    allowed_ms: int
    """The first moment from now on at which it may be told."""
    worse: bool


class Over(NamedTuple):
    """An alert that the receiver knows to fire, and that is over."""

    since_ms: int
    allowed_ms: int


class Standing(NamedTuple):
    """An alert that the receiver knows of, that fires still, and that nobody has acknowledged or muted."""

    allowed_ms: int


class Group(NamedTuple):
    """How one receiver stands to one group of alerts."""

    fresh: Sequence[Fresh]
    over: Sequence[Over]
    standing: Sequence[Standing]
    last_sent_ms: int | None
    undelivered: bool
    """The message before is still on its way: what changes meanwhile goes with the next one."""


class Send(NamedTuple):
    """Now is the time."""

    reason: SendReason


class Wait(NamedTuple):
    """Not now; `until_ms` None: until something changes."""

    reason: WaitReason
    until_ms: int | None


Decision: TypeAlias = Send | Wait


def decide(group: Group, timings: Timings, now_ms: int) -> Decision:
    """Whether to send a message about the group now, and why, or why not and until when."""
    if group.undelivered:
        return Wait("undelivered", None)
    first = [_fresh(group, timings, now_ms), _over(group, timings, now_ms), _standing(group, timings, now_ms)]
    decisions = [decision for decision in first if decision is not None]
    send = next((decision for decision in decisions if isinstance(decision, Send)), None)
    if send is not None:
        return send
    waits = [decision for decision in decisions if isinstance(decision, Wait) and decision.until_ms is not None]
    return min(waits, key=lambda wait: wait.until_ms or 0, default=Wait("told", None))


def _fresh(group: Group, timings: Timings, now_ms: int) -> Decision | None:
    if not group.fresh:
        return None
    allowed = [fresh for fresh in group.fresh if fresh.allowed_ms <= now_ms]
    if not allowed:
        return Wait("hours", min(fresh.allowed_ms for fresh in group.fresh))
    gathered_ms = min(fresh.seen_ms for fresh in allowed) + timings.wait_ms
    if now_ms < gathered_ms:
        return Wait("group_wait", gathered_ms)
    spaced_ms = _spaced_ms(group, timings)
    if now_ms < spaced_ms:
        return Wait("group_interval", spaced_ms)
    return Send("worse" if all(fresh.worse for fresh in allowed) else "new")


def _over(group: Group, timings: Timings, now_ms: int) -> Decision | None:
    if not group.over:
        return None
    # All that end together make one message; what ends again and again does not hold the others up for long.
    since = [over.since_ms for over in group.over]
    settled_ms = min(max(since), min(since) + timings.resolve_wait_ms) + timings.resolve_wait_ms
    if now_ms < settled_ms:
        return Wait("settling", settled_ms)
    allowed_ms = min(over.allowed_ms for over in group.over)
    if now_ms < allowed_ms:
        return Wait("hours", allowed_ms)
    spaced_ms = _spaced_ms(group, timings)
    return Wait("group_interval", spaced_ms) if now_ms < spaced_ms else Send("resolved")


def _standing(group: Group, timings: Timings, now_ms: int) -> Decision | None:
    if not group.standing or group.last_sent_ms is None:
        return None
    due_ms = group.last_sent_ms + timings.repeat_ms
    if now_ms < due_ms:
        return Wait("told", due_ms)
    allowed_ms = min(standing.allowed_ms for standing in group.standing)
    return Wait("hours", allowed_ms) if now_ms < allowed_ms else Send("repeat")


def _spaced_ms(group: Group, timings: Timings) -> int:
    return 0 if group.last_sent_ms is None else group.last_sent_ms + timings.interval_ms
