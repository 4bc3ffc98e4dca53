"""What the functions of one database share: the provider, fitted models, the stop event, open connections.

DuckDB shows a function to every connection of a database, but only the one that
registered it holds the Python callable. So engines, and all callables with them, live as
long as the process, and hold only weak references to connections: closing yours releases the file.
"""

from __future__ import annotations

import hashlib
import json
import threading
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, cast

import duckdb
import numpy as np

from clio_sql.calls.replies import require_budget
from clio_sql.errors import StateError, Stopped, UsageError
from clio_sql.errors.quotable import quoted
from clio_sql.providers import Answer, PaidProvider, Provider, provider
from clio_sql.runtime import Runtime, made_of
from clio_sql.vectors.embedding import Embedder, chosen, embedder
from clio_sql.warehouse import host
from clio_sql.warehouse.database import scalar
from clio_sql.warehouse.state import SCHEMA

MEMORY = 65_536  # answers remembered, so that a view read twice asks once
SUB_BATCH = 1_024  # requests until progress is told: the more, the more of their texts have one length
PENDING = Answer(None, "pending", "collected, not asked yet")


class Engine:
    """One per database of this process; see `clio_sql.register`."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.stop = threading.Event()
        self.progress: Callable[[str, int], None] | None = None  # (function, rows answered)
        self._connections: list[weakref.ref[duckdb.DuckDBPyConnection]] = []
        self._models: dict[str, np.ndarray] = {}
        self._saving = threading.Lock()
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._lock = threading.Lock()
        self._collected: list[tuple[str, Any]] | None = None
        self._building = False

    @cached_property
    def provider(self) -> Provider:
        return provider(self.runtime, self.open_cursor, self.stop, lambda: self.embedder, self.check)

    @property
    def paid(self) -> PaidProvider | None:
        """The provider if its answers cost money and are kept in the call store, else None."""
        return cast("PaidProvider", self.provider) if self.provider.paid else None

    @cached_property
    def embedder(self) -> Embedder:
        return embedder(self.runtime.embedding_model, self.precision, self.runtime.device)

    @cached_property
    def precision(self) -> str | None:
        """Of the vectors: as asked, or that of those in the database, or the fastest here; None if not packaged.

        Raises StateError where this machine does not compute in that of the database.
        """
        asked = self.runtime
        possible = chosen(asked.embedding_model, asked.precision, asked.device)
        if possible is None or asked.precision != "auto":
            return possible
        with self.cursor() as cursor:
            kept = host.kept_precision(cursor)
        try:
            return chosen(asked.embedding_model, kept or possible, asked.device)
        except UsageError:
            raise StateError(
                f"the vectors of this warehouse are in {kept}, in which this machine does not compute. Run it where "
                f"it began, or give --precision {possible}: then all texts are embedded again."
            ) from None

    @property
    def vectors(self) -> str:
        """What identifies the vectors: the embedding model, and the precision of a packaged one."""
        model = made_of(self.runtime.embedding_model)
        return f"{model} in {self.precision}" if self.precision else model

    def become(self, runtime: Runtime) -> None:
        """Answer with another runtime from now on; answers remembered from the old one are dropped."""
        self.runtime = runtime
        self._answers.clear()
        self.__dict__.pop("provider", None)
        self.__dict__.pop("embedder", None)
        self.__dict__.pop("precision", None)

    def close(self) -> None:
        """Close what the provider holds open; it is created again when needed."""
        if made := self.__dict__.pop("provider", None):
            made.close()

    def attach(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let the functions access the state through `con` while it is open."""
        live = [ref for ref in self._connections if (known := ref()) is not None and known is not con]
        self._connections = [*live, weakref.ref(con)]

    def open_cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of any open registered connection, for the caller to close; StateError if there is none."""
        for ref in self._connections:
            con = ref()
            if con is None:
                continue
            try:
                return con.cursor()
            except duckdb.ConnectionException:
                continue
        raise StateError(
            "this function keeps its state in the database, and every connection that clio-sql was "
            "registered on is closed. Call clio_sql.register(con) on an open connection."
        )

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """`open_cursor`, closed at the end: an open cursor would keep the file open."""
        cursor = self.open_cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def is_open(self) -> bool:
        """True while a registered connection is open."""
        try:
            with self.cursor():
                return True
        except StateError:
            return False

    def check(self) -> None:
        """Raise Stopped if the user has asked to stop."""
        if self.stop.is_set():
            raise Stopped("stopped; what was finished is kept, and the next run goes on from there.")

    def advance(self, function: str, rows: int) -> None:
        """Report that `rows` more rows of `function` are answered."""
        if self.progress is not None:
            self.progress(function, rows)

    def answer(self, function: str, requests: Sequence[Any]) -> list[Answer]:
        """One Answer per request, in order; equal requests are answered once while remembered.

        While collecting, nothing is answered: the requests are kept and each gets PENDING.
        """
        if self._collected is not None:
            self._collected.extend((function, request) for request in requests)
            return [PENDING] * len(requests)
        keys = [_key(function, request) for request in requests]
        with self._lock:
            found = {key: self._answers[key] for key in keys if key in self._answers}
        missing = {key: request for key, request in zip(keys, requests, strict=True) if key not in found}
        waiting = list(missing.items())
        rows = Counter(keys)
        self.advance(function, sum(rows[key] for key in found))
        # A paid provider gets all at once and keeps many in flight. Each checks the stop event itself.
        size = len(waiting) if self.provider.paid else SUB_BATCH
        for start in range(0, len(waiting), max(size, 1)):
            self.check()
            part = waiting[start : start + size]
            answers = getattr(self.provider, function)([request for _, request in part])
            found.update(zip((key for key, _ in part), answers, strict=True))
            self.advance(function, sum(rows[key] for key, _ in part))
        self._remember({key: found[key] for key in missing if found[key].status == "ok"})
        if self._building:  # continuing without them would pay for prompts that are never used
            require_budget(sum(found[key].status == "over_budget" for key in missing), self.runtime.max_usd)
        return [found[key] for key in keys]

    @contextmanager
    def building(self) -> Iterator[None]:
        """Context in which an answer that the budget does not allow is an error; elsewhere it is a status."""
        self._building = True
        try:
            yield
        finally:
            self._building = False

    @contextmanager
    def collecting(self) -> Iterator[list[tuple[str, Any]]]:
        """Context in which functions record what they are asked instead of answering: (function, request) pairs."""
        self._collected = []
        try:
            yield self._collected
        finally:
            self._collected = None

    @property
    def collects(self) -> bool:
        """Whether requests are recorded, so that whatever is answered now is thrown away."""
        return self._collected is not None

    def _remember(self, answers: dict[bytes, Answer]) -> None:
        with self._lock:
            self._answers.update(answers)
            while len(self._answers) > MEMORY:
                self._answers.popitem(last=False)

    def save_model(self, centroids: np.ndarray) -> str:
        """Keep centroids, shape (k, d), float32; returns their id. On a read-only database they live in memory."""
        data = np.ascontiguousarray(centroids, dtype="<f4")
        model = "m" + hashlib.sha256(repr(data.shape).encode() + data.tobytes()).hexdigest()[:16]
        with self._saving:  # two fits of equal vectors at once have the same id
            if model not in self._models:
                with self.cursor() as cursor:
                    _store_model(cursor, model, data)
                self._models[model] = data
        return model

    def model(self, model: str) -> np.ndarray:
        """The centroids of a model, shape (k, d); StateError if it is not known."""
        if model not in self._models:
            with self.cursor() as cursor:
                row = _stored_model(cursor, model)
            if row is None:
                raise StateError(
                    f"model {quoted(model)} is not known in this database. "
                    "Models are made by clio_fit(vectors, k); its answer is the id to give here."
                )
            k, dimension, blob = row
            self._models[model] = np.frombuffer(blob, dtype="<f4").reshape(k, dimension)
        return self._models[model]


def _key(function: str, request: Any) -> bytes:
    text = json.dumps([function, request], ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _store_model(cursor: duckdb.DuckDBPyConnection, model: str, data: np.ndarray) -> None:
    try:
        cursor.execute(
            f"insert or ignore into {SCHEMA}.models values (?, ?, ?, ?)", [model, *data.shape, data.tobytes()]
        )
    except (duckdb.InvalidInputException, duckdb.CatalogException, duckdb.BinderException):
        if not _keeps_nothing(cursor):
            raise


def _stored_model(cursor: duckdb.DuckDBPyConnection, model: str) -> tuple[int, int, bytes] | None:
    try:
        return cursor.execute(
            f"select k, dimension, centroids from {SCHEMA}.models where model = ?", [model]
        ).fetchone()
    except duckdb.CatalogException:  # a read-only file that was never registered has no state
        return None


def _keeps_nothing(con: duckdb.DuckDBPyConnection) -> bool:
    """True for a read-only file and for a database in memory: there a model lives as long as the process."""
    query = (
        "select bool_and(readonly or path is null) from duckdb_databases() "
        "where database_name in (current_database(), 'clio_state')"
    )
    return bool(scalar(con, query))
