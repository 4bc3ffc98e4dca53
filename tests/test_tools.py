"""Calls of tools are found in every format, and their names are published by the rules of breakdowns and of words."""

from __future__ import annotations

import random
from pathlib import Path

import chats
import duckdb
import ibis
import pytest
from conftest import ROOT, here
from shared import once

import clio_sql
from clio_sql import demo
from clio_sql.analysis import catalog
from clio_sql.sources import read

SQL = {relation.name: relation.sql for relation in catalog.load()}
SECRET = "zebulon-secret-argument"
ASK = {"role": "user", "content": "What is new?"}


def use(name: str | None, at: str = "t1") -> dict:
    return {"type": "tool_use", "id": at, "input": {"q": SECRET}} | ({"name": name} if name is not None else {})


def result(failed: bool | None = None, at: str = "t1") -> dict:
    made = {"type": "tool_result", "tool_use_id": at, "content": "found"}
    return made if failed is None else made | {"is_error": failed}


def function(name: str | None) -> dict:
    return {"id": "x", "type": "function", "function": {"arguments": SECRET} | ({"name": name} if name else {})}


def chat(*messages: dict, **more: object) -> dict:
    return {
        "conversation_id": "c1",
        "user_id": "u1",
        "messages": [ASK, *messages, {"role": "assistant", "content": "So."}],
    } | more


FORMATS = {  # a row of the input -> (turn, tool, ok) of each call
    "OpenAI": (
        chat(
            {"role": "assistant", "content": None, "tool_calls": [function("web_search"), function("open_page")]},
            {"role": "tool", "tool_call_id": "x", "content": "found"},
            {"role": "tool", "tool_call_id": "y", "content": "opened"},
            {"role": "user", "content": "And then?"},
            {"role": "assistant", "content": "Wait", "tool_calls": [function("web_search")]},
        ),
        [(1, "open_page", True), (1, "web_search", True), (2, "web_search", None)],
    ),
    "OpenAI, a custom tool": (
        chat({"role": "assistant", "content": None, "tool_calls": [
            {"id": "x", "type": "custom", "custom": {"name": "look", "input": SECRET}}
        ]}),
        [(1, "look", None)],
    ),
    "OpenAI, an image alone is no turn": (
        chat(
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,x"}}]},
            {"role": "assistant", "content": None, "tool_calls": [function("look")]},
            {"role": "user", "content": "And then?"},
            {"role": "assistant", "content": None, "tool_calls": [function("open_page")]},
        ),
        [(1, "look", None), (2, "open_page", None)],  # as conversations and segments have it
    ),
    "OpenAI, an old function": (
        chat({"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": SECRET}},
             {"role": "function", "name": "look", "content": "seen"}),
        [(1, "look", True)],
    ),
    "Anthropic": (
        chat(
            {"role": "assistant", "content": [{"type": "text", "text": "I look."}, use("a"), use("b"), use("c")]},
            {"role": "user", "content": [result(), result(True, "t2"), result(False, "t3")]},
        ),
        [(1, "a", True), (1, "b", False), (1, "c", True)],
    ),
    "Anthropic, the server's tools": (
        chat(
            {"role": "assistant", "content": [
                use("a") | {"type": "mcp_tool_use"}, result(True) | {"type": "mcp_tool_result"},
                use("b") | {"type": "server_tool_use"},
                {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "found"}]},
                {"type": "text", "text": "So."},
            ]},
        ),
        [(1, "a", False), (1, "b", True)],
    ),
    "Anthropic, a result is missing": (
        chat({"role": "assistant", "content": [use("a"), use("b", "t2")]}, {"role": "user", "content": [result(True)]}),
        [(1, "a", None), (1, "b", None)],
    ),
    "Bedrock": (
        chat(
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "x", "name": "a", "input": {"q": SECRET}}}]},
            {"role": "user", "content": [{"toolResult": {"status": "error", "content": [{"text": "no"}]}}]},
        ),
        [(1, "a", False)],
    ),
    "Gemini": (
        chat(
            {"role": "model", "parts": [{"functionCall": {"name": "a", "args": {"q": SECRET}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "a", "response": {"error": "no"}}}]},
        ),
        [(1, "a", False)],
    ),
    "LangChain": (
        chat(
            {"id": ["langchain", "schema", "messages", "AIMessage"],
             "kwargs": {"type": "ai", "content": "", "tool_calls": [{"name": "a", "args": {"q": SECRET}}]}},
            {"id": ["langchain", "schema", "messages", "ToolMessage"],
             "kwargs": {"type": "tool", "content": "no", "status": "error", "name": "a"}},
        ),
        [(1, "a", False)],
    ),
    "a call without a name": (
        chat({"role": "assistant", "content": [use(None)]}, {"role": "assistant", "tool_calls": [function(None)]},
             {"role": "assistant", "content": [use("")]}),
        [(1, None, None)] * 3,
    ),
    "a text in place of a name": (
        chat({"role": "assistant", "content": [use("I am Zebulon Quist")]}, {"role": "user", "content": [result()]}),
        [(1, None, True)],
    ),
    "a column of names": (chat(tools_used=["search", "open"]), [(None, "open", None), (None, "search", None)]),
    "a column of structs": (
        chat(tools_used=[{"name": "open", "ok": False, "q": SECRET}, {"name": "search", "ok": True, "q": "x"}]),
        [(None, "open", False), (None, "search", True)],
    ),
    "a column of text": (chat(tools_used="search , open"), [(None, "open", None), (None, "search", None)]),
    "no tools": (chat({"role": "assistant", "content": "tool_use of web_search"}, tools_used=None), []),
}  # fmt: skip


def calls(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    con.execute("set schema = 'clio'")
    con.execute("create or replace table sampled_conversations as select conversation_id from source")
    return con.execute(
        f"select turn, tool, ok, columns(*)::varchar from ({SQL['tool_calls']}) order by turn, tool"
    ).fetchall()


@pytest.mark.parametrize("name", FORMATS)
def test_calls_are_found_with_their_names_and_nothing_else(tmp_path, name):
    row, expected = FORMATS[name]
    chats.write(tmp_path / "log.jsonl", [row])
    with clio_sql.connect() as con:
        read(con, str(tmp_path / "log.jsonl"))
        found = calls(con)
        assert sorted([each[:3] for each in found], key=str) == sorted(expected, key=str)
        assert SECRET not in str(found) and "Zebulon" not in str(found)
        # downstream a call and its result are messages of a tool, as they were
        con.execute("create table counted_users as select user_id from source")
        roles = con.execute(f"select distinct unnest(messages).role from ({SQL['conversations']})").fetchall()
        assert {role for (role,) in roles} <= {"user", "assistant", "tool"}


NAMED = {  # name of a tool -> whether 20 users are enough to publish it
    "web_search": True, "WebSearch": True, "mcp__github__create_issue": True, "str_replace_based_edit_tool": True,
    "python": True, "web_search_2025": True,
    "ask_john_smith": False, "askMaria": False, "mcp__maria-lopez__query": False,
    "getHIVStatus": False, "APIMaria": False, "readPDF": True, "HTTPGet": True,
    "diabetes_log": False, "query_20250305": False, "db_3f2a9b8c77": False, "flat_seven_maple": False,
}  # fmt: skip


def tool_names(users: dict[str, int], **settings: object) -> dict[str, bool]:
    """What `tool_names` says of tools with so many users each; others call `other`, as 300 do."""
    with clio_sql.connect() as con:
        con.execute(f"create table settings as {SQL['settings']}")
        for name, value in settings.items():
            con.execute(f"update settings set {name} = ?", [value])
        called = [(f"u{number}", tool) for tool, count in {**users, "other": 300}.items() for number in range(count)]
        con.execute("create table conversations (conversation_id varchar, user_id varchar)")
        con.execute("create table tool_calls (conversation_id varchar, tool varchar)")
        con.executemany("insert into conversations values (?, ?)", [(f"{user} {tool}", user) for user, tool in called])
        con.executemany("insert into tool_calls values (?, ?)", [(f"{user} {tool}", tool) for user, tool in called])
        return dict(con.execute(f"select tool, is_named from ({SQL['tool_names']}) where tool <> 'other'").fetchall())


def test_a_name_follows_the_rules_of_words():
    assert tool_names(dict.fromkeys(NAMED, 20)) == NAMED
    few = tool_names(
        {"web_search": 9, "ask_john_smith": 100, "ask_maria": 99, "diabetes_log": 75, "query_20250305": 300}
    )
    assert few == {
        "web_search": False, "ask_john_smith": True, "ask_maria": False, "diabetes_log": True, "query_20250305": False
    }  # fmt: skip
    assert not any(tool_names({"web_search": 20}, min_users=None).values()), "a missing threshold publishes nothing"
    many = tool_names(
        {f"look_{letter}{other}": 20 + place for place, letter in enumerate("abcdefgh") for other in "rstvw"}
    )
    assert sum(many.values()) == 29, "30 with `other`"
    assert not many["look_ar"] and many["look_hw"], "those with most users"


# --- a run


def _world(out: Path) -> None:
    rng = random.Random(3)
    rows = chats.chats(800, users=240)
    for number, row in enumerate(rows):

        def call(name: str, failed: bool = False) -> list[dict]:
            return [{"role": "assistant", "content": [use(name)]}, {"role": "user", "content": [result(failed)]}]

        asked, answered = row["messages"]
        made = call("web_search", rng.random() < 0.4) * 2 if rng.random() < 0.6 else []
        made += call("run_python") if "python" in asked["content"] and rng.random() < 0.6 else []
        made += call("ask_john_smith") if 6 <= int(row["user_id"][1:]) < 90 else []
        made += call("rare_tool") if int(row["user_id"][1:]) < 6 else []
        made += [{"role": "assistant", "content": [use("")]}] if number % 80 == 0 else []
        row["messages"] = [asked, *made, answered]
    chats.write(out / "chats.jsonl", rows)
    done = here("run", out / "chats.jsonl", "--into", out / "out")
    assert done.returncode == 0, done.stderr
    (out / "said.txt").write_text(done.stderr)


@pytest.fixture(scope="module")
def world() -> Path:
    return once("tools", _world)


def published(world: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(world / "out" / "published.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_run_breaks_clusters_down_by_tool_and_gates_each(world):
    found = published(
        world, "select distinct breakdown, value from cluster_facets where breakdown like 'tool%' order by all"
    )
    tools = {breakdown for breakdown, _ in found}
    assert tools <= {"tool: web_search", "tool: run_python"} and "tool: web_search" in tools
    assert {value for _, value in found} <= {"called", "failed"}
    called = chats.warehouse(
        world / "out",
        "select tool, count(distinct user_id) "
        "from clio.tool_calls inner join clio.conversations using (conversation_id) group by tool",
    )
    users = dict(called)
    assert users["ask_john_smith"] >= 50 and 0 < users["rare_tool"] < 10, "they are there, and are not published"


def test_a_conversation_counts_once_for_each_of_its_tools_and_a_user_once(world):
    """Each published cell is what the calls say, although a tool is called twice and several in a conversation."""
    query = """
        select cluster_id, breakdown, value, round(count(*) / 5) * 5, round(count(distinct user_id) / 5) * 5
        from clio.assignments inner join (
            select conversation_id, concat('tool: ', tool) as breakdown,
                if(bool_or(not ok), 'failed', 'called') as value
            from clio.tool_calls group by all
        ) using (conversation_id)
        where facet = 'request' group by all"""
    counted = {row[:3]: row[3:] for row in chats.warehouse(world / "out", query)}
    cells = published(
        world,
        "select cluster_id, breakdown, value, conversations, users from cluster_facets "
        "inner join (select facet, cluster_id, level from clusters) using (facet, cluster_id) "
        "where level = 0 and facet = 'request' and breakdown like 'tool%'",
    )
    assert cells and all(counted[row[:3]] == row[3:] for row in cells)
    several = (
        "select max(tools) from (select count(distinct tool) as tools from clio.tool_calls group by conversation_id)"
    )
    assert chats.warehouse(world / "out", several)[0][0] >= 2


def test_what_is_left_of_a_cluster_passes_the_gate(world):
    left = published(
        world,
        "select clusters.conversations - sum(cells.conversations) from cluster_facets as cells "
        "inner join clusters using (facet, cluster_id) where breakdown like 'tool%' "
        "group by facet, cluster_id, breakdown, clusters.conversations",
    )
    assert left and all(count == 0 or count >= 15 for (count,) in left), "20, of counts that are rounded to 5"


def test_arguments_are_nowhere_and_names_of_people_not_in_what_is_published(world):
    with duckdb.connect(str(world / "out" / "warehouse.duckdb"), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            rows = con.execute(f"select cast(entry as varchar) from {schema}.{table} as entry").fetchall()
            assert SECRET not in "".join(text for (text,) in rows), table
    with duckdb.connect(str(world / "out" / "published.duckdb"), read_only=True) as con:
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            text = str(con.execute(f"from {table}").fetchall())
            assert not [word for word in ("john", "smith", "rare_tool") if word in text.lower()], table
    assert "john" not in (world / "out" / "report.html").read_text().lower()


def test_ibis_has_them_by_cluster(world):
    import clio_sql.frames as clio

    con = clio.connect(str(world / "out" / "published.duckdb"))
    found = clio.tools(con, facet="request").filter(ibis._.level == 0).to_pandas()
    con.disconnect()
    assert set(found["tool"]) <= {"web_search", "run_python"} and len(found)
    assert (found["conversations"] == found["called"].fillna(0) + found["failed"].fillna(0)).all()
    assert list(found["conversations"]) == sorted(found["conversations"], reverse=True)


def test_calls_without_a_name_are_said(world):
    assert (
        "left out of the input: 10 with a tool call without a readable name, which counts for no tool"
        in (world / "said.txt").read_text()
    )


def test_the_recipes_find_the_tools(world):
    for name in ("tools_by_cluster", "failing_tools"):
        done = here("sql", world / "out", "--published", "-c", (ROOT / "sql" / "recipes" / f"{name}.sql").read_text())
        assert done.returncode == 0, done.stderr
        header, *rows = done.stdout.splitlines()
        assert header.startswith("name,tool,") and (rows or name == "failing_tools")
        assert {row.split(",")[1] for row in rows} <= {"web_search", "run_python"}


def test_a_log_without_tools_has_none(tmp_path):
    file = chats.write(tmp_path / "chats.jsonl", chats.chats(60))
    assert here("run", file, "--into", tmp_path / "out").returncode == 0
    counts = "select (select count(*) from clio.tool_calls), (select count(*) from clio.tool_names)"
    assert chats.warehouse(tmp_path / "out", counts) == [(0, 0)]
    kinds = chats.warehouse(tmp_path / "out", "select distinct breakdown from clio.breakdowns")
    assert kinds and not [kind for (kind,) in kinds if "tool" in kind]


def test_the_demo_has_tools(demo_out):
    """The planted ones are published where enough users called them; that of four users nowhere."""
    called = "from clio.tool_calls inner join clio.conversations using (conversation_id) group by tool"
    users = dict(chats.warehouse(demo_out, f"select tool, count(distinct user_id) {called}"))
    assert users.keys() == {"run_python", "web_search", demo.RARE_TOOL} and users[demo.RARE_TOOL] == 4
    with duckdb.connect(str(demo_out / "published.duckdb"), read_only=True) as con:
        query = "select distinct breakdown from cluster_facets where breakdown like 'tool%' order by 1"
        found = con.execute(query).fetchall()
    assert found == [("tool: run_python",), ("tool: web_search",)]
    assert demo.RARE_TOOL not in (demo_out / "report.html").read_text()
