"""Signals and comparisons: rules in SQL over published figures, on simulated worlds, and what the commands say."""

from __future__ import annotations

import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import here
from scipy import stats

import clio_sql
from clio_sql.cli.signals import ALERT, SIGNALS

MONDAY = datetime.date(2026, 1, 5)
WEEKS = 52


@pytest.fixture(scope="module")
def con():
    con = clio_sql.connect()
    con.execute(
        "create table about as select 'week' as period, 5 as round_to, 20 as min_conversations_cell, "
        "null::date as trends_from, null::date as trends_until"
    )
    yield con
    con.close()


def put(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple]) -> None:
    table = pa.table(dict(zip(columns.split(), map(list, zip(*rows, strict=True)), strict=True)))
    con.register("given", table)
    con.execute(f"create or replace table {name} as from given")
    con.unregister("given")


def rounded(count: float) -> int:
    return round(count / 5) * 5


# Signals


def written(rng: np.random.Generator, users: float, repeats: float) -> int:
    """Conversations of a week: users come at random, and each writes a geometric number of them."""
    return int(rng.geometric(1 / repeats, rng.poisson(users)).sum())


def signals(con: duckdb.DuckDBPyConnection, series: dict[str, list[int]], weeks: list[int], gate: int = 20) -> list:
    """(first weeks that are known, cluster, signal): each number of `weeks` is a published file of its own."""
    trends, totals = [], []
    for known in weeks:
        for cluster, counts in series.items():
            totals.append((str(known), cluster, rounded(sum(counts[:known])), 10))
            for week, count in enumerate(counts[:known]):
                if count >= gate:
                    day = MONDAY + datetime.timedelta(weeks=week)
                    trends.append((str(known), cluster, day, rounded(count), rounded(count / 2), True))
    put(con, "cluster_trends", "facet cluster_id period conversations users complete", trends)
    put(con, "clusters", "facet cluster_id conversations users", totals)
    query = "select facet::integer, cluster_id, signal from clio_signals('clusters', 'cluster_trends', 'about')"
    return con.execute(query).fetchall()


@pytest.mark.parametrize("repeats", [1.0, 3.0])
def test_shuffled_weeks_raise_less_than_one_false_alarm_for_a_hundred_clusters_and_weeks(con, repeats):
    rng = np.random.default_rng(0)
    series = {}
    for number, size in enumerate([15, 20, 25, 40, 80, 300] * 15):  # around the gate, and far above it
        counts = [written(rng, size / repeats, repeats) for _ in range(WEEKS)]
        rng.shuffle(counts)
        series[f"c{number}"] = counts
    found = signals(con, series, list(range(7, WEEKS, 3)))
    alarms = sum(signal != "steady" for *_, signal in found)
    assert len(found) > 1000 and 100 * alarms / len(found) < 1


def test_what_changed_is_found_and_named(con):
    rng = np.random.default_rng(1)
    usual = {name: [written(rng, 30, 1.5) for _ in range(20)] for name in "abcdef"}
    usual["new"] = [0] * 17 + [45, 50, 60]
    usual["spiking"] = [*usual["a"][:19], 120]
    usual["rising"] = [*usual["b"][:17], 90, 100, 110]
    usual["fading"] = [*usual["c"][:17], 5, 5, 5]  # below the gate, so not published
    usual["cooling"] = [written(rng, 180, 1.5) for _ in range(17)] + [150, 155, 160]
    found = {cluster: signal for _, cluster, signal in signals(con, usual, [20])}
    assert {name: found[name] for name in usual if len(name) > 1} == {name: name for name in usual if len(name) > 1}
    assert {found[name] for name in "abcdef"} == {"steady"}


def test_what_is_only_hidden_is_not_taken_for_nothing(con):
    """A sibling that is too small holds back weeks of a large cluster: the last is not new, the first no spike."""
    counts = [60] * 15
    put(con, "clusters", "facet cluster_id conversations users", [("f", "c", 900, 300), ("f", "d", 900, 300)])
    shown = [("f", "d", MONDAY + datetime.timedelta(weeks=week), 60, 30, True) for week in range(15)]
    shown += [
        ("f", "c", MONDAY + datetime.timedelta(weeks=week), count, 30, True)
        for week, count in enumerate(counts)
        if week == 14
    ]
    put(con, "cluster_trends", "facet cluster_id period conversations users complete", shown)
    query = "select cluster_id, signal from clio_signals('clusters', 'cluster_trends', 'about') order by cluster_id"
    assert con.execute(query).fetchall() == [("c", "steady"), ("d", "steady")]


def test_too_few_weeks_are_not_judged(con):
    assert signals(con, {"c": [40, 40, 40, 40, 40, 400]}, [6]) == []


def test_a_spike_is_seen_where_no_other_week_of_any_cluster_is_published(con):
    """`about` says which weeks the input covers, so weeks that no cluster publishes count as weeks."""
    series = {"c": [5] * 11 + [60]}
    assert signals(con, series, [12]) == []
    until = MONDAY + datetime.timedelta(weeks=11)
    con.execute(f"create or replace temp table about as select * replace (date '{MONDAY}' as trends_from, "
                f"date '{until}' as trends_until) from about")  # fmt: skip
    assert signals(con, series, [12]) == [(12, "c", "spiking")]
    con.execute("drop table temp.about")


def test_the_spike_of_the_demo_is_told_with_exit_code_8(demo_out):
    plain, alerted = here("signals", demo_out), here("signals", demo_out, "--alert", "new, spiking")
    assert plain.returncode == 0 and alerted.returncode == ALERT == 8
    assert plain.stdout == alerted.stdout and "spiking" in plain.stdout and "steady: " in plain.stdout
    assert here("signals", demo_out, "--alert", "fading").returncode == 0


def test_a_signal_that_does_not_exist_is_wrong_usage(demo_out):
    done = here("signals", demo_out, "--alert", "new,exploding")
    assert done.returncode == 2
    assert f"--alert 'exploding': no such signal; allowed: {', '.join(SIGNALS)}" in done.stderr


# Comparisons


def compared(con: duckdb.DuckDBPyConnection, cells: list[tuple]) -> list[dict]:
    """cells: facet, cluster, value, conversations, users."""
    put(con, "cluster_facets", "facet cluster_id breakdown value conversations users",
        [(facet, cluster, "plan", value, count, users) for facet, cluster, value, count, users in cells])  # fmt: skip
    con.execute("""
        create or replace table clusters as
        select facet, cluster_id, 0 as level, sum(conversations)::bigint as conversations, sum(users)::bigint as users
        from cluster_facets group by all;
        create or replace table cluster_trends as
        select '' as facet, '' as cluster_id, date '2026-01-05' as period, 1 as conversations, 1 as users,
            true as complete
        where false
    """)
    return con.sql("from clio_compare('plan', 'a', 'b') order by facet, cluster_id").to_arrow_table().to_pylist()


def world(rng: np.random.Generator, shares: np.ndarray, users: int, loyal: float) -> tuple[np.ndarray, np.ndarray]:
    """Conversations and users of each cluster: a user writes some, mostly of the one thing that they came for."""
    sizes = rng.geometric(1 / 2.5, users)
    home = rng.choice(len(shares), users, p=shares)
    who = np.repeat(np.arange(users), sizes)
    where = np.where(rng.random(len(who)) < loyal, home[who], rng.choice(len(shares), len(who), p=shares))
    conversations = np.bincount(where, minlength=len(shares))
    distinct = np.unique(np.stack([where, who]), axis=1)
    return conversations, np.bincount(distinct[0], minlength=len(shares))


@pytest.mark.parametrize("loyal", [0.0, 0.7, 1.0])
def test_intervals_hold_for_users_and_q_is_that_of_scipy(con, loyal):
    rng = np.random.default_rng(2)
    truth = {"a": np.array([0.4, 0.25, 0.15, 0.1, 0.1]), "b": np.array([0.3, 0.25, 0.2, 0.15, 0.1])}
    cells = []
    for draw in range(400):
        for value, users in (("a", 400), ("b", 150)):
            counts = world(rng, truth[value], users, loyal)
            cells += [
                (f"{draw:03}", f"c{n}", value, rounded(c), rounded(u))
                for n, (c, u) in enumerate(zip(*counts, strict=True))
            ]
    found = compared(con, cells)
    difference = truth["a"] - truth["b"]
    covered = [row["low"] <= difference[int(row["cluster_id"][1])] <= row["high"] for row in found]
    assert len(found) == 2000 and np.mean(covered) >= 0.93
    assert np.mean([row["high"] - row["low"] for row in found]) < 0.3  # not by being useless
    one = [row for row in found if row["facet"] == "007"]
    error = [(row["high"] - row["low"]) / 2 / 1.96 for row in one]
    p = 2 * stats.norm.sf([abs(row["difference"]) / e for row, e in zip(one, error, strict=True)])
    assert [row["q"] for row in one] == pytest.approx(stats.false_discovery_control(p), abs=1e-5)


def test_a_value_that_is_hidden_is_not_compared(con):
    cells = [("f", f"c{n}", "a", count, 40) for n, count in enumerate((100, 80, 20))] + [("f", "c0", "b", 50, 30)]
    rows = [(row["cluster_id"], row["share_a"], row["share_b"]) for row in compared(con, cells)]
    assert rows == [("c0", 0.5, 1), ("c1", 0.4, 0), ("c2", 0.1, 0)]  # what adds up to a cluster leaves nothing for b
    con.execute("update clusters set conversations = 140 where cluster_id = 'c1'")  # 60 of it are held back
    query = "select cluster_id, share_a from clio_compare('plan', 'a', 'b') order by cluster_id"
    assert con.execute(query).fetchall() == [("c0", 100 / 120), ("c2", 20 / 120)]
    con.execute("delete from clusters where cluster_id = 'c2'")
    assert con.execute(query).fetchall() == []  # one alone has all of both


def test_the_command_line_lists_the_comparison_and_the_published_file_answers_it(demo_out):
    assert "clio_compare(breakdown, a, b): what differs between two values" in here("functions").stdout
    query = "select count(*) from clio_compare('plan', 'free', 'pro')"
    for published in ([], ["--published"]):
        done = here("sql", demo_out, *published, "-c", query)
        assert done.returncode == 0, done.stderr
