"""Trees of messages: the path to the current one, against a plain walk; and what the formats that have them hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clio_sql.sources import read
from clio_sql.sources.adapters import make_macros

SAMPLES = Path(__file__).parent / "samples"
INPUTS = Path(os.environ.get("CLIO_TEST_DATA") or ROOT.parent / "shared" / "data").parent / "inputs"
NODES = (
    "conversation bigint, message_id varchar, parent_id varchar, is_current boolean, created_at bigint, position bigint"
)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        make_macros(connection)
        connection.execute(f"create table messages ({NODES}, turn bigint)")
        yield connection


def paths(con, trees):
    """Of each tree the positions of the messages on its path, by the macro."""
    rows = [
        (number, *message, position, position)
        for number, tree in enumerate(trees)
        for position, message in enumerate(tree)
    ]
    con.execute("delete from messages")
    con.executemany("insert into messages values (?, ?, ?, ?, ?, ?, ?)", rows)
    found = dict(con.execute("select conversation, turns from clio_current_path('messages')").fetchall())
    return [found.get(number, []) for number in range(len(trees))]


def walked(tree):
    """The same by a walk. A message is (id, parent's id, whether it is the current one, time)."""
    last_of = {id_: position for position, (id_, *_) in enumerate(tree) if id_ is not None}
    kept = [place for place, (id_, *_) in enumerate(tree) if id_ is None or last_of[id_] == place]
    kept.sort(key=lambda place: (tree[place][3] is not None, tree[place][3] or 0, place))
    if all(tree[place][1] is None for place in kept):
        return kept
    parent = {}
    for number, place in enumerate(kept):
        above = tree[place][1]
        first = min(number for number, place in enumerate(kept) if tree[place][1] == above)
        parent[place] = last_of.get(above, kept[first - 1] if above and first else None)
    parent = {place: above for place, above in parent.items() if above is not None and above != place}
    leaves = [place for place in kept if place not in parent.values()]
    current = [place for place in kept if tree[place][2]]
    at = ([place for place in current if place in leaves] or current or leaves or kept)[-1]
    path = []
    while at is not None and at not in path:
        path.append(at)
        at = parent.get(at)
    return [place for place in kept if place in path] if at is not None else path[::-1]


IDS = st.sampled_from("abcdefgh")
MESSAGE = st.tuples(
    st.none() | IDS, st.none() | IDS, st.sampled_from([None, False, False, True]), st.none() | st.integers(0, 3)
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(MESSAGE, min_size=1, max_size=12), min_size=1, max_size=4))
@example([[("a", "c", False, 0), ("b", "a", False, 1), ("c", "b", False, 2), ("d", "a", False, 3)]])  # into a circle
@example([[("a", "x", False, 0), ("b", "a", False, 1), ("c", "gone", False, 2), ("d", "gone", False, 3)]])
@example([[("a", "a", False, None)], [("a", "gone", False, None), ("b", "gone", False, None)]])
def test_the_path_is_that_of_a_walk(con, trees):
    assert paths(con, trees) == [walked(tree) for tree in trees]


@pytest.mark.parametrize("length", [1, 2, 3, 1023, 1024, 1025, 40_000])
def test_a_long_conversation_is_read_whole_and_a_circle_ends(con, length):
    con.execute("delete from messages")
    con.execute(
        """insert into messages
        select circle, i::varchar, if(i = 0, if(circle = 1, $n - 1, null), i - 1)::varchar, false, i, i, i
        from range($n) as t(i), range(2) as c(circle)""",
        {"n": length},
    )
    found = con.execute("select turns from clio_current_path('messages') order by conversation").fetchall()
    assert found == [(list(range(length)),)] * 2


# What each shared input holds: conversations, users, (text, times it is a turn of a user)
SHORTER, SHORT = "Thanks, can you make it shorter?", "Of course, here is the shorter version."
SHARED = {
    "chatgpt_conversations.json.gz": ("chatgpt", 60, 60, 60, 60),
    "claude_conversations.json.gz": ("claude_export", 61, 21, 60, 60),
    "openwebui_all-chats-export.json.gz": ("openwebui", 60, 20, 60, 60),
    "webui.db::chat": ("openwebui", 60, 20, 60, 60),
    "librechat_messages_mongoexport.json.gz": ("librechat", 60, 20, 60, 60),
    "oasst_messages.jsonl": ("oasst", 20, 20, 20, 0),
    "aisdk_chats.jsonl": (None, 60, 20, 60, 60),
    "openai_responses.jsonl": ("openai_responses", 60, 20, 0, 0),
    "claude_code_session.jsonl": ("claude_code", 20, 20, 0, 0),
    "codex_rollout.jsonl": ("codex", 3, 3, 0, 0),
}
UNNAMED = ("chatgpt", "claude_code", "codex")  # whose files name no user


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_input_is_read_along_its_current_path(name):
    if not (INPUTS / name.partition("::")[0]).exists():
        pytest.skip("the shared inputs are not here")
    format_, conversations, users, asked, answered = SHARED[name]
    with duckdb.connect() as con:
        found = read(con, INPUTS / name, privacy_unit="conversation" if format_ in UNNAMED else "user")
        assert format_ in (None, found.format)
        said = "select unnest(messages, recursive := true) from clio.source"
        assert con.execute(
            f"""select count(*), count(distinct user_id), count_if(created_at is null),
                (select count_if(role = 'user' and content = $asked) from ({said})),
                (select count_if(role = 'assistant' and content = $answered) from ({said}))
            from clio.source""",
            {"asked": SHORTER, "answered": SHORT},
        ).fetchall() == [(conversations, users, 0, asked, answered)]
        firsts = con.execute(
            "select bool_and(coalesce(list_filter(messages, lambda m: m.role = 'user')[1].content, '') != '') "
            "from clio.source where len(messages) > 0"
        ).fetchall()
        assert firsts == [(True,)]
        whole = con.execute("select messages::varchar from clio.source").fetchall()
        for word in ("REJECTED ANSWER", "SECRET THOUGHT", "WORSE SIBLING", "base64", "environment_context"):
            assert word not in str(whole)


def test_a_table_whose_chats_are_text_is_read_like_the_export(tmp_path):
    file, read_from = tmp_path / "webui.duckdb", SAMPLES / "openwebui.json"
    with duckdb.connect(str(file)) as database:
        database.execute(f"create table chat as select * replace (chat::json::varchar as chat) from '{read_from}'")
    told = []
    for path in (read_from, file):
        with duckdb.connect() as con:
            assert read(con, path).format == "openwebui"
            told.append(con.execute("select user_id, created_at, messages from clio.source order by all").fetchall())
    assert told[0] == told[1]


def test_messages_of_the_ai_sdk_are_read_by_their_parts(tmp_path):
    rows = [
        {
            "id": "2",
            "chatId": "c",
            "role": "assistant",
            "parts": [{"type": "step-start"}, {"type": "text", "text": "Hi."}],
        },
        {
            "id": "1",
            "chatId": "c",
            "role": "user",
            "parts": [{"type": "text", "text": "Hello"}, {"type": "file", "url": "x"}],
        },
    ]
    for second, row in zip((2, 1), rows, strict=True):
        row |= {"createdAt": f"2026-03-02T09:00:0{second}Z", "attachments": [], "content": ""}
    file = tmp_path / "Message_v2.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with duckdb.connect() as con:
        assert read(con, file, user="ann").format == "messages"
        messages = con.execute("select conversation_id, messages from clio.source").fetchall()
    assert messages == [("c", [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}])]


SHAPES = [
    [{"type": "human", "content": "Hello"}, {"type": "ai", "content": "Hi."}],
    [
        {"type": "human", "data": {"content": "Hello"}},
        {"type": "ai", "data": {"content": [{"type": "text", "text": "Hi."}]}},
    ],
    [
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": {"content": text}}
        for name, text in (("HumanMessage", "Hello"), ("AIMessage", "Hi."))
    ],
]


@pytest.mark.parametrize("messages", SHAPES)
def test_messages_of_langchain_are_read_in_each_of_its_shapes(tmp_path, messages):
    file = tmp_path / "chain.jsonl"
    file.write_text(json.dumps({"conversation_id": "c", "user_id": "u", "messages": messages}))
    with duckdb.connect() as con:
        read(con, file)
        (found,) = con.execute("select messages from clio.source").fetchone()
    assert found == [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]


ZEROS = "00000000-0000-0000-0000-000000000000"


def test_a_message_that_is_lost_costs_no_other(tmp_path):
    """Of the first question there are two versions, and of what followed the answer is lost."""
    asked = [
        (ZEROS, "a", "old"),
        (ZEROS, "b", "Hello"),
        ("b", "c", "Hi."),
        ("c", "d", "And now?"),
        ("lost", "f", "Go on"),
    ]
    rows = [
        {
            "conversationId": "c",
            "messageId": id_,
            "parentMessageId": parent,
            "isCreatedByUser": id_ != "c",
            "user": "u",
            "text": text,
            "createdAt": f"2026-03-02T09:00:0{second}Z",
        }
        for second, (parent, id_, text) in enumerate(asked)
    ]
    file = tmp_path / "messages.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with duckdb.connect() as con:
        assert read(con, file).format == "librechat"
        (found,) = con.execute("select list_transform(messages, lambda m: m.content) from clio.source").fetchone()
    assert found == ["Hello", "Hi.", "And now?", "Go on"]
