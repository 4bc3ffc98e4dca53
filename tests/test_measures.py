"""Measures: numbers told of clusters, so that no user's number can be told from them, in one build or between two."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from conftest import cli
from figures import Chat, Tree, broken, build, keep, start
from test_relations import RELATIONS

import clio_sql
from clio_sql import sources
from clio_sql.errors import InputError, UsageError

TREE = Tree([{"c0": "p", "c1": "p", "c2": "q"}], ["c0", "c1", "c2"])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


def costs(cluster: str, **of: float | str | list) -> list[Chat]:
    """Two conversations of each user at that cost, or one for each cost of a list."""
    return [
        Chat(cluster, user, None, "2026-03-02", cost=cost)
        for user, given in of.items()
        for cost in (given if isinstance(given, list) else [given, given])
    ]


EVEN = [
    *costs("c0", a=1.0, b=2.0, c=3.0, d=4.0),
    *costs("c1", e=2.0, f=2.0, g=2.0, h=[0.5, 1.504]),
    *costs("c2", i=10.0, j=20.0, k=30.0, l=40.0),
]


def told(con: duckdb.DuckDBPyConnection) -> dict[str, tuple]:
    rows = con.execute("select cluster_id, conversations, mean, median, percentile_90 from cluster_measures").fetchall()
    return {cluster: figures for cluster, *figures in rows}


def test_a_measure_is_told_of_all_levels_to_two_digits(con):
    start(con)
    build(con, TREE, EVEN)
    assert broken(con) == {}
    assert told(con) == {
        "c0": [8, 2.5, None, None],  # half of them are of two users
        "c1": [8, 1.8, 2.0, 2.0],
        "c2": [8, 25.0, None, None],
        "p": [16, 2.1, 2.0, None],  # two users wrote what costs 3 and more
        "q": [8, 25.0, None, None],
    }


@pytest.mark.parametrize("rule", [True, False], ids=["the rule", "without it"])
def test_a_cluster_that_one_user_dominates_cannot_be_told_from_its_parent(con, rule):
    # a has 60 of the 100 of c0, but less than half of the 164 of p
    rows = [*costs("c0", a=30.0, b=10.0, c=5.0, d=5.0), *costs("c1", e=8.0, f=8.0, g=8.0, h=8.0), *EVEN[16:]]
    text = RELATIONS["published_measures"].sql
    cells = "from cell_figures where relation = 'cluster_measures' and passes"
    naive = f"select facet, cluster_id, breakdown as measure {cells}"
    begin, end = text.index("published_for_all as ("), text.index("tree as (")
    other = {} if rule else {"published_measures": f"{text[:begin]}published_for_all as ({naive}),\n\n{text[end:]}"}
    start(con)
    build(con, TREE, rows, other)
    means = {cluster: mean for cluster, (_, mean, *_) in told(con).items()}
    assert "c0" not in means and means["p"] == 10.0
    if rule:
        assert "c1" not in means and broken(con) == {}
    else:
        assert 16 * means["p"] - 8 * means["c1"] == 96.0, "near the 100 of c0"
        assert "a_value_is_published_for_all_siblings_or_none" in broken(con)


@pytest.mark.parametrize(
    "rows",
    [
        costs("c2", a=[100.0], b=1.0, c=1.0, d=1.0),  # one user
        costs("c2", a=[41.0], b=[40.0], c=[10.0, 0.0], d=[9.0, 0.0]),  # two of them
        costs("c2", a=[-100.0], b=1.0, c=1.0, d=1.0),
        [*costs("c2", b=1.0, c=1.0, d=1.0), Chat("c2", None, None, cost=100)],  # nobody's is one user's
    ],
)
def test_nothing_is_told_of_a_measure_that_is_mostly_of_one_or_two_users(con, rows):
    start(con)
    build(con, TREE, [*EVEN[:16], *rows])
    assert set(told(con)) == {"c0", "c1", "p"}
    assert broken(con) == {}


@pytest.mark.parametrize("rule", [True, False], ids=["the rule", "without it"])
def test_one_more_user_moves_no_mean(con, rule):
    more = costs("c1", x=6.0)
    start(con)
    build(con, TREE, EVEN)
    keep(con)
    before = told(con)
    other = (
        {}
        if rule
        else {"measured_figures": RELATIONS["measured_figures"].sql.replace("from waiting", "from waiting where false")}
    )
    build(con, TREE, [*EVEN, *more], other)
    if rule:
        assert told(con) == before and broken(con) == {}
        keep(con)
        build(con, TREE, [*EVEN, *more, *costs("c1", y=6.0)])
        assert told(con)["c1"][1] == pytest.approx(3.2) and broken(con) == {}
    else:
        assert round(10 * told(con)["c1"][1] - 8 * before["c1"][1], 1) == 11.6, "near the 12 of x"
        assert "no_measure_moved_without_enough_people" in broken(con)


def test_numbers_of_one_user_that_change_move_no_mean(con):
    start(con)
    build(con, TREE, EVEN)
    keep(con)
    before = told(con)
    one = [*EVEN[:8], *costs("c1", e=4.0, f=2.0, g=2.0, h=[0.5, 1.504]), *EVEN[16:]]
    build(con, TREE, one)
    assert told(con) == before and broken(con) == {}
    keep(con)
    build(con, TREE, [*EVEN[:8], *costs("c1", e=4.0, f=4.0, g=2.0, h=[0.5, 1.504]), *EVEN[16:]])
    assert told(con)["c1"][1] == 2.8 and broken(con) == {}


def test_who_is_gone_leaves_no_name_and_moves_nothing(con):
    start(con)
    build(con, TREE, EVEN)
    keep(con)
    before = told(con)
    build(con, TREE, [chat for chat in EVEN if chat.user != "a"])
    assert told(con) == before and broken(con) == {}
    assert con.execute("select user_id, people, amounts from measured_figures where cluster_id = 'c0' "
                       "and (user_id = 'a' or user_id is null)").fetchall() == [(None, 1, [1.0, 1.0])]  # fmt: skip


def test_how_many_have_a_number_is_told_only_where_none_or_enough_have_none(con):
    blank = [Chat("c2", user, None, "2026-03-02") for user in "ij"]
    start(con)
    build(con, TREE, [*EVEN, *blank[:1]])
    assert told(con)["c2"] == [None, 25.0, None, None] and broken(con) == {}
    start(con)
    build(con, TREE, [*EVEN, *blank, *blank])
    assert told(con)["c2"] == [8, 25.0, None, None] and broken(con) == {}


def test_what_is_no_number_counts_as_none(con):
    odd = [Chat("c2", user, None, "2026-03-02", cost=cost) for user in "ij" for cost in ("nan", "inf", "-inf")]
    start(con)
    build(con, TREE, [*EVEN, *odd])
    assert told(con)["c2"] == [8, 25.0, None, None] and broken(con) == {}


def test_in_safety_mode_all_is_told(con):
    start(con, mode="safety")
    build(con, TREE, [*EVEN[:16], *costs("c2", a=[100.0], b=[1.0])])
    assert told(con)["c2"] == [2, 50.0, 1.0, 100.0] and len(told(con)) == 5


def test_two_digits(con):
    numbers = [0.012349, 1850.0, -0.0449, 0.0, 1e300, 1e-300, 99.6]
    query = "select clio_two_digits(unnest($1::double[]))"
    assert [n for (n,) in con.execute(query, [numbers]).fetchall()] == [
        0.012,
        1800.0,
        -0.045,
        0.0,
        1e300,
        1e-300,
        100.0,
    ]
    query = "select clio_two_digits(unnest([null, 'nan', 'inf', '-inf']::double[]))"
    assert con.execute(query).fetchall() == [(None,)] * 4


def test_dominance_that_is_not_known_is_dominance(con):
    cases = (
        "(5, 8, 10, 0.5), (5.1, 8, 10, 0.5), (5, 8.1, 10, 0.5), (9, 10, 10, 1), (0, 0, 0, 0.5), (null, 8, 10, 0.5), "
    )
    cases += "(5, 8, 'nan'::double, 0.5), (5, 8, 'inf'::double, 0.5), (5, 8, 10, null), (5, 8, 10, 'nan'::double)"
    query = f"select clio_dominated(a::double, b::double, c::double, d::double) from (values {cases}) t(a, b, c, d)"
    assert [row for (row,) in con.execute(query).fetchall()] == [False, True, True, False, False, *[True] * 5]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"measures": ["cost"]}, InputError, "measure 'cost' does not exist. Columns of numbers: cost_usd, rating"),
        (
            {"measures": ["plan"]},
            InputError,
            "measure 'plan' is no number in 2 of 3 conversations. A measure is a column",
        ),
        ({"measures": ["empty"]}, InputError, "measure 'empty' has no number: it is empty, NaN or infinite"),
        ({"measures": ["rating"], "breakdowns": ["rating"]}, UsageError, "measure 'rating' is also a breakdown"),
        ({"measures": "rating"}, UsageError, r"Give \['rating'\]"),
    ],
)
def test_a_measure_that_is_none_is_refused(tmp_path, given, error, message):
    path = tmp_path / "chats.parquet"
    with duckdb.connect() as con:
        con.execute(f"""copy (
            select 'c' || i as conversation_id, 'u' || i as user_id, timestamp '2026-03-02' as created_at,
                [{{'role': 'user', 'content': 'hello'}}] as messages, ['free', '7', 'secret word'][i] as plan,
                0.1 * i as cost_usd, if(i = 1, null, i) as rating, if(i = 1, null, 'nan'::double) as empty
            from range(1, 4) t(i)) to '{path}'""")
        if not isinstance(given["measures"], str):
            with pytest.raises(error, match=message) as told:
                sources.read(con, path, **given)
            assert "secret" not in str(told.value)
            assert con.execute("select count(*) from duckdb_tables() where table_name = 'source'").fetchall() == [(0,)]
            options = [f"--{kind}={name}" for kind in ("measure", "breakdown") for name in given.get(f"{kind}s", ())]
            done = cli("run", path, "--into", tmp_path / "out", *options)
            assert done.returncode == error("").exit_code and not (tmp_path / "out" / "published.duckdb").exists()
    with clio_sql.connect() as con:
        con.execute(f"create schema mine; create table mine.chats as from '{path}'")
        with pytest.raises(error, match=message):
            clio_sql.install(con, "mine.chats", **given)
        assert con.execute("select count(*) from duckdb_schemas() where schema_name = 'clio'").fetchall() == [(0,)]
