"""The record of runs, the published copies, what a diff tells of them, and that readers see whole files."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT, here
from published_file import make

import clio_sql
from clio_sql import builder
from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.errors import InputError, SqlError
from clio_sql.published import copies, diff
from clio_sql.published.publish import publish
from clio_sql.run import record
from clio_sql.run.outcome import rewritten
from clio_sql.vectors.embedding import default_model

PACKAGED = {relation.name: relation for relation in catalog.load()}


def small(clusters: str = "select 'request' as facet", comment: str = "") -> list[Relation]:
    """An analysis that is built in no time: settings, a sample, and published tables of nothing much."""
    texts = {
        "settings": ("models", f"{PACKAGED['settings'].sql}\n-- {comment}"),
        "sampled_conversations": ("models", "-- One row.\n-- kind: table\nselect 'c' as conversation_id"),
        "facets": ("models", PACKAGED["facets"].sql),
        "trend_period": ("models", "-- One row.\n-- kind: view\nselect 'week' as period"),
        "covered_time": (
            "models",
            "-- One row.\n-- kind: view\n"
            "select 'week' as period, null::date as period_before, null::date as period_after",
        ),
        "correction_states": (
            "models",
            "-- One row.\n-- kind: view\nselect null::varchar as kind, true as applied where false",
        ),
        "proxies": (
            "models",
            "-- One row.\n-- kind: view\nselect null::varchar as facet, null::integer as call, "
            "null::double as agreement, null::double as low, null::double as high, null::bigint as answers, "
            "null::bigint as users where false",
        ),
        "published_measures": ("models", "-- One row.\n-- kind: view\nselect null::varchar as measure where false"),
        "about": ("published", PACKAGED["about"].sql),
        "clusters": ("published", f"-- One row.\n{padded('clusters', clusters)}"),
        "held_back": ("published", "-- One row.\n" + padded("held_back", "select 'request' as facet")),
    }
    return catalog.in_order(catalog.parse(name, folder, text) for name, (folder, text) in texts.items())


def padded(name: str, sql: str) -> str:
    """A query for `facet` with the other columns of a packaged relation, all NULL."""
    others = (f"null::{type_} as {column}" for column, type_ in PACKAGED[name].types.items() if column != "facet")
    return f"select facet::varchar as facet, {', '.join(others)} from ({sql})"


def build(out: Path, relations: list[Relation], until: str = "end") -> int:
    """One recorded run of a small analysis; until: 'begin' or 'publish' leaves the process there, as kill -9 would."""
    import os

    out.mkdir(exist_ok=True)
    con = clio_sql.connect(out / "warehouse.duckdb")
    try:
        con.execute("create schema if not exists clio; create or replace table clio.source as select 1 as x")
        builder.describe_input(con, "clio", format="table", privacy_unit="user")
        with record.recorded(con, out, relations) as number:
            builder.run(con, relations=relations)
            if until == "begin":
                os._exit(9)
            publish(con, out, relations)
            builder.keep(con, relations)
            if until == "publish":
                os._exit(9)
        return number
    finally:
        con.close()


def killed(out: Path, until: str) -> None:
    code = f"import pathlib, test_builds as t; t.build(pathlib.Path({str(out)!r}), t.small(), {until!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "tests", capture_output=True, text=True, timeout=120)
    assert done.returncode == 9, done.stderr


def test_a_run_is_recorded_with_its_sql_settings_and_counts(tmp_path):
    assert build(tmp_path, small()) == 1
    assert build(tmp_path, small(comment="that people read")) == 2
    assert build(tmp_path, small("select 'task' as facet")) == 3
    first, second, third = record.listed(tmp_path)
    assert (first.result, first.conversations, first.clusters, first.calls, first.cost_usd) == ("published", 1, 1, 0, 0)
    assert first.changed == [] and second.changed == [], "a comment is no change"
    assert third.changed == ["clusters"] and third.sql_hash != first.sql_hash
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        assert rewritten(con, "clio") == ("clusters",)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute(
            "select settings->>'min_users', checks, versions['duckdb'], models, ended_at >= started_at, error "
            "from clio_state.builds where build = 3"
        ).fetchone()
    assert row == ("10", sorted(catalog.checks()), duckdb.__version__, [f"{default_model()} in float32"], True, None)
    assert copies.copies(tmp_path) == [1, 2, 3]
    done = here("builds", tmp_path)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 4
    assert done.stdout.splitlines()[-1].endswith("clusters")


def test_a_copy_holds_what_was_published_then(tmp_path):
    build(tmp_path, small("select 'old' as facet"))
    build(tmp_path, small("select 'new' as facet"))
    for number, facet in ((1, "old"), (2, "new")):
        with duckdb.connect(str(tmp_path / "builds" / f"{number}.duckdb"), read_only=True) as con:
            assert con.execute("select facet from clusters").fetchall() == [(facet,)]
            tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
            assert tables == {"about", "clusters", "held_back"}
    assert (tmp_path / "builds" / "2.duckdb").read_bytes() == (tmp_path / "published.duckdb").read_bytes()
    assert sorted(path.name for path in (tmp_path / "builds").iterdir()) == ["1.duckdb", "2.duckdb"]


def test_a_failed_run_is_recorded_and_keeps_no_copy(tmp_path):
    build(tmp_path, small())
    with pytest.raises(duckdb.Error):
        build(tmp_path, small("select 'secret text'::integer as facet"))
    assert [build.result for build in record.listed(tmp_path)] == ["published", "failed"]
    assert copies.copies(tmp_path) == [1]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select error from clio_state.builds where build = 2").fetchone() == ("ConversionException",)


@pytest.mark.parametrize(("until", "result"), [("begin", "killed"), ("publish", "published")])
def test_a_killed_run_is_told_by_the_next(tmp_path, until, result):
    build(tmp_path, small())
    killed(tmp_path, until)
    build(tmp_path, small())
    assert [build.result for build in record.listed(tmp_path)] == ["published", result, "published"]
    assert copies.copies(tmp_path) == ([1, 2, 3] if result == "published" else [1, 3])


@pytest.mark.parametrize(("given", "number"), [("last", 5), ("LAST", 5), ("-1", 4), ("-2", 1), ("1", 1), (" 4", 4)])
def test_a_build_by_number_last_or_counted_back(tmp_path, given, number):
    (tmp_path / "builds").mkdir()
    for kept in (1, 4, 5):
        (tmp_path / "builds" / f"{kept}.duckdb").write_bytes(b"")
    assert copies.which(tmp_path, given) == number


@pytest.mark.parametrize("given", ["2", "-3", "0", "newest", ""])
def test_a_build_that_is_not_kept(tmp_path, given):
    (tmp_path / "builds").mkdir()
    for kept in (1, 4, 5):
        (tmp_path / "builds" / f"{kept}.duckdb").write_bytes(b"")
    with pytest.raises(InputError, match="There are: 1, 4, 5"):
        copies.which(tmp_path, given)


# --- what a diff tells


def copy(out: Path, number: int, rows: list[tuple[Any, ...]], gate: tuple[int, int, int] = (10, 20, 5)) -> None:
    """A published copy with these clusters."""
    (out / "builds").mkdir(exist_ok=True)
    with duckdb.connect(str(out / "builds" / f"{number}.duckdb")) as con:
        make(con, "about", "clusters", "held_back")
        con.execute(
            "insert into about (min_users, min_conversations, round_to, built_at, sql_hash) "
            "values (?, ?, ?, '2026-03-01 10:00:00', ?)",
            [*gate, f"hash{number}"],
        )
        columns = "facet, level, cluster_id, parent_id, name, conversations, users"
        con.executemany(f"insert into clusters ({columns}) values ('request', ?, ?, ?, ?, ?, ?)", rows)


def changes(out: Path) -> list[tuple[Any, ...]]:
    with copies.opened(out, 1, 2) as con:
        columns = "change, cluster_id, name, name_before, conversations, conversations_before"
        return con.execute(f"select {columns} from ({diff.query('cluster_changes')})").fetchall()


TREE = [
    (1, "p1", None, "Money", 200, 90),
    (1, "p2", None, "Travel", 100, 50),
    (0, "c1", "p1", "Cards", 120, 50),
    (0, "c2", "p1", "Loans", 80, 40),
    (0, "c3", "p2", "Flights", 60, 30),
    (0, "c4", "p2", "Hotels", 40, 20),
]


def test_equal_builds_differ_in_nothing(tmp_path):
    copy(tmp_path, 1, TREE)
    copy(tmp_path, 2, TREE)
    assert changes(tmp_path) == []
    told = list(diff.lines(tmp_path))
    assert told[1:] == ["sql_hash: hash1 -> hash2", "No cluster changed by more than rounding."]


def test_each_change_is_told(tmp_path):
    copy(tmp_path, 1, TREE)
    copy(tmp_path, 2, [
        (1, "p1", None, "Money", 205, 90),              # one step of rounding is no growth
        (1, "p2", None, "Travel", 100, 50),
        (0, "c1", "p1", "Cards", 180, 50),              # grown
        (0, "c3", "p2", "Plane tickets", 45, 30),       # renamed, shrunk
        (0, "c4", "p1", "Hotels", 40, 20),              # moved
        (0, "c5", "p2", "Trains", 25, 15),              # new
    ])  # fmt: skip
    assert changes(tmp_path) == [
        ("new", "c5", "Trains", None, 25, None),
        ("gone", "c2", None, "Loans", None, 80),
        ("grown", "c1", "Cards", "Cards", 180, 120),
        ("shrunk", "c3", "Plane tickets", "Flights", 45, 60),
        ("renamed", "c3", "Plane tickets", "Flights", None, None),
        ("moved", "c4", "Hotels", "Hotels", None, None),
    ]
    done = here("diff", tmp_path, "-1", "last")
    assert done.returncode == 0, done.stderr
    assert "  moved    level 0  Hotels  Travel -> Money" in done.stdout.splitlines()
    assert "  grown    level 0  Cards  120 -> 180" in done.stdout.splitlines()


def test_a_fresh_fit_is_compared_by_name(tmp_path):
    """Ids begin anew: what was c1 is c3 now, and nothing has happened to anyone."""
    ids = {"p1": "p2", "p2": "p1", "c1": "c3", "c2": "c4", "c3": "c2", "c4": "c1", None: None}
    copy(tmp_path, 1, TREE)
    copy(tmp_path, 2, [(level, ids[own], ids[parent], *rest) for level, own, parent, *rest in TREE])
    assert changes(tmp_path) == []


def test_the_stricter_gate_holds_for_both(tmp_path):
    copy(tmp_path, 1, TREE, gate=(10, 20, 5))
    copy(tmp_path, 2, [row for row in TREE if row[-1] >= 40], gate=(40, 50, 5))
    told = {name for row in changes(tmp_path) for name in row[2:4]}
    assert told == set(), "Flights and Hotels had fewer than 40 people"


def test_a_diff_tells_no_figure_that_is_not_in_the_two_files_and_needs_no_warehouse(tmp_path):
    copy(tmp_path, 1, TREE)
    copy(
        tmp_path, 2, [(level, own, parent, name, count + 30, users) for level, own, parent, name, count, users in TREE]
    )
    published = {row[4] for row in TREE} | {row[4] + 30 for row in TREE}
    figures = {figure for row in changes(tmp_path) for figure in row[4:] if figure is not None}
    assert figures and figures <= published
    assert [path.name for path in tmp_path.iterdir()] == ["builds"]


def test_a_damaged_copy_is_told(tmp_path):
    copy(tmp_path, 1, TREE)
    (tmp_path / "builds" / "2.duckdb").write_bytes(b"nothing")
    done = here("diff", tmp_path)
    assert done.returncode == 3 and "2.duckdb: cannot be read" in done.stderr


# --- readers


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    """A process that opens the published file again and again, while it is replaced forty times."""
    relations = [
        catalog.parse(name, "published", "-- One row.\nselect g.g as g, i from range(3000) as t(i), g")
        for name in ("about", "clusters", "held_back")
    ]
    con = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    con.execute("create schema clio; set schema = 'clio'; create table g as select 0 as g")
    con.execute("create table settings as select 'insight' as mode, null::double as epsilon")
    con.execute("create schema clio_state; create table clio_state.relations (relation varchar, complete boolean)")
    for relation in relations:
        con.execute(f"create view {relation.name} as {relation.sql}")
    publish(con, tmp_path, relations)
    code = f"""
import duckdb, sys
print("ready", flush=True)
seen = set()
while True:
    with duckdb.connect({str(tmp_path / "published.duckdb")!r}, read_only=True) as con:
        rows = con.execute("select g, count(*) from (from about union all by name from clusters union all by name "
                           "from held_back) group by g").fetchall()
    assert len(rows) == 1 and rows[0][1] == 9000, rows
    seen.add(rows[0][0])
    if rows[0][0] == 40:
        break
print(len(seen))
"""
    reader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    guard = threading.Timer(120, reader.kill)
    guard.start()
    assert reader.stdout.readline() == "ready\n"
    for generation in range(1, 41):
        con.execute("update g set g = ?", [generation])
        publish(con, tmp_path, relations)
    out, err = reader.communicate()
    guard.cancel()
    con.close()
    assert reader.returncode == 0, err
    assert int(out) > 1, "the reader saw more than one build"


def test_a_file_that_is_open_stays_as_it_was(tmp_path):
    """A tool that holds the file open goes on reading the old build, and never a byte of the new one."""
    build(tmp_path, small("select 'old' as facet"))
    with open(tmp_path / "published.duckdb", "rb") as held:
        before = held.read()
        build(tmp_path, small("select 'new' as facet"))
        held.seek(0)
        assert held.read() == before != (tmp_path / "published.duckdb").read_bytes()


def test_a_published_relation_of_another_schema_is_refused_when_loaded(tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "a.sql").write_text("-- One.\nselect x from clio_state.clusters")
    with pytest.raises(SqlError, match=r"clio_state\.clusters names a schema"):
        catalog.load(tmp_path)


def test_a_single_build_has_nothing_to_compare_with(tmp_path):
    (tmp_path / "builds").mkdir()
    (tmp_path / "builds" / "1.duckdb").touch()
    with pytest.raises(InputError, match="only build 1 has been published"):
        copies.which(tmp_path, "-1")
