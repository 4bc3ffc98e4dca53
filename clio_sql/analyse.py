"""One run: from an input to the published file, and what is told about it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql import (
    builder,
    builds,
    erase,
    fill,
    findings,
    inputs,
    locked,
    names,
    private,
    project,
    report,
    sources,
    state,
    understood,
)
from clio_sql import parquet as written
from clio_sql.builder.records import inside
from clio_sql.engine import Engine
from clio_sql.errors import InputError, StateError, UsageError, is_disk_full, unwritten
from clio_sql.failures import DEBUG, explained
from clio_sql.limits import Limits
from clio_sql.progress import Steps, interruptible
from clio_sql.project import Relation
from clio_sql.providers import require
from clio_sql.publish import drafted, publish, require_alone
from clio_sql.published import PUBLISHED
from clio_sql.quoting import literal
from clio_sql.register import connect, engine_of, save_macros, why_not
from clio_sql.runtime import runtime as wanted

WAREHOUSE = names.WAREHOUSE


class Told(NamedTuple):
    """What a run tells besides its tree.

    left_out: (reason, rows). held_back: facet -> reasons, without counts. unanswered: (status, calls of this run or
    refusals kept from earlier ones). conversations: what came, changed and went since the last run. fits: facet ->
    why its clusters were fitted anew; not those that stayed. waiting: facet -> why they will be, once enough people
    came or went. untimed: rows without a time that can be read. mended: rows with half a character.
    erased: what went with the conversations that vanished.
    """

    left_out: list[tuple[str, int]]
    held_back: dict[str, list[str]]
    unanswered: list[tuple[str, int]]
    conversations: builder.Changes
    fits: dict[str, str]
    waiting: dict[str, str]
    untimed: int = 0
    mended: int = 0
    erased: erase.Erased | None = None


def analyse(
    input: str,
    into: Path,
    steps: Steps,
    *,
    analysis: Path | None = None,
    name: str | None = None,
    runtime: Mapping[str, Any] | None = None,
    parquet: bool = False,
    refit: bool = False,
    **reading: Any,
) -> Told:
    """Analyse `input` into the folder: `warehouse.duckdb`, `published.duckdb` and `report.html`.

    parquet: `parquet/` as well.

    analysis: a folder of SQL that replaces packaged files. name: of one of several analyses of that warehouse;
    it publishes to the folder of that name in `into`. runtime: fields of `clio_sql.runtime.Runtime`.
    refit: fit the clusters anew, from where they are. reading: as `sources.read` takes it.

    Raises InputError or UsageError, and then leaves the folder as it was; any other ClioError, and then keeps what was
    finished.
    """
    schema, folder = names.schema_of(name), names.folder(into, name)
    inputs.found(input)
    relations = findings.checked(analysis)
    require(wanted(**(runtime or {})))
    with folders(into, folder):
        written.wanted(folder, parquet)  # told before any work
        with opened(into / WAREHOUSE, steps, runtime or {}, project.own(relations)) as con:
            place = names.Place(into / WAREHOUSE, schema, name)
            return _work(con, input, place, folder, steps, relations, parquet, refit, reading)


@contextmanager
def opened(
    path: Path, steps: Steps, runtime: Mapping[str, Any], own: Collection[str] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse with all functions, closed in the end. Within, an error of DuckDB becomes one of ours.

    own: as `failures.explained` takes it.
    """
    with private.alone():
        yield from _opened(path, steps, runtime, own)


def _private(warehouse: Path) -> list[Path]:
    """What of a folder holds conversations, or what was published before."""
    beside = [warehouse.with_name(f"{warehouse.name}{end}") for end in (".wal", ".tmp")]
    return [warehouse, *beside, *sorted(warehouse.parent.glob("builds")), *sorted(warehouse.parent.glob("*/builds"))]


def _opened(
    path: Path, steps: Steps, runtime: Mapping[str, Any], own: Collection[str] | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    con = _connected(path, runtime)
    engine = engine_of(con)
    assert engine is not None
    try:
        for line in private.mended(_private(path)):
            steps.say(line)
        engine.progress = steps.answered
        con.execute(f"set memory_limit = {literal(engine.runtime.memory_limit or _memory())}")
        con.execute("set enable_progress_bar = false")  # DuckDB's would be drawn over ours, on standard output
        erase.clear(path)
        yield con
    except duckdb.Error as error:
        raise explained(error, steps.relation, own) from error
    finally:
        steps.stop()
        engine.close()
        con.close()


def _memory() -> str:
    """What DuckDB may take of this machine: its own default, most of it, leaves the models too little."""
    return f"{min(4_000_000_000, os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2)}B"


def _connected(path: Path, runtime: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    try:
        _require_plain(path)
        con = connect(path, **runtime)
        try:
            save_macros(con)  # whoever wrote the file may have put others in their place
        except BaseException:
            con.close()
            raise
        return con
    except duckdb.Error as error:
        if is_disk_full(error):
            raise explained(error, path.name) from None
        raise StateError(
            f"{path}: what an earlier run left in it cannot be used ({type(error).__name__}). Give another folder, "
            f"or move this file away; {DEBUG}."
        ) from error


def _require_plain(path: Path) -> None:
    try:
        if path.exists():
            locked.require_plain(path)
    except (duckdb.IOException, duckdb.ConnectionException, duckdb.CatalogException) as error:
        if is_disk_full(error):
            raise
        raise StateError(why_not(path, error)) from None


def _work(
    con: duckdb.DuckDBPyConnection,
    input: str,
    place: names.Place,
    folder: Path,
    steps: Steps,
    relations: list[Relation],
    parquet: bool,
    refit: bool,
    reading: dict[str, Any],
) -> Told:
    engine, schema = engine_of(con), place.schema
    assert engine is not None
    require_alone(folder, _mode(relations))  # before anything is paid

    def work() -> Told:
        if (folder / PUBLISHED).exists():
            builder.settle(con, relations, folder / PUBLISHED, schema)
        steps.begin("source", None)
        source = sources.read(con, input, schema=schema, limits=limits(relations), **reading)
        steps.end(source.rows, skipped=False)
        steps.say(understood.line(source))
        builder.describe_input(
            con,
            schema,
            format=source.format,
            privacy_unit=source.privacy_unit,
            breakdowns=source.breakdowns,
        )
        gone = erase.vanished(con, schema)
        with builds.recorded(con, folder, relations, schema), drafted(con, folder):
            state.salted(con)
            same_state = locked.lock(con)  # from here on SQL of the folder runs
            built = builder.run(con, schema, reporter=steps, relations=relations, refit=refit)
            publish_checked(con, folder, steps, relations, same_state, parquet, schema)
        write_report(folder, steps)
        with inside(con, schema):
            told = _told(con, engine, built)
        finish(con, place.warehouse, steps)
        vanished = told.conversations._replace(vanished=gone.conversations if gone else told.conversations.vanished)
        left_out = [*source.left_out, *told.left_out]
        return told._replace(
            left_out=left_out, conversations=vanished, untimed=source.untimed, mended=source.mended, erased=gone
        )

    return interruptible(con, engine, steps, work)


def _mode(relations: list[Relation]) -> str:
    """The mode of an analysis that was not built yet; 'insight' where that cannot be told before."""
    mode, *_ = _settings(relations, ["mode"]) or ("insight",)
    return mode


def limits(relations: list[Relation]) -> Limits:
    """What the input may be at most, as `settings` of the analysis says; else the defaults."""
    given = _settings(relations, [field.name for field in fields(Limits)])
    return Limits(*given) if given and all(isinstance(value, int) and value > 0 for value in given) else Limits()


def _settings(relations: list[Relation], columns: list[str]) -> tuple | None:
    """Some settings before anything is built, in an empty database; None where they cannot be told there."""
    (settings,) = [relation for relation in relations if relation.name == "settings"]
    with closing(locked.in_memory()) as con:
        try:
            return con.execute(f"select {', '.join(columns)} from (\n{settings.sql}\n)").fetchall()[0]
        except (duckdb.Error, IndexError):  # told when it is built
            return None


def publish_checked(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    steps: Steps,
    relations: list[Relation],
    same_state: Callable[[], None],
    parquet: bool = False,
    schema: str = names.SCHEMA,
) -> None:
    """What was built is checked, and then published; nothing is if a check fails, or `same_state` does."""
    steps.begin("checks", None)
    builder.check(con, schema)
    steps.end(-1, skipped=False)
    steps.begin("published.duckdb", None)
    publish(con, folder, relations, schema, parquet, same_state)
    erase.rebuilt(con, schema)
    steps.end(-1, skipped=False)


def write_report(into: Path, steps: Steps) -> None:
    """The page, from what was published; in safety mode there is none."""
    if not (into / PUBLISHED).exists():
        return
    steps.begin("report.html", None)
    report.write(into)
    steps.end(-1, skipped=False)


def finish(con: duckdb.DuckDBPyConnection, warehouse: Path, steps: Steps) -> None:
    """The last step: where something was erased, the warehouse is copied without its bytes, and `con` closed.

    Not while another analysis still has what was made of it, as after a `forget` that was killed.
    """
    if erase.is_due(con) and not erase.to_rebuild(con):
        steps.begin(WAREHOUSE, None)
        erase.copy_anew(con, warehouse)
        steps.end(-1, skipped=False)


def _told(con: duckdb.DuckDBPyConnection, engine: Engine, built: builder.Builder) -> Told:
    left_out = con.execute("from left_out").fetchall()
    query = "select facet, list(distinct reason order by reason) from suppressed group by facet"
    refused = con.execute(
        "select count(distinct conversation_id) from facet_values where status = 'refused'"
    ).fetchall()
    unanswered = [("refused", count) for (count,) in refused if count] + sorted(fill.failures(engine).items())
    fits = dict(con.execute("select facet, reason from fits where reason is not null order by facet").fetchall())
    waiting = dict(con.execute("select facet, waiting from fits where waiting is not null order by facet").fetchall())
    return Told(
        left_out,
        dict(con.execute(query).fetchall()),
        unanswered,
        built.changes.get("facet_values", builder.Changes(0, 0, 0)),  # own SQL need not be incremental
        fits if "fits" in built.made else {},
        waiting,
    )


@contextmanager
def folders(folder: Path, named: Path) -> Iterator[None]:
    """The folders, made if missing. Where the input or an argument is refused, nothing that was made for it stays."""
    there = [path for path in dict.fromkeys((named, folder, *folder.parents)) if not path.exists()]
    fresh = not (folder / WAREHOUSE).exists()
    _writable(folder)
    if named != folder and (named / WAREHOUSE).exists():
        raise StateError(f"{named}: has a {WAREHOUSE} of its own. Give another --name, or another --into.")
    _writable(named)
    try:
        yield
    except (InputError, UsageError):
        if fresh:
            for name in (WAREHOUSE, f"{WAREHOUSE}.wal"):
                (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's file is in it
            for path in there:
                path.rmdir()
        raise


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise StateError(f"--into {folder}: there is a file of that name, not a folder. Give a folder.") from None
    except OSError as error:
        raise unwritten(f"--into {folder}", error, "Give a folder that you may write to.") from None
    if (folder / WAREHOUSE).is_dir():
        raise StateError(f"--into {folder}: {WAREHOUSE} in it is a folder. Move it away, or give another folder.")
