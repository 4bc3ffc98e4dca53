"""A file that Superset imports: the published tables as datasets with metrics, and a dashboard on them.

Names, comments and metrics come from the published file itself; nothing else is read. The same file gives the same
bytes.
"""

from __future__ import annotations

import io
import json
import os
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from clio_sql.analysis import catalog, meaning
from clio_sql.errors import UsageError, unwritten
from clio_sql.published.files import PUBLISHED, open_published

SPACE = uuid.UUID("5e0a6c1c-7d0f-5b8e-9c3a-2f6f3a1d9b40")  # ids of our own: importing again replaces, never adds
VERSION = "1.0.0"  # of Superset's format
AGGREGATES = {"sum": "SUM", "max": "MAX", "average": "AVG"}
NAMED = {  # a table joined with the names of its clusters -> that table
    "named_trends": "cluster_trends",
    "named_facets": "cluster_facets",
}
JOINED = ("name", "level", "parent_id")
TOP = "parent_id IS NULL"


class Dataset(NamedTuple):
    """A table of the file, or a query on it (sql), with what it is and the roles of its columns."""

    name: str
    comment: str
    columns: Sequence[meaning.Column]
    sql: str | None = None


class Chart(NamedTuple):
    """A chart of a dataset, by some columns. width: of 12. where: SQL that filters rows. over: the column of time."""

    name: str
    kind: str
    dataset: str
    by: Sequence[str]
    metrics: Sequence[str]
    width: int = 6
    where: str | None = None
    over: str | None = None
    rows: int = 100


CHARTS = (
    Chart("Topics", "treemap_v2", "clusters", ("name",), ("sum_conversations",), where=TOP),
    Chart(
        "Topics over time", "echarts_timeseries_line", "named_trends", ("name",), ("sum_conversations",),
        where=f"{TOP} AND complete", over="period", rows=10_000,
    ),
    Chart(
        "All clusters", "table", "clusters", ("level", "name", "description"),
        ("sum_conversations", "max_users", "average_share"), rows=1_000,
    ),
    Chart(
        "Topics by breakdown", "table", "named_facets", ("breakdown", "value", "name"),
        ("sum_conversations", "average_lift"), where=TOP, rows=1_000,
    ),
    Chart("Held back", "table", "held_back", ("reason",), ("sum_clusters", "sum_conversations"), width=12),
)  # fmt: skip


def write(out: Path, file: Path | None = None) -> Path:
    """Write the import file for OUT/published.duckdb, OUT/superset.zip by default, and return its path.

    Raises UsageError for another ending, InputError if OUT has no published file, StateError if it cannot be written.
    """
    target = out / "superset.zip" if file is None else file
    if target.suffix != ".zip":
        raise UsageError(f"{target}: Superset imports files whose names end with .zip. Give such a name.")
    with closing(open_published(out)) as con:
        packed = pack(bundle(con, (out / PUBLISHED).absolute()))
    draft = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        draft.write_bytes(packed)
        os.replace(draft, target)
    except OSError as error:
        raise unwritten(target, error, "Give another file.") from None
    finally:
        draft.unlink(missing_ok=True)
    return target


def bundle(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, dict[str, Any]]:
    """Name within the archive -> what the file says. con: of `open_published`; path: where Superset finds the file."""
    (built_at,) = con.execute("select built_at from about").fetchall()[0]
    facets = [facet for (facet,) in con.execute("select distinct facet from clusters order by facet").fetchall()]
    sets = {dataset.name: dataset for dataset in datasets(con)}
    database = {
        "database_name": "clio",
        "sqlalchemy_uri": f"duckdb:///{path}",
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {"engine_params": {"connect_args": {"read_only": True}}, "allows_virtual_table_explore": True},
        "uuid": _id("database"),
        "version": VERSION,
    }
    return {
        "metadata.yaml": {
            "version": VERSION,
            "type": "Dashboard",
            "timestamp": built_at.isoformat() if built_at else "",
        },
        "databases/clio.yaml": database,
        **{f"datasets/clio/{name}.yaml": _dataset(dataset) for name, dataset in sets.items()},
        **{f"charts/{_file(chart)}.yaml": _chart(chart, sets[chart.dataset]) for chart in CHARTS},
        "dashboards/clio.yaml": _dashboard(facets),
    }


def datasets(con: duckdb.DuckDBPyConnection) -> list[Dataset]:
    """Every table of the file, and the two that charts need with names of clusters beside."""
    grains = {relation.name: meaning.grain_of(relation.grain) for relation in catalog.load()}
    one_row = {relation.name for relation in catalog.load() if relation.grain == "one row"}
    query = (
        "select table_name, any_value(tables.comment), list(column_name order by column_index), "
        "list(data_type order by column_index), list(columns.comment order by column_index) "
        "from duckdb_tables() as tables inner join duckdb_columns() as columns using (database_name, table_name) "
        "where database_name = 'published' group by table_name order by table_name"
    )
    found = {}
    for table, comment, names, types, comments in con.execute(query).fetchall():
        told = {name: text or "" for name, text in zip(names, comments, strict=True)}
        # of a table of one row nothing is added up
        grain = names if table in one_row else grains.get(table, ())
        roles = meaning.columns(dict(zip(names, types, strict=True)), told, grain)
        found[table] = Dataset(table, comment or "", roles)
    of_clusters = {column.name: column for column in found["clusters"].columns}
    joined = ", ".join(f"clusters.{name}" for name in JOINED)
    for name, table in NAMED.items():
        found[name] = Dataset(
            name,
            f"{found[table].comment} With the cluster's name, level and parent.",
            [*(of_clusters[column] for column in JOINED), *found[table].columns],
            f"select {joined}, {table}.*\nfrom {table}\ninner join clusters using (facet, cluster_id)",
        )
    return list(found.values())


def _dataset(dataset: Dataset) -> dict[str, Any]:
    times = [column.name for column in dataset.columns if column.role == "time"]
    return {
        "table_name": dataset.name,
        "main_dttm_col": times[0] if times else None,
        "description": dataset.comment,
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": None,
        "schema": "main",
        "sql": dataset.sql,
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "uuid": _id("dataset", dataset.name),
        "metrics": [
            {
                "metric_name": f"{column.aggregate}_{column.name}",
                "verbose_name": column.name.replace("_", " "),
                "metric_type": None,
                "expression": f"{AGGREGATES[column.aggregate]}({_quoted(column.name)})",
                "description": column.comment,
                "d3format": ",d" if column.aggregate in ("sum", "max") else ".2f",
                "extra": {},
                "warning_text": None,
            }
            for column in dataset.columns
            if column.role == "measure"
        ],
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": None,
                "is_dttm": column.role == "time",
                "is_active": True,
                "type": column.type,
                "groupby": column.role in ("dimension", "time"),
                "filterable": True,
                "expression": None,
                "description": column.comment,
                "python_date_format": None,
                "extra": {},
            }
            for column in dataset.columns
        ],
        "version": VERSION,
        "database_uuid": _id("database"),
    }


def _chart(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    params: dict[str, Any] = {
        "viz_type": chart.kind,
        "groupby": list(chart.by),
        "metrics": list(chart.metrics),
        "metric": chart.metrics[0],
        "adhoc_filters": [_where(chart.where)] if chart.where else [],
        "row_limit": chart.rows,
        "order_desc": True,
    }
    if chart.kind == "table":
        params |= {"query_mode": "aggregate", "table_timestamp_format": "smart_date", "show_cell_bars": True}
    if chart.over:
        params |= {"x_axis": chart.over, "time_grain_sqla": "P1D", "x_axis_sort_asc": True, "show_legend": True}
    query = {
        "columns": [*([_axis(chart.over)] if chart.over else []), *chart.by],
        "metrics": list(chart.metrics) if chart.kind != "treemap_v2" else [chart.metrics[0]],
        "filters": [],
        "extras": {"where": f"({chart.where})"} if chart.where else {},
        "orderby": [[chart.metrics[0], False]],
        "row_limit": chart.rows,
    }
    context = {
        "datasource": {"id": 0, "type": "table"},  # Superset fills in the number when it imports
        "force": False,
        "queries": [query],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart.name,
        "description": dataset.comment,
        "certified_by": None,
        "certification_details": None,
        "viz_type": chart.kind,
        "params": params,
        "query_context": json.dumps(context),
        "cache_timeout": None,
        "uuid": _id("chart", chart.name),
        "version": VERSION,
        "dataset_uuid": _id("dataset", chart.dataset),
    }


def _dashboard(facets: Sequence[str]) -> dict[str, Any]:
    return {
        "dashboard_title": "What people ask the assistant for",
        "description": "Published figures: counts are rounded, and a row that is missing is not a zero.",
        "css": "",
        "slug": "clio",
        "certified_by": "",
        "certification_details": "",
        "published": True,
        "uuid": _id("dashboard"),
        "position": _positions(CHARTS),
        "metadata": {
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
            "refresh_frequency": 0,
            "color_scheme": "",
            "label_colors": {},
            "cross_filters_enabled": True,
            "native_filter_configuration": [_facet_filter(facets)],
        },
        "version": VERSION,
    }


def _positions(charts: Sequence[Chart]) -> dict[str, Any]:
    """Charts in rows of twelve columns, from left to right."""
    rows: list[list[Chart]] = [[]]
    for chart in charts:
        if sum(other.width for other in rows[-1]) + chart.width > 12:
            rows.append([])
        rows[-1].append(chart)
    above = ["ROOT_ID", "GRID_ID"]
    placed: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": "What people ask the assistant for"}},
        "GRID_ID": {
            "type": "GRID",
            "id": "GRID_ID",
            "children": [f"ROW-{n}" for n in range(len(rows))],
            "parents": ["ROOT_ID"],
        },
    }
    for number, row in enumerate(rows):
        name = f"ROW-{number}"
        children = [f"CHART-{_file(chart)}" for chart in row]
        meta = {"background": "BACKGROUND_TRANSPARENT"}
        placed[name] = {"type": "ROW", "id": name, "children": children, "parents": above, "meta": meta}
        for chart, child in zip(row, children, strict=True):
            meta_of = {"uuid": _id("chart", chart.name), "sliceName": chart.name, "width": chart.width, "height": 50}
            placed[child] = {
                "type": "CHART",
                "id": child,
                "children": [],
                "parents": [*above, name],
                "meta": {**meta_of, "chartId": CHARTS.index(chart) + 1},
            }
    return placed


def _facet_filter(facets: Sequence[str]) -> dict[str, Any]:
    """A filter of the whole dashboard, set to the first facet: each facet counts the same conversations again."""
    chosen = list(facets[:1])
    state = {
        "filterState": {"value": chosen},
        "extraFormData": {"filters": [{"col": "facet", "op": "IN", "val": chosen}]},
    }
    return {
        "id": "NATIVE_FILTER-facet",
        "name": "Facet",
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "description": "Choose one: each facet counts the same conversations again.",
        "targets": [{"datasetUuid": _id("dataset", "clusters"), "column": {"name": "facet"}}],
        "defaultDataMask": state if chosen else {},
        "controlValues": {"multiSelect": False, "enableEmptyFilter": True, "defaultToFirstItem": False},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
    }


def _where(sql: str) -> dict[str, Any]:
    return {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": sql}


def _axis(column: str) -> dict[str, Any]:
    return {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "sqlExpression": column,
        "label": column,
        "timeGrain": "P1D",
    }


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _file(chart: Chart) -> str:
    return chart.name.lower().replace(" ", "_")


def _id(*parts: str) -> str:
    return str(uuid.uuid5(SPACE, "/".join(parts)))


def pack(files: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The archive, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            text = yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=110)
            archive.writestr(zipfile.ZipInfo(f"clio/{name}", (1980, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()
