"""People as a file: taken whole or not at all, with every mistake and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ForbiddenError, InvalidInputError, NotSignedInError
from gateway.serve.access import LOCAL
from gateway.serve.people_csv import read_people
from schemas.access import Scope, Viewer
from tests.serve.rig import EVERYTHING, PASSWORD, opened_rig

ADMIN = Viewer("admin", "admin")
MANAGER = Viewer("manager", "manager")
HEADER = "name,role,clinics,models,password\n"


def test_a_file_says_role_scope_and_the_passwords_of_new_people() -> None:
    text = "\ufeff" + HEADER + "ann,technician,alpha beta;gamma,,a long one\n'=bob,manager,,m-1,\n"
    ann, bob = read_people(text, {"=bob"})
    assert (ann.role, ann.scope.clinics, ann.scope.models) == (
        "technician",
        frozenset({"alpha", "beta", "gamma"}),
        None,
    )
    assert (bob.name, bob.password, bob.scope) == ("=bob", None, Scope(models=frozenset({"m-1"})))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "begin with the line name,role,clinics,models,password"),
        ("name,role\n", "begin with the line"),
        ("name,role,clinics,models,colour\n", "begin with the line"),
        ("name,role,clinics,models,role\n", "line 1: column 'role' is there twice"),
        (HEADER + "ann,emperor,,,x\n", "line 2: role: write one of"),
        (HEADER + "ann,admin,,,\n", "line 2: ann is new"),
        (HEADER + "bob,admin,,,secret\n", "line 2: bob is there already"),
        (HEADER + "bob,admin\n\nbob,admin\n", "line 4: bob is in the file already"),
        (HEADER + "bob,admin,,,,more\n", "line 2: there are more cells"),
        (HEADER + 'bob,"admin\n', "line 1: unexpected end"),
    ],
)
def test_each_mistake_is_told_with_its_line(text: str, mistake: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_people(text, {"bob"})
    assert caught.value.mistakes[0].startswith(mistake)


async def test_a_file_of_people_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    rig = await opened_rig(tmp_path)
    acts, access = rig.services.page_acts, rig.services.access
    await access.add_user(LOCAL, "chief", "admin", EVERYTHING, PASSWORD)
    wrong = await acts.import_people(ADMIN, HEADER + "ann,technician,,,long enough\n-bad,manager,,,long enough\n")
    assert (wrong.entries, wrong.mistakes[0].startswith("-bad: a name has")) == (0, True)
    alone = await acts.import_people(ADMIN, HEADER + "ann,technician,,,long enough\nchief,manager,,,\n")
    assert "nobody would be left" in alone.mistakes[0]
    with pytest.raises(NotSignedInError):
        await access.sign_in("ann", "long enough", "1.2.3.4")
    done = await acts.import_people(ADMIN, HEADER + "ann,admin,,,long enough\nchief,manager,alpha,,\n")
    assert (done.entries, done.mistakes) == (2, ())
    assert (await access.sign_in("ann", "long enough", "1.2.3.4")).viewer.role == "admin"
    chief = (await access.sign_in("chief", PASSWORD, "1.2.3.4")).viewer
    assert (chief.role, chief.scope.clinics) == ("manager", frozenset({"alpha"}))
    trail = [(row.action, row.subject) for row in await rig.store.audit(limit=9, before=None)]
    assert {("add_user", "ann"), ("change_grant", "chief")} <= set(trail)
    with pytest.raises(ForbiddenError):
        await acts.import_people(MANAGER, HEADER)
    await rig.store.close()
