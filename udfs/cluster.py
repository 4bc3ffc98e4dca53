"""clio_cluster: the nearest and the second nearest centroid of a vector."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from clio_sql.udfs import Function, matrix

from clio_sql.engine import Engine
from clio_sql.errors import ClioError

TYPE = "STRUCT(cluster_id INTEGER, distance FLOAT, runner_up INTEGER, runner_up_distance FLOAT)"
NAMES = ["cluster_id", "distance", "runner_up", "runner_up_distance"]


def cluster(engine: Engine, vectors: pa.ChunkedArray, models: pa.ChunkedArray) -> pa.Array:
    """Centroid numbers from 0 and Euclidean distances; the runner-up is NULL for a model of one centroid."""
    engine.check()
    points = matrix("clio_cluster", vectors)
    names = np.asarray(models.to_pylist())
    columns = [np.zeros(len(points), np.int32), np.zeros(len(points), np.float32)]
    columns += [np.zeros(len(points), np.int32), np.full(len(points), np.inf, np.float32)]
    for model in sorted(set(names.tolist())):
        rows = names == model
        mine = points if rows.all() else points[rows]
        for column, values in zip(columns, _two_nearest(mine, engine.model(model)), strict=True):
            column[rows] = values
    engine.advance("cluster", len(points))
    alone = ~np.isfinite(columns[3])
    arrays = [pa.array(columns[0]), pa.array(columns[1])]
    arrays += [pa.array(columns[2], mask=alone), pa.array(columns[3], mask=alone)]
    return pa.StructArray.from_arrays(arrays, names=NAMES)


def _two_nearest(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, ...]:
    """Nearest and second nearest centroid of each row; ties go to the lower number."""
    if points.shape[1] != centroids.shape[1]:
        raise ClioError(
            f"clio_cluster: a vector of {points.shape[1]} numbers was given to a model of {centroids.shape[1]}. "
            "Embed with the model that the clusters were fitted on."
        )
    # |x - c|² without |x|², which is the same for every centroid; one matrix product for the batch.
    scores = points @ (-2 * centroids.T)
    scores += (centroids**2).sum(axis=1)
    rows = np.arange(len(points))
    first = scores.argmin(axis=1)
    scores[rows, first] = np.inf
    second = scores.argmin(axis=1)
    # Distances anew from the differences: the scores lose digits where a vector lies on its centroid.
    near, next_near = (_distances(points, centroids[chosen]) for chosen in (first, second))
    return first, near, second, next_near if len(centroids) > 1 else np.full_like(near, np.inf)


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    apart = points - others
    return np.sqrt(np.einsum("ij,ij->i", apart, apart))


FUNCTION = Function("clio_cluster", ["FLOAT[]", "VARCHAR"], TYPE, cluster)
