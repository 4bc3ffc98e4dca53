"""The checks check: each rule of the packaged SQL is broken on purpose, and a check must see it (attack 8).

A mutation is a text of a packaged file and what is put in its place. Those of the relations that count and publish run
on made-up clusters. Some of them run by default, all of them with `python -m pytest -m '' -n 0 tests/test_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from figures import Chat, Tree, broken, build, keep, start
from planted import Asked, Rules, people, publish
from test_relations import RELATIONS
from warehouse import copied, read

import clio_sql
from clio_sql import builder
from clio_sql.analysis import catalog
from clio_sql.errors import CheckError
from clio_sql.register import macro_text

TREE = Tree([{"c0": "p", "c1": "p", "c2": "q"}], ["c0", "c1", "c2"])
DAYS = ("2026-03-02", "2026-03-09", "2026-03-16", "2031-01-01")


def chats(cluster: str | None, users: str, value: str | None, times: int = 2, day: int = 0, **more: Any) -> list[Chat]:
    """Each of these users, one letter each, so many conversations."""
    return [Chat(cluster, user, value, DAYS[day], **more) for user in users for _ in range(times)]


SHOWN = [
    *chats("c0", "abcdef", "free"), *chats("c0", "abc", "pro", day=1), *chats("c0", "z", "team", day=2),
    *chats("c1", "cdefg", "free"), *chats("c1", "ghi", "pro", day=1), *chats("c1", "cd", "none", times=3, day=2),
    *chats("c2", "hijk", "free"), *chats("c2", "hijk", "pro", day=1), *chats("c2", "y", "team", day=1),
]  # fmt: skip
FEW = chats(None, "x", "free", times=3)  # one user, less than min_conversations
REASONS = [*chats(None, "uvw", "free"), *chats(None, "uvx", "free", reason="dominated")]
APART = [*chats(None, "uvw", "free"), *chats(None, "t", "free", times=1, reason="dominated")]
BEFORE, AFTER = SHOWN, [*SHOWN, *chats("c0", "k", "free", times=3)]  # one user came
BLANK = [
    *chats("c0", "abcd", "free"),
    *chats("c1", "cdef", "free"),
    *chats("c2", "hijk", "free"),
    *chats("c2", "hi", None),
]
SOLO = [*BLANK, *chats("c2", "r", "solo"), *[Chat("c2", None, "solo")] * 2]  # one user, and rows of nobody
PAIR, GONE = [*BLANK, *chats("c2", "rs", "duo")], [*BLANK, *chats("c2", "r", "duo")]  # one of two left: figures stay


@dataclass(frozen=True)
class Mutation:
    """In the SQL of a relation, `new` in the place of `old`. days: the conversations of each build.

    settings: replaced values.
    """

    relation: str
    old: str
    new: str
    check: str
    days: tuple[list[Chat], ...] = ([*SHOWN, *FEW],)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.relation}-{self.new[:40]}"

    def sql(self) -> str:
        sql = RELATIONS[self.relation].sql
        assert self.old in sql, "the packaged SQL has changed: mend the mutation"
        return sql.replace(self.old, self.new)


GATE_OF_OTHER = (
    "bool_and(clio_gate(independent, conversations, most, required_users, min_conversations, max_user_share))"
)
CELLS = "cells_are_what_the_conversations_say"
FIGURES = "a_figure_is_of_today_or_of_the_last_build"
COUNTS = "published_counts_are_rounded"
MOVED = "no_figure_moved_without_enough_people"
CELL_GATE = "every_published_cell_passes_the_gate"
LEFT_OVER = "what_is_left_of_a_breakdown_passes_the_gate"
SIBLINGS = "a_value_is_published_for_all_siblings_or_none"
SHARES = "shares_are_of_published_counts"
OTHER = "other_has_no_children_and_meets_the_gate"
IN_TREE = "every_published_cluster_is_one_of_the_tree"
COVERED = "complete_periods_are_covered"
HELD = "what_is_held_back_passes_the_gate"
TWICE = (BEFORE, AFTER)
MARGIN = {"threshold_margin": 8, "threshold_margin_of": "all"}
MEASURE = "measures_are_what_the_conversations_say"
PAID = [
    *chats("c0", "abcd", "free", cost=2), *chats("c1", "efgh", "free", cost=1.2),
    *chats("c2", "ijk", "free", cost=3), *chats("c2", "l", "free", cost=4),
]  # fmt: skip
DEAR = [*PAID, *chats("c2", "x", "free", cost=30)]
COUNTING = [
    # the row that issue 16 found: (other) of too few
    Mutation("clusters", GATE_OF_OTHER, "true",
             OTHER),
    Mutation("clusters", "bool_and(clio_gate(independent,", "bool_and(clio_gate(99,", OTHER,
             ([*SHOWN, *chats(None, "x", "free"), *[Chat(None, None, "free")] * 4],)),
    Mutation("clusters", "null as parent_id, '(other)' as name", "'p' as parent_id, '(other)' as name",
             OTHER, ([*SHOWN, *REASONS],)),
    Mutation("clusters", "round(conversations / round_to) * round_to", "conversations", COUNTS),
    Mutation("clusters", "round(users / round_to) * round_to", "users", COUNTS),
    Mutation("clusters", "sum(people) as users", "count(*) + 5 as users", COUNTS),
    Mutation("clusters", "where parent_id is null\n", "where true\n", SHARES),
    Mutation("clusters", "coalesce(renamed.name, hierarchy.name) as name", "'!' as name", IN_TREE),
    Mutation("clusters", "inner join counted using (facet, cluster_id)\n    left join layout",
             "inner join (from counted where cluster_id > 'c1') as counted using (facet, cluster_id)\nleft join layout",
             IN_TREE),
    Mutation("memberships", "on assignments.facet = based.facet and assignments.cluster_id = based.base_cluster_id",
             "on assignments.facet = based.facet", CELLS),
    Mutation("memberships", "assignments.user_id::varchar", "assignments.conversation_id::varchar", CELLS),
    Mutation("suppressed", "and shown.cluster_id is null", "", CELLS),
    Mutation("suppressed", "and screened.kept", "and screened.kept and segments.user_id <> 'x'", CELLS),
    Mutation("cells", "count(*)::bigint as conversations", "2 * count(*)::bigint as conversations", CELLS),
    Mutation("conversation_cells", "left join breakdowns", "inner join breakdowns", CELLS, (BLANK,)),
    Mutation("conversation_cells", "coalesce(breakdowns.value, '')",
             "coalesce(nullif(breakdowns.value, 'team'), 'pro')", CELLS),
    Mutation("conversation_cells", "segments.created_at)", "segments.created_at + interval 7 days)", CELLS),
    Mutation("published_figures", "(updated.relation is not null or mode = 'safety')", "true", MOVED, TWICE),
    Mutation("user_changes", "moved_independent >= min_users or", "true or", MOVED, TWICE),
    Mutation("published_figures", "conversations::bigint as", "2 * conversations::bigint as", FIGURES),
    Mutation("published_figures", "user_id::varchar as", "concat(user_id, cluster_id)::varchar as", FIGURES),
    Mutation("cell_figures", "independent_today, conversations_today, most_today,", "99, 99, 1,", CELL_GATE,
             (PAIR, GONE)),
    Mutation("shown_cells", "(coalesce(min_users_cell, min_users) + case\n", "(0 + case\n", CELL_GATE,
             (SOLO,)),
    Mutation("shown_cells", "breakdown, value), cell_margin)", "breakdown, value), 0)", CELL_GATE, settings=MARGIN),
    Mutation("cell_figures", "value <> '' and conversations_today > 0", "conversations_today > 0", CELL_GATE, (BLANK,)),
    Mutation("family_choices", "where not passes\n", "where false\n", LEFT_OVER),
    Mutation("publishable_cells", "having count(*) = any_value(above.families)", "", SIBLINGS),
    Mutation("family_values", "having bool_and(passes)", "having bool_or(passes)", CELL_GATE),
    Mutation("publishable_cells", "case when below.all_published then published.users end", "published.users",
             "users_of_a_cell_are_published_only_where_all_below_is"),
    Mutation("cluster_facets", "round(conversations / round_to) * round_to", "conversations", COUNTS),
    Mutation("cluster_facets", "round(users / round_to) * round_to", "users", COUNTS),
    Mutation("cluster_facets", "(rounded.conversations / nullif(clusters.conversations, 0))::double as share,",
             "(rounded.conversations / 7)::double as share,", SHARES),
    Mutation("cluster_facets", "having count(*) > 1", "", SHARES),
    Mutation("cluster_trends", "(round(conversations / round_to) * round_to)", "(conversations)", COUNTS),
    Mutation("cluster_trends", "(round(users / round_to) * round_to)", "(users)", COUNTS),
    Mutation("measured_users", "list(amount order by", "list(2 * amount order by", MEASURE, (PAID,)),
    Mutation("measured_figures", "from waiting", "from waiting where false", "no_measure_moved_without_enough_people",
             (PAID, [*PAID, *chats("c0", "x", "free", cost=3)])),
    Mutation("measured_figures", "amounts::double[] as", "list_reverse(list_append(amounts, 2))::double[] as", MEASURE,
             (PAID,)),
    Mutation("dominated_measures", "where clio_dominated(most, two, total, max_user_share)", "where false",
             "no_measure_is_of_one_or_two_users", (DEAR,)),
    Mutation("published_measures", "list_avg(list(amount order by amount)) as mean", "2 * avg(amount) as mean", MEASURE,
             (PAID,)),
    Mutation("cluster_measures", "clio_two_digits(measures.mean)", "measures.mean", MEASURE, (PAID,)),
    Mutation("cluster_measures", "round(cells.conversations / round_to) * round_to", "cells.conversations", COUNTS,
             (PAID,)),
    Mutation("covered_time", ">= min_users + clio_margin(salt, 'last day', word_margin)", ">= 1", COVERED,
             ([*BLANK, *chats(None, "x", "free", day=3)],)),
    Mutation("held_back", "count(*) = 2 and bool_and(passes) as passes", "true as passes",
             HELD),
    Mutation("held_back", "having coalesce(bool_and(passes), false)", "having coalesce(bool_or(passes), false)",
             HELD, ([*SHOWN, *APART],)),
    Mutation("held_back", "round(listed.conversations / round_to) * round_to", "listed.conversations", COUNTS,
             ([*SHOWN, *REASONS],)),
]  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


def found(
    con: duckdb.DuckDBPyConnection, days: tuple[list[Chat], ...], other: dict[str, str], **settings: Any
) -> dict[str, int]:
    """Checks that find bad rows after these builds, the last of them with the other SQL."""
    start(con, round_to=5, **settings)
    for conversations in days[:-1]:
        build(con, TREE, conversations)
        keep(con)
    build(con, TREE, days[-1], other)
    return broken(con)


def first_of_each(mutations: list[Mutation]) -> list[Any]:
    """One a relation by default, the others where slow tests are asked for."""
    named: set[str] = set()
    marks = {True: [], False: [pytest.mark.slow]}
    return [
        pytest.param(each, id=str(each), marks=marks[each.relation not in named and not named.add(each.relation)])
        for each in mutations
    ]


@pytest.mark.parametrize("mutation", first_of_each(COUNTING))
def test_a_rule_of_counting_that_is_broken_is_seen(con, mutation):
    assert mutation.check in found(con, mutation.days, {mutation.relation: mutation.sql()}, **mutation.settings)


WORLDS = list({id(mutation.days): mutation.days for mutation in COUNTING}.values())


@pytest.mark.parametrize("days", [WORLDS[0], *(pytest.param(days, marks=pytest.mark.slow) for days in WORLDS[1:])])
def test_the_worlds_of_the_mutations_break_no_rule(con, days):
    assert found(con, days, {}) == {}


@pytest.mark.parametrize(
    "mutated",
    [
        ("people >= ", "people > "),
        ("conversations >= ", "conversations > "),
        ("coalesce(most, 0) <= ", "0 <= "),
        ("    false\n", "    true\n"),
    ],
)
def test_another_gate_is_seen(mutated):
    text = macro_text("clio_gate")
    assert mutated[0] in text
    with clio_sql.connect() as con:
        query = f"select count(*) from ({catalog.checks()['the_gate_is_the_gate']})"
        assert con.execute(query).fetchall() == [(0,)]
        con.execute(text.replace(*mutated))
        assert con.execute(query).fetchall() > [(0,)]


# --- rules before the counting: on a planted world, built once

PLANTED = [
    Asked("c1", "bake bread with seeds", people(0, 14)),
    Asked("c2", "bake a cake with cream", people(10, 14), plan="team"),
    Asked("c3", "sort a list in a program", people(30, 14), week=1),
    Asked("c4", "join two tables in a program", people(40, 14)),
    Asked("f1", "tune an accordion", people(60, 5), each=6),  # too few users
    Asked("f2", "paint a fence", people(70, 12), each=1),  # too few conversations
    Asked("f3", "repair a bike", people(90, 1), each=30),  # one user has most
    Asked("f3", "repair a bike", people(91, 12), each=1),
    Asked("f4", "plant a tree", people(110, 12), each=3, alike=True),  # one text of a few
    Asked("f4", "plant a hedge in spring", people(130, 3), each=2),
    Asked("f5", "draw a map", (*people(150, 5), *(None,) * 20)),  # rows without a user id
]
GATE, ALIKE, TWICE_THERE, UNION, ABOUT, AUDITED = (
    "every_published_cluster_passes_the_gate", "near_identical_texts_of_a_few_count_once",
    "no_conversation_is_counted_twice",
    "a_parent_is_the_union_of_its_children", "about_says_the_thresholds_of_the_build",
    "every_shown_base_cluster_passed_its_audit",
)  # fmt: skip
NAMED = "only_what_passes_the_gate_is_named"
GATING = [
    Mutation("gated_clusters", "cluster_id, user_id, count", "cluster_id, conversation_id as user_id, count",
             NAMED),
    Mutation("gated_clusters", "required_users, min_conversations,", "required_users, 0,", GATE),
    Mutation("gated_clusters", "max_user_share) as passes", "1.0) as passes", GATE),
    Mutation("gated_clusters", "max(conversations) filter", "min(conversations) filter", GATE),
    Mutation("gated_clusters", "filter (independent) as independent_users", "as independent_users", NAMED),
    Mutation("gated_clusters", "facet, cluster_id), cell_margin)", "facet, cluster_id), 0)", NAMED, settings=MARGIN),
    Mutation("gated_clusters", "passes::boolean as passes", "true as passes", GATE),
    Mutation("independent_texts", "users >= 2 * min_users +", "users >= 1 +", ALIKE),
    Mutation("hierarchy", "base_cluster_ids::varchar[] as base_cluster_ids",
             "base_cluster_ids[:1]::varchar[] as base_cluster_ids", UNION),
    Mutation("base_clusters", "coalesce(cluster_names.name, case", "coalesce(name || ' too', case", AUDITED),
    Mutation("about", "settings.min_users::integer", "99::integer", ABOUT),
    Mutation("breakdowns", "select conversation_id, facet, value", "select conversation_id, 'plan', value",
             TWICE_THERE),
]  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    return publish(PLANTED, tmp_path_factory.mktemp("planted"), Rules(settings={"round_to": 5}))


@pytest.mark.parametrize("mutation", first_of_each(GATING)[:1] + [
    pytest.param(each, id=str(each), marks=pytest.mark.slow) for each in GATING[1:]
])  # fmt: skip
def test_a_rule_of_gating_that_is_broken_is_seen(planted, tmp_path, mutation):
    settings = {"round_to": 5, **{name: repr(value) for name, value in mutation.settings.items()}}
    rules = Rules(settings=settings, replaced={mutation.relation: mutation.sql()})
    with clio_sql.connect(copied(planted, tmp_path / "warehouse.duckdb")) as con:
        if mutation.settings:  # what was published needs no margin
            con.execute("delete from clio.last_hierarchy; delete from clio.last_cluster_names")
        builder.run(con, relations=rules.relations())
        with pytest.raises(CheckError, match=mutation.check):
            builder.check(con)


def test_the_planted_world_holds_back_what_breaks_a_rule(planted):
    reasons = dict(read(planted, "select cluster_id, any_value(reason) from suppressed group by all"))
    few, dominated = "too_few_users", "dominated"
    assert reasons == {"f1": few, "f2": "too_few_conversations", "f3": dominated, "f4": dominated, "f5": few}
