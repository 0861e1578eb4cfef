"""How mails look, light and dark.

Many mail programs know only what stands at an element itself: that is the light form, and complete. Those that know
style sheets get a dark one where their reader wants it dark (Apple's by `prefers-color-scheme`, Outlook's by attributes
of its own); the others may turn the colours round by themselves, for which every colour has its ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from schemas.alert import Severity

Tone: TypeAlias = Severity | Literal["over"]


class Look(NamedTuple):
    """The colours of one form, all of them on `ground` but what stands on the link and the track of a bar."""

    ground: str
    text: str
    muted: str
    link: str
    on_link: str
    track: str
    tones: Mapping[Tone, str]


LIGHT: Final = Look(
    ground="#ffffff",
    text="#1c242c",
    muted="#56626e",
    link="#1d54c4",
    on_link="#ffffff",
    track="#dfe3e8",
    tones=MappingProxyType({"info": "#2c6e9e", "warning": "#8f5600", "critical": "#b3261e", "over": "#35703a"}),
)
DARK: Final = Look(
    ground="#161b21",
    text="#e7ebef",
    muted="#a5b0bb",
    link="#8fb6ff",
    on_link="#0c1626",
    track="#3a4550",
    tones=MappingProxyType({"info": "#7fbbe6", "warning": "#f3b34f", "critical": "#ff9489", "over": "#85c98a"}),
)
_PICTURE: Final = "filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen"
"""A chart is drawn on white: turned round, its hues stay, and what was white becomes the ground."""


def head() -> str:
    """What goes before the body: that both forms are there, and the dark one."""
    return f"{_METAS}<style>{_SHEET}</style></head>"


def body() -> str:
    """The beginning of the body."""
    font = "font:15px/1.55 -apple-system,'Segoe UI',Roboto,Arial,sans-serif"
    within = f'<div style="max-width:640px;margin:0 auto;padding:20px 16px;color:{LIGHT.text}" class="text">'
    return f'<body class="mail" style="margin:0;background:{LIGHT.ground};color:{LIGHT.text};{font}">{within}'


def block(tone: Tone) -> str:
    """The attributes of what is told of one thing."""
    colour = LIGHT.tones[tone]
    return f'class="on-{tone}" style="border-left:4px solid {colour};padding:0 0 0 14px;margin:20px 0"'


def title(tone: Tone) -> str:
    """The attributes of what is the matter."""
    return f'class="{tone}" style="color:{LIGHT.tones[tone]}"'


def muted() -> str:
    """The attributes of what matters less."""
    return f'class="muted" style="color:{LIGHT.muted};font-size:13px"'


def button() -> str:
    """The attributes of the link to act."""
    colours = f"color:{LIGHT.on_link};background:{LIGHT.link}"
    shape = "display:inline-block;padding:11px 20px;border-radius:8px;font-weight:bold;text-decoration:none"
    return f'class="act" style="{shape};{colours}"'


def filled(tone: Tone, percent: int) -> str:
    """The attributes of the part of a bar that is worn."""
    return f'class="fill-{tone}" style="background:{LIGHT.tones[tone]};width:{percent}%"'


def rest(percent: int) -> str:
    """The attributes of the part of a bar that is left."""
    return f'class="track" style="background:{LIGHT.track};width:{percent}%"'


_METAS: Final = (
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
)


def _rules(before: str) -> Iterator[str]:
    yield f"{before}.mail{{background:{DARK.ground}!important}}"
    yield f"{before}.text{{color:{DARK.text}!important}}"
    yield f"{before}.muted{{color:{DARK.muted}!important}}"
    yield f"{before}.act{{color:{DARK.on_link}!important;background:{DARK.link}!important}}"
    yield f"{before}.track{{background:{DARK.track}!important}}"
    for tone, colour in DARK.tones.items():
        yield f"{before}.{tone}{{color:{colour}!important}}"
        yield f"{before}.on-{tone}{{border-color:{colour}!important}}"
        yield f"{before}.fill-{tone}{{background:{colour}!important}}"


_SHEET: Final = "".join(
    (
        ":root{color-scheme:light dark;supported-color-schemes:light dark}",
        f"@media (prefers-color-scheme:dark){{{''.join(_rules(''))}.picture{{{_PICTURE}}}}}",
        *_rules("[data-ogsc] "),
    )
)
