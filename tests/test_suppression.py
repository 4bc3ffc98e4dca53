"""No total gives back a cell that is not told: exact linear programming over all tables that fit what is published."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pytest
from figures import GATE, Chat, Tree, broken, build, clusters, start, told
from hypothesis import HealthCheck, Phase, event, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

import clio_sql


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


# What an attacker can work out


@dataclass
class Attacker:
    """Linear constraints on a private table, over whole numbers: variables by name, rows as {name: factor}."""

    names: dict[tuple, int] = field(default_factory=dict)
    rows: list[tuple[dict[tuple, int], float, float]] = field(default_factory=list)

    def between(self, factors: dict[tuple, int], low: float, high: float = np.inf) -> None:
        for name in factors:
            self.names.setdefault(name, len(self.names))
        self.rows.append((factors, low, high))

    def bounds(self, name: tuple) -> tuple[float, float]:
        """The least and the most that a variable can be."""
        matrix = np.zeros((len(self.rows), len(self.names)))
        for number, (factors, _, _) in enumerate(self.rows):
            for other, factor in factors.items():
                matrix[number, self.names[other]] = factor
        constraint = LinearConstraint(matrix, [low for _, low, _ in self.rows], [high for _, _, high in self.rows])
        found = []
        for sign in (1, -1):
            goal = np.zeros(len(self.names))
            goal[self.names[name]] = sign
            answer = milp(goal, constraints=constraint, integrality=np.ones(len(self.names)))
            assert answer.status == 0, answer.message
            found.append(sign * round(answer.fun))
        return found[0], found[1]


def interval(figure: int, round_to: int, least: int) -> tuple[float, float]:
    """What a published figure may be, for who knows the rounding and the gate."""
    return max(figure - round_to / 2, least), figure + round_to / 2


def attack(
    con: duckdb.DuckDBPyConnection, tree: Tree, values: list[str], cells: dict, round_to: int, by_rule: bool
) -> Attacker:
    """All that is known: the tree, its figures, the cells that are told, the gate, and the rule by which they are."""
    who = Attacker()
    nodes = {row["cluster_id"]: row for row in tree.rows()}
    children = {c: [d for d, row in nodes.items() if row["parent_id"] == c] for c in nodes}
    totals = clusters(con)
    for c in nodes:
        who.between({("n", c): 1, **{("x", c, v): -1 for v in values}}, 0, 0)  # conversations add up over the values
        who.between({("u", c): 1, **{("y", c, v): -1 for v in values}}, -np.inf, 0)  # people do not
        for kind, name, least in (("n", "n", "min_conversations"), ("u", "u", "min_users")):
            who.between({(name, c): 1}, *interval(totals[c][kind == "u"], round_to, GATE[least]))
        who.between({("u", c): 1, ("n", c): -1}, -np.inf, 0)
        for v in values:
            who.between({("x", c, v): 1, ("y", c, v): -1}, 0)  # each has a conversation
            who.between({("u", c): 1, ("y", c, v): -1}, 0)
        if children[c]:
            for whole in [("n",), *(("x", v) for v in values)]:  # over the tree too
                who.between({named(whole, c): 1, **{named(whole, d): -1 for d in children[c]}}, 0, 0)
            for whole in [("u",), *(("y", v) for v in values)]:  # max(child) <= parent <= sum
                who.between({named(whole, c): 1, **{named(whole, d): -1 for d in children[c]}}, -np.inf, 0)
                for d in children[c]:
                    who.between({named(whole, c): 1, named(whole, d): -1}, 0)
    for (c, v), (conversations, users) in cells.items():
        who.between({("x", c, v): 1}, *interval(conversations, round_to, GATE["min_conversations"]))
        if users is not None:
            who.between({("y", c, v): 1}, *interval(users, round_to, GATE["min_users"]))
        family = nodes[c]["parent_id"]
        for d, row in nodes.items():  # what a sibling tells is nothing here, not hidden
            if by_rule and family is not None and row["parent_id"] == family and (d, v) not in cells:
                who.between({("x", d, v): 1}, 0, 0)
    for name in list(who.names):
        who.between({name: 1}, 0)
    return who


def named(what: tuple, cluster: str) -> tuple:
    """The variable of a cluster: ('n',) -> ('n', c); ('x', v) -> ('x', c, v)."""
    return (what[0], cluster, *what[1:])


def hidden(tree: Tree, chats: list[Chat], cells: dict) -> list[tuple[str, str]]:
    """Cells with somebody in them that are not told."""
    found = set()
    for row in tree.rows():
        inside = [chat for chat in chats if chat.cluster in row["base_cluster_ids"]]
        found |= {(row["cluster_id"], chat.value or "") for chat in inside}
    return sorted(found - set(cells))


def exposed(
    con: duckdb.DuckDBPyConnection, tree: Tree, chats: list[Chat], cells: dict, round_to: int,
    known: Sequence[str | None] = (), by_rule: bool = True,
) -> list[tuple]:  # fmt: skip
    """Hidden cells of which too much is known, with what is known of them. known: values that there may be."""
    values = sorted({value or "" for value in (*known, *(chat.value for chat in chats))})
    who = attack(con, tree, values, cells, round_to, by_rule)
    found = []
    inside = {row["cluster_id"]: row["base_cluster_ids"] for row in tree.rows()}
    for c, v in hidden(tree, chats, cells):
        if not v and passes([chat for chat in chats if chat.cluster in inside[c] and not chat.value]):
            continue  # enough people without a value: that is no cell, and nothing to hide
        low, high = who.bounds(("x", c, v))
        if low > 0 and high - low < GATE["min_conversations"]:
            found.append((c, v, low, high))
    return found


def passes(group: list[Chat]) -> bool:
    by_user = Counter(chat.user for chat in group if chat.user is not None)
    return (
        len(by_user) >= GATE["min_users"]
        and len(group) >= GATE["min_conversations"]
        and max(by_user.values()) <= GATE["max_user_share"] * len(group)
    )


def naively(tree: Tree, chats: list[Chat]) -> dict[tuple[str, str], tuple[int, int]]:
    """Every cell that passes the gate by itself: what is told without complementary suppression."""
    cells = {}
    for row in tree.rows():
        for v in {chat.value for chat in chats} - {None}:
            group = [chat for chat in chats if chat.cluster in row["base_cluster_ids"] and chat.value == v]
            if passes(group):
                cells[row["cluster_id"], v] = (len(group), len({chat.user for chat in group} - {None}))
    return cells


# Random small trees and tables

USERS = [f"u{n}" for n in range(7)]
EXAMPLES = int(os.environ.get("CLIO_TEST_EXAMPLES", "15"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink a table takes minutes


@st.composite
def worlds(draw) -> tuple[Tree, list[Chat], list[str | None]]:
    """Up to six base clusters that pass the gate, in up to three levels; few values, so that totals say much."""
    base = [f"c{n}" for n in range(draw(st.integers(1, 6)))]
    levels = []
    below = base
    for level in range(1, draw(st.integers(1, 3))):
        count = draw(st.integers(1, max(1, len(below) - 1)))
        up = {c: f"p{level}_{n if n < count else draw(st.integers(0, count - 1))}" for n, c in enumerate(below)}
        levels.append(up)
        below = sorted(set(up.values()))
    values = draw(st.sampled_from([["a", "b"], ["a", "b", "c"], ["a", "b", None], ["a", "b", "c", "d"]]))
    chats = []
    for cluster in base:
        for value in values:
            size = draw(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9]))
            chats += [Chat(cluster, draw(st.sampled_from(USERS)), value) for _ in range(size)]
        chats += [Chat(cluster, user, values[0]) for user in USERS[:4]] if draw(st.booleans()) else []
    return Tree(levels, base), chats, values


@configure(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(worlds(), st.sampled_from([1, 1, 5]))
def test_no_total_gives_back_what_is_not_told(con, world, round_to):
    tree, chats, values = world
    keep = [c for c in tree.base if passes([chat for chat in chats if chat.cluster == c])]
    tree = Tree([{c: p for c, p in up.items() if c in keep or c not in tree.base} for up in tree.parents], keep)
    chats = [chat for chat in chats if chat.cluster in keep]
    if not keep:
        return
    start(con, round_to=round_to)
    build(con, tree, chats)
    cells = told(con)
    event(f"told: {min(len(cells), 6)}")
    assert exposed(con, tree, chats, cells, round_to, values) == []
    assert broken(con) == {}


def of(cluster: str, **sizes: int) -> list[Chat]:
    """So many conversations of each value, by people who write one each."""
    return [
        Chat(cluster, f"{cluster}{value}{n}", None if value == "none" else value)
        for value, size in sizes.items()
        for n in range(size)
    ]


PLANTED = {
    "a cell is its total minus the rest": (Tree([], ["c0"]), of("c0", a=9, b=1)),
    "nobody told a value": (Tree([], ["c0"]), of("c0", a=9, none=1)),
    "one child of two is hidden": (
        Tree([{"c0": "p", "c1": "p"}], ["c0", "c1"]),
        of("c0", a=9, b=9) + of("c1", a=9, b=1),
    ),
    "two tables of one parent": (
        Tree([{"c0": "p", "c1": "p", "c2": "p"}], ["c0", "c1", "c2"]),
        of("c0", a=9, b=3, c=8) + of("c1", a=9, b=8, c=3) + of("c2", a=9, b=8, c=8),
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_cell_is_had_without_the_rule_and_not_with_it(con, case):
    tree, chats = PLANTED[case]
    start(con)
    build(con, tree, chats)
    naive = exposed(con, tree, chats, naively(tree, chats), 1, by_rule=False)
    assert any(low == high for *_, low, high in naive)
    assert exposed(con, tree, chats, told(con), 1) == []
