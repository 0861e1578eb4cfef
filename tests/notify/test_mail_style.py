"""Mails have a light form that needs no style sheet, and a dark one; one rounding for figures, sentences and bars."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.format import wear_percent, wear_text
from dashboards.web.strings import ENGLISH
from gateway.notify.mail_style import DARK, LIGHT, Look
from gateway.notify.urgency import percent
from gateway.notify.wording import html, plain
from tests.notify.said import SAMPLES, item


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_read_in_either_form(look: Look) -> None:
    for colour in (look.text, look.muted, *look.tones.values()):
        assert contrast(colour, look.ground) >= 4.5, colour
    assert contrast(look.on_link, look.link) >= 4.5
    assert all(contrast(colour, look.track) >= 3 for colour in look.tones.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_colour_of_a_mail_has_a_dark_counterpart(name: str) -> None:
    page = html(SAMPLES[name])
    head, _, body = page.partition("</head>")
    assert '<meta name="color-scheme" content="light dark">' in head
    dark = head[head.index("prefers-color-scheme:dark") :]
    for element in re.findall(r"<[^>]*(?:[;\"]color|background|border-left):[^>]*>", body):
        names = re.search(r'class="([^"]+)"', element)
        assert names is not None, element
        assert all(f".{each}{{" in dark for each in names[1].split()), element
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mail_is_well_formed(name: str) -> None:
    page = re.sub(r"<(meta|br|img)([^>]*)>", r"<\1\2/>", html(SAMPLES[name]))
    ET.fromstring(page.removeprefix("<!DOCTYPE html>").replace("&nbsp;", " "))


@given(st.floats(0, 3))
def test_there_is_one_rounding_of_wear(wear: float) -> None:
    assert percent(wear, ENGLISH.message.outlook) == wear_text(wear, ENGLISH.numbers)
    assert wear_percent(wear) < 100 or wear >= 1


def test_bar_figure_and_sentence_say_the_same_wear() -> None:
    notice = SAMPLES["a due nozzle"].model_copy(update={"firing": (item(1, wear_ratio=0.925),)})
    assert "93 % of the limit" in plain(notice)
    page = html(notice)
    assert 'aria-label="wear 93 % of the limit"' in page
    assert "width:93%" in page
    assert "width:7%" in page
    assert wear_text(0.925, ENGLISH.numbers) == "93 %"
