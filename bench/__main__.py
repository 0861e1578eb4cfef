"""`make bench`: every benchmark, or the ones that are named: `python -m bench backlog steady append`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bench import gateway_under_load, viewers

BENCHMARKS = ("backlog", "steady", "viewers", "append", "alerts", "receiver", "demand")
_PROGRAMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "append": "bench.bench_append",
        "alerts": "bench.alert_pass",
        "receiver": "bench.receiver_down",
        "demand": "bench.demand",
    }
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which (all without a name)")
    parser.add_argument("--messages", type=int, default=200_000, help="messages in the backlog")
    parser.add_argument("--runs", type=int, default=3, help="runs of the backlog")
    parser.add_argument("--rate", type=int, default=5_000, help="steady messages a second")
    parser.add_argument("--seconds", type=int, default=60, help="length of the steady load")
    options = parser.parse_args()
    for name in options.names or BENCHMARKS:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(prefix="silverpoint-bench-") as directory:
            if name == "backlog":
                gateway_under_load.backlog(Path(directory), options.messages, options.runs)
            elif name == "steady":
                gateway_under_load.steady(Path(directory), options.rate, options.seconds)
            elif name == "viewers":
                viewers.viewers(Path(directory), devices=10_000, per_s=200, seconds=options.seconds, number=50)
            else:
                subprocess.run([sys.executable, "-m", _PROGRAMS[name]], check=True)


if __name__ == "__main__":
    main()
