"""What the report shows, read from `published.duckdb` (or `safety.duckdb`) and nothing else, as plain data for JSON."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from clio_sql.analysis import catalog
from clio_sql.analysis.contracts import rules_sql
from clio_sql.errors import InputError
from clio_sql.published import tree
from clio_sql.published.files import open_published

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = {  # name -> what the page gets of it
    "clusters": "select *, clio_percent(share) as percent from clusters",
    "cluster_facets": "select *, clio_percent(share) as percent from cluster_facets",
    "cluster_trends": "from cluster_trends",
    "cluster_measures": "from cluster_measures",
    "held_back": "from held_back",
    "safety_gaps": "from safety_gaps",  # these two only in safety mode
    "coordinated_use": "from coordinated_use",
}
DIGITS = 4  # of shares, lifts and places: more than the rounded counts behind them support


def read(out: Path, safety: bool = False) -> dict[str, Any]:
    """Tables by name, each as columns; what is held back in each facet; the settings with the packaged defaults.

    Tables that the file lacks are left out. safety: read `safety.duckdb`. Raises InputError if there is no such file.
    """
    con = open_published(out, or_safety=safety)
    try:
        con.execute(tree.shown_sql())
        there = {
            name
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where database_name = 'published'"
            ).fetchall()
        }
        found: dict[str, Any] = {
            name: columns(con.sql(query).to_arrow_table()) for name, query in TABLES.items() if name in there
        }
        if "cluster_facets" in there:
            found["usual"] = columns(con.sql(_sql("usual")).to_arrow_table())
        if "cluster_trends" in there:
            found["growth"] = columns(con.sql(_sql("growth")).to_arrow_table())
        if "cluster_comparisons" in there:
            found["differences"] = columns(con.sql(_sql("differences")).to_arrow_table())
        if "signals" in there:
            query = "select facet, cluster_id, signal, usual, recent, earlier from signals where signal <> 'steady'"
            found["signals"] = columns(con.sql(query).to_arrow_table())
        found["told"] = {facet: tree.held_back(con, facet) for facet in tree.facets(con)}
        found["reasons"] = tree.REASONS
        found["settings"] = _settings(con)
        return found
    except duckdb.Error as error:
        raise InputError(
            f"{out / 'published.duckdb'}: its tables are not those that this version writes ({type(error).__name__}). "
            "Run again to rewrite it."
        ) from None
    finally:
        con.close()


def columns(table: pa.Table) -> dict[str, Any]:
    """Column by column: values; texts as {"texts": the different ones, "at": a place in them a row, or null}."""
    import pyarrow as pa

    found: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_string(column.type):
            encoded = column.combine_chunks().dictionary_encode()
            found[name] = {"texts": encoded.dictionary.to_pylist(), "at": encoded.indices.to_pylist()}
        elif pa.types.is_floating(column.type):
            found[name] = [_shortened(value) for value in column.to_pylist()]
        elif pa.types.is_temporal(column.type):
            found[name] = columns(pa.table({name: column.cast(pa.string())}))[name]
        else:
            found[name] = column.to_pylist()
    return found


def _shortened(value: float | None) -> float | None:
    """At most DIGITS digits; None for values that JSON has no number for."""
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short


def _settings(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row per column of `about`, in its order, with its comment."""
    packaged = {relation.name: relation for relation in catalog.load()}["settings"]
    con.execute(f"create or replace temp view packaged_settings as {packaged.sql}")
    con.execute(f"create or replace temp view setting_rules as {rules_sql()}")
    query = """
        select column_name, comment from duckdb_columns()
        where database_name = 'published' and table_name = 'about' order by column_index"""
    comments = dict(con.execute(query).fetchall())
    rows = {row[0]: row for row in con.execute(_sql("settings")).fetchall()}
    return [
        {
            "name": name,
            "value": value,
            "packaged": default,
            "changed": changed,
            "protects_less": protects_less,
            "meaning": comment or packaged.columns.get(name) or "",
        }
        for name, comment in comments.items()
        for _, value, default, changed, protects_less in [rows[name]]
    ]


def _sql(name: str) -> str:
    return (files("clio_sql.published.report") / f"{name}.sql").read_text("utf-8")
