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

_LEVEL_VARIABLE: Final = "SILVERPOINT_LOG"
_LONGEST_VALUE: Final = 60
_CHECKED_TOGETHER: Final = ("notify", "work")

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
    """What pydantic did not come to say: checks between keys of a section that also has a mistake in one key.

    Sections whose mistake is in a file or URL are left alone: without that key the check would accuse the others.
    """
    faulty: dict[str, set[str]] = {}
    for error in errors:
        if len(error["loc"]) > 1:
            faulty.setdefault(str(error["loc"][0]), set()).add(str(error["loc"][1]))
    pruned: dict[str, Any] = {}
    for section, keys in faulty.items():
        known = Config.model_fields.get(section)
        if known is None or any(key == "url" or key.endswith("_file") for key in keys):
            continue
        merged = _merged(section, sources)
        pruned[section] = {key: value for key, value in merged.items() if key not in keys}
    # What is checked between these two can be said where neither has a mistake of its own.
    if not {str(error["loc"][0]) for error in errors if error["loc"]} & set(_CHECKED_TOGETHER):
        pruned |= {section: _merged(section, sources) for section in _CHECKED_TOGETHER}
    try:
        Config(**pruned)
    except ValidationError as error:
        told = [found["loc"] for found in errors]
        return [found for found in error.errors() if len(found["loc"]) <= 1 and found["loc"] not in told]
    return []


def _merged(section: str, sources: Sequence[Gathered]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for source in reversed(sources):
        values |= source.values.get(section, {})
    return values


def _told(errors: Sequence[ErrorDetails], sources: Sequence[Gathered]) -> list[str]:
    return [line for error in errors for line in _tell(error, sources)]


def _tell(error: ErrorDetails, sources: Sequence[Gathered]) -> list[str]:
    place = tuple(str(part) for part in error["loc"][:2])
    origins = [source.origins[part] for part in (place, place[:1]) for source in sources if part in source.origins]
    origin = origins[0] if origins else "configuration"
    reason = error.get("ctx", {}).get("error")
    if isinstance(reason, SeveralMistakesError):
        return [f"{origin}: {'.'.join(place)}.{mistake}" for mistake in reason.mistakes]
    if not place:
        return [str(reason)]
    return [f"{origin}: {'.'.join(place)}{_inside(error)}: {_what(error, place)}"]


def _inside(error: ErrorDetails) -> str:
    """Where in a key that holds tables, as `[0].channel`."""
    if len(error["loc"]) == 3 and isinstance(error["input"], str | int | float):
        return ""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"][2:])


def _what(error: ErrorDetails, place: Place) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown(place) if len(error["loc"]) <= len(place) else "unknown key"
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return f"must be a section: write [{place[0]}]"
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
    near = difflib.get_close_matches(place[-1], known, 1)
    if near:
        return f"{what}; did you mean {near[0]}?"
    return f"{what}; known are {', '.join(known)}" if known else f"{what}; this section has none yet"


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
