"""Settings that a run needs before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import fields
from typing import Any

import duckdb

from clio_sql.analysis.catalog import Relation
from clio_sql.sources.limits import Limits
from clio_sql.warehouse import lock


def mode(relations: Sequence[Relation]) -> str:
    """The mode of an analysis that is not built yet; 'insight' if it cannot be known before."""
    found, *_ = _settings(relations, ["mode"]) or ("insight",)
    return found


def limits(relations: Sequence[Relation]) -> Limits:
    """The limits on the input from the `settings` of the analysis; else the defaults."""
    given = _settings(relations, [field.name for field in fields(Limits)])
    return Limits(*given) if given and all(isinstance(value, int) and value > 0 for value in given) else Limits()


def facets(relations: Sequence[Relation]) -> dict[str, tuple[str, str]] | None:
    """Facet -> kind and question, before anything is built; None if they cannot be known before."""
    (found,) = [relation for relation in relations if relation.name == "facets"]
    with closing(lock.in_memory()) as con:
        try:
            rows = con.execute(f"select facet, kind, question from (\n{found.sql}\n) order by facet").fetchall()
        except duckdb.Error:  # reported when it is built
            return None
    return {facet: (kind, question) for facet, kind, question in rows}


def _settings(relations: Sequence[Relation], columns: list[str]) -> tuple[Any, ...] | None:
    """Some settings before anything is built, in an empty database; None if they cannot be found that way."""
    (settings,) = [relation for relation in relations if relation.name == "settings"]
    with closing(lock.in_memory()) as con:
        try:
            return con.execute(f"select {', '.join(columns)} from (\n{settings.sql}\n)").fetchall()[0]
        except (duckdb.Error, IndexError):  # reported when it is built
            return None
