"""Several analyses in one warehouse: each has a name, a schema of its own, and a folder for what it publishes.

Without a name an analysis is the schema `clio` and publishes to OUT; with the name `product` it is `clio_product`
and publishes to `OUT/product`. Each publishes to its own folder, so that it can be passed on separately.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import duckdb

from clio_sql.errors import InputError, UsageError

SCHEMA = "clio"
WAREHOUSE = "warehouse.duckdb"
LAKE = "lake"  # of a run on Spark
OF_SPARK = ".clio-sql"  # a file in that folder, which may also be somebody else's
TAKEN = ("state", "builds", "parquet", LAKE)  # clio_state is not an analysis; the others are folders that a run makes
PATTERN = "[a-z][a-z0-9_]{0,39}"


class Place(NamedTuple):
    """Where an analysis is: the file, its schema there, and its name, None if it has none."""

    warehouse: Path
    schema: str
    name: str | None


def schema_of(name: str | None) -> str:
    """The schema of an analysis. UsageError for an invalid name."""
    if name is None:
        return SCHEMA
    if not is_name(name):
        raise UsageError(
            f"--name {name[:60]!r} cannot name an analysis. Allowed: a letter of a-z, then a-z, digits "
            f"and _, 40 at most; but not {', '.join(TAKEN)}."
        )
    return f"{SCHEMA}_{name}"


def name_of(schema: str) -> str | None:
    """The name of the analysis in a schema; None for the one without a name."""
    return None if schema == SCHEMA else schema.removeprefix(f"{SCHEMA}_")


def is_name(name: str) -> bool:
    return re.fullmatch(PATTERN, name) is not None and name not in TAKEN


def folder(out: Path, name: str | None) -> Path:
    """Where an analysis of OUT publishes."""
    return out if name is None else out / name


def located(out: Path, hint: str = "") -> Place:
    """The analysis behind a folder that a run wrote to: OUT, or OUT/NAME. InputError if it is neither."""
    if (out / WAREHOUSE).exists():
        return Place(out / WAREHOUSE, SCHEMA, None)
    named = out if out.name else out.resolve()  # `.` has no name
    if out.is_dir() and is_name(named.name) and (named.parent / WAREHOUSE).exists():
        return Place(named.parent / WAREHOUSE, schema_of(named.name), named.name)
    raise InputError(f"{out}: there is no {WAREHOUSE} in it. Give the folder that a run wrote{hint}.")


def is_of_spark(out: Path) -> bool:
    """Whether a run on Spark wrote the folder."""
    return (out / LAKE / OF_SPARK).exists()


def schemas(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The schemas of all analyses of the database, in order."""
    rows = con.execute(
        "select distinct schema_name from duckdb_schemas() where database_name = current_database() "
        f"and (schema_name = '{SCHEMA}' or starts_with(schema_name, '{SCHEMA}_')) and schema_name <> '{SCHEMA}_state' "
        "order by schema_name"
    ).fetchall()
    return [schema for (schema,) in rows]
