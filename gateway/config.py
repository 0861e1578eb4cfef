"""Configuration: silverpoint.toml, SILVERPOINT_SECTION__KEY, *_file secrets (contract, section 5).

Every mistake is reported at once, one clear line each: where it stands, which key, what to write.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from gateway.config_alerts import AlertsConfig, SeveralMistakesError
from gateway.config_forecast import ForecastConfig
from gateway.config_notify import NotifyConfig
from gateway.config_pruning import judgeable
from gateway.config_sections import (
    DEFAULT_CONFIG_FILE,
    BrokerConfig,
    Config,
    HttpConfig,
    ListenAddress,
    LogConfig,
    PrivacyConfig,
    RetentionConfig,
    StoreConfig,
    parse_listen,
)
from gateway.config_sources import SECRETS, Gathered, GatheredSource, Place, from_environment, from_file
from gateway.config_work import WorkConfig
from gateway.errors import ConfigError
from schemas.alert import RULES

_LEVEL_VARIABLE: Final = "SILVERPOINT_LOG"
_LONGEST_VALUE: Final = 60
_CHECKED_TOGETHER: Final = ("notify", "work")
_MOST_LOOKS: Final = 4

_TEXTS: Final[Mapping[str, str]] = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "string_type": "write a text in quotes",
    "path_type": "write the path of a file in quotes",
    "tuple_type": "write a list",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "write one of {expected}",
    "too_short": "must have at least {min_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit",
    "finite_number": "write a finite number",
    "value_error": "{error}",
}


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Reads `path` (by default ./silverpoint.toml where there is one), then the environment over it.

    Raises `ConfigError` with every mistake found.
    """
    sources = [from_environment(os.environ if environ is None else environ)]
    if path is not None or DEFAULT_CONFIG_FILE.exists():
        sources.append(from_file(path or DEFAULT_CONFIG_FILE))
    _level_shorthand(sources[0], os.environ if environ is None else environ)
    mistakes = [mistake for source in sources for mistake in source.mistakes]
    try:
        config = _build(sources)
    except ValidationError as error:
        mistakes += _told(error.errors(), sources)
        mistakes += _told(_hidden_errors(error.errors(), sources), sources)
        raise ConfigError(mistakes) from None
    if mistakes:
        raise ConfigError(mistakes)
    return config


def _level_shorthand(environment: Gathered, environ: Mapping[str, str]) -> None:
    level = environ.get(_LEVEL_VARIABLE)
    if not level:
        return
    environment.values.setdefault("log", {}).setdefault("level", level.lower())
    environment.origins.setdefault(("log", "level"), _LEVEL_VARIABLE)


def _build(sources: Sequence[Gathered]) -> Config:
    class Sourced(Config):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(GatheredSource(settings_cls, source) for source in sources)

    return Sourced()


def _hidden_errors(errors: Sequence[ErrorDetails], sources: Sequence[Gathered]) -> list[ErrorDetails]:
    """What pydantic did not come to say: checks between keys where one of them, or one beside them, has a mistake."""
    faulty = {str(error["loc"][0]) for error in errors if error["loc"]} & Config.model_fields.keys()
    sections: dict[str, Any] = {name: _merged(name, sources) for name in {*faulty, *_CHECKED_TOGETHER}}
    told = {(error["loc"], error["msg"]) for error in errors}
    hidden: list[ErrorDetails] = []
    found: Sequence[ErrorDetails] = errors
    for _ in range(_MOST_LOOKS):
        sections = judgeable(sections, found)
        try:
            Config(**sections)
        except ValidationError as error:
            found = error.errors()
            hidden += [one for one in found if (one["loc"], one["msg"]) not in told]
            told |= {(one["loc"], one["msg"]) for one in found}
        else:
            break
    return hidden


def _merged(section: str, sources: Sequence[Gathered]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for source in reversed(sources):
        content = source.values.get(section, {})
        values |= content if isinstance(content, dict) else {}
    return values


def _told(errors: Sequence[ErrorDetails], sources: Sequence[Gathered]) -> list[str]:
    return [line for error in errors for line in _tell(error, sources)]


def _tell(error: ErrorDetails, sources: Sequence[Gathered]) -> list[str]:
    place = tuple(str(part) for part in error["loc"][:2])
    reason = error.get("ctx", {}).get("error")
    if isinstance(reason, SeveralMistakesError):
        return [_several(mistake, place[0], sources) for mistake in reason.mistakes]
    if not place:
        return [str(reason)]
    origin = _origin(tuple(str(part) for part in error["loc"][:3]), sources)
    return [f"{origin}: {'.'.join(place)}{_inside(error)}: {_what(error, place)}"]


def _several(mistake: str, section: str, sources: Sequence[Gathered]) -> str:
    """One of several mistakes, which begins with its key: `routes 2: ...`, `rules.battery_low: ...`."""
    key, _, table = mistake.partition(":")[0].replace(".", " ").partition(" ")
    inner = str(int(table) - 1) if table.isdecimal() else table
    return f"{_origin((section, key, inner), sources)}: {section}.{mistake}"


def _origin(place: Place, sources: Sequence[Gathered]) -> str:
    """Where it was written, as near as is known."""
    nearest = (place[:length] for length in range(len(place), 0, -1))
    found = (source.origins[part] for part in nearest for source in sources if part in source.origins)
    return next(found, "configuration")


def _inside(error: ErrorDetails) -> str:
    """Where in a key that holds tables, as ` 1: channel`: people count from one."""
    if len(error["loc"]) == 3 and isinstance(error["input"], str | int | float):
        return ""
    told, after_number = "", False
    for part in error["loc"][2:]:
        if isinstance(part, int):
            told += f" {part + 1}"
        elif part != "[key]":
            told += f": {part}" if after_number else f".{part}"
        after_number = isinstance(part, int)
    return told


def _what(error: ErrorDetails, place: Place) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown(place) if len(error["loc"]) <= len(place) else "unknown key"
    if error["loc"][-1] == "[key]":
        return f"unknown rule{_nearest(str(error['input']), RULES)}"
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return f"must be a section: write [{place[0]}]"
    if error["type"] == "too_short" and isinstance(error["input"], list | tuple):
        return f"name at least {error['ctx']['min_length']}"
    template = _TEXTS.get(error["type"])
    text = error["msg"] if template is None else template.format(**error.get("ctx", {}))
    value = error["input"]
    hidden = place in (*SECRETS, ("notify", "receivers"))
    if len(place) < 2 or hidden or not isinstance(value, str | int | float) or str(value) in text:
        return text
    return f"{text} (found {str(value)[:_LONGEST_VALUE]!r})"


def _unknown(place: Place) -> str:
    if len(place) == 1:
        what, known = "unknown section", list(Config.model_fields)
    else:
        what, known = "unknown key", known_keys(place[0])
    return f"{what}{_nearest(place[-1], known)}" if known else f"{what}; this section has none yet"


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def known_keys(section: str) -> list[str]:
    """The keys of a section, with the `*_file` variants of its secrets."""
    model = Config.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return [*model.model_fields, *(f"{key}_file" for of, key in SECRETS if of == section)]


__all__ = [
    "AlertsConfig",
    "BrokerConfig",
    "Config",
    "ForecastConfig",
    "HttpConfig",
    "ListenAddress",
    "LogConfig",
    "NotifyConfig",
    "PrivacyConfig",
    "RetentionConfig",
    "StoreConfig",
    "WorkConfig",
    "known_keys",
    "load_config",
    "parse_listen",
]
