"""The state of a warehouse: what must survive a run. Migrations are appended, never edited.

It is the schema `clio_state` of the database, or a file of its own that is attached under that name: then
`clio_state.calls` names the same table there.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path

import duckdb

from clio_sql.errors import StateError
from clio_sql.sql_text.quoting import literal

SCHEMA = "clio_state"

MIGRATIONS = (
    # 1: fitted centroids, what was built from what, and what was already processed
    """
    create table clio_state.models (
        model varchar primary key, k integer, dimension integer, centroids blob
    );
    create table clio_state.relations (
        relation varchar primary key, fingerprint varchar, complete boolean, built_at timestamptz
    );
    create table clio_state.processed (relation varchar, key varchar, changed varchar);
    """,
    # 2: every paid call by the hash of everything that went into it, its cost, and which texts it saw
    """
    create table clio_state.calls (
        key varchar primary key, function varchar, provider varchar, model varchar,
        status varchar, answer varchar, error varchar,
        tokens_in bigint, tokens_out bigint, cache_write_tokens bigint, cache_read_tokens bigint,
        cost_usd double, latency_s double, attempts integer, batch_id varchar, called_at timestamp
    );
    comment on table clio_state.calls is
        'one row per model call; tokens, dollars and attempts are summed over all its tries; called_at is UTC';
    create table clio_state.salt (one boolean primary key check (one), salt varchar);
    create table clio_state.call_inputs (key varchar, input_hash varchar, primary key (key, input_hash));
    comment on column clio_state.call_inputs.input_hash is 'sha256(salt || text), in hex';
    create table clio_state.batches (
        batch_id varchar primary key, function varchar, provider varchar, base_url varchar,
        keys varchar[], done boolean, created_at timestamp, ended_at timestamp
    );
    create view clio_state.spend as
        select
            called_at::date as day, model, function, count(*) as calls,
            sum(tokens_in + cache_write_tokens + cache_read_tokens) as tokens_in,
            sum(tokens_out) as tokens_out, sum(cost_usd) as usd
        from clio_state.calls group by all order by all;
    create view clio_state.call_errors as
        select function, status, error, count(*) as calls, max(called_at) as last_at
        from clio_state.calls where status <> 'ok' group by all order by calls desc, function, status, error;
    create view clio_state.slowest_calls as
        select key, function, model, status, latency_s, attempts, called_at
        from clio_state.calls where batch_id is null order by latency_s desc limit 100;
    """,
    # 3: the texts of a conversation by hash, so that the calls they went into can be found and erased
    """
    create table clio_state.conversation_inputs (
        conversation_id varchar, input_hash varchar, primary key (conversation_id, input_hash)
    );
    comment on column clio_state.conversation_inputs.input_hash is 'as in call_inputs';
    """,
    # 4: every run that read its input: with which SQL and models, at what cost, with what result
    """
    create table clio_state.builds (
        build integer primary key, started_at timestamp, ended_at timestamp, result varchar, error varchar,
        sql_hash varchar, files map(varchar, varchar), settings varchar, provider varchar, models varchar[],
        versions map(varchar, varchar), counts map(varchar, bigint), calls bigint, cost_usd double, checks varchar[]
    );
    comment on table clio_state.builds is
        'one row per run; times are UTC; counts are rows of tables, calls and dollars those of this run';
    comment on column clio_state.builds.result is 'running, published, failed, stopped or killed';
    comment on column clio_state.builds.files is 'relation -> hash of its SQL without comments';
    """,
    # 5: a hash of each relation's rows: relations that read it are left as they are while it is the same
    """
    alter table clio_state.relations add column content varchar;
    """,
    # 6: users who are never read again, and what was erased; an erasure ends when the file is copied without its bytes
    """
    create table clio_state.forgotten (user_hash varchar primary key, forgotten_at timestamp);
    comment on column clio_state.forgotten.user_hash is 'sha256(salt || user id), in hex';
    create table clio_state.erasures (
        erasure integer primary key, begun_at timestamp, ended_at timestamp,
        users bigint, conversations bigint, calls bigint, usd double
    );
    comment on table clio_state.erasures is
        'one row per erasure, without saying who was erased; users: 0 where conversations vanished from the source; '
        'usd: what the erased calls had cost; ended_at: when the file was copied without the erased bytes, in UTC';
    """,
    # 7: who read the conversations of a cluster, in safety mode
    """
    create table clio_state.traces (
        traced_at timestamp, os_user varchar, facet varchar, cluster_id varchar, conversations bigint
    );
    comment on table clio_state.traces is 'one row per access to conversations: the system user, and when, in UTC';
    """,
    # 8: the privacy budget, added up over builds
    """
    create table clio_state.noise_draws (
        draw integer primary key, drawn_at timestamp, epsilon double, sensitivity bigint, cells_hash varchar
    );
    comment on table clio_state.noise_draws is
        'one row per draw of noise for the published counts; the budget spent is the sum of epsilon';
    """,
    # 9: several analyses in one warehouse
    """
    alter table clio_state.builds add column name varchar;
    comment on column clio_state.builds.name is 'of the analysis; NULL of the one in schema clio';
    alter table clio_state.traces add column name varchar;
    comment on column clio_state.traces.name is 'as in builds';
    alter table clio_state.noise_draws add column schema_name varchar default 'clio';
    alter table clio_state.relations add column made_by varchar;
    comment on column clio_state.relations.made_by is
        'of embeddings: a hash of their SQL, the code and the embedding model; equal texts then have equal vectors';
    create table clio_state.to_rebuild (schema_name varchar primary key);
    comment on table clio_state.to_rebuild is 'one row per analysis that was not rebuilt since an erasure';
    """,
    # 10: an answer that cannot be read is asked for once more, and shown to the model for that
    """
    alter table clio_state.calls add column repairs varchar;
    comment on column clio_state.calls.repairs is
        'key of the call whose malformed answer this one showed to the model; NULL of any other call';
    comment on column clio_state.calls.answer is
        'JSON; of a malformed answer its text, until the call that repairs it is stored';
    create or replace view clio_state.call_errors as
        select function, status, error, count(*) as calls, max(called_at) as last_at
        from clio_state.calls
        where
            status <> 'ok'
            and key not in (select repairs from clio_state.calls where status = 'ok' and repairs is not null)
        group by all order by calls desc, function, status, error;
    """,
)

BLANK = "concat(' ', chr(9), chr(10), chr(13))"  # as in conversations.sql: ignored around a user id


def user_hash(user: str, schema: str = f"{SCHEMA}.") -> str:
    """SQL: the hash of a user id, given as SQL, as in `clio_state.forgotten`; NULL if there is no id."""
    return f"sha256((select salt from {schema}salt) || nullif(trim({user}, {BLANK}), ''))"


def is_forgotten(user: str, schema: str = f"{SCHEMA}.") -> str:
    """SQL: whether that id, given as SQL, is noted as forgotten; never NULL. schema: of the tables, with its dot."""
    noted = f"(select coalesce(list(user_hash), []) from {schema}forgotten)"
    return f"coalesce(list_contains({noted}, {user_hash(user, schema)}), false)"


def whole(id: str) -> str:
    """SQL: an id, given as SQL, with 45.0 turned into 45: integer columns with gaps are often written as decimals."""
    return rf"regexp_replace({id}, '^(\s*-?\d+)[.]0+(\s*)$', '\1\2')"


# Not the salt itself: analysis SQL reads this one, and must not be able to test for a user id.
MARGIN_SALT = "select sha256(concat('margins', chr(31), salt)) as salt from clio_state.salt"


def salted(con: duckdb.DuckDBPyConnection) -> None:
    """Create the salt of this database, if it has none yet: CLIO_SALT if that is set, else a random one.

    Raises StateError if CLIO_SALT is set and the database has another: forgotten users would no longer be recognised.
    """
    given = os.environ.get("CLIO_SALT") or None
    salt = given or secrets.token_hex(32)
    con.execute("insert into clio_state.salt values (true, ?) on conflict do nothing", [salt])
    if given and con.execute("select salt from clio_state.salt").fetchall() != [(given,)]:
        raise StateError(
            "CLIO_SALT is not the salt that this warehouse began with. It decides the margins above the thresholds "
            "and who was forgotten. Set it to what it was, or leave it out; a new folder may use a new one."
        )


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `clio_state` of the database behind `con` to the newest version; safe to repeat.

    Raises StateError if something was built and the state, or a table of it, is gone: then it is not known who
    was forgotten.
    """
    if not tables(con) and _was_built(con):
        raise _lost([SCHEMA])
    if attached(con) is None:
        con.execute(f"create schema if not exists {SCHEMA}")
    con.execute(f"create table if not exists {SCHEMA}.migrations (version integer primary key)")
    done = {version for (version,) in con.execute(f"select version from {SCHEMA}.migrations").fetchall()}
    if gone := sorted(_made(done) - tables(con)):
        raise _lost(gone)
    for version, statements in enumerate(MIGRATIONS, start=1):
        if version in done:
            continue
        con.execute("begin")
        con.execute(statements)
        con.execute(f"insert into {SCHEMA}.migrations values (?)", [version])
        con.execute("commit")


def tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The existing tables of the state; views do not count."""
    where = (
        "database_name = ?1" if attached(con) is not None else "database_name = current_database() and schema_name = ?1"
    )
    query = f"select table_name from duckdb_tables() where {where}"
    return {name for (name,) in con.execute(query, [SCHEMA]).fetchall()}


def attach(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Keep the state of `con` in that file, created if missing. Raises StateError if it already is elsewhere."""
    there, file = attached(con), file.resolve()
    if there == str(file):
        return
    query = "select 1 from duckdb_schemas() where database_name = current_database() and schema_name = ?"
    if there is not None or con.execute(query, [SCHEMA]).fetchall():
        where = f"the schema {SCHEMA} of the database" if there is None else Path(there).name
        raise StateError(
            f"state={file.name}: this database already keeps its state in {where}. Leave state= out, or give that."
        )
    try:
        con.execute(f"attach {literal(str(file))} as {SCHEMA} (read_write)")
    except (duckdb.IOException, duckdb.BinderException) as error:
        raise StateError(
            f"state={file.name}: cannot be opened for writing ({type(error).__name__}). Is it a DuckDB file, in a "
            "folder that is there, and open nowhere else?"
        ) from None


def attached(con: duckdb.DuckDBPyConnection) -> str | None:
    """The path of the file that the state is kept in; None if it is a schema of the database itself."""
    row = con.execute("select path from duckdb_databases() where database_name = ?", [SCHEMA]).fetchall()
    return (row[0][0] or "") if row else None


def _made(versions: Collection[int]) -> set[str]:
    """The tables that those migrations create."""
    texts = [text for version, text in enumerate(MIGRATIONS, start=1) if version in versions]
    return set(re.findall(rf"create table {SCHEMA}\.(\w+)", "".join(texts)))


def _was_built(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a run or a build created something here: each schema of ours has a table that margins are drawn from."""
    query = "select 1 from duckdb_tables() where database_name = current_database() and table_name = 'secret' limit 1"
    return bool(con.execute(query).fetchall()) and all(
        con.execute(query.replace("secret", name)).fetchall() for name in ("build_info", "used_ids")
    )


def _lost(gone: list[str]) -> StateError:
    return StateError(
        f"the database was built before, but {', '.join(gone)} of its state is gone, which says who was forgotten and "
        "what was paid. Put a backup in its place, or give another folder, where no user is forgotten yet."
    )
