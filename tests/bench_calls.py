"""Measures the dispatch of calls: how near to the ideal time, and CPU milliseconds a call.

    python tests/bench_calls.py [--calls 5000] [--latency 0.2] [--concurrency 64]

The server runs in a process of its own on the same machine. The ideal is calls * latency / concurrency.
Figures of both runs are printed: all replies good, and every tenth a 429 (with retry-after: 0).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import duckdb

from clio_sql.calls import Calls
from clio_sql.providers import Extract, Question
from clio_sql.providers.claude import Claude
from clio_sql.state import migrate

SERVER = Path(__file__).with_name("messages_server.py")
QUESTIONS = {
    "request": Question("What did the user want overall?"),
    "task": Question("What was the assistant asked to do?"),
    "language": Question("In which language did the user write?", "category", ("English", "Other")),
    "concern": Question("How harmful could it be?", "score"),
}
TEXT = "User: please help me to plan trip number {} to a quiet lake with some friends. " + "And then? " * 200


def measure(calls: int, latency: float, concurrency: int, *faults: str) -> dict[str, float]:
    """Run `calls` extractions against a fresh server and a fresh database file."""
    command = [sys.executable, str(SERVER), "--latency", str(latency), *faults]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory() as folder:
        url = server.stdout.readline().strip()
        con = duckdb.connect(f"{folder}/bench.duckdb")
        migrate(con)
        door = Calls(con.cursor, base_url=url, concurrency=concurrency, max_usd=1000)
        made = Claude(door).requests("extract", [Extract(TEXT.format(i), QUESTIONS) for i in range(calls)])
        door.answer(made[:1])  # imports, connects and starts the thread
        began, cpu = time.perf_counter(), time.process_time()
        statuses = Counter(reply.status for reply in door.answer(made))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        counts = json.load(urllib.request.urlopen(f"{url}/_counts"))
        began = time.perf_counter()
        door.answer(made)
        again = time.perf_counter() - began
        door.close()
        con.close()
    server.stdin.close()
    server.wait(5)
    assert statuses == {"ok": calls}, statuses
    ideal = calls * latency / concurrency
    return {
        "seconds": took, "share of ideal": ideal / took, "CPU ms a call": 1000 * cpu / calls,
        "requests": counts["requests"], "most in flight": counts["most_in_flight"], "again, seconds": again,
    }  # fmt: skip


def main() -> None:
    """Print both runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=64)
    given = parser.parse_args()
    os.environ["ANTHROPIC_API_KEY"] = "test-key-7f3a"
    for label, faults in (("all good", []), ("10% 429", ["--share", "429:0=0.1"])):
        figures = measure(given.calls, given.latency, given.concurrency, *faults)
        print(label + ": " + ", ".join(f"{name} {value:.3g}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
