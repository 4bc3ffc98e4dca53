"""DuckDB's own parse decides what a file of an analysis may hold: each spelling below is refused, by file and line.

Every table function and every kind of statement that this DuckDB has is tried where one can stand.
"""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from conftest import ROOT, cli
from sqlglot import exp

from clio_sql.analysis import catalog, check
from clio_sql.errors import SqlError
from clio_sql.sql_text import syntax

HEAD = "-- Own relation.\n-- kind: table\n-- grain: content\n"
SHARED = ROOT.parent / "shared" / "hostile"
QUERY = "query(case when 1 = 1 then 'select content from read_text(''canary.txt'')' end)"
FOLDERS = {
    "a query in a text": f"select content::varchar as content from facets, lateral {QUERY}",
    "a file that is overwritten": "select 'x' as content from facets left join "
    "enable_profiling(format='json', save_location='canary.txt') on true",
    "a statement behind a comment of sqlglot": "select map {#1: 1} as z from (values ('a')); "
    "drop table if exists clio_state.forgotten; select 'q' as q, 'VARCHAR' as t from (values (1)) v(a) "
    "where not list_contains\n-- #}\n(['x'], 'y')",
}
WITH = {
    "a copy": "with w as (copy facets to 'canary.txt') select 1 as a",
    "an insert": "with w as (insert into clio_state.forgotten values ('x', now()) returning *) select 1 as a from w",
    "a delete": "with w as (delete from clio_state.forgotten returning *) select 1 as a from w",
    "an update": "with w as (update clio_state.salt set salt = 'x' returning *) select 1 as a from w",
    "a delete in a subquery": "select (with w as (delete from facets returning *) select count(*) from w) as a",
    "describe": "select column_name as a from (describe facets)",
    "summarize": "select max as a from (summarize facets)",
    "show": "select name as a from (show tables)",
    "a pivot of unnamed values": "from (pivot facets on facet using count(*))",
    "a parameter": "select $1 as a",
    "another schema": "select user_hash as a from clio_state.forgotten",
    "another database": "select user_hash as a from warehouse.clio_state.forgotten",
    "a file by its name": "select * from 'canary.txt'",
    "a Python variable": "select * from canary",
    "a table that a CTE elsewhere hides": "select (with source as (select 1 as a) select a from source) as a "
    "from clio_state.salt",
}
STATEMENTS = (
    "alter table facets rename to f", "analyze", "attach 'canary.duckdb' as c", "call enable_logging()",
    "copy facets to 'canary.txt'", "copy from database memory to c", "create table c as select 1 as a",
    "create macro c(x) as x", "create or replace view c as select 1 as a", "delete from clio_state.forgotten",
    "detach c", "drop table clio_state.forgotten", "execute c", "explain analyze select 1", "export database 'canary'",
    "import database 'canary'", "insert into clio_state.forgotten values (1)", "install httpfs", "load httpfs",
    "merge into facets using facets as f on true when matched then delete", "pragma enable_profiling",
    "prepare c as select 1", "set memory_limit = '1GB'", "reset memory_limit", "set variable c = 1", "begin",
    "update clio_state.salt set salt = 'x'", "vacuum", "checkpoint", "use memory", "truncate clio_state.forgotten",
    "comment on table facets is 'x'", "create secret (type s3)", "create sequence c", "create type c as enum ('a')",
)  # fmt: skip
PLACES = {
    "plain": "select * from {}",
    "lateral": "select f.facet as a from facets as f, lateral (select * from {}) as x",
    "lateral alone": "select f.facet as a from facets as f, lateral {} as x",
    "subquery": "select (select count(*) from {}) as a",
    "CTE": "with c as materialized (from {}) select * from c",
    "unused CTE": "with c as (from {}) select 1 as a",
    "argument": "select clio_words((select any_value(x)::varchar from {} as x)) as a",
    "condition": "select facet as a from facets where exists (from {}) order by (select 1 from {}) limit (from {})",
}


def table_functions() -> list[str]:
    query = "select distinct function_name from duckdb_functions() where function_type in ('table', 'table_macro')"
    with duckdb.connect() as con:
        return sorted({name for (name,) in con.execute(query).fetchall()} - syntax.ROWS)


def refused(text: str) -> list[str]:
    """What is told of a file, each with its line; the judge alone, without the binder."""
    try:
        relation = catalog.parse("evil", "models", HEAD + text, "evil.sql")
    except SqlError as error:
        return [str(error)]
    told = [f"evil.sql, line {line}: {sentence}" for line, sentence in relation.problems]
    return told + [f"evil.sql, line 4: reads {name}" for name in relation.inputs if name in ("canary.txt", "canary")]


@pytest.mark.parametrize("place", PLACES)
def test_no_function_in_a_from_but_those_that_make_rows_of_their_arguments(place):
    names = table_functions()
    assert len(names) > 80
    for name in names:
        found = refused(PLACES[place].replace("{}", f"{name}('x')"))
        assert found and all(each.startswith("evil.sql, line 4: ") for each in found), name


@pytest.mark.parametrize("text", [*WITH.values(), *FOLDERS.values()], ids=[*WITH, *FOLDERS])
def test_no_select_that_does_more_than_select(text):
    found = refused(text)
    assert found and all(each.startswith("evil.sql, line ") for each in found)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_other_statement_by_itself_or_beside_a_select(statement):
    for text in (statement, f"select 1 as a; {statement}", f"{statement}; select 1 as a"):
        assert refused(text)[0].startswith("evil.sql, line 4: "), text


def test_every_function_of_this_duckdb_is_reviewed():
    """A DuckDB that brings more functions fails here until somebody has put each on one of the two lists."""
    query = """
        select distinct lower(function_name) from duckdb_functions()
        where function_type in ('scalar', 'aggregate', 'window', 'macro') and function_name not like '% %'"""
    with duckdb.connect() as con:
        there = {name for (name,) in con.execute(query).fetchall()}
    assert [name for name in sorted(there) if not syntax.is_reviewed(name)] == []
    for name in sorted(there - syntax.allowed()):
        if name.isidentifier():
            assert refused(f"select {name}('x') as a from facets"), name
            assert refused(f"select facet.{name}() as a from facets"), name


def test_the_lists_do_not_overlap():
    assert not [name for name in syntax.allowed() if name in ("getenv", "current_setting", "getvariable", "nextval")]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_refused_before_anything_runs(tmp_path, name):
    (tmp_path / "evil.sql").write_text(HEAD + FOLDERS[name], "utf-8")
    (tmp_path / "canary.txt").write_text("alive", "utf-8")
    assert next(map(str, check.findings(tmp_path))).startswith("evil.sql, line ")
    with pytest.raises(SqlError, match=r"^evil\.sql, line "):
        catalog.load(tmp_path)
    assert (tmp_path / "canary.txt").read_text("utf-8") == "alive"


@pytest.mark.parametrize("folder", sorted(SHARED.glob("*/")), ids=lambda folder: folder.name)
def test_each_folder_that_was_once_taken_is_refused(folder):
    with pytest.raises(SqlError, match=r"evil\.sql, line "):
        catalog.load(folder)


def test_the_command_line_refuses_with_4(tmp_path):
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "evil.sql").write_text(HEAD + FOLDERS["a query in a text"], "utf-8")
    chats = ROOT / "tests" / "samples" / "exchanges.jsonl"
    for command in (
        ["check", tmp_path / "sql"],
        ["run", chats, "--into", tmp_path / "out", "--analysis", tmp_path / "sql"],
    ):
        done = cli(*command)
        assert done.returncode == 4 and "evil.sql, line 4: query(…) returns rows" in done.stderr + done.stdout
    assert not (tmp_path / "out").exists()


# Two readings of one text


def in_sqlglot(sql: str) -> set[str]:
    """Names in a FROM that are no CTE where they stand, as sqlglot reads them."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    return {table.name.lower() for table in tree.find_all(exp.Table) if table.name and not is_cte(table)}


def is_cte(table: exp.Table) -> bool:
    name, inside, above, cte = table.name.lower(), table, table.parent, None
    while above is not None:
        if isinstance(inside, exp.CTE):
            cte = inside
        if (ctes := above.args.get("with_")) is not None:
            seen = ctes.expressions
            if inside is ctes:
                place = next(number for number, each in enumerate(seen) if each is cte)
                seen = seen[: place + bool(ctes.recursive)]
            if name in {each.alias.lower() for each in seen}:
                return True
        inside, above = above, above.parent
    return False


@pytest.mark.parametrize("relation", catalog.load(), ids=lambda relation: relation.name)
def test_sqlglot_and_duckdb_read_the_same_tables(relation):
    assert in_sqlglot(relation.sql) == syntax.read(relation.sql).inputs
    assert not relation.problems
    if relation.incremental:
        name = relation.incremental.input
        narrowed = relation.body({name: f"select * from {name} limit 0"})
        assert in_sqlglot(narrowed) == syntax.read(narrowed).inputs == syntax.read(relation.sql).inputs


@pytest.mark.parametrize(
    ("sql", "inputs"),
    [
        ("with r as (from r) from r", {"r"}),
        ("with x as (from r), r as (select 7 as a) from x", {"r"}),
        ("with recursive r as (from r union all from r) from r", {"r"}),
        ("with recursive r as (select 1 as a union all select a + 1 from r where a < 3) from r", set()),
        ("(with r as (select 1 as a) from r) union all from r", {"r"}),
        ("with r as (select 1 as a) from r union all from r", set()),
        ('with R as (select 1 as a) from "r"', set()),
        ("select (with r as (select 1 as a) select a from r), (select a from r)", {"r"}),
    ],
)
def test_a_cte_hides_a_table_only_where_it_can_be_seen(sql, inputs):
    """As DuckDB 2.0 answered each of them over a table r."""
    assert syntax.read(sql).inputs == inputs


def test_a_table_is_replaced_where_it_stands_and_nowhere_else():
    sql = "select 'ü t', t.x from t as a, T, (from t), \"t\", (with t as (select 1) from t) -- t"
    there = syntax.replaced(sql, {"t": "(from u)"})
    assert there == (
        "select 'ü t', t.x from (from u) as a, (from u) as t, (from (from u) as t), (from u) as t, "
        "(with t as (select 1) from t) -- t"
    )
