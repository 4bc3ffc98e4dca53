"""The lock by itself, as if the judge let everything through: what SQL of a folder tries reaches nothing outside."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import chats
import duckdb
import paid
import pyarrow as pa
import pytest
import test_builds
from rich.console import Console

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.builder.progress import Steps
from clio_sql.errors import ClioError, StateError
from clio_sql.published import publish
from clio_sql.run import record
from clio_sql.run.analyse import analyse
from clio_sql.run.open import opened
from clio_sql.sources import adapters
from clio_sql.sql_text import syntax
from clio_sql.warehouse import lock

CANARY = "a canary that sings"
canary_frame = pa.table({"bird": [CANARY]})  # what a replacement scan of Python would find
FILES = {
    "read_text": "select content from read_text('{out}/canary.txt')",
    "read_blob": "select content::varchar from read_blob('{out}/canary.txt')",
    "read_csv": "from read_csv('{out}/canary.txt', header = false)",
    "read_json": "from read_json('{out}/canary.txt')",
    "read_parquet": "from read_parquet('{out}/canary.txt')",
    "parquet_metadata": "from parquet_metadata('{out}/canary.txt')",
    "sniff_csv": "from sniff_csv('{out}/canary.txt')",
    "glob": "select file from glob('{out}/*')",
    "a file by its name": "from '{out}/canary.txt'",
    "a file beside the warehouse": "select content from read_text('{into}/beside.txt')",
    "a Python variable": "from canary_frame",
    "getenv": "select getenv('CANARY')",
    "another database": "from canary.main.birds",
    "enable_profiling": "from enable_profiling(save_location = '{out}/canary.txt')",
    "enable_logging": "from enable_logging(storage = 'file', storage_path = '{out}/canary.txt')",
    "write_log": "select write_log('x', log_type := 'FileSystem')",
    "serialized": "from json_execute_serialized_sql(json_serialize_sql("
    "'select content from read_text(''{out}/canary.txt'')'))",
    "from_substrait": "from from_substrait('x')",
}
STATEMENTS = (
    "copy (select 1) to '{out}/canary.txt'",
    "copy (select 1) to '{into}/beside.txt'",
    "with w as (copy (select 1) to '{out}/canary.txt') select 1",
    "create table t as with w as (copy (select 1) to '{out}/canary.txt') select 1",
    "create table t as with w as (copy (select content from read_text('{out}/canary.txt')) to '{into}/b.txt') select 1",
    "create table t (a varchar); copy t from '{out}/canary.txt'",
    "attach '{out}/canary.duckdb' as canary",
    "attach '{out}/canary.duckdb' as canary (read_only)",
    "attach '{into}/fresh.duckdb' as fresh",
    "copy from database warehouse to canary",
    "export database '{into}/exported'",
    "import database '{out}'",
    "install httpfs",
    "install '{out}/canary.txt'",
    "load httpfs",
    "load '{out}/canary.txt'",
    "force checkpoint canary",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{out}/canary.txt'",
    "set profiling_output = '{out}/canary.txt'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set allowed_directories = ['{out}']",
    "set allowed_paths = ['{out}/canary.txt']",
    "set temp_directory = '{out}'",
    "set log_query_path = '{out}/canary.txt'",
    "set python_enable_replacements = true",
    "set autoload_known_extensions = true",
    "set home_directory = '{out}'",
    "set secret_directory = '{out}'",
    "reset enable_external_access",
    "reset lock_configuration",
    "create persistent secret s (type s3, key_id 'x', secret 'y')",
    "call enable_logging(storage = 'file', storage_path = '{out}/canary.txt')",
    "call checkpoint('canary')",
)
PLACES = {
    "plain": "{}",
    "a table": "create or replace table tried as {}",
    "a view": "create or replace view tried_view as {}; from tried_view",
    "query": "from query('{quoted}')",
    "lateral query": "from (values (1)) as v (a), lateral query(case when 1 = 1 then '{quoted}' end)",
    "an insert in a CTE": "create or replace table w (a varchar); with w2 as (insert into w {} returning *) from w2",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path, Path]]:
    """A locked warehouse with a draft, as a run has it; the folder of the canaries; OUT."""
    outside, into = tmp_path_factory.mktemp("outside"), tmp_path_factory.mktemp("into")
    (outside / "canary.txt").write_text(CANARY)
    (into / "beside.txt").write_text(CANARY)
    with duckdb.connect(str(outside / "canary.duckdb")) as con:
        con.execute(f"create table birds as select '{CANARY}' as bird")
    with opened(into / "warehouse.duckdb", Steps(Console(file=io.StringIO())), {}) as con, publish.drafted(con, into):
        lock.lock(con)
        yield con, outside, into


def untouched(outside: Path, into: Path) -> None:
    assert (outside / "canary.txt").read_text() == (into / "beside.txt").read_text() == CANARY
    with duckdb.connect(str(outside / "canary.duckdb"), read_only=True) as con:
        assert con.execute("from birds").fetchall() == [(CANARY,)]
    assert {path.name for path in outside.iterdir()} == {"canary.txt", "canary.duckdb"}
    assert {path.name.split(".duckdb")[0].split("-")[0] for path in into.iterdir()} == {
        "warehouse", ".published", "beside.txt"
    }  # fmt: skip


def tried(con: duckdb.DuckDBPyConnection, statement: str) -> str | None:
    """What it shows; None where it is refused."""
    with con.cursor() as cursor:
        try:
            return str(cursor.execute(statement).fetchall())
        except (duckdb.Error, RuntimeError):
            return None


@pytest.mark.parametrize("name", FILES)
def test_no_select_reads_outside_in_any_place(world, monkeypatch, name):
    con, outside, into = world
    monkeypatch.setenv("CANARY", CANARY)
    query = FILES[name].format(out=outside, into=into)
    for place, text in PLACES.items():
        found = tried(con, text.replace("{}", query).replace("{quoted}", query.replace("'", "''")))
        assert found is None or (name == "write_log" and CANARY not in found), place
    untouched(outside, into)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_reaches_outside(world, statement):
    con, outside, into = world
    assert tried(con, statement.format(out=outside, into=into)) is None
    untouched(outside, into)


def test_what_a_build_does_still_works(world):
    con, _, _ = world
    con.execute("create or replace table built as select clio_words('one two') as words")
    con.execute("create or replace temp table part as from built; create or replace view seen as from built")
    con.execute("create or replace table drafted.main.seen as from seen")
    con.execute("set schema = 'clio_state'; set search_path = 'main'")  # where names are looked up is no setting
    sorted_on_disk = "select md5(range::varchar) as m from range(200_000) order by m limit 1 offset 199_999"
    assert con.execute(sorted_on_disk).fetchall()
    con.execute("checkpoint")


def test_the_settings_cannot_be_tried_on_a_database_that_reaches_more():
    with closing(lock.in_memory()) as con:
        for text in ("from glob('/*')", "set threads = 1", "attach '/tmp/x.duckdb'", "from canary_frame"):
            assert tried(con, text) is None, text


# The state


def quiet() -> Steps:
    return Steps(Console(file=io.StringIO()))


@pytest.fixture
def state(tmp_path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = clio_sql.connect(tmp_path / "warehouse.duckdb")
    con.execute("insert into clio_state.salt values (true, 'grain')")
    con.execute("insert into clio_state.forgotten values ('somebody', now()::timestamp)")
    con.execute("insert into clio_state.calls (key, status, called_at) values ('k', 'ok', '2020-01-01')")
    yield con
    con.close()


@pytest.mark.parametrize(
    "statement",
    [
        "delete from clio_state.forgotten",
        "update clio_state.forgotten set user_hash = 'x'",
        "drop table clio_state.forgotten",
        "drop table clio_state.forgotten; create view clio_state.forgotten as select 'somebody' as user_hash",
        "update clio_state.salt set salt = 'x'",
        "delete from clio_state.calls",
        "update clio_state.calls set answer = 'x'",
        "insert into clio_state.builds (build) values (7)",
        "drop schema clio_state cascade",
        "delete from clio_state.migrations",
    ],
)
def test_a_state_that_a_build_changed_is_not_published(state, statement):
    require_same_state = lock.lock(state)
    require_same_state()
    state.execute(statement)
    with pytest.raises(StateError, match="the SQL of the analysis changed"):
        require_same_state()
    if "forgotten" not in statement.split("drop")[-1] and "schema" not in statement:
        assert state.execute("select user_hash from clio_state.forgotten").fetchall() == [("somebody",)]
        assert state.execute("select salt from clio_state.salt").fetchall() == [("grain",)]


def test_what_a_build_writes_to_the_state_is_no_change(state):
    require_same_state = lock.lock(state)
    state.execute("insert into clio_state.calls (key, status, called_at) values ('new', 'ok', now()::timestamp)")
    state.execute("insert into clio_state.relations (relation) values ('clusters')")
    require_same_state()


@pytest.mark.parametrize("gone", ["forgotten", "calls", "builds", "migrations", "salt"])
def test_a_table_of_the_state_that_is_gone_stops_the_run(state, tmp_path, gone):
    state.execute(f"drop table clio_state.{gone}")
    state.close()
    with pytest.raises(ClioError) as caught, opened(tmp_path / "warehouse.duckdb", quiet(), {}):
        pass
    assert caught.value.exit_code == 7


def test_a_warehouse_whose_whole_state_is_gone_stops_the_run(state, tmp_path):
    state.execute("create schema clio; use clio; create table secret (salt varchar); create table build_info (a int)")
    state.execute("create table used_ids (a int); use main; drop schema clio_state cascade")
    state.close()
    with pytest.raises(StateError, match="clio_state of its state is gone"):
        clio_sql.connect(tmp_path / "warehouse.duckdb")


# A warehouse that somebody else prepared


@pytest.mark.parametrize(
    "code",
    [
        "create macro main.round(x) as 0",
        "create macro main.evil() as table select content from read_text('{canary}')",
        "create macro clio_state.clio_gate(x) as true",
        "create schema clio; create macro clio.sum(x) as 0",
        "create trigger t after insert on clio_state.salt for each statement delete from clio_state.forgotten",
        "create view clio_state.seen as select content from read_text('{canary}')",
        "create view main.seen as from '{canary}.csv'",
        "create view main.seen as from query('select 1 as a')",
        "create view main.\"x AS select 1; --\" as select content from read_text('{canary}')",
        "create view main.seen (\"a) AS select 1 --\") as select content from read_text('{canary}')",
        "create view main.seen as select getvariable('x') as a",
        "create type mood as enum ('a')",
        "create table main.more (a integer, b varchar generated always as (upper(a::varchar)))",
        "create table main.more (a varchar default (current_user()))",
    ],
)
def test_code_that_no_run_wrote_is_refused_before_anything_runs(tmp_path, code):
    clio_sql.connect(tmp_path / "warehouse.duckdb").close()
    for name in ("canary.txt", "canary.txt.csv"):
        (tmp_path / name).write_text(CANARY)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute(code.format(canary=tmp_path / "canary.txt"))
    with (
        pytest.raises(StateError, match="which no run wrote") as caught,
        opened(tmp_path / "warehouse.duckdb", quiet(), {}),
    ):
        pass
    assert CANARY not in str(caught.value)
    with pytest.raises(StateError, match="which no run wrote"):
        record.listed(tmp_path)


def test_what_runs_write_is_let_in_and_our_macros_are_ours(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    con = clio_sql.connect(path)
    adapters.make_macros(con, temp=False)
    (comment,) = con.execute("select comment from duckdb_functions() where function_name = 'clio_gate'").fetchone()
    con.execute("create or replace macro clio_gate(a, b, c, d, e, f) as true")
    con.execute(f"comment on macro clio_gate is '{comment.replace(chr(39), chr(39) * 2)}'")
    con.execute("create schema clio; create view clio.mine as select user_hash from clio_state.forgotten")
    con.close()
    with opened(path, quiet(), {}) as con:
        query = "select macro_definition from duckdb_functions() where function_name = 'clio_gate'"
        assert "min_users" in con.execute(query).fetchall()[0][0]


def test_settings_that_somebody_put_into_the_file_are_not_those_of_the_next_build(tmp_path):
    """Its record says that it is built already, since what it is made of can be known without the input."""
    out = tmp_path / "out"
    test_builds.build(out, test_builds.small())
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("create table clio.before as from clio.settings")
        con.execute("create or replace view clio.settings as select * replace (1 as min_users) from clio.before")
    test_builds.build(out, test_builds.small())
    assert chats.warehouse(out, "select min_users > 1 from clio.settings") == [(True,)]


@pytest.mark.parametrize("table", ["build_info", "secret", "input"])
def test_tables_of_a_warehouse_that_no_run_leaves_are_not_called_a_fault_of_a_file(tmp_path, table):
    out = tmp_path / "out"
    out.mkdir()
    clio_sql.connect(out / "warehouse.duckdb").close()
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute(f"create schema clio; create view clio.{table} as select 1 as nothing")
    with pytest.raises(StateError, match="the tables of the warehouse are not those") as caught:
        analyse(str(chats.write(tmp_path / "a.jsonl", chats.chats(20))), out, quiet())
    assert "Correct the file" not in str(caught.value) and "move warehouse.duckdb away" in str(caught.value)


# A whole run


def test_a_run_is_locked_and_a_state_that_its_sql_changed_is_not_published(tmp_path, monkeypatch):
    (tmp_path / "canary.txt").write_text(CANARY)
    folder = paid.folder(tmp_path / "analysis")
    asked = str(chats.write(tmp_path / "a.jsonl", chats.chats(240))), tmp_path / "out", quiet()
    relations = catalog.load(folder)
    settings = next(relation for relation in relations if relation.name == "settings")

    def called(sql: str) -> frozenset[str]:
        return frozenset() if "select 1" in sql or CANARY in sql else syntax.read(sql).calls

    monkeypatch.setattr("clio_sql.analysis.catalog._called", called)

    def run(sql: str) -> None:
        first = replace(settings, name="evil", kind="table", sql=sql, inputs=(), columns={}, types={})
        monkeypatch.setattr("clio_sql.analysis.check.checked", lambda analysis: [first, *relations])  # no judge
        analyse(*asked, analysis=folder)

    with pytest.raises(ClioError) as caught:
        run(f"select content from read_text('{tmp_path / 'canary.txt'}')")
    assert "evil: " in str(caught.value) and CANARY not in str(caught.value)
    with pytest.raises(ClioError, match="evil: "):
        run(f"with w as (copy (select 1) to '{tmp_path / 'canary.txt'}') select 1 as a")
    assert (tmp_path / "canary.txt").read_text() == CANARY
    with pytest.raises(StateError, match="changed salt, builds of the schema clio_state"):
        run("select 1 as a; update clio_state.salt set salt = 'known'; delete from clio_state.builds")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["warehouse.duckdb"]
    assert chats.warehouse(tmp_path / "out", "select salt = 'known' from clio_state.salt") == [(False,)]
