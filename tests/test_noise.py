"""Counts with noise: what one person can change, how much noise that takes, and what the builds add up to."""

from __future__ import annotations

import importlib.util
import io
import statistics
from collections import Counter
from pathlib import Path

import chats
import duckdb
import paid
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from rich.console import Console
from test_relations import empty, packaged, result, table

import clio_sql
from clio_sql.analysis import contracts
from clio_sql.builder.progress import Steps
from clio_sql.errors import SqlError, StateError
from clio_sql.run.analyse import analyse
from clio_sql.warehouse import noise

pytest.importorskip("opendp", reason="the extra dp is not installed")
BREAKDOWNS = ("plan", "team", "language")
ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(["x", "y", None])),
    max_size=25,
)


@pytest.fixture(scope="module")
def memory():
    with clio_sql.connect() as con:
        yield con


def cells(con: duckdb.DuckDBPyConnection, rows: list[tuple]) -> Counter:
    """Every noisy figure of (user, cluster, value) rows, by where it stands."""
    names = ["conversation_id", "user_id", "facet", "level", "cluster_id"]
    members = [dict(zip(names, (f"{u}{n}", u, "request", 0, c), strict=True)) for n, (u, c, _) in rows]
    table(con, "memberships", names, members)
    told = [
        dict(conversation_id=f"{u}{n}", breakdown=breakdown, value=value)
        for n, (u, _, value) in rows
        for breakdown in BREAKDOWNS
        if value
    ]
    table(con, "breakdowns", ["conversation_id", "breakdown", "value"], told)
    times = [dict(conversation_id=f"{u}{n}", created_at=f"2026-03-{1 + n:02d}") for n, (u, _, _) in rows]
    table(con, "segments", ["conversation_id", "created_at"], times)
    found: Counter = Counter()
    for *place, conversations, users in result(con, "noisy_cells"):
        found[*place, "conversations"], found[*place, "users"] = conversations, users
    return found


@configure(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS, st.integers(1, 4))
def test_no_one_person_changes_more_than_the_bound(memory, rows, most):
    empty(memory)
    packaged(memory, "settings", epsilon=1.0, conversations_per_user=most, period="day")
    packaged(memory, "facets")
    memory.execute("create table input as select ['plan', 'team'] as breakdowns")
    memory.execute("create table trend_period as select 'day' as period")
    ((_, bound),) = result(memory, "noise_bound")
    numbered = list(enumerate(rows))
    whole = cells(memory, numbered)
    for person in "abcd":
        without = cells(memory, [row for row in numbered if row[1][0] != person])
        moved = sum(abs(whole[place] - without[place]) for place in {*whole, *without})
        assert moved <= bound
        assert all(whole[place] >= without[place] for place in without)  # nobody else's rows move


@pytest.mark.parametrize(("sensitivity", "epsilon"), [(16, 1.0), (108, 0.5), (1, 20.0), (400, 0.01)])
def test_the_scale_is_the_one_that_the_bound_needs(sensitivity, epsilon):
    mechanism = noise.laplace(sensitivity, epsilon)
    assert mechanism.map(sensitivity) == pytest.approx(epsilon) and mechanism.map(sensitivity) <= epsilon
    assert mechanism.map(2 * sensitivity) == pytest.approx(2 * epsilon)
    released = mechanism([1000] * 4000)
    assert all(type(count) is int for count in released)
    # of Laplace noise the mean distance is its scale; 4,000 draws miss it by more than a tenth once in 10^9 times
    scale = sensitivity / epsilon
    assert scale < 1 or statistics.mean(abs(count - 1000) for count in released) == pytest.approx(scale, rel=0.1)


def run(path: Path, out: Path, analysis: Path) -> None:
    analyse(str(path), out, Steps(Console(file=io.StringIO())), analysis=analysis)


def clusters(out: Path) -> list[tuple]:
    return [row[:9] for row in chats.published(out)["clusters"]]


@pytest.mark.parametrize("turned_off", [False, True])
def test_the_budget_is_told_and_added_up(tmp_path, turned_off):
    """turned_off: the noise, for one run in between; the next draws it anew for the same cells."""
    path, out = chats.write(tmp_path / "a.jsonl", chats.chats(240)), tmp_path / "out"
    noisy = {"epsilon": 15.0, "conversations_per_user": 2, "round_to": 1}
    analysis = paid.folder(tmp_path / "analysis", **noisy)

    def about() -> tuple:
        with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
            return con.execute("select epsilon, epsilon_spent, conversations_per_user from about").fetchone()

    run(path, out, analysis)
    first = clusters(out)
    assert about() == (15.0, 15.0, 2)
    run(path, out, analysis)  # nothing is new: the same figures, and nothing more is spent
    assert (clusters(out), about()) == (first, (15.0, 15.0, 2))
    run(chats.write(path, chats.chats(246)), out, analysis)
    assert about() == (15.0, 30.0, 2)
    if turned_off:
        run(path, out, paid.folder(analysis, **noisy | {"epsilon": "null"}))
        assert about()[:2] == (None, 30.0) and chats.warehouse(out, "from clio.noise") == []
        run(path, out, paid.folder(analysis, **noisy))  # the same cells, whose noise is gone
        assert clusters(out) and about() == (15.0, 45.0, 2)
    draws = chats.warehouse(out, "select draw, epsilon, sensitivity from clio_state.noise_draws order by draw")
    assert draws == [(draw, 15.0, 2 * 7 * 2) for draw in range(1, 4 if turned_off else 3)]
    assert first and all(row[6] >= 8 and row[7] >= 5 for row in first)  # the thresholds hold for what is told

    # what is published is the noisy table, and no exact figure is beside it
    noisy_rows = chats.warehouse(out, "select cluster_id, conversations from clio.noise where relation = 'clusters'")
    told = {row[2]: row[6] for row in clusters(out) if row[1] == 0}
    assert told.items() <= dict(noisy_rows).items()
    assert chats.published(out)["held_back"] == [] and "(other)" not in told
    for row in clusters(out):
        if row[1] > 0:  # a parent is the sum of its published children
            assert row[6] == sum(child[6] for child in clusters(out) if child[3] == row[2])

    (analysis / "published").mkdir()
    (analysis / "published" / "more.sql").write_text("-- One row a cluster, once more.\nselect users from clusters")
    before = (out / "published.duckdb").read_bytes()
    with pytest.raises(StateError, match=r"more: settings\.sql has an epsilon"):
        run(path, out, analysis)
    assert (out / "published.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epsilon": 0.0}, r"epsilon is 0.0; allowed: null \(no noise\), or above 0"),
        ({"epsilon": -1.0}, "epsilon is -1.0"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
        ({"epsilon": 1e9}, "and 20 at most"),
        ({"epsilon": 1.0, "conversations_per_user": 0}, "conversations_per_user is 0"),
        ({"epsilon": 1.0, "mode": "safety", "round_to": 1}, "counts exactly; set epsilon to null"),
    ],
)
def test_settings_that_bound_nothing_are_refused(memory, settings, said):
    empty(memory)
    packaged(memory, "settings", **settings)
    with pytest.raises(SqlError, match=said):
        contracts.check(memory, "settings")


def test_without_the_extra_it_is_said_what_to_install(memory, monkeypatch):
    empty(memory)
    packaged(memory, "settings", epsilon=1.0)
    found = importlib.util.find_spec
    monkeypatch.setattr(contracts, "find_spec", lambda name: None if name == "opendp" else found(name))
    with pytest.raises(SqlError, match=r"pip install 'clio-sql\[dp\]'"):
        contracts.check(memory, "settings")
