"""Good messages of every kind, and ways to spoil their text."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

KINDS = ("telemetry", "session", "nozzle", "status")
CANARY = "Xq7Canary"

counts = st.integers(0, 2**53 - 1)
times = st.integers(946_684_800_000, 4_102_444_800_000)
ratios = st.floats(0, 1) | st.integers(0, 1)
depths = st.floats(0, 5)
sources = st.sampled_from(["mains", "battery"])
identifiers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
envelope = {
    "boot_id": st.from_regex(r"[A-Za-z0-9-]{1,36}", fullmatch=True),
    "seq": counts,
    "ts_ms": st.none() | times,
}
power = st.fixed_dictionaries(
    {"source": sources, "charge": st.none() | ratios, "voltage_v": st.none() | st.floats(0, 500)},
    optional={"health": st.none() | ratios},
)
nozzle = st.fixed_dictionaries(
    {"serial": st.none() | identifiers, "strikes": counts, "coating": st.none() | ratios},
    optional={"depth_mm": st.none() | depths},
)
sessions = st.fixed_dictionaries({"total": counts, "active": st.booleans()})
samples = st.fixed_dictionaries(
    envelope | {"power": power, "nozzle": st.none() | nozzle, "sessions": sessions}, optional={"up_ms": counts}
)
batches = st.fixed_dictionaries({"samples": st.lists(samples, min_size=1, max_size=4)})


@st.composite
def _sessions(draw: st.DrawFn) -> dict[str, Any]:
    message: dict[str, Any] = draw(
        st.fixed_dictionaries(
            envelope
            | {
                "session_id": st.from_regex(r"[0-9a-f-]{1,36}", fullmatch=True),
                "started_ms": st.none() | times,
                "ended_ms": st.none() | times,
                "strikes": counts,
                "depth_mm": st.none() | depths,
                "nozzle_serial": st.none() | identifiers,
                "power_source": sources,
            },
            optional={"up_ms": counts, "end": st.sampled_from(["normal", "stopped", "power_lost"])},
        )
    )
    if message["started_ms"] is not None and message["ended_ms"] is not None:
        started_ms, ended_ms = sorted((message["started_ms"], message["ended_ms"]))
        message |= {"started_ms": started_ms, "ended_ms": ended_ms}
    return message


nozzle_events = st.fixed_dictionaries(
    envelope | {"event": st.sampled_from(["fitted", "removed"]), "serial": identifiers, "strikes": counts},
    optional={
        "up_ms": counts,
        "model": identifiers,
        "lot": identifiers,
        "rated_strikes": st.integers(1, 2**53 - 1),
        "expires_on": st.dates().map(lambda day: day.isoformat()),
    },
)
statuses = st.fixed_dictionaries(
    {"state": st.sampled_from(["online", "offline"])},
    optional={
        "boot_id": envelope["boot_id"],
        "ts_ms": envelope["ts_ms"],
        "model": identifiers,
        "firmware": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", fullmatch=True),
        "form": st.sampled_from(["stationary", "mobile"]),
        "interval_s": st.integers(1, 2**53 - 1),
    },
)
MESSAGES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "telemetry": samples | batches,
    "session": _sessions(),
    "nozzle": nozzle_events,
    "status": statuses,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

_TOKENS = [
    "NaN",
    "Infinity",
    "1e999",
    "-0",
    "-0.0",
    "3.0",
    "1e3",
    "0." + "1" * 45,
    "1" * 39,
    "1" * 41,
    "true",
    "null",
    '"3"',
    '"a:b"',
    '"\\u003a"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    "[" * 20 + "]" * 20,
    "[" * 300 + "]" * 300,
    '{"a":1,"a":2}',
    f'"{CANARY}"',
    "[]",
    "{}",
    "01",
    "",
]
_KEYS = ["seq", "boot_id", "samples", "power", "state", "event", "serial", "s\\u0065q", "s:q", CANARY, "\\ud800", ""]


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> bytes:
    """The text of a message with up to three changes: a key put in, a value replaced, a character changed or cut."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from([_with_key, _with_value, _with_character, _cut, _with_blanks]))(draw, text)
    return text.encode("utf-8", "surrogatepass")


def _places(text: str, marks: str) -> list[int]:
    return [place for place, char in enumerate(text) if char in marks] or [0]


def _with_key(draw: st.DrawFn, text: str) -> str:
    at = draw(st.sampled_from(_places(text, "{"))) + 1
    comma = "" if text[at : at + 1] == "}" else ","
    key = draw(st.sampled_from(_KEYS) | st.sampled_from(list(_keys_of(text))))
    value = draw(st.sampled_from(_TOKENS) | json_values.map(json.dumps))
    return f'{text[:at]}"{key}":{value}{comma}{text[at:]}'


def _keys_of(text: str) -> list[str]:
    pieces = text.split('"')
    return [piece for piece, after in pairwise(pieces) if after.startswith(":")] or ["seq"]


def _with_value(draw: st.DrawFn, text: str) -> str:
    start = draw(st.sampled_from(_places(text, ":"))) + 1
    end = min((place for place in _places(text, ",}]") if place >= start), default=len(text))
    return text[:start] + draw(st.sampled_from(_TOKENS)) + text[end:]


def _with_character(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.characters(codec=None) | st.sampled_from('{}[]:,"\\0e-')) + text[at + 1 :]


def _cut(draw: st.DrawFn, text: str) -> str:
    return text[: draw(st.integers(0, len(text)))]


def _with_blanks(draw: st.DrawFn, text: str) -> str:
    at = draw(st.sampled_from(_places(text, "{}[]:,")))
    return text[:at] + draw(st.sampled_from([" ", "\n\t\r", "\u00a0", "\f", "\ufeff"])) + text[at:]
