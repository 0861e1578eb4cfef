"""The documents hold: every payload that they show is taken, or rejected as they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from schemas.decode import Decoded, decode
from schemas.messages import AdviceMessage
from schemas.rejection import REASONS

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, the words after it, its text."""

    language: str
    words: tuple[str, ...]
    text: str


def _blocks(name: str, language: str) -> list[Block]:
    found = [Block(match[1], tuple(match[2].split()), match[3]) for match in BLOCK.finditer((DOCS / name).read_text())]
    return [block for block in found if block.language == language]


def _assert_as_told(decoded: Decoded, words: tuple[str, ...]) -> None:
    told = [] if not words else [words[1:]]
    assert [(rejection.reason, rejection.path) for rejection in decoded.rejections] == told


@pytest.mark.parametrize("block", _blocks("wire-format.md", "json"), ids=lambda block: " ".join(block.words))
def test_a_message_of_the_wire_format_is_judged_as_the_page_says(block: Block) -> None:
    kind, *words = block.words
    if kind == "advice":
        assert AdviceMessage.model_validate_json(block.text)
    else:
        _assert_as_told(decode(f"fleet/v1/c-1/d-1/{kind}", block.text.encode()), tuple(words))


def test_the_wire_format_lists_the_reasons_in_their_order() -> None:
    table = (DOCS / "wire-format.md").read_text().split("## Rejections")[1].split("With it goes")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)

    assert list(dict.fromkeys(listed)) == list(REASONS)


def test_the_walk_through_sends_what_it_says(tmp_path: Path) -> None:
    """Runs the page's own commands in a shell whose mosquitto_pub writes down what it was given."""
    sent = tmp_path / "sent"
    recorder = tmp_path / "mosquitto_pub"
    recorder.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "payload = sys.stdin.read() if '-s' in sys.argv else ''\n"
        "with open(os.environ['SENT'], 'a') as file:\n"
        "    print(json.dumps([os.environ['WORDS'], sys.argv[1:], payload]), file=file)\n"
    )
    recorder.chmod(0o755)
    script = "set -eu\n" + "".join(
        f"export WORDS={shlex.quote(' '.join(block.words))}\n{block.text}\n"
        for block in _blocks("devices.md", "sh")
        if block.words != ("listening",)
    )
    environment = os.environ | {"SENT": str(sent), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    subprocess.run(["bash", "-c", script], env=environment, check=True, timeout=60)

    messages = [json.loads(line) for line in sent.read_text().splitlines()]
    assert len(messages) == 14
    for words, arguments, payload in messages:
        topic = arguments[arguments.index("-t") + 1]
        _assert_as_told(decode(topic, payload.encode()), tuple(words.split()))
        assert topic.endswith("/status") == ("-r" in arguments)


def test_the_will_of_the_walk_through_is_a_status() -> None:
    (block,) = [block for block in _blocks("devices.md", "sh") if block.words == ("listening",)]
    arguments = shlex.split(block.text)
    topic = arguments[arguments.index("--will-topic") + 1]
    will = arguments[arguments.index("--will-payload") + 1]

    (status,) = decode(topic, will.encode()).records

    assert status._asdict()["state"] == "offline"


def test_the_walk_through_leaves_no_hole(tmp_path: Path) -> None:
    text = "".join(block.text for block in _blocks("devices.md", "sh"))
    seqs: dict[str, set[int]] = {}
    for boot_id, seq in re.findall(r'"boot_id": "([^"]+)", "seq": (\d+)', text):
        seqs.setdefault(boot_id, set()).add(int(seq))

    assert seqs == {boot_id: set(range(max(found) + 1)) for boot_id, found in seqs.items()}
