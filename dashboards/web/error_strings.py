"""What a page says where something went wrong, by its status. Part of the one catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """What went wrong, and what to do about it."""

    titles: Mapping[str, str]
    details: Mapping[str, str]


ENGLISH_ERRORS: Final = ErrorWords(
    titles={
        "400": "That did not work",
        "401": "You are not signed in",
        "403": "Not allowed",
        "404": "Nothing here",
        "405": "That can't be done here",
        "409": "It does not fit any more",
        "413": "Too large",
        "422": "Something is not right",
        "429": "Too many attempts",
        "500": "Something broke",
        "503": "Not just now",
    },
    details={
        "400": "Go back, load the page again and try once more.",
        "401": "Sign in, then try again.",
        "403": "Your role does not allow this, or the page was open for too long. Load it again and try once more.",
        "404": "There is no such page, or what it shows lies outside of what you may see.",
        "405": "Go back and use the buttons on the page.",
        "409": "Somebody else was faster, or it is done already. Load the page again to see how it stands.",
        "413": "What you sent is larger than the gateway takes. Send it in smaller parts.",
        "422": "Go back and correct what you typed, then try again.",
        "429": "Wait a minute, then try again.",
        "500": "The gateway met an error that nobody expected. Try again; its log has more.",
        "503": "The gateway can't reach its store just now. Nothing is lost; try again in a minute.",
    },
)
