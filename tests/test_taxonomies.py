"""Fixed taxonomies: what is wrong with one is said, and conversations are placed, published and kept as promised."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import chats
import duckdb
import paid
import pytest
from conftest import ROOT, here
from ibis import _
from messages_server import KEY, Server
from rich.console import Console
from shared import once
from test_findings import PACKAGED, folder, told

import clio_sql
from clio_sql import builder, frames
from clio_sql.analysis import catalog, check, init, taxonomies
from clio_sql.builder.progress import Steps
from clio_sql.errors import CheckError, SqlError, UsageError
from clio_sql.run.analyse import analyse
from clio_sql.run.plan import plan

FACET = "('use', 'request', 'taxonomy', [], {}, ''),\n        ('language'"
CSV = """facet,id,parent_id,name,description
use,home,,At home,
use,cooking,home,Cooking,"recipes, soup, bread, cake, sauce"
use,fixing,home,Repairs,"fixing a tap, a fence, a door or a drain"
use,planting,home,Gardens,"planting seeds, garlic, roses and trees"
use,training,,Sport,"running, strength, swimming and cycling"
use,astronomy,,Astronomy,"stars, planets and telescopes"
"""

ALIKE = 'use,baking,home,Kitchen,"cooking soup, baking bread, a cake with sauce"\n'  # as cooking: the two are close


def facets(clustered: str = "true", facet: str = FACET) -> str:
    return PACKAGED["facets"].replace("('language'", facet.format(clustered))


def nodes(*rows: str) -> str:
    """A taxonomy.csv of these rows."""
    return "\n".join(["facet,id,parent_id,name,description", *rows, ""])


TWO = ("use,a,,One,x", "use,b,,Two,y")
CROSSED = facets().replace("('language'", "('cross', 'request', 'taxonomy', [], false, ''),\n        ('language'")
WRONG = {
    "a loop": (nodes(*TWO, "use,c,d,Three,", "use,d,c,Four,"), "row 3: node 'c' is above itself, in a loop of c, d."),
    "a parent of itself": (nodes(*TWO, "use,c,c,Three,"), "row 3: node 'c' is above itself, in a loop of c. Give one"),
    "a missing parent": (nodes(*TWO, "use,c,nowhere,Three,"), "row 3: node 'c' has the parent 'nowhere', which is"),
    "two leaves of one name": (nodes(*TWO, "use,c,,one,"), "row 3: name 'one' is also that of row 1. Give each node"),
    "an id twice": (nodes(*TWO, "use,a,,Three,"), "row 3: id 'a' is also that of row 1. Give each node its own."),
    "an id of other letters": (nodes("use,A b,,One,"), "row 1: id (a text of 3 characters); allowed: small"),
    "no id": (nodes("use,,,One,"), "row 1: has no id. Give each node its own"),
    "no name": (nodes("use,a,,,"), "row 1: has no name. Write one"),
    "no facet": (nodes(",a,,One,"), "row 1: has no facet. Write the name of a facet of kind taxonomy."),
    "an unknown facet": (nodes(*TWO, "uses,a,,One,"), "row 3: facet 'uses' is no facet of kind taxonomy in facets.sql. "
                         "There is: use. Change the row."),
    "no rows": (nodes(), "facet 'use' is of kind taxonomy, and taxonomy.sql has no rows of it. Add them to"),
    "a person's name": (nodes("use,a,,Letters to Sarah Lindqvist,"), "row 1: the name may be the name of a person."),
    "a missing column": ("facet,id,name\nuse,a,One\n", "column 'parent_id' is missing. The first line must"),
    "an unknown column": ("facet,id,parent_id,name,note\n", "column 'note' is not one of facet, id, parent_id, name"),
    "a person's name in a description": (
        nodes("use,a,,Letters,Letters to Sarah Lindqvist."),
        "row 1: the description may be the name of a person.",
    ),
    "a name of two lines": (nodes('use,a,,"One\nmore",x'), "row 1: the name of node 'a' must be one line"),
    "an invisible letter": (nodes("use,a,,Zero\u200bwidth,x"), "row 1: the name of node 'a' must be one line"),
    "a long name": (nodes(f"use,a,,{'x' * 101},x"), "row 1: the name of node 'a' must be one line"),
    "a quote that does not end": (nodes('use,a,,"One,x', "use,b,,Two,y"), "a quote begins here or before"),
    "semicolons": (nodes(*TWO).replace(",", ";"), "its fields are separated by ';'; allowed: commas. Save it with"),
    "a column twice": ("facet,id,parent_id,name,name\n", "column 'name' is there 2 times. Keep one."),
    "too many fields": (nodes("use,a,,One,x,y"), "line 2: 6 fields under 5 columns. Quote what holds a comma."),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(tmp_path, name):
    text, part = WRONG[name]
    found = told(tmp_path, {"facets.sql": facets(), "taxonomy.csv": text})
    assert any(part in each for each in found), found
    with pytest.raises(SqlError):
        check.checked(tmp_path)


def test_a_good_taxonomy_passes_as_csv_and_as_sql(tmp_path):
    assert told(tmp_path, {"facets.sql": facets(), "taxonomy.csv": CSV}) == []
    (tmp_path / "taxonomy.csv").rename(tmp_path / "taxonomy.old")
    (tmp_path / "taxonomy.sql").write_text(taxonomies.sql_of(CSV, "taxonomy.csv"))
    assert check.findings(tmp_path) == []
    (tmp_path / "taxonomy.csv").write_text(CSV)
    assert any("2 files have this name" in str(found) for found in check.findings(tmp_path))


def test_a_facet_says_which_answers_are_placed(tmp_path):
    text = facets().replace("'request', 'taxonomy'", "'language', 'taxonomy'")
    found = told(tmp_path, {"facets.sql": text, "taxonomy.csv": CSV})
    assert any(
        "facet 'use' places the answers to 'language'; allowed as its question: request, task." in each
        for each in found
    )


def test_a_taxonomy_is_a_tree_or_a_breakdown_never_both(tmp_path):
    files = {"facets.sql": CROSSED, "taxonomy.csv": CSV + CSV.partition("\n")[2].replace("use,", "cross,")}
    found = told(tmp_path, files)
    assert any(taxonomies.LEAKS in each and "'use' (clustered) and 'cross' (not clustered)" in each for each in found)
    assert (
        told(tmp_path, files | {"facets.sql": CROSSED.replace("'taxonomy', [], false", "'taxonomy', [], true")}) == []
    )


def test_a_csv_becomes_sql_as_it_stands():
    made = taxonomies.sql_of(
        "\ufeffFacet,ID,parent_id,name,description\nuse,a,,O'Neill's,\"two\nlines, here\"\n\n", "x"
    )
    assert duckdb.sql(made).fetchall() == [("use", "a", None, "O'Neill's", "two\nlines, here")]


def test_init_writes_the_example(tmp_path):
    done = here("init", tmp_path / "ours", "--taxonomy", "uses")
    assert done.returncode == 0, done.stderr
    names = ["conversations.sql", "facets.sql", "settings.sql", "taxonomy.sql"]
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == names
    assert check.findings(tmp_path / "ours") == []
    sizes = next(each for each in catalog.load(tmp_path / "ours") if each.name == "taxonomy").sql
    leaves = duckdb.sql(f"select count(*) from ({sizes}) where parent_id is not null").fetchall()
    assert leaves == [(26,)]
    with pytest.raises(UsageError, match="--taxonomy 'us'; allowed: uses"):
        init.init(tmp_path / "more", "us")
    assert not (tmp_path / "more").exists()


# --- runs


def analysis(path: Path, clustered: str = "true", text: str = CSV) -> Path:
    made = paid.folder(path, {"('language'": FACET.format(clustered)})
    (made / "taxonomy.csv").write_text(text)
    return made


def run(file: Path, out: Path, sql: Path, **runtime: object) -> None:
    analyse(str(file), out, Steps(Console(file=io.StringIO())), analysis=sql, runtime=runtime)


def _world(out: Path) -> None:
    paid.written(out / "chats.jsonl", 240)
    run(out / "chats.jsonl", out / "out", analysis(out / "sql"))


@pytest.fixture(scope="module")
def world() -> Path:
    return once("taxonomies", _world)


def published(out: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def test_conversations_are_placed_where_they_belong(world):
    placed = chats.warehouse(
        world / "out",
        "select answers.leaf, value, answers.answered_by from clio.taxonomy_answers as answers "
        "inner join clio.facet_values using (conversation_id, facet) order by all",
    )
    assert len(placed) == 240 and {by for *_, by in placed} == {"embedding"}
    right = [leaf for leaf, text, _ in placed if leaf is not None and leaf in text]
    assert len(right) >= 0.95 * 240, f"{len(right)} of 240"


def test_a_clustered_taxonomy_is_a_tree_with_its_own_ids_and_names(world):
    tree = published(
        world / "out",
        "select level, cluster_id, parent_id, name, name_source from clusters "
        "where facet = 'use' order by level desc, 2",
    )
    assert [row for row in tree if row[1] != "(other)"] == [
        (1, "home", None, "At home", "taxonomy"),
        (1, "training/1", None, "Sport", "taxonomy"),
        (0, "cooking", "home", "Cooking", "taxonomy"),
        (0, "fixing", "home", "Repairs", "taxonomy"),
        (0, "planting", "home", "Gardens", "taxonomy"),
        (0, "training", "training/1", "Sport", "taxonomy"),
    ]
    asked = "select count(*) from clio.cluster_names where facet = 'use'"
    assert chats.warehouse(world / "out", asked) == [(0,)]
    assert published(world / "out", "select count(*) from cluster_facets where breakdown = 'use'") == [(0,)]
    with clio_sql.connect(world / "out" / "warehouse.duckdb", read_only=True) as con:
        assert con.sql("select count(*) from clio.taxonomy_nodes").fetchall() == [(6,)]


def test_a_new_conversation_moves_no_other(world, tmp_path):
    run(world / "chats.jsonl", tmp_path / "out", world / "sql")
    rows = paid.rows(240)
    rows.append(chats.chat(900, "new", "How do I bake a loaf of bread with stars on it?"))
    run(chats.write(tmp_path / "more.jsonl", rows), tmp_path / "out", world / "sql")
    query = (
        "select conversation_id, leaf, distance from clio.taxonomy_answers where conversation_id <> '{}' order by all"
    )
    before = chats.warehouse(world / "out", query.format(rows[-1]["conversation_id"]))
    assert chats.warehouse(tmp_path / "out", query.format(rows[-1]["conversation_id"])) == before

    # one user came: a changed taxonomy would show where, so it waits
    changed = analysis(tmp_path / "sql", text=CSV.replace("Cooking", "Kitchen"))
    rows.append(chats.chat(901, "newer", "How do I cook lemon sauce?"))
    run(chats.write(tmp_path / "more.jsonl", rows), tmp_path / "out", changed)
    assert ("Cooking",) in published(tmp_path / "out", "select name from clusters where facet = 'use'")
    waiting = "select waiting, reason from clio.fits where facet = 'use'"
    assert chats.warehouse(tmp_path / "out", waiting) == [("settings", None)]
    # with enough users it shows none of them
    rows += [chats.chat(910 + number, f"more{number}", f"How do I cook {number} soups?") for number in range(6)]
    run(chats.write(tmp_path / "more.jsonl", rows), tmp_path / "out", changed)
    assert ("Kitchen",) in published(tmp_path / "out", "select name from clusters where facet = 'use'")


def test_a_taxonomy_that_is_not_clustered_is_a_breakdown(world, tmp_path):
    run(world / "chats.jsonl", tmp_path / "out", analysis(tmp_path / "sql", "false"))
    assert published(tmp_path / "out", "select distinct facet from clusters") == [("request",)]
    values = published(
        tmp_path / "out", "select distinct value from cluster_facets where breakdown = 'use' order by all"
    )
    assert values and {value for (value,) in values} <= {"Cooking", "Repairs", "Gardens", "Sport"}

    recipe = (ROOT / "sql" / "recipes" / "requests_by_use.sql").read_text("utf-8")
    crossed = published(tmp_path / "out", recipe)
    assert {use for _, use, *_ in crossed} == {value for (value,) in values}
    con = frames.connect(tmp_path / "out" / "published.duckdb")
    found = frames.lift(con, "use").filter(_.value == values[0][0]).count().execute()
    assert found > 0
    con.disconnect()


@pytest.mark.parametrize("changed", ["description = 'more'", "name = 'Kitchen'", "parent_id = 'training/1'"])
def test_a_tree_that_is_not_its_taxonomy_is_not_published(world, tmp_path, changed):
    shutil.copy(world / "out" / "warehouse.duckdb", tmp_path)
    with clio_sql.connect(tmp_path / "warehouse.duckdb") as con:
        builder.check(con)
        con.execute(f"update clio.hierarchy set {changed} where facet = 'use' and cluster_id = 'cooking'")
        with pytest.raises(CheckError, match="a_fixed_tree_is_its_taxonomy"):
            builder.check(con)


def test_a_taxonomy_is_not_a_tree_in_one_build_and_a_breakdown_in_the_next(world, tmp_path):
    """A leaf's total there minus its published cells here would be a hidden cell."""
    shutil.copytree(world / "out", tmp_path / "tree")
    before = (tmp_path / "tree" / "published.duckdb").read_bytes()
    said = "facet 'use' is a {}, and an earlier build published its leaves as a {}"
    table = analysis(tmp_path / "sql", "false")
    with pytest.raises(SqlError, match=said.format("breakdown", "tree")):
        run(world / "chats.jsonl", tmp_path / "tree", table)
    renamed = analysis(tmp_path / "renamed", text=CSV.replace("use,", "uses,"))
    (renamed / "facets.sql").write_text((table / "facets.sql").read_text().replace("'use'", "'uses'"))
    with pytest.raises(SqlError, match="published its leaves as a tree as facet 'use'"):
        run(world / "chats.jsonl", tmp_path / "tree", renamed)
    assert (tmp_path / "tree" / "published.duckdb").read_bytes() == before

    run(world / "chats.jsonl", tmp_path / "table", table)
    with pytest.raises(SqlError, match=said.format("tree", "breakdown")):
        run(world / "chats.jsonl", tmp_path / "table", world / "sql")


def test_a_model_is_asked_only_where_two_leaves_are_close(world, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with Server() as server:
        sql = analysis(tmp_path / "sql", text=CSV + ALIKE)
        steps = {
            step.name: step
            for step in plan(
                str(world / "chats.jsonl"),
                None,
                analysis=sql,
                runtime={"provider": "anthropic", "base_url": server.url},
            )
        }
        assert steps["place"].plan.calls == 72 and not steps["place"].exact
        paid.run(world / "chats.jsonl", tmp_path / "out", server, sql)
        choices = [paid.given(body) for body in server.received if paid.task(body) == "choose"]
        placing = [each for each in choices if any("None of these" in parent["name"] for parent in each["parents"])]
        close = chats.warehouse(
            tmp_path / "out",
            "select count(*) filter (is_close), count(*) from clio.taxonomy_places",
        )[0]
        asked = chats.warehouse(tmp_path / "out", "select count(distinct question_hash) from clio.taxonomy_questions")
        by_model = chats.warehouse(
            tmp_path / "out", "select count(*) from clio.taxonomy_answers where answered_by = 'model'"
        )
        assert len(placing) == asked[0][0] and by_model == [(close[0],)] and 0 < close[0] < close[1]
        assert all(len(each["parents"]) == 3 for each in placing)
        received = len(server.received)
        paid.run(world / "chats.jsonl", tmp_path / "out", server, sql)
        assert len(server.received) == received, "no answer is paid for twice"


def test_the_folder_is_read_by_its_files_alone(tmp_path):
    made = folder(tmp_path, {"facets.sql": facets(), "taxonomy.csv": CSV})
    relations = {relation.name: relation for relation in catalog.load(made)}
    assert "Astronomy" in relations["taxonomy"].sql and relations["taxonomy"].kind == "view"
