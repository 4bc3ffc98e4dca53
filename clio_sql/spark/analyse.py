"""A run on Spark: the steps of `clio-sql run`, with the rows in a lake that workers and driver share."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from clio_sql import builder
from clio_sql.analysis import catalog, check
from clio_sql.analysis.catalog import Relation, own
from clio_sql.builder import Builder, Changes, Quiet, Reporter
from clio_sql.errors import ClioError, InputError, StateError, Stopped, UsageError
from clio_sql.published import publish as files
from clio_sql.published.files import PUBLISHED, built_at
from clio_sql.register import engine_of
from clio_sql.run import steps
from clio_sql.run.early import mode
from clio_sql.run.folders import folders
from clio_sql.run.forget import Forgotten, made_by, matched, unpaid_by
from clio_sql.run.interrupt import interruptible
from clio_sql.run.open import opened
from clio_sql.run.outcome import Outcome
from clio_sql.run.steps import Run
from clio_sql.sources import understood
from clio_sql.spark import source as reading
from clio_sql.spark import workers
from clio_sql.spark.build import builder_on
from clio_sql.spark.lake import Lake
from clio_sql.spark.stages import Stages
from clio_sql.warehouse import erase, host, lock, places, state
from clio_sql.warehouse.places import LAKE, SCHEMA, WAREHOUSE, Place

SETTINGS = {  # of the session, as long as a run lasts
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2048",
}


UNCHANGED = Changes(0, 0, 0)


@dataclass
class Cluster:
    """What the steps of a run on Spark share beside the `Run`.

    rows, where, reading: as `clio_sql.spark.source.read` takes them. changes: of the conversations since the last run.
    """

    stages: Stages
    rows: DataFrame | None = None
    where: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    changes: Changes = UNCHANGED

    def read(self, run: Run) -> None:
        """Read the table into `source`, and how it was understood into `input`."""
        assert self.rows is not None
        run.reporter.begin("source", None)
        source, self.changes = reading.read(self.stages, self.rows, self.where, **self.reading)
        run.reporter.end(source.rows, skipped=False)
        run.reporter.say(understood.line(source))
        builder.describe_input(run.con, run.schema, **source.described)
        run.source = source

    def settle(self, run: Run) -> None:
        """As `steps.settle`; what lies in the lake is kept there."""
        published = run.folder / PUBLISHED
        if published.exists() and builder.settle(run.con, self._own(run), built_at(published), run.schema):
            self._keep_in_lake(run)

    def erase_vanished(self, run: Run) -> None:
        """As `steps.erase_vanished`: of what lies in the lake, only the last build is not made again without them."""
        if self.changes.vanished:
            run.erased = erase.vanished(run.con, run.schema, lake=True)
            self.forget_vanished(run)

    def forget_vanished(self, run: Run) -> None:
        """Take out of the last build in the lake the conversations that `source` has no more."""
        for name in catalog.kept():
            self.stages.narrow(f"{host.LAST}{name}", self.stages.frame("source"))

    def forget(self, run: Run) -> None:
        """Make `source` anew without forgotten users, and so all that reads it."""
        run.reporter.begin("source", None)
        reading.forget(self.stages)
        self.forget_vanished(run)
        run.reporter.end(-1, skipped=False)

    def keep(self, run: Run) -> None:
        """As `steps.keep`; what lies in the lake is kept there."""
        builder.keep(run.con, self._own(run), run.schema)
        self._keep_in_lake(run)
        source = self.stages.lake.shown("source")
        assert source is not None
        self.stages.lake.show(reading.LAST, source)
        erase.rebuilt(run.con, run.schema)

    def _own(self, run: Run) -> list[Relation]:
        """The relations that the driver makes."""
        return [relation for relation in run.relations if not self.stages.makes(relation)]

    def _keep_in_lake(self, run: Run) -> None:
        for relation in run.relations:
            place = self.stages.lake.shown(relation.name)
            if relation.kept and place and self.stages.makes(relation):
                self.stages.lake.show(f"{host.LAST}{relation.name}", place)

    def lock_engine(self, run: Run) -> None:
        """As `steps.lock_engine`; the lake can be read and written too."""
        run.opened.enter_context(files.drafted(run.con, run.folder))
        state.salted(run.con)
        run.same_state = lock.lock(run.con, self.stages.lake.folder)

    def build(self, run: Run) -> None:
        """Build every relation, on Spark or here. Calls in flight are answered and kept before a signal ends it."""

        def work() -> Builder:
            made = builder_on(self.stages)
            return builder.run(run.con, run.schema, run.reporter, run.relations, run.refit, made=made)

        waits = run.engine.paid is not None and threading.current_thread() is threading.main_thread()
        run.built = interruptible(run.con, run.engine, run.reporter, work) if waits else work()
        run.built.changes["facet_values"] = self.changes

    def clear(self, run: Run) -> None:
        """Remove from the lake what no relation reads any more, so also rows that are gone from the input."""
        made = {relation.name for relation in run.relations if self.stages.makes(relation)}
        last = {f"{host.LAST}{name}" for name in made & set(catalog.kept())}
        self.stages.lake.clear({"source", reading.LAST, *made, *last})

    @property
    def run(self) -> tuple[steps.Step, ...]:
        """The steps of a run, in order."""
        begun = (self.settle, self.read, self.erase_vanished, steps.begin_record)
        return (*begun, self.lock_engine, self.build, *self._published, steps.summarise, self.clear, steps.finish)

    @property
    def erasure(self) -> tuple[steps.Step, ...]:
        """The steps after the rows of forgotten users in the warehouse were deleted."""
        built = (self.forget, self.lock_engine, self.build, steps.drop_strays)
        return (*built, *self._published, self.clear)

    @property
    def _published(self) -> tuple[steps.Step, ...]:
        return (steps.check, steps.publish, self.keep, steps.end_record, steps.write_report)


def run(
    spark: SparkSession,
    source: DataFrame | str,
    into: str | Path,
    analysis: str | Path | None = None,
    *,
    breakdowns: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    since: str | None = None,
    until: str | None = None,
    refit: bool = False,
    parquet: bool = False,
    parts: int | None = None,
    worker_memory: str = "1GB",
    reporter: Reporter | None = None,
    **runtime: Any,
) -> Outcome:
    """Analyse a table of Spark into the folder: what `clio-sql run` writes, and `lake/`, which is private too.

    source: a DataFrame, the name of a table, or the path of a Parquet file or folder; a row is a conversation. into: a
    folder that driver and workers reach under the same path. breakdowns, measures, columns, since, until, refit and
    parquet: as `clio-sql run` takes them; format: its --source. parts: into how many partitions rows are shuffled; by
    default twice as many as tasks run at once. worker_memory: of the DuckDB in each Python worker, which needs about
    1 GB more for the models. reporter: by default nothing is shown. runtime: fields of
    `clio_sql.runtime.Runtime`. Another provider than 'local' is asked by the driver alone, which has its key:
    transcripts pass through it, at most 2,048 at a time and without user ids.

    Raises UsageError for safety mode, InputError for a table that cannot be read, StateError where
    the workers lack clio-sql or cannot reach the folder, any other ClioError as `clio-sql run` does.
    """
    folder, shown = Path(into).absolute(), reporter or Quiet()
    relations = check.checked(Path(analysis) if analysis is not None else None)
    if mode(relations) == "safety":
        raise UsageError("safety mode does not run on Spark. Take `mode` out of settings.sql, or use clio-sql run.")
    if "://" in str(into):
        raise UsageError(
            f"--into {into}: give the path of a folder that driver and workers share, such as a mount of it."
        )
    rows, where = _rows(spark, source)
    given = {"format": format, "columns": dict(columns or {}), "since": since, "until": until}
    with _opened(spark, folder, shown, relations, runtime, parts, worker_memory) as (work, stages):
        files.require_alone(folder, mode(relations))
        work.parquet, work.refit = parquet, refit
        cluster = Cluster(stages, rows, where, {**given, "breakdowns": breakdowns, "measures": measures})
        for step in cluster.run:
            step(work)
    assert work.outcome is not None
    return work.outcome


def forget(
    spark: SparkSession,
    into: str | Path,
    ids: Sequence[str],
    analysis: Path | Sequence[Path] | None = None,
    *,
    parts: int | None = None,
    worker_memory: str = "1GB",
    reporter: Reporter | None = None,
) -> Forgotten:
    """Erase these users from the folder and its lake, as `clio-sql forget` does; repeating it finishes what stopped.

    analysis: of the last run. parts, worker_memory, reporter: as `run` takes them.
    """
    folder, shown = Path(into).absolute(), reporter or Quiet()
    path = places.located(folder).warehouse
    given = [analysis] if isinstance(analysis, Path) else list(analysis or ())
    ((made, relations),), _ = matched(
        path, made_by(path), [check.checked(each) for each in given] or [check.checked(None)]
    )
    runtime = {**made.runtime, "pay": False}
    with _opened(spark, folder, shown, relations, runtime, parts, worker_memory) as (work, stages):
        stopped = erase.is_due(work.con)
        erased = erase.users(work.con, ids, f"{SCHEMA}.source" if stages.lake.shown("source") else None)
        due = erase.is_due(work.con)
        try:
            for step in Cluster(stages).erasure if due else ():
                step(work)
        except (ClioError, duckdb.Error, PySparkException, Py4JJavaError) as error:
            stops = isinstance(error, Stopped | duckdb.InterruptException)  # the same command goes on
            if erase.to_rebuild(work.con) and not stops:  # what is published still counts them
                files.withdraw(folder, published=True)
            raise
        unpaid = unpaid_by(work.engine)
        if due:
            steps.finish(work)
    left = [name for name in work.removed if not (folder / name).exists()]
    return Forgotten(len(ids), erased, left, unpaid, [], stopped)


@contextmanager
def _opened(
    spark: SparkSession,
    folder: Path,
    reporter: Reporter,
    relations: Sequence[Relation],
    runtime: Mapping[str, Any],
    parts: int | None,
    worker_memory: str,
) -> Iterator[tuple[Run, Stages]]:
    """The warehouse of the folder, and what Spark makes for it. Within, errors of Spark become ours."""
    with _settings(spark), folders(folder, folder), _told():
        workers.require(spark, folder)
        with opened(folder / WAREHOUSE, reporter, runtime, own(relations), lake=True) as con:
            engine = engine_of(con)
            assert engine is not None
            con.execute(f"create schema if not exists {SCHEMA}; set schema = '{SCHEMA}'")
            lake = Lake(con, folder / LAKE, SCHEMA)
            split = parts or 2 * spark.sparkContext.defaultParallelism
            known = {relation.name: relation for relation in relations}
            work = Run(con, engine, reporter, Place(folder / WAREHOUSE, SCHEMA, None), folder, relations)
            with work.opened:
                yield work, Stages(spark, con, engine, lake, known, split, worker_memory)


def _rows(spark: SparkSession, source: DataFrame | str) -> tuple[DataFrame, str]:
    """The rows of a source, and what errors call it."""
    if not isinstance(source, str):
        return source, "the table"
    try:
        if "://" in source:
            return spark.read.parquet(source), source
        if source.endswith(".parquet") or Path(source).exists():
            return spark.read.parquet(f"file://{Path(source).absolute()}"), source
        return spark.table(source), source
    except PySparkException as error:
        raise InputError(
            f"{source}: Spark cannot read it ({type(error).__name__}). Give the name of a table, or a path of Parquet."
        ) from None


@contextmanager
def _settings(spark: SparkSession) -> Iterator[None]:
    """The settings that a run needs, and afterwards those that were there."""
    before = {name: spark.conf.get(name) for name in SETTINGS}
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, earlier in before.items():
            spark.conf.set(name, str(earlier))


@contextmanager
def _told() -> Iterator[None]:
    """Within, what Spark raises becomes ours: what a worker said, or only its kind, since it may quote rows."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise StateError(workers.said(error)) from None
