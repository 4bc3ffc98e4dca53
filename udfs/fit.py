"""clio_fit: k-means on a list of vectors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix
from clio_sql.vectors.kmeans import detours, kmeans, lloyd, nearest

RESTARTS = 8  # the best of several starts, if a start is cheap
WARM_STEPS = 2  # Lloyd iterations from given centroids: each refit follows the data one step, and moves few of them
WIDEST = 8  # clusters that are tentatively split in two before the best split is taken
WORTH = 0.25  # share of the average spread of a cluster that a split beyond `least` has to save
CHEAP = 100_000  # points x centroids up to which scikit-learn takes a second for RESTARTS; above, `kmeans` is as good


def fit(
    engine: Engine,
    vectors: pa.ChunkedArray,
    ks: pa.ChunkedArray,
    seeds: pa.ChunkedArray,
    starts: pa.ChunkedArray,
    leasts: pa.ChunkedArray,
) -> pa.Array:
    """VARCHAR, the id of the fitted model. k is lowered to the number of distinct vectors. start: '' for none.

    least: how many of k are reached from a start regardless of the gain; 0 for all of them.
    """
    models, whole = [], vectors.combine_chunks()
    asked = zip(ks.to_pylist(), seeds.to_pylist(), starts.to_pylist(), leasts.to_pylist(), strict=True)
    for row, (k, seed, start, least) in enumerate(asked):
        engine.check()
        points = matrix("clio_fit", whole.slice(row, 1).flatten())
        centroids = _centroids(points, k, seed, engine.model(start) if start else None, least)
        models.append(engine.save_model(centroids))
        engine.advance("fit", 1)
    return pa.array(models, type=pa.string())


def _centroids(points: np.ndarray, k: int, seed: int, start: np.ndarray | None = None, least: int = 0) -> np.ndarray:
    """k-means centroids, shape (k, d): the best of several of scikit-learn's while that is cheap, else of `kmeans`.

    With `start`, a few steps from there.
    """
    if k < 1 or len(points) == 0:
        raise ClioError(f"clio_fit: k = {k} for {len(points)} vectors; both must be at least 1.")
    if seed < 0:
        raise ClioError(f"clio_fit: seed = {seed}; it must be at least 0.")
    if start is not None and start.shape[1] != points.shape[1]:
        raise ClioError(
            f"clio_fit: vectors of {points.shape[1]} numbers were given to start from a model of {start.shape[1]}. "
            "Embed with the model that it was fitted on, or leave out start."
        )
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if _few_distinct(points, k):
        return np.unique(points, axis=0)
    if start is None and len(points) * k > CHEAP:
        return kmeans(points, k, seed)
    with threadpool_limits(limits=1):  # scikit-learn's result depends on the threads
        if start is None:
            return KMeans(k, n_init=RESTARTS, random_state=seed).fit(points).cluster_centers_
        warm = _resized(points, start, k, seed, least or k)
        if len(points) * k <= CHEAP:
            return KMeans(len(warm), init=warm, n_init=1, max_iter=WARM_STEPS).fit(points).cluster_centers_
    return lloyd(points, warm, WARM_STEPS)


def _few_distinct(points: np.ndarray, k: int) -> bool:
    """Whether there are at most k distinct points; usually clear after little more than k of them."""
    seen: set[bytes] = set()
    for point in points:
        seen.add((point + 0.0).tobytes())  # -0.0 is 0.0
        if len(seen) > k:
            return False
    return True


def _resized(points: np.ndarray, centroids: np.ndarray, k: int, seed: int, least: int) -> np.ndarray:
    """k centroids from others: all stay where they are except those that are split in two, or dropped.

    Beyond `least` of them a cluster is split only if that is worthwhile, so there may be fewer than k.

    Clusters survive a growing k since one of their halves keeps the place in the list; a new topic
    widens the cluster that it falls into, and is split off.
    """
    from sklearn.cluster import KMeans

    kept = list(_without_superfluous(points, centroids.astype(np.float32), k))
    owner, distance = nearest(points, np.stack(kept))
    halves: dict[int, tuple[float, np.ndarray]] = {}  # cluster -> the gain of its split, and the two centroids
    while len(kept) < k:
        spread = np.bincount(owner, weights=distance, minlength=len(kept))
        for number in np.argsort(-spread, kind="stable")[:WIDEST]:
            mine = points[owner == number]
            if number not in halves and len(mine) > 1 and np.ptp(mine, axis=0).any():
                two = KMeans(2, n_init=4, random_state=seed).fit(mine)
                same = int(nearest(kept[number][None], two.cluster_centers_)[0][0])  # this half continues the cluster
                centres = two.cluster_centers_[[same, 1 - same]]
                halves[number] = (float(spread[number] - two.inertia_), centres)
        if not halves:
            break
        number = max(halves, key=lambda cluster: (halves[cluster][0], -cluster))
        if len(kept) >= least and halves[number][0] * len(kept) < WORTH * spread.sum():
            break
        kept[number], added = halves.pop(number)[1]
        kept.append(added)
        mine = np.flatnonzero(owner == number)
        two = np.stack([kept[number], added])
        nearer, distance[mine] = nearest(points[mine], two)
        owner[mine] = np.where(nearer == 0, number, len(kept) - 1)
    return np.stack(kept)


def _without_superfluous(points: np.ndarray, centroids: np.ndarray, k: int) -> np.ndarray:
    """At most k of the centroids: those whose points are nearest to another are dropped, a tenth at a time."""
    while len(centroids) > k:
        owner, _, detour = detours(points, centroids)
        loss = np.bincount(owner, weights=detour, minlength=len(centroids))
        gone = np.argsort(loss, kind="stable")[: min(len(centroids) - k, 1 + len(centroids) // 10)]
        centroids = np.delete(centroids, gone, axis=0)
    return centroids


FUNCTION = Function(
    "clio_fit", ["FLOAT[][]", "INTEGER", "INTEGER", "VARCHAR", "INTEGER"], "VARCHAR", fit, code=("vectors/kmeans.py",)
)
