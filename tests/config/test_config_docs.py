"""The written reference and the example file say what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, SecretStr

from gateway.config import Config, known_keys, load_config

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "operate.md").read_text()
EXAMPLE = (ROOT / "deploy" / "silverpoint.example.toml").read_text()


def documented() -> dict[tuple[str, str], str]:
    """(section, key) to the default as it is written."""
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in REFERENCE.splitlines():
        if header := re.fullmatch(r"#+ (?:\[(\w+)\]|.*)", line):
            section = header[1] or ""
        elif section and (row := re.match(r"\| `(\w+)` \|([^|]*)\|", line)):
            found[section, row[1]] = row[2].strip("` ")
    return found


def defaults() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    config = Config()
    for section in Config.model_fields:
        content = getattr(config, section)
        assert isinstance(content, BaseModel)
        for key in known_keys(section):
            found[section, key] = written(getattr(content, key, None))
    return found


def written(value: object) -> str:
    if value is None:
        return ""
    if value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_the_reference_has_every_key_with_its_default_and_no_other() -> None:
    assert documented() == defaults()


def test_the_example_is_valid_as_it_is(tmp_path: Path) -> None:
    assert load_config(placed(EXAMPLE, tmp_path), {}).http.public_url == "https://silverpoint.example.org"


def test_what_the_example_leaves_out_are_the_defaults(tmp_path: Path) -> None:
    commented = re.findall(r"^# (\w+ = .*)$", EXAMPLE, re.MULTILINE)
    everything = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", EXAMPLE, flags=re.MULTILINE))
    assert {(section, key) for section, content in everything.items() for key in content} <= set(defaults())
    for line in commented:
        ((key, value),) = tomllib.loads(line).items()
        if not key.endswith("_file"):
            assert written(value) in {text for (_, name), text in defaults().items() if name == key}


def placed(text: str, directory: Path) -> Path:
    """The example with its secret files put where this test may write."""
    for name, content in (
        ("broker-url", "mqtts://gateway:secret@broker.example.org:8883\n"),
        ("metrics-token", "0123456789abcdef0123456789abcdef\n"),
    ):
        (directory / name).write_text(content)
    path = directory / "silverpoint.toml"
    path.write_text(text.replace("/etc/silverpoint", str(directory)))
    return path
