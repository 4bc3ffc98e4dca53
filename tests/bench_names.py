"""How good the names of clusters are without a language model, beside those of an older version.

    python tests/bench_names.py [FILE ...] [--before REF] [--into FOLDER] [--list N]

FILE is labelled, as those in CLIO_TEST_DATA (the default: sgd_dev and banking77) or one that `clio-sql demo` writes;
the demo comes last. Each is run with packaged settings, with and without margins of support, and again with the code of
REF, a commit or tag, out of a git worktree. Runs stay in FOLDER, and what is there is not run again. Printed of each:

right: share of conversations whose base cluster's name alone is nearest to their label, as `clio-sql evaluate` says
it; one without a published name is wrong. made on, held: the same over half of the labels each, by the hash of the
label: rules for names are made on one half, and only looked at on the other. clusters: base clusters; unnamed: those
that pass the gate but have no name. alike: base clusters whose name another one has, or one at a cosine of 0.9 or
more. joined: names of all levels that put two things together ('X and Y', or two topics). --list N: the first N names
of the tree, and of each language that a file tells those of the N largest base clusters of which it is at least half.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb

from clio_sql.run import evaluate
from clio_sql.sources.inputs import Reading

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("CLIO_TEST_DATA", ROOT.parent / "shared" / "data"))
SECRET = "0123456789abcdef" * 4  # so that margins are drawn alike
FACET = "request"

RIGHT = """
    select judged.label, sum(conversations), coalesce(sum(conversations) filter (near.label = judged.label), 0)
    from judged left join nearest_labels as near using (facet, cluster_id)
    where facet = ? group by all order by all"""
COUNTED = """
    select
        (select count(*) from base_clusters where facet = $facet),
        (select count(*) filter (name is null) from gated_clusters left join cluster_names using (facet, cluster_id)
         where facet = $facet and passes),
        (select coalesce(sum(repeated + alike), 0) from name_pairs where facet = $facet and level = 0)"""
FIRST = """
    with recursive tree as (
        select cluster_id, name, [(-users, cluster_id)] as path from clusters where facet = $facet and parent_id is null
        union all
        select clusters.cluster_id, clusters.name, list_append(path, (-users, clusters.cluster_id))
        from clusters inner join tree on clusters.parent_id = tree.cluster_id
        where facet = $facet
    )
    select name from tree order by path limit $most"""


class Names(NamedTuple):
    """What is measured of the names of one run: shares, then counts."""

    right: float
    made_on: float
    held: float
    clusters: int
    unnamed: int
    alike: int
    joined: int


def half(label: str) -> bool:
    """True for the labels on which rules for names are made."""
    return hashlib.md5(label.encode()).digest()[-1] % 2 == 0


def share(rows: list[tuple[str, int, int]]) -> float:
    return sum(right for *_, right in rows) / max(1, sum(all_of for _, all_of, _ in rows))


def measured(file: Path, out: Path, topics: set[str]) -> Names:
    """Reads what the run left in `out`."""
    with closing(evaluate._opened(out / "warehouse.duckdb")) as con:
        evaluate._require_run(con, out, "clio")
        evaluate._read(con, str(file), label_column(file), None, Reading())
        for step in evaluate.STEPS:
            con.execute(f"create temp table {step} as {evaluate._sql(step)}")
        rows = con.execute(RIGHT, [FACET]).fetchall()
        clusters, unnamed, alike = con.execute(COUNTED, {"facet": FACET}).fetchall()[0]
        names = [name for (name,) in con.execute("select name from hierarchy where facet = ?", [FACET]).fetchall()]
    return Names(
        share(rows), share([row for row in rows if half(row[0])]), share([row for row in rows if not half(row[0])]),
        clusters, unnamed, int(alike), len({name for name in names if joined(name, topics)}),
    )  # fmt: skip


def joined(name: str, topics: set[str]) -> bool:
    """True for 'X and Y' and for two topics; a topic may itself have an 'and'."""
    return name not in topics and (" and " in name or any(name.startswith(f"{topic}, ") for topic in topics))


def label_column(file: Path) -> str:
    columns = [row[0] for row in duckdb.sql(f"describe from '{file}'").fetchall()]
    return next(column for column in ("label", "topic") if column in columns)


def run(file: Path, out: Path, code: Path, margins: bool) -> None:
    """A run in a process of its own, with the code in `code`; nothing where `out` has one."""
    if (out / "published.duckdb").exists():
        return
    given = ["--into", str(out), "--provider", "local", "--depth", "1"]
    if not margins:
        folder = out.with_name(f"{out.name}-settings")
        folder.mkdir(parents=True, exist_ok=True)
        settings = (code / "sql" / "models" / "settings.sql").read_text("utf-8")
        changed = settings.replace("5::integer as threshold_margin,", "0::integer as threshold_margin,")
        assert changed != settings
        (folder / "settings.sql").write_text(changed, "utf-8")
        given += ["--analysis", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "clio_sql.cli", "run", str(file), *given],
        cwd=code, check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(code), "CLIO_SALT": SECRET},
    )  # fmt: skip


def checkout(ref: str, into: Path) -> Path:
    """A worktree of a commit, whose packages are found where a checkout has them."""
    if not into.exists():
        subprocess.run(["git", "worktree", "add", "--detach", "--force", str(into), ref], cwd=ROOT, check=True)
        for package in ("sql", "udfs"):
            (into / "clio_sql" / package).symlink_to(into / package)
    return into


def listed(file: Path, out: Path, most: int) -> None:
    """The first names of the tree; where the file tells languages, those of the largest clusters of each."""
    with closing(duckdb.connect(str(out / "published.duckdb"), read_only=True)) as con:
        names = con.execute(FIRST, {"facet": FACET, "most": most}).fetchall()
    print("; ".join(name for (name,) in names))
    if "language" not in [row[0] for row in duckdb.sql(f"describe from '{file}'").fetchall()]:
        return
    with closing(evaluate._opened(out / "warehouse.duckdb")) as con:
        evaluate._require_run(con, out, "clio")
        query = f"""
            select language, list(name order by conversations desc, cluster_id)[:{most}]
            from (
                select base_clusters.cluster_id, base_clusters.name, conversations, language,
                    count(*) >= 0.5 * conversations as mostly
                from memberships inner join base_clusters using (facet, cluster_id)
                inner join '{file}' as given on given.conversation_id::varchar = memberships.conversation_id
                where facet = '{FACET}' and memberships.level = 0
                group by base_clusters.cluster_id, base_clusters.name, conversations, language
            )
            where mostly group by language order by language"""
        for language, found in con.execute(query).fetchall():
            print(f"{language}: {'; '.join(found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[DATA / "sgd_dev.parquet", DATA / "banking77.parquet"])
    parser.add_argument("--before", metavar="REF")
    parser.add_argument("--into", type=Path, default=Path(tempfile.gettempdir()) / "clio-names")
    parser.add_argument("--list", type=int, default=0, metavar="N")
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    demo = args.into / "demo.parquet"
    if not demo.exists():
        given = ["demo", "--into", str(args.into), "--languages", "--only-write"]
        subprocess.run([sys.executable, "-m", "clio_sql.cli", *given], check=True, stdout=subprocess.DEVNULL)
    versions = {"now": ROOT}
    if args.before:
        versions = {"before": checkout(args.before, args.into / "code-before"), **versions}
    with closing(evaluate.connect()) as con:
        topics = set(con.execute("select clio_topics() || clio_sensitive_topics()").fetchall()[0][0])
    print("| data | margins | version | " + " | ".join(Names._fields).replace("_", " ") + " |")
    print("|---|---|---|" + "---|" * len(Names._fields))
    for file in (*args.files, demo):
        for margins in (True, False):
            for version, code in versions.items():
                out = args.into / f"{file.stem}-{version}-{'with' if margins else 'without'}"
                run(file.resolve(), out, code, margins)
                found = measured(file, out, topics)
                shown = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in found]
                print(f"| {file.stem} | {'yes' if margins else 'no'} | {version} | {' | '.join(shown)} |", flush=True)
    for file in (*args.files, demo) if args.list else ():
        for version in versions:
            print(f"\n{file.stem}, {version}:")
            listed(file, args.into / f"{file.stem}-{version}-with", args.list)


if __name__ == "__main__":
    main()
