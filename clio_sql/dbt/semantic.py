"""The published tables as dbt semantic models: what can be grouped, what can be added up, and how tables join."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from clio_sql.analysis import meaning
from clio_sql.analysis.catalog import Relation

NAME = re.compile(r"[a-z](?!.*__)[a-z0-9_]*[a-z0-9]")  # what MetricFlow allows
DAYS = "clio_days"
DAYS_SQL = """-- One row per day from 2000 to 2099: the time spine that MetricFlow asks of every project.
select unnest(generate_series(date '2000-01-01', date '2099-12-31', interval 1 day))::date as day
"""
CLUSTER = ("facet", "cluster_id")
BUILT = "cast((select max(built_at) from published.main.about) as date)"  # where a table has no time of its own


def properties(relations: Sequence[Relation]) -> dict[str, Any]:
    """A properties file: the time spine, and a semantic model for each published relation that counts something."""
    spine = {
        "name": DAYS,
        "description": "One row per day, for MetricFlow.",
        "config": {"materialized": "view"},
        "time_spine": {"standard_granularity_column": "day"},
        "columns": [{"name": "day", "granularity": "day"}],
    }
    models = [_model(relation) for relation in relations if relation.published and relation.grain != "one row"]
    return {"version": 2, "models": [spine], "semantic_models": [model for model in models if model["measures"]]}


def _model(relation: Relation) -> dict[str, Any]:
    grain = meaning.grain_of(relation.grain)
    found = [
        column
        for column in meaning.columns(relation.types, relation.columns, grain)
        if NAME.fullmatch(column.name)  # others cannot be named there
    ]
    times = [column.name for column in found if column.role == "time"]
    built = [] if times else [_time("built_on", "The day of the build, UTC.", BUILT)]
    return {
        "name": relation.name,
        "description": f"{relation.comment} Choose one level, and one breakdown: each counts the same conversations.",
        "model": f"ref('published_{relation.name}')",
        "defaults": {"agg_time_dimension": times[0] if times else "built_on"},
        **({} if grain else {"primary_entity": f"{relation.name}_row"}),
        "entities": list(_entities(relation, grain)),
        "dimensions": [
            *built,
            *(_time(column.name, column.comment) for column in found if column.role == "time"),
            *(
                {"name": column.name, "type": "categorical", **_told(column.comment)}
                for column in found
                if column.role == "dimension"
            ),
        ],
        "measures": [
            {
                "name": f"{relation.name}_{column.name}",
                "label": f"{column.name} of {relation.name}".replace("_", " "),
                "expr": column.name,
                "agg": column.aggregate,
                "create_metric": True,
                **_told(column.comment),
            }
            for column in found
            if column.role == "measure"
        ],
    }


def _entities(relation: Relation, grain: Sequence[str]) -> Iterator[dict[str, str]]:
    """What identifies a row, and the clusters that it belongs to."""
    if tuple(grain) == CLUSTER:
        yield {"name": "cluster", "type": "primary", "expr": meaning.key(CLUSTER)}
    elif grain:
        yield {"name": f"{relation.name}_row", "type": "primary", "expr": meaning.key(grain)}
        if set(CLUSTER) <= set(relation.columns):
            yield {"name": "cluster", "type": "foreign", "expr": meaning.key(CLUSTER)}


def _time(name: str, comment: str, expr: str | None = None) -> dict[str, Any]:
    made = {"name": name, "type": "time", "type_params": {"time_granularity": "day"}, **_told(comment)}
    return {**made, "expr": expr} if expr else made


def _told(comment: str) -> dict[str, str]:
    return {"description": comment} if comment else {}
