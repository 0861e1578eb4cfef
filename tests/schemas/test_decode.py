"""Decoding: what the golden cases don't say."""

from __future__ import annotations

import json

import pytest

from schemas.decode import Decoded, decode
from schemas.messages import SessionMessage, TelemetrySample
from tests.golden.written import BOOT_ID, CLINIC_ID, DEVICE_ID, good, replaced, topic, written


def test_an_empty_payload_clears_a_status_and_says_nothing() -> None:
    assert decode(topic("status"), b"") == Decoded((), (), "status")


def test_an_empty_payload_of_another_kind_is_no_json() -> None:
    (rejection,) = decode(topic("session"), b"").rejections

    assert rejection.reason == "not_json"


def test_the_root_is_configurable() -> None:
    payload = written(good("telemetry", 1)).encode()

    assert decode(f"site/a/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry", payload, "site/a").records
    assert decode(topic("telemetry"), payload, "site/a").rejections[0].reason == "bad_topic"


@pytest.mark.parametrize(
    ("kind", "label"), [("telemetry", "telemetry"), ("status", "status"), ("advice", "other"), ("x", "other")]
)
def test_the_metrics_label_is_a_kind_or_other(kind: str, label: str) -> None:
    assert decode(topic(kind), b"{").kind == label


def test_a_batch_rejected_as_a_whole_names_the_samples_that_can_be_read() -> None:
    twice = written(good("telemetry", 9))[:-1] + ',"seq":9}'
    samples = f'{written(good("telemetry", 7))},{{"boot_id":"b","seq":8}},{{"boot_id":"b"}},3,{twice}'

    (rejection,) = decode(topic("telemetry"), f'{{"samples":[{samples}],"x":1}}'.encode()).rejections

    assert rejection.record_names == ((BOOT_ID, 7), ("b", 8))
    assert (rejection.boot_id, rejection.seq) == (None, None)
    assert json.loads(rejection.known_json or "")["samples"][0] == good("telemetry", 7)


def test_too_many_samples_are_named_too() -> None:
    samples = [{"boot_id": "b", "seq": seq} for seq in range(1001)]

    (rejection,) = decode(topic("telemetry"), json.dumps({"samples": samples}).encode()).rejections

    assert (rejection.reason, rejection.path, rejection.known_json) == ("out_of_range", "samples", "{}")
    assert rejection.record_names == tuple(("b", seq) for seq in range(1001))


def test_a_thousand_samples_are_taken() -> None:
    samples = [good("telemetry", seq) for seq in range(1000)]

    decoded = decode(topic("telemetry"), json.dumps({"samples": samples}).encode())

    assert [record.seq for record in decoded.records] == list(range(1000))  # type: ignore[union-attr]


def test_an_unsupported_kind_still_names_its_record() -> None:
    (rejection,) = decode(topic("diagnostics"), written(good("session", 5)).encode()).rejections

    assert (rejection.kind, rejection.clinic_id, rejection.device_id) == (None, CLINIC_ID, DEVICE_ID)
    assert (rejection.boot_id, rejection.seq) == (BOOT_ID, 5)


def test_a_record_is_named_even_where_the_clinic_can_not_be() -> None:
    (rejection,) = decode(f"fleet/v1/c 1/{DEVICE_ID}/session", written(good("session", 5)).encode()).rejections

    assert (rejection.kind, rejection.clinic_id, rejection.device_id) == ("session", None, DEVICE_ID)
    assert (rejection.boot_id, rejection.seq) == (BOOT_ID, 5)


def test_a_wire_message_can_be_built_and_sent() -> None:
    sample = TelemetrySample.model_validate(good("telemetry", 3))
    session = SessionMessage.model_validate(good("session", 4))

    for kind, message in (("telemetry", sample), ("session", session)):
        assert decode(topic(kind), message.model_dump_json(exclude_unset=True).encode()).records


def test_null_stands_only_where_the_contract_says_so() -> None:
    nulled = replaced(good("telemetry", 1), ("up_ms",), None)

    (rejection,) = decode(topic("telemetry"), written(nulled).encode()).rejections

    assert (rejection.reason, rejection.path) == ("wrong_type", "up_ms")
