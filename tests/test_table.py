"""Over a table of the user's: what is refused before anything is made, and that it is read as a run reads a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from warnings import catch_warnings, simplefilter

import duckdb
import pytest

import clio_sql
from clio_sql import builder, sources
from clio_sql.analysis import catalog
from clio_sql.builder import Changes
from clio_sql.builder.table import take
from clio_sql.cli import summary
from clio_sql.errors import ClioError, InputError, StateError, UsageError
from clio_sql.run.outcome import Outcome
from clio_sql.warehouse import database

MAKES = pytest.mark.parametrize("make", [clio_sql.build, clio_sql.install])
MADE = "select database_name, schema_name from duckdb_schemas() where not internal order by all"
RELATIONS = "select schema_name, table_name from duckdb_tables() union all from (select schema_name, view_name from "
RELATIONS += "duckdb_views() where not internal) order by all"


def give(con: duckdb.DuckDBPyConnection, name: str, created_at: str = "timestamp '2026-03-01 02:00:00'") -> None:
    """Twelve conversations, whose plan is a plain column."""
    con.execute(
        f"""create table {name} as select 'c' || i as conversation_id, 'u' || i as user_id, {created_at} as created_at,
        [{{role: 'user', content: 'How do I bake bread, recipe ' || i || '?'}}] as messages,
        if(i % 2 = 0, 'pro', 'free') as plan from range(12) as t(i)"""
    )


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A plain connection with the table `main.chats`."""
    with duckdb.connect() as con:
        give(con, "main.chats")
        yield con


def refused(con: duckdb.DuckDBPyConnection, error: type[ClioError], match: str, make, *arguments, **more) -> None:
    """It is told, and nothing is there afterwards that was not there before."""
    before = con.execute(MADE).fetchall(), con.execute(RELATIONS).fetchall()
    path = con.execute("select current_setting('search_path')").fetchall()
    with pytest.raises(error, match=match):
        make(con, *arguments, **more)
    assert (con.execute(MADE).fetchall(), con.execute(RELATIONS).fetchall()) == before
    assert con.execute("select current_setting('search_path')").fetchall() == path


# What is the user's stays


@MAKES
@pytest.mark.parametrize("schema", ["main", "MAIN", "clio_state", "temp", "pg_catalog", "memory", ""])
def test_a_schema_that_is_not_for_analyses_is_refused(con, make, schema):
    con.execute("create table settings as select 1 as mine")
    refused(con, UsageError, "cannot be used.* Use one of its own", make, "main.chats", schema=schema)
    assert con.execute("from settings").fetchall() == [(1,)]


@MAKES
@pytest.mark.parametrize("name", ["clio.conversations", "CLIO.Conversations", "memory.clio.conversations"])
def test_an_input_in_the_schema_that_is_written_to_is_refused(con, make, name):
    con.execute("create schema clio; create table clio.conversations as from main.chats")
    refused(con, UsageError, "the build writes to the schema", make, name)
    con.execute("use clio")
    refused(con, UsageError, "the build writes to the schema", make, "conversations")


READ = ["conversations", "breakdowns"]  # what a table is read as


def test_its_own_source_is_no_input(con):
    clio_sql.install(con, "main.chats", relations=READ)
    refused(con, UsageError, "the build writes to the schema", clio_sql.install, "clio.source")
    clio_sql.install(con, "clio.source", "second", relations=READ)  # nothing against that of another analysis
    assert con.execute("select count(*) from second.conversations").fetchone() == (12,)


@MAKES
@pytest.mark.parametrize("theirs", ["table own.settings as select 1 as mine", "view own.Words as select 1 as mine"])
def test_relations_that_are_not_ours_are_not_replaced(con, make, theirs):
    con.execute(f"create schema own; create {theirs}")
    refused(con, StateError, "did not make and would replace", make, "main.chats", "own")


def test_a_schema_with_other_relations_of_the_users_will_do(con):
    con.execute("create schema own; create table own.orders as select 1 as mine")
    for _ in range(2):
        clio_sql.install(con, "chats", "OWN", relations=READ)
    assert con.execute("from own.orders").fetchall() == [(1,)]
    assert con.execute("select count(*) from own.conversations").fetchone() == (12,)


def test_a_run_and_a_build_take_turns(con, tmp_path):
    """What one left as a table is a view of the other."""
    con.execute(f"copy chats to '{tmp_path / 'chats.parquet'}'")
    for _ in range(2):
        clio_sql.install(con, "main.chats", relations=READ)
        read = sources.read(con, tmp_path / "chats.parquet")
        builder.describe_input(con, "clio", format=read.format, privacy_unit="user")
        assert con.execute("select count(*) from clio.conversations").fetchone() == (12,)


# The connection


@MAKES
def test_an_open_transaction_is_refused(con, make):
    con.execute("begin; create table mine as select 1 as x")
    refused(con, StateError, "a transaction is open", make, "main.chats")
    con.execute("commit")
    assert con.execute("from mine").fetchall() == [(1,)]
    con.execute("begin")
    with pytest.raises(duckdb.ConversionException):
        con.execute("select 'a'::integer")
    with pytest.raises(StateError, match="a transaction is open"):
        make(con, "main.chats")
    con.execute("rollback")


def test_an_error_inside_a_schema_is_not_hidden(con):
    con.execute("create schema own")
    with pytest.raises(duckdb.ConversionException), database.inside(con, "own"):
        con.execute("begin")
        con.execute("select 'a'::integer")


@MAKES
def test_another_database_in_use_is_refused(con, make):
    con.execute("attach ':memory:' as other; create schema other.s; use other.s")
    refused(con, StateError, 'Run `use "memory".main`', make, "memory.main.chats")


def test_a_table_of_another_database(con):
    con.execute("attach ':memory:' as other; create schema other.s; create table other.s.chats as from main.chats")
    clio_sql.install(con, "other.s.chats", relations=READ)
    assert con.execute("select count(*) from clio.conversations").fetchone() == (12,)


@pytest.mark.parametrize("schema", ["clio", 'Weird "s" é.x', "a,b"])
def test_the_search_path_is_afterwards_as_before(con, schema):
    con.execute("create schema x; create schema y; set search_path = 'x,y'")
    clio_sql.install(con, "chats", schema, relations=READ)
    assert con.execute("select current_setting('search_path')").fetchone() == ("x,y",)
    quoted = schema.replace('"', '""')
    assert con.execute(f'select count(*) from "{quoted}".conversations').fetchone() == (12,)


def test_a_build_in_a_schema_that_needs_quotes_shows_its_progress(con, capsys, monkeypatch):
    monkeypatch.setattr("clio_sql.builder.progress.SLOW", 0.0)
    clio_sql.build(con, "chats", 'Weird "s" é.x')
    assert "facet_values" in capsys.readouterr().err
    clio_sql.build(con, "chats", 'Weird "s" é.x', reporter=builder.Quiet())
    assert capsys.readouterr().err == ""
    assert con.execute('select count(*) from "Weird ""s"" é.x".facet_values').fetchone()[0] > 0


# Read as a run reads


@pytest.mark.parametrize(
    "created_at",
    ["'2026-03-01 02:00:00+00'::timestamptz", "1772330400::bigint", "1772330400000::bigint", "'2026-03-01T02:00:00Z'"],
)
def test_times_are_utc_whatever_the_session_says(con, created_at):
    con.execute("set timezone = 'America/Los_Angeles'")
    give(con, "main.timed", created_at)
    clio_sql.install(con, "main.timed", relations=READ)
    found = con.execute("select distinct created_at from clio.conversations").fetchall()
    assert found == [(datetime(2026, 3, 1, 2),)]


def test_a_plain_column_is_a_breakdown(con):
    clio_sql.install(con, "main.chats", breakdowns=["plan"], relations=READ)
    found = con.execute("select value, count(*) from clio.breakdowns where breakdown = 'plan' group by 1 order by 1")
    assert found.fetchall() == [("free", 6), ("pro", 6)]


def test_columns_of_other_names_are_mapped(con):
    """Of a row per conversation, and of a row per message."""
    con.execute(
        "create table own as "
        "select conversation_id as thread, user_id as account, created_at as began, messages as chat from chats"
    )
    columns = {"conversation_id": "thread", "user_id": "account", "created_at": "began", "messages": "chat"}
    take(con, "own", "clio", columns=columns)
    same = "select conversation_id, user_id, created_at, messages from {} order by all"
    assert con.execute(same.format("clio.source")).fetchall() == con.execute(same.format("main.chats")).fetchall()
    con.execute("create table said as select thread, account, began, 'user' as who, chat[1].content as words from own")
    rows = {name: column for name, column in columns.items() if name != "messages"}
    take(con, "said", "clio", columns=rows | {"role": "who", "content": "words"})
    assert con.execute(same.format("clio.source")).fetchall() == con.execute(same.format("main.chats")).fetchall()


@MAKES
def test_columns_that_cannot_be_mapped_are_refused(con, make):
    refused(con, InputError, "'account' does not exist. There is:", make, "main.chats", columns={"user_id": "account"})
    refused(
        con, UsageError, "'user' cannot be mapped. Allowed: conversation_id", make, "chats", columns={"user": "plan"}
    )
    con.execute("create table few as select conversation_id, messages from chats")
    refused(con, InputError, r"user_id, created_at is missing.*columns=\{'user_id': 'NAME'\}", make, "main.few")


def views(con) -> list[str]:
    return [
        name
        for (name,) in con.execute(
            "select view_name from duckdb_views() where schema_name = 'clio' order by 1"
        ).fetchall()
    ]


def test_views_are_of_the_relations_that_were_asked_for(con):
    """Those of an earlier call are gone: they would show other rows than the new ones."""
    clio_sql.install(con, "main.chats", relations=[*READ, "gated_clusters", "conversations"])
    assert views(con) == ["breakdowns", "conversations", "gated_clusters", "source"]
    clio_sql.install(con, "main.chats")
    assert views(con) == sorted(["source", *(each.name for each in catalog.load() if each.published)])
    refused(
        con,
        UsageError,
        "'gated_cluster' is not.*gated_clusters",
        clio_sql.install,
        "chats",
        relations=["gated_cluster"],
    )
    refused(
        con,
        UsageError,
        r"not the text 'clusters'. Give \['clusters'\]",
        clio_sql.install,
        "chats",
        relations="clusters",
    )


def test_views_over_many_conversations_say_what_to_use_instead(con):
    con.execute(
        "create table many as "
        "select * replace (conversation_id || '-' || n as conversation_id) from chats, range(10) as t(n)"
    )
    with pytest.raises(UserWarning, match=r"120 conversations.*clio_sql\.build\(con, 'main\.many'\)"), catch_warnings():
        simplefilter("error")
        clio_sql.install(con, "main.many")


def made_of(name: str) -> set[str]:
    """A packaged relation and all that it reads."""
    relations = {each.name: each for each in catalog.load()}
    wanted, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        waiting += [each for each in relations[name].inputs if each in relations]
    return wanted


def test_what_is_answered_again_is_not_new(con):
    """After a change of the SQL alone a run says so, instead of calling every conversation new."""
    take(con, "main.chats", "clio", ())
    names = made_of("facet_values")
    some = [each for each in catalog.load() if each.name in names]
    assert builder.run(con, "clio", relations=some).changes["facet_values"] == (12, 0, 0)
    con.execute(
        "update chats set messages = [{role: 'user', content: 'How long does rice take?'}] where user_id = 'u1'"
    )
    con.execute("insert into chats select * replace ('c12' as conversation_id) from chats where user_id = 'u2'")
    reworded = [
        each if each.name != "facets" else replace(each, sql=each.sql.replace("What does the user", "What did they"))
        for each in some
    ]
    built = builder.run(con, "clio", relations=reworded)
    assert built.changes["facet_values"] == (1, 1, 0) and built.again["facet_values"] == 11
    assert con.execute("select count(distinct conversation_id) from clio.facet_values").fetchone() == (13,)
    built = builder.run(con, "clio", relations=reworded)
    assert built.changes["facet_values"] == (0, 0, 0) and built.again["facet_values"] == 0
    told = Outcome([], {}, [], Changes(1, 1, 0), {}, {}, rewritten=("facets",), again=11)
    assert list(summary.lines(told)) == [
        "SQL that changed since the last build: facets.sql",
        "conversations: 11 answered again",
        "conversations: 1 new, 1 changed, 0 vanished",
    ]


@MAKES
def test_breakdowns_that_are_not_there_are_refused(con, make):
    refused(con, InputError, "'nope' does not exist. There is: plan", make, "main.chats", breakdowns=["plan", "nope"])
    refused(con, UsageError, r"Give \['plan'\]", make, "main.chats", breakdowns="plan")
