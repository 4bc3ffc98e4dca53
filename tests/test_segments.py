"""Segments: conversations of several requests are split, and no user or conversation counts for more by it."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import chats
import duckdb
import paid
import pytest
from conftest import here
from messages_server import KEY
from shared import once
from test_findings import PACKAGED, told
from warehouse import copied

import clio_sql
from clio_sql import builder
from clio_sql.errors import CheckError

COUNT, USERS = 120, 40
ROUND_TO = 5
PLACES = "select conversation_id, cluster_id from found_assignments where facet = 'request'"


def talk(number: int, user: str | None, *turns: str) -> dict[str, Any]:
    """A conversation of these turns of its user, each answered; 'thanks' is said after the first."""
    said = [turns[0], "thanks", *turns[1:]]
    messages = [
        {"role": role, "content": text}
        for place, turn in enumerate(said)
        for role, text in (("user", turn), ("assistant", f"This is how, in {number} steps."))
    ]
    return chats.chat(number, user, None, messages=messages)


def rows(count: int = COUNT) -> list[dict[str, Any]]:
    """Chats of two requests, one in five of them on one topic, and one of a user without an id."""
    first, second = chats.chats(count), chats.chats(count + 1, seed=2)
    second = [second[place + (place % 5 > 0)] for place in range(count)]
    made = [
        talk(place, f"u{place % USERS}", *(row["messages"][0]["content"] for row in both))
        for place, both in enumerate(zip(first, second, strict=True))
    ]
    return [*made, talk(count, None, "Please bake bread without yeast", "Help me to explain a python error")]


def analysis(path: Path, by: str, **settings: Any) -> Path:
    return paid.folder(path, segment_by=f"'{by}'", threshold_margin=0, min_users=10, min_conversations=20, **settings)


def ran(out: Path, given: list[dict[str, Any]], by: str, *more: str, **settings: Any) -> str:
    """The real command line over these rows; what it says."""
    file = chats.write(out / "chats.jsonl", given)
    done = here("run", file, "--into", out, "--analysis", analysis(out / "sql", by, **settings), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _made(folder: Path) -> None:
    (folder / "said.txt").write_text(ran(folder, rows(), "turns"), "utf-8")


@pytest.fixture(scope="module")
def turns() -> Path:
    """A run by turns. Copy it before it is changed."""
    return once("segments", _made)


@pytest.fixture
def again(turns, tmp_path) -> Path:
    return shutil.copytree(turns, tmp_path / "again")


def ask(out: Path, query: str, *values: Any) -> list[tuple]:
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        con.execute("set schema = 'clio'")
        return con.execute(query, values).fetchall()


def published(out: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def test_each_request_is_a_segment_and_a_word_of_thanks_is_none(turns):
    assert f"segments: {2 * COUNT + 1} of {COUNT + 1} conversations" in (turns / "said.txt").read_text("utf-8")
    columns = "conversation_id, whole_id, segment, len(messages), user_id"
    found = ask(turns, f"select {columns} from segments order by all")
    expected = [
        (f"c{n}{'#2' * (part - 1)}", f"c{n}", part, 6 - 2 * part, f"u{n % USERS}")
        for n in range(COUNT)
        for part in (1, 2)
    ]
    assert found == sorted([*expected, (f"c{COUNT}", f"c{COUNT}", 1, 6, None)])  # nobody's stays whole
    second = ask(turns, "select transcript from transcripts where conversation_id = 'c7#2'")[0][0]
    assert rows()[7]["messages"][4]["content"] in second and "thanks" not in second


def test_figures_count_users_and_conversations_once(turns):
    """Counted again from the rows that went in; no figure of a base cluster counts a conversation twice."""
    users = {row["conversation_id"]: row["user_id"] for row in rows()}
    inside: dict[str, set[str]] = defaultdict(set)
    for segment, cluster in ask(turns, PLACES):
        inside[cluster].add(segment.split("#")[0])
    bases = dict(ask(turns, "select cluster_id, base_cluster_ids from hierarchy"))
    shown = published(turns, "select cluster_id, conversations, users from clusters where cluster_id <> '(other)'")
    assert len(shown) >= 3
    for cluster, conversations, people in shown:
        wholes = [whole for base in bases[cluster] for whole in inside[base]]
        assert abs(conversations - len(wholes)) <= ROUND_TO / 2
        assert abs(people - len({users[whole] for whole in wholes} - {None})) <= ROUND_TO / 2
    assert published(turns, "select segment_by from about") == [("turns",)]
    assert not [each for rows_ in chats.published(turns).values() for row in rows_ for each in row if "#2" in str(each)]


def test_values_are_those_of_the_conversation_and_its_parts(turns):
    months = ask(turns, "select conversation_id, value from direct_facets where facet = 'month'")
    assert Counter(value for _, value in months) == {"2026-03": 2 * COUNT + 1}
    assert ask(
        turns, "select distinct value from direct_facets where facet = 'turns' and conversation_id like '%#2'"
    ) == [("1",)]


def test_a_chat_with_one_topic_over_and_over_counts_once(tmp_path):
    """One user with a chat of ten requests does not make a cluster of twelve conversations one of twenty."""
    talks = [talk(n, f"u{n}", f"Please bake bread {n} without yeast for the party") for n in range(11)]
    long = talk(11, "long", *(f"Please bake bread {n} without yeast for the party" for n in range(20, 30)))
    ran(tmp_path, [*talks, long], "turns")
    assert ask(tmp_path, "select count(*), count(distinct whole_id) from segments") == [(21, 12)]
    assert ask(tmp_path, "select sum(conversations) from gated_clusters where facet = 'request'") == [(12,)]
    assert published(tmp_path, "select * from clusters") == []
    assert ask(tmp_path, "select count(*) from suppressed where facet = 'request'") == [(12,)]


def test_a_conversation_that_counts_twice_stops_the_run(turns, tmp_path):
    """What the check finds where the rule of `assignments` is taken out."""
    with clio_sql.connect(copied(turns, tmp_path / "warehouse.duckdb")) as con:
        builder.check(con)
        con.execute("""
            insert into clio.assignments by name
            select *, cluster_id as found_id
            from clio.found_assignments anti join clio.assignments using (conversation_id, facet) limit 1""")
        with pytest.raises(CheckError, match="no_conversation_is_counted_twice"):
            builder.check(con)


def test_a_conversation_that_goes_on_keeps_its_segments_and_one_that_vanishes_takes_its_own(again):
    given = [row for row in rows() if row["conversation_id"] != "c5"]
    given[3]["messages"] += talk(3, None, "Please return a broken kettle to the shop")["messages"][:2]
    given.append(chats.chat(0, "u9", "Please bake bread without yeast", conversation_id="c4#2"))
    with clio_sql.connect(again / "warehouse.duckdb") as con:
        con.execute("insert into clio_state.conversation_inputs values ('c4#2', 'x'), ('c3#2', 'y')")
    assert "segments: 2 new, 1 changed, 1 vanished" in ran(again, given, "turns")
    # a text of u4 is not taken for one of u9, whose new conversation has the id of an earlier segment
    assert ask(again, "select conversation_id from clio_state.conversation_inputs") == [("c3#2",)]
    assert ask(again, "select conversation_id, first_position from segments where whole_id = 'c3' order by all") == [
        ("c3", 1), ("c3#2", 5), ("c3#3", 7),
    ]  # fmt: skip
    for table in ("facet_values", "embeddings", "placements", "assignments"):
        assert ask(again, f"select count(*) from {table} where conversation_id in ('c5', 'c5#2')") == [(0,)]


def test_a_refit_that_changes_no_user_does_not_wait(again):
    """Segments that no figure counts are no change of their users."""
    assert ask(again, "select count(*) from assignments") < ask(again, "select count(*) from found_assignments")
    said = ran(again, rows(), "turns", "--refit")
    assert "clusters fitted again, because --refit was given" in said and "postponed" not in said


def test_erasure_takes_all_segments_also_those_of_earlier_runs(again):
    """A segment that is gone since, and one that another conversation's id looks like."""
    with clio_sql.connect(again / "warehouse.duckdb") as con:
        con.execute("insert into clio_state.conversation_inputs values ('c5#9', 'x'), ('c6#9', 'y')")
    done = here("forget", again, "--user", "u5", "--analysis", again / "sql")
    assert done.returncode == 0, done.stderr
    gone = [f"c{number}" for number in range(5, COUNT, USERS)]
    assert f"Erased: {len(gone)} conversations" in done.stdout + done.stderr
    with duckdb.connect(str(again / "warehouse.duckdb"), read_only=True) as con:
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() semi join duckdb_tables() "
            "using (database_oid, schema_oid, table_oid) where column_name in ('conversation_id', 'whole_id', 'key')"
        ).fetchall():
            ids = con.execute(f'select distinct "{column}"::varchar from "{schema}"."{table}"').fetchall()
            assert not {each.split("#")[0] for (each,) in ids if each} & set(gone), table
        assert con.execute("select conversation_id from clio_state.conversation_inputs").fetchall() == [("c6#9",)]


def test_by_topic_only_another_topic_begins_one(tmp_path):
    """Two turns about bread are one segment, and the refund after them is another."""
    asked = (
        "How do I bake bread without yeast?",
        "Which flour makes the bread softer?",
        "I want a refund for a damaged parcel from the shop",
    )
    messages = [{"role": "user", "content": text} for text in asked]
    given = [chats.chat(number, f"u{number}", None, messages=messages) for number in range(20)]
    ran(tmp_path, given, "topic")
    found = ask(tmp_path, "select distinct segment, first_position from segments order by all")
    assert found == [(1, 1), (2, 3)]
    assert ask(tmp_path, "select count(*) from turn_embeddings") == [(3 * len(given),)]


def test_a_plan_counts_a_call_for_each_segment(tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    file = chats.write(tmp_path / "chats.jsonl", rows())
    done = here("plan", file, "--analysis", analysis(tmp_path / "sql", "turns"), "--provider", "anthropic")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"(?m)^extract +{2 * COUNT + 1} ", done.stdout), done.stdout


WRONG = {
    "segment_by": (
        ("null::varchar as segment_by", "'topics'::varchar as segment_by"),
        "segment_by 'topics'; allowed: turns, topic",
    ),
    "max_segments": (("10::integer as max_segments", "1::integer as max_segments"), "max_segments is 1; "),
    "segment_words": (("5::integer as segment_words", "null::integer as segment_words"), "segment_words is None"),
    "segment_similarity": (
        ("0.2::double as segment_similarity", "20::double as segment_similarity"),
        "segment_similarity is 20",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_setting_that_is_wrong_is_told(tmp_path, name):
    (old, new), expected = WRONG[name]
    found = told(tmp_path, {"settings.sql": PACKAGED["settings"].replace(old, new)})
    assert any(expected in each for each in found), found
