"""What DuckDB's binder says about the relations of an analysis, on empty tables in memory; nothing is run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from duckdb.func import ARROW

from clio_sql.analysis import catalog, contracts
from clio_sql.analysis.catalog import Relation
from clio_sql.errors import ClioError
from clio_sql.register import FUNCTIONS, MACROS, STEPS, macro_text
from clio_sql.sql_text.quoting import identifier
from clio_sql.udfs import Function
from clio_sql.warehouse import host, lock
from clio_sql.warehouse.database import scalar

DIMENSION = 384  # of clio_embed's vectors, when nothing is embedded
_KEPT: list[Callable[..., object]] = []  # a function whose callable is gone crashes the process

Columns = dict[str, str]


class Problem(NamedTuple):
    """What is wrong with a relation. line: line of its SQL, from 1; None if not known."""

    name: str
    line: int | None
    text: str


def problems(
    known: Mapping[str, Relation], packaged: Mapping[str, Relation], own: set[str], broken: set[str]
) -> Iterator[Problem]:
    """Everything that does not bind, or does not have the columns that others rely on.

    known: all relations by name. own: names from the folder. broken: names that could not be read at all.
    A relation that reads a reported one is bound to its packaged columns, or left out if there are none. A packaged
    relation is bound again only if something that it reads has other columns than in the package.
    """
    shapes = _packaged_shapes()
    lost = broken - set(packaged)
    changed: set[str] = set()  # what has other columns than in the package
    readable = {name: packaged[name] if name in broken else known[name] for name in set(known) - lost}
    with closing(connection()) as con:
        for relation in _tolerant_order(readable):
            untouched = relation.name not in own and not changed.intersection(relation.inputs)
            if relation.name in broken or untouched:
                _stand_in(con, relation.name, shapes[relation.name])
                continue
            columns = None
            if not lost.intersection(relation.inputs):
                try:
                    columns = shape(con, relation.sql)
                    if relation.name in own and relation.name in packaged:
                        yield from _contract(con, relation, columns, shapes[relation.name])
                except duckdb.Error as error:
                    yield Problem(relation.name, *_told(error))
            if columns is None and relation.name not in shapes:
                lost.add(relation.name)
                continue
            missing = _missing(columns, shapes.get(relation.name, {}))
            others = {name: type_ for name, type_ in (columns or {}).items() if name.lower() not in missing}
            stand_in = others | missing
            _stand_in(con, relation.name, stand_in)
            if stand_in != shapes.get(relation.name):
                changed.add(relation.name)
            if relation.name in own and columns is not None:
                yield from _values(relation, known, packaged, set(shapes.get(relation.name, {})) - set(columns))
        if own & {"facets", "taxonomy"} and not broken & {"facets", "taxonomy"}:
            yield from _taxonomies(known)
        yield from _published(con, known, packaged, own - lost)


def connection() -> duckdb.DuckDBPyConnection:
    """An empty database with the host's tables and functions that can be bound but never called. No file is read."""
    con = duckdb.connect(config={"temp_directory": ""})
    for function in FUNCTIONS:
        _KEPT.append(_never(function))
        returned: Any = function.sql_type(DIMENSION)
        con.create_function(f"{function.name}_raw", _KEPT[-1], [*function.parameters], returned, type=ARROW)
    for macro in (*MACROS, *STEPS):
        con.execute(macro_text(macro))
    give_host_tables(con)
    lock.close_off(con)
    return con


def give_host_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the host's tables, empty."""
    columns = host.COLUMNS | {f"{host.LAST}{each.name}": each.types for each in catalog.load() if each.kept}
    for name in catalog.host_tables():
        host.create(con, name, columns[name])


def shape(con: duckdb.DuckDBPyConnection, sql: str) -> Columns:
    """Column -> type of a query, which is bound but not run."""
    return {row[0]: row[1] for row in con.execute(f"describe {sql}").fetchall()}


@cache
def _packaged_shapes() -> dict[str, Columns]:
    shapes = {}
    with closing(connection()) as con:
        for relation in catalog.load():
            shapes[relation.name] = shape(con, relation.sql)
            _stand_in(con, relation.name, shapes[relation.name])
    return shapes


def _never(function: Function) -> Callable[..., pa.Array]:
    """A body that raises, with as many parameters as the function has."""

    def body(*columns: pa.ChunkedArray) -> pa.Array:
        raise ClioError(f"{function.name}: is not called while a folder is checked.")

    positional = inspect.Parameter.POSITIONAL_ONLY
    body.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(f"column_{number}", positional) for number in range(len(function.parameters))]
    )
    return body


def _tolerant_order(known: Mapping[str, Relation]) -> list[Relation]:
    """Build order of what can be ordered; circles and unknown inputs are reported elsewhere."""
    there = {name for name in known} | set(catalog.host_tables())
    while True:
        bad = {name for circle in catalog.circles(known[name] for name in there if name in known) for name in circle}
        bad |= {name for name in there if name in known and not set(known[name].inputs) <= there}
        if not bad:
            return catalog.in_order(known[name] for name in sorted(there) if name in known)
        there -= bad


def _stand_in(con: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    """Create an empty table with that name and shape."""
    listed = ", ".join(f"{identifier(column)} {type_}" for column, type_ in columns.items())
    con.execute(f"create or replace table {identifier(name)} ({listed})")


def _missing(columns: Columns | None, packaged: Columns) -> Columns:
    """Packaged columns that a replacing relation lacks or has with another type, so that each is reported once."""
    return {name: type_ for name, type_ in packaged.items() if columns is None or columns.get(name) != type_}


def _contract(
    con: duckdb.DuckDBPyConnection, relation: Relation, columns: Columns, packaged: Columns
) -> Iterator[Problem]:
    """A relation that replaces a packaged one must have its columns; a published one must have no others."""
    for name, type_ in packaged.items():
        if name not in columns:
            yield Problem(relation.name, None, f"column {name!r} ({type_}) is missing. Add it to the last select.")
        elif not _fits(con, columns[name], type_):
            yield Problem(relation.name, None, f"column {name!r} is {columns[name]}; it must be {type_}. Cast it.")
    if relation.published:
        for name in columns:
            if name not in packaged:
                yield Problem(relation.name, None, f"column {name!r} does not belong to {relation.name}. "
                              "Leave it out, or publish it in a relation with another name.")  # fmt: skip


def _fits(con: duckdb.DuckDBPyConnection, given: str, wanted: str) -> bool:
    """True if one type is cast to the other implicitly, or both are numbers."""
    query = f"select can_cast_implicitly(null::{given}, null::{wanted})"
    numbers = r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))"
    return bool(scalar(con, query)) or all(re.fullmatch(numbers, type_) for type_ in (given, wanted))


def _values(
    relation: Relation, known: Mapping[str, Relation], packaged: Mapping[str, Relation], lacks: set[str]
) -> Iterator[Problem]:
    """The rows of `settings` and `facets`, if they are in files alone and need no conversation.

    Missing columns, which are reported already, come from the packaged file.
    """
    if relation.name not in contracts.CONTRACTS:
        return
    steps = needed(relation, known)
    with lock.in_memory() as con:
        try:
            for step in steps:
                con.execute(f"create view {step.name} as {_completed(step, relation, packaged, lacks)}")
            told = contracts.problems(con, relation.name) if steps else []
        except duckdb.Error as error:
            yield Problem(relation.name, *_told(error))
            return
    for text in told:
        yield Problem(relation.name, None, text.removeprefix(f"{relation.name}.sql: "))


def _taxonomies(known: Mapping[str, Relation]) -> Iterator[Problem]:
    """What the rows of `taxonomy` and `facets` are to each other, if both are in files alone."""
    steps = needed(known["taxonomy_sizes"], known)
    with lock.in_memory() as con:
        try:
            for step in steps:
                con.execute(f"create view {step.name} as {step.sql}")
            told = contracts.problems(con, "taxonomy_sizes") if steps else []
        except duckdb.Error:  # one of the files does not bind or has another type, which is told of that file
            return
    for text in told:
        file, _, what = text.partition(".sql: ")
        yield Problem(file, None, what)


def _completed(step: Relation, relation: Relation, packaged: Mapping[str, Relation], lacks: set[str]) -> str:
    if step is not relation or not lacks:
        return step.sql
    columns = ", ".join(identifier(column) for column in sorted(lacks))
    return f"from ({step.sql}\n) cross join (select {columns} from ({packaged[step.name].sql}\n) limit 1)"


def needed(relation: Relation, known: Mapping[str, Relation]) -> list[Relation]:
    """The relation and everything it is built from, in build order; none if the input or a function goes into it."""
    steps, wanted = {relation.name: relation}, [relation.name]
    while wanted:
        inputs = known[wanted.pop()].inputs
        if any(name not in known or known[name].calls_model for name in inputs):
            return []
        wanted += [name for name in inputs if name not in steps]
        steps |= {name: known[name] for name in inputs}
    return catalog.in_order(steps.values())


def _published(
    con: duckdb.DuckDBPyConnection, known: Mapping[str, Relation], packaged: Mapping[str, Relation], own: set[str]
) -> Iterator[Problem]:
    """New published relations again, in a database that has only published relations: anything else they read
    in a way that the parser does not see, the binder cannot find."""
    added = [name for name in sorted(own) if name in known and known[name].published and name not in packaged]
    if not added:
        return
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    with lock.in_memory() as alone:
        for name in sorted(tables):
            if name in known and known[name].published:
                _stand_in(alone, name, shape(con, f"from {identifier(name)}"))
        for name in added:
            try:
                shape(alone, known[name].sql)
            except duckdb.Error as error:
                line, text = _told(error)
                yield Problem(name, line, f"with published relations only: {text}")


def _told(error: duckdb.Error) -> tuple[int | None, str]:
    """The line and the message of the binder or parser, which are about the SQL, not about a row."""
    first, *more = str(error).splitlines()
    kind, _, what = first.partition(": ")
    line = next((int(found[1]) for each in more if (found := re.match(r"LINE (\d+):", each))), None)
    hint = next((each for each in more if each.startswith(("Candidate", "Did you mean"))), "")
    if not isinstance(error, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException):
        what = f"DuckDB cannot bind this ({kind})."
    text = f"{what.rstrip('.!')}. {hint}".strip()
    return line, f"{text.rstrip('.')}. Correct the SQL."
