"""Removes users, or conversations, from every table of a warehouse, and their bytes from the file.

Which rows are theirs is decided only by the names of columns, so that tables added later are covered:
`user_id`, `conversation_id`, and lists called `users`, `user_ids` or `conversation_ids`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import duckdb

from clio_sql.calls.store import now
from clio_sql.errors import StateError, unwritten
from clio_sql.sql_text.quoting import identifier, literal
from clio_sql.warehouse import lock, places, private
from clio_sql.warehouse.database import one, scalar
from clio_sql.warehouse.noise import forget_draws
from clio_sql.warehouse.state import BLANK, salted, user_hash, whole

STATE = '"clio_state".'  # prefix of tables that all analyses share
PROCESSED = f'{STATE}"processed"'
LISTS = {"users": "erased_users", "user_ids": "erased_users", "conversation_ids": "erased_conversations"}
SEGMENT = "'#[0-9]+$'"  # what is behind the id of a conversation in that of a segment, see sql/models/segments.sql
TEXTS = {"transcripts": "transcript", "facet_values": "value"}  # the texts of a conversation that go into calls


class Erased(NamedTuple):
    """What was removed: conversations, rows of all tables, and stored calls with what they had cost."""

    conversations: int
    rows: int
    calls: int
    usd: float


def users(con: duckdb.DuckDBPyConnection, ids: Sequence[str], source: str | None = None) -> Erased:
    """Remove these users from all analyses, and note that they are never read again; all or nothing.

    ids: in any spelling of the same user (see `clio_user_id`). Users that do not occur are noted too. source: a view
    that says which conversations are theirs, where it is no table.
    """
    with _erasing(con):
        # earlier versions kept an id as the input spells it, and 45.0 as it was
        spelled = f"[trim($1, {BLANK}), {whole(f'trim($1, {BLANK})')}, clio_user_id($1)]"
        con.executemany(
            "insert into temp.erased_users select id from (select unnest(list_distinct("
            f"{spelled})) as id) where id is not null",
            [[each] for each in ids],
        )
        whose = [table for table, columns in _tables(con) if {"user_id", "conversation_id"} <= set(columns)]
        for table in [*whose, *([source] if source else [])]:
            con.execute(
                f"insert into temp.erased_conversations select distinct conversation_id, false from {table} "
                f"where {_theirs('user_id')} and conversation_id is not null"
            )
        salted(con)
        con.execute(
            "insert into clio_state.forgotten "
            f"select distinct {user_hash('id')}, ?::timestamp from temp.erased_users on conflict do nothing",
            [now()],
        )
        erased = _taken_out(con, len(ids))
        if erased.rows + erased.calls + erased.conversations:
            con.execute("insert or ignore into clio_state.to_rebuild select unnest(?)", [places.schemas(con)])
        return erased


def vanished(con: duckdb.DuckDBPyConnection, schema: str = places.SCHEMA, lake: bool = False) -> Erased | None:
    """Remove the conversations of the last run that are no longer in `source`; None if there are none.

    So is what is stored of an earlier segment whose id a new conversation has: later nobody could tell whose it is.
    Another analysis, which may read another input, keeps its rows, and the calls about what it still holds. lake: the
    conversations are a view over a lake.
    """
    held = [table for table, _ in _tables(con) if table.endswith('."conversations"') and not table.startswith(STATE)]
    own, source = (f'{identifier(schema)}."{name}"' for name in ("conversations", "source"))
    if own not in held and not lake:
        return None
    gone = f"select conversation_id from {own} anti join {source} using (conversation_id)"
    taken = (
        f"select conversation_id from {source} anti join {own} using (conversation_id) "
        "semi join clio_state.conversation_inputs using (conversation_id) "
        f"where regexp_matches(conversation_id, {SEGMENT})"
    )
    if con.execute(f"({gone}) union all ({taken}) limit 1").fetchone() is None:
        return None
    others = " union all ".join(f"select conversation_id from {table}" for table in held if table != own)
    elsewhere = f"conversation_id in ({others})" if others else "false"
    with _erasing(con):
        con.execute(f"insert into temp.erased_conversations select conversation_id, {elsewhere} from ({gone})")
        con.execute(f"insert into temp.erased_segments select conversation_id, {elsewhere} from ({taken})")
        return _taken_out(con, 0, schema)


@contextmanager
def _erasing(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction, with temporary lists of erased users and conversations, which are in no file."""
    lists = "erased_users", "erased_conversations", "erased_segments"
    con.execute("create or replace temp table erased_users (id varchar)")
    # elsewhere: another analysis still holds it
    con.execute("create or replace temp table erased_conversations (id varchar, elsewhere boolean)")
    con.execute("create or replace temp table erased_segments (id varchar, elsewhere boolean)")
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


def _tables(con: duckdb.DuckDBPyConnection, schema: str | None = None) -> list[tuple[str, dict[str, str]]]:
    """(table, column -> type) of the state and of every analysis, or of one, in order of their names."""
    rows = con.execute(
        "select schema_name, table_name, map_from_entries(list((column_name, data_type))) "
        "from duckdb_columns() semi join duckdb_tables() using (database_oid, schema_oid, table_oid) "
        "where database_name = current_database() and list_contains(?, schema_name) group by all order by all",
        [["clio_state", *([schema] if schema else places.schemas(con))]],
    ).fetchall()
    return [(f"{identifier(schema)}.{identifier(name)}", columns) for schema, name, columns in rows]


def _theirs(user: str) -> str:
    spelled = f"[trim({user}::varchar, {BLANK}), clio_user_id({user})]"
    return f"list_has_any({spelled}, (select list(id) from temp.erased_users))"


def _taken_out(con: duckdb.DuckDBPyConnection, users: int, schema: str | None = None) -> Erased:
    """Delete within the transaction, and record that the file must be copied. schema: only this one."""
    _add_segments(con)
    calls, usd = _calls(con)
    if schema is not None:
        _processed(con, schema)
    rows = sum(_rows(con, table, columns, users > 0) for table, columns in _tables(con, schema))
    segments = "select id from temp.erased_segments"
    conversations = scalar(
        con, f"select count(distinct id) from temp.erased_conversations where id not in ({segments})"
    )
    if not rows + calls + conversations:  # nothing of theirs is here
        return Erased(0, 0, 0, 0.0)
    con.execute(
        "insert into clio_state.erasures "
        "select coalesce(max(erasure), 0) + 1, ?::timestamp, null, ?, ?, ?, ? from clio_state.erasures",
        [now(), users, conversations, calls, usd],
    )
    return Erased(conversations, rows, calls, usd)


def _add_segments(con: duckdb.DuckDBPyConnection) -> None:
    """Add the segments of erased conversations, of today and of earlier runs: those whose ids no conversation has."""
    tables = _tables(con)
    ids = [f"select conversation_id::varchar from {table}" for table, columns in tables if "conversation_id" in columns]
    ids += [f"select key from {table}" for table, _ in tables if table == PROCESSED]
    whole = [f"select conversation_id from {table}" for table, _ in tables if table.endswith('."conversations"')]
    con.execute(
        f"insert into temp.erased_segments select distinct parts.id, whole.elsewhere from ({' union all '.join(ids)}) "
        f"as parts(id) inner join (select distinct id, elsewhere from temp.erased_conversations) as whole "
        f"on parts.id like '%#%' and whole.id = regexp_replace(parts.id, {SEGMENT}, '') and whole.id <> parts.id "
        f"where parts.id not in ({' union all '.join(whole) or 'select null where false'})"
    )
    con.execute("insert into temp.erased_conversations from temp.erased_segments")


def _rows(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], by_user: bool) -> int:
    """Delete their rows from one table, and remove them from its lists. Returns how many rows changed."""
    conditions = []
    gone = _ids("erased_conversations", table)
    if "conversation_id" in columns and not (by_user and "user_id" in columns):
        conditions.append(f"conversation_id in ({gone})")
    if "people" in columns and by_user:  # a published figure keeps its number, without the user behind it
        changed = int(scalar(con, f"update {table} set user_id = null where {_theirs('user_id')}"))
        if "value" in columns:  # nor the value of a breakdown that no other user has: it may be their words
            con.execute(
                f"update {table} set value = '' where relation = 'cluster_facets' and user_id is null and value <> '' "
                f"and (breakdown, value) not in (select (breakdown, value) from {table} where user_id is not null)"
            )
        return changed
    if "user_id" in columns and by_user:  # if two users' rows have one conversation id, only theirs
        conditions.append(_theirs("user_id"))
    if table == PROCESSED:  # its keys are those of any relation
        conditions.append(f"key in ({gone}) or key in (from temp.erased_users)")
    if table == PROCESSED and not by_user:  # see _processed
        return 0
    changed = 0
    if conditions and not (table.endswith('."source"') and not by_user):  # vanished: not in the new source
        changed += scalar(con, f"delete from {table} where {' or '.join(conditions)}")
    for column, erased in LISTS.items():
        if columns.get(column) == "VARCHAR[]":
            ids = one(con, f"select coalesce(list(id), []) from ({_ids(erased, table)})")
            changed += scalar(
                con,
                f"update {table} set {column} = list_filter({column}, lambda each: not list_contains($1, each)) "
                f"where list_has_any({column}, $1::varchar[])",
                ids,
            )
    return changed


def _ids(erased: str, table: str) -> str:
    """SQL: the ids that are removed from a table. What another analysis still holds stays in the state."""
    elsewhere = erased == "erased_conversations" and table.startswith(STATE)
    return f"select id from temp.{erased}" + (" where not elsewhere" if elsewhere else "")


def _processed(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Forget that these conversations were processed in one schema: keys are recorded for each relation."""
    con.execute(
        "delete from clio_state.processed where key in (select id from temp.erased_conversations) "
        "and coalesce(nullif(regexp_extract(relation, '^(.*)[.]', 1), ''), ?) = ?",
        [places.SCHEMA, schema],
    )


def _calls(con: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """Delete every stored call that one of their texts went into, and calls about the answers of such calls."""
    con.execute("create or replace temp table erased_texts (input_hash varchar)")
    con.execute("create or replace temp table erased_calls (key varchar)")
    con.execute(
        "insert into temp.erased_texts select input_hash from clio_state.conversation_inputs "
        "where conversation_id in (select id from temp.erased_conversations where not elsewhere)"
    )
    there = con.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = current_database() "
        "and list_contains(?, table_schema) and list_contains(?, table_name) order by all",
        [places.schemas(con), list(TEXTS)],
    ).fetchall()
    for schema, relation in there:  # also texts that no build has recorded yet
        con.execute(
            f"insert into temp.erased_texts select sha256(salt || {TEXTS[relation]}) "
            f"from {identifier(schema)}.{relation}, clio_state.salt where {TEXTS[relation]} is not null "
            "and conversation_id in (select id from temp.erased_conversations where not elsewhere)"
        )
    while _more_calls(con):
        pass
    calls, usd = one(
        con, "select count(*), coalesce(sum(cost_usd), 0) from clio_state.calls where key in (from temp.erased_calls)"
    )
    for table in ("calls", "call_inputs"):
        con.execute(f"delete from clio_state.{table} where key in (from temp.erased_calls)")
    con.execute(
        "update clio_state.batches set keys = list_filter(keys, lambda each: not list_contains($1, each)) "
        "where list_has_any(keys, $1::varchar[])",
        one(con, "select coalesce(list(key), []) from temp.erased_calls"),
    )
    con.execute("drop table temp.erased_texts; drop table temp.erased_calls")
    return calls, usd


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
    """Whether anything was erased since the file was last copied."""
    return bool(con.execute("select 1 from clio_state.erasures where ended_at is null limit 1").fetchall())


def rebuilt(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Record that an analysis was rebuilt and published since the last erasure."""
    con.execute("delete from clio_state.to_rebuild where schema_name = ?", [schema])


def to_rebuild(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The schemas of analyses that were not rebuilt since an erasure: their tables still contain erased data."""
    return [row[0] for row in con.execute("from clio_state.to_rebuild order by all").fetchall()]


def drop_analysis(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Remove a whole analysis from the warehouse; stored calls stay, so that its next run pays for little."""
    con.execute("begin")
    con.execute(f"drop schema if exists {identifier(schema)} cascade")
    for table in ("relations", "processed"):
        con.execute(
            f"delete from clio_state.{table} "
            "where coalesce(nullif(regexp_extract(relation, '^(.*)[.]', 1), ''), ?) = ?",
            [places.SCHEMA, schema],
        )
    forget_draws(con, schema)
    rebuilt(con, schema)
    con.execute("commit")


def drop_strays(con: duckdb.DuckDBPyConnection, made: set[str], schema: str = places.SCHEMA) -> None:
    """Drop what no relation of the analysis makes: it would not be rebuilt without erased users."""
    rows = con.execute(
        "select table_name, table_type from information_schema.tables "
        "where table_schema = ? and table_catalog = current_database()",
        [schema],
    ).fetchall()
    for name, kind in rows:
        if name not in made:
            con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {identifier(schema)}.{identifier(name)}")


def copy_anew(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Replace the database at `path` with a fresh copy and close `con`: deleted rows stay in a file's bytes.

    Readers see the old file or the new one. If killed at any time, it leaves one of them, and a draft that the
    next one removes. Raises StateError if it cannot be written.
    """
    clear(path)
    draft = path.with_name(f".{path.stem}-{os.getpid()}.duckdb")
    try:
        con.execute("checkpoint")
        con.close()
        _copy(path, draft)
        shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)  # spilled data
        if path.with_name(f"{path.name}.wal").exists():
            raise StateError(f"{path.name}: another connection has it open. Close it, and run again.")
        os.replace(draft, path)
    except OSError as error:
        raise unwritten(path, error, "Run again once it can.") from None
    finally:
        clear(path)


def _copy(path: Path, draft: Path) -> None:
    """Copy with a separate instance, since that of a build is locked; nothing that is saved in the file is run."""
    with private.alone(), closing(duckdb.connect()) as con:
        con.execute(f"set temp_directory = {literal(f'{path}.tmp')}")
        con.execute(f"attach {literal(str(path))} as given (type duckdb)")
        con.execute(f"attach {literal(str(draft))} as fresh")
        lock.close_off(con)
        con.execute("copy from database given to fresh")
        con.execute("update fresh.clio_state.erasures set ended_at = ? where ended_at is null", [now()])
        con.execute("checkpoint fresh")


def clear(path: Path) -> None:
    """Remove drafts, also those of a process that was killed: the lock of the database allows only one process."""
    for draft in path.parent.glob(f".{path.stem}-*.duckdb*"):
        draft.unlink(missing_ok=True)
