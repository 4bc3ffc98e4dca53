"""What an input was understood as is said, and a refusal names what would make it work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import here

SAID = [
    {"role": "user", "content": "How long do eggs boil?\x1b[2J"},
    {"role": "assistant", "content": "Eight minutes."},
]


def written(folder: Path, *rows: dict) -> str:
    (folder / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / "chats.jsonl")


def chat(n: int, **columns: object) -> dict:
    return {"conversation_id": f"c{n}", "user_id": f"u{n % 2}", "messages": SAID, **columns}


def test_inspect_says_what_was_read_and_shows_the_first_conversation(tmp_path):
    rows = [chat(n, created_at=f"2026-03-{20 - n:02}T09:00:00Z", plan="pro") for n in range(3)]
    done = here("inspect", written(tmp_path, *rows))
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines() == [
        "read as canonical: 3 rows, 3 conversations of 2 users, 2026-03-18 to 2026-03-20; user: user_id, "
        "time: created_at, id: conversation_id",
        "",
        "first conversation: id c0, user u0, time 2026-03-20 09:00:00",
        "user: How long do eggs boil?\\x1b[2J",
        "assistant: Eight minutes.",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["chats.jsonl"], "nothing is written"


def test_the_columns_that_were_taken_are_named(tmp_path):
    path = written(tmp_path, *({"Account": f"u{n}", "chat": SAID, "meta": {"at": "2026-03-02"}} for n in range(2)))
    options = ("--user-column", "Account", "--messages-column", "chat", "--time-column", "meta.at")
    (line, *_) = here("inspect", path, *options).stdout.splitlines()
    assert line.endswith(
        "2 users, 2026-03-02 to 2026-03-02; user: Account, time: meta.at, id: made from the content of each row"
    )
    (line, *_) = here("inspect", path, *options[2:], "--privacy-unit", "conversation").stdout.splitlines()
    assert "2 conversations, each counted as a user" in line and "user: none" in line
    (line, *_) = here("inspect", path, *options[2:], "--user", "ann").stdout.splitlines()
    assert "2 conversations of 1 user," in line and "user: --user" in line


def test_a_run_says_it_before_it_works(tmp_path):
    done = here("run", written(tmp_path, *(chat(n) for n in range(3))), "--into", tmp_path / "out")
    said = "read as canonical: 3 rows, 3 conversations of 2 users; user: user_id, time: none, id: "
    assert said in done.stderr.split("facet_values")[0]


def test_rows_in_which_nothing_is_said_and_rows_that_cannot_be_read_are_counted(tmp_path):
    """A LiteLLM proxy that is not told to store prompts writes {} for them."""
    file = tmp_path / "spend.csv"
    stored = ('[{""role"": ""user"", ""content"": ""Hello""}]', "{}", "{}", "[]")
    rows = [f'r{n},acompletion,2026-03-02 09:00:00,ann,"{said}",{{}}\n' for n, said in enumerate(stored)]
    file.write_text("request_id,call_type,startTime,end_user,messages,response\n" + "".join(rows) + "r9,a\n")
    lines = here("inspect", file).stdout.splitlines()
    assert lines[:2] == [
        "read as litellm: 4 rows, 4 conversations of 1 user, 2026-03-02 to 2026-03-02, 3 without any text; "
        "user: end_user, time: startTime, id: within each row",
        "left out: more or fewer values than the first line (line 6): 1",
    ]


def test_what_became_of_the_rows_is_counted_and_a_message_without_text_is_shown(tmp_path):
    tool = {"role": "tool", "content": [{"type": "tool-result", "result": {"a": 1}}]}
    rows = [chat(n, created_at="soon", user_id="anonymous") for n in range(2)]
    rows += [chat(2, messages=[*SAID, *SAID]), chat(3, messages=[*SAID, *SAID, tool], user_id="u0")]
    lines = here("inspect", written(tmp_path, *rows)).stdout.splitlines()
    assert lines[1:4] == [
        "rows that became part of another conversation: 1",
        "conversations whose user id identifies no user: 2",
        "conversations without a readable time: 3",
    ]
    last = {"conversation_id": "c", "user_id": "u", "messages": [*SAID, tool]}
    assert here("inspect", written(tmp_path, last)).stdout.splitlines()[-1] == "tool: "


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"conversation_id": "c", "chat": SAID}, "chat holds lists of messages. Give --messages-column chat."),
        ({"conversation_id": "c", "chat": "hi"}, "is canonical: it lacks messages. Give --messages-column NAME."),
        ({"conversation_id": "c", "role": "user", "said": "hi"}, "is messages: it lacks content. Give --content"),
        ({"user_id": "u", "messages": []}, "read as openai, all of its conversations are empty lists"),
        ({"user_id": "u", "messages": [{"who": "me", "says": "hi"}]}, "The first message has: who, says."),
    ],
)  # fmt: skip
def test_a_refusal_names_what_would_make_it_work(tmp_path, row, told):
    done = here("inspect", written(tmp_path, row))
    assert done.returncode == 3 and told in done.stderr


def test_inspect_refuses_as_a_run_does(tmp_path):
    assert here("inspect", tmp_path / "none.jsonl").returncode == 3
    assert here("inspect", written(tmp_path, chat(1)), "--since", "soon").returncode == 2
