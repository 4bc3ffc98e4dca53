"""Loose clusters: what is marked, what the check finds, and how the mark is shown."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from clio_sql.analysis import catalog
from clio_sql.published import tree

CHECK = catalog.checks()["a_loose_cluster_has_enough_users_near_a_border"]


@pytest.fixture
def con():
    """A loose cluster of ten users near a border, under a parent."""
    with duckdb.connect() as con:
        con.execute("""
            create table settings as select 'insight' as mode, 10 as min_users;
            create table assignments as
            select 'u' || n as user_id, 'request' as facet, 'c' as cluster_id,
                0.9 as distance, 0.95 as runner_up_distance
            from range(10) t(n);
            create table hierarchy as from (values ('request', 'c', ['c']), ('request', 'p', ['c']))
                t(facet, cluster_id, base_cluster_ids);
            create table clusters as select facet, cluster_id, true as loose from hierarchy;
            create table last_cluster_quality as select 'request' as facet, 'c' as cluster_id, false as loose""")
        yield con


def test_the_check_finds_a_mark_of_too_few_users(con):
    assert con.execute(CHECK).fetchall() == []
    con.execute("update assignments set distance = 0.5 where user_id = 'u3'")
    assert sorted(con.execute(CHECK).fetchall()) == [("request", "c"), ("request", "p")]
    con.execute("update last_cluster_quality set loose = true")  # a mark that was published waits for enough users
    assert con.execute(CHECK).fetchall() == []


def test_the_tree_marks_what_is_loose_and_says_what_that_is():
    with duckdb.connect() as con:
        con.execute("""
            create table clusters as
            from (values ('request', 'a', null, 'Bread', 0.6, 30, 60, true),
                ('request', 'b', null, 'Cake', 0.4, 20, 40, false),
                ('request', '(other)', null, '(other)', 0.2, 10, 20, null)
            ) t(facet, cluster_id, parent_id, name, share, users, conversations, loose)
            select *, false as only_child""")
        head, bread, cake, other, said = tree.text(con, "request")
        assert bread.endswith("  Bread ≈") and cake.endswith("  Cake") and other.endswith("  (other)")
        assert said.startswith("≈ loose: ") and head
        con.execute("update clusters set loose = false")
        assert not [line for line in tree.text(con, "request") if "≈" in line]


def test_every_base_cluster_of_the_demo_is_measured(demo_out):
    with duckdb.connect(str(demo_out / "warehouse.duckdb"), read_only=True) as con:
        con.execute("use clio")
        measured = {cluster: cohesion for cluster, cohesion in con.execute(
            "select cluster_id, cohesion from cluster_quality where separation > 0 and border_share between 0 and 1"
        ).fetchall()}  # fmt: skip
        members = con.execute(
            "select cluster_id, list(embedding::float[]) from assignments inner join embeddings "
            "using (conversation_id, facet) group by cluster_id"
        ).fetchall()
    assert len(members) == len(measured) >= 10
    for cluster, vectors in members:
        mean = np.mean(vectors, axis=0)
        cosine = float(np.mean(vectors @ mean) / np.linalg.norm(mean))
        assert measured[cluster] == pytest.approx(cosine, abs=0.03)  # centroids were fitted on a sample
