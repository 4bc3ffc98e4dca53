"""What was told last: the figures of the last published file, with the people behind them, kept in the state."""

from __future__ import annotations

from pathlib import Path

import duckdb

from clio_sql.quoting import identifier, literal

KEY = "relation, facet, cluster_id, breakdown, value, user_id, people, conversations"


def describe(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make `last_bases`: the rows of the relation `bases` that were published last; none before the first time."""
    con.execute(
        f"create or replace view {identifier(schema)}.last_bases as "
        f"select {KEY} from clio_state.bases where schema_name = {literal(schema)}"
    )


def keep(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Keep `bases` of `schema`, which was just published, as what was told last; together or not at all.

    Nothing happens where these are kept already, or where an analysis has no `bases`.
    """
    if not _has(con, schema, "bases"):
        return
    con.execute("begin")
    try:
        con.execute("delete from clio_state.bases where schema_name = ?", [schema])
        con.execute(f"insert into clio_state.bases select ?, {KEY} from {identifier(schema)}.bases", [schema])
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def settle(con: duckdb.DuckDBPyConnection, schema: str, published: Path) -> None:
    """Keep what a run published that was killed before it could keep it. Called before anything is built.

    published: where `clio_sql.publish` writes. The file is of the last build where both say the same time;
    then `bases` still holds its figures.
    """
    if not _has(con, schema, "build_info") or not _has(con, schema, "bases"):
        return
    try:
        con.execute(f"attach {literal(str(published))} as told (read_only)")
    except duckdb.Error:  # no file that a run wrote: it tells nothing
        return
    try:
        told = con.execute("select built_at from told.main.about").fetchall()
    except duckdb.CatalogException:
        return
    finally:
        con.execute("detach told")
    if told == con.execute(f"select built_at from {identifier(schema)}.build_info").fetchall():
        keep(con, schema)


def _has(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    query = (
        "select 1 from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?"
    )
    return con.execute(query, [schema, name]).fetchone() is not None
