"""The bodies of the functions: an Arrow batch in, an Arrow batch out, one module per function.

Each module has `FUNCTION`, which says how it is registered with DuckDB. A body takes the engine
and one pyarrow ChunkedArray per parameter, all without NULLs: DuckDB answers NULL for NULL
without calling it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clio_sql.engine import Engine
from clio_sql.errors import ClioError
from clio_sql.providers import Answer

VECTORS = (
    "vectors/embedding.py", "vectors/encoder.py", "vectors/e5.py", "vectors/e5_to_minilm.npy",
    "vectors/largest_minilm.npy", "vectors/largest_e5.npy", "words/language.py",
)  # fmt: skip
WORDS = ("words/words.py", "words/dictionaries.py", "words/lexicons")
PROVIDERS = (
    *(
        f"providers/{name}.py"
        for name in ("__init__", "local/__init__", "prompted/__init__", "prompted/answers", "protocol")
    ),
    "udfs/prompts/repair.txt",
)


class Function(NamedTuple):
    """One function: its SQL name without `_raw`, parameter types, type of the value, and its body.

    answered: True if a provider answers; the `_raw` form then returns STRUCT(value, status, error).
    code: the files and folders of `clio_sql` that decide its value, besides its own module and prompts. A change to
    any of them rebuilds what the function answered.
    """

    name: str
    parameters: list[str]
    returns: str
    body: Callable[..., pa.Array]
    answered: bool = False
    code: tuple[str, ...] = ()

    def sql_type(self, dimension: int) -> str:
        """The return type of the `_raw` form; `FLOAT[d]` takes the embedding model's dimension."""
        value = self.returns.replace("[d]", f"[{dimension}]")
        return f"STRUCT(value {value}, status VARCHAR, error VARCHAR)" if self.answered else value


def answered(engine: Engine, function: str, requests: list[Any], value: pa.DataType) -> pa.Array:
    """Ask the provider, and return its answers as STRUCT(value, status, error)."""
    return as_struct(engine.answer(function, requests), value)


def as_struct(answers: Iterable[Answer], value: pa.DataType) -> pa.Array:
    """Answers as an Arrow struct; the value is NULL unless the status is 'ok'."""
    rows = list(answers)
    values = pa.array([row.value if row.status == "ok" else None for row in rows], type=value)
    statuses = pa.array([row.status for row in rows], type=pa.string())
    errors = pa.array([row.error for row in rows], type=pa.string())
    return pa.StructArray.from_arrays([values, statuses, errors], names=["value", "status", "error"])


def matrix(function: str, vectors: pa.Array) -> np.ndarray:
    """A list array of vectors as float32, shape (n, d). Different lengths are an error, as is a NULL or NaN."""
    if isinstance(vectors, pa.ChunkedArray):
        vectors = vectors.combine_chunks()
    lengths = np.diff(vectors.offsets.to_numpy())
    if len(lengths) == 0:
        return np.zeros((0, 0), dtype=np.float32)
    if lengths.min() != lengths.max() or lengths.min() == 0:
        raise ClioError(
            f"{function}: vectors of {lengths.min()} to {lengths.max()} numbers were given; all must have the "
            "same length, at least 1. Embed all texts with one model."
        )
    flat = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    if not np.isfinite(flat).all():
        raise ClioError(f"{function}: a vector holds NULL, NaN or infinity; all its numbers must be finite.")
    return flat.reshape(len(lengths), -1)
