"""Measures paid calls through SQL: how near to the ideal time, and CPU milliseconds a call.

    python tests/bench_calls.py [--calls 5000] [--latency 0.2] [--concurrency 64] [--plain] [--profile]

What is timed: all that a run does for one paid step, on a table of as many different conversations. The
query's prompts are collected and bought (`builder.paid.fill`), then `create table as select clio_extract_raw(…)`
reads them. With --plain that statement alone, which asks for 2,048 rows at a time.

The server runs in a process of its own on the same machine. The ideal is calls * latency / concurrency.
Figures of both runs are printed: all replies good, and every tenth a 429 (with retry-after: 0).
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import duckdb

import clio_sql
from clio_sql.builder import paid
from clio_sql.register import engine_of

SERVER = Path(__file__).with_name("messages_server.py")
QUESTIONS = """{
    request: 'What did the user want overall?',
    task: 'What was the assistant asked to do?',
    language: {question: 'In which language did the user write?', kind: 'category', choices: ['English', 'Other']},
    concern: {question: 'How harmful could it be?', kind: 'score', choices: []::varchar[]}
}"""
TABLE = """
    create table chats as
    select 'User: please help me to plan trip number ' || i || ' to a quiet lake with some friends. '
        || repeat('And then? ', 200) as transcript
    from range({}) as numbers(i)"""
QUERY = f"select clio_extract_raw(transcript, to_json({QUESTIONS})::varchar) as answer from chats"


def measure(calls: int, latency: float, concurrency: int, plain: bool, *faults: str) -> dict[str, float]:
    """Answer `calls` conversations against a fresh server and a fresh database file."""
    command = [sys.executable, str(SERVER), "--latency", str(latency), *faults]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            con = clio_sql.connect(
                f"{folder}/bench.duckdb", provider="anthropic", base_url=url, concurrency=concurrency, max_usd=1000
            )
            con.execute(TABLE.format(calls))
            con.execute("select clio_extract('Hello', {task: 'What?'})")  # imports, connects, starts the thread
            began, cpu = time.perf_counter(), time.process_time()
            if not plain:
                paid.fill(con, engine_of(con), [QUERY], 0.05, lambda more: None)
            filled = time.perf_counter() - began
            con.execute(f"create table answers as {QUERY}")
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            check(con, calls)
            counts = json.load(urllib.request.urlopen(f"{url}/_counts"))
            engine_of(con).close()
            con.close()
    finally:
        server.stdin.close()
        server.wait(5)
    ideal = calls * latency / concurrency
    return {
        "seconds": took, "of them calls": filled, "share of ideal": ideal / took, "CPU ms a call": 1000 * cpu / calls,
        "requests": counts["requests"] - 1, "most in flight": counts["most_in_flight"],
    }  # fmt: skip


def check(con: duckdb.DuckDBPyConnection, calls: int) -> None:
    """Every row has its four answers, and every call is in the store."""
    query = "select count(*), count_if(answer.status = 'ok' and cardinality(answer.value) = 4) from answers"
    assert con.execute(query).fetchone() == (calls, calls)
    assert con.execute("select count(*) from clio_state.calls where status = 'ok'").fetchone() == (calls + 1,)


def main() -> None:
    """Print both runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--plain", action="store_true", help="without collecting first")
    parser.add_argument("--profile", action="store_true", help="what the thread that sends spends its time on")
    given = parser.parse_args()
    os.environ["ANTHROPIC_API_KEY"] = "test-key-7f3a"
    profile = profiled() if given.profile else None
    for label, faults in (("all good", []), ("10% 429", ["--share", "429:0=0.1"])):
        figures = measure(given.calls, given.latency, given.concurrency, given.plain, *faults)
        figures["load"] = os.getloadavg()[0]
        print(label + ": " + ", ".join(f"{name} {value:.3g}" for name, value in figures.items()), flush=True)
        if profile is not None:
            pstats.Stats(profile).sort_stats("cumtime").print_stats(90)
            break


def profiled() -> cProfile.Profile:
    """Profiles every thread that sends."""
    from clio_sql.calls.dispatch import Dispatcher

    profile, run = cProfile.Profile(), Dispatcher._run
    Dispatcher._run = lambda self: profile.runcall(run, self)
    return profile


if __name__ == "__main__":
    main()
