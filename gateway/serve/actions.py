"""Acts: what people do, by the API, a page or a command. Each checks who asks, and leaves an audit row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.alerts.rehearsing import Reach, Rehearsal
from gateway.clock import Clock
from gateway.config_alerts import AlertsConfig
from gateway.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.access import Access, audit_row
from gateway.serve.action_shapes import (
    Acknowledged,
    Acknowledgement,
    LotRecall,
    Named,
    NewPassword,
    NewToken,
    NewUser,
    Nothing,
    Pong,
    QuarantineListed,
    QuarantineQuery,
    QuarantineView,
    RegistryExported,
    RegistryImport,
    RegistryImported,
    RehearsalDone,
    Rehearse,
    Release,
    Released,
    Replay,
    ReplayDone,
    TokenCreated,
    TokensListed,
    TokensRevoked,
    TokenView,
    UserAdded,
    VendorTelling,
    VendorTold,
)
from gateway.serve.board import AlertBoard
from gateway.serve.intake import Intake
from gateway.serve.people_csv import read_people
from gateway.serve.registry_csv import EntryType, entry_id, read_registry, write_registry
from gateway.serve.roles import require
from gateway.serve.sight import Sight
from gateway.store.base import Store
from gateway.store.rows import QuarantineEntry
from gateway.store.service_rows import AuditRow
from gateway.store.told_base import ToldDocument, ToldPart
from schemas.access import Role, Scope, Viewer
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry
from schemas.times import parse_time

_AHEAD_MS: Final = 300_000
"""How far the clock of somebody's phone may run before ours."""
_CHUNK: Final = 250
"""So many entries are released in one go: taking them in holds the loop for a few milliseconds."""


class Actions:
    """Every method takes the viewer on whose behalf it acts. Raises ForbiddenError where that one may not."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        fleet: Fleet,
        feed: CommitFeed,
        access: Access,
        board: AlertBoard,
        intake: Intake,
        sight: Sight,
        clock: Clock,
        alerts: AlertsConfig | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._rehearsal = Rehearsal(
            store=store, fleet=fleet, registry=registry, settings=alerts or AlertsConfig(), reach=reach
        )
        self._store = store
        self._registry = registry
        self._fleet = fleet
        self._feed = feed
        self._access = access
        self._board = board
        self._intake = intake
        self._sight = sight
        self._clock = clock

    async def ping(self, by: Viewer, asked: Nothing) -> Pong:
        """Whether the gateway listens."""
        return Pong()

    async def add_user(self, by: Viewer, asked: NewUser) -> UserAdded:
        require(by, "manage_access")
        user = await self._access.add_user(by, asked.name, asked.role, asked.scope(), asked.password)
        return UserAdded(name=user.name, role=user.role)

    async def change_grant(self, by: Viewer, name: str, role: Role, scope: Scope) -> None:
        """Another role and scope for a user. Raises NotFoundError, ConflictError."""
        require(by, "manage_access")
        await self._access.change_grant(by, name, role, scope)

    async def people_import(self, by: Viewer, csv: str) -> int:
        """Takes a whole file or nothing of it; how many people it has. Raises InvalidInputError, ConflictError."""
        require(by, "manage_access")
        lines = read_people(csv, {user.name for user in await self._store.users()})
        await self._access.take_people(by, lines)
        return len(lines)

    async def change_password(self, by: Viewer, asked: NewPassword) -> Named:
        """Raises NotFoundError, InvalidInputError."""
        require(by, "manage_access")
        await self._access.change_password(by, asked.name, asked.password)
        return Named(name=asked.name)

    async def remove_user(self, by: Viewer, asked: Named) -> Named:
        """Raises NotFoundError, ConflictError."""
        require(by, "manage_access")
        await self._access.remove_user(by, asked.name)
        return Named(name=asked.name)

    async def list_tokens(self, by: Viewer, asked: Nothing) -> TokensListed:
        require(by, "manage_access")
        return TokensListed(items=tuple(TokenView.of(token) for token in await self._access.tokens()))

    async def revoke_tokens(self, by: Viewer, asked: Named) -> TokensRevoked:
        """Raises NotFoundError."""
        require(by, "manage_access")
        return TokensRevoked(name=asked.name, tokens=await self._access.revoke_tokens(by, asked.name))

    async def create_token(self, by: Viewer, asked: NewToken) -> TokenCreated:
        require(by, "manage_access")
        token = await self._access.create_token(by, asked.name, asked.role, asked.scope())
        return TokenCreated(name=asked.name, token=token)

    async def tell_vendor(self, by: Viewer, asked: VendorTelling) -> VendorTold:
        """Keeps what a vendor's files say of windows that nobody was told of yet."""
        require(by, "manage_access")
        parts = [ToldPart(asked.name, span, document, asked.k) for span, document in asked.documents.items()]
        told = await self._store.keep_told(parts)
        return VendorTold(documents={part.span: ToldDocument(part.document, part.k) for part in told})

    async def quarantine_list(self, by: Viewer, asked: QuarantineQuery) -> QuarantineListed:
        require(by, "read_quarantine")
        entries = await self._store.quarantine(
            limit=asked.limit + 1, before=asked.before, reason=asked.reason, released=asked.released
        )
        page = entries[: asked.limit]
        more = len(entries) > asked.limit
        return QuarantineListed(
            items=tuple(QuarantineView.of(entry) for entry in page), next=page[-1].entry_id if more else None
        )

    async def quarantine_release(self, by: Viewer, asked: Release) -> Released:
        """Takes complete known parts in after all, some at a time. Raises NotFoundError where an id is no open entry's,
        before any is taken in."""
        require(by, "release_quarantine")
        at_ms = self.done_at(asked.at_ms)
        released: list[int] = []
        kept: list[int] = []
        async for entries in self._entries_to_release(asked.ids):
            complete = [entry for entry in entries if entry.rejection.known_json is not None]
            taken = sorted(await self._intake.release(complete)) if complete else []
            detail: dict[str, object] = {"released": taken}
            await self._store.add_audit(self._audit(by, "release_quarantine", "quarantine", detail, at_ms))
            released += taken
            kept += sorted({entry.entry_id for entry in entries} - set(taken))
        return Released(released=tuple(sorted(released)), kept=tuple(sorted(kept)))

    async def send_again(self, by: Viewer, message_id: int) -> bool:
        """Tries a message that was given up once more; False where it is none any more."""
        require(by, "resend_messages")
        audit = self._audit(by, "resend_message", str(message_id), {})
        return await self._store.send_again(message_id, self._clock.now_ms(), audit)

    async def registry_import(self, by: Viewer, asked: RegistryImport) -> RegistryImported:
        """Takes a whole file or nothing of it. Raises InvalidInputError with every mistake."""
        require(by, "exchange_registry")
        written = {(type(entry), entry_id(entry)): entry for entry in self._registry.entries()}
        read = read_registry(asked.csv, lambda entry_type, name: written.get((entry_type, name)))
        entries = [self._as_known(entry) for entry in read]
        await self._registry.save(entries, self._audit(by, "import_registry", "registry", {"entries": len(entries)}))
        self._tell(state.device_id for state in self._fleet.devices())
        return RegistryImported(
            clinics=_count(entries, Clinic),
            devices=_count(entries, DeviceEntry),
            nozzle_models=_count(entries, NozzleModel),
            lots=_count(entries, Lot),
        )

    async def registry_export(self, by: Viewer, asked: Nothing) -> RegistryExported:
        require(by, "exchange_registry")
        await self._store.add_audit(self._audit(by, "export_registry", "registry", {}))
        return RegistryExported(csv=write_registry(self._known_entries()))

    def _as_known(self, entry: RegistryEntry) -> RegistryEntry:
        """Who fills in a clinic that an export gave as discovered has written it down."""
        if not isinstance(entry, Clinic) or not entry.discovered or entry == self._registry.clinic(entry.clinic_id):
            return entry
        return entry.model_copy(update={"discovered": False})

    def _known_entries(self) -> list[RegistryEntry]:
        """What people wrote down, and the clinics and devices that were only discovered."""
        entries = list(self._registry.entries())
        written = {(type(entry), entry_id(entry)) for entry in entries}
        found: dict[tuple[EntryType, str], RegistryEntry] = {}
        for state in self._fleet.devices():
            found[DeviceEntry, state.device_id] = self._registry.device(state.device_id)
            if state.clinic_id:
                found[Clinic, state.clinic_id] = self._registry.clinic(state.clinic_id)
        return entries + [entry for key, entry in found.items() if key not in written]

    async def recall_lot(self, by: Viewer, asked: LotRecall) -> Lot:
        """Marks a lot as recalled; the first recall's time stays."""
        require(by, "recall_lot")
        at_ms = self.done_at(asked.at_ms)
        lot = self._registry.lot(asked.lot)
        recalled_ms = at_ms if lot.recalled_ms is None else lot.recalled_ms
        recalled = lot.model_copy(update={"recalled_ms": recalled_ms, "recall_note": asked.note or lot.recall_note})
        await self._registry.save([recalled], self._audit(by, "recall_lot", asked.lot, {"note": asked.note}, at_ms))
        fitted = (nozzle.device_id for nozzle in self._fleet.nozzles() if nozzle.lot == asked.lot)
        self._tell(fitted)
        return recalled

    async def acknowledge(self, by: Viewer, asked: Acknowledgement) -> Acknowledged:
        """Raises NotFoundError for an alert out of sight, ConflictError for one that is over."""
        require(by, "acknowledge_alert")
        at_ms = self.done_at(asked.at_ms)
        alert = await self._store.alert(asked.alert_id)
        if alert is None or not self._sight.sees_alert(by, alert):
            raise NotFoundError(f"there is no alert {asked.alert_id}")
        if alert.state == "resolved":
            raise ConflictError(f"alert {asked.alert_id} is resolved already")
        audit = self._audit(by, "acknowledge_alert", str(asked.alert_id), {"rule": alert.rule}, at_ms)
        alert = await self._board.acknowledge(asked.alert_id, by.name, at_ms, audit)
        if alert is None or alert.acknowledged_by is None or alert.acknowledged_ms is None:
            raise ConflictError(f"alert {asked.alert_id} is resolved already")
        return Acknowledged(
            alert_id=alert.alert_id, acknowledged_by=alert.acknowledged_by, acknowledged_ms=alert.acknowledged_ms
        )

    async def save_entry(self, by: Viewer, entry: RegistryEntry, changed: Sequence[str]) -> None:
        """Writes one registry entry; whoever calls has checked that the viewer may."""
        kind = type(entry).__name__.lower()
        audit = self._audit(by, f"edit_{kind}", entry_id(entry), {"fields": sorted(changed)})
        await self._registry.save([entry], audit)
        self._tell(self._devices_of(entry))

    async def replay(self, by: Viewer, asked: Replay) -> ReplayDone:
        """Ingests a recording that lies on the gateway's own machine."""
        require(by, "replay")
        replayed = await self._intake.replay(Path(asked.path))
        await self._store.add_audit(
            self._audit(by, "replay", Path(asked.path).name, {"deliveries": replayed.deliveries})
        )
        return ReplayDone(
            deliveries=replayed.deliveries,
            stored=replayed.stored,
            duplicates=replayed.duplicates,
            rejected=replayed.rejected,
            mistakes=replayed.mistakes,
        )

    async def rehearse(self, by: Viewer, asked: Rehearse) -> RehearsalDone:
        """Goes through stored history with a rule as it is and as it might be. Changes nothing."""
        require(by, "replay")
        now_ms = self._clock.now_ms()
        try:
            since_ms = parse_time(asked.since, now_ms)
        except ValueError as error:
            raise InvalidInputError([f"--since: {error}"]) from None
        done = await self._rehearsal.run(asked.rule, asked.changes, since_ms, now_ms + 1)
        return RehearsalDone(
            **(
                done._asdict()
                | {"now": done.now._asdict(), "changed": done.changed._asdict()}
                | {"reached_now": [one._asdict() for one in done.reached_now]}
                | {"reached_changed": [one._asdict() for one in done.reached_changed]}
            ),
        )

    def done_at(self, at_ms: int | None) -> int:
        """When something was done. Raises InvalidInputError for a time that has not come yet."""
        now_ms = self._clock.now_ms()
        if at_ms is not None and at_ms > now_ms + _AHEAD_MS:
            raise InvalidInputError(["at_ms: lies in the future"])
        return now_ms if at_ms is None else min(at_ms, now_ms)

    async def _entries_to_release(self, ids: Sequence[int] | None) -> AsyncIterator[Sequence[QuarantineEntry]]:
        """Open entries, a few hundred at a time: quarantine may hold a year's mistakes of a whole fleet."""
        if ids is None:
            async for rows in self._open_entries(None):
                yield rows
            return
        wanted = frozenset(ids)
        found: list[QuarantineEntry] = []
        async for rows in self._open_entries(max(wanted, default=0) + 1):
            found += [row for row in rows if row.entry_id in wanted]
            if rows[-1].entry_id <= min(wanted):
                break
        missing = sorted(wanted - {row.entry_id for row in found})
        if missing:
            raise NotFoundError(f"no open quarantine entry has the id {missing[0]}")
        for first in range(0, len(found), _CHUNK):
            yield found[first : first + _CHUNK]

    async def _open_entries(self, before: int | None) -> AsyncIterator[Sequence[QuarantineEntry]]:
        """Newest first."""
        while rows := await self._store.quarantine(limit=_CHUNK, before=before, released=False):
            yield rows
            before = rows[-1].entry_id

    def _devices_of(self, entry: RegistryEntry) -> Iterable[str]:
        match entry:
            case DeviceEntry():
                return (entry.device_id,)
            case Clinic():
                return (state.device_id for state in self._fleet.devices() if state.clinic_id == entry.clinic_id)
            case NozzleModel():
                return (nozzle.device_id for nozzle in self._fleet.nozzles() if nozzle.model == entry.model)
            case Lot():
                return (nozzle.device_id for nozzle in self._fleet.nozzles() if nozzle.lot == entry.lot)

    def _tell(self, device_ids: Iterable[str]) -> None:
        """Pages draw these devices again and rules look at them again; no commit stands behind it."""
        self._feed.publish(0, frozenset(device_ids))

    def _audit(
        self, by: Viewer, action: str, subject: str, detail: dict[str, object], at_ms: int | None = None
    ) -> AuditRow:
        return audit_row(self._clock.now_ms(), by.name, action, subject, detail, at_ms)


def _count(entries: Iterable[RegistryEntry], entry_type: EntryType) -> int:
    return sum(type(entry) is entry_type for entry in entries)
