"""Runs of the pipeline in this process, for tests that change a part of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

import clio_sql
from clio_sql import builder, sources
from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.builder import last
from clio_sql.builder.reporting import Quiet
from clio_sql.builder.table import take
from clio_sql.engine import Engine
from clio_sql.published.publish import publish
from clio_sql.register import engine_of

ROUND_TO = 5  # the packaged setting
TIME = {"about": "built_at"}


class Steps(Quiet):
    """A `Reporter` that notes what was built and what was there already."""

    def __init__(self) -> None:
        self.built: set[str] = set()
        self.skipped: set[str] = set()

    def end(self, rows: int, skipped: bool) -> None:
        (self.skipped if skipped else self.built).add(self.relation)


def changed(**settings: Any) -> list[Relation]:
    """The packaged relations with other settings, given as SQL; without margins, so that small worlds are exact."""
    values = ", ".join(f"{value} as {name}" for name, value in ({"threshold_margin": 0} | settings).items())
    return [
        replace(relation, sql=f"select * replace ({values}) from (\n{relation.sql}\n)")
        if relation.name == "settings"
        else relation
        for relation in catalog.load()
    ]


def analyse(
    path: Path,
    out: Path,
    relations: Sequence[Relation] | None = None,
    *,
    prepare: Callable[[duckdb.DuckDBPyConnection, Engine], object] = lambda con, engine: None,
    check: bool = True,
    breakdowns: Sequence[str] = ("plan",),
    measures: Sequence[str] = (),
) -> Steps:
    """What `clio-sql run` does, here; `prepare` runs once the source is read. The breakdown is the demo's."""
    steps = Steps()
    with closing(_built(path, out, relations, steps, prepare, breakdowns, measures)) as con:
        if check:
            builder.check(con)
        publish(con, out, relations or catalog.load())
        builder.keep(con, relations or catalog.load())
    return steps


def built(path: Path, out: Path, relations: Sequence[Relation] | None = None, measures: Sequence[str] = ()) -> None:
    """The same without publishing: as the warehouse is where a run is killed before its checks."""
    _built(path, out, relations, Steps(), lambda con, engine: None, ("plan",), measures).close()


def _built(
    path: Path,
    out: Path,
    relations: Sequence[Relation] | None,
    steps: Steps,
    prepare: Callable[[duckdb.DuckDBPyConnection, Engine], object],
    breakdowns: Sequence[str],
    measures: Sequence[str],
) -> duckdb.DuckDBPyConnection:
    con = clio_sql.connect(out / "warehouse.duckdb")
    engine = engine_of(con)
    assert engine is not None
    try:
        source = sources.read(con, path, breakdowns=tuple(breakdowns), measures=tuple(measures))
        builder.describe_input(
            con,
            "clio",
            format=source.format,
            privacy_unit=source.privacy_unit,
            breakdowns=source.breakdowns,
            measures=source.measures,
        )
        prepare(con, engine)
        builder.run(con, reporter=steps, relations=relations)
    except BaseException:
        con.close()
        raise
    return con


def give_table(con: duckdb.DuckDBPyConnection, chats: Path) -> None:
    """The conversations as `main.chats`, as a user may have them."""
    columns = "* exclude (plan), map {'plan': plan} as metadata"
    con.execute(f"create or replace table main.chats as select {columns} from '{chats}'")


def build(con: duckdb.DuckDBPyConnection, topics: bool = True) -> None:
    """What `clio_sql.build` makes of `main.chats`, without margins: it is small; without topics if so asked."""
    relations = changed()
    if not topics:
        relations = [
            replace(relation, sql=f"select * from (\n{relation.sql}\n) where false")
            if relation.name == "cluster_topics"
            else relation
            for relation in relations
        ]
    take(con, "main.chats", "clio", ["plan"])
    builder.run(con, relations=relations)
    last.keep(con, relations, "clio")


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Let the next build name, audit and grow everything anew; embeddings, facets and clusters stay."""
    kept = ("facet_values", "embeddings", "vocabulary", "fits", "cluster_models", "placements", "cluster_ids")
    con.execute(f"delete from clio_state.relations where relation not in {kept}")
    con.execute("delete from clio.last_cluster_names")
    forget_tree(con)


def forget_tree(con: duckdb.DuckDBPyConnection) -> None:
    """Let the next build grow the tree anew."""
    con.execute("delete from clio_state.relations where relation in ('trees', 'hierarchy', 'layout')")
    for name in ("last_trees", "last_hierarchy"):
        con.execute(f"delete from clio.{name}")


def copied(out: Path, to: Path) -> Path:
    """The warehouse of a run in another folder, so that it may be changed."""
    shutil.copy(out / "warehouse.duckdb", to)
    return to


def read(out: Path, query: str, file: str = "warehouse.duckdb") -> list[tuple]:
    """The answer to a query that calls no function of ours; schema `clio` is the current one of a warehouse."""
    with duckdb.connect(str(out / file), read_only=True) as con:
        if file == "warehouse.duckdb":
            con.execute("set schema = 'clio'")
        return con.execute(query).fetchall()


def tables(out: Path, but: Mapping[str, str] = TIME) -> dict[str, list[tuple]]:
    """Every published table, sorted, but for the time of the build, or what is left out instead."""
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        return published(con, "main", but)


def published(con: duckdb.DuckDBPyConnection, schema: str, but: Mapping[str, str] = TIME) -> dict[str, list[tuple]]:
    """The same of any schema. but: relation -> columns that are left out."""
    return {
        relation.name: con.execute(
            f"select * {f'exclude ({but[relation.name]})' if relation.name in but else ''} "
            f"from {schema}.{relation.name} order by all"
        ).fetchall()
        for relation in catalog.load()
        if relation.published
    }


def members(out: Path) -> dict[tuple[str, str], dict[str, str | None]]:
    """(facet, cluster_id) -> conversation -> user, from the tables of the warehouse; also (other)."""
    bases: dict[tuple[str, str], dict[str, str | None]] = {}
    for facet, base, conversation, user in read(
        out, "select facet, cluster_id, conversation_id, user_id from assignments"
    ):
        bases.setdefault((facet, base), {})[conversation] = user
    found = {}
    shown = {}
    for facet, cluster, base_ids in read(out, "select facet, cluster_id, base_cluster_ids from hierarchy"):
        found[facet, cluster] = {c: u for base in base_ids for c, u in bases[facet, base].items()}
        shown.setdefault(facet, {}).update(found[facet, cluster])
    everyone = dict(read(out, "select conversation_id, user_id from conversations"))
    for facet, inside in shown.items():
        found[facet, "(other)"] = {c: u for c, u in everyone.items() if c not in inside}
    return found


def is_near(told: int, counted: int) -> bool:
    return abs(told - counted) <= ROUND_TO / 2 and told % ROUND_TO == 0


def people(of: dict[str, str | None]) -> int:
    return len({user for user in of.values() if user is not None})


def recounted(out: Path) -> list[tuple]:
    """The published clusters, each seen to be counted rightly and to pass the gate."""
    inside = members(out)
    rows = read(out, "select facet, cluster_id, conversations, users from clusters", "published.duckdb")
    for facet, cluster, conversations, users in rows:
        of = inside[facet, cluster]
        assert is_near(conversations, len(of)) and is_near(users, people(of)), cluster
        assert people(of) >= 10 and len(of) >= 20
        by_user = Counter(user for user in of.values() if user is not None)
        assert max(by_user.values()) <= len(of) / 2
    return rows
