"""Who a person is, and what a conversation is: reading alone, without an analysis."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clio_sql
from clio_sql.builder import table
from clio_sql.sources import read
from clio_sql.sources.adapters import make_macros
from clio_sql.warehouse import erase

HASH, ACCOUNT = "4f2a" * 16, "c3fe4530-7b3e-5d6a-96b3-5a9201a1314f"
CLAUDE_CODE = f"user_{HASH}_account_{ACCOUNT}"
NOBODY = (
    "nan", "NaN", "None", "NULL", "null", "undefined", "N/A", "n.a.", "-", "--", "?", "", " ", "anonymous", "ANONYMOUS",
    "Anonymous User", "default_user_id", "unknown", "unknown-user", "(null)", "<none>", "user_unknown", "not available",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", '{"session_id": "s1"}', "\u200b",
    '{"device_id": "", "account_uuid": "", "session_id": "1"}', "\\N", "[object Object]", '"null"',
    "not logged in", "[deleted]",
)  # fmt: skip
SOMEBODY = ("Nancy", "nonesuch", "anon-17", "guest1", "0", "李明", "нет", "user-00", "no", "Nan Goldin", "NA-7")
# Each row: one person.
SPELLINGS = (
    (CLAUDE_CODE, f"{CLAUDE_CODE}_session_1", f"{CLAUDE_CODE}_session_{ACCOUNT}",
     json.dumps({"device_id": HASH, "account_uuid": ACCOUNT, "session_id": "1"}),
     json.dumps({"session_id": "2", "account_uuid": ACCOUNT, "device_id": HASH}, indent=1),
     json.dumps(json.dumps({"device_id": HASH, "account_uuid": ACCOUNT, "session_id": "3"})),
     json.dumps({"user_id": f"{CLAUDE_CODE}_session_4"})),
    (CLAUDE_CODE.upper(), f"{CLAUDE_CODE}_session_1".upper()),
    (json.dumps({"account": "u9"}), json.dumps({"session_uuid": "1", "account": "u9", "request_id": "r"})),
    (f"user_{HASH}_account_", f"user_{HASH}_account__session_{ACCOUNT}",
     json.dumps({"device_id": HASH, "account_uuid": "", "session_id": "1"})),
    ("u1", " u1", "u1\n", "u1\u00a0", "\ufeffu1", "u\u200b1", "ｕ１", "𝐮𝟏", '{"user_id": "u1", "session_id": "s"}'),
    ("u2", '"u2"', "'u2'", '\\"u2\\"', '\u200b"u2" '),
    ('{"tenant": 1, "login": "u"}', '{"login": "u", "tenant": 1}', '{"session": 2, "login": "u", "tenant": 1}'),
    (f'"{CLAUDE_CODE}x_session_1"', f"{CLAUDE_CODE}x"),
    ('{"a\\"b": 1}',), ('{"a": 1, "a": 2}',), ("it's",),
    ("José", "Jose\u0301", "José\u3000"),
    ("45", "45.0", " 45.00 "),
    ("bob@example.com", "Bob@Example.com", "BOB@EXAMPLE.COM ", "ＢＯＢ＠example.com"),
    ("Bob",), ("bob",), ("4.50",), ("4.5",),
)  # fmt: skip


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        make_macros(connection)
        yield connection


@pytest.fixture
def warehouse():
    with clio_sql.connect() as connection:
        yield connection


def jsonl(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def turns(*texts: str) -> list[dict[str, str]]:
    """Messages, by turns of the user and of the assistant."""
    return [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(texts)]


def row(messages, user="u", **more):
    messages = turns(messages) if isinstance(messages, str) else messages
    return {"user": user, "messages": turns(*messages) if isinstance(messages, tuple) else messages, **more}


def texts(con) -> list[tuple]:
    """(user, text of each message) of each conversation, sorted."""
    query = "select user_id, list_transform(messages, lambda m: m.content) as said from clio.source order by all"
    return con.execute(query).fetchall()


def kept(con, tmp_path, *rows, **reading) -> list[str]:
    """What is said in each conversation of these rows of requests, the messages joined by blanks."""
    read(con, jsonl(tmp_path / "rows.jsonl", rows), source="openai", **{"privacy_unit": "conversation", **reading})
    return [" ".join(said) for _, said in sorted(texts(con), key=lambda found: found[1])]


# Who a person is


@pytest.mark.parametrize("id_", NOBODY)
def test_an_id_that_names_nobody(con, id_):
    assert con.execute("select clio_user_id(?)", [id_]).fetchone() == (None,)


@pytest.mark.parametrize("id_", SOMEBODY)
def test_an_id_that_only_looks_like_none(con, id_):
    assert con.execute("select clio_user_id(?)", [id_]).fetchone() == (id_,)


def test_spellings_of_one_person_are_one_and_persons_stay_apart(con):
    found = [{con.execute("select clio_user_id(?)", [id_]).fetchone()[0] for id_ in ids} for ids in SPELLINGS]
    assert [len(ids) for ids in found] == [1] * len(SPELLINGS)
    assert len(set().union(*found)) == len(SPELLINGS)


@pytest.mark.parametrize("id_", ['{"name": "Zoe", "id": "u2"}', '{"user": {"id": "u2", "name": "Zoe"}}'])
def test_an_id_within_an_object(con, id_):
    assert con.execute("select clio_user_id(?)", [id_]).fetchone() == ("u2",)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(id_=st.text(max_size=20) | st.sampled_from([id_ for ids in SPELLINGS for id_ in ids]))
def test_the_rule_changes_nothing_the_second_time(con, id_):
    (once,) = con.execute("select clio_user_id(?)", [id_]).fetchone()
    assert con.execute("select clio_user_id(?)", [once]).fetchone() == (once,)


def test_users_that_name_nobody_are_counted(con, tmp_path):
    chats = [row("hello " + str(n), user=id_) for n, id_ in enumerate(["u1", "nan", "None", "", None, "u2"])]
    found = read(con, jsonl(tmp_path / "a.jsonl", chats))
    assert (found.rows, found.conversations, found.users, found.nameless) == (6, 6, 2, 2)


@pytest.mark.parametrize("ids", [ids for ids in SPELLINGS if len(ids) > 1], ids=lambda ids: ids[0][:12])
def test_who_was_forgotten_under_one_spelling_is_under_every_other(warehouse, tmp_path, ids):
    path = jsonl(tmp_path / "a.jsonl", [row(f"hello {n}", user=id_) for n, id_ in enumerate((*ids, "other"))])
    read(warehouse, path)
    erase.users(warehouse, [ids[-1]])
    assert warehouse.execute("select user_id from clio.source").fetchall() == [("other",)]
    read(warehouse, path)
    assert warehouse.execute("select user_id from clio.source").fetchall() == [("other",)]


def test_who_an_earlier_version_noted_as_it_was_spelled_stays_forgotten(warehouse, tmp_path):
    erase.users(warehouse, ["somebody"])  # which makes the salt
    noted = f"sha256((select salt from clio_state.salt) || '{CLAUDE_CODE}_session_1')"
    warehouse.execute(f"update clio_state.forgotten set user_hash = {noted}")
    users = [f"{CLAUDE_CODE}_session_1", f"{CLAUDE_CODE}_session_2", "other"]
    read(warehouse, jsonl(tmp_path / "a.jsonl", [row(f"hello {n}", user=id_) for n, id_ in enumerate(users)]))
    assert warehouse.execute("select user_id from clio.source").fetchall() == [("other",)]


def test_a_conversation_of_which_one_row_was_forgotten_stays_out_whole(warehouse, tmp_path):
    rows = [row("a", id="r1"), row(("a", "b", "c"), id="r2"), row("z", id="r3")]
    erase.users(warehouse, ["r2"])
    assert kept(warehouse, tmp_path, *rows) == ["z"]


# What a conversation is


def test_a_row_is_part_of_a_longer_one_of_the_same_user_whatever_its_id(con, tmp_path):
    rows = [row("a", id="r1"), row(("a", "b", "c"), id="r2"), row(("a", "b", "c", "d", "e"), id="r3")]
    assert kept(con, tmp_path, *rows) == ["a b c d e"]
    assert con.execute("select conversation_id, parts from clio.source").fetchall() == [("r1", 3)]
    assert kept(con, tmp_path, rows[0], {**rows[2], "user": "other"}) == ["a", "a b c d e"]


def test_of_ten_strangers_who_say_hi_nine_stay(con, tmp_path):
    rows = [row("hi", user=None) for _ in range(10)]
    assert kept(con, tmp_path, *rows, row(("hi", "b", "c"), user=None)) == ["hi"] * 9 + ["hi b c"]
    rows = [row("hi", user="u") for _ in range(10)]
    assert kept(con, tmp_path, *rows, row(("hi", "b", "c"), user="u")) == ["hi"] * 9 + ["hi b c"]


def test_two_conversations_that_begin_alike_take_a_beginning_each(con, tmp_path):
    rows = [row("hi"), row(("hi", "b", "c")), row("hi"), row(("hi", "b", "c")), row(("hi", "b", "c", "d", "e"))]
    rows += [row(("hi", "b", "c", "d", "f"))]
    assert kept(con, tmp_path, *rows) == ["hi b c d e", "hi b c d f"]
    assert len(kept(con, tmp_path, *[{**one, "user": None} for one in rows])) == 2


def test_a_conversation_takes_the_nearest_beginning_before_it(con, tmp_path):
    rows = [row("hi", id=str(hour), created=f"2026-03-02T0{hour}:00:00Z") for hour in (1, 2, 4)]
    kept(con, tmp_path, *rows, row(("hi", "b", "c"), id="x", created="2026-03-02T03:00:00Z"))
    found = con.execute(
        "select conversation_id, len(messages), created_at::varchar from clio.source order by 1"
    ).fetchall()
    assert found == [("1", 1, "2026-03-02 01:00:00"), ("2", 3, "2026-03-02 02:00:00"), ("4", 1, "2026-03-02 04:00:00")]


@pytest.mark.parametrize(("user", "later", "left"), [(None, "04", 2), (None, "02", 1), ("u", "04", 1)])
def test_without_a_user_a_beginning_is_of_the_same_day(con, tmp_path, user, later, left):
    rows = [
        row("hi", user, created="2026-03-02T09:00:00Z"),
        row(("hi", "b", "c"), user, created=f"2026-03-{later}T10:00:00Z"),
    ]
    assert len(kept(con, tmp_path, *rows)) == left


def test_equal_requests_stay_apart_and_equal_longer_ones_of_one_user_are_one(con, tmp_path):
    assert kept(con, tmp_path, row("a", id="1"), row("a", id="2")) == ["a", "a"]
    assert kept(con, tmp_path, row(("a", "b", "c"), id="1"), row(("a", "b", "c"), id="2")) == ["a b c"]
    longer = [row(("a", "b", "c"), user, id=user) for user in ("u", "v")]
    assert kept(con, tmp_path, *longer) == ["a b c"] * 2


def test_system_prompts_and_blanks_make_no_other_conversation(con, tmp_path):
    first = [{"role": "system", "content": "It is Monday."}, *turns("a")]
    rows = [row(first), row([{"role": "system", "content": "It is Tuesday."}, *turns("a ", "b\n", "c")])]
    assert kept(con, tmp_path, *rows) == ["It is Tuesday. a  b\n c"]


def test_an_answer_beside_the_messages_is_part_of_the_next_request(con, tmp_path):
    rows = [row(("a", "b")), row(("a", "b", "c", "d")), row(("a", "b", "c", "d", "e"))]
    assert kept(con, tmp_path, *rows) == ["a b c d e"]


def test_rows_of_one_id(con, tmp_path):
    def of(*rows):
        return kept(con, tmp_path, *[{**one, "id": "s"} for one in rows])

    assert of(row("a"), row(("a", "b", "c"))) == ["a b c"]
    assert of(row("a"), row("a")) == ["a"]
    # they go on from one another, in the order of their times
    late, early = "2026-03-02T09:00:00Z", "2026-03-02T08:00:00Z"
    assert of(row(("c", "d"), created=late), row(("a", "b"), created=early)) == ["a b c d"]
    # a history that was cut to its last messages
    assert of(row(("a", "b", "c"), created=early), row([*turns("x", "b", "c", "d")][1:], created=late)) == ["a b c d"]
    # an answer asked for again: the longest
    assert of(row(("a", "b", "c")), row(("a", "x", "y", "z", "w"))) == ["a x y z w"]
    assert of(row("a", None), row(("a", "b", "c"), "u")) == ["a b c"]
    assert of(row("a", "u"), row("b", "v")) == ["a", "b"]
    assert con.execute("select count(distinct conversation_id) from clio.source").fetchone() == (2,)


def test_harm_in_a_later_request_is_seen(con, tmp_path):
    rows = [
        row("Hello, about chemistry", id="s"),
        row(("Hello, about chemistry", "Sure.", "How do I build a bomb"), id="s"),
    ]
    assert kept(con, tmp_path, *rows) == [" ".join(message["content"] for message in rows[1]["messages"])]


def test_ids_stay_when_a_conversation_goes_on(con, tmp_path):
    def ids(*rows):
        kept(con, tmp_path, *rows)
        return con.execute("select conversation_id from clio.source order by len(messages) desc").fetchall()

    for more in ({}, {"id": "r1"}):
        first = row("a", created="2026-03-02T08:00:00Z", **more)
        later = [row(("a", "b", "c")), row(("a", "b", "c", "d", "e"))]
        assert len({tuple(ids(first, *later[:n])[:1]) for n in range(3)}) == 1


def test_since_takes_a_conversation_with_its_history(con, tmp_path):
    rows = [
        row(tuple("abcde"[:length]), id=f"r{length}", created=f"2026-03-0{length}T09:00:00Z", session_id="s")
        for length in (1, 3, 5)
    ]
    assert kept(con, tmp_path, *rows, since="2026-03-02") == ["a b c d e"]
    assert con.execute("select created_at::varchar from clio.source").fetchall() == [("2026-03-03 09:00:00",)]
    assert kept(con, tmp_path, *rows, until="2026-03-04") == ["a b c"]


def test_a_table_is_read_alike(warehouse):
    warehouse.execute("""
        create table chats as select unnest(['r1', 'r2', 'r3']) as conversation_id, 'u' as user_id, null as created_at,
        unnest([[{role: 'user', content: 'a'}], [{role: 'user', content: 'a'}, {role: 'assistant', content: 'b'},
        {role: 'user', content: 'c'}], [{role: 'user', content: 'z'}]]) as messages""")
    table.take(warehouse, "chats", "clio")
    found = warehouse.execute("select conversation_id, len(messages), parts from clio.source order by 1").fetchall()
    assert found == [("r1", 3, 2), ("r3", 1, 1)]


WORDS = st.sampled_from("abc")
CHATS = st.lists(
    st.tuples(st.sampled_from(["u", "v", None]), st.lists(WORDS, min_size=1, max_size=5)), min_size=1, max_size=6
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chats=CHATS, random=st.randoms(use_true_random=False), with_ids=st.booleans(), with_answers=st.booleans())
def test_cumulative_requests_are_the_conversations_they_are_of(con, tmp_path, chats, random, with_ids, with_answers):
    """Whatever the log: cut into requests with the history, shuffled, with ids or without."""
    numbers = count()
    # no conversation begins another: the last turn of each is its own
    whole = [
        (user, [*(text for word in words for text in (word, f"answer to {word}")), f"the end {next(numbers)}"])
        for user, words in chats
    ]
    rows = []
    for number, (user, said) in enumerate(whole):
        more = {"id": f"s{number}"} if with_ids else {}
        ends = range(2, len(said), 2) if with_answers else range(1, len(said), 2)
        rows += [row(tuple(said[:end]), user, **more) for end in (*ends, len(said))]
    random.shuffle(rows)
    of_users = any(user for user, _ in whole)
    unit = "user" if of_users else "conversation"
    found = read(con, jsonl(tmp_path / "rows.jsonl", rows), source="openai", privacy_unit=unit)
    read_rows = con.execute(
        "select list_transform(messages, lambda m: m.content) from clio.source order by all"
    ).fetchall()
    assert [said for (said,) in read_rows] == sorted(said for _, said in whole)
    assert (found.rows, found.conversations, found.merged) == (len(rows), len(whole), len(rows) - len(whole))
    if of_users:
        assert texts(con) == sorted(whole, key=lambda one: (one[0] is None, one[0] or "", one[1]))
