"""The whole pipeline on the demo: what is published is what is counted, and no work is done twice."""

from __future__ import annotations

import re
import time
from collections import Counter, OrderedDict

import duckdb
import pytest
import sqlglot
from conftest import here
from sqlglot import exp
from warehouse import (
    Steps,
    analyse,
    changed,
    copied,
    give_table,
    is_near,
    members,
    people,
    published,
    read,
    recounted,
    tables,
)

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.errors import ClioError, InputError
from clio_sql.register import FUNCTIONS, STEPS, macro_text
from clio_sql.runtime import runtime
from clio_sql.vectors import embedding

OURS = {function.name for function in FUNCTIONS}


def test_the_relations_are_printed_in_build_order():
    done = here("models")
    assert done.returncode == 0, done.stderr
    kinds = "view|table|published|safety|noisy"
    lines = [re.fullmatch(rf"(\w+)\s+({kinds})\s*(.*?)(?:\s+\[by .+\])?", line) for line in done.stdout.splitlines()]
    names = [line[1] for line in lines]
    assert names == [relation.name for relation in catalog.load()]
    before = set(catalog.host_tables())
    for name, _, inputs in (line.groups() for line in lines):
        assert set(inputs.split(", ")) - {""} <= before
        before.add(name)


def calls(sql: str) -> set[str]:
    """The functions of ours that a query calls, also in the steps that it is made of."""
    called = {
        node.name.lower().removesuffix("_raw") for node in sqlglot.parse_one(sql, "duckdb").find_all(exp.Anonymous)
    }
    texts = [macro_text(step).split(" as table\n", 1) for step in STEPS if step in called]
    steps = [text[1] for text in texts if len(text) == 2]
    return (called & OURS).union(*map(calls, steps))


def test_what_calls_a_function_is_a_table_and_nothing_published_calls_one():
    relations = catalog.load()
    assert {name for relation in relations for name in calls(relation.sql)} == OURS - {"clio_breaks"}
    for relation in relations:
        if calls(relation.sql):
            assert relation.kind == "table" and not relation.published, relation.name
        words = re.search(r"\bclio_(words|spelled)\(", relation.sql)  # macros of SQL that call clio_breaks
        assert bool(calls(relation.sql) or words) == relation.calls_model, relation.name


def test_every_relation_says_what_a_row_is_and_casts_each_column():
    for relation in catalog.load():
        assert re.match(r"One row\b", relation.comment) and relation.comment.endswith("."), relation.name
        assert relation.grain and "-- kind: " in relation.sql, relation.name
        for select in sqlglot.parse_one(relation.sql, "duckdb").selects:
            name = select.alias_or_name
            assert isinstance(select.unalias(), exp.Cast) or name == "embedding", f"{relation.name}.{name}"


# What is published, counted anew


def test_every_published_cluster_is_counted_rightly(demo_out):
    assert len(recounted(demo_out)) > 20


def test_a_parent_is_the_union_of_its_children_and_its_users_are_not_their_sum(demo_out):
    inside = members(demo_out)
    rows = read(demo_out, "select facet, cluster_id, parent_id, level from clusters", "published.duckdb")
    parents = {(facet, cluster) for facet, cluster, _, level in rows if level and cluster != "(other)"}
    assert parents
    sums_differ = False
    for facet, parent in parents:
        children = [inside[f, c] for f, c, of, _ in rows if (f, of) == (facet, parent)]
        assert inside[facet, parent] == {c: u for child in children for c, u in child.items()}
        assert sum(map(len, children)) == len(inside[facet, parent]), "children overlap"
        sums_differ |= sum(map(people, children)) != people(inside[facet, parent])
    assert sums_differ


def test_shares_are_of_what_is_published_and_add_up(demo_out):
    query = "select facet, sum(share) from clusters where parent_id is null group by facet"
    assert [round(share, 9) for _, share in read(demo_out, query, "published.duckdb")] == [1.0]


def test_breakdowns_and_trends_are_counted_rightly(demo_out):
    inside = members(demo_out)
    plans = dict(read(demo_out, f"select conversation_id, plan from read_parquet('{demo_out / 'demo.parquet'}')"))
    cells = read(
        demo_out,
        "select facet, cluster_id, value, conversations, users from cluster_facets where breakdown = 'plan'",
        "published.duckdb",
    )
    assert "free" in {value for _, _, value, *_ in cells}
    for facet, cluster, value, conversations, users in cells:
        cell = {c: u for c, u in inside[facet, cluster].items() if plans[c] == value}
        assert is_near(conversations, len(cell)) and (users is None or is_near(users, people(cell)))
        assert people(cell) >= 10 and len(cell) >= 20
    by = "date_trunc(trend_period.period, created_at)::date"
    periods = dict(read(demo_out, f"select conversation_id, {by} from conversations cross join trend_period"))
    trends = read(
        demo_out, "select facet, cluster_id, period, conversations, users from cluster_trends", "published.duckdb"
    )
    assert trends
    for facet, cluster, period, conversations, users in trends:
        cell = {c: u for c, u in inside[facet, cluster].items() if periods[c] == period}
        assert is_near(conversations, len(cell)) and (users is None or is_near(users, people(cell)))
        assert people(cell) >= 10 and len(cell) >= 20


def test_about_says_what_it_was_made_with(demo_out):
    about = "select made_by, provider, privacy_unit, min_users, min_conversations, round_to, source_format from about"
    assert read(demo_out, about, "published.duckdb") == [
        ("rules, an embedding model and word statistics; no language model", "local", "user", 10, 20, 5, "canonical")
    ]


def test_published_tables_and_columns_have_comments(demo_out):
    uncommented = "select table_name from duckdb_tables() where comment is null"
    assert read(demo_out, uncommented, "published.duckdb") == []
    described = read(demo_out, "select comment from duckdb_columns() where table_name = 'clusters'", "published.duckdb")
    assert sum(comment is not None for (comment,) in described) >= 8


def test_the_warehouse_says_of_every_relation_what_a_row_is(demo_out):
    of = "where schema_name = 'clio' and comment is null"
    query = f"select table_name from duckdb_tables() {of} union all select view_name from duckdb_views() {of}"
    assert read(demo_out, query) == []


# No work twice


def test_the_same_run_twice_gives_equal_tables(demo_out, demo_again):
    but = {"about": "built_at, measures"}  # no measure was chosen for the second
    assert tables(demo_out, but) | {"cluster_measures": []} == tables(demo_again, but)


def test_a_rerun_does_no_work(demo_out, demo_again, tmp_path, monkeypatch):
    copied(demo_again, tmp_path)
    asked = []
    monkeypatch.setattr(embedding.Embedder, "encode", lambda self, texts: asked.append(texts))

    def deaf(con, engine):
        for method in ("extract", "name", "propose", "merge", "choose", "audit"):
            monkeypatch.setattr(engine.provider, method, asked.append)

    steps = analyse(demo_out / "demo.parquet", tmp_path, prepare=deaf)
    assert asked == []
    assert steps.built == set() and steps.skipped == {relation.name for relation in catalog.load()}
    assert tables(tmp_path) == tables(demo_again)


def dependants(of: str) -> set[str]:
    """What is made of a relation, but for what goes by the rows of an incremental input."""
    found = {of}
    for relation in catalog.load():
        by = relation.incremental
        if found & {name for name in relation.inputs if by is None or name != by.input}:
            found.add(relation.name)
    return found


def test_another_threshold_runs_only_what_reads_it(demo_out, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    steps = analyse(demo_out / "demo.parquet", tmp_path, changed(min_users=25))
    assert steps.built <= dependants("settings")
    assert "placements" in steps.skipped  # the centroids are the same
    assert {"facet_values", "embeddings", "vocabulary", "conversations"} <= steps.skipped
    of = "select min(users), count(*) from clusters"
    ((least, clusters),) = read(tmp_path, of, "published.duckdb")
    ((_, before),) = read(demo_again, of, "published.duckdb")
    assert least >= 25 and 0 < clusters < before
    analyse(demo_out / "demo.parquet", tmp_path)
    base = "select cluster_id, users from clusters where level = 0 order by all"  # a name that still holds stays
    assert read(tmp_path, base, "published.duckdb") == read(demo_again, base, "published.duckdb")


def test_new_changed_and_vanished_rows_alone_are_answered_again(demo_out, demo_again, tmp_path, monkeypatch):
    copied(demo_again, tmp_path)
    path = tmp_path / "demo.parquet"
    duckdb.sql(
        f"""copy (
            select * replace (
                if(conversation_id = 'c00000007', [{{role: 'user', content: 'How do I repair a puncture?'}}], messages)
                as messages
            )
            from '{demo_out / "demo.parquet"}' where conversation_id <> 'c00000005'
            union all by name
            select * replace ('new' as conversation_id) from '{demo_out / "demo.parquet"}'
            where conversation_id = 'c00000009'
        ) to '{path}'"""
    )
    asked = []

    def count(con, engine):
        extract = engine.provider.extract
        monkeypatch.setattr(engine.provider, "extract", lambda requests: asked.extend(requests) or extract(requests))

    analyse(path, tmp_path, prepare=count)
    assert len(asked) == 2
    ids = read(tmp_path, "select distinct conversation_id from facet_values")
    assert len(ids) == 1500 and ("c00000005",) not in ids and ("new",) in ids
    answer = "select value from facet_values where conversation_id = 'c00000007' and facet = 'request'"
    assert "puncture" in read(tmp_path, answer)[0][0]


def test_the_fingerprint_of_rows_counts_equal_ones(tmp_path):
    """Two tables of rows that all stand twice; of equal rows, xor would leave nothing."""
    with clio_sql.connect() as con:
        con.execute("create schema clio; set schema = 'clio'")
        seen = set()
        for row in ("a", "b"):
            con.execute(f"create or replace table source as select '{row}' as c from range(2)")
            seen.add(clio_sql.builder.Builder(con, [])._content("source"))
        assert len(seen) == 2


# Over a table of the user's

# What differs where a table is read; an embedding's last digits, and so the map, depend on the texts beside it.
OTHERWISE = {"about": "built_at, source_format", "clusters": "x, y"}
# There is no work for these: no taxonomy, no sample, no own model.
NOTHING = {"taxonomy_choices", "text_values", "sample_values", "rest_values", "proxy_vectors", "turn_embeddings"}


@pytest.fixture(scope="module")
def from_run(chats, tmp_path_factory) -> dict[str, list[tuple]]:
    """What a run over the same rows publishes."""
    out = tmp_path_factory.mktemp("run")
    analyse(chats, out)
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        return published(con, "main", OTHERWISE)


def test_build_over_a_table_publishes_what_a_run_does(chats, from_run):
    with duckdb.connect() as con:  # a plain connection of the user's
        give_table(con, chats)
        clio_sql.build(con, "main.chats", breakdowns=["plan"], reporter=(steps := Steps()))
        assert steps.skipped == NOTHING  # and the reporter is told of every relation
        assert steps.built == {relation.name for relation in catalog.load()} - NOTHING
        assert published(con, "clio", OTHERWISE) == from_run
        assert len(from_run["clusters"]) >= 2  # with margins of names, few of so small a table
        assert con.execute("select current_schema()").fetchone() == ("main",)
        made = con.execute(
            "select table_name, table_type from information_schema.tables where table_schema = 'clio'"
        ).fetchall()
        kinds = {name: "view" if kind == "VIEW" else "table" for name, kind in made}
        assert {relation.name: relation.kind for relation in catalog.load()}.items() <= kinds.items()


def test_install_over_a_table_is_views_that_embed_each_text_once(chats, from_run, monkeypatch):
    model = embedding.embedder(runtime().embedding_model)
    monkeypatch.setattr(model, "_memory", OrderedDict())
    computed: Counter[str] = Counter()
    compute = model._compute
    monkeypatch.setattr(model, "_compute", lambda texts, tick: computed.update(texts) or compute(texts, tick))
    with clio_sql.connect() as con:
        give_table(con, chats)
        clio_sql.install(con, conversations="main.chats", breakdowns=["plan"])
        kinds = con.execute("select distinct table_type from information_schema.tables where table_name = 'clusters'")
        assert kinds.fetchall() == [("VIEW",)]
        began = model.computed
        assert con.execute("select * exclude (x, y) from clio.clusters order by all").fetchall() == from_run["clusters"]
        texts = len(computed)
        assert computed.total() == texts == model.computed - began > 100
        since = time.monotonic()
        con.execute("select * from clio.clusters").fetchall()
        assert time.monotonic() - since < 20  # 0.4 s on two cores; views over views took minutes to plan
        assert published(con, "clio", OTHERWISE) == from_run
        assert set(computed.values()) == {1}
        con.execute("delete from main.chats")
        assert con.execute("select * from clio.clusters").fetchall() == []  # views follow the table


def test_what_a_build_compared_is_not_embedded_by_the_next(chats, monkeypatch):
    model = embedding.embedder(runtime().embedding_model)
    computed: list[str] = []
    compute = model._compute
    monkeypatch.setattr(model, "_compute", lambda texts, tick: computed.extend(texts) or compute(texts, tick))
    compared = ["cluster_terms", "cluster_topics", "hierarchy", "layout"]

    def again() -> list[str]:
        computed.clear()
        monkeypatch.setattr(model, "_memory", OrderedDict())
        con.execute("delete from clio_state.relations where relation in (select unnest(?))", [compared])
        clio_sql.build(con, "main.chats", breakdowns=["plan"])
        return [*computed]

    with clio_sql.connect() as con:
        give_table(con, chats)
        clio_sql.build(con, "main.chats", breakdowns=["plan"])
        first = published(con, "clio", OTHERWISE)
        vectors = con.execute("from clio.text_vectors order by all").fetchall()
        assert {relation for relation, *_ in vectors} >= {*compared}
        assert again() == [] and published(con, "clio", OTHERWISE) == first
        assert con.execute("from clio.text_vectors order by all").fetchall() == vectors
        con.execute(
            "update clio.text_vectors set made_by = 'another model' where relation in (select unnest(?))", [compared]
        )
        con.execute(
            "insert into clio.text_vectors "
            "select * replace ('a relation that is gone' as relation) from clio.text_vectors"
        )
        assert len(again()) > 100 and published(con, "clio", OTHERWISE) == first
        assert con.execute("from clio.text_vectors order by all").fetchall() == vectors


def test_install_and_build_take_turns(chats, from_run):
    with clio_sql.connect() as con:
        give_table(con, chats)
        for make in (clio_sql.build, clio_sql.install, clio_sql.build):
            make(con, "main.chats", breakdowns=["plan"])
            assert published(con, "clio", OTHERWISE) == from_run
        kind = (
            "select table_type from information_schema.tables where table_schema = 'clio' and table_name = 'embeddings'"
        )
        assert con.execute(kind).fetchone() == ("BASE TABLE",)


def test_two_schemas_of_one_database_do_not_share_state(chats, from_run):
    with clio_sql.connect() as con:
        give_table(con, chats)
        con.execute("create table main.few as from main.chats limit 30")
        clio_sql.build(con, "main.few", "first")
        assert con.execute("select count(*) from first.facet_values").fetchone() == (120,)
        clio_sql.build(con, "main.chats", "second", breakdowns=["plan"])
        clio_sql.build(con, "main.chats", "first", breakdowns=["plan"])  # what the second did is not done here
        assert published(con, "second", OTHERWISE) == from_run
        for schema in ("first", "second"):  # the first goes on from its own last build
            assert con.execute(f"select count(*) from {schema}.facet_values").fetchone() == (640,)


def test_a_table_without_metadata_will_do(chats):
    with clio_sql.connect() as con:
        con.execute(f"create table main.chats as select * exclude (plan) from '{chats}'")
        clio_sql.build(con, "main.chats")
        breakdowns = con.execute("select distinct breakdown from clio.cluster_facets order by 1").fetchall()
        assert ("plan",) not in breakdowns and ("turns",) in breakdowns


@pytest.mark.parametrize("make", [clio_sql.build, clio_sql.install])
def test_bad_tables_are_refused(make, chats, tmp_path):
    with clio_sql.connect() as con:
        with pytest.raises(InputError, match=r"main\.nothing: there is no such table"):
            make(con, "main.nothing")
        con.execute(f"create table main.chats as select * exclude (user_id, created_at) from '{chats}'")
        with pytest.raises(InputError, match=r"column user_id, created_at is missing; the columns are conversation_id"):
            make(con, "main.chats")
        hostile = 'chats"; drop table main.chats; --'
        with pytest.raises(InputError, match="there is no such table"):
            make(con, hostile)
        assert con.execute("select count(*) from main.chats").fetchone() == (160,)
    path = tmp_path / "user.duckdb"
    duckdb.connect(str(path)).close()
    with (
        clio_sql.connect(path, read_only=True) as con,
        pytest.raises(ClioError, match="read-only"),
    ):
        make(con, "main.chats")
