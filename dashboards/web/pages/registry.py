"""The registry page: what people say of clinics, devices and nozzle models, one list and one form. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, get_args
from urllib.parse import urlencode
from zoneinfo import available_timezones

from dashboards.web.format import count_text
from dashboards.web.mistake_sentences import mistake_texts
from dashboards.web.pages.alerts import Choice
from dashboards.web.pages.clinic import opening_hours_text
from dashboards.web.pages.numbers import whole_number
from dashboards.web.strings import Strings
from schemas.page_views import EntryKind, PageAct, RegistryView
from schemas.registry import Clinic, DeviceEntry, DeviceLifecycle, Lot, NozzleModel, RegistryEntry

PATH: Final = "/registry"
PAGE_ROWS: Final = 50
_MOST_DIGITS: Final = 6
KINDS: Final[tuple[EntryKind, ...]] = get_args(EntryKind)
FIELDS: Final[Mapping[EntryKind, tuple[str, ...]]] = {
    "clinic": ("name", "region", "timezone", "opening_hours", "contact"),
    "device": ("label", "room", "asset_tag", "state"),
    "nozzle_model": ("rated_strikes", "coating_limit", "lead_days", "price", "fits"),
    "lot": ("model", "recalled", "recall_note"),
}
_EDITS: Final[Mapping[EntryKind, PageAct]] = {
    "clinic": "edit_clinic",
    "device": "edit_device",
    "nozzle_model": "edit_nozzle_model",
    "lot": "edit_lot",
}
_NUMERIC: Final = frozenset({"rated_strikes", "lead_days"})
_DECIMAL: Final = frozenset({"coating_limit", "price"})


class Field(NamedTuple):
    """One field of an entry; `choices` where one of a few must be taken."""

    name: str
    text: str
    hint: str
    value: str
    shown: str
    keyboard: str
    choices: tuple[Choice, ...]


class EntryRow(NamedTuple):
    """One entry."""

    id: str
    tag: str
    fields: tuple[Field, ...]
    edit_path: str


class Tab(NamedTuple):
    """One kind of entry to choose."""

    text: str
    number: str
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class RegistryAsked:
    """What an address asks for."""

    kind: EntryKind = "clinic"
    search: str = ""
    page: int = 1
    edit: str = ""
    saved: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was typed and could not be saved."""

    fields: Mapping[str, str] = field(default_factory=dict)
    mistakes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImportTried:
    """How an import went."""

    done: str = ""
    mistakes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RegistryPage:
    """All that the registry page shows, as text."""

    kind: EntryKind
    tabs: tuple[Tab, ...]
    rows: tuple[EntryRow, ...]
    columns: tuple[str, ...]
    count_text: str
    search: str
    edit: str
    may_edit: bool
    here: str
    saved: str
    mistakes: tuple[str, ...]
    imported: ImportTried
    page_text: str
    previous: str
    next: str


def read_address(query: Mapping[str, str]) -> RegistryAsked:
    """What is not known is as if it were not there."""
    kind: EntryKind = next((kind for kind in KINDS if kind == query.get("kind")), KINDS[0])
    return RegistryAsked(
        kind=kind,
        search=query.get("q", "").strip()[:100],
        page=whole_number(query.get("page"), _MOST_DIGITS) or 1,
        edit=query.get("edit", ""),
        saved=query.get("saved", ""),
    )


def write_address(asked: RegistryAsked) -> str:
    """The address that asks for this."""
    query: dict[str, str | int] = {} if asked.kind == "clinic" else {"kind": asked.kind}
    if asked.search:
        query["q"] = asked.search
    if asked.page > 1:
        query["page"] = asked.page
    for name in ("edit", "saved"):
        if value := getattr(asked, name):
            query[name] = value
    return f"{PATH}?{urlencode(query)}" if query else PATH


def registry_page(
    *,
    asked: RegistryAsked,
    registry: RegistryView,
    may: frozenset[PageAct],
    tried: Tried,
    imported: ImportTried,
    strings: Strings,
) -> RegistryPage:
    """The page; `tried` is of the entry that is being edited."""
    words = strings.pages.registry
    entries: dict[EntryKind, Sequence[RegistryEntry]] = {
        "clinic": registry.clinics,
        "device": registry.devices,
        "nozzle_model": registry.nozzle_models,
        "lot": registry.lots,
    }
    found = [entry for entry in entries[asked.kind] if _matches(entry, asked.search)]
    pages = max(1, -(-len(found) // PAGE_ROWS))
    page = min(asked.page, pages)
    shown = found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    may_edit = _EDITS[asked.kind] in may
    plain = RegistryAsked(asked.kind, asked.search, page)
    ids = {_id_of(entry) for entry in shown}
    return RegistryPage(
        kind=asked.kind,
        tabs=tuple(
            Tab(
                words.kinds[kind],
                count_text(len(entries[kind]), strings.numbers),
                write_address(RegistryAsked(kind)),
                kind == asked.kind,
            )
            for kind in KINDS
            if kind != "lot" or registry.lots
        ),
        rows=tuple(_row(entry, asked, plain, tried, strings) for entry in shown),
        columns=tuple(words.fields[name] for name in FIELDS[asked.kind]),
        count_text=words.counts[asked.kind].of(len(found)).format(n=count_text(len(found), strings.numbers)),
        search=asked.search,
        edit=asked.edit if may_edit and asked.edit in ids else "",
        may_edit=may_edit,
        here=write_address(plain),
        saved=words.saved.format(id=asked.saved) if asked.saved in ids else "",
        mistakes=mistake_texts(tried.mistakes, strings.pages.registry.fields, strings),
        imported=imported,
        page_text=words.page_of.format(n=page, all=pages) if pages > 1 else "",
        previous=write_address(RegistryAsked(asked.kind, asked.search, page - 1)) if page > 1 else "",
        next=write_address(RegistryAsked(asked.kind, asked.search, page + 1)) if page < pages else "",
    )


def _row(
    entry: RegistryEntry,
    asked: RegistryAsked,
    plain: RegistryAsked,
    tried: Tried,
    strings: Strings,
) -> EntryRow:
    entry_id = _id_of(entry)
    typed = tried.fields if entry_id == asked.edit else {}
    is_new = (isinstance(entry, Clinic) and entry.discovered) or (
        isinstance(entry, DeviceEntry) and entry.state == "discovered"
    )
    editing = RegistryAsked(plain.kind, plain.search, plain.page, edit=entry_id)
    return EntryRow(
        id=entry_id,
        tag=strings.pages.registry.discovered if is_new else "",
        fields=tuple(_field(name, entry, typed, strings) for name in FIELDS[asked.kind]),
        edit_path=f"{write_address(editing)}#edit",
    )


def _field(name: str, entry: RegistryEntry, typed: Mapping[str, str], strings: Strings) -> Field:
    words = strings.pages.registry
    value = typed.get(name, _value_of(entry, name))
    choices: tuple[Choice, ...] = ()
    shown = opening_hours_text(value, strings) if name == "opening_hours" else value
    if name == "state":
        lifecycles = strings.fleet.lifecycles
        states: tuple[DeviceLifecycle, ...] = get_args(DeviceLifecycle)
        choices = tuple(Choice(state, lifecycles[state], state == value) for state in states)
        shown = next((choice.text for choice in choices if choice.current), value)
    elif name == "recalled":
        choices = tuple(Choice(each, words.fields[each], each == value) for each in ("no", "yes"))
        shown = words.fields["yes"] if value == "yes" else ""
    keyboard = "numeric" if name in _NUMERIC else "decimal" if name in _DECIMAL else "text"
    return Field(name, words.fields[name], words.hints.get(name, ""), value, shown, keyboard, choices)


def time_zones() -> list[str]:
    """Every IANA time zone, to choose from."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def _value_of(entry: RegistryEntry, name: str) -> str:
    if isinstance(entry, Lot) and name == "recalled":
        return "no" if entry.recalled_ms is None else "yes"
    return _text(getattr(entry, name))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return " ".join(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _id_of(entry: RegistryEntry) -> str:
    match entry:
        case Clinic():
            return entry.clinic_id
        case DeviceEntry():
            return entry.device_id
        case NozzleModel():
            return entry.model
        case Lot():
            return entry.lot


def _matches(entry: RegistryEntry, search: str) -> bool:
    haystack = " ".join(_text(value) for value in entry.model_dump().values()).casefold()
    return all(needle in haystack for needle in search.casefold().split())
