"""clio_centroids: the centroids of a fitted model."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import Function


def centroids(engine: Engine, models: pa.ChunkedArray) -> pa.Array:
    """FLOAT[][]: k vectors of d numbers, in the order of the centroid numbers."""
    rows = [engine.model(model).tolist() for model in models.to_pylist()]
    return pa.array(rows, type=pa.list_(pa.list_(pa.float32())))


FUNCTION = Function("clio_centroids", ["VARCHAR"], "FLOAT[][]", centroids)
