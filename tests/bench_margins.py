"""What margins above the thresholds cost: the published share of the conversations, and how many clusters.

    python tests/bench_margins.py demo.parquet [FILE ...] [--margins 0 5 10] [--salts 3]

Each file is as `clio-sql demo` writes it or those in CLIO_TEST_DATA. It is read, extracted, embedded and clustered
once; then it is named, gated and published from there with each margin, of words alone and of all, and with several
secrets, as a cluster near the threshold passes with one and fails with another. lost: of the conversations that are
published without margins, with the same secret; the mean over the secrets, and the greatest.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean

import duckdb
from warehouse import analyse, changed

SAVED = (
    "screened", "facet_values", "embeddings", "cluster_models", "fits", "placements", "cluster_ids", "words",
    "vocabulary", "assignments",
)  # fmt: skip


def published(file: Path, saved: Path, salt: int, margin: int, of: str) -> tuple[int, int]:
    """Conversations and clusters of the base that are published, `(other)` left out."""
    os.environ["CLIO_SALT"] = f"{salt:064x}"
    relations = [
        replace(relation, sql=f"select * from saved.clio.{relation.name}") if relation.name in SAVED else relation
        for relation in changed(threshold_margin=margin, threshold_margin_of=f"'{of}'")
    ]
    attached = f"attach '{saved}' as saved (read_only)"
    with tempfile.TemporaryDirectory() as out:
        analyse(file, Path(out), relations, prepare=lambda con, engine: con.execute(attached), breakdowns=())
        with duckdb.connect(str(Path(out) / "published.duckdb"), read_only=True) as con:
            shown = "level = 0 and facet = 'request' and cluster_id not like '%other%'"
            found = con.execute(
                f"select coalesce(sum(conversations), 0), count(*) from clusters where {shown}"
            ).fetchone()
    return int(found[0]), int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--margins", nargs="+", type=int, default=[5, 10])
    parser.add_argument("--salts", type=int, default=3)
    given = parser.parse_args()
    print(f"{'file':12} {'margin':>6} {'of':6} {'conversations':>13} {'clusters':>8} {'lost':>6} {'greatest':>8}")
    for file in given.files:
        with tempfile.TemporaryDirectory() as folder:
            analyse(file, Path(folder), breakdowns=())
            saved = Path(folder) / "warehouse.duckdb"
            exact = [published(file, saved, salt, 0, "words") for salt in range(given.salts)]
            tell(file, 0, "", exact, exact)
            for margin in given.margins:
                for of in ("words", "all"):
                    tell(
                        file,
                        margin,
                        of,
                        [published(file, saved, salt, margin, of) for salt in range(given.salts)],
                        exact,
                    )


def tell(file: Path, margin: int, of: str, found: list[tuple[int, int]], exact: list[tuple[int, int]]) -> None:
    lost = [1 - one[0] / other[0] for one, other in zip(found, exact, strict=True)]
    conversations, clusters = (mean(one[place] for one in found) for place in (0, 1))
    print(
        f"{file.stem:12} {margin:6} {of:6} {conversations:13.0f} {clusters:8.1f} {mean(lost):6.1%} {max(lost):8.1%}",
        flush=True,
    )


if __name__ == "__main__":
    main()
