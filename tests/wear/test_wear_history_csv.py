"""Histories from CSV: anything sensible is read, and every mistake is told with its line."""

from __future__ import annotations

import pytest

from gateway.errors import InvalidInputError
from gateway.wear.history_csv import read_history


def test_rows_and_columns_come_in_any_order() -> None:
    made = read_history("\ufefflot, wear,extra,usage,unit\nL1,2,x,20,a\n,5,y,1,b\nL1,1,z,10,a\n", "f")
    assert [(u.name, u.lot, u.usage.tolist(), u.wear.tolist()) for u in made] == [
        ("a", "L1", [10.0, 20.0], [1.0, 2.0]),
        ("b", None, [1.0], [5.0]),
    ]


def test_columns_that_are_not_read_may_be_there_twice() -> None:
    """Spreadsheets leave nameless columns at the end."""
    assert [u.name for u in read_history("unit,usage,wear,,\na,1,2,,\n", "f")] == ["a"]


def test_every_mistake_is_told_with_its_line() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_history("unit,usage,wear,lot\na,1,nan,L\n,2,3,L\na,x,y,L\na,1,2\nb,1,2,L\nb,2,3,M\n", "f.csv")
    assert caught.value.mistakes == [
        "f.csv: line 2: wear: no number (found 'nan')",
        "f.csv: line 3: unit: empty",
        "f.csv: line 4: usage: no number (found 'x')",
        "f.csv: line 4: wear: no number (found 'y')",
        "f.csv: line 5: 3 fields, the header has 4",
        "f.csv: unit b is in several lots: L, M",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column unit"),
        ("unit,usage\na,1\n", "no column wear"),
        ("unit,usage,wear\n", "no readings"),
        ("unit,usage,wear,Wear\na,1,2,3\n", "f: line 1: column wear is there twice"),
        ("lot,unit,usage,wear,lot\na,1,2,3,4\n", "f: line 1: column lot is there twice"),
        ("unit,usage,wear\na,1,1e999\n", "no number"),
        ('unit,usage,wear\n"a,1,2\n', "line"),
    ],
)
def test_what_is_no_history_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        read_history(text, "f")


def test_a_hopeless_file_does_not_fill_the_screen() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_history("unit,usage,wear\n" + "a,b,c\n" * 1_000, "f")
    assert len(caught.value.mistakes) == 51
    assert "1950 more" in caught.value.mistakes[-1]
