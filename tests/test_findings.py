"""`clio-sql check`: everything wrong with an analysis folder is told with file and line, and nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from chats import chats, write
from conftest import ROOT, here

import clio_sql
from clio_sql import builder
from clio_sql.analysis import binder, catalog, check, contracts, init
from clio_sql.errors import SqlError, StateError

PACKAGED = {relation.name: relation.sql for relation in catalog.load()}
MIN_USERS = "case thresholds when 'default' then 10 when 'strict' then 250 end::integer as min_users"
ROW = "-- One row a thing.\n-- kind: view\n"
FACETS = """-- One row a facet.
select facet::varchar as facet, question::varchar as question, kind::varchar as kind, []::varchar[] as choices,
    clustered::boolean as clustered, '' as criteria
from (values {rows}) as facets(facet, question, kind, clustered)
"""


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return path


def told(path: Path, files: dict[str, str]) -> list[str]:
    return [str(finding) for finding in check.findings(folder(path, files))]


WRONG = {
    "no SQL": ({"a.sql": ROW + "select 1 as a b c"}, 'a.sql, line 3: syntax error at or near "b"'),
    "what DuckDB cannot parse": (
        {"a.sql": ROW + "select 1 as a,\n    at from (select 1 as at)"},
        "a.sql, line 4: syntax",
    ),
    "two statements": ({"a.sql": ROW + "select 1 as a; select 2 as b"}, "a.sql, line 3: 2 statements"),
    "no select": (
        {"a.sql": ROW + "create macro f(x) as (select max(user_id) from source)"},
        "a relation is one select",
    ),
    "an unknown kind": (
        {"a.sql": "-- One.\n-- kind: macro\nselect 1 as a"},
        "kind is 'macro'; allowed: table, view. Write '-- kind: table' where rows are made once and kept",
    ),
    "an unknown input": (
        {"a.sql": ROW + "\nselect 1 as a\nfrom conversation"},
        "a.sql, line 5: reads 'conversation', which is not a relation of the analysis. Did you mean conversations",
    ),
    "blank lines above": (
        {"a.sql": "\n\n" + ROW + "select nope from facets"},
        'a.sql, line 5: Referenced column "nope"',
    ),
    "a circle": ({"a.sql": ROW + "select x from b", "b.sql": ROW + "select x from a"}, "in a circle: a -> b -> a"),
    "itself": ({"facets.sql": ROW + "select * from facets"}, "facets.sql, line 3: reads itself"),
    "itself in a CTE of its name": (
        {"facets.sql": ROW + "with facets as (select * from facets) select * from facets"},
        "line 3: reads itself",
    ),
    "a column that others need": (
        {"gated_clusters.sql": ROW + "select facet, cluster_id from assignments"},
        "column 'passes' (BOOLEAN) is missing",
    ),
    "a column in other letters": (
        {"gated_clusters.sql": f"{ROW}select * rename (facet as Facet) from ({PACKAGED['gated_clusters']}\n)"},
        "column 'facet' (VARCHAR) is missing",
    ),
    "a setting that is no number": (
        {"settings.sql": f"{ROW}select * replace ('ten' as min_users) from ({PACKAGED['settings']}\n)"},
        "min_users is 'ten'; allowed: null",
    ),
    "a facet that is no text": (
        {"facets.sql": f"{ROW}select * replace ([1] as facet) from ({PACKAGED['facets']}\n)"},
        "column 'facet' is INTEGER[]; it must be VARCHAR",
    ),
    "a kind that is no text": (
        {"facets.sql": f"{ROW}select * replace ([1] as kind) from ({PACKAGED['facets']}\n)"},
        "column 'kind' is INTEGER[]; it must be VARCHAR",
    ),
    "a column lost by a star": (
        {
            "gated_clusters.sql": PACKAGED["gated_clusters"].replace(
                "select\n    facet::varchar", "select * exclude (reason) from (select\n    facet::varchar"
            )
            + ")"
        },
        "column 'reason' (VARCHAR) is missing",
    ),
    "a column of another type": (
        {"conversations.sql": PACKAGED["conversations"].replace("cleaned.created_at::timestamp as", "'today' as")},
        "column 'created_at' is VARCHAR; it must be TIMESTAMP",
    ),
    "a missing setting": (
        {
            "settings.sql": PACKAGED["settings"].replace(
                "    case thresholds when 'default' then 10 when 'strict' then 250 end::integer as min_users,", "    --"
            )
        },
        "settings.sql: column 'min_users' (INTEGER) is missing",
    ),
    "a relation of an earlier version": (
        {"told_cells.sql": ROW + "select 1 as a"},
        "told_cells.sql: told_cells is now published_cells",
    ),
    "a rule below suppression": (
        {"suppression/family_values.sql": ROW + "select facet from nowhere"},
        "suppression/family_values.sql",
    ),
    "a setting out of range": (
        {"settings.sql": PACKAGED["settings"].replace("3::integer as levels", "0::integer as levels")},
        "settings.sql, line 42: levels is 0; allowed: 1 or more",
    ),
    "a threshold below nothing": (
        {"settings.sql": PACKAGED["settings"].replace(MIN_USERS, "-4::integer as min_users")},
        "min_users is -4; allowed: null (nothing is published), or 0 or more",
    ),
    "a share above all": (
        {"settings.sql": PACKAGED["settings"].replace("0.5::double as max_user_share", "5::double as max_user_share")},
        "max_user_share is 5.0; allowed: null (nothing is published), or 0 to 1",
    ),
    "rounding to nothing": (
        {"settings.sql": PACKAGED["settings"].replace("5::integer as round_to", "0::integer as round_to")},
        "round_to is 0; allowed: null (nothing is published), or 1 or more",
    ),
    "messages of no length": (
        {"settings.sql": PACKAGED["settings"].replace("8000::integer as", "0::integer as")},
        "max_message_characters is 0; allowed: 200 or more",
    ),
    "a preset that is not there": (
        {"settings.sql": PACKAGED["settings"].replace("'default'::varchar as", "'severe'::varchar as")},
        "thresholds 'severe'; allowed: default, strict",
    ),
    "a share that is no number": (
        {"settings.sql": PACKAGED["settings"].replace("0.3::double as refit_growth", "'NaN'::double as refit_growth")},
        "refit_growth is nan; allowed: above 0",
    ),
    **{
        f"{name} {value}": (
            {"settings.sql": PACKAGED["settings"].replace(f"{packaged} as {name}", f"{value} as {name}")},
            f"{name} is {value.partition(':')[0].replace('null', 'None')}; {allowed}",
        )
        for name, packaged, value, allowed in (
            ("seed", "0::integer", "-1::integer", "allowed: 0 or more"),
            ("seed", "0::integer", "null::integer", "allowed: 0 or more"),
            ("keep_name_similarity", "0.95::double", "1.5::double", "allowed: above 0, and 1 at most"),
            ("max_error_ratio", "0.05::double", "5.0::double", "allowed: null (never stops), or 0 to 1"),
            ("max_error_ratio", "0.05::double", "-0.1::double", "allowed: null (never stops), or 0 to 1"),
        )
    },
    "a facet without a name": (
        {"facets.sql": FACETS.format(rows="(null, 'A?', 'text', true)")},
        "a facet has no name",
    ),
    "a facet that may be clustered": (
        {"facets.sql": FACETS.format(rows="('a', 'A?', 'text', null)")},
        "facet 'a' has no value for clustered; allowed: true, false",
    ),
    "a way of sampling": (
        {"settings.sql": PACKAGED["settings"].replace("'conversation'::varchar", "'word'::varchar")},
        "sample_by 'word'; allowed: conversation, message",
    ),
    "a way of growing the tree": (
        {"settings.sql": PACKAGED["settings"].replace("null::varchar as tree_by", "'name'::varchar as tree_by")},
        "tree_by 'name'; allowed: names, centroids",
    ),
    "a category without choices": (
        {
            "facets.sql": FACETS.format(rows="('tone', 'Which tone?', 'category', false)").replace(
                "[]::varchar[]", "null::varchar[]"
            )
        },
        "facet 'tone' is a category without choices. Give choices such as ['a', 'b'], or [] where any word",
    ),
    "two facets of one name": (
        {"facets.sql": FACETS.format(rows="('a', 'A?', 'text', true),\n    ('a', 'B?', 'text', false)")},
        "facets.sql, line 5: facet 'a' appears 2 times",
    ),
    "an unknown kind of facet": (
        {"facets.sql": FACETS.format(rows="('tone', 'Which tone?', 'categorical', false)")},
        "facets.sql, line 4: facet 'tone' has kind 'categorical'; allowed: text, category, score",
    ),
    "a facet through a star": (
        {
            "facets.sql": ROW + "select * from our_facets",
            "our_facets.sql": FACETS.format(rows="('tone', 'Which tone?', 'mood', false)"),
        },
        "facets.sql: facet 'tone' has kind 'mood'",
    ),
    "a function in a view": (
        {"a.sql": ROW + "select conversation_id,\n    Clio_Embed (value) as v\nfrom facet_values"},
        "a.sql, line 4: clio_embed is called in a view",
    ),
    "a function in a published file": (
        {"published/a.sql": "-- One.\n-- kind: table\nselect clio_audit(name) as a from clusters"},
        "line 3: clio_audit is called in a published file",
    ),
    "a function as a method": (
        {"a.sql": ROW + "select value.clio_embed() as v from facet_values"},
        "clio_embed is called in",
    ),
    "a table of a schema": ({"a.sql": ROW + "select key from clio_state.calls"}, "clio_state.calls names a schema"),
    "a file": ({"a.sql": "-- One.\n-- kind: table\nselect a from read_csv('x.csv')"}, "read_csv(…) returns rows"),
    "a file by its name": ({"a.sql": ROW + "select a from 'x.parquet'"}, "reads 'x.parquet', which is not a relation"),
    "rows that nobody sees": ({"a.sql": ROW + "select a from query('select 1 as a')"}, "query(…) returns rows"),
    "columns that nobody sees": ({"published/a.sql": ROW + "select * from clusters"}, "the last select has a *"),
    "columns by a pattern": (
        {"published/a.sql": ROW + "select columns('.*') from clusters"},
        "the last select has a *",
    ),
    "a star in a union": (
        {"published/a.sql": ROW + "select name from clusters union all select * from held_back"},
        "the last select has a *",
    ),
    "a folder that is not read": ({"publish/a.sql": ROW + "select 1 as a"}, "publish/a.sql: is not read"),
    "two files of a name": (
        {"facets.sql": PACKAGED["facets"], "models/facets.sql": PACKAGED["facets"]},
        "2 files have this name",
    ),
    "no name": ({"Top topics.sql": ROW + "select 1 as a"}, "its name must be of a-z"),
    "a name of the host": ({"source.sql": ROW + "select 1 as a"}, "a table that a run makes itself"),
    "more than is published": (
        {"clusters.sql": PACKAGED["clusters"].replace("name::varchar as name,", "name::varchar as name, 1 as more,")},
        "column 'more' does not belong to clusters",
    ),
    "a published file that reads more than it did": (
        {
            "clusters.sql": PACKAGED["clusters"].replace(
                "    left join layout using (facet, cluster_id)\n",
                "    left join layout using (facet, cluster_id)\n    cross join conversations\n",
            )
        },
        "reads conversations, which is private",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(tmp_path, name):
    files, part = WRONG[name]
    with pytest.raises(SqlError) as raised:  # of all that `findings` finds
        check.checked(folder(tmp_path, files))
    assert part in str(raised.value)


LEAKS = {
    "a table": "select user_id as x from conversations",
    "another case": "select user_id as x from Conversations",
    "quoted": 'select user_id as x from "conversations"',
    "a subquery": "select (select max(user_id) from conversations) as x from clusters",
    "hidden by a CTE elsewhere": "select x.user_id as x from conversations as x where exists ("
    "with conversations as (select 1 as a) select 1 from conversations)",
    "hidden by its own CTE": "with conversations as (from conversations) select user_id as x from conversations",
    "hidden by a later CTE": "with a as (select * from b), b as (select 1 as user_id) select user_id as x from a",
    "a schema": "select user_id as x from clio.conversations",
    "a database": "select user_id as x from warehouse.clio.conversations",
    "the state": "select answer as x from clio_state.calls",
    "the input": "select user_id as x from source",
    "table …": "select user_id as x from (table conversations)",
    "from first": "from conversations select user_id as x",
    "summarize": "select max as x from (summarize conversations)",
    "describe": "select column_name as x from (describe conversations)",
    "show": "select name as x from (show tables)",
    "pivot": "select a.x as x from (pivot conversations on user_id using count(*)) as a(x)",
    "a semi join": "select name as x from clusters semi join conversations on user_id = name",
    "a lateral": "select y.x as x from clusters, lateral (select max(user_id) as x from conversations) as y",
    "a query in a text": "select x from query('select user_id as x from conversations')",
    "a table in a text": "select user_id as x from query_table('conversations')",
    "tables in a list": "select user_id as x from query_table(['conversations'])",
    "a file": "select user_id as x from read_parquet('chats.parquet')",
    "a text file": "select content as x from read_text('/etc/hostname')",
    "files": "select file as x from glob('*')",
    "the catalog": "select table_name as x from duckdb_tables()",
    "a catalog view": "select sql as x from sqlite_master",
    "the information schema": "select table_name as x from information_schema.tables",
    "a macro that reads a catalog": "select pg_get_viewdef(1) as x from clusters",
    "a macro of somebody": "select last_user(name) as x from clusters",
    "a table macro of somebody": "select x from users()",
    "a variable": "select getvariable('secret')::varchar as x from clusters",
    "a view of one's own": "select x from mine",
    "a sequence": "select nextval('s') as x from clusters",
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_new_published_relation_reads_only_what_is_published(tmp_path, name):
    files = {
        "published/leak.sql": ROW + LEAKS[name],
        "mine.sql": ROW + "select user_id as x, 1 as user_id from conversations",
    }
    found = told(tmp_path, files)
    assert [text for text in found if text.startswith("published/leak.sql")], "it would be published"


@pytest.mark.parametrize("name", LEAKS)
def test_the_parser_alone_sees_what_is_read(tmp_path, name):
    """Whoever loads a folder without checking it first is held to the same."""
    mine = ROW + "select user_id as x, 1 as user_id from conversations"
    folder(tmp_path, {"published/leak.sql": ROW + LEAKS[name], "mine.sql": mine})
    with pytest.raises(SqlError, match=r"^published/leak\.sql"):
        catalog.load(tmp_path)


@pytest.mark.parametrize("name", [name for name in LEAKS if LEAKS[name].count("conversations")])
def test_the_binder_alone_finds_no_private_table(name):
    """The same once more where only published relations exist, whatever the parser made of the query."""
    packaged = {relation.name: relation for relation in catalog.load()}
    leak = replace(catalog.parse("leak", "published", ROW + "select 1 as x"), sql=LEAKS[name])
    known = packaged | {"leak": replace(leak, inputs=("clusters",))}
    assert [problem.name for problem in binder.problems(known, packaged, {"leak"}, set())][-1:] == ["leak"]


@pytest.mark.parametrize("name", ["conversations", "assignments", "facet_values"])
def test_a_private_relation_cannot_be_moved_to_published(tmp_path, name):
    found = told(tmp_path, {f"published/{name}.sql": ROW + f"select * from {name}"})
    assert any("is private in the package" in text for text in found)


GOOD = {
    "settings.sql": PACKAGED["settings"].replace(MIN_USERS, "12::integer as min_users"),
    "departments.sql": ROW + "select word::varchar as word from (values ('refund')) as words(word)",
    "published/top.sql": ROW
    + """with recursive numbers as (
    select 1 as n union all select n + 1 from numbers where n < 3
), leaves as (select facet, name, users from clusters where level = 0)
select leaves.name::varchar as name, unnest(range(2))::integer as copy, round(users)::integer as users
from leaves, generate_series(1, 2) as g(i) where i in (select n from numbers)""",
    "published/first.sql": ROW + "select upper(name) as name from top",
    "models/embeddings.sql": PACKAGED["embeddings"],
}


def test_a_good_folder_passes(tmp_path):
    assert told(tmp_path, GOOD) == []
    order = [relation.name for relation in check.checked(tmp_path)]
    assert order.index("clusters") < order.index("top") < order.index("first")


def test_a_cte_hides_a_relation_where_it_can_be_seen(tmp_path):
    files = {
        "published/a.sql": ROW + "with conversations as (select name from clusters) select name from conversations"
    }
    assert told(tmp_path, files) == []


def test_a_folder_called_published_publishes_nothing_by_its_name(tmp_path):
    path = folder(tmp_path / "published", {"mine.sql": ROW + "select user_id from conversations"})
    assert check.findings(path) == []
    assert not next(relation for relation in check.checked(path) if relation.name == "mine").published


def test_all_findings_at_once_stop_check_run_and_plan_before_anything_is_written(tmp_path):
    path = folder(
        tmp_path / "sql",
        {
            "a.sql": WRONG["no SQL"][0]["a.sql"],
            "b.sql": ROW + "select x from nowhere",
            "c.sql": ROW + "select y from facets",
        },
    )
    file = write(tmp_path / "chats.jsonl", chats(30))
    for command in (("check", path), ("run", file, "--analysis", path, "--into", tmp_path / "out"),
                    ("plan", file, "--analysis", path)):  # fmt: skip
        done = here(*command)
        assert done.returncode == 4 and not done.stdout
        assert [line.split(":")[0] for line in done.stderr.removeprefix("clio-sql: ").splitlines()] == [
            "a.sql, line 3", "b.sql, line 3", "c.sql, line 3",
        ]  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_no_function_is_called_and_no_file_opened(tmp_path):
    """A folder that would call a function on a constant, or read a file, while it is checked."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    files = {
        "facets.sql": FACETS.format(rows="(clio_embed('a')[1]::varchar, 'A?', 'text', true)"),
        "b.sql": ROW + f"select a from '{tmp_path / 'secret.csv'}'",
    }
    found = told(tmp_path / "sql", files)
    assert any("clio_embed is called in a view" in text for text in found)
    assert any("is not a relation of the analysis" in text for text in found)
    assert not any("is not called" in text for text in found)


def test_the_host_tables_are_those_that_a_run_makes():
    con = clio_sql.connect()
    con.execute("create table chats as select 'c' as conversation_id, 'u' as user_id, now()::timestamp as created_at, "
                "[{'role': 'user', 'content': 'hi'}] as messages")  # fmt: skip
    clio_sql.install(con, "chats")
    alone = binder.connection()
    for name in catalog.host_tables():
        made = {row[0]: row[1] for row in con.execute(f"describe {builder.SCHEMA}.{name}").fetchall()}
        assert binder.shape(alone, f"select * from {name}") == made
    con.close()
    alone.close()


# --- init


def test_init_writes_a_folder_that_passes_and_never_overwrites(tmp_path):
    path = tmp_path / "team" / "our_sql"
    done = here("init", path)
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in path.iterdir()) == ["conversations.sql", "facets.sql", "settings.sql"]
    assert here("check", path).returncode == 0
    (path / "facets.sql").write_text("mine")
    again = here("init", path)
    assert again.returncode == 7 and "is not empty (conversations.sql, facets.sql, settings.sql)" in again.stderr
    assert (path / "facets.sql").read_text() == "mine"
    assert [file.name for file in path.parent.iterdir()] == ["our_sql"]


def test_init_is_all_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(init, "text", lambda name: "x" if name != "conversations" else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        init.init(tmp_path / "our_sql")
    assert not list(tmp_path.iterdir())


def test_init_refuses_a_file_and_takes_an_empty_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="a file of that name"):
        init.init(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert len(init.init(tmp_path / "empty")) == 3


def test_init_changes_nothing_but_comments(tmp_path):
    init.init(tmp_path / "sql")
    own = {relation.name: relation.code for relation in catalog.load(tmp_path / "sql")}
    assert own == {relation.name: relation.code for relation in catalog.load()}


def test_models_marks_what_is_overridden(tmp_path):
    path = folder(tmp_path, GOOD)
    lines = {line.split()[0]: line for line in here("models", path).stdout.splitlines()}
    assert "overridden" in lines["settings"] and "new" in lines["top"] and "published" in lines["top"]
    assert "overridden" not in lines["facets"]


# --- each file as text


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """All functions and, without rows, all tables: those of the host and one for each relation."""
    with clio_sql.connect() as con:
        binder.give_host_tables(con)
        for name, shape in binder._packaged_shapes().items():
            columns = ", ".join(f'"{column}" {type_}' for column, type_ in shape.items())
            con.execute(f"create table {name} ({columns})")
        yield con


@pytest.mark.parametrize("relation", catalog.load(), ids=lambda relation: relation.name)
def test_each_file_runs_as_it_is(tables, relation):
    """As typed at a prompt: the file's text, its inputs there, the functions registered."""
    files = (ROOT / "sql").glob(f"*/{relation.name}.sql")
    [file] = [path for path in files if path.parent.name not in ("recipes", "mcp")]  # these are no relations
    tables.execute(file.read_text("utf-8"))
    assert list(relation.columns) == [column[0] for column in tables.description]


def test_an_error_of_duckdb_is_told_without_its_own_words_where_it_is_no_binder(monkeypatch, tmp_path):
    assert binder._told(duckdb.ConversionException("Conversion Error: secret"))[1].count("secret") == 0


def test_every_setting_has_a_rule():
    ruled = {rule.setting for rule in contracts._rules()} | {*contracts.WITHOUT_RULE, "screener"}
    (settings,) = [relation for relation in catalog.load() if relation.name == "settings"]
    assert ruled == {*settings.columns} | {contracts.OF_THE_INPUT}
