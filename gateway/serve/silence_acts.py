"""Silences and maintenance windows as people make, see and end them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.clock import Clock
from gateway.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.ingest.fleet import Fleet
from gateway.serve.access import audit_row
from gateway.serve.action_shapes import TimeMs
from gateway.serve.actions import Actions
from gateway.serve.board import AlertBoard
from gateway.serve.roles import require
from gateway.serve.sight import Sight
from gateway.store.base import Store
from schemas.access import Viewer
from schemas.alert import Alert, Matchers, Rule, Severity, Silence, SilenceKind
from schemas.mistakes import Mistake
from schemas.registry import Identifier
from schemas.views import SilenceView

HOUR_S: Final = 3_600
DEFAULT_S: Final = 24 * HOUR_S
LONGEST_S: Final = 366 * 24 * HOUR_S
_MS: Final = 1_000
_LATELY: Final = 50

Comment = Annotated[str, Field(max_length=500)]
LastsS = Annotated[int, Field(ge=60, le=LONGEST_S)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AlertSilenceBody(_Body):
    """Says nothing more about one alert: until `ends_ms`, or for `lasts_s` (by default a day), or until it resolves,
    whichever is first."""

    lasts_s: LastsS | None = None
    ends_ms: TimeMs | None = None
    ends_with_alert: bool = True
    comment: Comment = ""
    at_ms: TimeMs | None = None


class SilenceBody(_Body):
    """Says nothing about the alerts that agree with all that is given. A `maintenance` window names a clinic or a
    device; `starts_ms` absent: now."""

    kind: SilenceKind = "silence"
    rule: Rule | None = None
    clinic: Identifier | None = None
    device: Identifier | None = None
    subject: Identifier | None = None
    severity: Severity | None = None
    starts_ms: TimeMs | None = None
    ends_ms: TimeMs | None = None
    lasts_s: LastsS | None = None
    ends_with_alert: bool = False
    comment: Comment = ""
    at_ms: TimeMs | None = None

    def matchers(self) -> Matchers:
        return Matchers(self.rule, self.clinic, self.device, self.subject, self.severity)


class SilenceActs:
    """Every method takes the viewer on whose behalf it acts. Raises ForbiddenError where that one may not."""

    def __init__(
        self, *, store: Store, board: AlertBoard, fleet: Fleet, sight: Sight, actions: Actions, clock: Clock
    ) -> None:
        self._store = store
        self._board = board
        self._fleet = fleet
        self._sight = sight
        self._actions = actions
        self._clock = clock

    async def silence_alert(self, by: Viewer, alert_id: int, asked: AlertSilenceBody) -> SilenceView:
        """Silences one alert. Raises NotFoundError out of sight, ConflictError where it is resolved."""
        require(by, "silence_alert")
        alert = await self._store.alert(alert_id)
        if alert is None or not self._sight.sees_alert(by, alert):
            raise NotFoundError(f"there is no alert {alert_id}")
        if alert.state == "resolved":
            raise ConflictError(f"alert {alert_id} is resolved: there is nothing left to silence")
        at_ms = self._actions.done_at(asked.at_ms)
        ends_ms = _ends_ms(at_ms, asked.ends_ms, asked.lasts_s)
        meant = _matchers_of(alert)
        made = Silence(
            0, "silence", meant, at_ms, ends_ms, asked.ends_with_alert, asked.comment, by.name, at_ms
        )  # fmt: skip
        return await self._add(by, made)

    async def add(self, by: Viewer, asked: SilenceBody, again_within_ms: int = 0) -> SilenceView:
        """Makes a silence or a maintenance window; where the same person made the same one less than `again_within_ms`
        ago, that is it. Raises InvalidInputError with every mistake, NotFoundError for what lies out of sight."""
        require(by, "silence_alert")
        at_ms = self._actions.done_at(asked.at_ms)
        starts_ms = at_ms if asked.starts_ms is None else asked.starts_ms
        ends_ms = _ends_ms(starts_ms, asked.ends_ms, asked.lasts_s)
        mistakes = _mistakes(asked, starts_ms, ends_ms, self._clock.now_ms())
        if mistakes:
            raise InvalidInputError(mistakes)
        meant = asked.matchers()
        if not self._may_silence(by, meant):
            text = "name a clinic or a device that you see: a silence reaches no further"
            raise NotFoundError(Mistake(text, "out_of_sight"))
        made = Silence(
            0, asked.kind, meant, starts_ms, ends_ms, asked.ends_with_alert, asked.comment, by.name, at_ms
        )  # fmt: skip
        before = await self._store.silences(limit=_LATELY, before=None, open_at_ms=at_ms) if again_within_ms else ()
        same = next((one for one in before if _is_again(made, one, again_within_ms)), None)
        return await self._add(by, made) if same is None else SilenceView.of(same)

    async def end(self, by: Viewer, silence_id: int) -> SilenceView:
        """Ends a silence before its time. Raises NotFoundError, ConflictError where it has ended."""
        require(by, "silence_alert")
        silence = await self._store.silence(silence_id)
        if silence is None or not self.sees(by, silence):
            raise NotFoundError(f"there is no silence {silence_id}")
        now_ms = self._clock.now_ms()
        if silence.ended_ms is not None or silence.ends_ms <= now_ms:
            raise ConflictError(f"silence {silence_id} has ended already")
        audit = audit_row(now_ms, by.name, "end_silence", str(silence_id), {})
        ended = await self._board.end_silence(silence_id, by.name, now_ms, audit)
        if ended is None:
            raise NotFoundError(f"there is no silence {silence_id}")
        return SilenceView.of(ended)

    def sees(self, by: Viewer, silence: Silence) -> bool:
        """Whether the silence is the viewer's to see."""
        return silence.created_by == by.name or self._may_silence(by, silence.matchers)

    def _may_silence(self, by: Viewer, meant: Matchers) -> bool:
        if by.scope.clinics is None and by.scope.models is None:
            return True
        if meant.device_id is not None:
            state = self._fleet.device(meant.device_id)
            return state is not None and self._sight.sees_device(by, state)
        return by.scope.models is None and meant.clinic_id is not None and by.scope.sees_clinic(meant.clinic_id)

    async def _add(self, by: Viewer, silence: Silence) -> SilenceView:
        view = SilenceView.of(silence)
        detail = view.model_dump(exclude_none=True, exclude={"id", "created_by", "created_ms"})
        what = "plan_maintenance" if silence.kind == "maintenance" else "silence_alerts"
        subject = silence.matchers.subject or silence.matchers.device_id or silence.matchers.clinic_id or "alerts"
        audit = audit_row(self._clock.now_ms(), by.name, what, subject, detail, silence.created_ms)
        return SilenceView.of(await self._board.add_silence(silence, audit))


def _is_again(made: Silence, before: Silence, within_ms: int) -> bool:
    """Whether it says what was said a moment ago; one that begins at once begins a moment later now."""
    later_ms = made.created_ms - before.created_ms
    shift_ms = made.starts_ms - before.starts_ms
    moved = replace(
        before,
        silence_id=0,
        starts_ms=before.starts_ms + shift_ms,
        ends_ms=before.ends_ms + shift_ms,
        created_ms=made.created_ms,
    )
    return 0 <= later_ms < within_ms and shift_ms in (0, later_ms) and moved == made


def _matchers_of(alert: Alert) -> Matchers:
    return Matchers(rule=alert.rule, subject=alert.subject)


def _ends_ms(starts_ms: int, ends_ms: int | None, lasts_s: int | None) -> int:
    lasts_ms = starts_ms + _MS * (DEFAULT_S if lasts_s is None else lasts_s)
    if ends_ms is None:
        return lasts_ms
    return ends_ms if lasts_s is None else min(ends_ms, lasts_ms)


def _mistakes(asked: SilenceBody, starts_ms: int, ends_ms: int, now_ms: int) -> list[str]:
    found: list[str] = []
    if asked.matchers() == Matchers():
        text = "say which alerts are meant: rule, clinic, device, subject or severity"
        found.append(Mistake(text, "which_alerts"))
    if asked.kind == "maintenance" and asked.clinic is None and asked.device is None:
        text = "kind: a maintenance window is for a clinic or a device; name one"
        found.append(Mistake(text, "maintenance_where", "kind"))
    if ends_ms <= max(starts_ms, now_ms):
        found.append(Mistake("ends_ms: must lie after the start, and ahead", "ends_before_start"))
    if ends_ms > starts_ms + LONGEST_S * _MS:
        text = "ends_ms: a silence lasts for 366 days at most; switch the rule off instead"
        found.append(Mistake(text, "lasts_too_long", n=366))
    return found
