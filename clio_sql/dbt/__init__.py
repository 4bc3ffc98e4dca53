"""An analysis as a dbt project (`export`), and our dbt-duckdb plugin (`plugin`), named `clio_sql.dbt` in a profile."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """`Plugin` is imported when dbt asks for it: an export needs no dbt."""
    if name == "Plugin":
        from clio_sql.dbt.plugin import Plugin

        return Plugin
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
