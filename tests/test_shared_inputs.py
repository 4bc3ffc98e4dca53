"""Each file of shared/inputs has the right value of its README: what no test of a format reads, and whole runs."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from conftest import ROOT
from test_formats import INPUTS
from test_trees import SHARED as TREES
from warehouse import changed

import clio_sql
from clio_sql import builder, sources
from clio_sql.analysis import catalog

FOLDER = ROOT.parent / "shared" / "inputs"
PUBLISHED = [relation.name for relation in catalog.load() if relation.published and relation.name != "about"]
TOPICS = "select name, description, level, conversations, users from clio.clusters where facet = 'request' order by all"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the folder of inputs is not here")

# file -> rows, conversations, users, rows whose user names nobody, rows with half a character, rows left out
COUNTS = {
    "anthropic_claude_code_one_person.jsonl.gz": (120, 120, 1, 0, 0, 0),
    "openai_three_conversations_cumulative_nouser.jsonl.gz": (120, 3, 3, 0, 0, 0),
    "canonical_cumulative.jsonl.gz": (300, 60, 20, 0, 0, 0),
    "wildchat_same_hash.parquet": (60, 60, 60, 0, 0, 0),
    "null_like_users.jsonl": (60, 60, 10, 30, 0, 0),
    "lone_surrogate.jsonl": (60, 60, 30, 0, 1, 0),
    "csv_utf16.csv": (60, 60, 20, 0, 0, 0),
    "csv_excel_sep.csv": (60, 60, 20, 0, 0, 0),
    "jsonl_truncated_last.jsonl": (59, 59, 20, 0, 0, 1),
    "export.zip": (61, 61, 21, 0, 0, 0),
    "session_late_concern.jsonl": (2, 1, 1, 0, 0, 0),
    "whole_late_concern.jsonl": (1, 1, 1, 0, 0, 0),
    "no_tpl.jsonl": (180, 180, 30, 0, 0, 0),
    "tpl_prefix.jsonl.gz": (180, 180, 30, 0, 0, 0),
    "rag_prefix.jsonl.gz": (180, 180, 30, 0, 0, 0),
    "dups_without_400.jsonl": (120, 120, 60, 0, 0, 0),
    "dups.jsonl.gz": (520, 520, 60, 0, 0, 0),
}
OF_CONVERSATIONS = ("openai_three_conversations_cumulative_nouser.jsonl.gz",)  # no row names a user
ELSEWHERE = {"times2.jsonl": "test_formats.test_the_hours_that_texts_tell"}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with clio_sql.connect() as connection:
        yield connection


def read(con: duckdb.DuckDBPyConnection, name: str) -> sources.Source:
    return sources.read(con, FOLDER / name, privacy_unit="conversation" if name in OF_CONVERSATIONS else "user")


def build(con: duckdb.DuckDBPyConnection, name: str, upto: str = "") -> None:
    """A build of a file: of all relations, or of one and what it needs."""
    found = read(con, name)
    builder.describe_input(
        con, "clio", format=found.format, privacy_unit=found.privacy_unit, breakdowns=found.breakdowns
    )
    relations = changed(term_band=1)  # exact: the names of two builds are compared
    wanted = {upto or relation.name for relation in relations}
    for relation in reversed(catalog.in_order(relations)):
        wanted.update(relation.inputs if relation.name in wanted else ())
    builder.run(con, relations=[relation for relation in relations if relation.name in wanted])


def topics(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple]:
    build(con, name)
    return con.execute(TOPICS).fetchall()


def requests(con: duckdb.DuckDBPyConnection) -> int:
    return con.execute("select count(distinct value) from clio.facet_values where facet = 'request'").fetchall()[0][0]


def test_each_file_has_its_test():
    tested = {*COUNTS, *ELSEWHERE, *INPUTS, *(name.partition("::")[0] for name in TREES)}
    assert {path.name for path in FOLDER.iterdir()} - {"README.md"} == tested


@pytest.mark.parametrize("name", COUNTS)
def test_rows_conversations_and_users(con, name):
    found = read(con, name)
    left_out = sum(rows for _, rows in found.left_out)
    assert (found.rows, found.conversations, found.users, found.nameless, found.mended, left_out) == COUNTS[name]
    spoken = con.execute("select count_if(len(messages) > 0) from clio.source").fetchall()
    assert spoken == [(60 if name == "export.zip" else found.conversations,)]  # one chat of the export is empty


def test_a_row_that_is_cut_off_is_named_by_its_line(con):
    assert read(con, "jsonl_truncated_last.jsonl").left_out == (("an end that is cut off (line 60)", 1),)


def test_half_a_character_is_mended_and_the_row_stays(con):
    read(con, "lone_surrogate.jsonl")
    assert con.execute("select count_if(contains(messages::varchar, chr(65533))) from clio.source").fetchall() == [(1,)]


def test_of_an_id_the_longest_row_stays_whole(con):
    read(con, "canonical_cumulative.jsonl.gz")
    longest = f"""
        select conversation_id, max_by(messages, len(messages)) as messages
        from read_json('{FOLDER / "canonical_cumulative.jsonl.gz"}') group by conversation_id order by all"""
    assert con.execute("select conversation_id, messages from clio.source order by all").fetchall() == (
        con.execute(longest).fetchall()
    )


def test_harm_in_a_late_turn_is_seen_however_the_log_is_cut(con):
    said = []
    for name in ("session_late_concern.jsonl", "whole_late_concern.jsonl"):
        read(con, name)
        said.append(con.execute("select messages from clio.source").fetchall())
    assert said[0] == said[1]
    build(con, "session_late_concern.jsonl", "facet_values")
    assert con.execute("select value from clio.facet_values where facet = 'concern'").fetchall() == [("5",)]


@pytest.mark.parametrize(
    "name", ["anthropic_claude_code_one_person.jsonl.gz", "openai_three_conversations_cumulative_nouser.jsonl.gz"]
)
def test_one_person_and_three_conversations_publish_nothing(con, name):
    build(con, name)
    assert requests(con) > 0, "they were analysed"
    assert {relation: con.execute(f"select count(*) from clio.{relation}").fetchall() for relation in PUBLISHED} == (
        {relation: [(0,)] for relation in PUBLISHED}
    )


def test_a_template_and_what_was_retrieved_change_no_topic(con):
    plain = topics(con, "no_tpl.jsonl")
    assert len(plain) > 2 and requests(con) == 18
    # the names and descriptions are equal, so they hold no word of the template
    assert topics(con, "tpl_prefix.jsonl.gz") == plain and requests(con) == 18
    build(con, "rag_prefix.jsonl.gz", "facet_values")
    assert requests(con) == 18


def test_400_equal_requests_push_no_other_topic_out(con):
    def named(found):
        return {tuple(sorted(row[0].lower().replace(" query", "").split(" and "))) for row in found}

    without = named(topics(con, "dups_without_400.jsonl"))
    assert named(topics(con, "dups.jsonl.gz")) == without | {("summarize the text",)}
