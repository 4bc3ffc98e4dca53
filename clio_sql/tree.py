"""The published tree as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

REASONS = {
    "too_few_users": "too few users",
    "too_few_conversations": "too few conversations",
    "dominated": "one user writes most of it",
    "audit_failed": "the name might identify somebody",
    "audit_error": "the name could not be audited",
    "unsupported_terms": "words too few users wrote",
    "name_failed": "no name that enough users' words support",
    "name_repeated": "no name of its own",
    "no_answer": "nothing asked for",
    "missing_setting": "a threshold is missing",
    "several": "several reasons, too few people to tell apart",
}


class Line(NamedTuple):
    """One cluster in the tree: depth from 0, share 0 to 1, counts rounded."""

    depth: int
    name: str
    share: float
    users: int
    conversations: int


def facets(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The clustered facets that have anything published."""
    return [row[0] for row in con.execute("select distinct facet from clusters order by facet").fetchall()]


def lines(con: duckdb.DuckDBPyConnection, facet: str, depth: int | None = None) -> Iterator[Line]:
    """The tree of a facet, depth first, the largest first; `depth` levels of it, None for all."""
    rows = con.execute(
        "select cluster_id, parent_id, name, share, users, conversations from clusters where facet = ? "
        "order by cluster_id = '(other)', conversations desc, cluster_id",
        [facet],
    ).fetchall()
    children: dict[str | None, list[tuple]] = {}
    for row in rows:
        children.setdefault(row[1], []).append(row)

    def walk(parent: str | None, level: int) -> Iterator[Line]:
        for cluster_id, _, name, share, users, conversations in children.get(parent, []):
            yield Line(level, name, share or 0.0, users, conversations)
            if depth is None or level + 1 < depth:
                yield from walk(cluster_id, level + 1)

    return walk(None, 0)


def text(con: duckdb.DuckDBPyConnection, facet: str, depth: int | None = None, width: int = 60) -> Iterator[str]:
    """The tree as plain lines: share, users, name."""
    yield f"{'share':>6}  {'users':>7}  {facet}"
    for line in lines(con, facet, depth):
        name = _one_line("  " * line.depth + line.name, width)
        yield f"{line.share:>6.1%}  {line.users:>7,}  {name}"


def held_back(con: duckdb.DuckDBPyConnection, facet: str) -> str:
    """One sentence: how many conversations and clusters are held back, and why; as far as that may be told."""
    rows = con.execute(
        "select reason, clusters, conversations from held_back where facet = ? order by conversations desc, reason",
        [facet],
    ).fetchall()
    if not rows:
        return f"{facet}: nothing was held back, or too little to say how much."
    clusters, conversations = sum(row[1] for row in rows), sum(row[2] for row in rows)
    reasons = "; ".join(f"{REASONS.get(reason, reason)}: {count:,} in {number}" for reason, number, count in rows)
    return f"{facet}: about {conversations:,} conversations in {clusters} clusters were held back ({reasons})."


def _one_line(name: str, width: int) -> str:
    """A name without anything that could move the cursor, and at most `width` characters."""
    clean = "".join(char if char.isprintable() else " " for char in name)
    return clean if len(clean) <= width else clean[: width - 1] + "…"
