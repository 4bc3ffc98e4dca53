"""What rows of `corrections` may hold, and whether the clusters that they name are there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from typing import NamedTuple

import duckdb

from clio_sql.errors import StateError
from clio_sql.errors.quotable import quoted
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock
from clio_sql.warehouse.places import Place

FILE = "corrections.sql"
KINDS = ("rename", "hide", "merge", "move", "pin")
LONGEST = 100  # letters of a name
TARGETS = {  # kind -> what its target is; kinds that are not here take none
    "rename": "the new name",
    "merge": "the id of the cluster to merge it into",
    "move": "the id of the parent to move it under",
}
ALONE = {  # kinds beside which a cluster has no other correction -> what becomes of it
    "hide": "A hidden cluster has",
    "merge": "A cluster that is part of another has",
}
IDS = "clio-sql correct OUT prints all ids."
WHY = {  # reason in renamed_clusters or of the auditor -> what is wrong with a name; the name itself is never repeated
    "identifier": "holds a number, an address or a handle",
    "person": "may be the name of a person",
    "audit_failed": "might identify somebody, says the auditor",
}

REASON = "select coalesce(clio_may_identify($1), case when clio_audit($1).rating < 3 then 'audit_failed' end)"


class Correction(NamedTuple):
    """A row of `corrections`, as it was given; NULL is None."""

    facet: str | None
    cluster_id: str | None
    kind: str | None
    target: str | None
    who: str | None
    why: str | None


def rows(con: duckdb.DuckDBPyConnection) -> list[Correction]:
    """The rows in the order of the file."""
    query = f"select {', '.join(Correction._fields)} from corrections"
    return [Correction(*row) for row in con.execute(query).fetchall()]


def wrong(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Everything wrong with the rows of `corrections`: file, row, what was given, what is allowed, what to do.

    Ids are looked at where the database has those of earlier builds.
    """
    given = rows(con)
    for number, row in enumerate(given, 1):
        for text in (*_missing(row), *_target(row)):
            yield f"{FILE}: row {number}: {text}"
    yield from _twice(given)
    yield from _between(given)
    yield from _unsafe(given)
    yield from (text for problem, text in absent(con) if problem != "gone")


def _missing(row: Correction) -> Iterator[str]:
    for column in ("facet", "cluster_id"):
        if not _there(getattr(row, column)):
            yield f"has no {column}. clio-sql correct OUT prints them."
    if row.kind not in KINDS:
        yield f"kind {'NULL' if row.kind is None else quoted(row.kind)}; allowed: {', '.join(KINDS)}. Change the row."
    for column, what in (("who", "who decided it"), ("why", "the reason")):
        if not _there(getattr(row, column)):
            yield f"has no {column}. Write {what}; it is not published."


def _target(row: Correction) -> Iterator[str]:
    if row.kind not in TARGETS:
        if row.kind in KINDS and row.target is not None:
            yield f"{row.kind} has a target; it takes none. Set target to null."
    elif not _there(row.target):
        yield f"{row.kind} has no target. Write {TARGETS[row.kind]}."
    elif row.kind == "rename":
        if len(row.target or "") > LONGEST or any(map(_unseen, row.target or "")):
            yield f"the new name must be one line of at most {LONGEST} letters, all of them visible. Write another."
    elif row.target == row.cluster_id:
        into = "into" if row.kind == "merge" else "under"
        yield f"{row.kind} of {_id(row.target)} {into} itself. Name another cluster as target."


def _unseen(letter: str) -> bool:
    """Whether it is a control character, ends a line or is invisible; the joiners of some scripts are not."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") and letter not in "\u200c\u200d"


def _twice(given: list[Correction]) -> Iterator[str]:
    """Two corrections of a cluster that say the same, or that cannot both hold."""
    first: dict[tuple[str | None, str | None], list[tuple[int, str | None]]] = {}
    for number, row in enumerate(given, 1):
        for other, kind in first.setdefault((row.facet, row.cluster_id), []):
            both = f"rows {other} and {number} are both about cluster {_id(row.cluster_id)}"
            if kind == row.kind:
                yield f"{FILE}: {both}: {kind} twice. Keep one."
            elif alone := [ALONE[each] for each in (kind, row.kind) if each in ALONE]:
                yield f"{FILE}: {both}: {kind} and {row.kind}. {alone[0]} no other correction; keep one row."
        first[row.facet, row.cluster_id].append((number, row.kind))


def _between(given: list[Correction]) -> Iterator[str]:
    """Merges that come back to where they began, and targets that another row hides."""
    into = {(row.facet, row.cluster_id): (number, row) for number, row in enumerate(given, 1) if row.kind == "merge"}
    hidden = {(row.facet, row.cluster_id): number for number, row in enumerate(given, 1) if row.kind == "hide"}
    for number, row in enumerate(given, 1):
        if row.kind not in ("merge", "move"):
            continue
        if by := hidden.get((row.facet, row.target)):
            yield f"{FILE}: row {number}: the target {_id(row.target)} is hidden by row {by}. Keep one row."
        loop = [number]
        while (found := into.get((row.facet, row.target))) and found[0] not in loop:
            loop.append(found[0])
            row = found[1]
        if found and found[0] == number == min(loop) and len(loop) > 1:
            listed = ", ".join(map(str, loop))
            yield f"{FILE}: rows {listed}: these merges go round in a circle. Take one out."


def _unsafe(given: list[Correction]) -> Iterator[str]:
    """New names that may identify somebody, by rule; a language model that audits is asked in the run as well."""
    names = {
        number: row.target for number, row in enumerate(given, 1) if row.kind == "rename" and not list(_target(row))
    }
    if not names:
        return
    from clio_sql.register import connect

    with closing(connect()) as con:
        for number, name in names.items():
            (reason,) = con.execute(REASON, [name]).fetchall()[0]
            if reason is not None:
                yield f"{FILE}: row {number}: the new name {WHY[reason]}. Write another."


def unshown(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """New names that the auditor of the run refused."""
    query = (
        "select number, reason from (select *, row_number() over () as number from corrections) as corrections "
        "inner join renamed_clusters as renamed using (facet, cluster_id) "
        "where corrections.kind = 'rename' and list_contains($1::varchar[], reason) order by number"
    )
    for number, reason in con.execute(query, [[*WHY]]).fetchall():
        yield f"{FILE}: row {number}: the new name {WHY[reason]}. Write another."


def absent(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """(problem, sentence) of each correction whose cluster was never there, or is gone since a later build.

    None where the database knows of no build.
    """
    query = (files("clio_sql.sql") / "contracts" / "correction_ids.sql").read_text("utf-8")
    try:
        found = con.execute(query).fetchall()
    except duckdb.CatalogException:  # only files are looked at
        return
    facets = [facet for (facet,) in con.execute("select distinct facet from used_ids order by all").fetchall()]
    for number, row, problem, level, nearest in found:
        yield problem, f"{FILE}: row {number}: {_absent(Correction(**row), problem, level, nearest, facets)}"


def _absent(row: Correction, problem: str, level: int | None, nearest: list[str], facets: list[str]) -> str:
    """What is wrong with the ids of a row. level: of the cluster; nearest: ids that are there and could be meant."""
    facet, cluster, target = quoted(row.facet or ""), _id(row.cluster_id), _id(row.target)
    near = f" Nearest: {', '.join(map(_id, nearest))}." if nearest else ""
    if problem == "no_facet":
        allowed = f"has clusters of {', '.join(map(quoted, facets))}" if facets else "has no clusters yet"
        return f"facet {facet}: the analysis {allowed}. Change the row."
    if problem == "fixed":
        return f"{row.kind} of {cluster}: the clusters of facet {facet} are those of its taxonomy. Change the taxonomy."
    if problem == "part":
        whole = _id(nearest[0])
        return f"hide of {cluster}: it was merged into {whole} and stays part of it. Hide {whole}, or take the row out."
    if problem == "not_base":
        other = "; to join two parents, move the children of one" if row.kind == "merge" else ""
        return f"{row.kind} is of clusters of level 0 alone{other}. Change the row.{near}"
    if problem == "not_above":
        allowed = f"parents of level {(level or 0) + 1}"
        return f"the target {target} is not one level above {cluster}; allowed: {allowed}. Change the row.{near}"
    found = {
        "never": f"cluster {cluster} of {facet} never was.",
        "gone": f"cluster {cluster} of {facet} is gone since a later build. Take the row out, or name another.",
        "target_elsewhere": f"the target {target} is of another facet than {facet}. Name a cluster of the same one.",
        "target_never": f"the target {target} of {facet} never was.",
        "target_gone": f"the target {target} of {facet} is gone since a later build. Name another.",
    }
    return f"{found[problem]}{near} {IDS}"


def lost(place: Place, given: list[Correction]) -> list[tuple[str, str]]:
    """What `absent` says of rows that are not of the warehouse itself, which is opened to be read alone.

    Raises StateError where that cannot be done.
    """
    try:
        lock.require_plain(place.warehouse)
        with duckdb.connect(str(place.warehouse), read_only=True) as con:
            con.execute(f"set schema = {literal(place.schema)}")
            con.execute(
                f"create temp table corrections ({', '.join(f'{name} varchar' for name in Correction._fields)})"
            )
            for row in given:
                con.execute(f"insert into temp.corrections values ({', '.join('?' for _ in row)})", [*row])
            return list(absent(con))
    except duckdb.Error as error:
        raise StateError(f"{place.warehouse}: cannot be read ({type(error).__name__}). Is it open elsewhere?") from None


def _id(text: str | None) -> str:
    """An id as it was given, if it looks like one that clio-sql gives; any other text as `quoted` shows it."""
    return f"'{text}'" if re.fullmatch(r"c\d{1,9}|p\d_\d{1,9}", text or "") else quoted(text or "")


def _there(text: str | None) -> bool:
    return text is not None and text.strip() != ""
