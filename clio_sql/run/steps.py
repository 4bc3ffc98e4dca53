"""The steps of a run, in order: what `run` and `forget` do, each written once.

A step takes the `Run` and stores in it what later ones need. Whatever a step opened is closed when the run ends, even
if a step fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from clio_sql import builder, sources
from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import Builder, Reporter
from clio_sql.engine import Engine
from clio_sql.published import publish as files
from clio_sql.published import report
from clio_sql.published.files import PUBLISHED, built_at
from clio_sql.run import record
from clio_sql.run.early import limits
from clio_sql.run.interrupt import interruptible
from clio_sql.run.outcome import Outcome, outcome
from clio_sql.sources import Source, understood
from clio_sql.warehouse import erase, lock, state
from clio_sql.warehouse.erase import Erased
from clio_sql.warehouse.places import WAREHOUSE, Place


@dataclass
class Run:
    """A run of one analysis. folder: where it publishes. reading: as `sources.read` takes it.

    Set by steps: source, what was read; erased, what was removed with vanished conversations; built; removed, files
    that an erasure removed; same_state, which raises if the SQL of the analysis changed the state.
    """

    con: duckdb.DuckDBPyConnection
    engine: Engine
    reporter: Reporter
    place: Place
    folder: Path
    relations: Sequence[Relation]
    input: str = ""
    reading: dict[str, Any] = field(default_factory=dict)
    parquet: bool = False
    refit: bool = False
    source: Source | None = None
    erased: Erased | None = None
    built: Builder | None = None
    removed: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    same_state: Callable[[], None] = lambda: None
    opened: ExitStack = field(default_factory=ExitStack)

    @property
    def schema(self) -> str:
        return self.place.schema


Step = Callable[[Run], None]


def perform(run: Run, steps: Sequence[Step]) -> None:
    """Do the steps in order. Raises Stopped if the user stops it; what was finished is kept."""

    def work() -> None:
        with run.opened:
            for step in steps:
                step(run)

    interruptible(run.con, run.engine, run.reporter, work)


def settle(run: Run) -> None:
    """Keep the build of an earlier run that published but was killed before it could keep it."""
    if (run.folder / PUBLISHED).exists():
        builder.settle(run.con, run.relations, built_at(run.folder / PUBLISHED), run.schema)


def read(run: Run) -> None:
    """Read the input into `source`, and how it was understood into `input`."""
    run.reporter.begin("source", None)
    source = sources.read(run.con, run.input, schema=run.schema, limits=limits(run.relations), **run.reading)
    run.reporter.end(source.rows, skipped=False)
    run.reporter.say(understood.line(source))
    builder.describe_input(run.con, run.schema, **source.described)
    run.source = source


def erase_vanished(run: Run) -> None:
    """Remove conversations that are no longer in the input from every table, and the calls that saw their texts."""
    run.erased = erase.vanished(run.con, run.schema)


def begin_record(run: Run) -> None:
    """Record that a run began; how it ended is recorded at its end."""
    run.opened.enter_context(record.recorded(run.con, run.folder, run.relations, run.schema))


def lock_engine(run: Run) -> None:
    """From here on SQL of the analysis runs: attach the file for drafts, and then lock everything else."""
    run.opened.enter_context(files.drafted(run.con, run.folder))
    state.salted(run.con)
    run.same_state = lock.lock(run.con)


def build(run: Run) -> None:
    """Build every relation, each only if its SQL or the rows it reads changed."""
    run.built = builder.run(run.con, run.schema, reporter=run.reporter, relations=run.relations, refit=run.refit)


def drop_strays(run: Run) -> None:
    """Drop tables that no relation makes any more, and files made from earlier published data."""
    erase.drop_strays(run.con, {relation.name for relation in run.relations} | set(catalog.host_tables()), run.schema)
    run.removed = files.withdraw(run.folder)


def check(run: Run) -> None:
    """Run every check on what is to be published; if one finds bad rows, raise CheckError: nothing is published."""
    run.reporter.begin("checks", None)
    files.draft(run.con, run.relations, run.schema)
    builder.check(run.con, run.schema, drafted=True)
    run.reporter.end(-1, skipped=False)


def publish(run: Run) -> None:
    """Write the published relations into a file of their own, complete or not at all."""
    run.reporter.begin(files.file_name(run.con, run.schema), None)
    files.publish(run.con, run.folder, run.relations, run.schema, run.parquet, run.same_state)
    run.reporter.end(-1, skipped=False)


def keep(run: Run) -> None:
    """Keep what was built as the last build, which the next one starts from."""
    builder.keep(run.con, run.relations, run.schema)
    erase.rebuilt(run.con, run.schema)


def end_record(run: Run) -> None:
    """Record that the run published, keep a copy of it, and detach the file for drafts."""
    run.opened.close()


def write_report(run: Run) -> None:
    """Write the page from what was published; in safety mode a private one."""
    run.reporter.begin(report.name(run.folder), None)
    report.write(run.folder)
    run.reporter.end(-1, skipped=False)


def summarise(run: Run) -> None:
    """Collect what there is to say about the run, while its tables can be read."""
    assert run.source is not None and run.built is not None
    run.outcome = outcome(run.con, run.engine, run.source, run.erased, run.built)


def finish(run: Run) -> None:
    """If something was erased, copy the warehouse without its bytes, and close the connection.

    Not while another analysis still has data built from it, as after a `forget` that was killed.
    """
    if erase.is_due(run.con) and not erase.to_rebuild(run.con):
        run.reporter.begin(WAREHOUSE, None)
        erase.copy_anew(run.con, run.place.warehouse)
        run.reporter.end(-1, skipped=False)


BUILD: tuple[Step, ...] = (lock_engine, build)
PUBLISH: tuple[Step, ...] = (check, publish, keep, end_record, write_report)
RUN: tuple[Step, ...] = (settle, read, erase_vanished, begin_record, *BUILD, *PUBLISH, summarise, finish)
FORGET: tuple[Step, ...] = (*BUILD, drop_strays, *PUBLISH)
