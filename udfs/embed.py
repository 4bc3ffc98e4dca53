"""clio_embed: the unit vector of a text."""

from __future__ import annotations

import pyarrow as pa
from clio_sql.udfs import Function

from clio_sql.engine import SUB_BATCH, Engine

PART = SUB_BATCH * 8  # texts between two looks at the stop event: about a second


def embed(engine: Engine, texts: pa.ChunkedArray) -> pa.Array:
    """FLOAT[d], one a text. Equal texts are embedded once while they are remembered."""
    given = texts.to_pylist()
    parts = []
    for start in range(0, len(given), PART):
        engine.check()
        part = given[start : start + PART]
        parts.append(pa.array(engine.embedder.encode(part).ravel(), type=pa.float32()))
        engine.advance("embed", len(part))
    flat = pa.concat_arrays(parts) if parts else pa.array([], type=pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, engine.embedder.dimension)


FUNCTION = Function("clio_embed", ["VARCHAR"], "FLOAT[d]", embed)
