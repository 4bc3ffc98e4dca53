"""What rows of `taxonomy` may hold, and how a CSV of them becomes the SQL of that relation."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from typing import Any

import duckdb

from clio_sql.analysis.corrections import REASON, WHY
from clio_sql.errors import SqlError
from clio_sql.errors.quotable import names, quoted
from clio_sql.sql_text.quoting import literal

NAME = "taxonomy"
COLUMNS = ("facet", "id", "parent_id", "name", "description")
LEAKS = (
    "A leaf's total minus its published cells over the top clusters gives a hidden cell, so a taxonomy is a tree or a "
    "breakdown, never both"
)
TOLD = {  # problem of sql/contracts/taxonomy_rules.sql -> the sentence. {row}: file and row
    "no_facet": "{row}has no facet. Write the name of a facet of kind taxonomy.",
    "no_id": "{row}has no id. Give each node its own: small letters, digits and _, a letter first.",
    "no_name": "{row}has no name. Write one; it is published.",
    "unknown_facet": "{row}facet {given} is no facet of kind taxonomy in facets.sql. {fixed}",
    "bad_id": "{row}id {given}; allowed: small letters, digits and _, a letter first. Change the row.",
    "id_twice": "{row}id {given} is also that of row {other}. Give each node its own.",
    "bad_name": "{row}the name of node {given} must be one line of at most 100 letters, all of them visible. "
    "Write another.",
    "name_twice": "{row}name {given} is also that of row {other}. Give each node its own.",
    "no_parent": "{row}node {given} has the parent {other}, which is no id of its facet. "
    "Add the parent, or correct the id.",
    "loop": "{row}node {given} is above itself, in a loop of {other}. Give one of them no parent, or another.",
    "empty": "facets.sql: facet {given} is of kind taxonomy, and taxonomy.sql has no rows of it. Add them to "
    "taxonomy.sql or taxonomy.csv (clio-sql init FOLDER --taxonomy uses writes an example), or remove the facet.",
    "placed_by": "facets.sql: facet {given_facet} places the answers to {given}; allowed as its question: {other}. "
    "Change the row.",
    "tree_and_table": "facets.sql: facets {given} (clustered) and {other} (not clustered) have leaves in common. "
    + LEAKS + ". Remove one of them, or set both to clustered.",
}  # fmt: skip


def wrong(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Everything wrong with `taxonomy` and `facets` together: file, row, what was given, what is allowed."""
    query = (files("clio_sql.sql") / "contracts" / "taxonomy_rules.sql").read_text("utf-8")
    found = con.execute(query).fetchall()
    fixed = [
        facet for (facet,) in con.execute("select facet from facets where kind = 'taxonomy' order by 1").fetchall()
    ]
    for number, facet, problem, given, other in found:
        yield TOLD[problem].format(
            row=f"{NAME}.sql: row {number}: ",
            given=quoted(given) if given is not None else "NULL",
            given_facet=quoted(facet or ""),
            other=other if problem in ("id_twice", "name_twice", "loop", "placed_by") else quoted(other or ""),
            fixed=f"There is: {names(fixed)}. Change the row." if fixed else "There is none; add one to facets.sql.",
        )
    if not found:
        yield from _other_way(con)
        yield from _unsafe(con)


def _other_way(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Facets that an earlier build published as a tree and that are a breakdown now, or the other way round."""
    query = (files("clio_sql.sql") / "contracts" / "taxonomy_before.sql").read_text("utf-8")
    try:
        found = con.execute(query).fetchall()
    except duckdb.CatalogException:  # only files are looked at
        return
    for facet, other, clustered in found:
        was, now = ("breakdown", "tree") if clustered else ("tree", "breakdown")
        before = "" if facet == other else f" as facet {quoted(other)}"
        wanted = str(not clustered).lower()
        yield (
            f"facets.sql: facet {quoted(facet)} is a {now}, and an earlier build published its leaves as a "
            f"{was}{before}. {LEAKS}, nor one after the other. Set clustered to {wanted}, or remove the facet."
        )


def _unsafe(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Names and descriptions that may identify somebody, by rule: both are published."""
    given = con.execute("select name, description from taxonomy").fetchall()
    if not given:
        return
    from clio_sql.register import connect

    with closing(connect()) as own:
        for number, row in enumerate(given, 1):
            for what, text in zip(("name", "description"), row, strict=True):
                (reason,) = own.execute(REASON, [text]).fetchall()[0] if text else (None,)
                if reason is not None:
                    yield f"{NAME}.sql: row {number}: the {what} {WHY[reason]}. Write another."


def sql_of(text: str, where: str) -> str:
    """The SQL of the relation `taxonomy` from a CSV with a header; an empty field is NULL.

    Raises SqlError for a column that is missing, unknown or there twice, for a line with too many fields, and for a
    quote that does not end.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        return _sql_of(lines, where)
    except csv.Error:
        raise SqlError(
            f"{where}, line {lines.line_num}: a quote begins here or before and does not end, or something follows it. "
            'Write a quote within quotes as "".'
        ) from None


def _sql_of(lines: Any, where: str) -> str:
    """The same, of what `csv.reader` reads."""
    header = [name.strip().lower() for name in next(lines, [])]
    if len(header) == 1 and (other := re.search(r"[;\t|]", header[0])):
        raise SqlError(f"{where}: its fields are separated by {other[0]!r}; allowed: commas. Save it with commas.")
    if missing := [name for name in COLUMNS if name not in header and name != "description"]:
        raise SqlError(f"{where}: column {missing[0]!r} is missing. The first line must name: {', '.join(COLUMNS)}.")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise SqlError(f"{where}: column {quoted(unknown[0])} is not one of {', '.join(COLUMNS)}. Take it out.")
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise SqlError(f"{where}: column {twice[0]!r} is there {header.count(twice[0])} times. Keep one.")
    rows = []
    for line in lines:
        if any(field.strip() for field in line):
            if len(line) > len(header):
                raise SqlError(
                    f"{where}, line {lines.line_num}: {len(line)} fields under {len(header)} columns. "
                    "Quote what holds a comma."
                )
            given = dict(zip(header, line, strict=False))
            rows.append("(" + ", ".join(_value(given.get(name, "")) for name in COLUMNS) + ")")
    columns = ",\n    ".join(f"{name}::varchar as {name}" for name in COLUMNS)
    values = ",\n        ".join(rows) or f"({', '.join('null' for _ in COLUMNS)})"
    condition = "" if rows else "\nwhere false"
    return (
        "-- One row per node of a fixed taxonomy, from taxonomy.csv.\n-- kind: view\n-- grain: facet, id\n"
        f"select\n    {columns}\nfrom (\n    values\n        {values}\n) as nodes({', '.join(COLUMNS)}){condition}\n"
    )


def _value(field: str) -> str:
    return literal(field.strip()) if field.strip() else "null"
