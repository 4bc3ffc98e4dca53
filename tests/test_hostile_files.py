"""Files that somebody sends, who may read what a run wrote, and checks that find what a rule lets through."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import published_file
import pytest
from conftest import cli
from warehouse import read

import clio_sql.frames
from clio_sql.analysis import catalog
from clio_sql.builder.progress import Steps
from clio_sql.cli import shell
from clio_sql.cli.shell import open_out
from clio_sql.cli.tables import print_tree
from clio_sql.errors import InputError
from clio_sql.published import copies, files, publish, report
from clio_sql.published.diff import lines
from clio_sql.run.analyse import opened
from clio_sql.warehouse import private

CANARY = "the canary is dead"


# --- a published file is data, never code (attack 4)

CODE = {  # what is added to a file -> what a refusal says was found
    "alter table clusters rename to c; create view clusters as select c.* replace ({canary} as name) from c": "view",
    "alter table about rename to a; create view about as select a.* from a, query('from a')": "view",
    "create secure view more as select {canary} as text": "view",
    "create view more as from lateral query('from about')": "view",
    "create macro round(a, b := 0) as {canary}": "macro",
    "create macro sum(a) as 0": "macro",
    "create macro more() as table select {canary} as text": "table macro",
    "create type mood as enum ('sad')": "type",
    "create sequence more": "sequence",
    "create index more on clusters (name)": "index",
    "create schema more; create table more.clusters as from main.clusters": "schema",
    "create table more (a integer check (a > 0))": "check constraint",
    "create table more (a integer primary key)": "primary key constraint",
    "create table more (a integer, b varchar generated always as (upper(a::varchar)))": "generated column",
    "create table more (a varchar default (current_user()))": "default of column",
    "create table more (a int); create trigger t after insert on more for each statement delete from about": "trigger",
    "alter table clusters alter share type varchar": "clusters.share is VARCHAR",
    "alter table clusters drop name": "clusters has no column name",
    "alter table clusters add column more varchar": "clusters.more",
    "alter table about drop made_by": "about has no column made_by",
    "drop table held_back": "there is no table held_back",
    "delete from about": "about does not have one row",
    "insert into about from about": "about does not have one row",
}  # fmt: skip


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> Path:
    """A folder with a published file and two copies of it, as a run leaves them."""
    out = published_file.write(tmp_path_factory.mktemp("sent"), 6, tops=2, levels=2)
    (out / "builds").mkdir()
    for number in (1, 2):
        shutil.copy(out / "published.duckdb", out / "builds" / f"{number}.duckdb")
    return out


@pytest.fixture
def folder(sent, tmp_path) -> Path:
    (tmp_path / "canary.txt").write_text(CANARY)
    return shutil.copytree(sent, tmp_path / "out")


def add(path: Path, code: str, canary: Path) -> None:
    """Put code into a file."""
    with duckdb.connect(str(path)) as con:
        con.execute(code.format(canary=f"(select content from read_text('{canary}'))"))


OPENERS = {
    "tree": lambda out: print_tree(out, None, None),
    "report": report.write,
    "sql": lambda out: open_out(out, published=True),
    "diff": lambda out: list(lines(out)),
    "ibis": lambda out: clio_sql.frames.connect(out / "published.duckdb"),
    "ibis, another name": lambda out: clio_sql.frames.connect(
        shutil.copy(out / "published.duckdb", out / "sent.duckdb")
    ),
}


@pytest.mark.parametrize("code", CODE, ids=lambda code: code[:40])
def test_a_published_file_with_code_is_not_opened(folder, code, capfd):
    add(folder / "published.duckdb", code, folder.parent / "canary.txt")
    shutil.copy(folder / "published.duckdb", folder / "builds" / "2.duckdb")
    for name, opener in OPENERS.items():
        with pytest.raises(InputError) as caught:
            opener(folder)
        assert CODE[code] in str(caught.value) and "un again" in str(caught.value), name
    assert files.built_at(folder / "published.duckdb") is None
    written = "".join(capfd.readouterr()) + "".join(file.read_text() for file in folder.glob("report.html"))
    assert CANARY not in written and (folder.parent / "canary.txt").read_text() == CANARY


LEFT_BY_A_KILL = """
import duckdb, os
con = duckdb.connect({path!r})
con.execute("set checkpoint_threshold = '1TB'; pragma disable_checkpoint_on_shutdown")
con.execute({code!r})
os._exit(0)
"""


def test_code_in_a_log_beside_the_file_is_found(folder):
    """The WAL of a writer that was killed: DuckDB reads it with the file, which alone holds plain tables."""
    path, before = folder / "published.duckdb", (folder / "published.duckdb").read_bytes()
    code = next(iter(CODE)).format(canary="(select 'x')")
    subprocess.run([sys.executable, "-c", LEFT_BY_A_KILL.format(path=str(path), code=code)], check=True)
    assert path.read_bytes() == before and (folder / "published.duckdb.wal").exists()
    with pytest.raises(InputError, match="holds view"):
        files.open_published(folder)


def test_a_file_that_is_swapped_once_it_is_open_is_read_as_it_was(folder):
    """It is opened once: what was looked at is what is read."""
    con = files.open_published(folder)
    other = folder / "other.duckdb"
    shutil.copy(folder / "published.duckdb", other)
    add(other, "update clusters set name = 'swapped'", folder)
    os.replace(other, folder / "published.duckdb")
    assert con.execute("select count(*) from clusters where name = 'swapped'").fetchall() == [(0,)]
    con.close()


def test_a_tree_without_values_is_drawn(folder, capsys):
    add(folder / "published.duckdb", "update clusters set name = null, users = null, share = null", folder)
    print_tree(folder, None, None)
    assert "(no name)" in capsys.readouterr().out


def test_the_report_takes_the_place_of_a_link_and_follows_none(folder):
    canary = folder.parent / "canary.txt"
    (folder / "report.html").symlink_to(canary)
    report.write(folder)
    assert canary.read_text() == CANARY and not (folder / "report.html").is_symlink()


def test_tables_of_a_folder_of_its_own_are_read(folder):
    with duckdb.connect(str(folder / "published.duckdb")) as con:
        con.execute("create table own as select 1 as one, {'a': [2]} as two; comment on table own is 'One row.'")
    con = files.open_published(folder)
    assert con.execute("select one, two.a from own").fetchall() == [(1, [2])]
    assert con.execute("select comment from duckdb_views() where view_name = 'own'").fetchall() == [("One row.",)]
    con.close()


@pytest.mark.parametrize(
    "statement",
    [
        "from read_text('{canary}')",
        "from query('from read_text(''{canary}'')')",
        "select * from glob('{folder}/*')",
        "copy (select 1) to '{canary}'",
        "copy (select 1) to '{folder}/published.duckdb'",
        "with w as (copy (select 1) to '{canary}' returning *) from w",
        "export database '{folder}/all'",
        "attach '{folder}/builds/1.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set temp_directory = '{folder}/spill'",
        "set lock_configuration = false",
        "call enable_profiling(save_location = '{canary}')",
        "call enable_logging(storage = 'file', storage_path = '{folder}/log')",
        "pragma profiling_output = '{canary}'",
        "insert into published.main.about by name select 'me' as made_by",
        "drop table published.main.about",
    ],
)
def test_from_a_published_file_nothing_else_is_reached(folder, statement):
    """What a query that comes with the file could try, when it is run by hand."""
    canary, before = folder.parent / "canary.txt", (folder / "published.duckdb").read_bytes()
    con = open_out(folder, published=True)
    with pytest.raises(duckdb.Error):
        con.execute(statement.format(canary=canary, folder=folder)).fetchall()
    con.close()
    assert canary.read_text() == CANARY and (folder / "published.duckdb").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["builds", "published.duckdb"]


@pytest.mark.parametrize("end", ["csv", "tsv", "json", "jsonl", "ndjson", "parquet", "CSV"])
def test_a_result_is_written_to_a_file_that_its_name_tells(folder, end):
    query, file = "select name, users, [1, 2] as list, date '2026-03-02' as day from clusters", folder / f"found.{end}"
    done = cli("sql", folder, "--published", "-c", query, "--output", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = duckdb.sql(f"select name, users from '{file}' order by all").fetchall()
    assert found == read(folder, "select name, users from clusters order by all", "published.duckdb")
    assert file.read_text().startswith("[") if end == "json" else True


@pytest.mark.parametrize(
    ("query", "file", "code", "told"),
    [
        ("from about", "found.xlsx", 2, ".parquet"),
        ("from about; from clusters", "found.csv", 2, "the result of one statement; 2 were given"),
        ("", "found.csv", 2, "0 were given"),
        ("from nowhere", "found.csv", 4, "nowhere"),
        ("from about", "no/found.csv", 7, "cannot be written"),
        ("select error('Zebulon')", "found.csv", 4, "this statement"),
    ],
)
def test_a_result_that_cannot_be_written_leaves_no_file(folder, query, file, code, told):
    done = cli("sql", folder, "--published", "-c", query, "--output", folder / file)
    assert done.returncode == code and told in done.stderr and "Zebulon" not in done.stderr, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["builds", "published.duckdb"]


# --- what is private is its owner's alone (attack 6)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_run_leaves_only_what_is_published_to_others(demo_out):
    mine = os.umask(0)
    os.umask(mine)
    others = {"demo.parquet", "published.duckdb", "report.html"}
    for path in demo_out.rglob("*"):
        wanted = (0o777 if path.is_dir() else 0o666) & ~(mine if path.name in others else 0o077)
        assert mode(path) == wanted, path
    assert {path.name for path in demo_out.iterdir()} == others | {"warehouse.duckdb", "builds"}


@pytest.mark.parametrize("mask", [0, 0o077])
def test_a_warehouse_with_all_beside_it_is_private_while_it_is_written(tmp_path, mask):
    with umask(mask), opened(tmp_path / "warehouse.duckdb", Steps(), {}) as con:
        con.execute("set memory_limit = '60MB'; set threads = 1; create table t as select range as i from range(1000)")
        (tmp_path / "published").touch()
        private.share(tmp_path / "published")
        # a sort that does not fit
        found = con.execute("select md5(range::varchar) as m from range(2_000_000) order by m")
        found.fetchmany(1)
        seen = {path.relative_to(tmp_path).parts[0]: mode(path) for path in tmp_path.rglob("*") if path.is_file()}
        folder = mode(tmp_path / "warehouse.duckdb.tmp")
    assert seen == {
        "warehouse.duckdb": 0o600, "warehouse.duckdb.wal": 0o600, "warehouse.duckdb.tmp": 0o600,
        "published": 0o666 & ~mask,
    }  # fmt: skip
    assert folder == 0o700


@pytest.mark.parametrize("mask", [0, 0o077])
def test_what_is_published_follows_the_umask_and_its_drafts_are_private(demo_out, tmp_path, mask):
    drafts: dict[str, int] = {}

    def look() -> None:
        drafts.update({path.name: mode(path) for path in tmp_path.iterdir()})

    shutil.copyfile(demo_out / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    (tmp_path / "warehouse.duckdb").chmod(0o600)
    with umask(mask), opened(tmp_path / "warehouse.duckdb", Steps(), {}) as con:
        publish.publish(con, tmp_path, catalog.load(), as_parquet=True, require_same_state=look)
        copies.keep(tmp_path, 1)
        report.write(tmp_path)
    assert any(name.endswith("-rows.duckdb") for name in drafts) and set(drafts.values()) == {0o600}
    modes = {str(path.relative_to(tmp_path)): mode(path) for path in tmp_path.rglob("*")}
    private = {"warehouse.duckdb": 0o600, "builds": 0o700, "builds/1.duckdb": 0o600}
    tables = {name: 0o666 & ~mask for name in modes if name.startswith("parquet/")}
    shared = {"published.duckdb": 0o666 & ~mask, "report.html": 0o666 & ~mask, "parquet": 0o777 & ~mask}
    assert tables and modes == private | shared | tables


def test_a_file_of_ones_own_is_made_private(tmp_path):
    with umask(0):
        clio_sql.connect(tmp_path / "own.duckdb").close()
        (tmp_path / "after").touch()
    assert mode(tmp_path / "own.duckdb") == 0o600 and mode(tmp_path / "after") == 0o666


def test_a_warehouse_that_others_could_read_is_mended_and_told(tmp_path, capsys):
    clio_sql.connect(tmp_path / "warehouse.duckdb").close()
    (tmp_path / "product" / "builds").mkdir(parents=True)
    for path, rights in ((tmp_path / "warehouse.duckdb", 0o644), (tmp_path / "product" / "builds", 0o755)):
        path.chmod(rights)
    for told in (2, 0):
        with opened(tmp_path / "warehouse.duckdb", Steps(), {}):
            pass
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == told and all("other users of this machine could open it" in line for line in lines)
    assert mode(tmp_path / "warehouse.duckdb") == 0o600 and mode(tmp_path / "product" / "builds") == 0o700


def test_the_history_of_the_prompt_is_private(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with umask(0):
        file = shell._history()
        assert file is not None and (mode(file), mode(file.parent)) == (0o600, 0o700)
        file.chmod(0o644)
        assert shell._history() == file and mode(file) == 0o600


def test_what_is_nested_restores_the_umask_of_the_caller():
    with umask(0o027):
        with private.alone(), private.alone():
            assert private._mask() == 0o027
        assert private._mask() == 0o027 and os.umask(0o027) == 0o027
