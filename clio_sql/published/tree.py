"""The published tree as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import duckdb

REASONS = {
    "too_few_users": "too few users",
    "too_few_conversations": "too few conversations",
    "dominated": "most of it is by one user, or is one text by a few",
    "audit_failed": "the name might identify somebody",
    "audit_error": "the name could not be audited",
    "unsupported_terms": "too few users wrote its words",
    "name_failed": "no name is supported by the words of enough users",
    "name_repeated": "no name of its own",
    "name_refused": "the model would not name it",
    "name_truncated": "the name was cut off",
    "name_malformed": "the name could not be read",
    "name_over_budget": "the budget ran out before it was named",
    "not_named": "no name that could be shown",
    "no_answer": "no answer that can be used",
    "none_of_these": "none of the taxonomy fits",
    "missing_setting": "a threshold is missing",
    "several": "several reasons, too few users to list them separately",
}


LOOSE = " ≈"


class Line(NamedTuple):
    """One cluster in the tree: depth from 0, share as it is shown, counts rounded; the others as published."""

    depth: int
    name: str
    share: str
    users: int
    conversations: int
    loose: bool = False
    cluster_id: str = ""


def shown_sql() -> str:
    """The macros that make texts of figures, the same for every screen."""
    return (files("clio_sql.published") / "shown.sql").read_text("utf-8")


def facets(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The clustered facets that anything is published about."""
    rows = con.execute("select facet from clusters union select facet from held_back order by facet").fetchall()
    return [facet for (facet,) in rows]


def lines(con: duckdb.DuckDBPyConnection, facet: str, depth: int | None = None) -> Iterator[Line]:
    """The tree of a facet, depth first, the largest first; `depth` levels of it, None for all.

    A parent and its only child are one line.
    """
    con.execute(shown_sql())
    rows = con.execute(
        "select cluster_id, parent_id, name, clio_percent(share), users, conversations, loose, only_child "
        "from clusters where facet = ? order by cluster_id = '(other)', conversations desc, cluster_id",
        [facet],
    ).fetchall()
    children: dict[str | None, list[tuple[Any, ...]]] = {}
    for row in rows:
        children.setdefault(row[1], []).append(row)

    def walk(parent: str | None, level: int) -> Iterator[Line]:
        for cluster_id, _, name, share, users, conversations, loose, only_child in children.get(parent, []):
            if only_child:
                yield from walk(cluster_id, level)
                continue
            yield Line(level, name or "(no name)", share, users or 0, conversations or 0, bool(loose), cluster_id)
            if depth is None or level + 1 < depth:
                yield from walk(cluster_id, level + 1)

    return walk(None, 0)


def unpainted(text: str, style: str) -> str:
    """The text unchanged: the default of `text`, without colours."""
    return text


def text(
    con: duckdb.DuckDBPyConnection,
    facet: str,
    depth: int | None = None,
    width: int = 200,
    paint: Callable[[str, str], str] = unpainted,
    ids: bool = False,
) -> Iterator[str]:
    """The tree as lines: share, users, name, a mark if it is loose. paint: gives a text the style `dim` or `bold`.

    ids: also the id of each cluster, as `clio-sql trace` takes it.
    """
    found = list(lines(con, facet, depth))
    if not found:
        return
    yield paint(f"{'share':>6}  {'users':>7}  {facet}", "dim")
    for line in found:
        name = _one_line("  " * line.depth + line.name, width)
        named = name if line.depth else paint(name, "bold")
        more = (LOOSE if line.loose else "") + (f"  {line.cluster_id}" if ids else "")
        yield paint(f"{line.share:>6}  {line.users:>7,}  ", "dim") + named + (paint(more, "dim") if more else "")
    if any(line.loose for line in found):
        yield paint(f"{LOOSE.strip()} loose: many of its users are as near to another cluster", "dim")


def held_back(con: duckdb.DuckDBPyConnection, facet: str, reasons: Iterable[str] = ()) -> str:
    """One sentence: how many conversations and clusters are held back, and why; as far as that is published.

    reasons: those known from elsewhere, shown without counts if no count is published.
    """
    rows = con.execute(
        "select reason, clusters, conversations from held_back where facet = ? order by conversations desc, reason",
        [facet],
    ).fetchall()
    why = "; ".join(REASONS.get(reason, reason) for reason in reasons)
    if not con.execute("select 1 from clusters where facet = ? limit 1", [facet]).fetchone():
        why = why or "; ".join(REASONS.get(reason, reason) for reason, _, _ in rows)
        return f"{facet}: nothing is published, since no cluster may be shown{f' ({why})' if why else ''}."
    if not rows:
        if why:
            return f"{facet}: some conversations were held back, from too few users to say how many ({why})."
        return f"{facet}: nothing was held back, or too little to say how much."
    clusters, conversations = sum(row[1] for row in rows), sum(row[2] for row in rows)
    told = "; ".join(f"{REASONS.get(reason, reason)}: {count:,} in {number:,}" for reason, number, count in rows)
    if any(reason == "several" for reason, _, _ in rows) and why:
        told += f"; among them: {why}"
    return f"{facet}: about {conversations:,} conversations in {clusters:,} clusters were held back ({told})."


def made_by(con: duckdb.DuckDBPyConnection) -> str:
    """Who extracted, named and built what is published."""
    return con.execute("select made_by from about").fetchall()[0][0]


def _one_line(name: str, width: int) -> str:
    """A name without anything that could move the cursor, and at most `width` characters."""
    clean = "".join(char if char.isprintable() else " " for char in name)
    return clean if len(clean) <= width else clean[: width - 1] + "…"
