"""Writes `published.duckdb`: the published relations and nothing else, complete, by rename."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb

from clio_sql.analysis.catalog import Relation
from clio_sql.errors import StateError, unwritten
from clio_sql.errors.quotable import quoted
from clio_sql.published import parquet
from clio_sql.published.files import CODE, PUBLISHED, REPORT, SAFETY, SAFETY_REPORT
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock, private
from clio_sql.warehouse.database import inside, one
from clio_sql.warehouse.places import SCHEMA

STORAGE = "v1.4.0"  # the oldest DuckDB that can read the file; the default of 2.0.0 cannot be opened by 1.x
MARK = "mode = safety: not gated, for authorised people only. "  # before the comment of every table


@contextmanager
def drafted(con: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Path]:
    """Attach, as `drafted`, the file that published data is first written to; it is removed at the end.

    To be called before the engine is locked, since nothing can be attached afterwards. Nested calls use the same file.
    """
    query = "select path from duckdb_databases() where database_name = 'drafted'"
    if there := con.execute(query).fetchall():
        yield Path(there[0][0])
        return
    _clear(folder)
    path = folder / f".published-{os.getpid()}-rows.duckdb"
    try:
        with private.alone():
            con.execute(f"attach {literal(str(path))} as drafted")
        yield path
    finally:
        with suppress(duckdb.Error):  # detached already, or the connection is closed or in an aborted transaction
            con.execute("detach drafted")
        _clear(folder)


def draft(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], schema: str = SCHEMA) -> None:
    """Write the rows of every published one of `relations` to the file of `drafted`, if they are not there yet.

    In safety mode also those of the safety relations; with an epsilon, those with noise. A relation that reads others
    of them reads the rows that were written, so that each is evaluated once.
    """
    if con.execute("select 1 from duckdb_tables() where database_name = 'drafted' limit 1").fetchall():
        return
    wanted, noisy = _wanted(con, relations, schema)
    written: list[str] = []
    with inside(con, schema):
        try:
            for relation in wanted:
                given = noisy.get(relation.name, relation)
                rows = given.sql if given.kind == "view" else f"from {given.name}"
                con.execute(f"create table drafted.main.{relation.name} as {rows}")
                con.execute(f"create temporary view {given.name} as from drafted.main.{relation.name}")
                written.append(given.name)
        finally:
            with suppress(duckdb.Error):  # in an aborted transaction, which takes them along
                for name in written:
                    con.execute(f"drop view if exists temp.main.{name}")


def _wanted(
    con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], schema: str
) -> tuple[list[Relation], dict[str, Relation]]:
    """The relations that the mode publishes; and by name those whose rows stand for them, as `_noisy` does."""
    mode, epsilon = one(con, f"select mode, epsilon from {schema}.settings")
    wanted = [relation for relation in relations if relation.published or (mode == "safety" and relation.safety)]
    return wanted, _noisy(relations) if epsilon is not None else {}


def file_name(con: duckdb.DuckDBPyConnection, schema: str = SCHEMA) -> str:
    """The file that an analysis publishes into: `safety.duckdb` in safety mode, else `published.duckdb`."""
    return SAFETY if one(con, f"select mode from {schema}.settings") == ("safety",) else PUBLISHED


def publish(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    relations: Sequence[Relation],
    schema: str = SCHEMA,
    as_parquet: bool = False,
    require_same_state: Callable[[], None] = lambda: None,
) -> Path:
    """Copy every published one of `relations` as a plain table with comments into `folder/published.duckdb`.

    Their rows are written to a draft by `con`, which may be locked (see `drafted`), unless `draft` did so. Another
    instance of DuckDB, which reads only plain tables, copies that. require_same_state: called in between, as returned
    by `lock.lock`.

    In safety mode it writes `folder/safety.duckdb` instead, including the safety relations, readable only by its
    owner. Readers see the old file or the new one, never a part. Returns its path. Raises StateError if it
    cannot be written, or if a file of the other mode exists.

    as_parquet: also write `folder/parquet/`; if an earlier run wrote it, it is written again in any case.
    """
    (mode,) = one(con, f"select mode from {schema}.settings")
    safety = mode == "safety"
    require_alone(folder, mode)
    target = folder / (SAFETY if safety else PUBLISHED)
    files = parquet.wanted(folder, as_parquet) and not safety
    wanted, noisy = _wanted(con, relations, schema)
    mark = MARK if safety else ""
    try:
        with drafted(con, folder) as rows, private.alone():
            draft(con, relations, schema)
            require_same_state()
            con.execute("detach drafted")
            file = folder / f".published-{os.getpid()}.duckdb"
            drafts = _write(rows, wanted, file, mark, noisy, files)
            if not safety:
                private.share(file)
            os.replace(file, target)
            if drafts:
                parquet.put(drafts, folder)
    except OSError as error:
        raise unwritten(target, error, "Move away what is in its place and run again.") from None
    return target


def require_alone(folder: Path, mode: str) -> None:
    """Raise StateError if files of the other mode are in the folder: gated and ungated files never mix."""
    there = [SAFETY, SAFETY_REPORT] if mode != "safety" else [PUBLISHED, REPORT, "parquet"]
    there = [name for name in there if (folder / name).exists()]
    if there:
        raise StateError(
            f"{folder}: {', '.join(there)} of the other mode is there, but settings.sql says mode {mode!r}. "
            "Give another folder with --into; gated and ungated files are never kept together."
        )


def withdraw(folder: Path, published: bool = False) -> list[str]:
    """Remove what was made from the published file (report, Parquet), and with `published` the file. Returns names."""
    gone = []
    for path in [folder / REPORT, folder / SAFETY_REPORT, *parquet.ours(folder)]:
        if path.exists():
            path.unlink()
            gone.append(path.name if path.parent == folder else f"parquet/{path.name}")
    for path in [folder / PUBLISHED, folder / SAFETY] if published else []:
        if path.exists():
            path.unlink()
            gone.append(path.name)
    return gone


def _clear(folder: Path) -> None:
    """Remove drafts, also those of a killed run: the warehouse's lock allows one run per folder."""
    for draft in folder.glob(".published-*.duckdb*"):
        draft.unlink(missing_ok=True)
    parquet.clear(folder)


def _write(
    rows: Path, relations: Sequence[Relation], draft: Path, mark: str, noisy: dict[str, Relation], files: bool
) -> Path | None:
    """Write the draft of the file and, if `files` are wanted, of the Parquet folder, which is returned."""
    with closing(_copier(rows, draft)) as con:
        _copy(con, relations, mark, noisy)
        con.execute("checkpoint publishing")
        return parquet.draft(con, "publishing.main", relations, draft.parent) if files else None


def _copier(rows: Path, draft: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB instance that reads `rows` as `given`, only plain tables, and can write only next to them."""
    con = duckdb.connect(config={"temp_directory": ""})  # published data fits into memory
    try:
        con.execute(f"attach {literal(str(rows))} as given (type duckdb, read_only)")
        con.execute(f"attach {literal(str(draft))} as publishing (storage_version '{STORAGE}')")
        lock.close_off(con, draft.parent)  # before the catalogue is read, which binds views
        if found := con.execute(CODE, ["given"]).fetchall():
            what, name = found[0]
            raise StateError(f"{what} {quoted(name)}: only tables are published. Take out the SQL that makes it.")
    except BaseException:
        con.close()
        raise
    return con


def _noisy(relations: Sequence[Relation]) -> dict[str, Relation]:
    """Published name -> relation published under it when counts carry noise. StateError if one has no noisy version."""
    twins = {relation.name.removeprefix("noisy_"): relation for relation in relations if relation.folder == "noisy"}
    exact = [r.name for r in relations if r.published and r.name not in {*twins, "about"}]
    if exact:
        raise StateError(
            f"{', '.join(exact)}: settings.sql has an epsilon, and this relation would publish counts without noise. "
            f"Write noisy/noisy_{exact[0]}.sql from the table noise, or take it out."
        )
    return twins


def _copy(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation], mark: str, noisy: dict[str, Relation]) -> None:
    for relation in relations:
        table, given = f"publishing.main.{relation.name}", noisy.get(relation.name, relation)
        con.execute(f"create table {table} as from given.main.{relation.name}")
        con.execute(f"comment on table {table} is {literal(mark + given.comment)}")
        for column, comment in given.columns.items():
            if comment:
                con.execute(f"comment on column {table}.{column} is {literal(comment)}")
