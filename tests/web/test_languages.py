"""Languages: every catalogue says all that English says, and nothing visible stands outside of the catalogues."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest
from web_fleet import MemoryFleet, sample_fleet
from web_server import Access, web_app

from dashboards.web.format import age_text, count_text, date_text, percent_text, strikes_text
from dashboards.web.strings import CATALOGUES, ENGLISH, strings_for
from dashboards.web.translation import faults, languages, read_texts, texts_of, translated

GERMAN = CATALOGUES["de"]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("language", languages())
def test_a_language_says_all_that_english_says_with_the_same_placeholders(language: str) -> None:
    assert faults(ENGLISH, read_texts(language)) == []


@pytest.mark.parametrize("language", languages())
def test_a_language_names_itself(language: str) -> None:
    assert CATALOGUES[language].language == language
    assert CATALOGUES[language].name != ENGLISH.name


def test_what_a_language_lacks_or_fills_otherwise_is_english_and_is_named() -> None:
    texts = {"shell.sign_out": "Abmelden", "shell.live_as_of": "Stand {zeit}", "shell.nothing": "nichts"}
    made = translated(ENGLISH, texts)
    assert made.shell.sign_out == "Abmelden"
    assert made.shell.live_as_of == ENGLISH.shell.live_as_of
    assert made.fleet == ENGLISH.fleet
    found = faults(ENGLISH, texts)
    assert "unknown: shell.nothing" in found
    assert "other placeholders: shell.live_as_of: 'As of {time}', 'Stand {zeit}'" in found
    assert any(fault.startswith("missing: shell.tagline = ") for fault in found)


def test_a_catalogue_made_of_its_own_texts_is_itself() -> None:
    assert translated(ENGLISH, texts_of(ENGLISH)) == ENGLISH


@pytest.mark.parametrize(
    ("header", "chosen", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", None, "de"),
        ("en;q=0.5, de", None, "de"),
        ("de;q=0, en", None, "en"),
        ("fr, de;q=0.1", None, "de"),
        ("de", "en", "en"),
        ("en", "de", "de"),
        ("en", "xx", "en"),
    ],
)
def test_a_choice_counts_more_than_what_the_browser_prefers(header: str, chosen: str | None, language: str) -> None:
    assert strings_for(header, chosen).language == language


def test_german_numbers_have_their_own_marks_and_plurals() -> None:
    words = GERMAN.numbers
    assert count_text(1_204_332, words) == "1.204.332"
    assert percent_text(0.845, words) == "85\N{NO-BREAK SPACE}%"
    assert strikes_text(1, words) == "1 Stich"
    assert strikes_text(3_240_000, words) == "3,2 Mio. Stiche"


async def test_a_language_is_chosen_in_the_foot_of_a_page_and_kept() -> None:
    transport = httpx.ASGITransport(web_app(sample_fleet(3)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        page = await client.get("/alerts?state=any", headers={"accept-language": "en"})
        assert '<html lang="en">' in page.text
        chosen = await client.post(
            "/language", data={"language": "de"}, headers={"referer": "http://gateway.test/alerts?state=any"}
        )
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/alerts?state=any")
        page = await client.get("/alerts?state=any", headers={"accept-language": "en"})
        assert '<html lang="de">' in page.text
        assert GERMAN.shell.sign_out in page.text


@pytest.mark.parametrize("referer", [None, "http://evil.example/x", "http://gateway.test//evil.example"])
async def test_choosing_a_language_leads_nowhere_else(referer: str | None) -> None:
    transport = httpx.ASGITransport(web_app(MemoryFleet(), Access(None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        headers = {} if referer is None else {"referer": referer}
        answer = await client.post("/language", data={"language": "../xx"}, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/alerts?state=any", "/registry", "/clinics/clinic-000", "/devices/SP-0001"])
async def test_a_german_page_says_nothing_in_english(path: str) -> None:
    """Of the words that are the catalogue's alone: names of devices and texts of alerts are what they are."""
    transport = httpx.ASGITransport(web_app(sample_fleet(12)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        page = (await client.get(path, headers={"accept-language": "de"})).text
    english, german = texts_of(ENGLISH), texts_of(GERMAN)
    told = set(re.findall(r">([^<>{}]{4,})<", page.partition('id="page-data"')[0]))
    left = {
        text for key, text in english.items() if text in told and german[key] != text and text not in german.values()
    }
    assert left == set()


def test_german_times_and_counts_read_as_germans_write_them() -> None:
    common, numbers = GERMAN.pages.common, GERMAN.numbers
    assert date_text(date(2026, 11, 22), numbers, common) == "So, 22. Nov. 2026"
    assert age_text(3 * 3_600_000, numbers) == "vor 3 h"
    days = GERMAN.pages.work.visits.days
    assert [days.of(n).format(n=n) for n in (1, 2)] == ["1 Tag", "2 Tage"]


def what_lacks(language: str) -> str:
    """What the tool prints."""
    command = [sys.executable, "-m", "tools.translate", language]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout


def test_a_third_language_is_a_folder_with_what_the_tool_prints_translated(tmp_path: Path) -> None:
    printed = what_lacks("xx")
    folder = tmp_path / "xx"
    folder.mkdir()
    # Between the braces nothing is translated.
    (folder / "all.toml").write_text(re.sub(r"(?<== \")", "Ж", printed), encoding="utf-8")
    assert languages(tmp_path) == ("xx",)
    texts = read_texts("xx", tmp_path)
    assert faults(ENGLISH, texts) == []
    assert all(text.startswith("Ж") for text in texts_of(translated(ENGLISH, texts)).values())


def test_a_language_that_lacks_nothing_has_nothing_printed() -> None:
    assert what_lacks("de") == ""
