"""Takes people, or conversations, out of every table of a warehouse, and their bytes out of the file.

Whose rows they are is told by the names of columns alone, so that a table that is added later is covered:
`user_id`, `conversation_id`, and lists called `users`, `user_ids` or `conversation_ids`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import duckdb

from clio_sql.calls.store import now
from clio_sql.errors import StateError
from clio_sql.quoting import identifier, literal
from clio_sql.state import BLANK, salted, user_hash

SCHEMAS = ("clio", "clio_state")
SOURCE, PROCESSED = 'clio."source"', 'clio_state."processed"'
LISTS = {"users": "erased_users", "user_ids": "erased_users", "conversation_ids": "erased_conversations"}
TEXTS = {"transcripts": "transcript", "facet_values": "value"}  # what of a conversation goes into calls


class Erased(NamedTuple):
    """What was taken out: conversations, rows of all tables, and stored calls with what they had cost."""

    conversations: int
    rows: int
    calls: int
    usd: float


def users(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Erased:
    """Take these people out, and note that they never come in again; all of it or nothing.

    ids: as the input spells them; blanks around one say nothing. Those that are not there are noted too.
    """
    with _erasing(con):
        con.executemany(f"insert into temp.erased_users select trim(?, {BLANK})", [[each] for each in ids])
        for table, columns in _tables(con):
            if {"user_id", "conversation_id"} <= set(columns):
                con.execute(
                    f"insert into temp.erased_conversations select distinct conversation_id from {table} "
                    f"where {_theirs('user_id')} and conversation_id is not null"
                )
        salted(con)
        con.execute(
            "insert into clio_state.forgotten "
            f"select distinct {user_hash('id')}, ?::timestamp from temp.erased_users on conflict do nothing",
            [now()],
        )
        return _taken_out(con, len(ids))


def vanished(con: duckdb.DuckDBPyConnection) -> Erased | None:
    """Take out the conversations of the last run that `source` holds no more; None where there are none."""
    if 'clio."conversations"' not in {table for table, _ in _tables(con)}:
        return None
    gone = "select conversation_id from clio.conversations anti join clio.source using (conversation_id)"
    if con.execute(f"{gone} limit 1").fetchone() is None:
        return None
    with _erasing(con):
        con.execute(f"insert into temp.erased_conversations {gone}")
        return _taken_out(con, 0)


@contextmanager
def _erasing(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction, with the lists of who and what is erased; temporary, as they are in no file."""
    lists = "erased_users", "erased_conversations"
    for name in lists:
        con.execute(f"create or replace temp table {name} (id varchar)")
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):  # the error may have ended the transaction itself
            con.execute("rollback")
        raise
    finally:
        for name in lists:
            con.execute(f"drop table temp.{name}")


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, dict[str, str]]]:
    """(table, column -> type) of every table of ours, in order of their names."""
    rows = con.execute(
        "select schema_name, table_name, map_from_entries(list((column_name, data_type))) "
        "from duckdb_columns() semi join duckdb_tables() using (database_oid, schema_oid, table_oid) "
        "where database_name = current_database() and list_contains(?, schema_name) group by all order by all",
        [list(SCHEMAS)],
    ).fetchall()
    return [(f"{schema}.{identifier(name)}", columns) for schema, name, columns in rows]


def _theirs(user: str) -> str:
    return f"trim({user}::varchar, {BLANK}) in (select id from temp.erased_users)"


def _taken_out(con: duckdb.DuckDBPyConnection, users: int) -> Erased:
    """Delete within the transaction, and write down that the file is to be copied."""
    calls, usd = _calls(con)
    rows = sum(_rows(con, table, columns, users > 0) for table, columns in _tables(con))
    (conversations,) = con.execute("select count(distinct id) from temp.erased_conversations").fetchone()
    if not rows + calls:  # nothing of theirs is here
        return Erased(0, 0, 0, 0.0)
    con.execute(
        "insert into clio_state.erasures "
        "select coalesce(max(erasure), 0) + 1, ?::timestamp, null, ?, ?, ?, ? from clio_state.erasures",
        [now(), users, conversations, calls, usd],
    )
    return Erased(conversations, rows, calls, usd)


def _rows(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], by_user: bool) -> int:
    """Delete the rows of one table that are theirs, and take them out of its lists; how many rows changed."""
    conditions = []
    if "conversation_id" in columns and not (by_user and "user_id" in columns):
        conditions.append("conversation_id in (select id from temp.erased_conversations)")
    if "people" in columns and by_user:  # of a figure that was told the number stays, and nobody behind it
        changed = con.execute(f"update {table} set user_id = null where {_theirs('user_id')}").fetchone()[0]
        return changed
    if "user_id" in columns and by_user:  # of two people's rows with one conversation id, only theirs
        conditions.append(_theirs("user_id"))
    if table == PROCESSED:  # its keys are those of any relation
        conditions.append("key in (from temp.erased_conversations) or key in (from temp.erased_users)")
    changed = 0
    if conditions and not (table == SOURCE and not by_user):  # what vanished is not in the new source
        changed += con.execute(f"delete from {table} where {' or '.join(conditions)}").fetchone()[0]
    for column, erased in LISTS.items():
        if columns.get(column) == "VARCHAR[]":
            ids = con.execute(f"select coalesce(list(id), []) from temp.{erased}").fetchone()
            changed += con.execute(
                f"update {table} set {column} = list_filter({column}, lambda each: not list_contains($1, each)) "
                f"where list_has_any({column}, $1::varchar[])",
                ids,
            ).fetchone()[0]
    return changed


def _calls(con: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """Delete every stored call that one of their texts went into, and calls about what such a call answered."""
    con.execute("create or replace temp table erased_texts (input_hash varchar)")
    con.execute("create or replace temp table erased_calls (key varchar)")
    con.execute(
        "insert into temp.erased_texts select input_hash from clio_state.conversation_inputs "
        "where conversation_id in (from temp.erased_conversations)"
    )
    there = {name for (name,) in con.execute(
        "select table_name from information_schema.tables where table_schema = 'clio' "
        "and table_catalog = current_database()").fetchall()}  # fmt: skip
    for relation, text in TEXTS.items():  # also what no build has noted yet
        if relation in there:
            con.execute(
                f"insert into temp.erased_texts select sha256(salt || {text}) from clio.{relation}, clio_state.salt "
                f"where {text} is not null and conversation_id in (from temp.erased_conversations)"
            )
    while _more_calls(con):
        pass
    found = con.execute(
        "select count(*), coalesce(sum(cost_usd), 0) from clio_state.calls where key in (from temp.erased_calls)"
    ).fetchone()
    for table in ("calls", "call_inputs"):
        con.execute(f"delete from clio_state.{table} where key in (from temp.erased_calls)")
    con.execute(
        "update clio_state.batches set keys = list_filter(keys, lambda each: not list_contains($1, each)) "
        "where list_has_any(keys, $1::varchar[])",
        con.execute("select coalesce(list(key), []) from temp.erased_calls").fetchone(),
    )
    con.execute("drop table temp.erased_texts; drop table temp.erased_calls")
    return found


def _more_calls(con: duckdb.DuckDBPyConnection) -> bool:
    """Find calls that an erased text went into, and then the texts that they answered: names go into calls too."""
    con.execute("""
        create or replace temp table more_calls as
        select distinct key from clio_state.call_inputs
        where input_hash in (from temp.erased_texts) and key not in (from temp.erased_calls)""")
    con.execute("insert into temp.erased_calls from temp.more_calls")
    con.execute("""
        insert into temp.erased_texts
        with answered as (
            select function, answer::json as answer
            from clio_state.calls where key in (from temp.more_calls) and answer is not null
        ), texts as (
            select concat(answer ->> 'name', '. ', answer ->> 'description') as text
            from answered where function = 'name'
            union all
            select unnest(answer ->> '$[*]') from answered where function in ('propose', 'merge')
        )
        select sha256(salt || text) from texts, clio_state.salt where text is not null""")
    found = con.execute("select 1 from temp.more_calls limit 1").fetchone() is not None
    con.execute("drop table temp.more_calls")
    return found


def is_due(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether something was erased since the file was last copied."""
    return con.execute("select 1 from clio_state.erasures where ended_at is null limit 1").fetchone() is not None


def drop_strays(con: duckdb.DuckDBPyConnection, made: set[str]) -> None:
    """Drop what no relation of the analysis makes: left by another analysis, it is not built anew without them."""
    rows = con.execute(
        "select table_name, table_type from information_schema.tables "
        "where table_schema = 'clio' and table_catalog = current_database()"
    ).fetchall()
    for name, kind in rows:
        if name not in made:
            con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} clio.{identifier(name)}")


def copy_anew(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Put a fresh copy in the place of the database at `path` and close `con`: what is deleted stays in the bytes.

    Readers see the old file or the new one. Killed at any time it leaves one of them, and a draft that the
    next one removes. Raises StateError where it cannot be written.
    """
    clear(path)
    draft = path.with_name(f".{path.stem}-{os.getpid()}.duckdb")
    try:
        con.execute("checkpoint")
        _copy(con, draft)
        con.close()
        shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)  # what was moved out of memory
        if path.with_name(f"{path.name}.wal").exists():
            raise StateError(f"{path.name}: another connection has it open. Close it, and run again.")
        shutil.copymode(path, draft)
        os.replace(draft, path)
    except OSError as error:
        raise StateError(f"{path}: cannot be written anew ({error.strerror}). Run again once it can.") from None
    finally:
        clear(path)


def _copy(con: duckdb.DuckDBPyConnection, draft: Path) -> None:
    before = os.umask(0o077)  # nobody else may read the draft
    try:
        con.execute(f"attach {literal(str(draft))} as fresh")
        (name,) = con.execute("select current_database()").fetchone()
        con.execute(f"copy from database {identifier(name)} to fresh")
        con.execute("update fresh.clio_state.erasures set ended_at = ? where ended_at is null", [now()])
        con.execute("checkpoint fresh")
    finally:
        con.execute("detach database if exists fresh")
        os.umask(before)


def clear(path: Path) -> None:
    """Remove drafts, also those of a process that was killed: the lock of the database lets only one work at it."""
    for draft in path.parent.glob(f".{path.stem}-*.duckdb*"):
        draft.unlink(missing_ok=True)
