"""Every example of the README's section on the functions gives what stands under it."""

from __future__ import annotations

import re

import duckdb
import pytest
from conftest import ROOT

import clio_sql
from clio_sql.register import MACROS

README = (ROOT / "README.md").read_text("utf-8")
SECTION = re.search(r"^## The functions\n(.*?)(?=^## |\Z)", README, re.M | re.S)
# A statement up to its ';', then what came of it as a comment.
EXAMPLE = re.compile(r"(?P<query>[^;]+);\n(?P<said>(?:--.*\n?)+)")

if SECTION is None:
    pytest.skip("README.md has no section on the functions", allow_module_level=True)


def examples() -> list[tuple[str, str]]:
    """(query, what is said to come of it)."""
    blocks = re.findall(r"^```sql\n(.*?)^```", SECTION[1], re.M | re.S)
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
    rows = re.findall(r"^\| `(\w+)\(", SECTION[1], re.M)
    assert sorted(rows) == sorted(MACROS)
    for macro in MACROS:
        part = re.search(rf"^\*\*{macro}\.\*\*.*?```sql\n(.*?)^```", SECTION[1], re.M | re.S)
        assert part, f"{macro} has no part of its own"
        queries = [match["query"] for match in EXAMPLE.finditer(part[1])]
        assert len(queries) == 2
        assert all(re.search(rf"\b{macro}(_raw)?\(", query) for query in queries)


def test_the_rows_tell_the_types_and_arguments_of_the_macros():
    rows = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", SECTION[1], re.M))
    with clio_sql.connect() as con:
        query = "select function_name, parameters from duckdb_functions() where function_type = 'macro'"
        known = {name: parameters for name, parameters in con.execute(query).fetchall() if name in rows}
    for name, arguments in rows.items():
        assert [part.split(" := ")[0] for part in arguments.split(", ")] == known[name], name


def test_the_page_of_guarantees_names_files_that_are_there():
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
    assert len(re.findall(r"^\| \d.*", table, re.M)) == 9
