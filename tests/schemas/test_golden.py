"""Every golden case ends in exactly the records and rejections that its file says."""

from __future__ import annotations

import json

import pytest

from schemas.decode import decode
from schemas.exact import decode_exactly
from schemas.rejection import REASONS
from tests.golden.cases import ExpectedRejection, GoldenCase, golden_cases, poison_cases

ALL = [*golden_cases("good"), *golden_cases("mixed"), *golden_cases("poison")]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_golden_case_ends_as_its_file_says(case: GoldenCase) -> None:
    decoded = decode(case.topic, case.payload)

    assert [record._asdict() for record in decoded.records] == list(case.records)
    assert [
        ExpectedRejection(
            rejection.reason,
            rejection.path,
            None if rejection.known_json is None else json.loads(rejection.known_json),
            rejection.boot_id,
            rejection.seq,
        )
        for rejection in decoded.rejections
    ] == list(case.rejections)
    assert all(rejection.size_bytes == len(case.payload) for rejection in decoded.rejections)
    assert decode_exactly(case.topic, case.payload, "fleet") == decoded


def test_the_poison_covers_every_reason_that_a_decoder_can_give() -> None:
    cases = poison_cases()

    assert len(cases) >= 200
    assert {case.reason for case in cases} == set(REASONS) - {"too_old"}
    assert len({(case.topic, case.payload) for case in cases}) == len(cases)


@pytest.mark.parametrize("case", golden_cases("poison"), ids=lambda case: case.name)
def test_nothing_unknown_of_a_poison_is_kept(case: GoldenCase) -> None:
    (rejection,) = decode(case.topic, case.payload).rejections

    assert "Canary" not in repr(rejection)
    assert "4711" not in (rejection.known_json or "")
