"""clio_propose: about n broader names for a list of names."""

from __future__ import annotations

import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.providers import Broaden
from clio_sql.udfs import PROVIDERS, VECTORS, WORDS, Function, answered

VALUE = pa.list_(pa.string())
CODE = ("udfs/propose.py", *PROVIDERS, *VECTORS, *WORDS, "providers/local/naming.py")
PARAMETERS = ["VARCHAR[]", "INTEGER", "VARCHAR"]


def propose(engine: Engine, *columns: pa.ChunkedArray) -> pa.Array:
    """names, n, criteria -> STRUCT(value VARCHAR[], status, error)."""
    return answered(engine, "propose", broaden("clio_propose", *columns), VALUE)


def broaden(function: str, names: pa.ChunkedArray, ns: pa.ChunkedArray, criteria: pa.ChunkedArray) -> list[Broaden]:
    """The requests of a batch; an empty list of names or n below 1 is an error."""
    requests = []
    for given, n, criterion in zip(names.to_pylist(), ns.to_pylist(), criteria.to_pylist(), strict=True):
        kept = [name for name in given if name is not None]
        if n < 1 or not kept:
            raise ClioError(f"{function}: n = {n} for {len(kept)} names; both must be at least 1.")
        requests.append(Broaden(kept, n, criterion))
    return requests


FUNCTION = Function("clio_propose", PARAMETERS, "VARCHAR[]", propose, answered=True, code=CODE)
