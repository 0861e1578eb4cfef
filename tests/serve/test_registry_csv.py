"""The registry as a CSV file."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInputError
from gateway.serve.registry_csv import EntryType, read_registry, write_registry
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry

_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
_texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
    st.from_regex(r"'{0,3}[=+@\-][a-z\"',;]{0,5}", fullmatch=True),
)
_entries = st.one_of(
    st.builds(
        Clinic,
        clinic_id=_names,
        name=_texts,
        region=_texts,
        contact=_texts,
        timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
        opening_hours=st.sampled_from(["", "08:00-18:00,closed,closed,closed,closed,closed,00:00-24:00"]),
        discovered=st.booleans(),
    ),
    st.builds(DeviceEntry, device_id=_names, label=_texts, state=st.sampled_from(["in_service", "retired"])),
    st.builds(
        NozzleModel,
        model=_names,
        rated_strikes=st.none() | st.integers(1, 2**53),
        coating_limit=st.floats(0, 0.99),
        price=st.none() | st.floats(0, 1e9),
        fits=st.lists(_names, max_size=3).map(tuple),
    ),
    st.builds(Lot, lot=_names, model=st.none() | _names, recalled_ms=st.none() | st.integers(1, 4_102_444_800_000)),
)


def nothing(entry_type: EntryType, name: str) -> RegistryEntry | None:
    return None


def key(entry: RegistryEntry) -> tuple[str, str]:
    return (type(entry).__name__, str(next(iter(entry.model_dump().values()))))


@given(st.lists(_entries, unique_by=key, max_size=6))
def test_what_was_exported_imports_to_the_same(entries: list[RegistryEntry]) -> None:
    back = read_registry(write_registry(entries), nothing)
    assert sorted(back, key=key) == sorted(entries, key=key)


@given(st.lists(_entries, unique_by=key, max_size=4))
def test_no_exported_cell_runs_as_a_formula(entries: list[RegistryEntry]) -> None:
    for row in csv.reader(io.StringIO(write_registry(entries), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    text = (
        "kind,clinic_id,timezone,opening_hours,device_id,model,coating_limit\n"
        "clinic,alsterdorf,Europe/Berlin,,,,\n"
        "clinic,no spaces,Europe/Nowhere,,,,\n"
        "clinic,barmbek,Mars/Olympus,always,,,\n"
        "\n"
        "gadget,x,,,,,\n"
        "nozzle_model,,,,,fine,1.5\n"
        "device,alsterdorf,,,d-one,,\n"
        "clinic,alsterdorf,,,,,\n"
    )
    with pytest.raises(InvalidInputError) as raised:
        read_registry(text, nothing)
    told = raised.value.mistakes
    for start in ("line 3: clinic_id", "line 4: timezone", "line 4: opening_hours", "line 6: kind", "line 7: coating"):
        assert any(line.startswith(start) for line in told), (start, told)
    assert "line 8: clinic_id: a device has no such field" in told
    assert "line 9: clinic alsterdorf is on line 2 already" in told


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "the file is empty"),
        ("kind;clinic_id\nclinic;a\n", "line 1: unknown column 'kind;clinic_id'"),
        ("clinic_id\na\n", "line 1: the column 'kind' is missing"),
        ("kind,kind\nclinic,clinic\n", "line 1: column 'kind' is there twice"),
        ('kind,clinic_id\nclinic,"a\n', "this is no CSV"),
        ("kind,clinic_id\nclinic,a,b\n", "line 2: 3 cells, but the first line has 2"),
    ],
)
def test_a_file_that_is_no_registry_says_why(text: str, mistake: str) -> None:
    with pytest.raises(InvalidInputError, match=mistake):
        read_registry(text, nothing)


def test_a_column_that_the_file_lacks_leaves_what_is() -> None:
    known = Clinic(clinic_id="alsterdorf", name="Old", contact="office@alster.example", discovered=True)
    (entry,) = read_registry("kind,clinic_id,name,region\nclinic,alsterdorf,New,\n", lambda *_: known)
    assert entry == Clinic(clinic_id="alsterdorf", name="New", contact="office@alster.example")


def test_a_spreadsheets_byte_order_mark_is_passed_over() -> None:
    assert read_registry("\ufeffkind,lot\nlot,lot-a\n", nothing) == (Lot(lot="lot-a"),)
