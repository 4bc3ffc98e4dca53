"""Running again: what is new is taken in, and clusters keep their ids, names and places in the tree."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import cli
from test_relations import RELATIONS, empty, packaged, result
from warehouse import Steps, changed, copied, read, tables

import clio_sql
from clio_sql import builder, sources
from clio_sql.analysis import catalog
from clio_sql.builder import core, last, records
from clio_sql.published.publish import publish
from clio_sql.register import engine_of

FUNCTIONS = ("extract", "name", "propose", "merge", "choose", "audit")


def part(source: Path, to: Path, query: str) -> Path:
    """A file made of another; `chats` is its rows."""
    duckdb.sql(f"copy (with chats as (from '{source}') {query}) to '{to}'")
    return to


def counting(asked: Counter[str], function: str, answer):
    """The provider's function, which counts what it is asked."""

    def count(requests):
        asked.update({function: len(requests)})
        return answer(requests)

    return count


def refreshed(path: Path, out: Path, *, refit: bool = False, relations=None) -> tuple[Steps, Counter[str]]:
    """What `clio-sql run` does; how often each function asked the provider."""
    steps, asked = Steps(), Counter()
    con = clio_sql.connect(out / "warehouse.duckdb")
    engine = engine_of(con)
    for function in FUNCTIONS:
        setattr(engine.provider, function, counting(asked, function, getattr(engine.provider, function)))
    try:
        source = sources.read(con, path, breakdowns=("plan",))
        builder.describe_input(
            con, "clio", format=source.format, privacy_unit=source.privacy_unit, breakdowns=source.breakdowns
        )
        builder.run(con, reporter=steps, relations=relations, refit=refit)
        builder.check(con)
        publish(con, out, relations or catalog.load())
        builder.keep(con, relations or catalog.load())
    finally:
        engine.close()
        con.close()
    return steps, asked


def names(out: Path) -> dict[tuple[str, str], str]:
    return {(f, i): n for f, i, n in read(out, "select facet, cluster_id, name from hierarchy")}


def assigned(out: Path) -> dict[str, str]:
    return dict(read(out, "select conversation_id, cluster_id from assignments where facet = 'request'"))


@pytest.fixture(scope="module")
def demo(demo_out) -> Path:
    return demo_out / "demo.parquet"


def test_a_few_more_conversations_move_nothing_that_is_there(demo, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    path = part(
        demo, tmp_path / "more.parquet",
        "select * from chats where conversation_id > 'c00000010' union all "
        "select * replace ('new' || conversation_id as conversation_id) from chats using sample 20 rows (reservoir, 7)",
    )  # fmt: skip
    before, places = names(tmp_path), assigned(tmp_path)
    unnamed = read(tmp_path, "select count(*) from cluster_names where status <> 'ok'")[0][0]
    _, asked = refreshed(path, tmp_path)
    gone = read(demo_again, "select count(*) from conversations where conversation_id <= 'c00000010'")[0][0]
    assert gone > 0
    assert asked["extract"] <= 20 and asked["name"] <= 2 * unnamed + 4 and not asked["propose"] and not asked["merge"]
    now = assigned(tmp_path)
    # equal conversations of one user are one, so some of the twenty are there already
    assert len(now) == read(tmp_path, "select count(*) from conversations")[0][0] > 1480
    assert {i: c for i, c in now.items() if not i.startswith("new")}.items() <= places.items()
    after = names(tmp_path)
    stayed = before.keys() & after.keys()
    assert len(stayed) >= 0.95 * len(before)
    assert sum(before[key] == after[key] for key in stayed) >= 0.95 * len(stayed)
    kinds = Counter(dict(read(tmp_path, "select kind, count(*) from cluster_lineage group by 1")))
    assert kinds["continued"] == len(stayed)
    on_the_map = "select facet, cluster_id, x, y from layout"
    places = {row[:2]: row[2:] for row in read(tmp_path, on_the_map)}
    assert all(places[row[:2]] == row[2:] for row in read(demo_again, on_the_map) if row[:2] in places)
    again, asked = refreshed(path, tmp_path)
    assert again.built == set() and not asked


def test_another_user_id_comes_through_without_work(demo, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    path = part(
        demo, tmp_path / "moved.parquet",
        "select * replace (if(conversation_id = 'c00000020', 'somebody', user_id) as user_id) from chats",
    )  # fmt: skip
    steps, asked = refreshed(path, tmp_path)
    query = "select user_id from assignments where conversation_id = 'c00000020'"
    assert read(tmp_path, query) == [("somebody",)]
    assert not asked["extract"] and {"facet_values", "embeddings", "placements"} <= steps.skipped


def test_another_gate_is_looked_through_anew(demo, demo_again, tmp_path, monkeypatch):
    copied(demo_again, tmp_path)
    text = core.macro_text
    monkeypatch.setattr(core, "macro_text", lambda name: text(name) + ("-- narrower" if name == "clio_gate" else ""))
    steps, asked = refreshed(demo, tmp_path)
    assert {"gated_clusters", "published_figures", "cell_figures", "family_choices"} <= steps.built
    assert not asked["extract"] and not asked["embed"] and "fits" not in steps.built
    assert refreshed(demo, tmp_path)[0].built == set()


@pytest.mark.parametrize(
    ("file", "built"),
    [
        ("clio_sql/cli/commands.py", set()),
        ("clio_sql/providers/local/auditing.py", {"name_audits", "hierarchy"}),
        ("clio_sql/vectors/encoder.py", {"facet_values", "embeddings"}),
    ],
)
def test_what_changed_code_makes_is_made_again_and_nothing_else(demo, demo_again, tmp_path, monkeypatch, file, built):
    copied(demo_again, tmp_path)
    code = records.code.__wrapped__
    monkeypatch.setattr(core, "code", code)
    read = records._within
    monkeypatch.setattr(records, "_within", lambda path: Changed(read(path), f"clio_sql/{path}" == file))
    steps, _ = refreshed(demo, tmp_path)
    assert built <= steps.built if built else not steps.built
    assert {"facet_values", "embeddings"} & steps.built == {"facet_values", "embeddings"} & built


class Changed:
    """A file or folder of the package; of a changed file other bytes are read."""

    def __init__(self, path, changed: bool) -> None:
        self.path, self.changed = path, changed

    def __getattr__(self, name):
        return getattr(self.path, name)

    def read_bytes(self) -> bytes:
        return self.path.read_bytes() + (b"# another" if self.changed else b"")


def test_everybody_under_another_id_is_published_too(demo, tmp_path):
    """Who is behind a figure is then gone, all of them, and no check may stumble over it."""
    own = part(demo, tmp_path / "own.parquet", "select * replace (conversation_id as user_id) from chats")
    refreshed(own, tmp_path)
    again = part(own, tmp_path / "again.parquet", "select * replace (md5(user_id) as user_id) from chats")
    refreshed(again, tmp_path)
    with clio_sql.connect(tmp_path / "warehouse.duckdb") as con:
        builder.check(con)
        told = con.execute("select count(*) from clio.cluster_facets").fetchone()[0]
    assert told > 0


def test_a_new_topic_is_a_new_cluster_beside_the_old_ones(demo, tmp_path):
    topic = duckdb.sql(f"select label from '{demo}' group by 1 order by count(*) desc, label limit 1").fetchall()[0][0]
    refreshed(part(demo, tmp_path / "a.parquet", f"select * from chats where label <> '{topic}'"), tmp_path)
    before = names(tmp_path)
    bases = {i for (i,) in read(tmp_path, "select cluster_id from cluster_ids")}
    relations = changed(refit_growth=9, refit_far_share=0.06)
    refreshed(demo, tmp_path, relations=relations)
    assert read(tmp_path, "select reason from fits") == [("drift",)]
    labels = dict(duckdb.sql(f"select conversation_id, label from '{demo}'").fetchall())
    where = Counter(cluster for i, cluster in assigned(tmp_path).items() if labels[i] == topic)
    new = {i for (i,) in read(tmp_path, "select cluster_id from cluster_ids")} - bases
    assert sum(where[cluster] for cluster in new) > 0.5 * where.total()
    after = names(tmp_path)
    base_before = {key for key in before if key[1].startswith("c")}
    assert len(base_before & after.keys()) >= 0.9 * len(base_before)
    used = {i for (i,) in read(tmp_path, "select cluster_id from used_ids")}
    assert bases | new <= used


def test_a_cluster_that_is_new_to_a_kept_tree_goes_to_the_nearest_parent(demo, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    of_base = "select parent_id, cluster_id from hierarchy where facet = 'request' and level = 0 and parent_id <> ''"
    parent = {cluster: parent for parent, cluster in read(tmp_path, of_base)}
    places = "select cluster_id, centroid from cluster_ids where facet = 'request'"
    centroid = {cluster: np.array(vector) / np.linalg.norm(vector) for cluster, vector in read(tmp_path, places)}
    siblings = Counter(parent.values())
    new = sorted(cluster for cluster in parent if siblings[parent[cluster]] > 1)[::4]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("delete from clio_state.relations where relation in ('trees', 'hierarchy')")
        con.execute("delete from clio.last_hierarchy where facet = 'request' and cluster_id in ?", [new])
    _, asked = refreshed(demo, tmp_path)
    assert read(tmp_path, "select distinct reason from trees") == [(None,)] and not asked["choose"]
    now = {cluster: parent for parent, cluster in read(tmp_path, of_base)}
    old = now.keys() - set(new)
    assert len(new) > 3 and {cluster: parent[cluster] for cluster in old} == {cluster: now[cluster] for cluster in old}
    for cluster in new:
        near = {
            there: np.mean([centroid[cluster] @ centroid[other] for other in old if parent[other] == there])
            for there in {parent[other] for other in old}
        }
        assert near[now[cluster]] == pytest.approx(max(near.values()))


def test_a_refit_that_is_asked_for_keeps_ids_and_close_names(demo, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    before, places = names(tmp_path), assigned(tmp_path)
    models = "select model, reason from cluster_models"
    fitted = read(tmp_path, models)
    _, asked = refreshed(demo, tmp_path, refit=True)
    assert read(tmp_path, models)[0][1] == "asked"
    now = assigned(tmp_path)
    assert sum(now[i] == places[i] for i in now) >= 0.9 * len(now)
    after = names(tmp_path)
    base = [key for key in before if key[1].startswith("c")]
    assert sum(before[key] == after.get(key) for key in base) >= 0.9 * len(base)
    assert asked["name"] < len(before) and not asked["extract"]
    once = read(tmp_path, models)
    assert once != fitted
    refreshed(demo, tmp_path)  # without it the fit stays
    assert read(tmp_path, models) == once
    steps, _ = refreshed(demo, tmp_path, refit=True)
    assert "fits" in steps.built


def test_a_refit_waits_until_more_than_a_few_came(demo, demo_again, tmp_path):
    """With one who came, all sums of clusters that were fitted anew would tell what that one did."""
    copied(demo_again, tmp_path)
    models, told = "select model from cluster_models", "select cluster_id, conversations, users from clusters"
    fitted, before = read(tmp_path, models), read(tmp_path, told)
    likes = (
        "from chats union all "
        "select chats.* replace (conversation_id || {user} || i as conversation_id, {user} as user_id) "
        "from chats, range({n}) r(i) where label = (select min(label) from chats) and conversation_id < 'c00000600'"
    )
    one = part(demo, tmp_path / "one.parquet", likes.format(user="'somebody'", n=2))
    refreshed(one, tmp_path, refit=True)
    assert read(tmp_path, "select reason, waiting from fits") == [(None, "asked")]
    assert read(tmp_path, models) == fitted and read(tmp_path, told) == before
    many = part(one, tmp_path / "many.parquet", likes.format(user="'u' || i", n=12))
    refreshed(many, tmp_path, refit=True)
    assert read(tmp_path, "select reason, waiting from fits") == [("asked", None)]
    assert read(tmp_path, models) != fitted and read(tmp_path, told) != before


def test_two_refreshes_of_the_same_are_equal(demo, demo_again, tmp_path):
    path = part(demo, tmp_path / "fewer.parquet", "from chats where hash(conversation_id) % 10 < 8")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        copied(demo_again, tmp_path / folder)
        refreshed(path, tmp_path / folder, refit=True)
    assert tables(tmp_path / "a") == tables(tmp_path / "b")
    for name in ("assignments", "cluster_ids", "cluster_names", "cluster_lineage", "used_ids", "last_hierarchy"):
        query = f"select * from {name} order by all"
        assert read(tmp_path / "a", query) == read(tmp_path / "b", query), name


def test_a_build_that_was_not_published_is_not_the_last_one(demo, demo_again, tmp_path):
    copied(demo_again, tmp_path)
    kept = read(tmp_path, "from last_assignments order by all")
    con = clio_sql.connect(tmp_path / "warehouse.duckdb")
    con.execute("delete from clio.source where conversation_id like '%3'")
    builder.run(con)
    con.close()
    assert read(tmp_path, "from last_assignments order by all") == kept
    assert len(read(tmp_path, "from assignments")) < len(kept)


# One cluster after another, by hand


@pytest.fixture
def con():
    with clio_sql.connect() as con:
        yield empty(con)


def fit(con, vectors, k, start=""):
    return con.execute("select clio_fit(?::float[][], ?, start := ?)", [vectors, k, start]).fetchone()[0]


def centroids(con, model):
    return con.execute("select clio_centroids(?)", [model]).fetchone()[0]


LEFT = [[0.0, y / 10] for y in range(10)]
RIGHT = [[9.0, y / 10] for y in range(10)]
FAR = [[9.0, 50.0 + y / 10] for y in range(10)]


def test_centroids_keep_their_numbers_from_fit_to_fit(con):
    first = fit(con, LEFT + RIGHT, 2)
    old = [pytest.approx(c, abs=1e-4) for c in centroids(con, first)]
    again = centroids(con, fit(con, RIGHT[::-1] + LEFT, 2, first))
    assert again == old
    grown = centroids(con, fit(con, LEFT + RIGHT + FAR, 3, first))
    assert grown[:2] == old and grown[2] == pytest.approx([9.0, 50.45], abs=1e-4)
    shrunk = centroids(con, fit(con, LEFT + FAR, 2, fit(con, LEFT + RIGHT + FAR, 3)))
    assert sorted(shrunk) == [pytest.approx(c, abs=1e-4) for c in ([0.0, 0.45], [9.0, 50.45])]


def test_beyond_the_least_only_what_is_too_wide_is_split(con):
    """Two round clusters, of which no half is much narrower than the whole; then a third far from both."""
    rng = np.random.default_rng(3)
    two = [(rng.normal(size=16) + 30 * side).tolist() for side in range(2) for _ in range(100)]
    third = [(rng.normal(size=16) - 90).tolist() for _ in range(20)]
    first = fit(con, two, 2)

    def grown(vectors, least):
        query = "select len(clio_centroids(clio_fit(?::float[][], 8, start := ?, least := ?)))"
        return con.execute(query, [vectors, first, least]).fetchone()[0]

    assert grown(two, 2) == 2 and grown(two, 1) == 2
    assert grown(two, 5) == 5 and grown(two, 0) == 8
    assert grown(two + third, 2) == 3


def test_a_start_of_another_length_is_refused(con):
    with pytest.raises(duckdb.Error, match="to start from a model of 2"):
        fit(con, [[1.0, 2.0, 3.0], [2.0, 2.0, 3.0], [5.0, 2.0, 3.0]], 2, fit(con, LEFT, 2))


def matching(con, last_clusters, members, pinned=()) -> dict[int, tuple[str, str | None]]:
    """number -> (cluster_id, last_cluster_id).

    last_clusters: id -> centroid. members: (number, last id) -> how many. pinned: ids that a correction pins.
    """
    packaged(con, "settings")
    packaged(con, "corrections")
    for cluster in pinned:
        con.execute(
            "insert into corrections by name select 'request' as facet, ? as cluster_id, 'pin' as kind", [cluster]
        )
    last.prepare(con, list(RELATIONS.values()))
    model = fit(con, LEFT + RIGHT + FAR, 3)
    con.execute("create table cluster_models as select 'request' as facet, ? as model, 3 as k", [model])
    for cluster, centroid in last_clusters.items():
        con.execute(
            "insert into last_cluster_ids by name select 'request' as facet, 'old' as model, ? as cluster_id, "
            "?::float[] as centroid", [cluster, centroid],
        )  # fmt: skip
        con.execute("insert into used_ids values ('request', ?)", [cluster])
    con.execute("create table taxonomy_prototypes (facet varchar, id varchar, prototype float[])")
    con.execute("create table placements (conversation_id varchar, facet varchar, number integer)")
    for (number, cluster), many in members.items():
        ids = f"select '{number}_{cluster}_' || i from range({many}) as r(i)"
        con.execute(f"insert into placements select *, 'request', {number} from ({ids})")
        if cluster:
            con.execute(
                "insert into last_assignments by name select *, 'request' as facet, ? as cluster_id "
                f"from ({ids}) as t(conversation_id)", [cluster],
            )  # fmt: skip
    rows = result(con, "cluster_ids", ["number", "cluster_id", "last_cluster_id"])
    return {int(number): (cluster, before) for number, cluster, before in rows}


def test_a_cluster_goes_on_in_its_larger_half_and_the_other_gets_an_id_of_its_own(con):
    found = matching(con, {"c00004": [5.0, 5.0], "c00009": [0.0, 1.0]}, {
        (0, "c00004"): 30, (1, "c00004"): 20, (2, "c00009"): 40,
    })  # fmt: skip
    assert found == {0: ("c00004", "c00004"), 1: ("c00010", None), 2: ("c00009", "c00009")}


@pytest.mark.parametrize("pinned", [[], ["c00004"]], ids=["as it is", "pinned"])
def test_a_cluster_that_falls_into_many_keeps_its_id_only_if_it_is_pinned(con, pinned):
    """No part shares a third of all its members; the second shares most."""
    members = {(0, "c00004"): 32, (0, "c00009"): 12, (1, "c00004"): 30, (2, "c00004"): 29}
    found = matching(con, {"c00004": [-1.0, -1.0], "c00009": [-1.0, -1.0]}, members, pinned)
    assert found[1] == (("c00004", "c00004") if pinned else ("c00011", None))
    assert found[0][1] is found[2][1] is None


def test_two_that_became_one_leave_one_id(con):
    found = matching(con, {"c00001": [5.0, 5.0], "c00002": [0.0, 1.0]}, {
        (0, "c00001"): 30, (0, "c00002"): 20, (1, None): 9, (2, None): 9,
    })  # fmt: skip
    assert found[0] == ("c00001", "c00001") and {found[1][0], found[2][0]} == {"c00003", "c00004"}


def test_without_a_conversation_in_common_centroids_decide(con):
    model = centroids(con, fit(con, LEFT + RIGHT + FAR, 3))
    assert matching(con, {"c00005": model[1]}, {(0, None): 9, (1, None): 9})[1] == ("c00005", "c00005")


# Killed


def killed_refreshes(demo: Path, demo_again: Path, folder: Path, times: int) -> None:
    """A quarter fewer conversations, and some new: that refits, too. Each kill hits a refresh that begins anew.

    The moments are spread over the length of a refresh, each anywhere in its share of it.
    """
    path = part(
        demo, folder / "next.parquet",
        "select * from chats where conversation_id > 'c00000400' union all "
        "select * replace ('new' || conversation_id as conversation_id) from chats "
        "where conversation_id <= 'c00000040'",
    )  # fmt: skip
    command = ["run", path, "--breakdown", "plan", "--into"]
    whole = started(demo_again, folder / "whole")
    began = time.monotonic()
    done = cli(*command, whole)
    took = time.monotonic() - began
    assert done.returncode == 0 and "request: clusters fitted again" in done.stderr, done.stderr
    before, after = tables(demo_again), tables(whole)
    rng = random.Random(6)
    moments = [took * (place + rng.random()) / times for place in range(times)]
    out = folder / "out"
    for moment in moments:
        started(demo_again, out)
        while not killed_at(moment, [*command, out]):  # it was done by then
            moment *= 0.8
            started(demo_again, out)
        assert tables(out) in (before, after), moment
        done = cli(*command, out)
        assert done.returncode == 0, (moment, done.stderr)
        assert tables(out) == after, moment
        for name in catalog.kept():
            query = f"select * from last_{name} order by all"
            assert read(out, query) == read(whole, query), (name, moment)


def started(demo_again: Path, out: Path) -> Path:
    """A folder with what the last run left, and nothing else."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    copied(demo_again, out)
    shutil.copy(demo_again / "published.duckdb", out)
    return out


def killed_at(moment: float, command: list[object]) -> bool:
    """Run it and kill it after so many seconds; False where it was done by then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clio_sql.cli", *map(str, command)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def test_a_killed_refresh_leaves_a_whole_file_and_the_next_ends_the_same(demo, demo_again, tmp_path):
    killed_refreshes(demo, demo_again, tmp_path, 1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_killed_refreshes(demo, demo_again, tmp_path):
    killed_refreshes(demo, demo_again, tmp_path, 20)
