"""clio_fit: k-means on a list of vectors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from clio_sql.udfs import Function, matrix

from clio_sql.engine import Engine
from clio_sql.errors import ClioError

RESTARTS = 8  # the best of several starts, while a start is cheap
CHEAP = 2_000_000  # points x centroids up to which a start is cheap: about half a second


def fit(engine: Engine, vectors: pa.ChunkedArray, ks: pa.ChunkedArray, seeds: pa.ChunkedArray) -> pa.Array:
    """VARCHAR, the id of the fitted model. k is lowered to the number of distinct vectors."""
    models, whole = [], vectors.combine_chunks()
    for row, (k, seed) in enumerate(zip(ks.to_pylist(), seeds.to_pylist(), strict=True)):
        engine.check()
        points = matrix("clio_fit", whole.slice(row, 1).flatten())
        models.append(engine.save_model(_centroids(points, k, seed)))
        engine.advance("fit", 1)
    return pa.array(models, type=pa.string())


def _centroids(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """k-means centroids, shape (k, d), by scikit-learn's Lloyd iterations from k-means++ starts.

    One thread, so that the same seed gives the same bits.
    """
    if k < 1 or len(points) == 0:
        raise ClioError(f"clio_fit: k = {k} for {len(points)} vectors; both must be at least 1.")
    if seed < 0:
        raise ClioError(f"clio_fit: seed = {seed}; it must be at least 0.")
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = np.unique(points, axis=0)
    if len(distinct) <= k:
        return distinct
    restarts = RESTARTS if len(points) * k <= CHEAP else 1
    with threadpool_limits(limits=1):
        return KMeans(k, n_init=restarts, random_state=seed).fit(points).cluster_centers_


FUNCTION = Function("clio_fit", ["FLOAT[][]", "INTEGER", "INTEGER"], "VARCHAR", fit)
