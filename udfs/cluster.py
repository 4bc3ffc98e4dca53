"""clio_cluster: the nearest and the second nearest centroid of a vector."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix

TYPE = "STRUCT(cluster_id INTEGER, distance FLOAT, runner_up INTEGER, runner_up_distance FLOAT)"
LARGEST = np.finfo(np.float32).max
ROUNDED = 8 * np.finfo(np.float32).eps  # of the norms: how far rounding may move a score
FEW = 8  # centroids whose distances are computed one by one if rounding could decide
NAMES = ["cluster_id", "distance", "runner_up", "runner_up_distance"]


def cluster(engine: Engine, vectors: pa.ChunkedArray, models: pa.ChunkedArray) -> pa.Array:
    """Centroid numbers from 0 and Euclidean distances; the runner-up is NULL for a model of one centroid."""
    engine.check()
    points = matrix("clio_cluster", vectors)
    names = np.asarray(models.to_pylist())
    columns = [np.zeros(len(points), np.int32), np.zeros(len(points), np.float32)]
    columns += [np.zeros(len(points), np.int32), np.zeros(len(points), np.float32)]
    for model in sorted(set(names.tolist())):
        rows = names == model
        mine = points if rows.all() else points[rows]
        for column, values in zip(columns, _two_nearest(mine, engine.model(model)), strict=True):
            column[rows] = values
    engine.advance("cluster", len(points))
    alone = columns[2] < 0
    arrays = [pa.array(columns[0]), pa.array(columns[1])]
    arrays += [pa.array(columns[2], mask=alone), pa.array(columns[3], mask=alone)]
    return pa.StructArray.from_arrays(arrays, names=NAMES)


def _two_nearest(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, ...]:
    """Nearest and second nearest centroid of each row, -1 if there is none; ties go to the lower number."""
    if points.shape[1] != centroids.shape[1]:
        raise ClioError(
            f"clio_cluster: a vector of {points.shape[1]} numbers was given to a model of {centroids.shape[1]}. "
            "Embed with the model that the clusters were fitted on."
        )
    if len(centroids) == 1:
        apart = np.minimum(np.linalg.norm(points.astype(np.float64) - centroids, axis=1), LARGEST)
        first = np.zeros(len(points), np.int32)
        return first, apart, first - 1, apart
    with np.errstate(over="ignore", invalid="ignore"):  # such rows are unsure
        nearest, distances, sure = _quickly(points, centroids)
    if not sure.all():
        nearest[~sure], distances[~sure] = _carefully(points[~sure], centroids)
    return nearest[:, 0], distances[:, 0], nearest[:, 1], distances[:, 1]


def _quickly(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two nearest of each row, their distances, and whether single precision was enough to find them."""
    # |x - c|² without |x|², which is the same for every centroid; one matrix product for the batch.
    scores = points @ (-2 * centroids.T)
    norms = (centroids**2).sum(axis=1)
    scores += norms
    rows = np.arange(len(points))
    best = []
    for _ in range(2):
        chosen = scores.argmin(axis=1)
        best.append((chosen, scores[rows, chosen]))
        scores[rows, chosen] = np.inf
    (first, low), (second, middle) = best
    # Far from the origin, or if centroids nearly coincide, the scores differ by no more than rounding.
    lost = ROUNDED * (norms.max() + np.sqrt(norms.max() * np.einsum("ij,ij->i", points, points)))
    sure = (middle - low > lost) & (scores.min(axis=1) - middle > lost) & np.isfinite(lost)
    nearest = np.stack([first, second], axis=1)
    # Distances computed again from the differences: the scores lose digits if a vector lies on its centroid.
    return nearest, np.stack([_distances(points, centroids[chosen]) for chosen in (first, second)], axis=1), sure


def _carefully(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two nearest of each row and their distances: in double precision, relative to the mean of the centroids."""
    middle = centroids.mean(axis=0, dtype=np.float64)
    points, centroids = points - middle, centroids - middle
    scores = (centroids**2).sum(axis=1) - 2 * points @ centroids.T
    few = np.sort(np.argpartition(scores, min(FEW, len(centroids)) - 1, axis=1)[:, :FEW], axis=1)
    apart = np.linalg.norm(points[:, None] - centroids[few], axis=2)
    order = np.argsort(apart, axis=1, kind="stable")[:, :2]
    distances = np.minimum(np.take_along_axis(apart, order, axis=1), LARGEST)
    return np.take_along_axis(few, order, axis=1), distances.astype(np.float32)


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    apart = points - others
    return np.sqrt(np.einsum("ij,ij->i", apart, apart))


FUNCTION = Function("clio_cluster", ["FLOAT[]", "VARCHAR"], TYPE, cluster)
