"""One run: from an input to the published files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clio_sql.analysis import check
from clio_sql.analysis.catalog import own
from clio_sql.builder import Reporter
from clio_sql.providers import require
from clio_sql.published import parquet as written
from clio_sql.published.publish import require_alone
from clio_sql.register import engine_of
from clio_sql.run.early import mode
from clio_sql.run.folders import folders
from clio_sql.run.open import opened
from clio_sql.run.outcome import Outcome
from clio_sql.run.steps import RUN, Run, perform
from clio_sql.runtime import runtime as wanted
from clio_sql.sources import inputs
from clio_sql.warehouse import places
from clio_sql.warehouse.places import WAREHOUSE, Place


def analyse(
    input: str,
    into: Path,
    reporter: Reporter,
    *,
    analysis: Path | None = None,
    name: str | None = None,
    runtime: Mapping[str, Any] | None = None,
    parquet: bool = False,
    refit: bool = False,
    **reading: Any,
) -> Outcome:
    """Analyse `input` into the folder: `warehouse.duckdb`, `published.duckdb` and `report.html`.

    parquet: `parquet/` as well.

    analysis: a folder of SQL that replaces packaged files. name: the name of one of several analyses of that warehouse;
    it publishes to the folder of that name in `into`. runtime: fields of `clio_sql.runtime.Runtime`.
    refit: fit the clusters again, starting from the current ones. reading: as `sources.read` takes it.

    Raises InputError or UsageError, and then leaves the folder as it was; any other ClioError, and then keeps what was
    finished.
    """
    schema, folder = places.schema_of(name), places.folder(into, name)
    inputs.found(input)
    relations = check.checked(analysis)
    require(wanted(**(runtime or {})))
    with folders(into, folder):
        written.wanted(folder, parquet)  # checked before any work
        with opened(into / WAREHOUSE, reporter, runtime or {}, own(relations)) as con:
            require_alone(folder, mode(relations))  # before anything is paid
            engine = engine_of(con)
            assert engine is not None
            place = Place(into / WAREHOUSE, schema, name)
            run = Run(con, engine, reporter, place, folder, relations, input, reading, parquet, refit)
            perform(run, RUN)
    assert run.outcome is not None
    return run.outcome
