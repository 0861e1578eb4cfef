"""The page of people: who may sign in, in which role, and what they see. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboards.web.format import UTC_ZONE, count_text, date_text, local_date
from dashboards.web.mistake_sentences import mistake_texts
from dashboards.web.pages.alerts import Choice
from dashboards.web.strings import Strings
from schemas.access import ROLES
from schemas.page_views import PersonView

PATH: Final = "/registry/people"
FIELDS: Final = ("role", "clinics", "models")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class PersonRow(NamedTuple):
    """One person; `clinics_typed` and `models_typed` as a form has them, empty for all."""

    name: str
    role: str
    clinics: str
    models: str
    since: str
    clinics_typed: str
    models_typed: str
    roles: tuple[Choice, ...]
    edit_path: str


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    """What an address asks for."""

    edit: str = ""
    saved: str = ""


@dataclass(frozen=True, slots=True)
class PersonTried:
    """What was typed and could not be saved; `new`: of somebody who is not there yet."""

    fields: Mapping[str, str]
    mistakes: Sequence[str]
    new: bool


@dataclass(frozen=True, slots=True)
class PeopleImported:
    """How the import of a file went."""

    done: str = ""
    mistakes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """All that the page shows, as text."""

    rows: tuple[PersonRow, ...]
    count: str
    edit: str
    saved: str
    mistakes: tuple[str, ...]
    new: PersonRow
    new_mistakes: tuple[str, ...]
    imported: PeopleImported


def people_page(
    people: Sequence[PersonView],
    asked: PeopleAsked,
    tried: PersonTried | None,
    imported: PeopleImported,
    strings: Strings,
) -> PeoplePage:
    """The page; `tried` is of the person who is being edited, or of a new one."""
    names = {person.name for person in people}
    typed = tried.fields if tried else {}
    empty = PersonView(name="", role="technician", clinics=None, models=None, created_ms=0)
    return PeoplePage(
        rows=tuple(
            _row(person, typed if tried and not tried.new and person.name == asked.edit else {}, strings)
            for person in people
        ),
        count=strings.people.count.of(len(people)).format(n=count_text(len(people), strings.numbers)),
        edit=asked.edit if asked.edit in names else "",
        saved=strings.people.saved.format(id=asked.saved) if asked.saved in names else "",
        mistakes=mistake_texts(tried.mistakes, strings.people.fields, strings) if tried and not tried.new else (),
        new=_row(empty, typed if tried and tried.new else {}, strings)._replace(
            name=typed.get("name", "") if tried and tried.new else "", since=""
        ),
        new_mistakes=mistake_texts(tried.mistakes, strings.people.fields, strings) if tried and tried.new else (),
        imported=imported,
    )


def people_address(asked: PeopleAsked) -> str:
    """The address that asks for this."""
    query = {name: value for name, value in (("edit", asked.edit), ("saved", asked.saved)) if value}
    return f"{PATH}?{urlencode(query)}" if query else PATH


def people_csv(people: Sequence[PersonView]) -> str:
    """Who may sign in, without anything secret; what a spreadsheet would run has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "role", "clinics", "models"))
    for person in people:
        cells = (person.name, person.role, " ".join(person.clinics or ()), " ".join(person.models or ()))
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells])
    return text.getvalue()


def _row(person: PersonView, typed: Mapping[str, str], strings: Strings) -> PersonRow:
    words, role = strings.people, typed.get("role", person.role)
    return PersonRow(
        name=person.name,
        role=strings.shell.roles[person.role],
        clinics=words.everything if person.clinics is None else ", ".join(person.clinics),
        models=words.everything if person.models is None else ", ".join(person.models),
        since=date_text(local_date(person.created_ms, UTC_ZONE), strings.numbers, strings.pages.common),
        clinics_typed=typed.get("clinics", " ".join(person.clinics or ())),
        models_typed=typed.get("models", " ".join(person.models or ())),
        roles=tuple(Choice(each, strings.shell.roles[each], each == role) for each in ROLES),
        edit_path=f"{people_address(PeopleAsked(edit=person.name))}#edit",
    )
