"""Common questions about the published tables as lazy ibis expressions.

Each takes an ibis DuckDB connection to a `published.duckdb` (its tables in `main`) or a warehouse (in `clio`), and
returns a table expression to filter, join and group further; `ibis.to_sql(expression)` prints the SQL. Counts are
rounded, and anything below the gate is missing. A facet, breakdown or value that is not published raises UsageError,
with the nearest that are.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib.resources import files

import ibis
import ibis.expr.types as ir
import sqlglot
from ibis import _
from ibis.backends.duckdb import Backend
from sqlglot import exp

from clio_sql.errors import InputError, UsageError
from clio_sql.sql_text.quoting import literal

OTHER = "(other)"
TOOL = "tool: "  # how the breakdown of a tool begins
TREE = {
    "facet": "string", "line": "int64", "depth": "int32", "cluster_id": "string", "parent_id": "string",
    "name": "string", "path": "array<string>", "conversations": "int64", "users": "int64", "share": "float64",
}  # fmt: skip
COMPARED = {
    "facet": "string", "level": "int32", "cluster_id": "string", "breakdown": "string", "value_a": "string",
    "value_b": "string", "share_a": "float64", "share_b": "float64", "difference": "float64", "low": "float64",
    "high": "float64", "q": "float64",
}  # fmt: skip


@ibis.udf.scalar.builtin
def date_trunc(unit: str, value: ibis.dtype("date")) -> ibis.dtype("date"):  # type: ignore[valid-type]
    """DuckDB's own, since ibis truncates only to a unit known beforehand."""


def clusters(con: Backend) -> ir.Table:
    """The published clusters."""
    return _published(con, "clusters")


def tree(con: Backend) -> ir.Table:
    """One row per cluster, in the order of the printed tree: facet, line (from 1), depth (1 is the top), path, counts.

    path: the names from the top down to the cluster. Sort by facet and line.
    """
    query = sqlglot.parse_one(files("clio_sql.sql").joinpath("recipes", "tree.sql").read_text("utf-8"), "duckdb")
    assert isinstance(query, exp.Query)
    schema = _schema(con)
    for table in query.find_all(exp.Table):
        if table.name == "clusters":
            table.set("db", exp.to_identifier(schema))
    # inside a select: ibis takes the CTEs of the outermost one apart, and forgets that they are recursive
    whole = exp.select("*").from_(query.subquery("tree"))
    return con.sql(whole.sql("duckdb", comments=False), schema=TREE)


def top(con: Backend, facet: str = "request", n: int = 10, level: int | None = 0) -> ir.Table:
    """The n largest clusters of a level, the largest first, without `(other)`. level: 0 is the base, None the top."""
    _require(con, "clusters", "facet", facet)
    found = clusters(con).filter(_.facet == facet, _.cluster_id != OTHER)
    found = found.filter(_.parent_id.isnull() if level is None else _.level == level)
    return found.order_by(_.conversations.desc(), _.cluster_id).limit(n)


def lift(con: Backend, breakdown: str = "language", facet: str | None = None) -> ir.Table:
    """One row per cluster and value of a breakdown, with the cluster's name and level; the highest lift first.

    lift: the value's share of the cluster compared with its share of the top clusters that publish the
    value, or publish the whole breakdown except for rounding, so have none of it. 2 is twice as common. Rows without
    a lift (NULL) are left out: the value is known for only one top cluster, or for none.
    """
    _require(con, "cluster_facets", "breakdown", breakdown)
    cells = _published(con, "cluster_facets").filter(_.breakdown == breakdown, _.lift.notnull())
    if facet is not None:
        _require(con, "clusters", "facet", facet)
        cells = cells.filter(_.facet == facet)
    named = clusters(con).select("facet", "cluster_id", "level", "name")
    found = cells.inner_join(named, ["facet", "cluster_id"])
    columns = ("facet", "level", "cluster_id", "name", "breakdown", "value", "conversations", "users", "share", "lift")
    return found.select(*columns).order_by(_.lift.desc(), _.conversations.desc(), _.facet, _.cluster_id, _.value)


def trends(con: Backend, facet: str | None = None, level: int | None = None) -> ir.Table:
    """One row per cluster and period, with its name, level and growth over the previous period, oldest first.

    growth: 0.5 is half as many again; NULL if the previous period is below the gate or missing, or if one of the two
    is not complete: the input may lack days of it. level: None means all.
    """
    periods = _published(con, "cluster_trends")
    about = _published(con, "about").select(unit=_.period)
    dated = periods.cross_join(about).mutate(before=date_trunc(_.unit, _.period - ibis.interval(days=1)))
    earlier = periods.filter(_.complete).select(
        "facet", "cluster_id", before="period", conversations_before="conversations"
    )
    named = clusters(con).select("facet", "cluster_id", "level", "name")
    found = dated.left_join(earlier, ["facet", "cluster_id", "before"]).inner_join(named, ["facet", "cluster_id"])
    found = found.mutate(growth=_.complete.ifelse(_.conversations / _.conversations_before.nullif(0) - 1, None))
    found = found.select(
        "facet", "level", "cluster_id", "name", "period", "conversations", "users", "complete",
        "conversations_before", "growth",
    )  # fmt: skip
    if facet is not None:
        _require(con, "clusters", "facet", facet)
        found = found.filter(_.facet == facet)
    if level is not None:
        found = found.filter(_.level == level)
    return found.order_by(_.facet, _.cluster_id, _.period)


def differences(con: Backend, breakdown: str, left: str, right: str, facet: str | None = None) -> ir.Table:
    """One row per cluster for which it is known how often both values of a breakdown occur, largest difference first.

    It is known if both are shown, or if the shown values add up to the whole cluster (but for rounding): then a value
    that is not shown does not occur. left_share: the part of the conversations of `left` that the cluster holds, out of
    those in these clusters of its level, so that a rare value compares with a common one, and one that many clusters
    hide with one that few do. The shares of a level add up to 1. gap: left_share minus right_share.
    """
    _require(con, "cluster_facets", "breakdown", breakdown)
    for value in (left, right):
        _require(con, "cluster_facets", "value", value, breakdown)
    cells = _published(con, "cluster_facets").filter(_.breakdown == breakdown)
    if facet is not None:
        _require(con, "clusters", "facet", facet)
        cells = cells.filter(_.facet == facet)
    keys = ("facet", "cluster_id")
    shown = cells.group_by(keys).agg(
        published=_.conversations.sum(),
        of_left=_.conversations.sum(where=_.value == left),
        of_right=_.conversations.sum(where=_.value == right),
    )
    named = clusters(con).select(*keys, "level", "name", "conversations")
    about = _published(con, "about").select("min_conversations_cell")
    counted = shown.inner_join(named, keys).cross_join(about)
    nothing = ibis.ifelse(_.conversations - _.published < _.min_conversations_cell / 2, 0, None)
    counted = counted.mutate(of_left=_.of_left.coalesce(nothing), of_right=_.of_right.coalesce(nothing))
    known = counted.filter(_.of_left + _.of_right > 0)
    totals = known.group_by("facet", "level").agg(all_left=_.of_left.sum(), all_right=_.of_right.sum())
    found = known.inner_join(totals, ["facet", "level"]).filter(_.all_left > 0, _.all_right > 0)
    found = found.mutate(left_share=_.of_left / _.all_left, right_share=_.of_right / _.all_right)
    found = found.mutate(gap=_.left_share - _.right_share)
    columns = ("facet", "level", "cluster_id", "name", "left_share", "right_share", "gap")
    return found.select(*columns).order_by(_.gap.abs().desc(), _.facet, _.cluster_id)


def tools(con: Backend, facet: str | None = None) -> ir.Table:
    """One row per cluster and tool, with the cluster's name and level; the most called first. No rows without tools.

    called: conversations in which no call failed, failed: in which one did; NULL: held back, or none.
    conversations: both together, of what is published.
    """
    cells = _published(con, "cluster_facets").filter(_.breakdown.startswith(TOOL))
    if facet is not None:
        cells = cells.filter(_.facet == facet)
    counted = cells.group_by(_.facet, _.cluster_id, tool=_.breakdown.substr(len(TOOL))).aggregate(
        conversations=_.conversations.sum(),
        called=_.conversations.sum(where=_.value == "called"),
        failed=_.conversations.sum(where=_.value == "failed"),
    )
    named = clusters(con).select("facet", "cluster_id", "level", "name")
    return counted.inner_join(named, ["facet", "cluster_id"]).order_by(
        _.conversations.desc(), _.facet, _.level, _.cluster_id, _.tool
    )


def signals(con: Backend, facet: str | None = None, signal: str | None = None) -> ir.Table:
    """One row per cluster that can be judged: new, spiking, rising, steady, cooling or fading, with its name and level.

    The rule is `steps/clio_signals.sql`; the columns are those of the table `signals`. facet, signal: None means all.
    """
    named = clusters(con).select("facet", "cluster_id", "level", "name")
    found = _published(con, "signals").inner_join(named, ["facet", "cluster_id"])
    if facet is not None:
        found = found.filter(_.facet == facet)
    if signal is not None:
        found = found.filter(_.signal == signal)
    return found.order_by(_.facet, _.signal, _.cluster_id)


def measures(con: Backend, measure: str | None = None, facet: str | None = None) -> ir.Table:
    """One row per cluster and measure published for it, with name and level; of each measure the highest mean first.

    mean, median and percentile_90 have two significant digits; a quantile is NULL where it is the number of one or two
    users. conversations: how many have a number; NULL where too few have none. measure, facet: None means all.
    """
    named = clusters(con).select("facet", "cluster_id", "level", "name")
    found = _published(con, "cluster_measures").inner_join(named, ["facet", "cluster_id"])
    if measure is not None:
        _require(con, "cluster_measures", "measure", measure)
        found = found.filter(_.measure == measure)
    if facet is not None:
        _require(con, "clusters", "facet", facet)
        found = found.filter(_.facet == facet)
    columns = ("facet", "level", "cluster_id", "name", "measure", "conversations", "mean", "median", "percentile_90")
    return found.select(*columns).order_by(_.measure, _["mean"].desc(), _.facet, _.cluster_id)


def compare(con: Backend, breakdown: str, a: str, b: str, facet: str | None = None) -> ir.Table:
    """One row per cluster of which both values are known, with its name; the largest difference of a level first.

    share_a, share_b: the part of the conversations of each value that the cluster has, of those of the known clusters
    of its level, 0 to 1. low and high: the 95% interval of their difference, with users as the unit. q:
    Benjamini-Hochberg over the clusters of the level. breakdown 'period' compares two periods by their first days. No
    rows where a value is not published. The rule is `steps/clio_compared.sql`.
    """
    schema = _schema(con)
    tables = ("clusters", "cluster_facets", "cluster_trends", "about")
    query = "select * from clio_compare({}, {}, {}, {}, {}, {}, {})".format(
        *map(literal, (breakdown, a, b, *(f"{schema}.{table}" for table in tables)))
    )
    found = con.sql(query, schema=COMPARED).inner_join(
        clusters(con).select("facet", "cluster_id", "name"), ["facet", "cluster_id"]
    )
    if facet is not None:
        found = found.filter(_.facet == facet)
    return found.order_by(_.facet, _.level.desc(), _["difference"].abs().desc(), _.cluster_id)


def _require(con: Backend, table: str, column: str, name: str, breakdown: str | None = None) -> None:
    """Raise UsageError if a published column never has that name, with those that are nearest.

    breakdown: of this one alone. A file that publishes nothing has no names either, so any is then allowed.
    """
    where = "" if breakdown is None else " where breakdown = ?"
    query = f"select distinct {column} from {_schema(con)}.{table}{where} order by all"
    rows: Sequence[tuple[str]] = con.con.execute(query, [breakdown] if where else []).fetchall()
    there = [each for (each,) in rows]
    if there and name not in there:
        near = difflib.get_close_matches(name, there, n=3, cutoff=0.5) or there[:10]
        of = "" if breakdown is None else f" of {breakdown}"
        raise UsageError(
            f"{column}{of} {name!r} is not published. Nearest or first of {len(there)}: {', '.join(near)}."
        )


def _published(con: Backend, name: str) -> ir.Table:
    """A published table, in whichever schema the connection has it."""
    return con.table(name, database=_schema(con))


def _schema(con: Backend) -> str:
    """`clio` in a warehouse, else `main`. Raises InputError if neither has the clusters."""
    query = (
        "select schema_name from (select schema_name, table_name, database_name from duckdb_tables() union all "
        "select schema_name, view_name, database_name from duckdb_views()) "
        "where table_name = 'clusters' and schema_name in ('clio', 'main') and database_name = current_database() "
        "order by schema_name limit 1"
    )
    rows: Sequence[tuple[str]] = con.con.execute(query).fetchall()
    if not rows:
        raise InputError(
            "this database has no table of clusters. Connect to the warehouse.duckdb or published.duckdb of a run, "
            "or build the analysis first: clio_sql.build(con, table)."
        )
    return rows[0][0]
