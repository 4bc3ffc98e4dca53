"""The READMEs: examples give what stands under them, links lead somewhere, generated parts are up to date."""

from __future__ import annotations

import re

import duckdb
import pytest
import readmes
from conftest import ROOT

import clio_sql
from clio_sql.register import MACROS

SECTION = re.search(r"^## The functions\n(.*)", (ROOT / "udfs" / "README.md").read_text("utf-8"), re.M | re.S)[1]
# A statement up to its ';', then what came of it as a comment.
EXAMPLE = re.compile(r"(?P<query>[^;]+);\n(?P<said>(?:--.*\n?)+)")


def examples() -> list[tuple[str, str]]:
    """(query, what is said to come of it)."""
    blocks = re.findall(r"^```sql\n(.*?)^```", SECTION, re.M | re.S)
    found = []
    for block in blocks:
        assert EXAMPLE.sub("", block).strip() == "", f"not an example with its result: {block}"
        found += [(match["query"].strip(), comment(match["said"])) for match in EXAMPLE.finditer(block)]
    return found


def comment(text: str) -> str:
    """The text of comment lines as one line."""
    return " ".join(line.removeprefix("--").strip() for line in text.strip().splitlines())


def outcome(query: str) -> str:
    """'->' and the one value as JSON, or 'error:' and the text that the user reads."""
    with clio_sql.connect() as con:
        try:
            return f"-> {con.execute(f'select to_json(columns(*)) from ({query})').fetchone()[0]}"
        except duckdb.Error as error:
            return f"error: {str(error).split('executing the UDF: ')[-1]}"


@pytest.mark.parametrize(("query", "said"), examples(), ids=lambda text: text[:40])
def test_example(query, said):
    came = " ".join(outcome(query).split())
    if said.endswith("…"):
        assert came.startswith(said.removesuffix("…").strip())
    else:
        assert came == said


def test_every_function_has_its_row_and_two_examples():
    rows = re.findall(r"^\| `(\w+)\(", SECTION, re.M)
    assert sorted(rows) == sorted(MACROS)
    for macro in MACROS:
        part = re.search(rf"^\*\*{macro}\.\*\*.*?```sql\n(.*?)^```", SECTION, re.M | re.S)
        assert part, f"{macro} has no part of its own"
        queries = [match["query"] for match in EXAMPLE.finditer(part[1])]
        assert len(queries) == 2
        assert all(re.search(rf"\b{macro}(_raw)?\(", query) for query in queries)


def test_the_rows_tell_the_types_and_arguments_of_the_macros():
    rows = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", SECTION, re.M))
    with clio_sql.connect() as con:
        query = "select function_name, parameters from duckdb_functions() where function_type = 'macro'"
        known = {name: parameters for name, parameters in con.execute(query).fetchall() if name in rows}
    for name, arguments in rows.items():
        assert [part.split(" := ")[0] for part in arguments.split(", ")] == known[name], name


def python_example(path: str, under: str) -> str:
    """The first block of Python under a heading of a README."""
    part = (ROOT / path).read_text("utf-8").split(f"\n## {under}\n", 1)[1]
    return re.search(r"^```python\n(.*?)^```", part, re.M | re.S)[1]


def test_from_messages_to_names_on_a_table_of_ones_own(demo_out):
    part = (ROOT / "udfs" / "README.md").read_text("utf-8").split("## On a table of your own\n")[1].split("\n## ")[0]
    query = re.search(r"^```sql\n(.*?)^```", part, re.M | re.S)[1]
    assert query.count(";") <= 10
    with clio_sql.connect() as con:
        found = con.execute(query.replace("out/demo.parquet", str(demo_out / "demo.parquet"))).fetchall()
        assert con.execute("select count(*) from clustered").fetchone()[0] > 1_000
    said = re.search(r"^```text\n(.*?)\n```", part, re.M | re.S)[1]
    assert ", ".join(name for name, _ in found[:3]) == said
    assert all(users >= 10 for _, users in found)
    assert not [name for name, _ in found if "brimblewick" in name.lower()]  # two users write of nothing else


def test_the_python_of_the_manual_runs(demo_out, tmp_path, monkeypatch, capsys):
    """As it stands, in the folder where the demo has run."""
    (tmp_path / "out").symlink_to(demo_out)
    monkeypatch.chdir(tmp_path)
    exec(python_example("clio_sql/README.md", "In SQL and Python"), {})
    assert "share" in capsys.readouterr().out


def test_the_promises_name_files_that_are_there():
    text = (ROOT / "sql" / "README.md").read_text("utf-8")
    table = text.split("## The promises")[1].split("## What is not promised")[0]
    for line in re.findall(r"^\| \d.*", table, re.M):
        *_, rules, checks, tests = line.removesuffix(" |").split(" | ")
        for name in re.findall(r"`([\w./]+)`", rules):
            assert (ROOT / "sql" / name).exists(), name
        for name in re.findall(r"`([\w.]+)`", checks):
            assert (ROOT / "sql" / "checks" / f"{name}.sql").exists(), name
        for name in re.findall(r"`([\w.]+)`", tests):
            assert (ROOT / "tests" / name).exists(), name
    assert len(re.findall(r"^\| \d.*", table, re.M)) == 10


def test_the_front_page_is_short_and_begins_with_the_two_commands():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 250
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    assert blocks[0].endswith("clio-sql demo --into out\n")
    assert blocks[1].endswith("python -m pytest\n")  # .ci/run runs it


@pytest.mark.parametrize("path", readmes.READMES, ids=lambda path: path.parent.name)
def test_links_lead_somewhere(path):
    for link in readmes.links(path.read_text("utf-8")):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not anchor or anchor in readmes.anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("path", readmes.READMES, ids=lambda path: path.parent.name)
def test_generated_parts_are_up_to_date(path):
    """`python tests/readmes.py` writes them: relations, commands, folders, and the lines that are quoted."""
    text = path.read_text("utf-8")
    assert readmes.written(text) == text


def test_every_generated_part_stands_in_a_readme():
    texts = "".join(path.read_text("utf-8") for path in readmes.READMES)
    assert [name for name in readmes.PARTS if f"<!-- {name} -->\n" not in texts] == []


def test_a_quoted_line_that_is_gone_is_found():
    with pytest.raises(AssertionError, match="has no line with"):
        readmes.written("`sql/macros/clio_gate.sql:1`: `people >= 9`")
