"""The SQL of an analysis as statements, formatted by sqlglot, for DuckDB or another engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.errors import UsageError

UNSIGNED = exp.DataType.UNSIGNED_INTEGER_TYPES
NEEDS = (
    "-- The functions clio_… must be registered there, and the tables source, input and build_info must exist.\n"
    "-- The relations are in the order in which they are built; the runner narrows incremental ones to new rows.\n"
)


def statements(relations: Iterable[Relation], dialect: str = "duckdb") -> Iterator[str]:
    """One `create` statement per relation, in the order given, or a comment that says why there is none.

    Raises UsageError for a dialect that sqlglot does not know.
    """
    if dialect not in dialects():
        raise UsageError(f"--dialect {dialect!r} is not known; allowed: {', '.join(dialects())}.")
    yield NEEDS
    for relation in relations:
        yield f"-- {relation.folder}/{relation.name}.sql: {relation.comment}\n{_statement(relation, dialect)}\n"


def dialects() -> list[str]:
    return sorted(name for name in sqlglot.Dialect.classes if name)


def _statement(relation: Relation, dialect: str) -> str:
    tree = sqlglot.parse_one(re.sub(r"\A(?:--.*\n)+", "", relation.sql), dialect="duckdb")  # header: above
    why = [] if dialect == "duckdb" else list(_foreign(tree, relation.sql))
    if not why:
        made = exp.Create(this=exp.to_table(relation.name), kind=relation.kind.upper(), replace=True, expression=tree)
        try:
            return made.sql(dialect, pretty=True, unsupported_level=ErrorLevel.RAISE) + ";"
        except SqlglotError as error:
            why = [" ".join(str(error).split())]
    return f"-- not for {dialect}, so it stays in DuckDB: {'; '.join(why)}."


def _foreign(tree: exp.Expr, sql: str) -> Iterator[str]:
    """What sqlglot would translate wrongly or not at all, as tried on Spark; each once."""
    found = {
        "with recursive": any(with_.recursive for with_ in tree.find_all(exp.With)),
        "as materialized": any(cte.args.get("materialized") is not None for cte in tree.find_all(exp.CTE)),
        "list(x order by y), which would lose its order": any(
            isinstance(order.parent, exp.Func) for order in tree.find_all(exp.Order)
        ),
        "arg_max of three arguments": any(call.args.get("count") for call in tree.find_all(exp.ArgMax, exp.ArgMin)),
        "len(list)": re.search(r"\blen\(", sql),
        "a slice of a list": tree.find(exp.Slice),
        "a map or struct made in place": tree.find(exp.ToMap, exp.Map, exp.VarMap),
        "a list comprehension": tree.find(exp.Comprehension),
        "pivot": tree.find(exp.Pivot),
        "an unsigned type": any(type_.this in UNSIGNED for type_ in tree.find_all(exp.DataType)),
        "union by name": any(union.args.get("by_name") for union in tree.find_all(exp.SetOperation)),
        "a function called with named arguments": any(
            isinstance(pair.parent, exp.Anonymous) for pair in tree.find_all(exp.PropertyEQ)
        ),
    }
    yield from (name for name, there in found.items() if there)
    ours = catalog.functions() | {"clio_words"}
    own = sorted({call.name.lower() for call in _own(tree)} - ours)
    if own:
        yield f"functions that only DuckDB has ({', '.join(own)})"


def _own(tree: exp.Expr) -> Iterator[exp.Func]:
    """Functions outside a FROM that not all dialects have: DuckDB's own, macros, and ours."""
    unknown = tree.find_all(exp.Anonymous, exp.AnonymousAggFunc)
    yield from (call for call in unknown if not isinstance(call.parent, exp.Table))
