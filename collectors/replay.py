"""Recorded deliveries: JSON lines of `{"topic", "payload", "received_ms"}`, read and written in constant memory.

`payload` is the message's text, or an object that stands for its compact JSON. Bytes that are no UTF-8 are written as
lone surrogates, so that a recording gives back exactly what was received. `retained` may be added as true. Other keys
are passed over: whoever recorded may have noted more. A line that can't be read is told, and the others are read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, cast

from collectors.errors import RecordingError
from schemas.delivery import Delivery
from schemas.identity import MAX_TIME_MS, MIN_TIME_MS

_MOST_NAMED: Final = 50
"""A recording of something else would fill the screen."""


class BadLine(NamedTuple):
    """A line of a recording that is no delivery, and why not."""

    path: Path
    number: int
    why: str

    def __str__(self) -> str:
        return f"line {self.number} of {self.path}: {self.why}"


class ReplayCollector:
    """A `Collector` over a recording, or over deliveries made elsewhere. Nothing needs to be acknowledged."""

    def __init__(self, source: Path | Iterable[Delivery]) -> None:
        self._lines: Iterator[Delivery | BadLine] = read_recording(source) if isinstance(source, Path) else iter(source)
        self._stopped = False
        self._failure: RecordingError | None = None
        self._named: list[BadLine] = []
        self._bad = 0

    @property
    def mistakes(self) -> list[str]:
        """The lines passed over so far: the first of them each by its number, of the rest how many."""
        more = self._bad - len(self._named)
        return [str(line) for line in self._named] + ([f"and {more} more such lines"] if more else [])

    async def take(self, max_messages: int, max_age_ms: int) -> Sequence[Delivery]:
        """See `Collector.take`: a recording never makes anybody wait. Raises `RecordingError` where the file can't be
        read, after all before that was handed out."""
        while not self._stopped:
            await asyncio.sleep(0)
            if self._failure is not None:
                raise self._failure
            lines = self._read(max_messages)
            batch = [line for line in lines if isinstance(line, Delivery)]
            self._note([line for line in lines if isinstance(line, BadLine)])
            if batch or not (lines or self._failure):
                return batch
        return ()

    def _read(self, max_lines: int) -> list[Delivery | BadLine]:
        lines: list[Delivery | BadLine] = []
        try:
            lines.extend(islice(self._lines, max_lines))
        except RecordingError as error:
            self._failure = error
        return lines

    def _note(self, bad: Sequence[BadLine]) -> None:
        self._bad += len(bad)
        self._named += bad[: _MOST_NAMED - len(self._named)]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """A recording gives nothing up."""

    def stop_reading(self) -> None:
        self._stopped = True


def read_recording(path: Path) -> Iterator[Delivery | BadLine]:
    """The deliveries of a recording, line by line, and the lines that are none. Raises `RecordingError` for a file that
    can't be read."""
    try:
        with path.open("rb") as lines:
            yield from _numbered(path, lines)
    except OSError as error:
        raise RecordingError(f"can't read {path}: {error.strerror or error}") from error


def _numbered(path: Path, lines: Iterable[bytes]) -> Iterator[Delivery | BadLine]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read: Delivery | BadLine = _delivery(line)
        except (ValueError, RecursionError) as error:
            read = BadLine(path, number, str(error))
        yield read


def write_recording(path: Path, deliveries: Iterable[Delivery]) -> int:
    """Writes deliveries as a recording and answers how many. Raises `RecordingError` where it can't be written."""
    count = 0
    try:
        with path.open("w", encoding="ascii") as lines:
            for delivery in deliveries:
                lines.write(_line(delivery))
                count += 1
    except OSError as error:
        raise RecordingError(f"can't write {path}: {error.strerror or error}") from error
    return count


def _line(delivery: Delivery) -> str:
    fields: dict[str, object] = {
        "topic": delivery.topic,
        "payload": delivery.payload.decode("utf-8", "surrogateescape"),
        "received_ms": delivery.received_ms,
    }
    if delivery.retained:
        fields["retained"] = True
    return json.dumps(fields, separators=(",", ":")) + "\n"


def _delivery(line: bytes) -> Delivery:
    try:
        fields = json.loads(line)
    except ValueError:
        raise ValueError("this is no JSON: write one object with topic, payload and received_ms") from None
    if not isinstance(fields, dict):
        raise ValueError("a line must be one object with topic, payload and received_ms")  # noqa: TRY004
    topic, received_ms, retained = fields.get("topic"), fields.get("received_ms"), fields.get("retained", False)
    if not isinstance(topic, str):
        raise ValueError("topic must be a string")  # noqa: TRY004
    if type(received_ms) is not int or not MIN_TIME_MS <= received_ms <= MAX_TIME_MS:
        raise ValueError("received_ms must be an integer, in milliseconds since 1970, of the years 2000 to 2100")
    if type(retained) is not bool:
        raise ValueError("retained must be true or false")
    return Delivery(topic, _payload(fields.get("payload")), received_ms, retained)


def _payload(value: object) -> bytes:
    if isinstance(value, str):
        return _encoded(value)
    if isinstance(value, dict):
        return _encoded(json.dumps(cast("dict[str, object]", value), separators=(",", ":"), ensure_ascii=False))
    raise ValueError("payload must be a string or an object")


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
