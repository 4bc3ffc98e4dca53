"""--user: whom an input is of that names no user."""

from __future__ import annotations

import json

import duckdb
import pytest

from clio_sql.errors import InputError, UsageError
from clio_sql.sources import read


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def write(path, *ids, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    chats = [{"conversation_id": id_, "messages": [{"role": "user", "content": "hello"}], **more} for id_ in ids]
    path.write_text("".join(json.dumps(chat) + "\n" for chat in chats))
    return path


def users(con):
    return con.execute("select conversation_id, user_id from clio.source order by all").fetchall()


def test_one_name_is_the_user_of_all_rows(con, tmp_path):
    file = write(tmp_path / "a.jsonl", "1", "2", user_id="somebody else")
    read(con, file, user="O'Hara")
    assert users(con) == [("1", "O'Hara"), ("2", "O'Hara")]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("logs/{user}/**", ["ann", "ann", "bob"]),
        ("logs/{user}/**/?.jsonl", None),  # ? is itself
        ("{user}.jsonl", ["x", "y", "z"]),
        ("{user}/*.jsonl", ["2026", "ann", "bob"]),
        ("logs/{user}/*.jsonl", [None, "ann", "bob"]),
        ("logs/a{user}n/**", ["n", "n", None]),
        ("{user}/??", None),
    ],
)
def test_the_path_of_a_file_says_whose_its_rows_are(con, tmp_path, rule, expected):
    write(tmp_path / "logs" / "ann" / "2026" / "x.jsonl", "1")
    write(tmp_path / "logs" / "ann" / "y.jsonl", "2")
    write(tmp_path / "logs" / "bob" / "z.jsonl", "3")
    if expected is None:
        with pytest.raises(UsageError, match="none of the 3 paths ends like this"):
            read(con, tmp_path / "logs" / "**" / "*.jsonl", user=rule)
    else:
        read(con, tmp_path / "logs" / "**" / "*.jsonl", user=rule)
        assert [user for _, user in users(con)] == expected


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_of_other_files_too_and_the_path_is_no_metadata(con, tmp_path, suffix):
    table = "select 'c' as conversation_id, 'user' as role, 'hello' as content, 'pro' as plan"
    con.execute(f"copy ({table}) to '{tmp_path}/ann.{suffix}'")
    read(con, tmp_path / f"ann.{suffix}", user=f"{{user}}.{suffix}")
    assert users(con) == [("c", "ann")]
    assert con.execute("select map_keys(metadata) from clio.source").fetchall() == [(["plan"],)]


def test_a_table_has_no_path(con, tmp_path):
    with duckdb.connect(str(tmp_path / "ann.duckdb")) as database:
        database.execute("create table t as select 'c' as conversation_id, 'user' as role, 'hello' as content")
    with pytest.raises(UsageError, match="none of the 0 paths"):
        read(con, tmp_path / "ann.duckdb", user="{user}.duckdb")
    read(con, tmp_path / "ann.duckdb", user="ann")
    assert users(con) == [("c", "ann")]


@pytest.mark.parametrize("given", [{"user": " "}, {"user": "ann", "columns": {"user_id": "account"}}])
def test_it_stands_alone(con, tmp_path, given):
    with pytest.raises(UsageError, match="--user needs a name, and cannot be combined"):
        read(con, write(tmp_path / "a.jsonl", "1", account="b"), **given)


def test_an_input_without_users_is_told_of_it(con, tmp_path):
    with pytest.raises(InputError, match="--user NAME"):
        read(con, write(tmp_path / "a.jsonl", "1"))
