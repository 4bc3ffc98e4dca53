"""What one percent more conversations cost: a run over 99 of 100, then one over all, into the same folder.

    python tests/bench_one_percent.py banking77.parquet [--into FOLDER] [--claude] [--latency 0.2]

Prints a row a run: seconds by the clock and of the processor, the whole command with starting Python and loading the
embedding model; then what share of the first the second took. --claude: through the stand-in server of the tests,
with the calls that reached it, each answered after so many seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import duckdb


class Run(NamedTuple):
    """What a run took. calls: function -> requests that reached the server."""

    conversations: int
    seconds: float
    busy: float
    calls: Counter[str]


def parts(file: Path, into: Path) -> list[Path]:
    """99 of 100 of the conversations, by time, and all of them."""
    found = []
    (whole,) = duckdb.execute(f"select count(*) from '{file}'").fetchall()[0]
    for name, rows in (("most", whole - whole // 100), ("all", whole)):
        found.append(into / f"{name}.parquet")
        query = f"select * exclude (label) from '{file}' order by created_at, conversation_id limit {rows}"
        duckdb.execute(f"copy ({query}) to '{found[-1]}'")
    return found


def new(most: Path, everything: Path) -> int:
    """How many conversations of all say what none of the others says: those that are to be paid for."""
    query = "select count(*) from (select messages from '{}' except select messages from '{}')"
    return duckdb.execute(query.format(everything, most)).fetchall()[0][0]


def run(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor. Raises RuntimeError with what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def by_rule(file: Path, into: Path) -> list[Run]:
    """Both runs with the local provider."""
    command = [sys.executable, "-m", "clio_sql.cli", "run"]
    return [
        Run(rows(path), *run([*command, str(path), "--into", str(into / "out")]), Counter())
        for path in parts(file, into)
    ]


def by_claude(file: Path, into: Path, latency: float = 0.0) -> list[Run]:
    """Both runs through the stand-in server."""
    import paid
    from messages_server import Server

    os.environ |= paid.environment(ANTHROPIC_LOG="")
    (into / "analysis").mkdir()
    found = []
    with Server(latency) as server:
        for path in parts(file, into):
            with paid.asked(server) as calls:
                took = run(paid.command(path, into / "out", server, into / "analysis", "--max-usd", 100))
            found.append(Run(rows(path), *took, calls))
    return found


def rows(path: Path) -> int:
    return duckdb.execute(f"select count(*) from '{path}'").fetchall()[0][0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--into", type=Path, default=None, help="an empty folder; a temporary one by default")
    parser.add_argument("--claude", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        into = given.into or Path(folder)
        into.mkdir(exist_ok=True)
        found = by_claude(given.file, into, given.latency) if given.claude else by_rule(given.file, into)
        print("conversations  seconds     busy  calls")
        for each in found:
            calls = ", ".join(f"{count:,} {name}" for name, count in sorted(each.calls.items()))
            print(f"{each.conversations:13,} {each.seconds:8.1f} {each.busy:8.1f}  {calls}")
        before, after = found
        by_clock, busy = after.seconds / before.seconds, after.busy / before.busy
        print(f"share of the first: {by_clock:.1%} by the clock, {busy:.1%} busy")
        print(f"new to be asked: {new(into / 'most.parquet', into / 'all.parquet')}")


if __name__ == "__main__":
    main()
