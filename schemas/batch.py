"""A backlog of samples in one delivery: what is wrong with it as a whole, and each sample judged alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.judge import UNKNOWN_SEGMENT, Faulty, judge
from schemas.messages import MAX_SAMPLES, RecordName, TelemetrySample
from schemas.rejection import Reason
from schemas.strict_json import JsonValue, Parsed, Path

SAMPLES: Final = "samples"


class Batch(NamedTuple):
    """A parsed batch, with what the parser found outside its samples, and inside each."""

    value: dict[str, JsonValue]
    too_deep: tuple[Path, ...]
    duplicates: tuple[Path, ...]
    too_deep_in: Mapping[int, tuple[Path, ...]]
    duplicates_in: Mapping[int, tuple[Path, ...]]

    @property
    def samples(self) -> list[JsonValue]:
        """The samples, good or bad; none where `samples` is not a list."""
        samples = self.value.get(SAMPLES)
        return samples if isinstance(samples, list) else []

    def judged(self) -> list[TelemetrySample | Faulty]:
        """Each sample, judged alone."""
        return [
            judge(
                TelemetrySample,
                sample,
                self.too_deep_in.get(index, ()),
                self.duplicates_in.get(index, ()),
                f"{SAMPLES}[{index}]",
            )
            for index, sample in enumerate(self.samples)
        ]

    def fault(self) -> tuple[Reason, str] | None:
        """Reason and path of what is wrong outside the samples; then the whole batch is rejected."""
        if self.too_deep:
            return "too_deep", _written(self.too_deep[0])
        if self.duplicates:
            return "duplicate_key", _written(self.duplicates[0])
        if self.value.keys() - {SAMPLES}:
            return "unknown_field", UNKNOWN_SEGMENT
        if not isinstance(self.value[SAMPLES], list):
            return "wrong_type", SAMPLES
        if not self._has_allowed_size():
            return "out_of_range", SAMPLES
        return None

    def known(self) -> dict[str, JsonValue]:
        """The known part of the whole: the known parts of its samples, where there are not too many."""
        if not self._has_allowed_size():
            return {}
        return {SAMPLES: [_known_part(outcome) for outcome in self.judged()]}

    def record_names(self) -> tuple[tuple[str, int], ...]:
        """(boot_id, seq) of each sample in which both can be read."""
        names: list[tuple[str, int]] = []
        for sample in self.samples:
            if isinstance(sample, dict) and "boot_id" in sample and "seq" in sample:
                outcome = judge(RecordName, {"boot_id": sample["boot_id"], "seq": sample["seq"]}, (), ())
                if isinstance(outcome, RecordName):
                    names.append((outcome.boot_id, outcome.seq))
        return tuple(names)

    def _has_allowed_size(self) -> bool:
        return 1 <= len(self.samples) <= MAX_SAMPLES


def as_batch(parsed: Parsed) -> Batch | None:
    """The parsed message as a batch; None where it has no `samples`."""
    value = parsed.value
    if not isinstance(value, dict) or (SAMPLES not in value and (SAMPLES,) not in parsed.duplicates):
        return None
    too_deep, too_deep_in = _sorted_by_sample(parsed.too_deep)
    duplicates, duplicates_in = _sorted_by_sample(parsed.duplicates)
    return Batch(value, too_deep, duplicates, too_deep_in, duplicates_in)


def _sorted_by_sample(paths: tuple[Path, ...]) -> tuple[tuple[Path, ...], dict[int, tuple[Path, ...]]]:
    """The paths outside the samples, and those inside each, counted from the sample."""
    outside: list[Path] = []
    inside: defaultdict[int, list[Path]] = defaultdict(list)
    for path in paths:
        if len(path) > 1 and path[0] == SAMPLES and isinstance(path[1], int):
            inside[path[1]].append(path[2:])
        else:
            outside.append(path)
    return tuple(outside), {index: tuple(found) for index, found in inside.items()}


def _written(path: Path) -> str:
    return SAMPLES if path[0] == SAMPLES else UNKNOWN_SEGMENT


def _known_part(outcome: TelemetrySample | Faulty) -> dict[str, JsonValue]:
    if isinstance(outcome, Faulty):
        return outcome.known
    given: dict[str, JsonValue] = outcome.model_dump(exclude_unset=True)
    return given
