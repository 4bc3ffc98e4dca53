"""Made-up clusters through the relations that count and tell: `memberships` to the published ones, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from stand_ins import RELATIONS, fill
from test_relations import empty, packaged, table

from clio_sql.analysis import catalog
from clio_sql.builder import last
from clio_sql.sql_text import syntax

STEPS = (
    "periods", "measured", "memberships", "measured_users", "suppressed", "breakdown_names", "held_back_clusters",
    "conversation_cells", "cells", "figures_before", "figure_days", "user_changes", "published_figures",
    "measured_figures", "base_cell_users", "shown_cells", "cell_users", "cell_sums", "dominated_measures",
    "cell_figures", "line_differences", "out_of_step", "earlier_periods", "family_values", "value_tries", "left_cells",
    "left_sums", "family_choices", "cluster_families", "publishable_cells", "published_measures", "covered_time",
    "trend_period", "published_cells", "published_periods", "clusters", "cluster_facets", "cluster_trends",
    "cluster_measures", "held_back",
)  # fmt: skip
KEPT = [
    RELATIONS[name]
    for name in ("published_figures", "measured_figures", "published_cells", "trend_period", "published_periods")
]
# stands for `segments` where conversations are whole
WHOLE = "select *, conversation_id as whole_id, 1 as segment, false as is_part, 1 as first_position from conversations"
GATE = {"min_users": 2, "min_conversations": 4, "max_user_share": 0.5, "round_to": 1}


@dataclass(frozen=True)
class Chat:
    """A conversation: its base cluster (None: held back), who had it, its value of the breakdown, its day, its cost."""

    cluster: str | None
    user: str | None
    value: str | None = None
    day: str | None = None
    reason: str = "too_few_users"
    cost: float | str | None = None  # the measure
    independent: bool = True  # whether its user counts towards thresholds because of it


@dataclass(frozen=True)
class Tree:
    """parents: for each level above the base, cluster -> parent; base clusters are the keys of the first."""

    parents: Sequence[Mapping[str, str]]
    base: Sequence[str]

    def rows(self) -> list[dict[str, Any]]:
        under = {cluster: [cluster] for cluster in self.base}
        rows = []
        for level in range(len(self.parents) + 1):
            up = self.parents[level] if level < len(self.parents) else {}
            rows += [
                {"facet": "request", "level": level, "cluster_id": cluster, "parent_id": up.get(cluster),
                 "name": cluster, "description": cluster, "base_cluster_ids": ids}
                for cluster, ids in under.items()
            ]  # fmt: skip
            above: dict[str, list[str]] = {}
            for cluster, ids in under.items():
                if cluster in up:
                    above.setdefault(up[cluster], []).extend(ids)
            under = above
        return rows


def start(con: duckdb.DuckDBPyConnection, **settings: Any) -> None:
    """An empty analysis that has told nothing yet."""
    empty(con)
    last.prepare(con, KEPT)
    packaged(con, "settings", **{"threshold_margin": 0, "period": "week", **GATE, **settings})
    con.execute("create table build_info as select false as refit, null::varchar as provider")
    con.execute("create table secret as select 'salt' as salt")
    con.execute(f"create view margins as {RELATIONS['margins'].sql}")


def build(
    con: duckdb.DuckDBPyConnection, tree: Tree, chats: Iterable[Chat], other: Mapping[str, str] | None = None
) -> None:
    """What a run makes of these conversations. `keep` then is what publishing adds.

    All are tables, also what a run makes views of: views that read views are planned again wherever they are read.
    other: relation -> SQL in the place of the packaged one.
    """
    rows = [
        {"conversation_id": f"c{n}", "facet": "request", "cluster_id": chat.cluster or f"x_{chat.reason}",
         "user_id": chat.user, "breakdown": "plan", "value": chat.value, "created_at": chat.day,
         "metadata": None if chat.cost is None else f"{{cost={chat.cost}}}", "reason": chat.reason, "kept": True,
         "x": None, "y": None, "passes": False, "independent": chat.independent}
        for n, chat in enumerate(chats)
    ]  # fmt: skip
    of_tree = tree.rows()
    columns = ["facet", "level", "cluster_id", "parent_id", "name", "description", "base_cluster_ids"]
    table(con, "hierarchy", columns, of_tree)
    table(con, "last_hierarchy", columns, of_tree)  # no gate is here that its clusters could have passed with a margin
    table(con, "assignments", ["conversation_id", "user_id", "facet", "cluster_id"], rows)
    table(con, "independent_texts", ["conversation_id", "facet", "independent"], rows)
    table(con, "conversations", ["conversation_id", "user_id", "created_at", "metadata"], rows)
    con.execute(f"create or replace view segments as {WHOLE}")
    table(con, "uncounted_segments", ["conversation_id", "facet"], [])
    table(con, "input", ["measures"], [{"measures": "[cost]"}])
    table(con, "breakdowns", ["conversation_id", "breakdown", "value"], [row for row in rows if row["value"]])
    table(con, "screened", ["conversation_id", "kept"], rows)
    table(con, "layout", ["facet", "cluster_id", "x", "y"], [])
    table(con, "cluster_quality", ["facet", "cluster_id", "loose"], [])
    packaged(con, "facets")
    con.execute("delete from facets where facet <> 'request'")
    held = [row for row in rows if row["cluster_id"].startswith("x_")]
    table(con, "gated_clusters", ["facet", "cluster_id", "reason"],
          list({row["cluster_id"]: row for row in held}.values()))  # fmt: skip
    table(con, "name_audits", ["facet", "cluster_id", "reason"], [])
    for name in STEPS:
        fill(con, RELATIONS[name].inputs)
        con.execute(f"create or replace table {name} as {(other or {}).get(name, RELATIONS[name].sql)}")


def keep(con: duckdb.DuckDBPyConnection) -> None:
    last.keep(con, KEPT)


ELSEWHERE = (  # checks that read what is not here
    "insight_holds_nothing_of_safety", "the_flag_is_a_breakdown", "about_says_the_thresholds_of_the_build",
    "every_shown_base_cluster_passed_its_audit", "only_what_passes_the_gate_is_named",
    "near_identical_texts_of_a_few_count_once", "a_loose_cluster_has_enough_users_near_a_border",
    "a_fixed_tree_is_its_taxonomy",
)  # fmt: skip


def broken(con: duckdb.DuckDBPyConnection, but: Iterable[str] = ()) -> dict[str, int]:
    """Check -> how many rows break it; of the checks that need nothing else than is here."""
    found = {}
    for name, sql in catalog.checks().items():
        if "clio_word" in sql or name in (*but, *ELSEWHERE):
            continue
        fill(con, syntax.read(sql).inputs)
        (rows,) = con.execute(f"select count(*) from (\n{sql}\n)").fetchone()
        if rows:
            found[name] = rows
    return found


def told(con: duckdb.DuckDBPyConnection, relation: str = "cluster_facets") -> dict[tuple[str, str], tuple]:
    """(cluster, value or period) -> (conversations, users)."""
    value = "period::varchar" if relation == "cluster_trends" else "value"
    rows = con.execute(f"select cluster_id, {value}, conversations, users from {relation}").fetchall()
    return {(cluster, value): (conversations, users) for cluster, value, conversations, users in rows}


def clusters(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Cluster -> (conversations, users)."""
    return {cluster: (conversations, users) for cluster, conversations, users in con.execute(
        "select cluster_id, conversations, users from clusters").fetchall()}  # fmt: skip
