"""Erasure: takes people out of what a run wrote, and makes all that was made of them anew, without paying.

In this order, so that a process that is killed leaves the old state, or one where the same command finishes:
their rows and calls are deleted and the hashes of their ids noted (one transaction), the relations are built
from what is left, the published files are replaced, and the warehouse is copied without the deleted bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql import builder, erase, findings, project
from clio_sql.analyse import WAREHOUSE, finish, opened, publish_checked, write_report
from clio_sql.calls.replies import Plan
from clio_sql.engine import Engine
from clio_sql.erase import Erased
from clio_sql.errors import ClioError, InputError, SqlError, Stopped
from clio_sql.progress import Steps, interruptible
from clio_sql.project import Relation
from clio_sql.publish import withdraw
from clio_sql.register import engine_of

NOTHING = Plan(0, 0, 0, 0, 0.0)


class Forgotten(NamedTuple):
    """What came of it. ids: how many were given; removed: files to be made anew; unpaid: what the next run asks."""

    ids: int
    erased: Erased
    removed: list[str]
    unpaid: Plan

    def lines(self) -> Iterator[str]:
        """What is told: how much, never of whom."""
        if not self.erased.rows:
            yield f"Nothing of the {self.ids} given user ids is here. They are noted: no run will take them in."
            return
        conversations, rows, calls, usd = self.erased
        yield f"Erased: {conversations:,} conversations, {rows:,} rows, {calls:,} stored calls (${usd:,.2f})."
        yield "Published anew, and the warehouse was copied without the erased bytes. No run will take them in."
        if self.unpaid.calls:
            yield (
                f"Held back until the next `clio-sql run`: what {self.unpaid.calls:,} calls would answer, "
                f"about ${self.unpaid.usd:,.2f}, and what is built on their answers. Nothing was paid."
            )
        for name in self.removed:
            yield f"Removed, since it was made from the old file: {name}. Make it anew."


def given(ids: Sequence[str], file: Path | None) -> list[str]:
    """The ids of the options, each once. InputError where there is none, or the file cannot be read."""
    lines: list[str] = []
    try:
        if file is not None:
            lines = (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"--users {file}: cannot be read ({type(error).__name__}). Give one id a line, in UTF-8."
        ) from None
    found = list(dict.fromkeys(each.strip() for each in [*ids, *lines] if each.strip()))
    if not found:
        raise InputError("no user id was given. Give --user ID, or --users FILE with one id a line.")
    return found


def forget(out: Path, ids: Sequence[str], steps: Steps, *, analysis: Path | None = None) -> Forgotten:
    """Erase these users from the folder of a run; again is harmless, and finishes what was stopped.

    analysis: the folder of that run; other SQL is refused, since it could show what that run held back.
    Raises InputError where there is no warehouse, CheckError or another ClioError where the figures could not
    be made anew: then nothing stays published.
    """
    path = out / WAREHOUSE
    if not path.exists():
        raise InputError(f"{out}: there is no {WAREHOUSE} in it. Give the folder that a run wrote.")
    relations = findings.checked(analysis)
    with opened(path, steps, {**_made_with(path, relations), "pay": False}) as con:
        engine = engine_of(con)
        assert engine is not None
        return interruptible(con, engine, steps, lambda: _work(con, engine, out, ids, steps, relations))


def _made_with(path: Path, relations: Sequence[Relation]) -> dict[str, Any]:
    """Who answered in the last run, as arguments of a runtime. Raises SqlError where that had other SQL."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            found = con.execute("from clio.build_info").fetchall()
            made = dict(zip([column[0] for column in con.description], found[0], strict=True))
    except duckdb.CatalogException:  # stopped before it built anything
        return {}
    except duckdb.Error as error:
        raise InputError(
            f"{path}: cannot be opened ({type(error).__name__}). Does another process have it open?"
        ) from None
    if made["sql_hash"] != project.fingerprint(relations):
        raise SqlError(
            f"{path}: it was built from other SQL than this, which could show what was held back. Give the "
            "--analysis FOLDER of that run; where that has changed, or clio-sql, run with it first."
        )
    names = ("provider", "embedding_model", "model", "naming_model", "base_url")
    return {name: made.get(name) for name in names}


def _work(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    out: Path,
    ids: Sequence[str],
    steps: Steps,
    relations: list[Relation],
) -> Forgotten:
    steps.begin("erase", None)
    erased = erase.users(con, ids)
    steps.end(erased.rows, skipped=False)
    if not erase.is_due(con):
        return Forgotten(len(ids), erased, [], NOTHING)
    try:
        builder.run(con, reporter=steps, relations=relations)
        erase.drop_strays(con, {relation.name for relation in relations} | set(project.HOST))
        removed = withdraw(out)
        publish_checked(con, out, steps, relations)
        write_report(out, steps)
    except (ClioError, duckdb.Error) as error:
        if not isinstance(error, Stopped | duckdb.InterruptException):  # what was published still counts them
            withdraw(out, published=True)
        raise
    unpaid = _unpaid(engine)
    finish(con, out, steps)
    removed = [name for name in removed if not (out / name).exists()]
    return Forgotten(len(ids), erased, removed, unpaid)


def _unpaid(engine: Engine) -> Plan:
    """What the build asked for and did not get, as nothing may be paid."""
    calls = getattr(engine.provider, "calls", None)
    return calls.plan(list(calls.unpaid.values())) if calls else NOTHING
