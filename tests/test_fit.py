"""clio_fit on many points, where scikit-learn's k-means would take too long: hardly worse, and the same every time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans

import clio_sql
from clio_sql.udfs import fit
from clio_sql.vectors import kmeans


def planted(number: int, groups: int, width: int = 16, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Points around as many centres, of skewed sizes, and each one's centre."""
    random = np.random.default_rng(5)
    centres = random.normal(size=(groups, width))
    owner = random.choice(groups, number, p=random.dirichlet(np.full(groups, 2.0)))
    return (centres[owner] + spread * random.normal(size=(number, width))).astype(np.float32), owner


def inertia(points: np.ndarray, centroids: np.ndarray) -> float:
    return float(kmeans.nearest(points, centroids)[1].mean())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_inertia_is_within_three_percent_of_scikit_learn_run_to_the_end(seed):
    points, _ = planted(12_000, 300)
    ours = kmeans.kmeans(points, 100, seed)
    theirs = KMeans(100, n_init=1, random_state=seed).fit(points)
    assert ours.shape == (100, 16) and ours.dtype == np.float32
    assert inertia(points, ours) <= 1.03 * theirs.inertia_ / len(points)


def test_groups_that_are_apart_are_found():
    points, owner = planted(20_000, 40, spread=0.05)
    found, _ = kmeans.nearest(points, kmeans.kmeans(points, 40, 0))
    together = {(a, b) for a, b in zip(owner.tolist(), found.tolist(), strict=True)}
    assert len(together) <= 42  # 40 where each group is one cluster


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    points, _ = planted(5_000, 60)
    first = kmeans.kmeans(points, 50, 3)
    assert (kmeans.kmeans(points, 50, 3) == first).all()
    assert not np.array_equal(kmeans.kmeans(points, 50, 4), first)


def test_no_cluster_is_empty_where_most_points_are_copies():
    points = np.concatenate([np.zeros((5_000, 4)), np.random.default_rng(0).normal(size=(60, 4))]).astype(np.float32)
    centroids = kmeans.kmeans(points, 50, 0)
    assert np.isfinite(centroids).all()
    owner, _ = kmeans.nearest(points, centroids)
    assert len(np.unique(owner)) >= 45


def test_blocks_change_nothing(monkeypatch):
    points, _ = planted(3_000, 20)
    centroids = points[:30]
    distances = ((points[:, None] - centroids) ** 2).sum(axis=2)
    for block in (3_000, 7):
        monkeypatch.setattr(kmeans, "BLOCK", block)
        owner, distance = kmeans.nearest(points, centroids)
        assert (owner == distances.argmin(axis=1)).all()
        assert distance == pytest.approx(distances.min(axis=1), abs=1e-4)
        least, second = np.sort(distances, axis=1)[:, :2].T
        same_owner, same_distance, detour = kmeans.detours(points, centroids)
        assert (same_owner == owner).all() and (same_distance == distance).all()
        assert detour == pytest.approx(second - least, abs=1e-4)


def test_many_points_take_this_way_through_sql():
    points, _ = planted(9_000, 40, width=4)
    assert len(points) * 250 > fit.CHEAP
    with clio_sql.connect() as con:
        con.register("points", pa.table({"i": range(len(points)), "v": points.tolist()}))
        query = "select clio_fit(list(v::float[] order by i), 250, start := ?) from points"
        first = con.execute(query, [""]).fetchone()[0]
        assert con.execute(query, [""]).fetchone()[0] == first
        centroids = np.array(con.execute("select clio_centroids(?)", [first]).fetchone()[0], np.float32)
        assert (centroids == kmeans.kmeans(points, 250, 0)).all()
        again = con.execute(query, [first]).fetchone()[0]  # from where they are: near, and no worse
        warm = np.array(con.execute("select clio_centroids(?)", [again]).fetchone()[0], np.float32)
        assert inertia(points, warm) <= inertia(points, centroids)
        assert np.abs(warm - centroids).max() < 1.0


def test_few_different_points_are_seen():
    copies = np.repeat(np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 3.0]], np.float32), 50, axis=0)
    assert fit._few_distinct(copies, 2) and not fit._few_distinct(copies, 1)


def test_the_same_fit_on_two_connections_at_once():
    """Both have the same id to save."""
    with clio_sql.connect() as con, ThreadPoolExecutor(2) as pool:
        for turn in range(12):
            query = f"select clio_fit((select list([(x * {turn + 1} % 97)::float, x::float]) from range(400) t(x)), 8)"
            cursors = [con.cursor(), con.cursor()]
            found = list(pool.map(lambda cursor: cursor.execute(query).fetchone(), cursors))  # noqa: B023
            assert found[0] == found[1]
