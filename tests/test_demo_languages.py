"""The set of known topics: each topic and language, enough users, and the same rows for the same seed."""

import json
import re

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from clio_sql import demo_languages
from clio_sql.cli.commands import app
from clio_sql.errors import UsageError

THEIR_LETTERS = {"ru": "Ѐ-ӿ", "ar": "؀-ۿ", "hi": "ऀ-ॿ", "th": "ก-๛", "zh": "一-鿿", "ja": "ぁ-ヿ", "ko": "가-힣"}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("languages") / "demo.parquet"
    demo_languages.write(path)
    return path


def rows(path, query):
    return duckdb.sql(f"with chats as (from '{path}') {query}").fetchall()


def test_each_topic_and_language_is_there_equally_often(path):
    found = rows(path, "select topic, language, count(*) from chats group by all")
    assert {n for *_, n in found} == {10}
    assert {(topic, language) for topic, language, _ in found} == {
        (topic, language) for topic in demo_languages.TOPICS for language in demo_languages.LANGUAGES.values()
    }
    assert len(demo_languages.TOPICS) == 20 and len(set(demo_languages.LANGUAGES.values())) == 15


def test_columns_are_the_demos_with_two_labels(path):
    names = pq.read_schema(path).names
    assert names == ["conversation_id", "user_id", "created_at", "messages", "plan", "topic", "language"]


def test_every_topic_has_enough_users_of_whom_none_dominates(path):
    found = rows(path, "select topic, user_id, count(*) as n from chats where user_id is not null group by all")
    for topic in demo_languages.TOPICS:
        counts = [n for of, _, n in found if of == topic]
        assert len(counts) >= 50 and max(counts) < 0.1 * sum(counts), topic


def test_a_user_keeps_one_language(path):
    kept = "select count(distinct language) as n from chats where user_id is not null group by user_id"
    assert rows(path, f"select max(n) from ({kept})") == [(1,)]


def test_first_turns_are_filled_and_seldom_equal(path):
    texts = [text for (text,) in rows(path, "select m.content from (select unnest(messages) as m from chats)")]
    assert not [text for text in texts if not text or re.search(r"[{}|]|  ", text)]
    [(distinct,)] = rows(path, "select count(distinct messages[1].content) / count(*) from chats")
    assert distinct > 0.85


def test_every_wording_is_of_its_language_and_written_once():
    """Four wordings and more for each topic and language, nine in English; no wording under two topics."""
    seen = []
    for topic in demo_languages.MATERIAL["topics"]:
        for code in demo_languages.LANGUAGES:
            assert len(topic[code]) >= (9 if code == "en" else 4), (topic["topic"], code)
            seen += topic[code]
            letters = THEIR_LETTERS.get(code)
            assert all(letters is None or re.search(f"[{letters}]", text) for text in topic[code]), code
    assert len(seen) == len(set(seen))
    assert len(json.dumps(demo_languages.MATERIAL, ensure_ascii=False).encode()) < 300_000


def test_same_seed_same_rows_other_seed_others(path, tmp_path):
    again, other = tmp_path / "again.parquet", tmp_path / "other.parquet"
    demo_languages.write(again)
    demo_languages.write(other, seed=1)
    assert pq.read_table(again).equals(pq.read_table(path))
    assert not pq.read_table(other).equals(pq.read_table(path))


def test_every_topic_and_language_needs_a_conversation(tmp_path):
    with pytest.raises(UsageError, match="299 conversations are too few for 20 topics in 15 languages; allowed: 300"):
        demo_languages.write(tmp_path / "demo.parquet", 299)
    demo_languages.write(tmp_path / "demo.parquet", 301)
    assert rows(tmp_path / "demo.parquet", "select count(distinct (topic, language)), count(*) from chats") == [
        (300, 301)
    ]


def test_the_command_writes_three_thousand_by_default(path, tmp_path):
    result = CliRunner().invoke(app, ["demo", "--languages", "--into", str(tmp_path), "--only-write"])
    assert result.exit_code == 0 and pq.read_table(tmp_path / "demo.parquet").equals(pq.read_table(path))
    result = CliRunner().invoke(app, ["demo", "--languages", "--conversations", "0", "--into", str(tmp_path)])
    assert isinstance(result.exception, UsageError)
