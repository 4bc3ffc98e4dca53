"""Builds the relations of an analysis in order: all as views, or as the tables and views that they declare."""

from clio_sql.builder.core import Builder, ready
from clio_sql.builder.incremental import FAILED, Changes
from clio_sql.builder.last import keep, settle
from clio_sql.builder.reporting import Quiet, Reporter
from clio_sql.builder.start import build, check, describe_build, install, run
from clio_sql.builder.table import describe_input
from clio_sql.warehouse.places import SCHEMA

__all__ = [
    "FAILED", "SCHEMA", "Builder", "Changes", "Quiet", "Reporter",
    "build", "check", "describe_build", "describe_input", "install", "keep", "ready", "run", "settle",
]  # fmt: skip
