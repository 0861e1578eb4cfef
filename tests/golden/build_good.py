"""Golden cases that are taken: every field, no optional field, every null, both ends of every range, odd JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.golden.written import (
    BOOT_ID,
    CLINIC_ID,
    DEVICE_ID,
    Case,
    Pairs,
    Raw,
    good,
    replaced,
    topic,
    without,
    written,
)

TELEMETRY = topic("telemetry")
MAX_COUNT = 9_007_199_254_740_991
MIN_TIME_MS = 946_684_800_000
MAX_TIME_MS = 4_102_444_800_000


def good_message_cases() -> Iterator[Case]:
    seqs = count(40_000)
    for message, name in _telemetry(seqs):
        yield Case("telemetry", name, TELEMETRY, written(message), (), (sample_record(message),))
    for message, name in _sessions(seqs):
        yield Case("session", name, topic("session"), written(message), (), (_session_record(message),))
    for message, name in _nozzles(seqs):
        yield Case("nozzle", name, topic("nozzle"), written(message), (), (_nozzle_record(message),))
    for message, name in _statuses():
        yield Case("status", name, topic("status"), written(message), (), (_status_record(message),))
    yield from _odd_json(seqs)
    yield from _batches(seqs)


def _telemetry(seqs: Iterator[int]) -> Iterator[tuple[dict[str, Any], str]]:
    def base() -> dict[str, Any]:
        return good("telemetry", next(seqs))

    yield base(), "every field"
    bare = without(without(without(base(), ("up_ms",)), ("power", "health")), ("nozzle", "depth_mm"))
    yield bare, "no optional field"
    yield replaced(base(), ("nozzle",), None), "no nozzle fitted"
    yield replaced(base(), ("nozzle", "serial"), None), "a tag that can't be read"
    yield replaced(base(), ("ts_ms",), None), "a clock that is not set"
    nulls = base()
    for path in (
        ("power", "charge"),
        ("power", "voltage_v"),
        ("power", "health"),
        ("nozzle", "coating"),
        ("nozzle", "depth_mm"),
    ):
        nulls = replaced(nulls, path, None)
    yield nulls, "every measurement null"
    for name, count_, time_ms, ratio, volts, depth_mm in (
        ("every lower end", 0, MIN_TIME_MS, 0, 0, 0),
        ("every upper end", MAX_COUNT, MAX_TIME_MS, 1, 500, 5),
    ):
        message = {
            "boot_id": "b" * (1 if count_ == 0 else 36),
            "seq": count_,
            "ts_ms": time_ms,
            "up_ms": count_,
            "power": {"source": "mains", "charge": ratio, "voltage_v": volts, "health": ratio},
            "nozzle": {
                "serial": "N" * (1 if count_ == 0 else 64),
                "strikes": count_,
                "coating": ratio,
                "depth_mm": depth_mm,
            },
            "sessions": {"total": count_, "active": count_ == 0},
        }
        yield message, name
    yield replaced(base(), ("nozzle", "serial"), "4" * 64), "a serial of 64 digits"
    yield replaced(base(), ("nozzle", "serial"), "samples"), "a serial that reads samples"


def _sessions(seqs: Iterator[int]) -> Iterator[tuple[dict[str, Any], str]]:
    yield good("session", next(seqs)), "every field"
    yield without(without(good("session", next(seqs)), ("up_ms",)), ("end",)), "no optional field"
    nulls = good("session", next(seqs))
    for key in ("ts_ms", "started_ms", "ended_ms", "depth_mm", "nozzle_serial"):
        nulls = replaced(nulls, (key,), None)
    yield nulls, "every null"
    for end in ("normal", "stopped", "power_lost"):
        yield replaced(good("session", next(seqs)), ("end",), end), f"end = {end}"
    short = good("session", next(seqs))
    yield replaced(short, ("ended_ms",), short["started_ms"]), "ended when it started"
    yield replaced(good("session", next(seqs)), ("started_ms",), None), "start unknown"
    yield (
        replaced(good("session", next(seqs)), ("session_id",), "0123456789abcdef-0123456789abcdef-01"),
        "a long session_id",
    )


def _nozzles(seqs: Iterator[int]) -> Iterator[tuple[dict[str, Any], str]]:
    yield good("nozzle", next(seqs)), "every field"
    bare = good("nozzle", next(seqs))
    for key in ("up_ms", "model", "lot", "rated_strikes", "expires_on"):
        bare = without(bare, (key,))
    yield bare, "no optional field"
    yield replaced(good("nozzle", next(seqs)), ("event",), "removed"), "removed"
    yield replaced(good("nozzle", next(seqs)), ("rated_strikes",), 1), "rated for one strike"
    yield replaced(good("nozzle", next(seqs)), ("expires_on",), "2000-01-01"), "long expired"


def _statuses() -> Iterator[tuple[dict[str, Any], str]]:
    yield good("status", 0), "every field"
    yield {"state": "online"}, "no optional field"
    yield {"state": "offline", "boot_id": BOOT_ID}, "a will"
    yield {"state": "online", "ts_ms": None, "form": "stationary", "interval_s": 1}, "a clock that is not set"
    yield replaced(good("status", 1), ("firmware",), "1.0_rc-2+deb.12"), "every character of a version"


def _odd_json(seqs: Iterator[int]) -> Iterator[Case]:
    message = good("telemetry", next(seqs))
    record = sample_record(message)
    text = written(message)
    spaced = text.replace(",", " ,\r\n").replace(":", "\t: ").replace("{", "{ ").replace("}", "\n}")
    yield Case("odd_json", "blanks everywhere", TELEMETRY, f" \n{spaced}\r\n\t", (), (record,))
    escaped = text.replace('"seq"', '"\\u0073eq"').replace('"battery"', '"b\\u0061ttery"')
    yield Case("odd_json", "escapes in keys and values", TELEMETRY, escaped, (), (record,))
    turned = Pairs(tuple(reversed(message.items())))
    yield Case("odd_json", "keys in another order", TELEMETRY, written(turned), (), (record,))
    for name, token, value in (
        ("minus zero", "-0", 0.0),
        ("an exponent in a number", "83e-2", 0.83),
        ("a capital exponent", "0.0083E+2", 0.83),
        ("a number of 40 digits", "0." + "3" * 39, 1 / 3),
        ("a number too small for a double", "1e-999", 0.0),
    ):
        odd = replaced(message, ("power", "charge"), Raw(token))
        yield Case("odd_json", name, TELEMETRY, written(odd), (), (record | {"charge_ratio": value},))
    padded = [(text, 1), (" ", 524_288 - len(text))]
    yield Case("odd_json", "512 KiB", TELEMETRY, padded, (), (record,))


def _batches(seqs: Iterator[int]) -> Iterator[Case]:
    for size in (1, 3, 20):
        samples = [good("telemetry", next(seqs)) for _ in range(size)]
        records = tuple(map(sample_record, samples))
        yield Case("batch", f"a batch of {size}", TELEMETRY, written({"samples": samples}), (), records)
    samples = [good("telemetry", next(seqs)), replaced(good("telemetry", next(seqs)), ("nozzle",), None)]
    escaped = written({"samples": samples}).replace('"samples"', '"s\\u0061mples"')
    yield Case("batch", "an escape in samples", TELEMETRY, escaped, (), tuple(map(sample_record, samples)))
    text = " " * 40 + written({"samples": samples})
    yield Case("batch", "blanks before samples", TELEMETRY, text, (), tuple(map(sample_record, samples)))


def sample_record(message: dict[str, Any]) -> dict[str, Any]:
    nozzle = message["nozzle"] or {}
    power = message["power"]
    return _named(message) | {
        "power_source": power["source"],
        "charge_ratio": power["charge"],
        "voltage_v": power["voltage_v"],
        "health_ratio": power.get("health"),
        "nozzle_fitted": message["nozzle"] is not None,
        "nozzle_serial": nozzle.get("serial"),
        "strikes": nozzle.get("strikes"),
        "coating_ratio": nozzle.get("coating"),
        "depth_mm": nozzle.get("depth_mm"),
        "sessions_total": message["sessions"]["total"],
        "session_active": message["sessions"]["active"],
    }


def _named(message: dict[str, Any]) -> dict[str, Any]:
    envelope = {key: message.get(key) for key in ("boot_id", "seq", "ts_ms", "up_ms")}
    return {"clinic_id": CLINIC_ID, "device_id": DEVICE_ID} | envelope


def _session_record(message: dict[str, Any]) -> dict[str, Any]:
    keys = ("session_id", "started_ms", "ended_ms", "strikes", "depth_mm", "nozzle_serial", "power_source", "end")
    return _named(message) | {key: message.get(key) for key in keys}


def _nozzle_record(message: dict[str, Any]) -> dict[str, Any]:
    keys = ("serial", "strikes", "model", "lot", "rated_strikes", "expires_on")
    return _named(message) | {"action": message["event"]} | {key: message.get(key) for key in keys}


def _status_record(message: dict[str, Any]) -> dict[str, Any]:
    keys = ("boot_id", "ts_ms", "state", "model", "firmware", "form", "interval_s")
    return {"clinic_id": CLINIC_ID, "device_id": DEVICE_ID} | {key: message.get(key) for key in keys}
