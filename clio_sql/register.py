"""Registers the functions in DuckDB: which, in what order, on which connection."""

from __future__ import annotations

import atexit
import hashlib
import inspect
import itertools
import threading
import uuid
import weakref
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import ARROW

from clio_sql.engine import Engine
from clio_sql.errors import ClioError, StateError
from clio_sql.runtime import Runtime, runtime
from clio_sql.sql_text.quoting import literal
from clio_sql.udfs import (
    Function,
    alike,
    audit,
    breaks,
    centroids,
    choose,
    cluster,
    embed,
    extract,
    extract_by_rule,
    fit,
    learn,
    link,
    match,
    merge,
    name,
    predict,
    project,
    propose,
    word,
)
from clio_sql.vectors.embedding import PACKAGED, WIDTH
from clio_sql.warehouse import private, state
from clio_sql.warehouse.database import is_in_transaction, scalar, together

MODULES = (
    extract,
    extract_by_rule,
    embed,
    fit,
    cluster,
    centroids,
    learn,
    predict,
    link,
    alike,
    match,
    name,
    propose,
    merge,
    choose,
    audit,
    project,
    breaks,
    word,
)
FUNCTIONS: tuple[Function, ...] = tuple(module.FUNCTION for module in MODULES)
MACROS = (
    *(function.name for function in FUNCTIONS),
    "clio_unspaced",
    "clio_phrase",
    "clio_spelled",
    "clio_words",
    "clio_identifies",
    "clio_tokens",
    "clio_unsupported",
    "clio_gate",
    "clio_user_id",
    "clio_margin",
    "clio_transcript",
    "clio_terms",
)
# Macros that models are made of, in sql/steps: not for users, so not listed or documented with the others; but for
# clio_compare, which is a table function.
STEPS = (
    "clio_answer_status",
    "clio_sure",
    "clio_wilson",
    "clio_shortened",
    "clio_overlap",
    "clio_term_score",
    "clio_blurred",
    "clio_fit_size",
    "clio_level_size",
    "clio_cell",
    "clio_period_end",
    "clio_two_digits",
    "clio_dominated",
    "clio_tree_proposals",
    "clio_various",
    "clio_none_of_these",
    "clio_alike_enough",
    "clio_tree_parents",
    "clio_tree_kin",
    "clio_tree_moved",
    "clio_tree_families",
    "clio_tree_ids",
    "clio_tree_evidence",
    "clio_topics",
    "clio_sensitive_topics",
    "clio_translated_topics",
    "clio_topic_names",
    "clio_topic_languages",
    "clio_unreviewed",
    "clio_audited",
    "clio_may_identify",
    "clio_titled",
    "clio_told_apart",
    "clio_tree_languages",
    "clio_tree_topics",
    "clio_tree_names",
    "clio_tree_called",
    "clio_signals",
    "clio_two_sided",
    "clio_pairs",
    "clio_compared",
    "clio_compare",
)
RESERVED = ("clio", state.SCHEMA)  # schemas of ours; a file of that name would make every reference ambiguous

# For the life of the process: a function whose callable is gone crashes it.
_ENGINES: dict[str, Engine] = {}
_CALLABLES: list[Callable[..., object]] = []
_REGISTERING = threading.Lock()  # otherwise two threads could both find no functions and register them twice
_OPENED: list[weakref.ref[duckdb.DuckDBPyConnection]] = []


def connect(
    path: str | Path = ":memory:",
    *,
    read_only: bool = False,
    state: str | Path | None = None,
    **runtime_arguments: object,
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with all functions registered, and the macros saved in the file.

    path: a DuckDB file, created if missing, readable only by its owner, or ':memory:'. state: a DuckDB file for fitted
    models and paid answers, created if missing; by default they are in the schema `clio_state` of `path`, and on a
    read-only file fitted models live in memory. runtime_arguments: fields of `clio_sql.runtime.Runtime`. Returns a
    plain `duckdb.DuckDBPyConnection`; its `close()` releases the files.
    """
    _refuse_reserved(Path(path).name.lstrip(".").split(".")[0])  # before a file of that name is created
    with private.alone():  # whoever can read the file can read its content
        return _connect(path, read_only, state, **runtime_arguments)


def _connect(
    path: str | Path, read_only: bool, own_state: str | Path | None, **runtime_arguments: object
) -> duckdb.DuckDBPyConnection:
    try:
        con = duckdb.connect(str(path), read_only=read_only)
    except (duckdb.IOException, duckdb.ConnectionException, duckdb.CatalogException) as error:
        raise StateError(why_not(Path(path), error)) from None
    try:
        if own_state is not None:
            state.attach(con, Path(own_state))
        return register(con, **runtime_arguments)
    except BaseException:
        con.close()
        raise


def register(con: duckdb.DuckDBPyConnection, **runtime_arguments: object) -> duckdb.DuckDBPyConnection:
    """Register all functions on your connection; repeating it is harmless. Returns `con`.

    They can then be used from `con`, its cursors and every other connection of this process to the
    same database. Nothing is locked on it. Raises ClioError if the database already has them with another runtime,
    and StateError if it has none yet and a transaction is open.
    """
    wanted = runtime(**runtime_arguments)
    _refuse_reserved(scalar(con, "select current_database()"))
    with _REGISTERING:
        return _register(con, wanted, bool(runtime_arguments))


def _register(con: duckdb.DuckDBPyConnection, wanted: Runtime, insists: bool) -> duckdb.DuckDBPyConnection:
    engine = engine_of(con)
    if engine is None:
        if is_in_transaction(con):  # a rollback would take the functions along, and DuckDB lets none be made again
            raise StateError(
                "a transaction is open on this connection, and registering runs its own. Commit it or roll it back "
                "first."
            )
        engine = _create(con, wanted)
    elif engine.runtime != wanted and (insists or not engine.is_open()):
        if engine.is_open():
            raise ClioError(
                f"this database already has the functions with {engine.runtime}; they cannot also be "
                f"registered with {wanted}. Close the other connections, or use the same arguments."
            )
        engine.become(wanted)
    engine.attach(con)
    _OPENED.append(weakref.ref(con))
    read_only = is_read_only(con)
    if not read_only or state.attached(con) is not None:
        state.migrate(con)
    _save_macros(con, read_only)
    return con


def engine_of(con: duckdb.DuckDBPyConnection) -> Engine | None:
    """The engine of the database behind `con`, None if the functions are not registered."""
    if not con.execute("select 1 from duckdb_functions() where function_name = 'clio_engine_raw'").fetchone():
        return None
    return _ENGINES[scalar(con, "select clio_engine_raw()")]


def is_read_only(con: duckdb.DuckDBPyConnection) -> bool:
    """True if nothing can be saved in the current database of `con`."""
    query = "select readonly from duckdb_databases() where database_name = current_database()"
    return bool(scalar(con, query))


def _create(con: duckdb.DuckDBPyConnection, wanted: Runtime) -> Engine:
    engine = Engine(wanted)
    key = uuid.uuid4().hex
    _ENGINES[key] = engine
    dimension = WIDTH if wanted.embedding_model in PACKAGED else engine.embedder.dimension
    for function in FUNCTIONS:
        body: Any = _body(engine, function)
        _CALLABLES.append(body)
        returned = function.sql_type(dimension)
        con.create_function(f"{function.name}_raw", body, [*function.parameters], returned, type=ARROW)

    def identify() -> str:
        return key

    _CALLABLES.append(identify)
    con.create_function("clio_engine_raw", identify, [], "VARCHAR")
    return engine


def _body(engine: Engine, function: Function) -> Callable[..., pa.Array]:
    """The body with its engine; every error message is complete, since DuckDB keeps only its text."""

    def body(*columns: pa.ChunkedArray) -> pa.Array:
        try:
            return function.body(engine, *columns)
        except ClioError:
            raise
        except BaseException as error:  # a library's message may quote a conversation: only its type is passed on
            raise ClioError(f"{function.name}: {type(error).__name__} inside the function.") from None

    # DuckDB counts the parameters of the callable.
    positional = inspect.Parameter.POSITIONAL_ONLY
    body.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(f"column_{number}", positional) for number in range(len(function.parameters))]
    )
    return body


def _save_macros(con: duckdb.DuckDBPyConnection, read_only: bool) -> None:
    """Save each macro that the database does not have in this exact version; TEMP on a read-only one."""
    query = """
        select function_name, comment from duckdb_functions()
        where function_type in ('macro', 'table_macro') and (database_name = 'temp' or schema_name = current_schema()
            and database_name = current_database())  -- an attached warehouse's macros are not in reach
    """
    known = {(name, comment) for name, comment in con.execute(query).fetchall()}
    missing = [macro for macro in (*MACROS, *STEPS) if (macro, describe(macro_text(macro))) not in known]
    if not read_only:
        save_macros(con, missing)
        return
    for macro in missing:
        con.execute(macro_text(macro).replace("create or replace macro", "create or replace temp macro"))


def save_macros(con: duckdb.DuckDBPyConnection, macros: Iterable[str] = (*MACROS, *STEPS)) -> None:
    """Save these macros in the database, replacing any of the same names."""
    with nullcontext() if is_in_transaction(con) else together(con):  # each statement alone would wait for the disk
        for macro in macros:
            text = macro_text(macro)
            con.execute(text)
            kind = "macro table" if ") as table" in text else "macro"
            con.execute(f"comment on {kind} {macro} is {literal(describe(text))}")


@cache
def macro_text(macro: str) -> str:
    """The SQL file of a macro."""
    folder = "steps" if macro in STEPS else "macros"
    return (files("clio_sql.sql") / folder / f"{macro}.sql").read_text("utf-8")


def describe(text: str) -> str:
    """The comment lines on top of a SQL file as one text, with a short hash of the whole file."""
    lines = [line[2:].strip() for line in itertools.takewhile(lambda line: line.startswith("--"), text.splitlines())]
    return f"{' '.join(lines)} [{hashlib.sha256(text.encode()).hexdigest()[:8]}]"


def _refuse_reserved(database: str) -> None:
    if database.lower() in RESERVED:
        raise StateError(
            f"a database file may not be called {database!r}, the name of a schema in it; DuckDB could not "
            "tell them apart. Rename the file, for example to warehouse.duckdb."
        )


def why_not(path: Path, error: duckdb.Error) -> str:
    if "different configuration" in str(error):
        return (
            f"{path.name}: this process has it open in another way (read-only or not, or with a config). "
            "Close that connection first, or open this one the same way."
        )
    if str(path) == ":memory:":
        return "a database in memory cannot be read-only. Give the path of a file."
    if "lock" in str(error).lower():
        return f"{path.name}: another process has this database open. Close it there, or open it read-only in both."
    if not path.parent.exists():
        return f"{path.name}: its folder does not exist. Make the folder first."
    if not path.exists():
        return f"{path.name}: there is no such file, and a read-only connection does not make one."
    return f"{path.name}: cannot be opened as a DuckDB file ({type(error).__name__}). Is it one, and may you read it?"


@atexit.register
def _close_all() -> None:
    """Leaving Python with an open connection that holds a function prints pages of leak warnings."""
    for ref in _OPENED:
        con = ref()
        if con is not None:
            con.close()
