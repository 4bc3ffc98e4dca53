"""How stable a refresh is: a file split by time into ten parts, added one after another to one warehouse.

    python tests/bench_refresh.py sgd_dev.parquet [--parts 10] [--into FOLDER] [--least 50]

Prints a row a part. ids: share of the last build's published clusters that are published again under their id.
rand: adjusted Rand index between this assignment to base clusters and the last one, on the conversations of both.
purity: share of conversations whose label is the commonest of their base cluster; then the same when the base
clusters are fitted on everything so far at once, and the difference. Rows without a time would come last, by id.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb
from sklearn.metrics import adjusted_rand_score
from warehouse import changed

import clio_sql
from clio_sql import builder, sources
from clio_sql.published.publish import publish

FACET = "request"
AT_ONCE = """
    with placed as (
        select conversation_id, embedding, md5(concat(seed, conversation_id)) as place
        from clio.embeddings cross join clio.settings where facet = $1
    ),
    fitted as (
        select clio_fit(list(embedding order by place), (select k from clio.fits where facet = $1)) as model from placed
    )
    select conversation_id, clio_cluster(embedding, model).cluster_id from placed cross join fitted"""


class Part(NamedTuple):
    """One row of the table; None where there is no last build."""

    conversations: int
    clusters: int
    published: int
    ids: float | None
    rand: float | None
    purity: float
    at_once: float
    refit: str
    tree: str
    lineage: str
    seconds: float


def measure(file: Path, parts: int, into: Path, settings: dict[str, int]) -> Iterable[Part]:
    """Add the parts one after another; a Part each."""
    labels = dict(duckdb.sql(f"select conversation_id, label from '{file}'").fetchall())
    last_ids: set[str] = set()
    last: dict[str, str] = {}
    for part in range(1, parts + 1):
        path = into / "so_far.parquet"
        duckdb.sql(
            f"copy (select * from '{file}' order by created_at, conversation_id "
            f"limit (select count(*) * {part} // {parts} from '{file}')) to '{path}'"
        )
        began = time.process_time()
        con = clio_sql.connect(into / "warehouse.duckdb")
        try:
            refresh(con, path, into, settings)
            seconds = time.process_time() - began
            query = "select conversation_id, cluster_id from clio.assignments where facet = ?"
            now = dict(con.execute(query, [FACET]).fetchall())
            query = "select distinct cluster_id from clio.hierarchy where facet = ?"
            ids = {i for (i,) in con.execute(query, [FACET]).fetchall()}
            at_once = dict(con.execute(AT_ONCE, [FACET]).fetchall())
            query = """
                select coalesce(fits.reason, ''), coalesce(trees.reason, '')
                from clio.fits left join clio.trees using (facet) where facet = ?"""
            refit, tree = con.execute(query, [FACET]).fetchone()
            kinds = con.execute("select kind, count(*) from clio.cluster_lineage group by 1 order by 1").fetchall()
        finally:
            con.close()
        common = [i for i in last if i in now]
        yield Part(
            len(now), len(set(now.values())), len(ids),
            len(last_ids & ids) / len(last_ids) if last_ids else None,
            adjusted_rand_score([last[i] for i in common], [now[i] for i in common]) if last else None,
            purity(now, labels), purity(at_once, labels),
            refit, tree, ", ".join(f"{n} {kind}" for kind, n in kinds), seconds,
        )  # fmt: skip
        last, last_ids = now, ids


def refresh(con: duckdb.DuckDBPyConnection, path: Path, into: Path, settings: dict[str, int]) -> None:
    """What `clio-sql run` does."""
    source = sources.read(con, path)
    builder.describe_input(
        con, builder.SCHEMA, format=source.format, privacy_unit=source.privacy_unit, breakdowns=source.breakdowns
    )
    relations = changed(**settings)
    builder.run(con, relations=relations)
    builder.check(con)
    publish(con, into, relations)
    builder.keep(con, relations)


def purity(clusters: dict[str, object], labels: dict[str, str]) -> float:
    """Share of conversations whose label is the commonest of their cluster."""
    inside: dict[object, Counter[str]] = defaultdict(Counter)
    for conversation, cluster in clusters.items():
        inside[cluster][labels[conversation]] += 1
    return sum(max(counts.values()) for counts in inside.values()) / len(clusters)


def main() -> None:
    """Print the table and what it comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--into", type=Path, default=None, help="an empty folder; a temporary one by default")
    parser.add_argument("--least", type=int, default=None, help="least_per_cluster of settings.sql")
    given = parser.parse_args()
    settings = {} if given.least is None else {"least_per_cluster": given.least}
    print("part conversations clusters published   ids  rand purity at once  diff  cpu s  refit     tree      lineage")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(given.file, given.parts, given.into or Path(folder), settings):
            rows.append(row)
            ids, rand = ("     " if value is None else f"{value:5.3f}" for value in (row.ids, row.rand))
            print(
                f"{len(rows):4} {row.conversations:13,} {row.clusters:8} {row.published:9} {ids} {rand}"
                f"  {row.purity:5.3f}   {row.at_once:5.3f} {row.purity - row.at_once:+5.3f} {row.seconds:6.1f}"
                f"  {row.refit:<9} {row.tree:<9} {row.lineage}",
                flush=True,
            )
    for name in ("ids", "rand"):
        values = [value for row in rows if (value := getattr(row, name)) is not None]
        if values:
            print(f"{name}: mean {sum(values) / len(values):.3f}, least {min(values):.3f}")
    differences = [row.purity - row.at_once for row in rows]
    print(f"purity against fitting all at once: {differences[-1]:+.3f} in the end, at worst {min(differences):+.3f}")


if __name__ == "__main__":
    main()
