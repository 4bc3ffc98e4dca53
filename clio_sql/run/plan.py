"""What a run would cost, before anything is paid: real prompts if they are known, typical ones if not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from clio_sql import builder, sources
from clio_sql.analysis import catalog, check
from clio_sql.builder import paid
from clio_sql.calls.replies import Plan
from clio_sql.engine import Engine
from clio_sql.providers import Broaden, Choose, Name, PaidProvider
from clio_sql.register import connect, engine_of
from clio_sql.run import stored
from clio_sql.run.early import limits
from clio_sql.sources import inputs
from clio_sql.sql_text.quoting import literal
from clio_sql.warehouse import lock
from clio_sql.warehouse.database import one, scalar
from clio_sql.warehouse.places import WAREHOUSE

EXTRACTIONS = {"facet_values": "extract", "text_values": "texts", "sample_values": "sample", "rest_values": "rest"}
# What stands for relations that ask, or that learn from answers; None: the same without rows
STANDS_IN = {
    "text_values": None,
    "sample_values": "select conversation_id, '' as facet, null::varchar as value, null::varchar as status, "
    "null::varchar as error, null::varchar as answered_by from sample_transcripts",
    "rest_values": None,
    "proxy_values": None,
    "proxies": """
        select asked_facets.facet, null::varchar as learned, null::varchar as question_hash, last.call
        from asked_facets
        left join last_proxies as last using (facet, question_hash)
        cross join settings
        where asked_facets.asked = 'sample' and extract_sample is not null""",
}
READS = {
    "screened": ("transcripts",),
    "sample_values": ("sample_transcripts",),
    "proxies": ("asked_facets", "last_proxies", "settings"),
}
KEEPS_ALL = "select conversation_id, true as kept, 'ok' as status, null::varchar as error from transcripts"
# Sizes of all levels of a tree, the base first, if every conversation is embedded and every cluster passes the gate
SIZES = """
    with base as (
        select *, clio_fit_size(
            (select count(*) from transcripts),
            conversations_per_cluster, max_base_clusters, min_base_clusters, least_per_cluster
        )::integer as base_size
        from settings
    )
    select
        case
            when base_size <= top_clusters or levels < 2 then [base_size]
            else list_transform(
                range(levels), lambda level: clio_level_size(base_size, top_clusters, level, levels)::integer
            )
        end,
        neighbourhood,
        (select count(*) from facets where clustered and kind = 'text')
    from base"""
ANSWER = 120  # characters of a typical clustered answer: a sentence or two
LEAF = 80  # of a leaf of a taxonomy with its description
BETWEEN = 0.3  # of conversations have two leaves that are close: of the demo 0.31, of banking77's 77 intents 0.23
NAME, DESCRIBED = 45, 250  # characters of a typical name, and of a name with its description


class Step(NamedTuple):
    """One kind of call. exact: whether the prompts are those that will be sent, or typical ones.

    if_unmet: whether they are made only if no regression agrees with enough of the held-out answers.
    """

    name: str
    exact: bool
    plan: Plan
    if_unmet: bool = False


def plan(
    input: str,
    into: Path | None,
    *,
    analysis: Path | None = None,
    runtime: Mapping[str, Any] | None = None,
    **reading: Any,
) -> list[Step]:
    """The calls of each step, how many are stored in `into` already, tokens and dollars. Nothing is sent or written.

    Every base cluster is assumed to pass the gate, so the estimate is the most that a run may cost,
    retries and steps with `if_unmet` aside. Without a paid provider the list is empty. Arguments as for `analyse`.
    """
    inputs.found(input)
    relations = check.checked(analysis)
    con = connect(**(runtime or {}))
    engine = engine_of(con)
    assert engine is not None
    try:
        provider = engine.paid
        if provider is None:
            return []
        stored.copy(con, into)
        source = sources.read(con, input, limits=limits(relations), **reading)
        builder.describe_input(con, builder.SCHEMA, **source.described)
        builder.describe_build(con, builder.SCHEMA, engine, relations)
        _copy_proxies(con, into)
        lock.lock(con)
        builder.Builder(con, _planned(relations)).all()
        con.execute(f"set schema = {literal(builder.SCHEMA)}")
        asked = {relation.name: relation for relation in relations}
        steps = _extracting(con, engine, provider, asked)
        if con.execute("select screener from settings").fetchone() != (None,):
            steps.insert(0, Step("screen", True, _asked(con, engine, provider, asked["screened"])))
        steps += [Step("place", False, made) for made in _placing(con, provider)]
        return steps + [Step(name, False, made) for name, made in _naming(con, provider)]
    finally:
        engine.close()
        con.close()


def _copy_proxies(con: duckdb.DuckDBPyConnection, into: Path | None) -> None:
    """The sample and the regressions of the last published build, if it had any."""
    if into is None or not (into / WAREHOUSE).exists():
        return
    con.execute(f"attach {literal(str(into / WAREHOUSE))} as earlier (read_only)")
    query = "select table_name from duckdb_tables() where database_name = 'earlier' and schema_name = ?"
    there = {name for (name,) in con.execute(query, [builder.SCHEMA]).fetchall()}
    for table in ("last_proxies", "last_proxy_answers"):
        if table in there:
            name = f"{builder.SCHEMA}.{table}"
            con.execute(f"insert into {name} by name from earlier.{name}")
    con.execute("detach earlier")


def before_extraction(relations: list[catalog.Relation]) -> list[catalog.Relation]:
    """The relations that transcripts need, in order, and a screener that keeps every conversation unasked."""
    return _chosen(relations, {"screened_transcripts", "facets", "settings", "taxonomy_sizes"}, {"screened": KEEPS_ALL})


def _planned(relations: list[catalog.Relation]) -> list[catalog.Relation]:
    """The relations that extraction needs, in order, with a stand-in for each that asks, or learns from answers.

    Regressions answer what they answered in the last build.
    """
    return _chosen(
        relations, {*EXTRACTIONS, *STANDS_IN, "settings", "taxonomy_sizes"}, {"screened": KEEPS_ALL, **STANDS_IN}
    )


def _chosen(
    relations: list[catalog.Relation], wanted: set[str], stands_in: Mapping[str, str | None]
) -> list[catalog.Relation]:
    """The relations of those names and all that they read, in order; none that asks. stands_in: SQL in their place."""
    known = {relation.name: relation for relation in relations}
    for name, sql in stands_in.items():
        if name in known:
            reads = READS.get(name, ())
            known[name] = replace(known[name], sql=sql or _empty(known[name]), inputs=reads, incremental=None)
    wanted = set(wanted)
    for relation in reversed(relations):
        if relation.name in wanted:
            read = relation.inputs if relation.name in EXTRACTIONS else known[relation.name].inputs
            wanted |= set(read) & set(known)
    chosen = [known[relation.name] for relation in relations if relation.name in wanted]
    return [relation for relation in chosen if not relation.asks]


def _empty(relation: catalog.Relation) -> str:
    """A query with the columns of a relation that casts all of them, and no rows."""
    return "select " + ", ".join(f"null::{type_} as {name}" for name, type_ in relation.types.items()) + " where false"


def _extracting(
    con: duckdb.DuckDBPyConnection, engine: Engine, provider: PaidProvider, asked: Mapping[str, catalog.Relation]
) -> list[Step]:
    """The questions about conversations: of all at once; or of texts, of a sample, and of the rest."""
    steps = [
        Step(name, True, _asked(con, engine, provider, asked[relation]))
        for relation, name in EXTRACTIONS.items()
        if relation in asked and asked[relation].incremental
    ]
    if "proxies" in asked and scalar(con, "select count(*) from proxies where call is null"):
        con.execute("create or replace table proxies as select * replace (0 as call) from proxies where call is null")
        steps.append(Step("rest", True, _asked(con, engine, provider, asked["rest_values"]), if_unmet=True))
    asks = [step for step in steps if step.plan.calls]
    return asks or steps[:1]


def _asked(con: duckdb.DuckDBPyConnection, engine: Engine, provider: PaidProvider, relation: catalog.Relation) -> Plan:
    """The exact prompts of an incremental relation, collected without being sent."""
    by = relation.incremental
    assert by is not None
    numbered = f"select {by.key} as key, row_number() over () as place from {by.input}"
    con.execute(f"create or replace temp table clio_keys as {numbered}")
    rows = scalar(con, "select count(*) from temp.clio_keys")
    total = Plan(0, 0, 0, 0, 0.0, 0.0)
    for start in range(0, rows, paid.ROWS):
        part = f"select key from temp.clio_keys where place > {start} and place <= {start + paid.ROWS}"
        query = relation.body({by.input: f"select * from {by.input} where {by.key} in ({part})"})
        with engine.collecting() as collected:
            con.execute(f"create or replace temp table clio_collected as {query}")
        total = total.plus(_priced(provider, "extract", [request for _, request in collected]))
    return total


def _placing(con: duckdb.DuckDBPyConnection, provider: PaidProvider) -> Iterator[Plan]:
    """The choice between two leaves, for as many conversations as usually lie between two, if there is a taxonomy."""
    facets, conversations = one(
        con,
        "select (select count(*) from facets where kind = 'taxonomy'), (select count(*) from transcripts)",
    )
    if facets:
        leaves = [_text(LEAF, number) for number in range(3)]
        asked = round(BETWEEN * facets * conversations)
        yield _priced(provider, "choose", [Choose(_text(ANSWER, number), leaves) for number in range(asked)])


def _naming(con: duckdb.DuckDBPyConnection, provider: PaidProvider) -> Iterator[tuple[str, Plan]]:
    """Naming and the hierarchy of every clustered facet, with prompts of typical length."""
    sizes, neighbourhood, facets = one(con, SIZES)
    tree = sizes * facets
    groups = [_text(ANSWER, number) for number in range(40)]
    names = [Name([f"{n} {text}" for text in groups[:20]], groups[20:], "", [], [], []) for n in range(sum(tree))]
    yield "name", _priced(provider, "name", names)
    yield "audit", _priced(provider, "audit", [_text(DESCRIBED, number) for number in range(sum(tree))])
    provider.calls.batch = False  # each step of the hierarchy waits for the last one, so it is never batched
    proposals, merges, choices = [], [], []
    for level, (size, wanted) in enumerate(pairwise(tree)):
        if wanted >= size:  # the next facet begins
            continue
        described = [_text(DESCRIBED, number) for number in range(size)]
        for first in range(0, size, neighbourhood):
            part = described[first : first + neighbourhood]
            proposals.append(Broaden(part, max(1, round(wanted * len(part) / size)), ""))
        parents = [_text(NAME, number) for number in range(wanted)]
        merges.append(Broaden([*parents, *(_text(NAME, size + n) for n in range(wanted // 2))], wanted, ""))
        choices += [Choose(f"{level} {text}", parents) for text in described]
    yield "propose", _priced(provider, "propose", proposals)
    yield "merge", _priced(provider, "merge", merges)
    yield "choose", _priced(provider, "choose", choices)


def _priced(provider: PaidProvider, function: str, requests: Sequence[Any]) -> Plan:
    return provider.calls.plan(provider.requests(function, requests))


def _text(length: int, number: int) -> str:
    """A text of that many characters, different for each number."""
    return f"{number} ".ljust(length, "x")
