"""What the lock costs: the demo by two installations of clio-sql in turns, as whole processes.

    python tests/bench_lock.py BEFORE/bin/python AFTER/bin/python [--turns 5] [--conversations 1500]

Prints the median seconds of each, first run and second run over the same file, and AFTER as a share of BEFORE.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def seconds(python: Path, *arguments: object) -> float:
    """How long one command takes."""
    start = time.perf_counter()
    command = [str(python), "-m", "clio_sql.cli", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir())
    return time.perf_counter() - start


def turn(python: Path, conversations: int) -> tuple[float, float]:
    """A first run, and a second one that finds all of it there."""
    with tempfile.TemporaryDirectory() as out:
        seconds(python, "demo", "--into", out, "--conversations", conversations, "--only-write")
        run = ("run", Path(out) / "demo.parquet", "--into", out, "--breakdown", "plan", "--depth", 1)
        return seconds(python, *run), seconds(python, *run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--conversations", type=int, default=1500)
    given = parser.parse_args()
    taken: dict[Path, list[tuple[float, float]]] = {given.before: [], given.after: []}
    for _ in range(given.turns):
        for python, found in taken.items():
            found.append(turn(python, given.conversations))
    for place, what in enumerate(("first run", "second run")):
        before, after = (statistics.median(each[place] for each in found) for found in taken.values())
        print(f"{what}: before {before:.2f} s, after {after:.2f} s, ratio {after / before:.3f}")


if __name__ == "__main__":
    main()
