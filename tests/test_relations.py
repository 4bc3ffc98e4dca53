"""Each relation alone: tables in, a table out, on real DuckDB.

A file of `golden/` holds the inputs of one relation and what comes of them, as CSV in sections; its name is
`relation[-case].csv`. `settings` gives only what differs from the packaged one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from stand_ins import RELATIONS, fill, types

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.builder import last

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.csv"))
TYPES = {"base_clusters.share": "double"}  # of columns that the catalog does not know; all others are VARCHAR
Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    con = clio_sql.connect()
    yield con
    con.close()


@pytest.fixture
def con(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """All functions, and an empty schema `clio` that is the current one."""
    return empty(shared)


def empty(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("set schema = 'main'; drop schema if exists clio cascade; create schema clio; set schema = 'clio'")
    return con


def table(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Rows) -> None:
    """An input: every value is given as text, or None, and cast to the type of its column."""
    of = types(name)
    typed = ", ".join(f"{column} {of.get(column, TYPES.get(column, 'varchar'))}" for column in columns)
    con.execute(f"create or replace table {name} ({typed})")
    if rows:
        con.executemany(
            f"insert into {name} values ({', '.join('?' for _ in columns)})",
            [[row[column] for column in columns] for row in rows],
        )


def packaged(con: duckdb.DuckDBPyConnection, name: str, **changed: Any) -> None:
    """The packaged relation as a table, with these columns changed; None is NULL."""
    con.execute(f"create or replace table {name} as {RELATIONS[name].sql}")
    for column, value in changed.items():
        con.execute(f"update {name} set {column} = ?", [value])


CORRECTED = ("hidden_clusters", "merged_clusters", "renamed_clusters", "withheld_values")  # by people
CHAINS = {  # relation -> steps that are run with it: what they come to is what its golden files tell
    "cells": ("breakdown_names", "conversation_cells", "held_back_clusters"),
    "published_cells": ("base_cell_users", "shown_cells", "cell_users", "cell_sums", "cell_figures", "line_differences",
                        "out_of_step", "earlier_periods", "family_values", "value_tries", "left_cells", "left_sums",
                        "family_choices", "cluster_families", "publishable_cells"),
    "published_figures": ("figures_before", "figure_days", "user_changes"),
    "cluster_terms": ("phrase_texts", "phrases"),
    "line_differences": ("base_cell_users", "shown_cells", "cell_users", "cell_sums", "cell_figures"),
    "taxonomy_prototypes": ("fit_sample", "fit_vectors"),
}  # fmt: skip


def chain(name: str) -> list[catalog.Relation]:
    """The relation, and before it the steps that are run with it."""
    return [RELATIONS[each] for each in (*CHAINS.get(name, ()), name)]


def result(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str] | None = None) -> list[tuple]:
    """The rows of a relation, sorted; as text where columns are named. Steps are run with what they lead to."""
    wanted = "*" if columns is None else ", ".join(f'"{column}"::varchar' for column in columns)
    sql = catalog.composed(RELATIONS[name], chain(name))
    return con.execute(f"select {wanted} from (\n{sql}\n) order by all").fetchall()


def sections(path: Path) -> dict[str, tuple[list[str], Rows]]:
    """Section -> (columns, rows); NULL stands for None."""
    found = {}
    for part in re.split(r"^# ", path.read_text("utf-8"), flags=re.M)[1:]:
        name, text = part.split("\n", 1)
        reader = csv.DictReader(text.splitlines(keepends=True))
        rows = [{key: None if value == "NULL" else value for key, value in row.items()} for row in reader]
        found[name] = (list(reader.fieldnames or ()), rows)
    return found


def run_golden(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[tuple], list[tuple]]:
    """(what came, what was expected), both sorted."""
    relation, given = RELATIONS[path.stem.split("-")[0]], sections(path)
    columns, rows = given.pop("expected")
    _, changed = given.pop("settings", ([], [{}]))
    packaged(con, "settings", **changed[0])
    for name, (names, values) in given.items():
        table(con, name, names, values)
        if name == "last_assignments" and "found_id" not in names:
            con.execute("alter table last_assignments add column found_id varchar")
        fitted(con, name, names)
    stand_ins(con, relation, given)
    expected = sorted((tuple(row.values()) for row in rows), key=str)
    return sorted(result(con, relation.name, columns), key=str), expected


def fitted(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> None:
    """Centroids that stand for a model become the model with just these centroids, in this order or another."""
    if "model" in columns:
        fit = "clio_fit(model::float[][], len(model::float[][])::integer, seed := 1, start := '', least := 1)"
        con.execute(f"update {name} set model = {fit} where model[1] = '['")


def stand_ins(con: duckdb.DuckDBPyConnection, relation: catalog.Relation, given: Mapping[str, Any]) -> None:
    """What a relation reads and a golden file need not say: no margins, nothing published before, no text repeated."""
    steps = chain(relation.name)
    members = "memberships" if any("memberships" in step.inputs for step in steps) else "assignments"
    defaults = {
        "counted_users": RELATIONS["counted_users"].sql,
        "margins": "select 's' as salt, 0 as word_margin, 0 as cell_margin",
        "build_info": "select false as refit, null::varchar as provider",
        "periods": "select coalesce(period, 'week') as period, true as is_possible, 'first' as reason from settings",
        "trend_period": "select coalesce(period, 'week') as period from settings",
        "independent_texts": "select distinct conversation_id, facet, true as independent, null as text_number "
        f"from {members}",
        "facets": "select unnest(['request', 'task', 'spoken']) as facet, 'text' as kind, true as clustered",
    }
    for name in sorted({name for step in steps for name in step.inputs} & {*defaults} - {*given}):
        con.execute(f"create or replace table {name} as {defaults[name]}")
    for column, value in (("kind", "'text'"), ("clustered", "true")):
        if "facets" in given and column not in given["facets"][0]:
            con.execute(
                f"alter table facets add column {column} {types('facets').get(column, 'varchar')}; "
                f"update facets set {column} = {value}"
            )
    counted = {
        "cells": "user_id is not null",
        "suppressed": "user_id is not null",
        "published_figures": "people",
        "last_published_figures": "people",
    }
    for name, all_of_them in counted.items():
        column = "independent_people" if "published_figures" in name else "independent"
        if name in given and column not in given[name][0]:
            con.execute(f"alter table {name} add column {column} {types(name)[column]}")
            con.execute(f"update {name} set {column} = {all_of_them}")
    fill(con, {name for step in steps for name in step.inputs} - {step.name for step in steps})


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden(con, path):
    came, expected = run_golden(con, path)
    assert came == expected


def test_every_relation_of_several_clusters_has_a_golden_file():
    told = {path.stem.split("-")[0] for path in GOLDEN}
    elsewhere = {"about", "facets", "left_out", "questions", "settings"}  # plain, or in other tests
    elsewhere |= {"corrections", "taxonomy"}  # nothing, as packaged
    elsewhere |= {"turn_windows", "looked_at_turns", "shared_windows"}  # hashes: in test_templates.py
    elsewhere |= {step for steps in CHAINS.values() for step in steps if not RELATIONS[step].calls_model}
    models = {name for name, relation in RELATIONS.items() if not relation.calls_model}
    assert models - told == elsewhere - told


def test_what_cannot_stand_in_a_csv_file_is_cleaned(con):
    messages = [{"role": "user", "content": "a\0b"}, {"role": "user", "content": "\n\t "}]
    con.execute(
        "create table source as select 'c1' as conversation_id, e'\\n' as user_id, null::timestamp as created_at, "
        "$1::struct(role varchar, content varchar)[] as messages, null::map(varchar, varchar) as metadata",
        [messages],
    )
    packaged(con, "counted_users")
    assert result(con, "conversations") == [("c1", None, None, [{"role": "user", "content": "a b"}], None)]


def test_of_equal_ids_the_same_row_is_kept_in_any_order_of_the_input(con):
    columns = ["conversation_id", "user_id", "created_at", "messages", "metadata"]
    twins = [
        dict(zip(columns, ["c", user, None, "[{'role': user, 'content': hello}]", plan], strict=True))
        for user in "abc"
        for plan in ("{plan=pro}", "{plan=free}")
    ]
    kept = []
    for rows in (twins, twins[::-1], twins[3:] + twins[:3]):
        table(con, "source", columns, rows)
        packaged(con, "counted_users")
        kept.append(result(con, "conversations", columns))
    assert kept[0] == kept[1] == kept[2] and len(kept[0]) == 1


# Near-identical texts


def independent(con, texts: Sequence[tuple[str, str | None, str, list[float]]], **settings: Any) -> list[str]:
    """The users who count, of (conversation, user, text, embedding) in one cluster."""
    packaged(con, "settings", **{"min_users": 2, "near_identical": 0.9, "max_text_share": 0} | settings)
    columns = ["conversation_id", "user_id", "value", "embedding"]
    values = [dict(zip(columns, [*text[:3], str(text[3])], strict=True)) for text in texts]
    table(con, "texts", columns, values)
    for name, selected in {
        "assignments": "conversation_id, user_id, 'f' as facet, 'c' as cluster_id",
        "facet_values": "conversation_id, 'f' as facet, value",
        "embeddings": "conversation_id, 'f' as facet, embedding",
    }.items():
        con.execute(f"create or replace table {name} as select {selected} from texts")
    con.execute("create or replace table margins as select 's' as salt, 0 as word_margin, 0 as cell_margin")
    con.execute(f"create or replace table rosters as {RELATIONS['rosters'].sql}")
    counted = {
        row[0] for row in result(con, "independent_texts", ["conversation_id", "independent"]) if row[1] == "true"
    }
    return sorted({text[1] for text in texts if text[0] in counted and text[1] is not None})


NEAR, ALSO_NEAR, FAR = [1.0, 0.0], [0.95, 0.3], [0.0, 1.0]


def test_near_identical_texts_of_a_few_users_count_for_one_of_them(con):
    alike = [
        ("1", "a", "stole it", NEAR),
        ("2", "b", "quietly stole it", ALSO_NEAR),
        ("3", "c", "really stole it", NEAR),
    ]
    assert len(independent(con, alike)) == 1
    assert len(independent(con, [*alike, ("4", "d", "bake bread", FAR)])) == 2
    assert len(independent(con, [*alike, ("4", "d", "well stole it", NEAR)])) == 4  # twice min_users: a common request
    assert independent(con, alike[::-1]) == independent(con, alike)


def test_a_text_that_is_a_small_part_of_its_cluster_takes_nobody_from_it(con):
    alike = [("1", "a", "stole it", NEAR), ("2", "b", "stole it!", NEAR)]
    others = [("3", "c", "bake", FAR), ("4", "d", "sew", [-1.0, 0.0])]
    assert independent(con, [*alike, *others], max_text_share=0.5) == ["a", "b", "c", "d"]
    assert len(independent(con, [*alike, *others[:1]], max_text_share=0.5)) == 2
    assert len(independent(con, alike, max_text_share=None)) == 1


def test_who_also_wrote_something_else_counts(con):
    texts = [
        ("1", "a", "stole it", NEAR),
        ("2", "b", "stole it", NEAR),
        ("3", "a", "bake", FAR),
        ("4", "b", "sew", [-1.0, 0.0]),
    ]
    assert independent(con, texts) == ["a", "b"]


def test_digits_and_marks_make_no_text_another_one(con):
    texts = [("1", "a", "Book table 12!", NEAR), ("2", "b", "book table 13", FAR)]  # whatever the embedding says
    assert len(independent(con, texts)) == 1
    assert len(independent(con, [("1", "a", "12", NEAR), ("2", "b", "13", FAR)])) == 2


def test_without_a_threshold_or_a_user_id_no_text_counts(con):
    assert independent(con, [("1", "a", "x", NEAR), ("2", "b", "y", NEAR)], min_users=None) != ["a", "b"]
    assert independent(con, [("1", None, "x", NEAR), ("2", None, "y", FAR)]) == []
    assert independent(con, [("1", "a", "x", NEAR), ("2", "b", "y", NEAR)], mode="safety") == ["a", "b"]


# Gates

PEOPLE = st.sampled_from(["a", "b", "c", "d", None])
ROWS = st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), PEOPLE), max_size=30)
quickly = configure(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def gate(con, rows: Sequence[tuple[str, str | None]], **settings: Any) -> dict[str, tuple[bool, str | None]]:
    """cluster_id -> (passes, reason)."""
    empty(con)
    packaged(con, "settings", **settings)
    columns = ["facet", "cluster_id", "conversation_id", "user_id"]
    values = [dict(zip(columns, ("request", c, str(n), u), strict=True)) for n, (c, u) in enumerate(rows)]
    table(con, "assignments", columns, values)
    stand_ins(con, RELATIONS["gated_clusters"], {"assignments": (columns, values)})
    return {c: (p == "true", r) for c, p, r in result(con, "gated_clusters", ["cluster_id", "passes", "reason"])}


@quickly
@given(ROWS, st.integers(1, 4), st.integers(1, 6), st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_what_passes_the_gate_has_enough_people_none_of_whom_dominates(shared, rows, users, conversations, share):
    judged = gate(shared, rows, min_users=users, min_conversations=conversations, max_user_share=share)
    for cluster in {cluster for cluster, _ in rows}:
        people = Counter(user for c, user in rows if c == cluster)
        size = people.total()
        people.pop(None, None)
        enough = len(people) >= users and size >= conversations
        assert judged[cluster][0] == (enough and max(people.values(), default=0) <= share * size)
        assert judged[cluster][0] == (judged[cluster][1] is None)


@quickly
@given(ROWS, st.integers(2, 4), st.integers(1, 60))
def test_no_one_person_writes_a_cluster_over_the_gate(shared, rows, users, written):
    settings = {"min_users": users, "min_conversations": 3, "max_user_share": 0.5}
    before = gate(shared, [*rows, ("c1", "a")], **settings)["c1"]
    after = gate(shared, [*rows, ("c1", "a")] + [("c1", "a")] * written, **settings)["c1"]
    if before[1] == "too_few_users":
        assert after[1] == "too_few_users"
    if after[0]:
        assert 2 * sum(row == ("c1", "a") for row in rows) + 2 * (1 + written) <= written + 1 + sum(
            c == "c1" for c, _ in rows
        )


# Trees

WORDS = ["bread", "cake", "flight", "hotel", "python", "SQL query", "garden", "boss", "wifi", "budget"]
NAMES = st.one_of(
    st.sampled_from(WORDS),
    st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(" and ".join),
).map(lambda name: name[0].upper() + name[1:])


class Trunk:
    """The inputs of `hierarchy` for some base clusters: (facet, name, conversations, terms)."""

    FACETS = ("request", "task")

    def __init__(self, base: Sequence[tuple[str, str, int, list[str]]]) -> None:
        self.base = [(facet, f"c{i:05d}", *rest) for i, (facet, *rest) in enumerate(base)]

    def write(self, con: duckdb.DuckDBPyConnection, **settings: Any) -> None:
        packaged(con, "settings", **settings)
        packaged(con, "facets", clustered=True)
        con.execute("create table fits as select facet, null::varchar as reason from facets")
        con.execute("create table build_info as select 'local' as provider, 'm' as naming_model")
        last.prepare(con, list(RELATIONS.values()))
        rows = [
            dict(zip(BASE, (facet, cluster, name, f"Most mention '{name.lower()}'.", size, size), strict=True))
            for facet, cluster, name, size, _ in self.base
        ]
        table(con, "base_clusters", BASE, rows)
        terms = [
            dict(zip(TERM, (facet, cluster, term, 1.0, term.split(), True, 1.0), strict=True))
            for facet, cluster, _, size, terms in self.base
            for term in terms
        ]
        table(con, "cluster_terms", TERM, terms)
        texts = [
            dict(zip(TEXT, (facet, cluster, "member", f"{cluster}_{n}", f"u{n}", name, n), strict=True))
            for facet, cluster, name, _, _ in self.base
            for n in range(1, 4)
        ]
        table(con, "sampled_texts", TEXT, texts)
        con.execute(
            "create table cluster_ids as select facet, cluster_id, "
            "[sin(hash(name) % 97), cos(hash(name) % 89), 1]::float[] as centroid from base_clusters"
        )
        con.execute("create table supported_words as select facet, cluster_id, 'wifi' as lemma from base_clusters")
        packaged(con, "corrections")
        for name in ("trees", "level_sizes", "directions", "linked_clusters"):
            fill(con, RELATIONS[name].inputs)
            con.execute(f"create table {name} as {RELATIONS[name].sql}")
        fill(con, RELATIONS["hierarchy"].inputs)


BASE = ["facet", "cluster_id", "name", "description", "conversations", "users"]
TERM = ["facet", "cluster_id", "term", "share", "lemmas", "plain", "heading"]
TEXT = ["facet", "cluster_id", "relation", "conversation_id", "user_id", "value", "position"]
TREE = ["facet", "level", "cluster_id", "parent_id", "name", "description", "base_cluster_ids"]


def grown(con: duckdb.DuckDBPyConnection, trunk: Trunk, **settings: Any) -> list[dict[str, Any]]:
    empty(con)
    trunk.write(con, **settings)
    return [dict(zip(TREE, row, strict=True)) for row in result(con, "hierarchy")]


def is_well_formed(tree: Sequence[Mapping[str, Any]], trunk: Trunk) -> None:
    """The contract of levels and ids, facet by facet."""
    for facet in Trunk.FACETS:
        nodes = {row["cluster_id"]: row for row in tree if row["facet"] == facet}
        base = {cluster for f, cluster, *_ in trunk.base if f == facet}
        assert len(nodes) == sum(row["facet"] == facet for row in tree), "an id is there twice"
        assert all(cluster[0].isalpha() or cluster == "(various)" for cluster in nodes)
        assert {c for c, row in nodes.items() if row["level"] == 0} == base
        assert all(nodes[c]["base_cluster_ids"] == [c] for c in base)
        top = max((row["level"] for row in nodes.values()), default=0)
        for row in nodes.values():
            assert (row["parent_id"] is None) == (row["level"] == top)
            assert row["parent_id"] is None or nodes[row["parent_id"]]["level"] == row["level"] + 1
            assert row["name"] and row["description"] and len(row["name"].split()) <= 12  # of 10 words, and more
        for level in range(1, top + 1):
            parents = {c: row for c, row in nodes.items() if row["level"] == level}
            children = [row for row in nodes.values() if row["level"] == level - 1]
            assert sorted(b for row in parents.values() for b in row["base_cluster_ids"]) == sorted(base)
            for cluster, row in parents.items():
                under = [b for child in children if child["parent_id"] == cluster for b in child["base_cluster_ids"]]
                assert sorted(under) == sorted(row["base_cluster_ids"])
        siblings = Counter((row["parent_id"], row["name"].lower()) for row in nodes.values())
        assert max(siblings.values(), default=1) == 1, siblings.most_common(1)


@configure(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(Trunk.FACETS), NAMES, st.integers(20, 400), st.lists(st.sampled_from(WORDS), unique=True)
        ),
        max_size=24,
        unique_by=lambda cluster: (cluster[0], cluster[1].lower()),  # as cluster_names makes them
    ).map(Trunk),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(2, 10),
    st.sampled_from(["names", "centroids"]),
)
# two parents that could be called alike: one by its own phrase, one by its only child, whose name has no phrase
@example(Trunk([("request", name, 20, ["bread"]) for name in ("Bread", "Cake", "Flight", "Hotel")]), 2, 3, 40, "names")
@example(Trunk([("request", name, 20, []) for name in ("Bread", "Cake", "Bread and cake", "Wifi")]), 3, 2, 40, "names")
def test_every_tree_keeps_the_contract(shared, trunk, levels, top_clusters, neighbourhood, tree_by):
    tree = grown(shared, trunk, levels=levels, top_clusters=top_clusters, neighbourhood=neighbourhood, tree_by=tree_by)
    is_well_formed(tree, trunk)
    for facet in Trunk.FACETS:
        base = sum(cluster[0] == facet for cluster in trunk.base)
        levels_there = {row["level"] for row in tree if row["facet"] == facet}
        wanted = 1 if base <= top_clusters else levels
        assert levels_there == set(range(wanted if base else 0))
        if wanted > 1:
            # groups with little in common are split, and (various) may be there
            most = top_clusters if tree_by == "names" else top_clusters + top_clusters // 2 + 1
            assert sum(row["facet"] == facet and row["parent_id"] is None for row in tree) <= most
