"""clio_name: a name and a description for a group of texts, in contrast to texts just outside it."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.providers import Name
from clio_sql.udfs import PROVIDERS, VECTORS, WORDS, Function, answered

VALUE = pa.struct([("name", pa.string()), ("description", pa.string())])
TEXTS = "VARCHAR[]"


def name(engine: Engine, *columns: pa.ChunkedArray) -> pa.Array:
    """members, neighbours, criteria, terms, taken, avoid -> STRUCT(value STRUCT(name, description), status, error)."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    requests = [Name._make(value if isinstance(value, str) else _texts(value) for value in row) for row in rows]
    return answered(engine, "name", requests, VALUE)


def _texts(values: list[str | None]) -> list[str]:
    return [value for value in values if value is not None]


FUNCTION = Function(
    "clio_name",
    [TEXTS, TEXTS, "VARCHAR", TEXTS, TEXTS, TEXTS],
    "STRUCT(name VARCHAR, description VARCHAR)",
    name,
    answered=True,
    code=(*PROVIDERS, *VECTORS, *WORDS, "providers/local/naming.py"),
)
