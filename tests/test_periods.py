"""The period of trends: which one is chosen, that it is kept, and that two of them together give nothing away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import duckdb
import pytest
from figures import Chat, Tree, broken, build, clusters, keep, start, told
from test_relations import RELATIONS

import clio_sql

TREE = Tree([{"c0": "p", "c1": "p"}], ["c0", "c1"])
OVERLAPS = {"family_values": ("anti join (select *, 'cluster_trends' as relation from overlapping) as overlapping\n"
                              "        using (facet, level, family, relation, breakdown, value)", "")}  # fmt: skip
LEFT_OVER = {"left_cells": ("and cells.value = earlier.value", "and cells.value = earlier.value and false")}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


def without(rule: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Packaged SQL with a rule taken out."""
    assert all(old in RELATIONS[name].sql for name, (old, _) in rule.items())
    return {name: RELATIONS[name].sql.replace(old, new) for name, (old, new) in rule.items()}


def week_of(monday: str, users: int = 4, clusters: tuple[str, ...] = ("c0", "c1")) -> list[Chat]:
    """So many users of each cluster, with a conversation each."""
    return [Chat(cluster, f"{cluster}{user}", None, monday) for cluster in clusters for user in range(users)]


def weeks(first: str, number: int, users: int = 4) -> list[Chat]:
    begin = date.fromisoformat(first)
    return [chat for week in range(number) for chat in week_of(str(begin + timedelta(7 * week)), users)]


def change(con: duckdb.DuckDBPyConnection, period: str | None = None, refit: bool = False) -> None:
    """Before the next build: what settings say, and whether it is one with --refit."""
    con.execute("update settings set period = ?", [period])
    con.execute("update build_info set refit = ?", [refit])


def chosen(con: duckdb.DuckDBPyConnection) -> tuple[str, str | None]:
    return con.execute("select period, reason from trend_period").fetchall()[0]


# Which one


def test_the_finest_at_which_half_of_the_clusters_have_a_trend_is_chosen(con):
    start(con, period=None)
    build(con, TREE, weeks("2026-03-02", 13))
    assert chosen(con) == ("week", "first")
    assert con.execute("select trends, clusters from trend_period").fetchall() == [(3, 3)]
    start(con, period=None)
    build(con, TREE, weeks("2026-03-02", 17, users=1) + weeks("2026-03-10", 4, users=1))  # a week is of one user
    thin = [Chat(cluster, f"{cluster}{week}", None, str(date(2026, 3, 2) + timedelta(7 * week)))
            for cluster in ("c0", "c1") for week in range(18)]  # fmt: skip
    start(con, period=None)
    build(con, TREE, thin)
    assert chosen(con) == ("month", "first")
    assert {value for _, value in told(con, "cluster_trends")} == {
        "2026-03-01",
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
    }
    assert broken(con) == {}


def test_it_is_kept_until_it_is_asked_for_or_set(con):
    thin = [Chat(cluster, f"{cluster}{week}", None, str(date(2026, 3, 2) + timedelta(7 * week)))
            for cluster in ("c0", "c1") for week in range(18)]  # fmt: skip
    start(con, period=None)
    build(con, TREE, thin)
    keep(con)
    dense = thin + weeks("2026-07-06", 40)
    build(con, TREE, dense)
    assert chosen(con) == ("month", None), "weeks would do by now"
    keep(con)
    change(con, refit=True)
    build(con, TREE, dense)
    assert chosen(con) == ("month", "asked"), "months were told of this time, so weeks would tell little"
    keep(con)
    change(con, "quarter")
    build(con, TREE, dense)
    assert chosen(con) == ("quarter", "settings")
    assert told(con, "cluster_trends") == {}
    assert broken(con) == {}


# Two builds of different period


def attack_two_periods(
    con: duckdb.DuckDBPyConnection, first: dict, now: dict, cluster: str, month: tuple[str, str]
) -> int | None:
    """A month that is told now minus the weeks of it that were told before: the conversations of a few days."""
    begin, end = month
    if (cluster, begin) not in now:
        return None
    inside = [n for (of, monday), (n, _) in first.items() if of == cluster and begin <= monday < end]
    return now[cluster, begin][0] - sum(inside) if inside else None


@pytest.mark.parametrize("rule", [True, False], ids=["the rule", "without it"])
def test_a_month_minus_its_weeks_gives_nobody_away(con, rule):
    # in c0 one user of the end of March, and in April two more: each too few for a week, together enough to be left out
    few = [Chat("c0", user, None, day) for user, day in
           (("x", "2026-03-31"), ("y", "2026-04-07"), ("y", "2026-04-08"),
            ("z", "2026-04-15"), ("z", "2026-04-16"))]  # fmt: skip
    rows = weeks("2026-03-02", 4) + few + week_of("2026-04-13", 4, ("c1",)) + week_of("2026-03-30", 4, ("c1",))
    start(con, period="week")
    build(con, TREE, rows)
    before = told(con, "cluster_trends")
    assert len([value for of, value in before if of == "c0"]) == 4 and broken(con) == {}
    keep(con)
    change(con, "month")
    build(con, TREE, rows, {} if rule else without(OVERLAPS | LEFT_OVER))
    found = attack_two_periods(con, before, told(con, "cluster_trends"), "c0", ("2026-03-01", "2026-04-01"))
    assert found == (None if rule else 1)
    assert ("no_time_is_published_by_two_periods" in broken(con)) is not rule


@pytest.mark.parametrize("rule", [True, False], ids=["the rule", "without it"])
def test_what_is_between_old_weeks_and_new_months_is_enough_or_not_told(con, rule):
    """The total minus all weeks told before and all months told now: the conversations in between."""
    start(con, period="week")
    build(con, TREE, weeks("2026-03-02", 4))
    before = told(con, "cluster_trends")
    assert len(before) == 3 * 4
    keep(con)
    change(con, "month")
    lone = [Chat("c0", "x", None, "2026-04-15")]
    rows = weeks("2026-03-02", 4) + lone + weeks("2026-05-04", 4, 8) + weeks("2026-06-01", 4, 9)
    build(con, TREE, rows, {} if rule else without(LEFT_OVER))
    now = told(con, "cluster_trends")
    both = sum(n for told_then in (before, now) for (of, _), (n, _) in told_then.items() if of == "c0")
    left = clusters(con)["c0"][0] - both
    assert left > 4 if rule else left == 1
    assert any(of == "c0" for of, _ in now), "new months are told"
    if rule:
        assert broken(con) == {}


def test_a_period_of_an_earlier_build_is_remembered_over_builds_and_parents(con):
    """Weeks, then months, then weeks of new parents of the same clusters: no time is told twice."""
    spans: set[tuple[str, str, str]] = set()
    for period, tree in (("week", TREE), ("month", TREE), ("week", Tree([{"c0": "q", "c1": "q"}], ["c0", "c1"]))):
        if not spans:
            start(con, period=period)
        change(con, period)
        build(con, tree, weeks("2026-03-02", 22) if period == "month" else weeks("2026-03-02", 8 if not spans else 30))
        assert broken(con) == {}
        spans |= {(period, cluster, value) for cluster, value in told(con, "cluster_trends")}
        keep(con)
    under = {"p": "c0", "q": "c0"}
    end = {"week": lambda day: day + timedelta(7), "month": lambda day: (day + timedelta(31)).replace(day=1)}
    ranges = [(p, under.get(c, c), date.fromisoformat(v), end[p](date.fromisoformat(v))) for p, c, v in spans]
    assert {p for p, *_ in ranges} == {"week", "month"}
    assert not [
        (one, two) for one in ranges for two in ranges
        if one[0] != two[0] and one[1] == two[1] and one[2] < two[3] and two[2] < one[3]
    ]  # fmt: skip
