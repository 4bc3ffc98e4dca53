"""What a query reads and calls, told from its syntax tree, with the line of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlglot import exp

ROWS = {"unnest", "range", "generate_series"}  # functions in a FROM that make rows of their arguments alone


class Named(NamedTuple):
    """A lower-cased name and the line it stands on, None where the parser kept none."""

    name: str
    line: int | None


def tables(tree: exp.Expression) -> list[exp.Table]:
    """Table references that are no CTE where they stand: a CTE of another subquery, or of itself, hides nothing."""
    return [table for table in tree.find_all(exp.Table) if table.name and (_qualifier(table) or not _is_cte(table))]


def qualified(tree: exp.Expression) -> list[Named]:
    """Tables with a schema or a database before their name."""
    return [Named(f"{_qualifier(table)}.{table.name}".lower(), line(table)) for table in tables(tree)
            if _qualifier(table)]  # fmt: skip


def table_functions(tree: exp.Expression) -> list[Named]:
    """Functions in a FROM that bring rows from elsewhere: files, catalogs, queries in a text."""
    found = []
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func) and (name := _name(table.this)) not in ROWS:
            found.append(Named(name, line(table.this) or line(table)))
    return found


def functions(tree: exp.Expression) -> list[Named]:
    """Functions outside a FROM that are not of the common stock of all dialects: DuckDB's own, macros, and ours."""
    unknown = tree.find_all(exp.Anonymous, exp.AnonymousAggFunc)
    return [Named(call.name.lower(), line(call)) for call in unknown if not isinstance(call.parent, exp.Table)]


def stars(tree: exp.Query) -> bool:
    """True where the final select leaves it to its inputs which columns there are."""
    return any(
        column.is_star or column.find(exp.Columns) is not None for query in _branches(tree) for column in query.selects
    )


def line(node: exp.Expression) -> int | None:
    """The line that the parser noted on a node or on the first name in it."""
    return next((part.meta["line"] for part in node.walk() if "line" in part.meta), None)


def _branches(tree: exp.Expression) -> Iterator[exp.Query]:
    """The selects of a query, each side of a union by itself."""
    if isinstance(tree, exp.SetOperation):
        yield from _branches(tree.this)
        yield from _branches(tree.expression)
    elif isinstance(tree, exp.Query):
        yield tree


def _qualifier(table: exp.Table) -> str:
    return ".".join(part for part in (table.catalog, table.db) if part)


def _name(call: exp.Func) -> str:
    """The name of a function as DuckDB knows it."""
    if isinstance(call, exp.Anonymous):
        return call.name.lower()
    return "unnest" if isinstance(call, exp.Unnest | exp.Explode) else call.sql("duckdb").split("(")[0].lower()


def _is_cte(table: exp.Table) -> bool:
    """True where the name is that of a CTE of a query around it, and written where that CTE can be seen."""
    name, inside = table.name.lower(), table
    above: exp.Expression | None = table.parent
    cte: exp.Expression | None = None  # the CTE that the table stands in, on the way up
    while above is not None:
        if isinstance(inside, exp.CTE):
            cte = inside
        ctes = above.args.get("with_")
        if ctes is not None:
            seen = ctes.expressions
            if inside is ctes:  # a CTE sees those before it, and itself where the query is recursive
                place = next(number for number, each in enumerate(seen) if each is cte)
                seen = seen[: place + bool(ctes.recursive)]
            if name in {each.alias.lower() for each in seen}:
                return True
        inside, above = above, above.parent
    return False
