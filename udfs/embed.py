"""clio_embed: the unit vector of a text."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import VECTORS, Function


def embed(engine: Engine, texts: pa.ChunkedArray) -> pa.Array:
    """FLOAT[d], one per text. Equal texts are embedded once while they are remembered."""

    def tick(more: int) -> None:
        engine.check()
        engine.advance("embed", more)

    engine.check()
    vectors = engine.embedder.encode(texts.to_pylist(), tick)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), type=pa.float32()), engine.embedder.dimension)


FUNCTION = Function("clio_embed", ["VARCHAR"], "FLOAT[d]", embed, code=VECTORS)
