"""How long the `source` step takes, and with how much memory, on one log in three shapes.

    python tests/bench_source.py [--conversations 1000000] [--into FOLDER]

The demo's generator: a row a conversation; a row a message, shuffled; a row a request that holds the history so far,
shuffled, with a session id and without any. Each is read in a process of its own. Prints the rows, the seconds of the
processor and the peak of resident memory, and how often as much that is as reading the same rows takes with each row by
itself, as it is. With --into the files stay.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

import clio_sql
from clio_sql import demo, sources
from clio_sql.sources import adapters

REQUESTS = """
    select {id} user_id, created_at + to_minutes(turn) as created, messages[:turn] as messages,
        messages[turn + 1] as response
    from (select *, unnest(list_filter(
        range(1, len(messages) + 1), lambda turn: messages[turn].role = 'user'
    )) as turn from '{file}')
    order by hash(conversation_id, turn)"""
SHAPES = {
    "conversations": "select conversation_id, user_id, created_at, messages from '{file}'",
    "messages": """
        select conversation_id, user_id, created_at + to_seconds(place) as created_at, message.role, message.content
        from (select *, unnest(messages) as message, unnest(range(len(messages))) as place from '{file}')
        order by hash(conversation_id, place)""",
    "requests": REQUESTS.replace("{id}", "conversation_id as session_id,"),
    "requests without ids": REQUESTS.replace("{id}", ""),
}


def write(shape: str, file: Path, folder: Path) -> Path:
    """The file of that shape in the folder, made of the demo's file."""
    path = folder / f"{shape}.parquet"
    if not path.exists():
        with duckdb.connect() as con:
            con.execute(f"copy ({SHAPES[shape].replace('{file}', str(file))}) to '{path}.part' (format parquet)")
        Path(f"{path}.part").rename(path)
    return path


def by_itself(rows: str, chosen: adapters.Adapter, **_: str) -> str:
    """The query of a source in which each row of the adapter is a conversation, of whoever it says."""
    return (
        f"with raw as ({rows}) select *, 1 as parts, false as names_nobody, []::varchar[] as ids, 0 as position "
        f"from (\n{chosen.sql}\n)"
    )


def measured(path: Path) -> dict[str, float]:
    """Read a file into a warehouse that is removed."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, clio_sql.connect(f"{folder}/warehouse.duckdb") as con:
        cpu = time.process_time()
        found = sources.read(con, path)
        return {
            "conversations": found.conversations,
            "seconds": time.process_time() - cpu,
            "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        }


def table(by_shape: dict[str, dict[str, dict[str, float]]]) -> str:
    """A Markdown table, a row a shape."""
    lines = ["| a row is of | rows | conversations | by itself | put together | times | peak memory | times |"]
    lines.append("|---|" + "---:|" * 7)
    for shape, both in by_shape.items():
        apart, whole = both["apart"], both["whole"]
        lines.append(
            f"| {shape} | {apart['conversations']:,} | {whole['conversations']:,} | {apart['seconds']:.1f} s | "
            f"{whole['seconds']:.1f} s | {whole['seconds'] / apart['seconds']:.1f} | {whole['gigabytes']:.2f} GB | "
            f"{whole['gigabytes'] / apart['gigabytes']:.1f} |"
        )
    return "\n".join(lines)


def one(path: Path, apart: bool) -> dict[str, float]:
    """What reading a file takes, in a process of its own: the peak of memory is of one reading."""
    command = [sys.executable, __file__, "--one", str(path), *(["--apart"] if apart else [])]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, help="a folder that stays; default: one that is removed")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        if asked.apart:
            adapters.read = by_itself
        print(json.dumps(measured(asked.one)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.into or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"demo-{asked.conversations}.parquet"
        if not file.exists():
            demo.write(file, asked.conversations)
        by_shape = {}
        for shape in SHAPES:
            path = write(shape, file, folder)
            by_shape[shape] = {"apart": one(path, True), "whole": one(path, False)}
    print(f"{os.cpu_count()} cores\n\n{table(by_shape)}")


if __name__ == "__main__":
    main()
