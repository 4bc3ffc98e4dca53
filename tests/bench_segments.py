"""What `segment_by` makes of chats that hold two requests, without a language model.

    python tests/bench_segments.py [--into FOLDER] [--chats N]

Two conversations of different labels become one chat: of sgd_dev.parquet those with one label (many turns), of
banking77.parquet N chats of two questions (both in CLIO_TEST_DATA). Each is run whole, by turns, by topic, and with the
requests as conversations of their own, each with as many base clusters: one for 50 requests.
`cuts`: how many of those that were made are where the second request begins (precision), and how many of these
were found (recall), with an interval of 95% over chats drawn again 500 times; apart for chats of the labels that
`segment_similarity` was chosen on and of those that it was not. `purity`: the share of requests whose label is the
commonest of their base cluster; a request is where the segment is that has most of its turns. `both`: chats whose two
requests are in two clusters.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections import Counter, defaultdict
from hashlib import md5
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import cli

DATA = Path(os.environ.get("CLIO_TEST_DATA", "../shared/data"))
MESSAGES = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
SEGMENTS = "select whole_id, conversation_id, first_position, messages from segments"
PLACES = "select conversation_id, cluster_id from found_assignments where facet = 'request'"

COUNTED = "select count(*), count(distinct cluster_id) from clio.found_assignments where facet = 'request'"


class Chat(NamedTuple):
    """Two requests in one conversation. begins: the message with which the second begins, from 1. chosen: see above."""

    conversation_id: str
    user_id: str
    created_at: Any
    messages: list[dict[str, str]]
    labels: tuple[str, str]
    begins: int
    chosen: bool


def chats(name: str, most: int) -> list[Chat]:
    """Each conversation with the next one of another label of its half, in an order by hash of id."""
    rows = duckdb.sql(
        f"select conversation_id, user_id, created_at, messages, label from '{DATA}/{name}.parquet' "
        "where len(labels) = 1"
    ).fetchall()
    rows.sort(key=lambda row: md5(row[0].encode()).digest())
    labels = sorted({row[4] for row in rows})
    found = []
    for half in (0, 1):
        waiting: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in rows:
            if labels.index(row[4]) % 2 != half:
                continue
            others = [label for label in waiting if label != row[4]]
            other = max(others, key=lambda label: len(waiting[label]), default=None)
            if other is None:
                waiting[row[4]].append(row)
                continue
            first = waiting[other].pop()
            if not waiting[other]:
                del waiting[other]
            begins, both = len(first[3]) + 1, (other, row[4])
            found.append(Chat(f"{first[0]}+{row[0]}", *first[1:3], first[3] + row[3], both, begins, half == 0))
    found.sort(key=lambda chat: md5(chat.conversation_id.encode()).digest())
    return found[:most]


def write(path: Path, given: list[Chat], apart: bool) -> None:
    """The chats, or their requests as conversations of their own."""
    rows = []
    for chat in given:
        parts = [chat.messages[: chat.begins - 1], chat.messages[chat.begins - 1 :]] if apart else [chat.messages]
        for number, messages in enumerate(parts, 1):
            identity = f"{chat.conversation_id}/{number}" if apart else chat.conversation_id
            rows.append(
                {
                    "conversation_id": identity,
                    "user_id": chat.user_id,
                    "created_at": chat.created_at,
                    "messages": messages,
                }
            )
    pq.write_table(pa.Table.from_pylist(rows).cast(_schema()), path)


def _schema() -> pa.Schema:
    return pa.schema(
        {"conversation_id": pa.string(), "user_id": pa.string(), "created_at": pa.timestamp("us"), "messages": MESSAGES}
    )


def analysis(folder: Path, segment_by: str | None, clusters: int) -> Path:
    """An analysis with so many base clusters."""
    folder.mkdir(parents=True, exist_ok=True)
    text = files("clio_sql.sql").joinpath("models", "settings.sql").read_text("utf-8")
    values = {"max_base_clusters": clusters, "min_base_clusters": clusters, "least_per_cluster": 1}
    if segment_by:
        values["segment_by"] = f"'{segment_by}'"
    for setting, value in values.items():
        text, found = re.subn(rf"(?m)^    \S+::(\w+) as {setting}\b", rf"    {value}::\1 as {setting}", text)
        assert found == 1, setting
    (folder / "settings.sql").write_text(text, "utf-8")
    return folder


def placed(out: Path, given: list[Chat], apart: bool) -> tuple[dict[tuple[str, int], str | None], dict[str, list[int]]]:
    """(chat, 1 or 2) -> the cluster of that request; chat -> the messages with which later segments begin."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        con.execute("set schema = 'clio'")
        clusters = dict(con.execute(PLACES).fetchall())
        segments = defaultdict(list)
        for whole, segment, first, messages in con.execute(f"{SEGMENTS} order by whole_id, first_position").fetchall():
            segments[whole].append((segment, first, messages))
    where, cuts = {}, {}
    for chat in given:
        cuts[chat.conversation_id] = [first for _, first, _ in segments[chat.conversation_id][1:]]
        for request in (1, 2):
            if apart:
                where[chat.conversation_id, request] = clusters.get(f"{chat.conversation_id}/{request}")
                continue
            turns = Counter[str]()
            for segment, first, messages in segments[chat.conversation_id]:
                for position, message in enumerate(messages, first):
                    if message["role"] == "user" and (position >= chat.begins) == (request == 2):
                        turns[segment] += 1
            where[chat.conversation_id, request] = clusters.get(turns.most_common(1)[0][0])
    return where, cuts


def purity(where: dict[tuple[str, int], str | None], given: list[Chat]) -> float:
    counted: dict[str | None, Counter[str]] = defaultdict(Counter)
    for chat in given:
        for request in (1, 2):
            counted[where[chat.conversation_id, request]][chat.labels[request - 1]] += 1
    return sum(max(labels.values()) for labels in counted.values()) / (2 * len(given))


def cut_scores(cuts: dict[str, list[int]], given: list[Chat]) -> str:
    """Precision and recall of the cuts, each with its interval."""
    made = np.array([len(cuts[chat.conversation_id]) for chat in given])
    right = np.array([chat.begins in cuts[chat.conversation_id] for chat in given])
    drawn = np.random.default_rng(0).integers(len(given), size=(500, len(given)))
    told = []
    for value, among in ((right, np.maximum(made, 0)), (right, np.ones(len(given)))):
        if not among.sum():
            return "none"
        low, high = np.quantile(value[drawn].sum(1) / np.maximum(among[drawn].sum(1), 1), [0.025, 0.975])
        told.append(f"{value.sum() / among.sum():.2f} ({low:.2f} to {high:.2f})")
    return " / ".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--chats", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        into = given.into or Path(scratch)
        into.mkdir(parents=True, exist_ok=True)
        print("| data | chats | unit | units | base clusters | purity | both | cuts, chosen on | cuts, held apart |")
        print("|---|---:|---|---:|---:|---:|---:|---|---|")
        for name in ("sgd_dev", "banking77"):
            if not (DATA / f"{name}.parquet").exists():
                continue
            made = chats(name, given.chats)
            for unit in ("whole", "turns", "topic", "requests"):
                file, out = into / f"{name}-{unit}.parquet", into / f"{name}-{unit}"
                write(file, made, apart=unit == "requests")
                by = unit if unit in ("turns", "topic") else None
                folder = analysis(into / f"{out.name}_sql", by, len(made) // 25)
                done = cli("run", file, "--into", out, "--analysis", folder)
                assert done.returncode == 0, done.stderr
                where, cuts = placed(out, made, unit == "requests")
                with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
                    units, clusters = con.execute(COUNTED).fetchall()[0]
                both = np.mean([where[chat.conversation_id, 1] != where[chat.conversation_id, 2] for chat in made])
                halves = [
                    cut_scores(cuts, [chat for chat in made if chat.chosen == chosen]) for chosen in (True, False)
                ]
                told = " | ".join(halves) if by else " | "
                print(
                    f"| {name} | {len(made):,} | {unit} | {units:,} | {clusters} | {purity(where, made):.3f} | "
                    f"{both:.2f} | {told} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
