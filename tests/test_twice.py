"""Two builds of the same input in two fresh folders are equal: files byte for byte, tables row by row, in order."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from conftest import cli

BUILT_AT = "the time of the build is the one thing that differs"


def built(input: Path, out: Path, seed: int) -> Path:
    """A run as a process of its own. seed: of Python's hashes, so that the order of a set would show."""
    hashes = os.environ | {"PYTHONHASHSEED": str(seed), "CLIO_SALT": "the same for both"}
    done = cli("run", input, "--into", out, "--breakdown", "plan", "--measure", "cost_usd", "--parquet", env=hashes)
    assert done.returncode == 0, done.stderr
    return out


def rows(out: Path, file: str, schema: str) -> dict[str, list[tuple]]:
    """Table -> its rows in the order in which they are stored, without `built_at`; and what comments say of it."""
    found: dict[str, list[tuple]] = {}
    with duckdb.connect(str(out / file), read_only=True) as con:
        listed = "select table_name, comment from duckdb_tables() where schema_name = ? order by all"
        for name, comment in con.execute(listed, [schema]).fetchall():
            query = f"select columns(lambda name: name <> 'built_at') from {schema}.{name}"
            found[name] = [(comment,), *con.execute(query).fetchall()]
    return found


def files(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (out / "parquet").iterdir()}


def equal(a: Path, b: Path) -> None:
    one, other = files(a), files(b)
    assert len(one) == 8 and one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == ["about.parquet"], BUILT_AT
    query = "select * exclude (built_at) from read_parquet(?)"
    told = [duckdb.execute(query, [str(out / "parquet" / "about.parquet")]).fetchall() for out in (a, b)]
    assert told[0] == told[1] and told[0]
    assert rows(a, "published.duckdb", "main") == rows(b, "published.duckdb", "main")
    one, other = rows(a, "warehouse.duckdb", "clio"), rows(b, "warehouse.duckdb", "clio")
    assert one.keys() == other.keys() and len(one) > 20
    assert [name for name in one if sorted(one[name], key=str) != sorted(other[name], key=str)] == []


def test_two_builds_of_the_same_input_are_equal(chats, tmp_path):
    a, b = (built(chats, tmp_path / name, seed) for seed, name in enumerate("ab", start=1))
    equal(a, b)
    assert len(rows(a, "published.duckdb", "main")["clusters"]) > 1


@pytest.mark.slow
def test_two_builds_of_the_demo_are_equal(demo_out, tmp_path):
    equal(*(built(demo_out / "demo.parquet", tmp_path / name, seed) for seed, name in enumerate("ab", start=1)))
