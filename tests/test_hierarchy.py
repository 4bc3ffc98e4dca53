"""The shape of the tree: what every tree keeps to, whatever the clusters are; and what stands under one parent."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import clio_sql
from clio_sql.analysis import catalog

RELATIONS = {relation.name: relation.sql for relation in catalog.load()}
STEPS = ("trees", "level_sizes", "directions", "linked_clusters", "hierarchy")
NAMES = ["Buses", "Find a hotel", "Book a hotel", "Taxes and rent", "Rent", "Taxes", "Various", "Rent and more"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        for name, columns in {
            "cluster_terms": "facet varchar, cluster_id varchar, term varchar, share double, lemmas varchar[], "
            "plain boolean, heading double",
            "sampled_texts": "facet varchar, cluster_id varchar, relation varchar, conversation_id varchar, "
            "user_id varchar, value varchar, position integer",
            "supported_words": "facet varchar, cluster_id varchar, lemma varchar",
            "cluster_languages": "facet varchar, cluster_id varchar, language varchar",
            "fits": "facet varchar, reason varchar",
            "taxonomy_tree": "facet varchar, level integer, cluster_id varchar, parent_id varchar, name varchar, "
            "description varchar, base_cluster_ids varchar[]",
        }.items():
            con.execute(f"create temp table {name} ({columns})")
        con.execute(f"create temp table facets as {RELATIONS['facets']}")
        # without texts nothing is named here: parents are called by their children
        con.execute("create temp table build_info as select 'none' as provider, 'none' as naming_model")
        con.execute("create temp table margins as select 'salt' as salt")
        yield con


def begin(con: duckdb.DuckDBPyConnection, top: int = 3, levels: int = 3) -> None:
    con.execute(f"create or replace temp table packaged as {RELATIONS['settings']}")
    con.execute(
        f"create or replace temp table settings as select * replace ({top} as top_clusters, {levels} as levels, "
        "'centroids' as tree_by) from packaged"
    )
    con.execute("""
        create or replace temp table last_hierarchy (facet varchar, level integer, cluster_id varchar,
            parent_id varchar, name varchar, description varchar, base_cluster_ids varchar[]);
        create or replace temp table last_trees (facet varchar, levels integer, tree_by varchar, shape varchar,
            grown_from varchar[], reason varchar);
        create or replace temp table regroupings (facet varchar, cluster_id varchar, kind varchar, target_id varchar,
            waits boolean);
        create or replace temp table used_ids (facet varchar, cluster_id varchar)""")


def build(con: duckdb.DuckDBPyConnection, clusters: dict[str, tuple[str, list[float]]]) -> list[tuple]:
    """The tree of these base clusters, id -> (name, centroid): (level, cluster_id, parent_id, name, base ids)."""
    rows = [(key, name, vector) for key, (name, vector) in sorted(clusters.items())]
    con.execute("create or replace temp table given (cluster_id varchar, name varchar, centroid float[])")
    con.executemany("insert into given values (?, ?, ?)", rows)
    con.execute("""
        create or replace temp table base_clusters as
        select 'request' as facet, cluster_id, name, 'About ' || name as description, 20 as conversations, 10 as users
        from given;
        create or replace temp table cluster_ids as select 'request' as facet, cluster_id, centroid from given""")
    for step in STEPS:
        con.execute(f"create or replace temp table {step} as {RELATIONS[step]}")
    con.execute("""
        create or replace temp table last_hierarchy as from hierarchy;
        create or replace temp table last_trees as from trees;
        insert into used_ids select facet, cluster_id from hierarchy""")
    columns = "level, cluster_id, parent_id, name, base_cluster_ids"
    return con.execute(f"select {columns} from hierarchy order by level, cluster_id").fetchall()


def holds(tree: list[tuple], clusters: dict[str, tuple[str, list[float]]]) -> None:
    """Every level holds every base cluster once; a parent is its children; no name twice, but of an only child."""
    ids = [cluster_id for _, cluster_id, *_ in tree]
    assert len(ids) == len(set(ids))
    top = max(level for level, *_ in tree)
    for level in range(top + 1):
        assert sorted(base for at, *_, bases in tree if at == level for base in bases) == sorted(clusters)
    same = set()
    for level, cluster_id, parent_id, name, bases in tree:
        assert (parent_id is None) == (level == top)
        children = [row for row in tree if row[2] == cluster_id]
        assert {child[0] for child in children} <= {level - 1}
        assert level == 0 or sorted(bases) == sorted(base for child in children for base in child[4])
        if len(children) == 1:
            assert name == children[0][3]
            same.add(cluster_id)
        if cluster_id == "(various)":
            assert level == top and len(children) > 1 and name.startswith("Various")
    told = [name.lower() for _, cluster_id, _, name, _ in tree if cluster_id not in same]
    assert sorted(told) == sorted(set(told))


def around(number: int, n: int, spread: float) -> list[float]:
    """A vector near one of n axes; number decides where."""
    rng = np.random.default_rng(number)
    return (np.eye(n)[number % n] + spread * rng.normal(size=n)).tolist()


@settings(deadline=None, max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 24), st.integers(2, 9), st.sampled_from([0, 0.1, 0.5, 3]), st.integers(2, 4), st.integers(3, 4),
    st.sets(st.integers(0, 30), max_size=6),
)  # fmt: skip
@example(24, 24, 0.1, 3, 3, {25, 26})  # nothing has anything in common
@example(24, 2, 0, 3, 4, {0, 5})  # much is the same
def test_every_tree_keeps_to_the_contract_also_when_clusters_come_and_go(con, size, axes, spread, top, levels, changed):
    def made(numbers: set[int]) -> dict[str, tuple[str, list[float]]]:
        # names that a parent could be called by are among them; those of the base differ
        names = {n: NAMES[n] if n < len(NAMES) else f"Topic {chr(97 + n)}" for n in numbers}
        return {f"c{n:05}": (names[n], around(n, axes, spread)) for n in numbers}

    begin(con, top, levels)
    first = made(set(range(size)))
    holds(build(con, first), first)
    second = made(set(range(size)) ^ changed or {0})
    holds(build(con, second), second)


def near(axis: int, n: int, number: int = 1) -> list[float]:
    """One of several vectors near an axis."""
    return (np.eye(n)[axis] + 0.1 * np.eye(n)[-number]).tolist()


def parents_of(tree: list[tuple], level: int) -> dict[str, list[str]]:
    return {cluster_id: bases for at, cluster_id, _, _, bases in tree if at == level}


def test_what_has_little_in_common_with_anything_stands_under_various_and_may_leave_it(con):
    begin(con, top=3, levels=2)
    alike = {f"c0{axis}{one}": (f"Alike {axis} {one}", near(axis, 16, one)) for axis in (0, 1) for one in (1, 2, 3)}
    alone = {f"c1{axis}": (f"Alone {axis}", near(axis, 16)) for axis in range(2, 13)}
    tree = build(con, alike | alone)
    holds(tree, alike | alone)
    tops = parents_of(tree, 1)
    assert ["c001", "c002", "c003"] in tops.values() and ["c011", "c012", "c013"] in tops.values()
    assert len(tops["(various)"]) >= 8 and set(tops["(various)"]) <= set(alone)

    # the next build keeps the tree: what is like a parent goes there, what is like none to (various)
    came = {"c004": ("Alike zero four", near(0, 16, 4)), "c199": ("Stranger", near(13, 16))}
    tree = build(con, alike | alone | came)
    later = parents_of(tree, 1)
    assert "c199" in later["(various)"] and ["c001", "c002", "c003", "c004"] in later.values()

    # of (various) only one is left: it is no group, and is called by its own name
    left = alike | {later["(various)"][0]: alone[later["(various)"][0]]}
    tree = build(con, left)
    holds(tree, left)
    assert "(various)" not in parents_of(tree, 1)


def test_a_group_at_the_top_whose_clusters_have_little_in_common_is_split(con):
    begin(con, top=4, levels=2)
    clusters = {f"c{axis}{one}": (f"Topic {axis} {one}", near(axis, 12, one)) for axis in range(6) for one in (1, 2, 3)}
    tops = parents_of(build(con, clusters), 1)  # Ward's four groups would put several topics together
    assert len(tops) == 6 and all(len({base[1] for base in bases}) == 1 for bases in tops.values())


def test_only_a_parent_of_the_local_tree_is_not_made(con):
    """Where names decide, a model has judged what belongs together."""
    con.execute("""
        create or replace temp table last_level as
        select 'f' as facet, unnest(['a', 'b']) as cluster_id, [cluster_id] as base_cluster_ids, true as is_top,
            'names' as tree_by;
        create or replace temp table parents as
        select 'f' as facet, unnest(['a', 'b']) as cluster_id, 'Money' as parent, null::varchar as kept_id;
        create or replace temp table directions as
        select 'f' as facet, unnest(['a', 'b']) as cluster_id, unnest([[1.0, 0], [-1.0, 0]])::float[] as direction""")
    query = "select cluster_id, parent from clio_tree_kin('last_level', 'parents', 'directions') order by 1"
    assert con.execute(query).fetchall() == [("a", "Money"), ("b", "Money")]
    con.execute("update last_level set tree_by = 'centroids'")
    assert con.execute(query).fetchall() == [("a", "(various)"), ("b", "(various)")]
    con.execute("update last_level set is_top = false")
    assert con.execute(query).fetchall() == [("a", None), ("b", None)]


def test_the_words_of_various_are_reviewed(con):
    words = "select unnest(clio_tokens(concat(clio_various().name, ' and more. ', clio_various().description))) as word"
    unknown = f"select word from ({words}) where not (clio_word(word).task or clio_word(word).stop)"
    assert con.execute(unknown).fetchall() == []
