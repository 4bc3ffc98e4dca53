"""clio_link: groups of vectors, joining the nearest."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix


def link(engine: Engine, vectors: pa.ChunkedArray, ns: pa.ChunkedArray) -> pa.Array:
    """INTEGER[]: the number of each vector's group, in order; groups are numbered by their first vector.

    Ward's linkage (Ward, "Hierarchical grouping to optimize an objective function", 1963) of unit vectors, cut at n
    groups; so for fewer groups, whole groups are joined.
    """
    groups, whole = [], vectors.combine_chunks()
    for row, n in enumerate(ns.to_pylist()):
        engine.check()
        points = matrix("clio_link", whole.slice(row, 1).flatten())
        if n < 1 or len(points) == 0:
            raise ClioError(f"clio_link: n = {n} for {len(points)} vectors; both must be at least 1.")
        groups.append(_groups(points, n))
    return pa.array(groups, type=pa.list_(pa.int32()))


def _groups(points: np.ndarray, n: int) -> list[int]:
    if len(points) <= n:
        return list(range(len(points)))
    from sklearn.cluster import AgglomerativeClustering

    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    found = AgglomerativeClustering(n_clusters=n, linkage="ward").fit_predict(points / np.maximum(lengths, 1e-9))
    numbers = {group: number for number, group in enumerate(dict.fromkeys(found.tolist()))}
    return [numbers[group] for group in found.tolist()]


FUNCTION = Function("clio_link", ["FLOAT[][]", "INTEGER"], "INTEGER[]", link)
