"""clio_merge: about n distinct names out of a longer list."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.udfs import Function, answered
from clio_sql.udfs.propose import CODE, PARAMETERS, VALUE, broaden


def merge(engine: Engine, *columns: pa.ChunkedArray) -> pa.Array:
    """names, n, criteria -> STRUCT(value VARCHAR[], status, error)."""
    return answered(engine, "merge", broaden("clio_merge", *columns), VALUE)


FUNCTION = Function("clio_merge", PARAMETERS, "VARCHAR[]", merge, answered=True, code=CODE)
