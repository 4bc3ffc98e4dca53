"""clio_project: a deterministic layout of vectors on a plane."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import Function, matrix

ENOUGH = 8  # below, neighbours mean nothing, so principal components are used
EXACT = 100  # up to here t-SNE is exact; above, Barnes-Hut keeps as many neighbours in half the time


def project(engine: Engine, vectors: pa.ChunkedArray) -> pa.Array:
    """FLOAT[2][]: one point per vector, in order, centred, the farthest at distance 1 in x or y."""
    layouts = []
    for row in range(len(vectors)):
        engine.check()
        layouts.append(_layout(matrix("clio_project", vectors.combine_chunks().slice(row, 1).flatten())).tolist())
    return pa.array(layouts, type=pa.list_(pa.list_(pa.float32(), 2)))


def _layout(points: np.ndarray) -> np.ndarray:
    if len(points) < 2 or not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 2), np.float32)
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if points.shape[1] == 1 or len(points) < ENOUGH:
            flat = PCA(2, svd_solver="full").fit_transform(points) if points.shape[1] > 1 else points.repeat(2, 1)
        else:
            method = "exact" if len(points) <= EXACT else "barnes_hut"
            perplexity = min(15.0, (len(points) - 1) / 3)
            flat = TSNE(
                2, perplexity=perplexity, init="pca", metric="cosine", method=method, random_state=0, n_jobs=1
            ).fit_transform(points)
    flat = flat - flat.mean(axis=0)
    return (flat / max(float(np.abs(flat).max()), 1e-9)).astype(np.float32)


FUNCTION = Function("clio_project", ["FLOAT[][]"], "FLOAT[2][]", project)
