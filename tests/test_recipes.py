"""Every file of sql/recipes runs on what a run wrote, and finds what is put there by hand."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from published_file import ONLY_CHILDREN

from clio_sql.cli.shell import open_out
from clio_sql.warehouse import state

RECIPES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "sql" / "recipes").glob("*.sql"))}
OF_THE_WAREHOUSE = {
    "cost_so_far", "conversations_that_no_cluster_fits", "who_answered", "requests_that_come_together",
}  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("published", [False, True], ids=["warehouse", "published"])
def test_a_recipe_runs_on_the_demo(demo_out, recipe, published):
    with open_out(demo_out, published) as con:
        if published and recipe in OF_THE_WAREHOUSE:
            with pytest.raises(duckdb.CatalogException):
                con.execute(RECIPES[recipe])
        else:
            rows = con.execute(RECIPES[recipe]).fetchall()
            # no language model was paid, and its rules find no concern in the demo
            # no cluster of another language than English gets a name, plans ask for the same, it has no taxonomy, and
            # where tools fail is held back
            assert rows or recipe in (
                "cost_so_far", "requests_with_a_high_concern_share", "clusters_where_two_languages_differ_most",
                "what_differs_between_two_plans", "requests_by_use", "failing_tools", "requests_that_come_together",
            )  # fmt: skip


def test_the_readme_tells_each_recipe():
    part = re.search(r"^### Recipes\n(.*?)(?=^##)", (ROOT / "sql" / "README.md").read_text("utf-8"), re.M | re.S)[1]
    told = dict(re.findall(r"^\| `(\w+)\.sql` \| (.+?) \|", part, re.M))
    assert told.keys() == RECIPES.keys() and all(told.values())


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """A warehouse of three clusters, two of them at the base."""
    folder = tmp_path_factory.mktemp("made")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        state.migrate(con)
        con.execute("""
            create schema clio; use clio;
            create table about as select 'week' as period, 20 as min_conversations, 20 as min_conversations_cell;
            create table clusters as
            from (values ('request', 1, 'p', null, 'All', 100, 50, 1.0, false),
                ('request', 0, 'a', 'p', 'Cards', 60, 30, 0.6, false),
                ('request', 0, 'b', 'p', 'Trips', 40, 20, 0.4, false)
            ) t(facet, level, cluster_id, parent_id, name, conversations, users, share, only_child);
            create table cluster_facets as
            from (values ('p', 'language', 'English', 80, 40, 0.8::double, 1.0),
                ('a', 'language', 'English', 60, 30, 1.0, 1.25),
                ('b', 'language', 'English', 20, 10, 0.5, 0.6), ('p', 'language', 'Spanish', 20, 10, 0.2, 1.0),
                ('b', 'language', 'Spanish', 20, 10, 0.5, 2.5), ('a', 'concern', '1', 40, 20, 0.66::double, 1.0),
                ('a', 'concern', '3', 10, 10, 0.17::double, 1.0), ('a', 'concern', '5', 10, 10, 0.17, 1.0),
                ('b', 'use', 'Planning', 40, 20, 1.0, 1.0),
                ('a', 'tool: search', 'called', 20, 10, 0.3, 1.0), ('a', 'tool: search', 'failed', 10, 10, 0.17, 1.0),
                ('b', 'tool: open', 'called', 10, 10, 0.25, 1.0), ('b', 'tool: search', 'failed', 20, 10, 0.5, 1.0)
            ) t(cluster_id, breakdown, value, conversations, users, share, lift) select 'request' as facet, *;
            create table cluster_trends as
            from (values ('a', date '2026-03-02', 20, 10), ('a', date '2026-03-09', 30, 10),
                ('a', date '2026-03-23', 90, 10),
                ('b', date '2026-03-09', 20, 10), ('b', date '2026-03-16', 10, 10),
                ('b', date '2026-03-23', 5, 5)
            ) t(cluster_id, period, conversations, users)
            select 'request' as facet, *, cluster_id = 'a' or period < date '2026-03-23' as complete;
            create table cluster_measures as
            from (values ('a', 'cost_usd', 0.012::double, 0.03::double), ('a', 'rating', 4.2, 5),
                ('b', 'rating', 2.5, null), ('p', 'rating', 3.5, 5)
            ) t(cluster_id, measure, mean, percentile_90) select 'request' as facet, *, 30 as conversations;
            create table signals as
            from (values ('a', 'spiking', 90, 25.0), ('b', 'steady', 20, 15.0)
            ) t(cluster_id, signal, conversations, usual)
            select 'request' as facet, *, date '2026-03-23' as period, 8 as periods;
            create table cluster_comparisons as
            from (values ('a', 0.8::double, 0.3::double, 0.01::double), ('b', 0.2, 0.7, 0.04), ('p', 1, 1, 1)
            ) t(cluster_id, share_a, share_b, q)
            select 'request' as facet, if(cluster_id = 'p', 1, 0) as level, *, 'plan' as breakdown, 'free' as value_a,
                'team' as value_b, round(share_a - share_b, 9) as difference,
                difference - 0.1 as low, difference + 0.1 as high;
            create table assignments as
            select 'request' as facet, 'c' || i as conversation_id, 'a' as cluster_id, 'b' as runner_up,
                (i / 1000)::float as distance, (i / 1000 + if(i = 7, 0.001, 0.5))::float as runner_up_distance
            from range(200) t(i);
            create table facet_values as
            from (values ('c1', 'mood', 'good', 'ok', 'model'), ('c2', 'mood', 'bad', 'ok', 'proxy'),
                ('c3', 'mood', null, 'unsure', null), ('c1', 'request', 'bake', 'ok', 'rule')
            ) t(conversation_id, facet, value, status, answered_by);
            create table proxies as
            select 'mood' as facet, 0.95::double as agreement, 0.931::double as low, 0.9644::double as high,
                null::int as call;
            create table settings as select 2 as min_users;
            create table segments as
            from (values ('c1', 'c1'), ('c1#2', 'c1'), ('c2', 'c2'), ('c2#2', 'c2'), ('c3', 'c3')
            ) t(conversation_id, whole_id);
            create table memberships as
            from (values ('c1', 'u1', 'a'), ('c1#2', 'u1', 'b'), ('c2', 'u2', 'b'), ('c2#2', 'u2', 'a'),
                ('c3', 'u3', 'a')
            ) t(conversation_id, user_id, cluster_id) select 'request' as facet, 0 as level, *;
            insert into clio_state.calls by name
            from (values ('k1', 'extract', 'haiku', 'ok', 10, 5, 0, 0, 1.25::double),
                ('k2', 'extract', 'haiku', 'ok', 10, 5, 0, 0, 0.5::double),
                ('k3', 'name', 'sonnet', 'ok', 1, 1, 0, 0, 3.0::double)
            ) t(key, function, model, status, tokens_in, tokens_out, cache_write_tokens, cache_read_tokens, cost_usd)
            select *, timestamp '2026-03-01' + to_days(cost_usd::int) as called_at;
        """)
    return folder


def day(number: int) -> datetime.date:
    return datetime.date(2026, 3, number)


MADE = {
    "tree": [["All"], ["All", "Cards"], ["All", "Trips"]],
    "top_requests_in_one_language": [("Cards", 60, 30, 1.0), ("Trips", 20, 10, 0.5)],
    "growth_week_over_week": [("Trips", day(16), 20, 10, -0.5), ("Cards", day(9), 20, 30, 0.5)],
    "costly_and_badly_rated": [(0, "Trips", 40, 2.5, None, None), (0, "Cards", 60, 4.2, 0.012, 0.03)],
    "signals": [("spiking", "request", 0, "Cards", day(23), 90, 25.0, 8)],
    "what_differs_between_two_plans": [
        (0, "Cards", 0.8, 0.3, 0.5, 0.4, 0.6, 0.01),
        (0, "Trips", 0.2, 0.7, -0.5, -0.6, -0.4, 0.04),
    ],
    "tools_by_cluster": [("Cards", "search", 30, 0.47), ("Trips", "search", 20, 0.5), ("Trips", "open", 10, 0.25)],
    "failing_tools": [("Cards", "search", 10, 0.33)],
    "requests_by_use": [("Trips", "Planning", 40, 20, 1.0)],
    "requests_with_a_high_concern_share": [(0, "Cards", 60, 20, 0.34)],
    "clusters_where_two_languages_differ_most": [
        ("request", 0, "Cards", 0.75, 0.0, 0.75),
        ("request", 0, "Trips", 0.25, 1.0, -0.75),
        ("request", 1, "All", 1.0, 1.0, 0.0),
    ],
    "cost_so_far": [("sonnet", "name", 1, 1, 1, 3.0, 4.75), ("haiku", "extract", 2, 20, 10, 1.75, 4.75)],
    "who_answered": [
        ("mood", 3, 1, 0, 1, 1, 0.95, 0.931, 0.964, True),
        ("request", 1, 0, 1, 0, 0, None, None, None, None),
    ],
    "requests_that_come_together": [("request", "Cards", "Trips", 2, 2)],
    "conversations_that_no_cluster_fits": [
        ("request", "c199", "a", "b", 0.199, 0.5, "far from every centre"),
        ("request", "c198", "a", "b", 0.198, 0.5, "far from every centre"),
        ("request", "c7", "a", "b", 0.007, 0.001, "between two clusters"),
    ],
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_finds_what_is_there(out, recipe):
    with open_out(out, False) as con:
        relation = con.execute(RECIPES[recipe])
        columns = [column[0] for column in relation.description]
        rows = relation.fetchall()
    found = [row[columns.index("path")] for row in rows] if recipe == "tree" else rows
    assert found == MADE[recipe]


def test_the_tree_has_one_line_for_a_parent_and_its_only_child():
    with duckdb.connect() as con:
        con.execute(ONLY_CHILDREN)
        query = f"select name, depth, cluster_id, parent_id from ({RECIPES['tree']}) order by line"
        assert con.execute(query).fetchall() == [
            ("Bread", 1, "m1", None), ("Rolls", 2, "c1", "m1"), ("Toast", 2, "c2", "m1"), ("Cake", 1, "c3", None),
            ("Drinks", 1, "t3", None), ("Tea", 2, "c4", "t3"), ("Wine", 2, "c5", "t3"),
        ]  # fmt: skip
