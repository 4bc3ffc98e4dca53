"""The dbt project that `clio-sql export-dbt` writes, read as dbt reads it. dbt itself: test_dbt.py."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jinja2
import pytest
import sqlglot
import yaml
from conftest import here
from hypothesis import given
from hypothesis import strategies as st

from clio_sql.analysis import catalog
from clio_sql.dbt import export as dbt_export
from clio_sql.dbt.export import escaped, export, project_files
from clio_sql.errors import SqlError, StateError

RELATIONS = catalog.load()
PROJECT = project_files(RELATIONS, catalog.checks())
PUBLISHED = [relation for relation in RELATIONS if relation.published]
# What a text may do to Jinja, YAML, SQL or a reader.
HOSTILE = (
    "{{ ref('nowhere') }} {% raw %} {# note #} {{{ }}} {%- endraw -%} <script>alert(1)</script> it's \"so\" \\n "
    "‮right to left‬ 🦆 : - & * ! | > % @ ` " + "long " * 2000
).strip()


def rendered(text: str) -> tuple[str, list[tuple[str, ...]]]:
    """A file as dbt compiles it, where `‹name›` stands for a table, and what it refers to."""
    named: list[tuple[str, ...]] = []

    def refer(*names: str) -> str:
        named.append(names)
        return f"‹{names[-1]}›"

    return jinja2.Environment(keep_trailing_newline=True).from_string(text).render(ref=refer, source=refer), named


def original(text: str) -> str:
    """What was rendered, with the table names that stood there; an alias of ours repeats the name."""
    return re.sub(r"‹(\w+)›", r"\1", re.sub(r"‹(\w+)› as \1\b", r"\1", text))


def properties(files: dict[str, str], name: str) -> dict[str, dict]:
    """Model -> what stands about it in a properties file, with texts as dbt renders them."""
    models = yaml.safe_load(files[name])["models"]
    for model in models:
        for described in (model, *model.get("columns", [])):
            described["description"] = rendered(described["description"])[0]
    return {model["name"]: model for model in models}


def relation(sql: str, name: str = "mine", folder: str = "models") -> catalog.Relation:
    return catalog.parse(name, folder, sql)


@pytest.mark.parametrize("each", RELATIONS, ids=lambda each: each.name)
def test_a_model_is_its_file_to_the_letter_but_for_the_names_of_tables(each):
    text, named = rendered(PROJECT[f"models/clio/{each.name}.sql"])
    assert original(text) == each.sql + "\n"
    assert {names[-1] for names in named} == set(each.inputs)
    assert {names for names in named if len(names) == 2} == {
        ("clio", name) for name in each.inputs if name in catalog.host_tables()
    }


def test_every_name_that_is_referred_to_is_there():
    models = {Path(name).stem for name in PROJECT if name.startswith("models/") and name.endswith(".sql")}
    [source] = yaml.safe_load(PROJECT["models/sources.yml"])["sources"]
    assert [table["name"] for table in source["tables"]] == list(catalog.host_tables())
    for name, text in PROJECT.items():
        if name.endswith(".sql") and not name.startswith(("macros/", "tests/generic/")):
            for names in rendered(text)[1]:
                assert names[0] in models if len(names) == 1 else names[1] in catalog.host_tables(), (name, names)


def test_every_relation_says_how_it_is_built_and_what_it_means():
    found = properties(PROJECT, "models/clio/clio.yml")
    assert list(found) == [each.name for each in RELATIONS]
    for each in RELATIONS:
        model = found[each.name]
        assert model["config"]["materialized"] == each.kind
        assert model["description"] == each.comment
        described = {column["name"]: column["description"] for column in model.get("columns", [])}
        assert described == {name: comment for name, comment in each.columns.items() if comment}
        if each.calls_model:
            assert model["config"]["materialized"] == "table"


def test_a_grain_is_a_test():
    found = properties(PROJECT, "models/clio/clio.yml")
    assert found["clusters"]["data_tests"] == [{"grain": {"arguments": {"columns": ["facet", "cluster_id"]}}}]
    assert found["settings"]["data_tests"] == ["one_row"]


def test_nothing_is_published_before_every_check_has_read_its_tables():
    """dbt skips a model only when a failed test reads nothing but what the model depends on too."""
    read = {name for name in PROJECT if name.startswith("tests/") and Path(name).stem in catalog.checks()}
    assert len(read) == len(catalog.checks()) > 3
    wanted = {names[-1] for name in read for names in rendered(PROJECT[name])[1] if len(names) == 1}
    for each in PUBLISHED:
        text, named = rendered(PROJECT[f"models/published/published_{each.name}.sql"])
        assert wanted <= {names[0] for names in named}
        assert text.splitlines()[-1] == f"from ‹{each.name}›"


def test_published_tables_lie_in_a_database_of_their_own_under_their_own_names():
    config = yaml.safe_load(PROJECT["dbt_project.yml"])["models"]["clio"]["published"]
    hook = config.pop("+pre-hook")
    assert config == {"+database": "published", "+schema": "main", "+materialized": "table"} and "checked" in hook
    copies = properties(PROJECT, "models/published/published.yml")
    assert {model["config"]["alias"] for model in copies.values()} == {each.name for each in PUBLISHED}
    assert set(copies) == {Path(name).stem for name in PROJECT if re.fullmatch(r"models/published/.*\.sql", name)}


def test_what_is_paid_for_is_recorded_before():
    found = properties(PROJECT, "models/clio/clio.yml")
    hooked = {name for name, model in found.items() if "clio_dbt_record" in model["config"].get("pre_hook", "")}
    assert hooked == {each.name for each in RELATIONS if each.asks} and "facet_values" in hooked


@given(st.text(st.sampled_from("{}%#-'\" a\n🦆ר"), max_size=30))
def test_an_escaped_text_is_rendered_to_itself(text):
    assert rendered(escaped(text))[0] == text


def test_hostile_comments_and_texts_pass_as_text():
    sql = f"-- {HOSTILE}\nselect '{HOSTILE.replace(chr(39), chr(39) * 2)}' as a  /* {HOSTILE} */ from settings"
    files = project_files([*RELATIONS, relation(sql)], catalog.checks())
    text, named = rendered(files["models/clio/mine.sql"])
    assert original(text) == sql + "\n" and named == [("settings",)]
    assert properties(files, "models/clio/clio.yml")["mine"]["description"] == HOSTILE


def test_hostile_column_comments_are_descriptions():
    sql = f"-- Rows.\nselect\n    1 as a, -- {HOSTILE}\n    2 as b\nfrom settings"
    mine = relation(sql)
    files = project_files([*RELATIONS, mine], catalog.checks())
    [column] = properties(files, "models/clio/clio.yml")["mine"]["columns"]
    assert "{{ ref('nowhere') }}" in column["description"] and column["description"] == mine.columns["a"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from settings", "select * from ‹settings› as settings"),
        ("select * from settings s, facets", "select * from ‹settings› s, ‹facets› as facets"),
        ('select * from "settings" as x', "select * from ‹settings› as x"),
        ("select 'facets' as a from facets -- facets", "select 'facets' as a from ‹facets› as facets -- facets"),
        ("with a as (from settings) select * from a", "with a as (from ‹settings› as settings) select * from a"),
        ("select '🦆é' from /* ü */ settings", "select '🦆é' from /* ü */ ‹settings› as settings"),
    ],
)  # fmt: skip
def test_only_the_names_of_tables_are_replaced(sql, expected):
    text = rendered(dbt_export.with_refs(sql, ["settings", "facets"]))[0]
    assert text == expected
    assert sqlglot.parse_one(original(text), dialect="duckdb") is not None


@pytest.mark.parametrize("name", ["a-b", "a b", "{{x}}", "naïve", "1st", "x" * 300, "a'b"])
def test_a_name_that_dbt_cannot_use_is_refused(name):
    with pytest.raises(SqlError, match="Rename the file"):
        project_files([*RELATIONS, relation("select 1 as a", name)], {})


def test_a_name_that_a_copy_has_is_refused():
    with pytest.raises(SqlError, match="published_clusters"):
        project_files([*RELATIONS, relation("select 1 as a", "published_clusters")], {})


# The folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_two_exports_are_equal(tmp_path):
    names = export(tmp_path / "a", RELATIONS)
    export(tmp_path / "b", catalog.load())
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert names == sorted(PROJECT) and sorted([*names, dbt_export.WRITTEN]) == sorted(contents(tmp_path / "a"))


def test_an_overlay_is_exported(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tall.sql").write_text("-- One row a tall tale.\n-- kind: table\nselect name from clusters")
    done = here("export-dbt", tmp_path / "out", "--analysis", tmp_path / "mine")
    assert done.returncode == 0, done.stderr
    assert "as clusters" in (tmp_path / "out" / "models" / "clio" / "tall.sql").read_text()
    assert not list(tmp_path.glob(".out*"))


def test_a_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = here("export-dbt", tmp_path)
    assert done.returncode == 7 and "no export wrote it" in done.stderr
    assert list(contents(tmp_path)) == ["notes.txt"]


def test_again_keeps_the_warehouse_and_the_profile_and_removes_what_is_gone(tmp_path):
    export(tmp_path, [*RELATIONS, relation("select 1 as a")])
    (tmp_path / "warehouse.duckdb").write_text("paid")
    (tmp_path / "profiles.yml").write_text("mine")
    (tmp_path / "models" / "clio" / "own.sql").write_text("select 1")
    export(tmp_path, RELATIONS)
    assert (tmp_path / "warehouse.duckdb").read_text() == "paid"
    assert (tmp_path / "profiles.yml").read_text() == "mine"
    assert (tmp_path / "models" / "clio" / "own.sql").exists()
    assert not (tmp_path / "models" / "clio" / "mine.sql").exists()


def test_what_somebody_changed_is_not_overwritten(tmp_path):
    export(tmp_path, RELATIONS)
    changed = tmp_path / "models" / "clio" / "settings.sql"
    changed.write_text(changed.read_text().replace("min_users_named", "least_users_named"))
    with pytest.raises(StateError, match=r"models/clio/settings\.sql was changed"):
        export(tmp_path, RELATIONS)
    assert "least_users_named" in changed.read_text()


def test_a_model_of_the_users_own_is_not_overwritten(tmp_path):
    export(tmp_path, RELATIONS)
    (tmp_path / "models" / "clio" / "mine.sql").write_text("select 2")
    with pytest.raises(StateError, match=r"mine\.sql"):
        export(tmp_path, [*RELATIONS, relation("select 1 as a")])


def test_the_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StateError, match="No space left"):
        export(tmp_path / "out", RELATIONS)
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_was_stopped_half_way_is_gone_on_with(tmp_path, monkeypatch):
    export(tmp_path / "out", RELATIONS)
    replace, done = os.replace, []

    def stopping(source: Path, target: Path) -> None:
        if len(done) == 40:
            raise OSError(28, "No space left on device")
        done.append(replace(source, target))

    changed = [relation(each.sql.replace("-- One", "-- A"), each.name, each.folder) for each in RELATIONS]
    with monkeypatch.context() as patched, pytest.raises(StateError):
        patched.setattr(os, "replace", stopping)
        export(tmp_path / "out", changed)
    export(tmp_path / "out", changed)
    export(tmp_path / "fresh", changed)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_the_note_names_every_file_and_its_hash(tmp_path):
    export(tmp_path / "out", RELATIONS)
    noted = json.loads((tmp_path / "out" / dbt_export.WRITTEN).read_text())
    assert {*noted, *dbt_export.YOURS, dbt_export.WRITTEN} == set(contents(tmp_path / "out"))
