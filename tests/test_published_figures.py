"""From one build to the next: no published figure moves for fewer than min_users people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb
import pytest
from figures import Chat, Tree, broken, build, clusters, keep, start, told
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from published_file import make
from test_relations import RELATIONS
from warehouse import read

import clio_sql
from clio_sql.builder import last
from clio_sql.published.files import built_at as when_built

TREE = Tree([{"c0": "p", "c1": "p"}], ["c0", "c1"])
LONELY = Tree([], ["c0"])
CLUSTERS = ("c0", "c1")


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as con:
        yield con


def by(users: str, cluster: str | None = "c0", value: str = "a", times: int = 2) -> list[Chat]:
    """Each of these people, one letter each, says it so many times."""
    return [Chat(cluster, user, value) for user in users for _ in range(times)]


def publish(con: duckdb.DuckDBPyConnection, tree: Tree, chats: Sequence[Chat]) -> dict:
    build(con, tree, chats)
    assert broken(con) == {}
    keep(con)
    return clusters(con)


def test_a_figure_waits_until_enough_people_came(con):
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcd"))
    assert first == {"c0": (8, 4)}
    assert publish(con, LONELY, by("abcde")) == first  # one person more
    assert publish(con, LONELY, by("abcdef")) == first  # and one more: two since the figure was set
    assert publish(con, LONELY, by("abcdefg")) == {"c0": (14, 7)}


def test_a_figure_waits_until_enough_people_came_or_went(con):
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcde") + by("h", "c1"))
    assert publish(con, LONELY, by("abcdf") + by("he", "c1")) == first  # e went elsewhere, f came
    assert publish(con, LONELY, by("abcdfg") + by("he", "c1")) == {"c0": (12, 6)}


def test_what_the_same_people_add_waits_until_they_are_enough(con):
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcd"))
    assert publish(con, LONELY, by("abcd") + by("ab")) == first
    assert publish(con, LONELY, by("abcd") + by("abc")) == {"c0": (14, 4)}


def test_one_who_came_is_not_told_among_many_who_add(con):
    """The number of people would tell it."""
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcd"))
    assert publish(con, LONELY, by("abcd", times=3) + by("e")) == first


def test_new_weeks_of_the_same_people_are_told(con):
    start(con, min_users=3)
    publish(con, LONELY, by("abcd"))
    publish(con, LONELY, by("abcd") + by("abcd", value="b", times=3))
    assert told(con) == {("c0", "a"): (8, 4), ("c0", "b"): (12, 4)}


def test_near_identical_texts_of_a_few_do_not_move_a_figure(con):
    """Somebody with accounts enough to move it alone would see who else came with them."""
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcd"))
    alike = [Chat("c0", user, "a", independent=user == "e") for user in "efgh"]
    assert publish(con, LONELY, [*by("abcd"), *alike]) == first
    assert publish(con, LONELY, [*by("abcd"), *alike, *by("ij")]) == {"c0": (16, 10)}


def test_a_cell_needs_its_margin_until_it_is_published(con):
    for margin, published in ((0, {("c0", "a"): (8, 4), ("c0", "b"): (8, 4)}), (1000, {})):
        start(con, min_users=3, threshold_margin=margin, threshold_margin_of="all")
        publish(con, LONELY, by("abcd") + by("efgh", value="b"))
        assert told(con) == published
    con.execute("update settings set threshold_margin = 0")
    publish(con, LONELY, by("abcd") + by("efgh", value="b"))
    assert told(con) != {}
    con.execute("update settings set threshold_margin = 1000")
    publish(con, LONELY, by("abc") + by("efg", value="b"))
    assert told(con) != {}  # it was published, and has min_users


def test_near_identical_texts_of_a_few_do_not_carry_a_cell(con):
    start(con, min_users=3)
    alike = [Chat("c0", user, "b", independent=user == "e") for user in "efgh" for _ in range(2)]
    publish(con, LONELY, by("abcd") + alike)
    assert told(con) == {}
    assert clusters(con) == {"c0": (16, 8)}


def test_a_parent_follows_from_its_published_children(con):
    start(con, min_users=3)
    assert publish(con, TREE, by("abcd") + by("abcd", "c1"))["p"] == (16, 4)
    grown = publish(con, TREE, by("abcde") + by("abcdxyz", "c1"))
    assert grown == {"c0": (8, 4), "c1": (14, 7), "p": (22, 7)}


def test_a_cell_waits_though_its_cluster_is_set_anew(con):
    """Else the new total and the old cells would tell who came to the last one."""
    start(con, min_users=3)
    publish(con, LONELY, by("abcd") + by("efgh", value="b"))
    before = told(con)
    assert before == {("c0", "a"): (8, 4), ("c0", "b"): (8, 4)}
    assert publish(con, LONELY, by("abcdxyz") + by("efghi", value="b")) == {"c0": (24, 12)}
    assert told(con) == before  # one person came to b
    publish(con, LONELY, by("abcdxyz") + by("efghijk", value="b"))
    assert told(con) == before  # two more, but the total waits: two came since it was set
    publish(con, LONELY, by("abcdxyz") + by("efghijkl", value="b"))
    assert told(con) == {("c0", "a"): (14, 7), ("c0", "b"): (16, 8)}


def test_a_cell_that_waits_is_held_back_once_its_cluster_is_smaller(con):
    """A share above 1 would be wrong, and everybody would see it."""
    start(con, min_users=3)
    publish(con, LONELY, by("abcdefgh") + by("ijk", value="b"))
    before = told(con)
    assert before == {("c0", "a"): (16, 8), ("c0", "b"): (6, 3)}
    assert publish(con, LONELY, by("abcd") + by("ijkl", value="b") + by("efgh", "c1"))["c0"] == (16, 8)
    assert told(con) == before  # one person came to b
    start(con, min_users=3)
    publish(con, LONELY, by("abcdefgh") + by("ijk", value="b"))
    assert publish(con, LONELY, by("abc") + by("ijkl", value="b") + by("defgh", "c1"))["c0"] == (14, 7)
    assert told(con) == {}  # 16 of 14


def test_the_gate_comes_before_the_old_figure(con):
    start(con, min_users=3, min_conversations=3)
    publish(con, LONELY, by("abcd") + by("efg", value="b"))
    assert told(con) == {("c0", "a"): (8, 4), ("c0", "b"): (6, 3)}
    assert publish(con, LONELY, by("abcd") + by("ef", value="b") + by("g", "c1")) == {"c0": (14, 7)}
    assert told(con) == {}  # b is of two people now; and a alone would tell of them


def test_who_is_erased_leaves_the_basis_and_the_figure_stays(con):
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcde"))
    assert publish(con, LONELY, by("abcd")) == first
    assert con.execute("select count(*) from published_figures where user_id = 'e'").fetchone() == (0,)
    figure = "select sum(people), sum(conversations) from published_figures where relation = 'clusters'"
    assert con.execute(figure).fetchone() == (5, 10)
    assert publish(con, LONELY, by("abc")) == first  # two are gone
    assert publish(con, LONELY, by("abcx")) == first  # and one came, who may be one of the two
    assert publish(con, LONELY, by("abcxyz")) == {"c0": (12, 6)}  # three came


def test_who_is_erased_counts_once_in_a_parent(con):
    """Not once for each base cluster they were in: the users of a parent would rise when a user leaves."""
    start(con, min_users=3)
    first = publish(con, TREE, by("abcde") + by("abcde", "c1"))
    assert first == {"c0": (10, 5), "c1": (10, 5), "p": (20, 5)}
    assert publish(con, TREE, by("abcd") + by("abcd", "c1")) == first
    assert told(con)["p", "a"] == (20, 5)


def test_a_cluster_that_was_away_comes_back_with_its_old_figure(con):
    start(con, min_users=3)
    publish(con, TREE, by("abcd") + by("abcd", "c1"))
    publish(con, LONELY, by("abcd"))
    assert publish(con, TREE, by("abcd") + by("abcde", "c1"))["c1"] == (8, 4)


def test_what_is_held_back_waits_too(con):
    start(con, min_users=3)
    first = publish(con, LONELY, by("abcd") + by("efgh", None))
    assert first["(other)"] == (8, 4)
    said = con.execute("from held_back").fetchall()
    assert said == [("request", "too_few_users", 1, 8)]
    assert publish(con, LONELY, by("abcd") + by("efghi", None)) == first
    assert con.execute("from held_back").fetchall() == said


def test_higher_thresholds_are_met_at_once(con):
    start(con, min_users=2)
    publish(con, LONELY, by("abc") + by("def", value="b"))
    con.execute("update settings set min_users = 4")
    build(con, LONELY, by("abcd") + by("def", value="b"))
    assert told(con) == {}
    assert broken(con) == {}


def test_nobody_is_behind_a_figure_without_a_user(con):
    start(con, min_users=3)
    nobody = [Chat("c0", None, "a")] * 20
    assert publish(con, LONELY, by("abcd")) == {"c0": (8, 4)}
    assert publish(con, LONELY, by("abcd") + nobody) == {"c0": (8, 4)}


def test_who_went_and_comes_back_is_not_two_people(con):
    """Once gone nobody knows who it was: of those who come, each may be one of those who went."""
    start(con)
    assert publish(con, LONELY, by("abcd") + by("e")) == {"c0": (10, 5)}
    assert publish(con, LONELY, by("abcd")) == {"c0": (10, 5)}
    assert publish(con, LONELY, by("abcd") + by("e", times=1)) == {"c0": (10, 5)}
    assert publish(con, LONELY, by("abcd") + by("ef")) == {"c0": (12, 6)}, "two came"


def test_one_who_goes_as_another_comes_are_two_people(con):
    start(con)
    publish(con, LONELY, by("abcd") + by("e"))
    assert publish(con, LONELY, by("abcd") + by("f", times=1)) == {"c0": (9, 5)}


@configure(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(CLUSTERS), st.sampled_from("ab")), max_size=24),
        min_size=2,
        max_size=4,
    )
)
def test_no_figure_ever_moves_for_few_people(con, days):
    """A figure told twice in a row is the same, or min_users people came or went, or nobody, and as many add."""
    start(con)
    steady = by("rstu") + by("rstu", "c1") + by("rstu", value="b") + by("rstu", "c1", "b")
    figures: dict = {}
    before: dict = {}  # who was behind each figure the day before
    moved: dict = {}  # who came or went since it was set: one who did both is one
    basis: dict = {}  # how much of whom it was when it was set
    for day in days:
        chats = steady + [Chat(cluster, user, value) for user, cluster, value in day]
        publish(con, TREE, chats)
        totals = {(cluster, ""): figure for cluster, figure in clusters(con).items()}
        shown = {key: figure for key, figure in (totals | told(con)).items() if key[0] in CLUSTERS}
        for key in figures | shown:
            now = Counter(c.user for c in chats if c.cluster == key[0] and key[1] in ("", c.value))
            moved[key] = moved.get(key, set()) | (before.get(key, now).keys() ^ now.keys())
            before[key] = now
            if key in shown and shown[key] != figures.get(key):
                added = [user for user in now if now[user] != basis[key][user]] if key in figures else []
                same_people = key in figures and basis[key].keys() == now.keys()
                assert key not in figures or len(moved[key]) >= 2 or (same_people and len(added) >= 2), key
                figures[key], moved[key], basis[key] = shown[key], set(), now


# On a real run


def test_what_a_run_published_is_kept(demo_again):
    told, kept = (
        read(demo_again, f"select count(*) from {name}")[0][0]
        for name in ("published_figures", "last_published_figures")
    )
    assert told == kept > 1000
    assert read(demo_again, "(from published_figures except all from last_published_figures) limit 1") == []


def test_a_run_that_is_killed_before_it_keeps_is_settled_by_the_next(con, tmp_path):
    start(con)
    publish(con, LONELY, by("abcd"))
    build(con, LONELY, by("abcdefgh"))
    con.execute("create or replace table clio.build_info as select timestamp '2026-01-02 03:04:05' as built_at")
    file = tmp_path / "published.duckdb"
    for built_at, expected in (("2026-01-01 00:00:00", 4), ("2026-01-02 03:04:05", 8)):
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as other:
            make(other, "about", "clusters", "held_back")
            other.execute("insert into about (built_at) values (?::timestamp)", [built_at])
        last.settle(con, [RELATIONS["published_figures"]], when_built(file))
        query = "select count(*) from clio.last_published_figures where relation = 'clusters'"
        assert con.execute(query).fetchone() == (expected,)


def test_a_file_that_no_run_wrote_settles_nothing(con, tmp_path):
    start(con)
    build(con, LONELY, by("abcd"))
    con.execute("create or replace table clio.build_info as select now()::timestamp as built_at")
    file = tmp_path / "published.duckdb"
    file.write_bytes(b"nothing of the kind")
    last.settle(con, [RELATIONS["published_figures"]], when_built(file))
    assert con.execute("select count(*) from clio.last_published_figures").fetchone() == (0,)


def test_a_schema_that_no_run_built_settles_nothing(con, tmp_path):
    """As where dbt built the file: its relations are in a schema of another name."""
    last.settle(con, [RELATIONS["published_figures"]], when_built(tmp_path / "published.duckdb"), schema="nowhere")
