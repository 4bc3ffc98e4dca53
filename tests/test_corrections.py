"""Corrections by people: one planted world, corrected on a copy; and bad rows, which `check` finds without a run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from conftest import here
from planted import Asked, Rules, corrections, people, publish
from shared import once
from test_attacks import FEW, PLANS
from warehouse import copied, read, tables

from clio_sql.analysis import catalog, check
from clio_sql.analysis.corrections import KINDS
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


@pytest.fixture(scope="module")
def regrouped(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with c2 merged into c1, and c4 moved beside them."""
    out = tmp_path_factory.mktemp("regrouped") / "out"
    shutil.copytree(world, out)
    rows = ("'c2', 'merge', 'c1'", f"'c4', 'move', '{parent(world, 'c1')}'")
    return publish(PLANS, out, Rules(replaced={"corrections": corrections(*rows)}))


def parent(out: Path, cluster: str) -> str:
    return of(out, f"select parent_id from clusters where cluster_id = '{cluster}'")[0][0]


def placed(world: list[Asked], **clusters: str) -> list[Asked]:
    """The same conversations, some of them found in another cluster: their number in the world -> its id."""
    return [replace(asked, cluster=clusters.get(f"part{part}", asked.cluster)) for part, asked in enumerate(world)]


def again(world: list[Asked], before: Path, out: Path, *rows: str) -> Path:
    """One more run after `before`, in a copy of its folder, with these corrections."""
    shutil.copytree(before, out)
    return publish(world, out, Rules(replaced={"corrections": corrections(*rows)} if rows else {}))


def figures(out: Path) -> list[tuple]:
    return of(out, "select cluster_id, parent_id, conversations, users from clusters order by cluster_id")


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
        query = f"select count(*) from ({catalog.checks()['no_hidden_cluster_is_published']})"
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


def test_a_merged_cluster_is_part_of_the_other_and_a_moved_one_stands_under_its_new_parent(world, regrouped):
    before, after = ({cluster: rest for cluster, *rest in of(out, TREE)} for out in (world, regrouped))
    assert after.keys() == before.keys() - {"c2"}
    assert after["c1"][2] == before["c1"][2] + before["c2"][2]
    assert after["c4"][0] == after["c1"][0] == before["c1"][0] != before["c4"][0]
    assert after["c1"][0] and after[after["c1"][0]][2] == after["c1"][2] + after["c4"][2]
    assert after[before["c4"][0]][2] == after["c5"][2]
    users = "select count(distinct user_id) from assignments where cluster_id = 'c1'"
    assert of(regrouped, "select users from clusters where cluster_id = 'c1'") == read(regrouped, users)
    assert of(regrouped, "select corrections_applied, corrections_waiting from about") == [("merge 1, move 1", None)]
    lineage = "select cluster_id, kind from cluster_lineage where last_cluster_id = 'c2'"
    assert read(regrouped, lineage) == [("c1", "merged")]


def test_where_a_cluster_left_and_where_it_came_only_values_are_told_that_it_told(world, regrouped):
    """Of c1 and c2 the team plan is untold, since c1 has few of it; of c4 and c5 the free plan is all."""
    told = "select cluster_id, value from cluster_facets where breakdown = 'plan' and cluster_id in ('c1', 'c4', 'c5')"
    assert {*of(world, told)} == {("c4", "free"), ("c5", "free")}
    assert {*of(regrouped, told)} == {("c5", "free")}


def test_what_was_merged_or_moved_stays_so_without_the_row_and_without_news(world, regrouped, tmp_path):
    rows = ("'c2', 'merge', 'c1'", f"'c4', 'move', '{parent(world, 'c1')}'")
    kept, taken_out = again(PLANS, regrouped, tmp_path / "kept", *rows), again(PLANS, regrouped, tmp_path / "out")
    assert tables(kept) == tables(regrouped)
    assert figures(taken_out) == figures(regrouped)
    assert read(taken_out, "from withheld_values order by all") == read(regrouped, "from withheld_values order by all")
    other = again(PLANS, regrouped, tmp_path / "other", "'c2', 'merge', 'c5'")
    assert read(other, "select reason from correction_states") == [("merged_elsewhere",)]


@pytest.mark.parametrize("row", ["'c5', 'move', '{}'", "'c5', 'merge', 'c4'"])
def test_where_too_few_users_would_change_places_a_correction_waits(world, tmp_path, row):
    """Ten of c5's 16 users are in c4, too: without c5, its parent would have six less, and with it c4 six more."""
    out = again(PLANS, world, tmp_path / "out", row.format(parent(world, "c1")))
    assert figures(out) == figures(world)
    assert read(out, "select applied, reason from correction_states") == [(False, "waits")]
    assert of(out, "select corrections_applied from about") == [(None,)]


def test_what_waits_holds_once_enough_users_changed(world, tmp_path):
    row = f"'c5', 'move', '{parent(world, 'c1')}'"
    waiting = again(PLANS, world, tmp_path / "waiting", row)
    assert parent(waiting, "c5") == parent(world, "c5")
    more = [*PLANS, Asked("c5", PLANS[3].what, people(900, 12))]
    updated = again(more, waiting, tmp_path / "updated", row)  # the users of the last published figures decide
    moved = again([*more, Asked("c4", PLANS[2].what, people(950, 1))], updated, tmp_path / "moved", row)
    assert parent(moved, "c5") == parent(world, "c1")


def test_a_merge_into_a_cluster_that_moves_does_not_carry_the_move(tmp_path):
    """Three of c4's 18 users are not in c5. Without c4 its parent has three less, though c1's 20 come to c4."""
    given = [
        *PLANS[:2],
        replace(PLANS[2], users=people(60, 15)), replace(PLANS[2], users=people(90, 3)),
        replace(PLANS[3], users=people(60, 20)),
    ]  # fmt: skip
    before = publish(given, tmp_path / "before", Rules())
    move = f"'c4', 'move', '{parent(before, 'c1')}'"
    out = again(given, before, tmp_path / "out", move, "'c1', 'merge', 'c4'")
    assert figures(out) == figures(before)
    assert of(out, "select corrections_waiting from about") == [("merge 1, move 1",)]


def test_users_who_are_gone_count_where_a_cluster_is_moved(tmp_path):
    """Of c1's 20 users 13 are in c2, too, and 7 are gone: without c1, its parent would have 7 less."""
    stay = [
        Asked("c1", PLANS[0].what, people(7, 13)), Asked("c2", PLANS[1].what, people(7, 21)), *PLANS[2:4],
    ]  # fmt: skip
    gone = [*stay, Asked("c1", PLANS[0].what, people(0, 7))]
    before = publish(stay, publish(gone, tmp_path / "before", Rules()), Rules())
    out = again(stay, before, tmp_path / "out", f"'c1', 'move', '{parent(before, 'c4')}'")
    assert figures(out) == figures(before)
    assert of(out, "select corrections_waiting from about") == [("move 1",)]


def test_what_was_hidden_is_shown_before_it_is_moved(world, corrected, tmp_path):
    """Moved as it comes, its new parent's cells minus those before would be those that it does not publish."""
    cells = "select cluster_id, value, conversations from cluster_facets where breakdown = 'plan' order by all"
    row = f"'c1', 'move', '{parent(world, 'c4')}'"
    out = again(PLANS, corrected, tmp_path / "out", row)
    assert figures(out) == figures(world) and of(out, cells) == of(world, cells)
    assert of(out, "select corrections_waiting from about") == [("move 1",)]
    moved = again([*PLANS, Asked("c5", PLANS[3].what, people(900, 1))], out, tmp_path / "moved", row)
    assert parent(moved, "c1") == parent(world, "c4")
    assert "team" not in {value for _, value, _ in of(moved, cells)}


def test_a_merged_cluster_stays_so_when_nothing_is_found_in_the_other_any_more(tmp_path):
    """Else c2 alone, minus c2 as it was published before the merge, would be what one user came with."""
    kept = {"refit_far_share": 1.0}
    more = [*PLANS[1:4], Asked("c4", PLANS[2].what, people(500, 60))]
    rules = Rules(settings=kept, replaced={"corrections": corrections("'c2', 'merge', 'c1'")})
    out = publish([PLANS[0], *more], publish([PLANS[0], *more], tmp_path / "out", Rules(settings=kept)), rules)
    publish([*more, Asked("c2", PLANS[1].what, people(700, 1))], out, rules)
    assert read(out, "select found_id, cluster_id from merged_clusters") == [("c2", "c1")]
    assert {row[0] for row in figures(out)} >= {"c1"} and "c2" not in {row[0] for row in figures(out)}


def test_a_cluster_that_was_merged_is_not_hidden_by_itself(regrouped, tmp_path):
    shutil.copytree(regrouped, tmp_path / "out")
    rules = Rules(replaced={"corrections": corrections("'c2', 'hide', null")})
    with pytest.raises(SqlError, match=r"row 1: hide of 'c2': it was merged into 'c1' and stays part of it. Hide 'c1'"):
        publish(PLANS, tmp_path / "out", rules)


def test_a_shown_cluster_waits_to_be_merged_into_one_that_is_held_back(tmp_path):
    before = publish([*PLANS, FEW], tmp_path / "before", Rules())
    out = again([*PLANS, FEW], before, tmp_path / "out", "'c1', 'merge', 'c3'")
    assert figures(out) == figures(before)
    assert read(out, "select applied, reason from correction_states") == [(False, "no_target")]


def test_a_pinned_cluster_is_not_split_and_a_merged_one_stays_merged_when_clusters_are_found_anew(world, tmp_path):
    """Part 0 and 4 are c1, part 1 and 5 c2, part 2 c4: in the last build they are found as c8, c9 and c7."""
    merged = again(PLANS, world, tmp_path / "merged", "'c2', 'merge', 'c1'")
    anew = placed(PLANS, part0="c8", part1="c9", part2="c7", part5="c9")
    pinned = again(anew, merged, tmp_path / "pinned", "'c2', 'merge', 'c1'", "'c1', 'pin', null")
    assert {row[0] for row in figures(pinned)} - {row[0] for row in figures(merged)} == {"c7"}
    assert [row for row in figures(pinned) if row[0] == "c1"] == [row for row in figures(merged) if row[0] == "c1"]
    assert of(pinned, "select corrections_applied from about") == [("merge 1, pin 1",)]
    split = again(anew, merged, tmp_path / "split")
    assert {row[0] for row in figures(split)} >= {"c8"}
    # c2 is empty now, of the same fit, and stays merged
    assert read(split, "select found_id, cluster_id from merged_clusters order by all") == [("c2", "c1"), ("c9", "c1")]


def test_a_move_holds_when_the_tree_is_rebuilt(world, tmp_path):
    row = f"'c4', 'move', '{parent(world, 'c1')}'"
    moved = again(PLANS, world, tmp_path / "moved", row)
    shutil.copytree(moved, tmp_path / "rebuilt")
    rules = Rules(settings={"neighbourhood": 41}, replaced={"corrections": corrections(row)})
    rebuilt = publish(PLANS, tmp_path / "rebuilt", rules)
    assert read(rebuilt, "select reason from trees") == [("settings",)]
    assert parent(rebuilt, "c4") == parent(rebuilt, "c1") != parent(rebuilt, "c5")


def test_a_move_follows_where_a_folder_moves_it_back(world, regrouped, tmp_path):
    back = again(PLANS, regrouped, tmp_path / "out", f"'c4', 'move', '{parent(world, 'c5')}'")
    assert parent(back, "c4") == parent(world, "c4")


def test_correct_prints_a_file_that_corrects_nothing_until_it_is_edited(world, tmp_path):
    done = here("correct", world)
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
    for kind in KINDS:
        assert f"--   {kind}: " in done.stdout


def test_check_finds_a_row_whose_cluster_is_gone(corrected, tmp_path):
    given = folder(tmp_path / "sql", "'c1', 'hide', null", "'c4', 'rename', 'Sorting'", "'c9', 'hide', null")
    done = here("check", given, "--into", corrected)
    assert done.returncode == 4
    assert "corrections.sql, line" in done.stderr and "row 3: cluster 'c9' of 'request' never was" in done.stderr
    shutil.copy(corrected / "warehouse.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("insert into clio.used_ids values ('request', 'c9')")
    assert ["is gone since a later build" in found.text for found in check.lost(given, tmp_path)] == [True]


WRONG = {
    "no such kind": (["'c1', 'split', null"], "row 1: kind 'split'; allowed: rename, hide, merge, move, pin"),
    "no kind": (["'c1', null, null"], "row 1: kind NULL; allowed: rename, hide, merge, move, pin"),
    "no id": (["null, 'hide', null"], "row 1: has no cluster_id. clio-sql correct OUT prints them"),
    "no new name": (["'c1', 'rename', ' '"], "row 1: rename has no target. Write the new name"),
    "a name of two lines": (["'c1', 'rename', e'a\\nb'"], "row 1: the new name must be one line"),
    "a name that runs backwards": (
        ["'c1', 'rename', 'Good ' || chr(8238) || 'gnihton'"], "row 1: the new name must be one line of at most 100",
    ),
    "a long name": (["'c1', 'rename', repeat('a', 101)"], "row 1: the new name must be one line of at most 100"),
    "a target of hide": (["'c1', 'hide', 'c2'"], "row 1: hide has a target; it takes none. Set target to null"),
    "a target of pin": (["'c1', 'pin', 'c2'"], "row 1: pin has a target; it takes none. Set target to null"),
    "no cluster to merge into": (["'c1', 'merge', null"], "row 1: merge has no target. Write the id of the cluster"),
    "no parent to move under": (["'c1', 'move', ''"], "row 1: move has no target. Write the id of the parent"),
    "merged into itself": (["'c1', 'merge', 'c1'"], "row 1: merge of 'c1' into itself. Name another cluster"),
    "moved under itself": (["'c1', 'move', 'c1'"], "row 1: move of 'c1' under itself. Name another cluster"),
    "a circle of merges": (
        ["'c4', 'merge', 'c1'", "'c1', 'merge', 'c2'", "'c2', 'merge', 'c3'", "'c3', 'merge', 'c1'"],
        "rows 2, 3, 4: these merges go round in a circle. Take one out",
    ),
    "merged into a hidden one": (
        ["'c1', 'merge', 'c2'", "'c2', 'hide', null"], "row 1: the target 'c2' is hidden by row 2. Keep one row",
    ),
    "merged and moved": (
        ["'c1', 'merge', 'c2'", "'c1', 'move', 'p1'"],
        "rows 1 and 2 are both about cluster 'c1': merge and move. A cluster that is part of another has no other",
    ),
    "two for one": (
        ["'c1', 'hide', null", "'c2', 'hide', null", "'c1', 'hide', null"],
        "rows 1 and 3 are both about cluster 'c1': hide twice. Keep one",
    ),
    "hidden and renamed": (
        ["'c1', 'hide', null", "'c1', 'rename', 'Loaves'"],
        "rows 1 and 2 are both about cluster 'c1': hide and rename. A hidden cluster has no other correction",
    ),
}  # fmt: skip


LOST = {  # of PLANS: the parents are p1_0001 and p1_0002
    "a merge into a parent": ("'c1', 'merge', 'p1_0001'", "merge is of clusters of level 0 alone; to join two parents"),
    "a merge of a parent": ("'p1_0001', 'merge', 'c1'", "merge is of clusters of level 0 alone; to join two parents"),
    "a pin of a parent": ("'p1_0001', 'pin', null", "pin is of clusters of level 0 alone. Change the row"),
    "a target that never was": (
        "'c1', 'merge', 'c55'", "the target 'c55' of 'request' never was. Nearest: 'c5', 'c2', 'c4'."
    ),
    "a move under a base cluster": (
        "'c1', 'move', 'c2'",
        "the target 'c2' is not one level above 'c1'; allowed: parents of level 1. Change the row. Nearest: 'p1_0002'",
    ),
    "a move under its own child": ("'p1_0001', 'move', 'c1'", "is not one level above 'p1_0001'; allowed: parents of"),
    "a target of another facet": (
        "'c1', 'move', 'elsewhere'", "the target 'elsewhere' is of another facet than 'request'. Name a cluster of the"
    ),
    "a target that is gone": ("'c1', 'merge', 'c77'", "the target 'c77' of 'request' is gone since a later build."),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_check_finds_a_target_that_is_gone_or_cannot_be_meant_and_says_which_could(world, tmp_path, case):
    row, told = LOST[case]
    shutil.copy(world / "warehouse.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("insert into clio.used_ids values ('task', 'elsewhere'), ('request', 'c77')")
    (found,) = check.lost(folder(tmp_path / "sql", row), tmp_path)
    assert found.where == "corrections.sql" and told in found.text


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
    done = here("check", folder(tmp_path, *rows))
    assert done.returncode == 4
    said = "name of a person", "name of a person", "number, an address or a handle", "number, an address or a handle"
    lines = done.stderr.removeprefix("clio-sql: ").splitlines()
    assert [line.split(": ", 2)[1] for line in lines] == [f"row {number}" for number in range(1, 5)]
    assert all(what in line for what, line in zip(said, lines, strict=True))
    assert not any(word in done.stderr for word in ("Rebecca", "Thornbury", "baker", "jane", "Maple"))


def test_a_file_of_another_kind_is_not_passed_over(tmp_path):
    (tmp_path / "corrections.csv").write_text("facet,cluster_id,kind,target,who,why\nrequest,c1,hide,,a,b\n")
    (found,) = check.findings(tmp_path)
    assert str(found) == "corrections.csv: is not read: only taxonomy may be a CSV. Write corrections.sql."


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
