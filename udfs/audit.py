"""clio_audit: how privacy-preserving a text is."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import PROVIDERS, WORDS, Function, answered

VALUE = pa.struct([("rating", pa.int32()), ("reason", pa.string())])


def audit(engine: Engine, texts: pa.ChunkedArray) -> pa.Array:
    """text -> STRUCT(value STRUCT(rating, reason), status, error); 1 names a person, 5 nothing identifying."""
    return answered(engine, "audit", texts.to_pylist(), VALUE)


FUNCTION = Function(
    "clio_audit",
    ["VARCHAR"],
    "STRUCT(rating INTEGER, reason VARCHAR)",
    audit,
    answered=True,
    code=(*PROVIDERS, *WORDS, "providers/local/auditing.py"),
)
