"""Relations that can be made in parts: in 1 and in 7 parts the rows are the same."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping

import duckdb
import pytest
from conftest import cli
from test_findings import ROW, told
from test_relations import GOLDEN, RELATIONS, chain, empty, run_golden

import clio_sql
from clio_sql.analysis import catalog, parts
from clio_sql.analysis.catalog import Relation
from clio_sql.analysis.parts import Share

KEYED = [name for name, relation in RELATIONS.items() if relation.by]
# Of these the demo has no rows; golden files have some.
EMPTY = {
    "cut_turns", "line_differences", "segment_starts", "segment_turns", "shared_blocks", "taxonomy_answers",
    "taxonomy_choices", "taxonomy_places", "taxonomy_questions", "turn_embeddings", "uncounted_segments",
}  # fmt: skip


def narrowed(share: Share, part: int, of: int) -> str:
    """The rows of an input that one part sees, as SQL."""
    if share.how == "whole":
        return f"from clio.{share.name}"
    if share.how == "following":
        return f"from clio.{share.name} semi join part.{share.after} using ({', '.join(share.on)})"
    whole = f"regexp_replace(conversation_id, '{parts.SEGMENT}', '')"  # which segments and their conversation share
    key = ", ".join(whole if name == "conversation_id" else name for name in share.on)
    return f"from clio.{share.name} where md5_number_lower(cast(row({key}) as varchar)) % {of} = {part}"


def in_parts(con: duckdb.DuckDBPyConnection, relation: Relation, known: Mapping[str, Relation], of: int) -> Counter:
    """The rows that the relation has in so many parts, with how often each came."""
    shares = sorted(parts.shares(relation, known), key=lambda share: share.how == "following")
    found: Counter = Counter()
    for part in range(of):
        con.execute("drop schema if exists part cascade; create schema part")
        for share in shares:
            con.execute(f"create table part.{share.name} as {narrowed(share, part, of)}")
        con.execute("set schema = 'part'")
        rows = con.execute(relation.sql).fetchall()
        con.execute("set schema = 'clio'")
        found.update(repr(row) for row in rows)
    return Counter(set(found)) if relation.repeats else found


@pytest.fixture(scope="module")
def world(demo_out, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo's warehouse, every relation that another reads as a table."""
    path = tmp_path_factory.mktemp("parts") / "warehouse.duckdb"
    shutil.copy(demo_out / "warehouse.duckdb", path)
    con = clio_sql.connect(path)
    con.execute("set schema = 'clio'")
    read = {name for each in KEYED for name in RELATIONS[each].inputs}
    for name in [name for name, relation in RELATIONS.items() if relation.kind == "view" and name in read]:
        con.execute(f"create table main.made as from clio.{name}; drop view clio.{name}")
        con.execute(f"create table clio.{name} as from main.made; drop table main.made")
    few = "select conversation_id from screened_transcripts order by md5(conversation_id) limit 100"
    con.execute(f"delete from screened_transcripts where conversation_id not in ({few})")  # facet_values alone reads it
    yield con
    con.close()


@pytest.mark.parametrize("name", KEYED)
def test_in_seven_parts_a_relation_has_the_rows_of_one(world, name):
    one = in_parts(world, RELATIONS[name], RELATIONS, 1)
    assert in_parts(world, RELATIONS[name], RELATIONS, 7) == one
    assert bool(one) == (name not in EMPTY)


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    con = clio_sql.connect()
    yield con
    con.close()


@pytest.mark.parametrize(
    "path", [path for path in GOLDEN if path.stem.split("-")[0] in KEYED], ids=lambda path: path.stem
)
def test_so_it_has_of_what_golden_files_hold(shared, path):
    con, relation = empty(shared), RELATIONS[path.stem.split("-")[0]]
    run_golden(con, path)
    for step in chain(relation.name)[:-1]:
        con.execute(f"create table clio.{step.name} as {step.sql}")
    assert in_parts(con, relation, RELATIONS, 7) == in_parts(con, relation, RELATIONS, 1)


def test_what_each_part_sees():
    seen = {share.name: share[1:] for share in parts.shares(RELATIONS["supported_words"], RELATIONS)}
    assert seen["assignments"] == ("split", ("facet", "cluster_id"), "")
    assert seen["facet_values"] == ("following", ("conversation_id", "facet"), "assignments")
    assert seen["vocabulary"] == seen["last_hierarchy"] == ("whole", (), "")


def test_a_key_that_cannot_be_one_is_found(tmp_path):
    rows = ROW + "-- by: {}\nselect conversation_id::varchar as conversation_id from conversations"
    assert told(tmp_path, {"a.sql": rows.format("conversation_id")}) == []
    (found,) = told(tmp_path, {"a.sql": rows.format("conversation_id, facet")})
    assert found.startswith("a.sql: no input of it that grows with the conversations has all columns of '-- by: conv")
    (found,) = told(tmp_path, {"a.sql": rows.format("conversation id")})
    assert found.startswith("a.sql: '-- by: conversation id' must be names of columns, and")
    for name, sql in (("b", "select 'a' as a"), ("c", "select word::varchar as word from words")):
        assert told(tmp_path / name, {"a.sql": f"{ROW}-- by: word; distinct\n{sql}"}) == (
            [] if name == "c" else [f"a.sql: {parts.NO_KEY.format(key='word')}"]
        )


def test_models_says_by_what(tmp_path):
    lines = cli("models").stdout.splitlines()
    assert "settings  [by facet, value_hash]" in next(line for line in lines if line.startswith("fit_points"))
    assert not any("[" in line for line in lines if line.split()[0] in ("settings", "hierarchy", "clusters"))
    assert [line.split()[0] for line in lines if "[by " in line] == [r.name for r in catalog.load() if r.by]
