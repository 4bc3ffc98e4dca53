"""Erasure: removes users from everything that a run wrote, and rebuilds the results without them, without paying.

The order ensures that a killed process leaves the old state, or one that the same command completes:
their rows and calls are deleted and the hashes of their ids noted (one transaction), each analysis is rebuilt from
what is left and its published files are replaced, and the warehouse is copied without the deleted bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql.analysis import catalog, check
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import Reporter
from clio_sql.calls.replies import Plan
from clio_sql.engine import Engine
from clio_sql.errors import ClioError, InputError, SqlError, Stopped, UsageError
from clio_sql.published.publish import withdraw
from clio_sql.register import engine_of
from clio_sql.run.interrupt import interruptible
from clio_sql.run.open import opened
from clio_sql.run.steps import FORGET, Run, finish, perform
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import erase, lock, places
from clio_sql.warehouse.erase import Erased
from clio_sql.warehouse.places import Place

NOTHING = Plan(0, 0, 0, 0, 0.0, 0.0)


class Made(NamedTuple):
    """An analysis of the warehouse: who answered in its last run, as arguments of a runtime, and on which SQL."""

    name: str | None
    sql_hash: str | None
    runtime: dict[str, Any]

    @property
    def schema(self) -> str:
        return places.schema_of(self.name)


class Forgotten(NamedTuple):
    """The result. ids: how many were given; removed: files to be made again; unpaid: what the next run will ask.

    withdrawn: folders of analyses whose SQL was not given, so that they could not be rebuilt. finished: whether an
    erasure that was stopped before was finished by this one.
    """

    ids: int
    erased: Erased
    removed: list[str]
    unpaid: Plan
    withdrawn: list[str]
    finished: bool = False

    def lines(self) -> Iterator[str]:
        """The report: how much was erased, never about whom."""
        if self.finished:
            yield "Finished an erasure that had been stopped. It is published again, and the erased bytes are gone."
        if self.erased.rows:
            conversations, rows, calls, usd = self.erased
            yield f"Erased: {conversations:,} conversations, {rows:,} rows, {calls:,} stored calls (${usd:,.2f})."
            yield "Published again, and the warehouse was copied without the erased bytes. No run will read them again."
        else:
            yield f"Nothing here belongs to the {self.ids} given user ids. They are noted: no run will read them."
        for folder in self.withdrawn:
            yield (
                f"Withdrawn, since its SQL was not given: all that {folder} published, and its tables in the "
                "warehouse. Run that analysis again; what is stored costs nothing."
            )
        if self.unpaid.calls:
            yield (
                f"Held back until the next run: what {self.unpaid.calls:,} calls would answer, "
                f"about ${self.unpaid.usd:,.2f}, and what is built on their answers. Nothing was paid."
            )
        for name in self.removed:
            yield f"Removed, since it was made from the old file: {name}. Make it again."


def given(ids: Sequence[str], file: Path | None) -> list[str]:
    """The ids of the options, each once. UsageError if there are none, InputError if the file cannot be read."""
    lines: list[str] = []
    try:
        if file is not None:
            lines = (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"--users {file}: cannot be read ({type(error).__name__}). Give one id per line, in UTF-8."
        ) from None
    found = list(dict.fromkeys(each.strip() for each in [*ids, *lines] if each.strip()))
    if not found:
        raise UsageError("no user id was given. Give --user ID, or --users FILE with one id per line.")
    return found


def forget(
    out: Path, ids: Sequence[str], reporter: Reporter, *, analysis: Path | Sequence[Path] | None = None
) -> Forgotten:
    """Erase these users from all analyses of OUT; repeating it is harmless, and finishes what was stopped.

    analysis: the folders of those runs; other SQL is refused, since it could show what a run held back. An analysis
    whose SQL is not among them is withdrawn: its published files and its tables are removed.
    Raises InputError if there is no warehouse, SqlError if a folder belongs to no analysis, CheckError or another
    ClioError if the figures could not be rebuilt: then nothing stays published that still counts these users.
    """
    path, _, name = places.located(out)
    if name is not None:
        raise UsageError(f"{out}: users are erased from all analyses of a warehouse. Give its folder: {path.parent}.")
    folders = [analysis] if isinstance(analysis, Path) else list(analysis or ())
    sql = [check.checked(folder) for folder in folders] or [check.checked(None)]
    known, unknown = matched(path, made_by(path), sql)
    erased, due, finished = _erased(path, ids, reporter, known[0][0], out, unknown)
    unpaid, removed = NOTHING, list[str]()
    for place, (made, relations) in enumerate(known if due else []):
        published = False
        try:
            with _opened(path, reporter, made) as (con, engine):
                folder = places.folder(out, made.name)
                run = Run(con, engine, reporter, Place(path, made.schema, made.name), folder, relations)
                perform(run, FORGET)
                published = True
                unpaid, removed = unpaid.plus(unpaid_by(engine)), [*removed, *_left(run)]
                if place == len(known) - 1:
                    finish(run)
        except (ClioError, duckdb.Error) as error:
            if not published and not isinstance(error, Stopped | duckdb.InterruptException):
                # earlier published files still count them
                for other, _ in known[place:]:
                    withdraw(places.folder(out, other.name), published=True)
            raise
    withdrawn = [str(places.folder(out, made.name)) for made in unknown] if due else []
    return Forgotten(len(ids), erased, removed, unpaid, withdrawn, finished)


def made_by(path: Path) -> list[Made]:
    """The analyses of a warehouse. InputError if it cannot be opened."""
    try:
        lock.require_plain(path)
        with duckdb.connect(str(path), read_only=True) as con:
            return [_made_with(con, schema) for schema in places.schemas(con)]
    except duckdb.Error as error:
        raise InputError(
            f"{path}: cannot be opened ({type(error).__name__}). Does another process have it open?"
        ) from None


def _made_with(con: duckdb.DuckDBPyConnection, schema: str) -> Made:
    try:
        found = con.execute(f"from {identifier(schema)}.build_info").fetchall()
    except duckdb.CatalogException:  # stopped before it built anything
        return Made(places.name_of(schema), None, {})
    row = dict(zip([column[0] for column in con.description], found[0], strict=True))
    runtime = {each: row.get(each) for each in ("provider", "embedding_model", "model", "naming_model", "base_url")}
    name = (runtime["embedding_model"] or "").removesuffix(f" in {row.get('precision')}")
    runtime["embedding_model"] = row.get("embedding_folder") or name or None
    return Made(places.name_of(schema), row["sql_hash"], runtime)


def matched(
    path: Path, found: list[Made], given: list[list[Relation]]
) -> tuple[list[tuple[Made, list[Relation]]], list[Made]]:
    """The analyses with their SQL, and those whose SQL is not given. SqlError if a given folder belongs to none."""
    if all(made.sql_hash is None for made in found):  # nothing was built yet
        return [(Made(None, None, {}), given[0])], [made for made in found if made.name is not None]
    hashes = {catalog.fingerprint(relations): relations for relations in given}
    if not set(hashes) <= {made.sql_hash for made in found}:
        raise SqlError(
            f"{path}: it was built from different SQL, and this SQL could show what was held back. Give the "
            "--analysis FOLDER of that run; if the folder or clio-sql has changed since, run with it first."
        )
    hashes.setdefault(catalog.fingerprint(packaged := catalog.load()), packaged)
    known = [(made, hashes[made.sql_hash]) for made in found if made.sql_hash in hashes]
    return known, [made for made in found if made.sql_hash not in hashes]


@contextmanager
def _opened(path: Path, reporter: Reporter, made: Made) -> Iterator[tuple[duckdb.DuckDBPyConnection, Engine]]:
    """The warehouse, opened as by the last run of an analysis, but unable to pay for anything."""
    with opened(path, reporter, {**made.runtime, "pay": False}) as con:
        engine = engine_of(con)
        assert engine is not None
        yield con, engine


def _erased(
    path: Path, ids: Sequence[str], reporter: Reporter, made: Made, out: Path, unknown: list[Made]
) -> tuple[Erased, bool, bool]:
    """Delete their rows and calls. Returns whether to rebuild anything, and whether an earlier erasure was stopped.

    Analyses that cannot be rebuilt are withdrawn at once.
    """
    with _opened(path, reporter, made) as (con, engine):
        lock.lock(con)

        def work() -> tuple[Erased, bool, bool]:
            stopped = erase.is_due(con)
            reporter.begin("erase", None)
            erased = erase.users(con, ids)
            reporter.end(erased.rows, skipped=False)
            due = erase.is_due(con)
            for other in unknown if due else []:
                withdraw(places.folder(out, other.name), published=True)
                erase.drop_analysis(con, other.schema)
            return erased, due, stopped

        return interruptible(con, engine, reporter, work)


def _left(run: Run) -> list[str]:
    """Files that were removed and not written again, as paths within OUT."""
    left = [name for name in run.removed if not (run.folder / name).exists()]
    return [name if run.place.name is None else f"{run.place.name}/{name}" for name in left]


def unpaid_by(engine: Engine) -> Plan:
    """The calls that the build needed and did not get, as nothing may be paid."""
    calls = engine.paid.calls if engine.paid else None
    return calls.plan(list(calls.unpaid.values())) if calls else NOTHING
