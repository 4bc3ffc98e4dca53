"""How often a conversation is placed in the right leaf of a fixed taxonomy, without a language model.

    python tests/bench_taxonomies.py [--into FOLDER]

Three taxonomies, each by a run of the command line: the 77 intents of banking77.parquet (in CLIO_TEST_DATA) by their
names alone, the topics of the demo by their names alone, and sql/taxonomies/uses.sql, whose leaves stand for the topics
of the demo. `right`: the share that is placed in the leaf of its label, with an interval of 95% over users drawn again
500 times; a conversation that is placed nowhere is wrong. `own`: the same by the vectors of the leaves alone, as if no
text moved them. `close`: the share whose two nearest leaves are close, of which a language model would be asked. No
label is read before it is counted.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import tempfile
from pathlib import Path

import duckdb
import numpy as np
from conftest import cli

from clio_sql.analysis import init

DATA = Path(os.environ.get("CLIO_TEST_DATA", "../shared/data"))
USES = {  # topic of the demo -> leaf of uses.sql; two topics of the demo that nobody has are left out
    "debugging code": "fix_code", "cooking": "cooking", "trip planning": "travel",
    "spreadsheets and sql": "spreadsheets",
    "job applications": "jobs", "device trouble": "devices", "personal finance": "money", "fitness": "health",
    "home repair": "repairs", "creative writing": "fiction", "gardening": "garden", "school maths": "maths",
}  # fmt: skip


def identity(label: str) -> str:
    return "n_" + re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def folder(into: Path, labels: list[str] | None) -> Path:
    """An analysis with those labels as leaves; None: with the packaged uses."""
    shutil.rmtree(into, ignore_errors=True)
    init.init(into, "uses")
    if labels is not None:
        (into / "taxonomy.sql").unlink()
        with open(into / "taxonomy.csv", "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["facet", "id", "parent_id", "name"])
            rows.writerows(["use", identity(label), "", re.sub(r"[_?]+", " ", label).strip()] for label in labels)
    return into


def measured(file: Path, out: Path, leaves: dict[str, str]) -> list[tuple[str, bool, bool, bool]]:
    """user, whether the leaf is right, whether that of own vectors is, whether the two nearest are close."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        con.execute("set schema = 'clio'")
        rows = con.execute(
            f"""
            with own as (
                select
                    embeddings.conversation_id,
                    arg_max(id, list_inner_product(embeddings.embedding::float[], leaves.embedding)) as leaf
                from embeddings inner join taxonomy_leaves as leaves using (facet)
                group by embeddings.conversation_id
            )
            select labelled.user_id, labelled.label, answers.leaf, own.leaf, is_close
            from taxonomy_answers as answers
            inner join taxonomy_places using (conversation_id, facet)
            inner join own using (conversation_id)
            inner join '{file}' as labelled using (conversation_id)
            order by conversation_id"""
        ).fetchall()
    return [
        (user, leaf == leaves[label], own == leaves[label], close)
        for user, label, leaf, own, close in rows
        if label in leaves
    ]


def interval(rows: list[tuple[str, bool, bool, bool]], draws: int = 500) -> tuple[float, float]:
    """Of the share that is right, 95%: users are drawn again, all conversations of one together."""
    users = sorted({user or "" for user, *_ in rows})
    number = {user: place for place, user in enumerate(users)}
    right, all_ = np.zeros(len(users)), np.zeros(len(users))
    for user, is_right, *_ in rows:
        right[number[user or ""]] += is_right
        all_[number[user or ""]] += 1
    drawn = np.random.default_rng(0).integers(len(users), size=(draws, len(users)))
    low, high = np.quantile(right[drawn].sum(1) / all_[drawn].sum(1), [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        into = given.into or Path(scratch)
        into.mkdir(parents=True, exist_ok=True)
        demo, bank = into / "demo.parquet", DATA / "banking77.parquet"
        assert cli("demo", "--into", into, "--only-write").returncode == 0
        print("| data | leaves | conversations | right | interval | own | close |\n|---|---:|---:|---:|---|---:|---:|")
        for name, file, uses in (("banking77", bank, None), ("demo", demo, None), ("demo, uses", demo, USES)):
            if not file.exists():
                continue
            labels = [label for (label,) in duckdb.sql(f"select distinct label from '{file}' order by all").fetchall()]
            analysis = folder(into / f"{name}_sql", None if uses else labels)
            done = cli("run", file, "--into", into / name, "--analysis", analysis)
            assert done.returncode == 0, done.stderr
            rows = measured(file, into / name, uses or {label: identity(label) for label in labels})
            right, own, close = (float(np.mean([row[column] for row in rows])) for column in (1, 2, 3))
            low, high = interval(rows)
            number = (
                duckdb.connect(str(into / name / "warehouse.duckdb"), read_only=True)
                .execute("select count(*) from clio.taxonomy_leaves")
                .fetchall()[0][0]
            )
            print(
                f"| {name} | {number} | {len(rows):,} | {right:.3f} | "
                f"{low:.3f} to {high:.3f} | {own:.3f} | {close:.2f} |"
            )


if __name__ == "__main__":
    main()
