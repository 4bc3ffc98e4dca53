"""clio_breaks: a text with blanks between the words of Chinese and Japanese."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import Function
from clio_sql.words.breaks import broken


def breaks(engine: Engine, texts: pa.ChunkedArray) -> pa.Array:
    """One text each, as `words/breaks.py` breaks it."""
    engine.check()
    return pa.array([broken(text) for text in texts.to_pylist()], type=pa.string())


FUNCTION = Function("clio_breaks", ["VARCHAR"], "VARCHAR", breaks, code=("words/breaks.py",))
