"""clio_alike: groups of vectors that are almost the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.udfs import Function, matrix

BLOCK = 1_024  # rows that are compared with all others at once


def alike(engine: Engine, vectors: pa.ChunkedArray, similarities: pa.ChunkedArray) -> pa.Array:
    """INTEGER[]: for each vector, in order, the place (from 0) of the one that represents its group.

    The first vector represents all that have at least that cosine similarity with it, the first one left over
    all others like it, and so on. Nothing is chained: each vector is similar to the one that represents it.
    Similarities must be above 0 and at most 1, or ClioError is raised.
    """
    groups, whole = [], vectors.combine_chunks()
    for row, similarity in enumerate(similarities.to_pylist()):
        engine.check()
        if not 0 < similarity <= 1:
            raise ClioError(f"clio_alike: similarity = {similarity}; it must be above 0, and 1 at most.")
        points = matrix("clio_alike", whole.slice(row, 1).flatten())
        groups.append(_groups(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9), similarity))
    return pa.array(groups, type=pa.list_(pa.int32()))


def _groups(points: np.ndarray, similarity: float) -> np.ndarray:
    """The place of the point that represents each; BLOCK × n similarities are held at a time."""
    group = np.full(len(points), -1, dtype=np.int32)
    for start in range(0, len(points), BLOCK):
        near = points[start : start + BLOCK] @ points.T >= similarity - 1e-6  # rounding: equal vectors are alike
        for offset, row in enumerate(near):
            if group[start + offset] < 0:
                group[start + offset] = start + offset
                group[row & (group < 0)] = start + offset
    return group


FUNCTION = Function("clio_alike", ["FLOAT[][]", "DOUBLE"], "INTEGER[]", alike)
