"""The state schema of a warehouse: what must survive a run. Migrations are appended, never edited."""

from __future__ import annotations

import duckdb

SCHEMA = "clio_state"

MIGRATIONS = (
    # 1: fitted centroids, what was built from what, and what was already taken in
    """
    create table clio_state.models (
        model varchar primary key, k integer, dimension integer, centroids blob
    );
    create table clio_state.relations (
        relation varchar primary key, fingerprint varchar, complete boolean, built_at timestamptz
    );
    create table clio_state.processed (relation varchar, key varchar, changed varchar);
    """,
    # 2: every paid call by the hash of all that went into it, what it cost, and which texts it saw
    """
    create table clio_state.calls (
        key varchar primary key, function varchar, provider varchar, model varchar,
        status varchar, answer varchar, error varchar,
        tokens_in bigint, tokens_out bigint, cache_write_tokens bigint, cache_read_tokens bigint,
        cost_usd double, latency_s double, attempts integer, batch_id varchar, called_at timestamp
    );
    comment on table clio_state.calls is
        'one row a model call; tokens, dollars and attempts are of all its tries; called_at is UTC';
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
    # 4: who was behind each figure when it was last published
    """
    create table clio_state.bases (
        schema_name varchar, relation varchar, facet varchar, cluster_id varchar, breakdown varchar, value varchar,
        user_id varchar, people integer, conversations bigint
    );
    comment on table clio_state.bases is 'the relation bases as it was last published, see sql/models/bases.sql';
    """,
)


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `clio_state` of the database behind `con` to the newest version; safe to call again."""
    con.execute(f"create schema if not exists {SCHEMA}")
    con.execute(f"create table if not exists {SCHEMA}.migrations (version integer primary key)")
    done = {version for (version,) in con.execute(f"select version from {SCHEMA}.migrations").fetchall()}
    for version, statements in enumerate(MIGRATIONS, start=1):
        if version in done:
            continue
        con.execute("begin")
        con.execute(statements)
        con.execute(f"insert into {SCHEMA}.migrations values (?)", [version])
        con.execute("commit")
