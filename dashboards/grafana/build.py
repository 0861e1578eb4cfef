"""Writes the boards: `python -m dashboards.grafana.build`.

With `--check` it only says whether the files are as the code has them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.grafana.clinic import clinic_board
from dashboards.grafana.device import device_board
from dashboards.grafana.fleet import fleet_board
from dashboards.grafana.operator import operator_board
from dashboards.grafana.technician import technician_board

BOARDS: Final = Path(__file__).parent / "boards"
_MAKERS: Final = (fleet_board, clinic_board, device_board, technician_board, operator_board)


def boards() -> Mapping[str, str]:
    """The text of each board's file, by the file's name."""
    made = [maker() for maker in _MAKERS]
    return {
        f"{board.uid}.json": json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for board in made
    }


def stale(folder: Path = BOARDS) -> list[str]:
    """Names of the files in `folder` that are not as the code has them: missing, different, or of no board."""
    wanted = boards()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path = BOARDS) -> None:
    """Makes `folder` hold the boards and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = boards()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.grafana.build", description="Writes Grafana's boards.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is not up to date")
    parser.add_argument("--out", type=Path, default=BOARDS, metavar="DIR", help="the folder of the files")
    options = parser.parse_args()
    if not options.check:
        write(options.out)
        return 0
    outdated = stale(options.out)
    for name in outdated:
        sys.stderr.write(f"{name} is not up to date: run python -m dashboards.grafana.build\n")
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main())
