"""`clio-sql mcp` as an agent meets it: the official client, a process of its own, and SQL that means harm."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import duckdb
import published_file
import pytest
from conftest import cli
from mcp import Client, StdioServerParameters, stdio_client

from clio_sql.published.files import open_published

TOOLS = ["tree", "search", "cluster", "compare", "signals", "tables", "sql"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a published file, and private things beside it."""
    folder = published_file.write(tmp_path_factory.mktemp("mcp"), 12, tops=3, levels=3)
    (folder / "private.csv").write_text("user_id\nzebulon\n")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("create table source as select 'zebulon' as user_id")
    return folder


def talk(out: Path, work: Callable[[Client], Awaitable[Any]], *options: object) -> Any:
    """What `work` returns, on a client of `clio-sql mcp OUT`."""
    command = ["-m", "clio_sql.cli", "mcp", str(out), *map(str, options)]

    async def run() -> Any:
        parameters = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
        async with Client(stdio_client(parameters)) as client:
            return await work(client)

    return anyio.run(run)


async def call(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """The answer of a tool, or {error}."""
    result = await client.call_tool(tool, arguments)
    text = "".join(part.text for part in result.content)
    return {"error": text} if result.is_error else json.loads(text)


def records(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]


REFUSED = (
    "from read_text('{out}/private.csv')",
    "from '{out}/private.csv'",
    "from read_csv('{out}/private.csv')",
    "from read_blob('/etc/passwd')",
    "from glob('{out}/*')",
    "from duckdb_secrets()",
    "from query('from read_text(''{out}/private.csv'')')",
    "from clusters, lateral query('from read_text(''{out}/private.csv'')')",
    "select * from sniff_csv('{out}/private.csv')",
    "select * from parquet_metadata('{out}/x.parquet')",
    "select * from sqlite_scan('{out}/x', 'y')",
    "attach '{out}/warehouse.duckdb' as w",
    "copy clusters to '{out}/stolen.csv'",
    "with c as (copy (select 1) to '{out}/stolen.csv') select 1",
    "with c as (insert into clusters select * from clusters) select 1",
    "export database '{out}/stolen'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma enable_profiling",
    "call enable_logging('QueryLog', storage = 'file', storage_path = '{out}/log')",
    "select 1; drop view clusters",
    "drop table published.main.clusters",
    "update published.main.clusters set users = 9",
    "create or replace view clusters as select 1",
    "create temp table kept as select 1",
    "prepare p as select 1",
    "detach published",
    "select getenv('HOME')",
    "from client",
    "",
    "select",
)


@pytest.fixture(scope="module")
def told(out: Path) -> dict[str, Any]:
    """One conversation with the server: what each tool answers, and every query of REFUSED."""

    async def work(client: Client) -> dict[str, Any]:
        tools = await client.list_tools()
        found = await call(client, "search", text="PLAN, book")
        first = records(found)[0]
        return {
            "tools": {tool.name: tool for tool in tools.tools},
            "tree": await call(client, "tree", depth=1),
            "search": found,
            "none": await call(client, "search", text="zzqq"),
            "cluster": await call(client, "cluster", cluster_id=first["cluster_id"], facet=first["facet"]),
            "no cluster": await call(client, "cluster", cluster_id="c99999"),
            "tables": await call(client, "tables"),
            "compare": await call(client, "compare", breakdown="language", a="English", b="German"),
            "no value": await call(client, "compare", breakdown="language", a="English", b="Klingon"),
            "signals": await call(client, "signals", signal="steady"),
            "few": await call(client, "sql", query="from clusters", rows=2),
            "wrong": await call(client, "sql", query="select nme from clusters"),
            "bad argument": await call(client, "tree", depth=0),
            "refused": [(query, await call(client, "sql", query=query.format(out=out))) for query in REFUSED],
            "sql": await call(client, "sql", query="select level, count(*) as n from clusters group by all order by 1"),
        }

    return talk(out, work)


def test_the_tools_answer_from_the_published_file(out, told):
    assert list(told["tools"]) == TOOLS
    assert all(tool.description and tool.annotations.read_only_hint for tool in told["tools"].values())
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        tops = con.execute("select cluster_id, name, users from clusters where parent_id is null").fetchall()
        levels = con.execute("select level, count(*) from clusters group by all order by 1").fetchall()
        children = con.execute(
            "select count(*) from clusters where parent_id = ?", [records(told["search"])[0]["cluster_id"]]
        ).fetchall()[0][0]
    tree = [(row["cluster_id"], row["name"], row["users"]) for row in records(told["tree"])]
    assert sorted(tree) == sorted(tops) and {row["depth"] for row in records(told["tree"])} == {1}
    assert {"plan", "book"} & set(records(told["search"])[0]["name"].lower().split())
    assert told["none"]["rows"] == []
    (cluster,) = records(told["cluster"])
    assert len(cluster["children"] or []) == children and cluster["path"][-1] == cluster["name"]
    assert cluster["breakdowns"] and cluster["periods"]
    assert "no cluster 'c99999' is published" in told["no cluster"]["error"]
    with open_published(out) as con:
        query = "select value_a, value_b from cluster_comparisons where breakdown = 'language' and level = 0"
        assert ("English", "German") in con.execute(query).fetchall()
        query = (
            "select cluster_id, difference from cluster_comparisons where value_a = 'English' and value_b = 'German'"
        )
        compared = {row["cluster_id"]: row["difference"] for row in records(told["compare"])}
        assert compared == pytest.approx(dict(con.execute(query).fetchall()))
        steady = con.execute("select cluster_id from signals where signal = 'steady'").fetchall()
    assert {row["cluster_id"] for row in records(told["signals"])} == {each for (each,) in steady} != set()
    assert "nothing is known about both values" in told["no value"]["error"]
    tables = {row["name"]: row for row in records(told["tables"])}
    assert {"clusters", "cluster_facets", "cluster_trends", "held_back", "about"} <= set(tables)
    assert {"name": "users", "type": "BIGINT", "holds": "distinct users, rounded"} in tables["clusters"]["columns"]
    assert told["sql"] == {"columns": ["level", "n"], "rows": [list(row) for row in levels], "more": False}
    assert len(told["few"]["rows"]) == 2 and told["few"]["more"]
    assert "nme" in told["wrong"]["error"] and "name" in told["wrong"]["error"]  # DuckDB says what is there
    assert "greater than or equal to 1" in told["bad argument"]["error"]


def test_sql_that_means_harm_reaches_nothing(out, told):
    assert [query for query, answer in told["refused"] if "error" not in answer] == []
    assert "zebulon" not in str(told["refused"])
    assert sorted(path.name for path in out.iterdir()) == ["private.csv", "published.duckdb", "warehouse.duckdb"]


def test_limits_hold_and_a_new_run_is_seen(out, tmp_path):
    here = tmp_path / "published.duckdb"
    shutil.copy(out / "published.duckdb", here)
    bases = "select count(*) from clusters where level = 0"
    bounded = (
        "select count(*) from range(1000000000000) as a, range(1000) as b",  # is interrupted
        "select levenshtein(repeat('a', 400000), repeat('b', 400000))",  # cannot be interrupted: its process is killed
        "select repeat('y', 10000) as long, range from range(1000000000000)",
    )

    async def work(client: Client) -> list[dict[str, Any]]:
        told = [await call(client, "sql", query=query, rows=10**9) for query in (*bounded, bases)]
        published_file.write(tmp_path / "next", 20, tops=3, levels=3)
        os.replace(tmp_path / "next" / "published.duckdb", here)
        told.append(await call(client, "sql", query=bases))
        here.unlink()
        told.append(await call(client, "sql", query=bases))
        with duckdb.connect(str(here)) as con:
            con.execute("create view clusters as from read_text('/etc/passwd')")
        told.append(await call(client, "sql", query=bases))
        return told

    endless, stuck, long, first, second, gone, code = talk(tmp_path, work, "--max-seconds", 3, "--max-rows", 500)
    assert "took longer than 3 seconds" in endless["error"] and "took longer than 3 seconds" in stuck["error"]
    assert long["more"] and 1 <= len(long["rows"]) <= 50 and len(long["rows"][0][0]) == 2_001
    assert (first["rows"], second["rows"]) == ([[12]], [[20]])
    assert "is not there" in gone["error"] and "clio-sql run" in gone["error"]
    assert "plain tables only" in code["error"] and "root:" not in str(code)


def test_a_folder_without_a_published_file_is_refused(tmp_path):
    done = cli("mcp", tmp_path, input="")
    assert done.returncode == 3 and "there is no published.duckdb in it" in done.stderr and not done.stdout
