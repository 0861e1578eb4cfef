"""Fits as documents: the wear model's frozen parts to JSON and back, exactly. Nothing in a document can run.

Arrays are kept as their bytes, so that a gateway that starts again forecasts to the last bit what it forecast before.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import MappingProxyType, ModuleType
from typing import Any, Final, TypeAlias

import numpy as np

from gateway.errors import StoreError
from gateway.wear import age, calibrate, coordinates, forecast, frame, history, lots, warp, wiener

_MODULES: Final = (age, calibrate, coordinates, forecast, frame, history, lots, warp, wiener)

_Json: TypeAlias = Any


def _parts(module: ModuleType) -> dict[str, type]:
    found = {name: part for name, part in vars(module).items() if isinstance(part, type)}
    return {
        name: part
        for name, part in found.items()
        if part.__module__ == module.__name__ and (is_dataclass(part) or hasattr(part, "_fields"))
    }


_KNOWN: Final[Mapping[str, type]] = MappingProxyType(
    {name: part for module in _MODULES for name, part in _parts(module).items()}
)


def encode(value: object) -> bytes:
    """The document of a tree of the wear model's parts, arrays, numbers, texts. Raises TypeError on anything else."""
    return zlib.compress(json.dumps(_plain(value), separators=(",", ":")).encode(), 1)


def decode(document: bytes) -> Any:
    """The tree of a document. Raises StoreError where another program version, or nobody, can have written it."""
    try:
        return _built(json.loads(zlib.decompress(document)))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"a stored fit can't be read ({error}): it will be made again") from error


def _plain(value: object) -> _Json:
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        return {"a": base64.b64encode(data.tobytes()).decode(), "d": data.dtype.str, "s": list(data.shape)}
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Enum):
        return _plain(value.value)
    name = type(value).__name__
    if _KNOWN.get(name) is type(value):
        names = getattr(value, "_fields", None) or [field.name for field in fields(value)]  # type: ignore[arg-type]
        return {"t": name, "f": {field: _plain(getattr(value, field)) for field in names}}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a fit can't hold a {name}")


def _built(value: _Json) -> Any:
    if isinstance(value, list):
        return tuple(_built(part) for part in value)
    if not isinstance(value, dict):
        return value
    if "a" in value:
        data = np.frombuffer(base64.b64decode(value["a"]), dtype=np.dtype(value["d"]))
        return data.reshape(value["s"])
    return _KNOWN[value["t"]](**{name: _built(part) for name, part in value["f"].items()})
