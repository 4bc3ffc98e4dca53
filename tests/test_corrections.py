"""Corrections by people: one planted world, corrected on a copy; and bad rows, which `check` finds without a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import cli
from planted import Rules, corrections, publish
from shared import once
from test_attacks import PLANS
from warehouse import copied, read

from clio_sql.analysis import catalog, check
from clio_sql.errors import SqlError

TREE = "select cluster_id, parent_id, name, conversations, name_source from clusters order by cluster_id"


@pytest.fixture(scope="module")
def world() -> Path:
    """c1 and c2 under one parent, c4 and c5 under another; published. Read it; do not change it."""
    return once("corrected", lambda folder: publish(PLANS, folder, Rules()))


@pytest.fixture(scope="module")
def corrected(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with c1 hidden and c4 renamed; c5 is to have the name that c4 has for users."""
    out = tmp_path_factory.mktemp("corrected") / "out"
    shutil.copytree(world, out)
    rows = ("'c1', 'hide', null", "'c4', 'rename', 'Sorting things'", "'c5', 'rename', 'Sort a list in a program'")
    return publish(PLANS, out, Rules(replaced={"corrections": corrections(*rows)}))


def of(out: Path, query: str) -> list[tuple]:
    return read(out, query, "published.duckdb")


def folder(path: Path, *rows: str, text: str | None = None) -> Path:
    path.mkdir(exist_ok=True)
    (path / "corrections.sql").write_text(text or corrections(*rows), "utf-8")
    return path


def test_a_hidden_cluster_and_its_conversations_are_in_no_figure(world, corrected):
    before, after = ({cluster: rest for cluster, *rest in of(out, TREE)} for out in (world, corrected))
    parent = before["c1"][0]
    assert after.keys() == before.keys() - {"c1"}
    assert before[parent][2] - after[parent][2] == before["c1"][2]
    assert after[parent][2] == after["c2"][2]
    assert of(corrected, "from held_back") == []
    assert of(corrected, "from cluster_facets where cluster_id = 'c1'") == []


def test_what_a_hidden_cluster_did_not_tell_is_told_of_none_beside_it(world, corrected):
    cells = "select distinct parent_id, value from cluster_facets inner join clusters using (facet, cluster_id) where "
    cells += "breakdown = 'plan' and parent_id is null"
    assert len(of(world, cells)) == 2
    told = "select cluster_id from cluster_facets where breakdown = 'plan' order by all"
    (other,) = of(corrected, "select parent_id from clusters where cluster_id = 'c4'")[0]
    assert of(corrected, told) == [("c4",), ("c5",), (other,)]


@pytest.mark.parametrize(
    "broken",
    [
        "insert into clio.withheld_values values ('request', 'c1', 'c4', 'cluster_facets', 'plan', 'free', 'hide')",
        "insert into clio.hidden_clusters values ('request', 'c1', 'c5')",
        "insert into clio.merged_clusters values ('request', 'c5', 'c4', 'c5')",
    ],
)
def test_the_check_sees_what_should_be_hidden(corrected, tmp_path, broken):
    with duckdb.connect(str(copied(corrected, tmp_path / "warehouse.duckdb"))) as con:
        con.execute("set schema = 'clio'")
        query = f"select count(*) from ({catalog.checks()['no_hidden_cluster_is_told']})"
        assert con.execute(query).fetchone() == (0,)
        con.execute(broken)
        assert con.execute(query).fetchone()[0] > 0


def test_a_renamed_cluster_says_so_and_a_name_that_is_taken_waits(corrected):
    named = {cluster: (name, source) for cluster, _, name, _, source in of(corrected, TREE)}
    assert named["c4"] == ("Sorting things", "renamed")
    assert named["c5"] == ("Join two tables in a program", "found")
    assert of(corrected, "select corrections_applied, corrections_waiting from about") == [
        ("hide 1, rename 1", "rename 1")
    ]
    states = "select cluster_id, reason from correction_states where not applied"
    assert read(corrected, states) == [("c5", "taken")]


def test_who_and_why_are_published_nowhere(corrected):
    data = (corrected / "published.duckdb").read_bytes()
    assert b"test@example.com" not in data


def test_a_correction_that_is_taken_out_holds_no_longer(world, corrected, tmp_path):
    shutil.copytree(corrected, tmp_path / "out")
    out = publish(PLANS, tmp_path / "out", Rules())
    by_hand = "name_source = 'renamed'"
    figures = f"select cluster_id, parent_id, conversations, users, {by_hand} from clusters order by cluster_id"
    assert of(out, figures) == of(world, figures)  # a parent may be called otherwise


def test_correct_prints_a_file_that_corrects_nothing_until_it_is_edited(world, tmp_path):
    done = cli("correct", world)
    assert done.returncode == 0, done.stderr
    assert check.findings(folder(tmp_path, text=done.stdout)) == []
    with duckdb.connect() as con:
        assert con.execute(done.stdout).fetchall() == []
        edited = done.stdout.replace("-- ('request', 'c1', 'hide'", "('request', 'c1', 'hide'")
        line = "    -- ('request', 'c1', 'rename', 'New name', 'who', 'why'),"
        edited = done.stdout.replace(line, line.replace("-- ", ""))
        assert con.execute(edited).fetchall() == [("request", "c1", "rename", "New name", "who", "why")]
    for name in ("Explain how to bake bread", "Join two tables in a program"):
        assert name in done.stdout


def test_check_finds_a_row_whose_cluster_is_gone(corrected, tmp_path):
    given = folder(tmp_path / "sql", "'c1', 'hide', null", "'c4', 'rename', 'Sorting'", "'c9', 'hide', null")
    done = cli("check", given, "--into", corrected)
    assert done.returncode == 4
    assert "corrections.sql, line" in done.stderr and "row 3: cluster 'c9' of 'request' never was" in done.stderr
    shutil.copy(corrected / "warehouse.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("insert into clio.used_ids values ('request', 'c9')")
    assert ["is gone since a later build" in found.text for found in check.lost(given, tmp_path)] == [True]


WRONG = {
    "no such kind": (["'c1', 'move', null"], "row 1: kind 'move'; allowed: rename, hide"),
    "no kind": (["'c1', null, null"], "row 1: kind NULL; allowed: rename, hide"),
    "no id": (["null, 'hide', null"], "row 1: has no cluster_id. clio-sql correct OUT prints them"),
    "no new name": (["'c1', 'rename', ' '"], "row 1: rename has no target. Write the new name"),
    "a name of two lines": (["'c1', 'rename', e'a\\nb'"], "row 1: the new name must be one line"),
    "a long name": (["'c1', 'rename', repeat('a', 101)"], "row 1: the new name must be one line of at most 100"),
    "a target of hide": (["'c1', 'hide', 'c2'"], "row 1: hide has a target; it takes none. Set target to null"),
    "two for one": (
        ["'c1', 'hide', null", "'c2', 'hide', null", "'c1', 'hide', null"],
        "rows 1 and 3 are both about cluster 'c1': hide twice. Keep one",
    ),
    "hidden and renamed": (
        ["'c1', 'hide', null", "'c1', 'rename', 'Loaves'"],
        "rows 1 and 2 are both about cluster 'c1': hide and rename. A hidden cluster has no other correction",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_row_is_told_with_file_row_and_what_to_do(tmp_path, case):
    rows, told = WRONG[case]
    found = [str(finding) for finding in check.findings(folder(tmp_path, *rows))]
    assert len(found) == 1 and found[0].startswith("corrections.sql") and told in found[0]
    assert (
        "Thornbury" not in found[0] and "jane" not in found[0] and "Maple" not in found[0] and "baker" not in found[0]
    )


def test_a_name_that_might_identify_somebody_is_refused_and_not_repeated(tmp_path):
    names = ("Letters of Rebecca Thornbury", "mark baker", "Write to jane@example.com", "Seven Maple Crescent", "Bread")
    rows = [f"'c{number}', 'rename', '{name}'" for number, name in enumerate(names, 1)]
    done = cli("check", folder(tmp_path, *rows))
    assert done.returncode == 4
    said = "name of a person", "name of a person", "number, an address or a handle", "number, an address or a handle"
    lines = done.stderr.removeprefix("clio-sql: ").splitlines()
    assert [line.split(": ", 2)[1] for line in lines] == [f"row {number}" for number in range(1, 5)]
    assert all(what in line for what, line in zip(said, lines, strict=True))
    assert not any(word in done.stderr for word in ("Rebecca", "Thornbury", "baker", "jane", "Maple"))


def test_who_and_why_must_be_said(tmp_path):
    text = corrections("'c1', 'hide', null").replace("'test@example.com', 'a test'", "' ', null")
    assert [finding.text.split(". ")[0] for finding in check.findings(folder(tmp_path, text=text))] == [
        "row 1: has no who", "row 1: has no why",
    ]  # fmt: skip


def test_an_id_that_never_was_ends_a_run_before_anything_is_published(world, tmp_path):
    shutil.copytree(world, tmp_path / "out")
    before = (tmp_path / "out" / "published.duckdb").read_bytes()
    with pytest.raises(SqlError, match=r"corrections\.sql: row 1: cluster 'c77' of 'request' never was"):
        publish(PLANS, tmp_path / "out", Rules(replaced={"corrections": corrections("'c77', 'hide', null")}))
    assert (tmp_path / "out" / "published.duckdb").read_bytes() == before
