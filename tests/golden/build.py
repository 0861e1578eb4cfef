"""Writes the golden case files. Run `python -m tests.golden.build` after adding a case, and read the difference.

What is expected is said here, case by case and field by field, and never taken from the decoder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from tests.golden.build_batches import mixed_batch_cases, whole_batch_cases
from tests.golden.build_fields import field_cases
from tests.golden.build_framing import framing_cases
from tests.golden.build_good import good_message_cases
from tests.golden.written import Case

HERE = Path(__file__).parent


def write(folder: str, cases: Iterable[Case]) -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case.as_json())
    target = HERE / folder
    target.mkdir(exist_ok=True)
    for old in target.glob("*.json"):
        old.unlink()
    for group, entries in groups.items():
        lines = ",\n".join(json.dumps(entry) for entry in entries)
        (target / f"{group}.json").write_text(f"[\n{lines}\n]\n")


def main() -> None:
    write("poison", chain(field_cases(), framing_cases(), whole_batch_cases()))
    write("good", good_message_cases())
    write("mixed", mixed_batch_cases())


if __name__ == "__main__":
    main()
