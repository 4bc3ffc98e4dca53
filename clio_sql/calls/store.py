"""The call store: the answer and cost of every paid call, in `clio_state` of the warehouse.

Holds answers and hashes, never a prompt or a transcript. Of an answer that could not be read it holds the text until
the call is stored that shows it to the model once more (its repair). A text that went into a call is kept as
sha256(salt || text), with a salt of this database, so that a user's calls can be found again by
someone who has the text, and by no one else.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from clio_sql.errors import StateError

CursorFactory = Callable[[], duckdb.DuckDBPyConnection]
MISSING = (duckdb.CatalogException, duckdb.BinderException)  # in a read-only file that an older version wrote, or none
CHUNK = 20_000  # keys per look-up: a list parameter of that length costs about 30 ms


def now() -> datetime:
    """This moment in UTC, without a zone, as the store keeps it (zones need DuckDB's ICU extension)."""
    return datetime.now(UTC).replace(tzinfo=None)


class Row(NamedTuple):
    """One row of `clio_state.calls`. cost_usd in dollars, latency_s in seconds, called_at in UTC.

    answer: JSON; of a malformed one its text, where a repair is to come. repairs: the key of the call that it repairs.
    """

    key: str
    function: str
    provider: str
    model: str
    status: str
    answer: str | None
    error: str | None
    tokens_in: int
    tokens_out: int
    cache_write_tokens: int
    cache_read_tokens: int
    cost_usd: float
    latency_s: float
    attempts: int
    batch_id: str | None
    called_at: datetime
    repairs: str | None = None


# Retrying a failure adds to the cost of the call: what was paid stays visible.
PUT_AGAIN = f"""
insert into clio_state.calls ({", ".join(Row._fields)}) values ({", ".join("?" * len(Row._fields))})
on conflict (key) do update set
    status = excluded.status, answer = excluded.answer, error = excluded.error,
    tokens_in = calls.tokens_in + excluded.tokens_in, tokens_out = calls.tokens_out + excluded.tokens_out,
    cache_write_tokens = calls.cache_write_tokens + excluded.cache_write_tokens,
    cache_read_tokens = calls.cache_read_tokens + excluded.cache_read_tokens,
    cost_usd = calls.cost_usd + excluded.cost_usd, latency_s = excluded.latency_s,
    attempts = calls.attempts + excluded.attempts, batch_id = excluded.batch_id,
    called_at = excluded.called_at
"""
REPAIRED = """
update clio_state.calls set answer = null where status = 'malformed' and key in (select unnest(?::varchar[]))"""
PUT_INPUTS_AGAIN = "insert into clio_state.call_inputs (key, input_hash) values (?, ?) on conflict do nothing"


@contextmanager
def _writing() -> Iterator[None]:
    """Context in which an error of the database becomes a StateError."""
    try:
        yield
    except duckdb.Error as error:
        raise StateError(
            f"the call store cannot be written ({type(error).__name__}), so nothing more is paid for. "
            "Is the disk full, or the database closed or read-only? Run again once it can be written."
        ) from error


class Store:
    """Reads and writes `clio_state` through cursors that `cursor()` makes, one for each use.

    Safe from several threads. Raises StateError when the database is closed or cannot be written.
    """

    def __init__(self, cursor: CursorFactory) -> None:
        self._cursor = cursor
        self._salt: str | None = None
        self._salting = threading.Lock()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A fresh cursor, which the caller must close."""
        try:
            return self._cursor()
        except duckdb.Error as error:
            raise StateError(
                "the call store cannot be reached: its database is closed; connect to it again."
            ) from error

    def writable(self) -> bool:
        """Whether an answer can be stored, so that it may be paid for."""
        query = (
            "select bool_and(readonly) from duckdb_databases() "
            "where database_name in (current_database(), 'clio_state')"
        )
        with self.cursor() as cursor:
            row = cursor.execute(query).fetchone()
        return row is not None and not row[0]

    def find(self, keys: list[str]) -> dict[str, tuple[str, str | None, str | None]]:
        """(status, answer as JSON, error) for each of `keys` that is stored; empty without a store."""
        query = "select key, status, answer, error from clio_state.calls where key in (select unnest(?::varchar[]))"
        return self._look_up(query, keys)

    def repaired(self, keys: list[str]) -> dict[str, tuple[str, str | None, str | None]]:
        """The same of the calls that repaired those of `keys`, where that gave an answer or a refusal."""
        query = (
            "select repairs, status, answer, error from clio_state.calls "
            "where repairs in (select unnest(?::varchar[])) and status in ('ok', 'refused') "
            "order by status = 'ok', called_at"
        )
        return self._look_up(query, keys)

    def _look_up(self, query: str, keys: list[str]) -> dict[str, tuple[str, str | None, str | None]]:
        found = {}
        with self.cursor() as cursor:
            for start in range(0, len(keys), CHUNK):
                try:
                    rows = cursor.execute(query, [keys[start : start + CHUNK]]).fetchall()
                except MISSING:
                    return {}
                found.update({key: (status, answer, error) for key, status, answer, error in rows})
        return found

    def latency(self, provider: str, function: str, model: str) -> float | None:
        """Mean seconds of an answered call of this function; None if none is stored. Calls in a batch do not count."""
        query = """
            select avg(latency_s) from clio_state.calls
            where provider = ? and function = ? and model = ? and status = 'ok' and batch_id is null"""
        with self.cursor() as cursor:
            try:
                row = cursor.execute(query, [provider, function, model]).fetchone()
            except MISSING:
                return None
        return row[0] if row else None

    def unread(self, provider: str, function: str, model: str) -> float:
        """Share of the calls of this function whose answer could not be read and was asked for once more."""
        query = """
            select coalesce(count(*) filter (repairs is not null) / nullif(count(*) filter (repairs is null), 0), 0)
            from clio_state.calls where provider = ? and function = ? and model = ?"""
        with self.cursor() as cursor:
            try:
                row = cursor.execute(query, [provider, function, model]).fetchone()
            except MISSING:
                return 0.0
        return row[0] if row else 0.0

    def put(self, rows: list[Row], inputs: dict[str, Iterable[str]]) -> None:
        """Commit `rows` and the `input_hash` of each text that went into one (key -> hashes), all or none."""
        pairs = sorted({(key, text) for key, hashes in inputs.items() for text in hashes})
        with _writing():
            try:
                self._commit(rows, pairs, self._append)
            except duckdb.ConstraintException:  # some of them had failed before
                self._commit(rows, pairs, self._upsert)

    def _commit(self, rows: list[Row], pairs: list[tuple[str, str]], write: Callable[..., None]) -> None:
        """One transaction; closing the cursor rolls back what failed."""
        with self.cursor() as cursor:
            cursor.execute("begin")
            write(cursor, rows, pairs)
            if repaired := [row.repairs for row in rows if row.repairs and row.status != "failed"]:
                cursor.execute(REPAIRED, [repaired])
            cursor.execute("commit")

    def _append(self, cursor: Any, rows: list[Row], pairs: list[tuple[str, str]]) -> None:
        """Append new rows only, in 3 ms per commit: half of what an insert takes, a third of an upsert."""
        calls = cursor.appender("clio_state.calls", columns=list(Row._fields))
        calls.append_rows(rows)
        calls.flush()
        if pairs:
            hashes = cursor.appender("clio_state.call_inputs", columns=["key", "input_hash"])
            hashes.append_rows(pairs)
            hashes.flush()

    def _upsert(self, cursor: Any, rows: list[Row], pairs: list[tuple[str, str]]) -> None:
        cursor.executemany(PUT_AGAIN, rows)
        if pairs:
            cursor.executemany(PUT_INPUTS_AGAIN, pairs)

    def input_hash(self, text: str) -> str:
        """sha256(salt || text) in hex, the same as in SQL."""
        with self._salting:  # otherwise two threads could both find none, and both write one
            if self._salt is None:
                with _writing():
                    self._salt = self._read_salt()
        return hashlib.sha256((self._salt + text).encode("utf-8", "surrogatepass")).hexdigest()

    def _read_salt(self) -> str:
        with self.cursor() as cursor:
            row = cursor.execute("select salt from clio_state.salt").fetchone()
            if row is None:
                fresh = secrets.token_hex(32)
                cursor.execute("insert into clio_state.salt values (true, ?) on conflict do nothing", [fresh])
                row = cursor.execute("select salt from clio_state.salt").fetchone()
        assert row is not None
        return row[0]

    def begin_batch(self, batch_id: str, function: str, provider: str, base_url: str, keys: list[str]) -> None:
        """Record a batch that runs at the provider, so that a later run collects its results."""
        with self.cursor() as cursor:
            cursor.execute(
                "insert into clio_state.batches values (?, ?, ?, ?, ?, false, ?, null)",
                [batch_id, function, provider, base_url, keys, now()],
            )

    def open_batches(self, provider: str, base_url: str) -> list[tuple[str, str, list[str]]]:
        """(batch id, function, keys) of batches whose results are not yet collected, oldest first."""
        query = (
            "select batch_id, function, keys from clio_state.batches "
            "where not done and provider = ? and base_url = ? order by created_at, batch_id"
        )
        with self.cursor() as cursor:
            return cursor.execute(query, [provider, base_url]).fetchall()

    def end_batch(self, batch_id: str) -> None:
        """Record that all results of this batch are stored, or that it has none."""
        with self.cursor() as cursor:
            query = "update clio_state.batches set done = true, ended_at = ? where batch_id = ?"
            cursor.execute(query, [now(), batch_id])

    def of_batch(self, batch_id: str) -> set[str]:
        """The keys of this batch whose results are stored already."""
        with self.cursor() as cursor:
            query = "select key from clio_state.calls where batch_id = ?"
            return {key for (key,) in cursor.execute(query, [batch_id]).fetchall()}
