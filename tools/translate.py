"""What a language still lacks, in English, as TOML to translate: `python -m tools.translate fr`.

For a language that is not there yet that is everything.
"""

from __future__ import annotations

import sys

from dashboards.web.strings import ENGLISH
from dashboards.web.translation import FOLDER, as_toml, read_texts, texts_of


def main(language: str) -> None:
    """Prints what is missing."""
    known = read_texts(language) if (FOLDER / language).is_dir() else {}
    print(as_toml({path: text for path, text in texts_of(ENGLISH).items() if path not in known}), end="")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.translate LANGUAGE")
    main(sys.argv[1])
