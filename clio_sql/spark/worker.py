"""What runs in Spark's Python workers: the SQL of relations as it is, in a locked DuckDB in memory, over Arrow batches.

A row that comes from Spark has the hash of its key (`KEY`), the name of its input (`INPUT`), and for each input a
struct with its columns, NULL but for its own. Rows are sorted by the hash, so that a part is never cut in two.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from atexit import register as at_exit
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from clio_sql.errors import ClioError
from clio_sql.register import connect
from clio_sql.sources.adapters import make_macros
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import lock, state

KEY, INPUT, PACKED = "clio_key", "clio_input", "clio_packed"
MODELS = f"{state.SCHEMA}.models"  # fitted models: among what each part sees whole, where clusters are looked up

_OPENED: dict[str, duckdb.DuckDBPyConnection] = {}  # runtime -> the connection of this process, kept over tasks


@dataclass(frozen=True)
class Work:
    """One relation to make. Sent to each worker, so without a row of anybody.

    steps: (name, SQL) in order. inputs: name -> column -> DuckDB's type, of what comes in the rows. once: name -> the
    columns that tell its rows apart, of inputs of which two parts may have the same row. output: the query for the
    answer. rows: how many rows a run takes, as far as parts can be cut there. runtime: fields of `Runtime`.
    """

    relation: str
    steps: tuple[tuple[str, str], ...]
    inputs: Mapping[str, Mapping[str, str]]
    once: Mapping[str, tuple[str, ...]]
    output: str
    rows: int
    runtime: Mapping[str, Any]
    memory: str


def made(work: Work, whole: Mapping[str, bytes], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of the relation for these rows of its inputs. whole: name -> what every part sees, as an Arrow stream.

    Errors quote no row: Spark writes them into its logs.
    """
    try:
        con = _connection(work)
        for name, table in whole.items():
            _give(con, name, pa.ipc.open_stream(table).read_all())
        for packed in cut(batches, work.rows):
            yield from _answer(con, work, packed).to_batches()
        _empty(con)
    except ClioError:
        raise
    except Exception as error:
        raise ClioError(f"{work.relation}: {type(error).__name__} on a worker of Spark.") from None


def schema(work: Work, whole: Mapping[str, bytes], packed: pa.Schema) -> pa.Schema:
    """The schema of the answer, found without any row."""
    con = _connection(work)
    for name, table in whole.items():
        _give(con, name, pa.ipc.open_stream(table).read_all().slice(0, 0))
    try:
        return _answer(con, work, packed.empty_table()).schema
    finally:
        _empty(con)


def cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Tables of about so many rows or more, which end where a key ends."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        if count >= rows:
            last = held[-1].column(KEY)[-1].as_py()
            keys = batch.column(KEY)
            same = next((place for place in range(len(keys)) if keys[place].as_py() != last), len(keys))
            if same < len(keys):
                yield pa.Table.from_batches([*held, batch.slice(0, same)])
                held, count, batch = [], 0, batch.slice(same)
        held.append(batch)
        count += batch.num_rows
    if held:
        yield pa.Table.from_batches(held)


def _answer(con: duckdb.DuckDBPyConnection, work: Work, packed: pa.Table) -> pa.Table:
    con.register(PACKED, packed)
    try:
        for name, columns in work.inputs.items():
            struct = identifier(f"of_{name}")
            listed = ", ".join(
                f"{struct}[{literal(column)}]::{type_} as {identifier(column)}" for column, type_ in columns.items()
            )
            rows = f"select {listed} from {PACKED} where {INPUT} = {literal(name)}"
            if name in work.once:
                rows = f"select distinct on ({', '.join(map(identifier, work.once[name]))}) * from ({rows})"
            con.execute(f"create or replace temp table {identifier(name)} as {rows}")
    finally:
        con.unregister(PACKED)
    for name, sql in work.steps:
        con.execute(f"create or replace temp table {identifier(name)} as {sql}")
    return con.sql(work.output).to_arrow_table()


def _give(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register(PACKED, table)
    try:
        if name == MODELS:
            con.execute(f"insert or ignore into {MODELS} by name from {PACKED}")
        else:
            con.execute(f"create or replace temp table {identifier(name)} as from {PACKED}")
    finally:
        con.unregister(PACKED)


def _empty(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the last relation left: its rows are in memory."""
    left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    for (name,) in left:
        con.execute(f"drop table {identifier(name)}")


def _connection(work: Work) -> duckdb.DuckDBPyConnection:
    """One locked DuckDB in memory a process, with all functions; it spills into a folder of its own."""
    key = f"{sorted(work.runtime.items())} {work.memory}"
    if key not in _OPENED:
        con = connect(":memory:", **work.runtime)
        make_macros(con)
        spilled = tempfile.mkdtemp(prefix="clio-spill-", dir=_scratch())
        at_exit(shutil.rmtree, spilled, ignore_errors=True)
        for setting, value in (
            ("threads", "1"),
            ("memory_limit", literal(work.memory)),
            ("temp_directory", literal(spilled)),
        ):
            con.execute(f"set {setting} = {value}")
        con.execute("set enable_progress_bar = false")
        lock.close_off(con)
        _OPENED[key] = con
    return _OPENED[key]


def _scratch() -> str | None:
    """The disk that Spark gives its executors, if it says which."""
    given = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    return given if os.path.isdir(given) else None
