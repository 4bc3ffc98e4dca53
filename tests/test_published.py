"""What other programs find in OUT: comments, Parquet as a set, clients of older DuckDBs, and hostile names."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from conftest import here
from warehouse import read

from clio_sql.analysis import catalog
from clio_sql.analysis.catalog import Relation
from clio_sql.errors import StateError
from clio_sql.published import parquet
from clio_sql.published.publish import publish

TABLES = (
    "about",
    "cluster_comparisons",
    "cluster_facets",
    "cluster_measures",
    "cluster_trends",
    "clusters",
    "held_back",
    "signals",
)
HOSTILE = (
    "<script>alert(1)</script>",
    'it\'s "quoted"; drop table clusters; --',
    "‮right to left‏ עברית",
    "emoji 👨‍👩‍👧 🚀",
    "nul \0 bell \x07 escape \x1b[31m\x1b]0;title\x07",
    "line\nbreak\r\ttab [red]markup[/red] {{ jinja }} %s",
    "x" * 10_000,
)


def test_every_table_and_column_has_a_comment(demo_out):
    with duckdb.connect(str(demo_out / "published.duckdb"), read_only=True) as con:
        tables = con.execute("select table_name, comment from duckdb_tables()").fetchall()
        columns = con.execute(
            "select table_name || '.' || column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
    assert {name for name, _ in tables} >= set(TABLES) and len(columns) > 40
    assert [name for name, comment in tables + columns if not comment] == []


# --- Parquet


def relations() -> list[Relation]:
    return [relation for relation in catalog.load() if relation.published]


@pytest.fixture
def out(demo_out, tmp_path) -> Path:
    """A folder of its own with the warehouse of the demo."""
    shutil.copy(demo_out / "warehouse.duckdb", tmp_path)
    return tmp_path


def write(out: Path, as_parquet: bool) -> None:
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        publish(con, out, relations(), as_parquet=as_parquet)


def test_parquet_holds_the_rows_and_the_comments_of_the_file(out):
    write(out, True)
    assert sorted(path.name for path in out.iterdir()) == ["parquet", "published.duckdb", "warehouse.duckdb"]
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        for relation in relations():
            file = str(out / "parquet" / f"{relation.name}.parquet")
            assert con.sql(f"from {relation.name}").fetchall() == con.sql(f"from '{file}'").fetchall()
            assert con.sql(f"from {relation.name}").types == con.sql(f"from '{file}'").types
            query = "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'columns'"
            assert list(json.loads(con.execute(query, [file]).fetchall()[0][0])) == con.sql(f"from '{file}'").columns


def test_the_same_rows_are_the_same_bytes(out):
    write(out, True)
    before = {path.name: path.read_bytes() for path in (out / "parquet").iterdir()}
    write(out, False)  # there of an earlier run: it would be out of date
    assert {path.name: path.read_bytes() for path in (out / "parquet").iterdir()} == before
    assert set(before) == {f"{name}.parquet" for name in TABLES}


def test_without_asking_there_is_no_parquet(out):
    write(out, False)
    assert not (out / "parquet").exists()


def test_a_table_that_is_no_more_goes_with_the_set(out):
    write(out, True)
    shutil.copy(out / "parquet" / "clusters.parquet", out / "parquet" / "old.parquet")
    write(out, True)
    assert not (out / "parquet" / "old.parquet").exists()


@pytest.mark.parametrize("name", ["notes.txt", "chats.parquet"])
def test_somebody_elses_files_are_never_replaced(out, name):
    (out / "parquet").mkdir()
    file = out / "parquet" / name
    duckdb.sql("select 1 as mine").write_parquet(str(file))
    before = file.read_bytes()
    with pytest.raises(StateError, match="holds files other than"):
        write(out, True)
    write(out, False)
    assert file.read_bytes() == before and [path.name for path in (out / "parquet").iterdir()] == [name]
    done = here("demo", "--into", out, "--parquet")  # told before any work
    assert done.returncode == 7 and "holds files other than" in done.stderr


def test_a_file_among_ours_stops_the_run_but_what_a_file_manager_leaves_does_not(out):
    write(out, True)
    (out / "parquet" / ".DS_Store").write_bytes(b"\0")
    (out / "parquet" / "clusters.parquet").unlink()
    write(out, False)
    assert (out / "parquet" / "clusters.parquet").exists() and (out / "parquet" / ".DS_Store").read_bytes() == b"\0"
    (out / "parquet" / "notes.txt").touch()
    with pytest.raises(StateError, match="holds files other than"):  # else ours would be out of date
        write(out, False)


def test_a_failure_leaves_the_set_of_before_and_no_draft(out, monkeypatch):
    write(out, True)
    before = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet.shutil, "rmtree", lambda *_, **__: None)  # what was begun stays to be cleared
    monkeypatch.setattr(parquet.json, "dumps", fail)
    with pytest.raises(StateError, match="disk full"):
        write(out, True)
    monkeypatch.undo()
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("select 1")
    parquet.clear(out)
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_what_a_killed_run_had_moved_aside_comes_back(out):
    write(out, True)
    (out / "parquet").rename(out / ".parquet-old-123")
    parquet.clear(out)
    assert sorted(path.stem for path in (out / "parquet").iterdir()) == list(TABLES)


# --- hostile names


@pytest.fixture(scope="module")
def hostile(demo_out, tmp_path_factory) -> Path:
    """OUT with the hostile names in the place of the first clusters' names, as file and as Parquet."""
    out = tmp_path_factory.mktemp("hostile")
    shutil.copy(demo_out / "warehouse.duckdb", out)
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        ids = con.execute("select cluster_id from clio.hierarchy order by level desc, cluster_id").fetchall()
        for (cluster,), name in zip(ids, HOSTILE, strict=False):
            con.execute(
                "update clio.hierarchy set name = ?, description = ? where cluster_id = ?", [name, name, cluster]
            )
        publish(con, out, relations(), as_parquet=True)
    return out


def test_hostile_names_are_text_in_parquet(hostile):
    file = str(hostile / "parquet" / "clusters.parquet")
    names = {name for (name,) in duckdb.execute("select name from read_parquet(?)", [file]).fetchall()}
    assert set(HOSTILE) <= names
    import pyarrow.parquet as pq

    assert set(HOSTILE) <= set(pq.read_table(file)["name"].to_pylist())


@pytest.mark.parametrize(
    "command", [["tree"], ["sql", "--published", "-c", "select name from clusters"]], ids=["tree", "sql"]
)
def test_hostile_names_are_text_on_the_screen(hostile, command):
    done = here(command[0], hostile, *command[1:])
    assert done.returncode == 0, done.stderr
    for part in (HOSTILE[0], "drop table clusters; --", "עברית", "🚀", "[red]markup[/red] {{ jinja }} %s", "x" * 100):
        assert part.replace('"', '""' if command[0] == "sql" else '"') in done.stdout, part
    assert not [char for char in done.stdout if ord(char) < 32 and char not in "\n\t"]
    assert not {"‮", "‏", "\x7f", "\x9b"} & set(done.stdout)


# --- clients of older DuckDBs


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm")
def test_the_node_client_reads_the_same(hostile, tmp_path):
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@duckdb/node-api@1.5.6-r.1"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=300)
    script = """
        const {DuckDBInstance} = require('@duckdb/node-api');
        (async () => {
            const instance = await DuckDBInstance.create(process.argv[2], {access_mode: 'READ_ONLY'});
            const con = await instance.connect(), found = {};
            for (const table of process.argv.slice(3)) {
                const reader = await con.runAndReadAll(`select columns(*)::varchar from ${table} order by all`);
                found[table] = reader.getRowsJson();
            }
            console.log(JSON.stringify(found));
        })().catch(error => { console.error(error); process.exit(1); });
    """
    (tmp_path / "read.js").write_text(script)
    done = subprocess.run(
        ["node", "read.js", str(hostile / "published.duckdb"), *TABLES], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    with duckdb.connect(str(hostile / "published.duckdb"), read_only=True) as con:
        for table in TABLES:
            rows = con.execute(f"select columns(*)::varchar from {table} order by all").fetchall()
            assert found[table] == [list(row) for row in rows] and rows, table


def test_a_lift_is_not_raised_by_what_is_not_told(demo_out):
    """A value is in no cluster much more common than in all published ones, where nearly all is of it."""
    query = "select max(lift), max(share) from cluster_facets where breakdown = 'language' and value = 'English'"
    ((lift, share),) = read(demo_out, query, "published.duckdb")
    query = """
        select avg((facet_values.value = 'English')::int)
        from memberships inner join facet_values using (conversation_id)
        where level = 0 and facet_values.facet = 'language'"""
    (english,) = read(demo_out, query)[0]
    assert share == 1 and 1 < lift < 1.1 / english


def test_a_lift_is_not_raised_by_what_is_hidden_elsewhere(demo_out):
    """A value counts as 0 only in top clusters that tell the whole breakdown: lifts are those of the exact counts."""
    query = """
        with tops as (select facet, cluster_id from clusters where parent_id is null and cluster_id <> '(other)'),
        placed as (select * from tops inner join memberships using (facet, cluster_id)),
        sizes as (select facet, count(*) as total from placed group by facet),
        exact as (
            select facet, breakdown, value, count(*) / any_value(total) as overall
            from placed inner join breakdowns using (conversation_id) inner join sizes using (facet)
            group by facet, breakdown, value
        )
        select breakdown, value, lift / (share / overall)
        from cluster_facets inner join exact using (facet, breakdown, value)
        where lift is not null and breakdown in ('language', 'plan', 'turns')
    """
    ratios = read(demo_out, query, "warehouse.duckdb")
    assert len(ratios) > 50 and {"free", "2 to 3"} <= {value for _, value, _ in ratios}
    assert [row for row in ratios if not 0.75 < row[2] < 1.25] == []
