"""Writes `published.duckdb`: the published relations and nothing else, whole, by rename."""

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
from clio_sql.published.files import CODE, PUBLISHED, SAFETY
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock, private
from clio_sql.warehouse.database import one
from clio_sql.warehouse.places import SCHEMA

STORAGE = "v1.4.0"  # the oldest DuckDB that can read the file; 2.0.0 would write what no 1.x opens
MARK = "mode = safety: not gated, for authorised people only. "  # before the comment of every table


@contextmanager
def drafted(con: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Path]:
    """Attach the file that what is published is first written to, as `drafted`; removed in the end.

    Before the engine is locked, since nothing can be attached then. Within another it is the same file.
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


def publish(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    relations: Sequence[Relation],
    schema: str = SCHEMA,
    as_parquet: bool = False,
    require_same_state: Callable[[], None] = lambda: None,
) -> Path:
    """Copy every published one of `relations` as a plain table with comments into `folder/published.duckdb`.

    What they select is written to a draft by `con`, which may be locked (see `drafted`). Another instance of DuckDB,
    which reads plain tables alone, copies that. require_same_state: called in between, as `locked.lock` returns it.

    In safety mode into `folder/safety.duckdb` instead, with what is for safety alone, readable by its owner
    alone. Readers see the old file or the new one, never a part. Returns its path. Raises StateError where it
    cannot be written, or where a file of the other mode is there.

    as_parquet: also into `folder/parquet/`; where that is there of an earlier run, it is written anew in any case.
    """
    mode, epsilon = one(con, f"select mode, epsilon from {schema}.settings")
    safety = mode == "safety"
    require_alone(folder, mode)
    target = folder / (SAFETY if safety else PUBLISHED)
    files = parquet.wanted(folder, as_parquet) and not safety
    wanted = [relation for relation in relations if relation.published or (safety and relation.safety)]
    mark, noisy = MARK if safety else "", _noisy(relations) if epsilon is not None else {}
    try:
        with drafted(con, folder) as rows, private.alone():
            for relation in wanted:
                given = noisy.get(relation.name, relation)
                con.execute(f"create table drafted.main.{relation.name} as from {schema}.{given.name}")
            require_same_state()
            con.execute("detach drafted")
            draft = folder / f".published-{os.getpid()}.duckdb"
            drafts = _write(rows, wanted, draft, mark, noisy, files)
            if not safety:
                private.share(draft)
            os.replace(draft, target)
            if drafts:
                parquet.put(drafts, folder)
    except OSError as error:
        raise unwritten(target, error, "Move away what is in its place and run again.") from None
    return target


def require_alone(folder: Path, mode: str) -> None:
    """Raise StateError where files of the other mode lie in the folder: what is gated and what is not never mix."""
    there = [SAFETY] if mode != "safety" else [PUBLISHED, "report.html", "parquet"]
    there = [name for name in there if (folder / name).exists()]
    if there:
        raise StateError(
            f"{folder}: {', '.join(there)} of the other mode is there, but settings.sql says mode {mode!r}. "
            "Give another folder with --into; gated and ungated files are never kept together."
        )


def withdraw(folder: Path, published: bool = False) -> list[str]:
    """Remove what was made from `published.duckdb` (report, Parquet), and with `published` itself; their names."""
    gone = []
    for path in [folder / "report.html", *parquet.ours(folder)]:
        if path.exists():
            path.unlink()
            gone.append(path.name if path.parent == folder else f"parquet/{path.name}")
    for path in [folder / PUBLISHED, folder / SAFETY] if published else []:
        if path.exists():
            path.unlink()
            gone.append(path.name)
    return gone


def _clear(folder: Path) -> None:
    """Remove drafts, also those of a run that was killed: the warehouse's lock lets only one run at a folder."""
    for draft in folder.glob(".published-*.duckdb*"):
        draft.unlink(missing_ok=True)
    parquet.clear(folder)


def _write(
    rows: Path, relations: Sequence[Relation], draft: Path, mark: str, noisy: dict[str, Relation], files: bool
) -> Path | None:
    """Write the draft of the file and, where `files` are wanted, of the folder of Parquet, which is returned."""
    with closing(_copier(rows, draft)) as con:
        _copy(con, relations, mark, noisy)
        con.execute("checkpoint publishing")
        return parquet.draft(con, "publishing.main", relations, draft.parent) if files else None


def _copier(rows: Path, draft: Path) -> duckdb.DuckDBPyConnection:
    """An instance that reads `rows` as `given`, plain tables alone, and writes nowhere but beside them."""
    con = duckdb.connect(config={"temp_directory": ""})  # what is published fits into memory
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
    """Published name -> what is published under it where counts carry noise. StateError where one has no such twin."""
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
