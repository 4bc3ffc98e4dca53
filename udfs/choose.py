"""clio_choose: the best parent for a name, always one of those given."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.providers import Choose
from clio_sql.udfs import PROVIDERS, VECTORS, WORDS, Function, answered


def choose(engine: Engine, names: pa.ChunkedArray, parents: pa.ChunkedArray) -> pa.Array:
    """name, parents -> STRUCT(value VARCHAR, status, error)."""
    requests = []
    for name, given in zip(names.to_pylist(), parents.to_pylist(), strict=True):
        kept = [parent for parent in given if parent is not None]
        if not kept:
            raise ClioError("clio_choose: no parents were given; give at least one to choose from.")
        requests.append(Choose(name, kept))
    return answered(engine, "choose", requests, pa.string())


FUNCTION = Function(
    "clio_choose",
    ["VARCHAR", "VARCHAR[]"],
    "VARCHAR",
    choose,
    answered=True,
    code=(*PROVIDERS, *VECTORS, *WORDS, "providers/local/naming.py"),
)
