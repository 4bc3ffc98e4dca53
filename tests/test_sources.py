"""Reading inputs: each format through a real file on real DuckDB, and every bad input's message."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clio_sql.errors import InputError
from clio_sql.sources import FORMATS, read
from clio_sql.sources.limits import Limits

SAMPLES = Path(__file__).parent / "samples"
HOSTILE = "\"; drop table x; --'"
SECRET = "my name is Zebulon"


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def rows(con, schema="clio"):
    return con.execute(
        f"select conversation_id, user_id, created_at, messages, metadata from {schema}.source order by all"
    ).fetchall()


def turns(con, conversation_id):
    (messages,) = con.execute(
        "select messages from clio.source where conversation_id = ?", [conversation_id]
    ).fetchone()
    return [(message["role"], message["content"]) for message in messages]


def jsonl(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def chat(id_="c", user="u", text="hello", **more):
    return {"conversation_id": id_, "user_id": user, "messages": [{"role": "user", "content": text}], **more}


def refused(con, path, **arguments):
    """The message of the InputError; it never quotes the conversation, nor does what it was raised from."""
    with pytest.raises(InputError) as caught:
        read(con, path, **arguments)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None and (caught.value.__suppress_context__ or caught.value.__context__ is None)
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_each_format_is_found_by_itself_and_by_name(con, path):
    found = read(con, path, privacy_unit="conversation")
    by_itself = rows(con)
    named = read(con, path, source=path.stem, privacy_unit="conversation")
    assert found == named and found.format == path.stem and found.conversations == len(by_itself) > 0
    assert rows(con) == by_itself
    described = con.execute("select column_name, column_type from (describe clio.source)").fetchall()
    assert described == [
        ("conversation_id", "VARCHAR"),
        ("user_id", "VARCHAR"),
        ("created_at", "TIMESTAMP"),
        ("messages", 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'),
        ("metadata", "MAP(VARCHAR, VARCHAR)"),
        ("numbers", "MAP(VARCHAR, DOUBLE)"),
        ("parts", "BIGINT"),
        ("names_nobody", "BOOLEAN"),
    ]


@pytest.mark.parametrize("blank", ["", " \t"])
def test_an_id_of_blanks_is_none(con, tmp_path, blank):
    """Else all messages that have it would be one conversation, of one of those who wrote them."""
    path = tmp_path / "messages.parquet"
    con.execute(
        "copy (select ? as conversation_id, 'u' || i as user_id, 'user' as role, 'text ' || i as content "
        f"from range(3) t(i)) to '{path}'",
        [blank],
    )
    read(con, path)
    assert [(row[0], len(row[3])) for row in rows(con)] == [(None, 1)] * 3
    read(con, jsonl(tmp_path / "chats.jsonl", chat(blank), chat("c")))
    assert [row[0] for row in rows(con)] == ["c", None]


TIMES = ["2026-03-01T10:00:00Z", "yesterday", None, "", "infinity", "290000-01-01", "0044-03-15", "1767225600"]


def test_a_whole_number_is_one_id_however_it_is_written(con, tmp_path):
    users = (45, 45.0, "45", "45.0", 4.5, None)
    read(con, jsonl(tmp_path / "chats.jsonl", *[chat(7.0 + i, user) for i, user in enumerate(users)]))
    found = con.execute("select conversation_id, user_id from clio.source order by 1").fetchall()
    assert found == [
        ("10", "45"), ("11", "4.5"), ("12", None), ("7", "45"), ("8", "45"), ("9", "45"),
    ]  # fmt: skip


@pytest.mark.parametrize("type_", ["bigint", "float", "double", "decimal(9, 2)", "varchar"])
def test_a_column_with_gaps_in_it_has_the_ids_of_one_without(con, tmp_path, type_):
    """A forgotten person must not come back because an export writes 45 as 45.0."""
    file = tmp_path / "chats.parquet"
    con.execute(
        f"copy (select id::{type_} as conversation_id, id::{type_} as user_id, 'user' as role, 'hello' as content "
        f"from values (7), (45), (null) t(id)) to '{file}'"
    )
    read(con, file)
    found = con.execute("select conversation_id, user_id from clio.source order by 1 nulls last").fetchall()
    assert found == [("45", "45"), ("7", "7"), (None, None)]


def test_a_fraction_stays_and_nan_is_nobody(con, tmp_path):
    file = tmp_path / "chats.parquet"
    con.execute(
        "copy (select 'c' || id as conversation_id, id::double as user_id, 'user' as role, 'hello' as content "
        f"from values ('4.5'), ('nan'), ('-inf'), ('9007199254740991')  t(id)) to '{file}'"
    )
    read(con, file)
    found = dict(con.execute("select conversation_id, user_id from clio.source").fetchall())
    assert found == {"c4.5": "4.5", "cnan": None, "c-inf": None, "c9007199254740991": "9007199254740991"}


def test_times_that_cannot_be_read_are_counted(con, tmp_path):
    chats = [chat(str(number), created_at=time) for number, time in enumerate(TIMES)]
    found = read(con, jsonl(tmp_path / "chats.jsonl", *chats))
    assert found.untimed == 6
    times = dict(con.execute("select conversation_id::int, created_at from clio.source").fetchall())
    told = {number: str(time) for number, time in times.items() if time}
    assert told == {0: "2026-03-01 10:00:00", 7: "2026-01-01 00:00:00"}
    con.execute(
        "copy (from values ('a', 'u', 'user', 't', timestamp 'infinity'), ('b', 'u', 'user', 't', '2026-03-01') "
        f"t(conversation_id, user_id, role, content, created_at)) to '{tmp_path / 'm.parquet'}'"
    )
    assert read(con, tmp_path / "m.parquet").untimed == 1
    assert con.execute("select count(created_at) from clio.source").fetchone() == (1,)
    assert read(con, tmp_path / "m.parquet", since="2026-01-01").untimed == 0  # it is told that they are left out
    assert read(con, jsonl(tmp_path / "none.jsonl", chat())).untimed == 0


def test_every_format_has_a_sample():
    assert {path.stem for path in SAMPLES.iterdir()} == set(FORMATS)


def test_canonical(con):
    read(con, SAMPLES / "canonical.jsonl", breakdowns=["plan"])
    assert rows(con) == [
        (
            "c1", "u1", datetime(2024, 3, 1, 10),
            [{"role": "user", "content": "How do I boil an egg? 🥚"},
             {"role": "assistant", "content": "Eight minutes."},
             {"role": "narrator", "content": "Later."}],
            {"plan": "pro", "seats": "3"},
        ),
        # a row without a user is of the one that the others of its id name
        ("c2", "u2", datetime(2024, 3, 2, 4, 30), [{"role": "user", "content": "שלום, מה שלומך?"}],
         {"plan": None, "seats": "1"}),
        ("c2", "u2", None, None, {"plan": "free", "seats": None}),
    ]  # fmt: skip


def test_canonical_keeps_its_own_metadata_and_reads_what_it_wrote(con, tmp_path):
    read(con, jsonl(tmp_path / "a.jsonl", chat(metadata={"plan": "pro"}, city="Oslo")), breakdowns=["plan"])
    first = rows(con)
    assert first[0][4] == {"plan": "pro", "city": "Oslo"}
    con.execute(f"copy (from clio.source select #1, #2, #3, #4, #5) to '{tmp_path / 'b.parquet'}'")
    read(con, tmp_path / "b.parquet")
    assert rows(con) == first


def test_messages_are_put_in_order_and_belong_to_the_person_not_the_bot(con):
    read(con, SAMPLES / "messages.csv")
    assert turns(con, "m1") == [
        ("user", "How do I cut an onion?"),
        ("assistant", 'Use a "sharp" knife,\nand a board.'),
        ("user", "Thanks"),
    ]
    assert turns(con, "m2") == [("user", "Hello"), ("assistant", "Hi")]  # equal times: as in the file
    (first,) = [row for row in rows(con) if row[0] == "m1"]
    assert first[1:3] == ("u1", datetime(2024, 3, 1, 10))


def test_messages_without_a_conversation_are_not_put_together(con):
    read(con, SAMPLES / "messages.csv")
    strays = [row for row in rows(con) if row[0] is None]
    assert [(user, len(messages)) for _, user, _, messages, _ in strays] == [("u3", 1), ("u4", 1)]


def test_message_order_survives_many_row_groups(con, tmp_path):
    """Shuffled rows of 3,000 conversations; a list built in parallel without `order by` would mix them."""
    path = tmp_path / "m.parquet"
    con.execute(
        f"""copy (
            select (i // 100)::varchar conversation_id, 'u' || i // 100 as user_id, 'user' as role,
                (i % 100)::varchar as content, timestamp '2024-01-01' + interval 1 second * i as created_at
            from range(300000) t(i) order by md5(i::varchar)
        ) to '{path}' (row_group_size 20000)"""
    )
    read(con, path)
    expected = [str(i) for i in range(100)]
    query = "select count(*) from clio.source where list_transform(messages, lambda m: m.content) != ?"
    wrong = con.execute(query, [expected]).fetchone()
    assert wrong == (0,) and con.execute("select count(*) from clio.source").fetchone() == (3000,)


def test_wildchat_takes_the_hash_from_a_message_where_the_row_has_none(con):
    source = read(con, SAMPLES / "wildchat.parquet", breakdowns=["country", "language"])
    assert [row[:3] for row in rows(con)] == [
        ("w1", "h1", datetime(2024, 3, 1, 10)),
        ("w2", "h2", datetime(2024, 3, 1, 11)),
    ]
    assert source.metadata == ("country", "language", "model", "toxic", "turn")


def test_sharegpt_roles(con):
    read(con, SAMPLES / "sharegpt.jsonl", privacy_unit="conversation")
    assert [role for role, _ in turns(con, "sg_1")] == ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize("name", ["sharegpt", "openai", "anthropic"])
def test_made_ids_are_distinct_and_the_same_each_time_and_in_each_company(con, tmp_path, name):
    path = SAMPLES / f"{name}.jsonl"
    read(con, path, privacy_unit="conversation")
    ids = [row[0] for row in rows(con)]
    assert len(set(ids)) == len(ids) == 3
    more = tmp_path / "more.jsonl"
    extra = json.loads(path.read_text().splitlines()[1])
    key = "conversations" if name == "sharegpt" else "messages"
    extra[key][0]["value" if name == "sharegpt" else "content"] = "Something else"
    more.write_text(json.dumps(extra) + "\n" + path.read_text())
    read(con, more, privacy_unit="conversation")
    assert set(ids) < {row[0] for row in rows(con)}


def test_openai_parts_and_tool_calls(con):
    read(con, SAMPLES / "openai.jsonl")
    (first,) = [row for row in rows(con) if row[1] == "o1"]
    assert first[2] == datetime(2024, 3, 1, 11)  # seconds from 1970
    assert [(m["role"], m["content"]) for m in first[3]] == [
        ("system", "Be kind."),
        ("user", "What is this?\nTell me."),
        ("tool_call", "look_up"),
        ("tool", "A cat"),
        ("assistant", "A cat."),
    ]


def test_claude_export_blocks_and_older_text(con):
    read(con, SAMPLES / "claude_export.json")
    assert turns(con, "ce1") == [
        ("user", "How long for eggs?"),
        ("tool_call", "web_search"),
        ("tool", "8 min"),
        ("assistant", "Eight\nminutes."),
    ]
    assert turns(con, "ce2") == [("user", "Only text")]
    assert {row[1] for row in rows(con)} == {"acc1", "acc2"}


def test_anthropic_blocks_tools_system_and_response(con):
    read(con, SAMPLES / "anthropic.jsonl")
    (first,) = [row for row in rows(con) if row[1] == "an1"]
    assert [(m["role"], m["content"]) for m in first[3]] == [
        ("system", "Be kind."),
        ("user", "Weather in Oslo?"),
        ("assistant", "Let me look."),
        ("tool_call", "weather"),
        ("tool", "4 degrees"),
        ("user", "And now?"),
        ("assistant", "Cold."),
    ]


def test_an_image_alone_is_still_a_turn(con, tmp_path):
    image = {"role": "user", "content": [{"type": "image", "source": {}}]}
    answer = {"role": "assistant", "content": "A cat."}
    record = {"max_tokens": 1, "id": "i", "user_id": "u", "messages": [image, answer]}
    read(con, jsonl(tmp_path / "a.jsonl", record))
    assert turns(con, "i") == [("user", ""), ("assistant", "A cat.")]


def test_columns_can_be_mapped_however_they_are_called(con, tmp_path):
    con.execute("create table x (a int)")
    spoken = [{"role": "user", "content": "hi"}]
    record = {HOSTILE: "u9", 'chat"': spoken, "key'": "c9", "on": "2024-03-01", "a b": 1}
    mapped = {"user_id": HOSTILE, "messages": 'chat"', "conversation_id": "key'", "created_at": "on"}
    expected = [("c9", "u9", datetime(2024, 3, 1), spoken, {"a b": "1"})]
    path = jsonl(tmp_path / "a.jsonl", record)
    assert read(con, path, columns=mapped).format == "canonical"
    assert rows(con) == expected
    con.execute(f"copy (from read_json('{path}')) to '{tmp_path / 'a.parquet'}'")
    read(con, tmp_path / "a.parquet", columns=mapped, breakdowns=["a b"])
    assert rows(con) == expected and con.execute("select count(*) from x").fetchone() == (0,)


def test_a_mapped_messages_column_does_not_make_it_another_format(con, tmp_path):
    """Mapped, `chat` would else do for the `conversations` of ShareGPT, whose fields are others."""
    path = jsonl(tmp_path / "a.jsonl", {"user_id": "u", "chat": [{"role": "user", "content": "hi"}]})
    assert read(con, path, columns={"messages": "chat"}).format == "openai"
    jsonl(path, {"user_id": "u", "chat": [{"from": "human", "value": "hi"}]})
    assert read(con, path, columns={"messages": "chat"}, source="sharegpt").format == "sharegpt"


def test_a_hostile_column_is_only_metadata(con, tmp_path):
    path = jsonl(tmp_path / "a.jsonl", chat(**{HOSTILE: "x"}))
    source = read(con, path, breakdowns=[HOSTILE], schema="s\"'")
    assert source.breakdowns == (HOSTILE,)
    assert con.execute('select metadata[?] from "s""\'".source', [HOSTILE]).fetchone() == ("x",)


def test_column_names_are_found_whatever_their_case(con, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Conversation_ID,ROLE,Content,User_Id\n1,user,hi,u\n")
    read(con, path)
    assert rows(con) == [("1", "u", None, [{"role": "user", "content": "hi"}], {})]


def test_a_column_of_our_own_names_does_no_harm(con, tmp_path):
    path = tmp_path / "a.csv"
    header = "conversation_id,role,content,user_id,position,source,raw\n"
    path.write_text(header + "1,user,a,u,9,x,y\n1,user,b,u,8,x,y\n")
    read(con, path)
    assert turns(con, "1") == [("user", "a"), ("user", "b")]
    assert rows(con)[0][4] == {"position": "9", "source": "x", "raw": "y"}


def test_a_key_of_the_last_row_is_not_missed(con, tmp_path):
    """By default DuckDB looks for the columns of JSON in the first 20,480 rows."""
    path = jsonl(tmp_path / "a.jsonl", *(chat(str(i)) for i in range(25_000)), chat("last", plan="pro"))
    assert read(con, path, breakdowns=["plan"]).rows == 25_001


def test_ids_and_dates_stay_as_they_are_written(con, tmp_path):
    """Types guessed from values would make 007 a number and the date a timestamp."""
    read(con, jsonl(tmp_path / "a.jsonl", chat("007", day="2024-3-1", late=None), chat("8", late="yes")))
    assert [(row[0], row[4]) for row in rows(con)] == [
        ("007", {"day": "2024-3-1", "late": None}),
        ("8", {"day": None, "late": "yes"}),
    ]
    (tmp_path / "a.csv").write_text("conversation_id,role,content,user_id\n007,user,1.50,08\n")
    read(con, tmp_path / "a.csv")
    assert rows(con)[0][:2] == ("007", "08") and turns(con, "007") == [("user", "1.50")]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-03-01T10:00:00Z", datetime(2024, 3, 1, 10)),
        ("2024-03-01 10:00:00", datetime(2024, 3, 1, 10)),
        ("2024-03-01T10:00:00+05:30", datetime(2024, 3, 1, 4, 30)),
        ("2024-03-01", datetime(2024, 3, 1)),
        (1709287200, datetime(2024, 3, 1, 10)),
        (1709287200000, datetime(2024, 3, 1, 10)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_are_utc_in_every_time_zone(con, tmp_path, zone, written, utc):
    con.execute(f"set TimeZone = '{zone}'")
    read(con, jsonl(tmp_path / "a.jsonl", chat(created_at=written)))
    assert rows(con)[0][2] == utc


def test_parquet_times_with_a_zone_are_utc(con, tmp_path):
    path = tmp_path / "a.parquet"
    con.execute("set TimeZone = 'America/New_York'")
    con.execute(
        f"""copy (select 'c' conversation_id, 'u' user_id, timestamptz '2024-03-01 10:00:00+00' created_at,
        [{{'role': 'user', 'content': 'x'}}] as messages) to '{path}'"""
    )
    read(con, path)
    assert rows(con)[0][2] == datetime(2024, 3, 1, 10)


def test_text_kinds_and_compression_read_the_same(con, tmp_path):
    records = [chat("a", text="one"), chat("b", text="two")]
    array = tmp_path / "a.json"
    array.write_text(json.dumps(records, indent=2))
    lines = jsonl(tmp_path / "a.ndjson", *records)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(lines.read_bytes()))
    csv = tmp_path / "a.csv"
    con.execute(f"copy (select * replace (to_json(messages) as messages) from '{lines}') to '{csv}'")
    zipped = tmp_path / "a.csv.gz"
    zipped.write_bytes(gzip.compress(csv.read_bytes()))
    seen = []
    for path in (array, lines, packed, csv, zipped):
        read(con, path)
        seen.append(rows(con))
    assert seen == [seen[0]] * 5 and len(seen[0]) == 2


def test_a_folder_and_a_glob_of_parquet(con, tmp_path):
    for number, plan in enumerate(("free", "pro")):
        folder = tmp_path / f"plan={plan}"
        folder.mkdir()
        path = jsonl(tmp_path / "a.jsonl", chat(str(number)))
        con.execute(f"copy (from '{path}') to '{folder / 'part[1].parquet'}'")
    assert "files of 2 kinds, json, parquet" in refused(con, tmp_path)
    (tmp_path / "a.jsonl").unlink()
    assert read(con, tmp_path, breakdowns=["plan"]).rows == 2
    assert [(row[0], row[4]["plan"]) for row in rows(con)] == [("0", "free"), ("1", "pro")]
    assert read(con, f"{tmp_path}/*/*.parquet").rows == 2
    source = read(con, tmp_path / "plan=pro" / "part[1].parquet")
    assert source.rows == 1 and source.metadata == ()  # a file's path is not data


def test_a_file_named_like_a_pattern_is_that_file(con, tmp_path):
    """DuckDB takes p[1].parquet for a pattern and would read p1.parquet, another's conversations."""
    for name in ("p1", "p[1]"):
        path = jsonl(tmp_path / "a.jsonl", chat(name))
        con.execute(f"copy (from '{path}') to '{tmp_path / name}.parquet'")
    read(con, tmp_path / "p[1].parquet")
    assert [row[0] for row in rows(con)] == ["p[1]"]


def test_a_table_of_a_duckdb_file(con, tmp_path):
    path = tmp_path / "clio.duckdb"  # its stem is the name of a schema in it
    with duckdb.connect(str(path)) as other:
        other.execute("create schema clio")
        other.execute(f"create table clio.clio.chats as from '{jsonl(tmp_path / 'a.jsonl', chat())}'")
    for given_ in (path, f"{path}::chats", f"{path}::clio.chats"):
        assert read(con, given_).rows == 1
    with duckdb.connect(str(path)) as other:
        other.execute("""create table "we""ird; --" as from clio.clio.chats""")
    assert read(con, f'{path}::main.we"ird; --').rows == 1
    message = refused(con, path)
    assert "which table? There is: clio.chats, main.(a text of 10 characters). Give it as clio.duckdb::" in message
    assert "'gone' is not one of its tables. There is: " in refused(con, f"{path}::gone")
    attached = con.execute("select count(*) from duckdb_databases() where database_name like 'clio_input%'")
    assert attached.fetchone() == (0,)


def test_a_locked_duckdb_file(con, tmp_path):
    path = tmp_path / "a.duckdb"
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open'); sys.stdin.read()"
    command = [sys.executable, "-u", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "open\n"
        message = refused(con, path)
        holder.stdin.close()
    assert "another process has it locked" in message and "Close it there" in message


def test_the_duckdb_file_that_is_open_here(tmp_path):
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table t (a int)")
        assert "this process has it open already" in refused(con, path)


def test_no_duckdb_file_at_all(con, tmp_path):
    path = tmp_path / "a.duckdb"
    path.write_text(SECRET * 1000)
    assert "cannot be opened as a DuckDB database" in refused(con, path)


def test_nothing_of_the_path_is_in_the_database(tmp_path):
    path = jsonl(tmp_path / "zanzibar.jsonl", chat())
    with duckdb.connect(str(tmp_path / "w.db")) as con:
        read(con, path)
        con.execute("checkpoint")
        assert con.execute("select sql from duckdb_views() where not internal").fetchall() == []
        assert "zanzibar" not in str(con.execute("select sql from duckdb_tables()").fetchall())
    assert b"zanzibar" not in (tmp_path / "w.db").read_bytes()


def test_no_user_column_is_refused_with_the_reason_and_leaves_no_table(con):
    message = refused(con, SAMPLES / "lmsys.jsonl")
    assert "no row has a user id" in message and "--user-column" in message
    assert "--privacy-unit conversation" in message
    assert con.execute("select count(*) from duckdb_tables() where table_name = 'source'").fetchone() == (0,)
    assert read(con, SAMPLES / "lmsys.jsonl", columns={"user_id": "model"}).rows == 1


def test_privacy_unit_conversation(con, tmp_path):
    source = read(con, jsonl(tmp_path / "a.jsonl", chat("a"), chat("b")), privacy_unit="conversation")
    assert source.privacy_unit == "conversation" and [row[1] for row in rows(con)] == ["a", "b"]


def test_unrecognised_columns_are_listed_with_those_wanted(con, tmp_path):
    message = refused(con, jsonl(tmp_path / "a.jsonl", {"topic": SECRET, "words": 3}))
    assert message.startswith("a.jsonl: its columns are not those of any known format")
    assert "found: topic, words" in message and "canonical: conversation_id, messages" in message
    assert "wildchat: conversation_hash, conversation" in message
    assert all(f"  {name}: " in message for name in FORMATS)
    assert "lmsys" not in refused(con, tmp_path / "a.jsonl", source="canonical")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"source": "whatsapp"}, "source: 'whatsapp' does not exist. There is: chatgpt"),
        ({"columns": {"speaker": "x"}}, "columns: 'speaker' does not exist. There is: conversation_id"),
        ({"columns": {"user_id": "gone"}}, "column: 'gone' does not exist. There is: conversation_id, user_id"),
        ({"columns": {"role": "user_id"}}, "its columns are not those of any known format"),
        ({"breakdowns": ["gone"]}, "breakdown: 'gone' does not exist. There is: plan"),
        ({"privacy_unit": "team"}, "privacy_unit: 'team' does not exist. There is: user, conversation"),
    ],
)
def test_wrong_arguments_say_what_there_is(con, tmp_path, arguments, part):
    assert part in refused(con, jsonl(tmp_path / "a.jsonl", chat(plan="pro", text=SECRET)), **arguments)


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.jsonl", b"", "a.jsonl is empty (0 bytes)"),
        ("a.csv", b"", "a.csv is empty (0 bytes)"),
        ("a.jsonl", b"\n \n", "has no rows"),
        ("a.json", b"[]", "has no rows"),
        ("a.csv", b"conversation_id,role,content\n", "has no rows"),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), "has no rows"),
        ("a.txt", b"hello", "not a kind that can be read. Allowed: .parquet, .jsonl"),
        ("a.parquet.gz", b"hello", "not a kind that can be read"),
        ("a.parquet", b"hello", "cannot be read as parquet"),
        ("a.jsonl", b'{"messages": "caf\xe9"}\n', "line 1 has invalid UTF-8; of 1 rows none is left"),
        ("a.jsonl", b'{"id": "' + SECRET.encode(), "line 1 has an end that is cut off"),
        ("a.csv", b"conversation_id,messages,user_id\n2,[{'role': 'my name is Zebulon'}],u\n",
         "line 2 has messages that are no JSON list"),
        ("a.jsonl", b'{"messages": {"x": "my name is Zebulon"}}\n', "line 1 has messages that are no JSON list"),
        ("a.jsonl", b'{"user": "u", "messages": [{"who": "me"}]}\n', "with text. The first message has: who."),
    ],
)  # fmt: skip
def test_bad_files(con, tmp_path, name, content, part):
    (tmp_path / name).write_bytes(content)
    assert part in refused(con, tmp_path / name)


def test_missing_file_and_folder_without_data(con, tmp_path):
    assert "there is no such file" in refused(con, tmp_path / "gone.parquet")
    assert "the folder has no file of these" in refused(con, tmp_path)


def test_zero_rows_of_parquet(con, tmp_path):
    path = tmp_path / "a.parquet"
    con.execute(f"copy (select 'c' conversation_id, [] as messages where false) to '{path}'")
    assert "has no rows" in refused(con, path)


def test_a_bad_input_leaves_the_last_good_one(con, tmp_path):
    read(con, jsonl(tmp_path / "a.jsonl", chat("kept")))
    (tmp_path / "a.jsonl").write_bytes(b'{"conversation_id": 1, "messages": {}}\n')
    refused(con, tmp_path / "a.jsonl")
    assert rows(con)[0][0] == "kept"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_message_of_five_megabytes(con, tmp_path, kind):
    text = "é" * 5_700_000 + ",\n\"'"  # 11 MB in UTF-8, 34 MB as JSON
    record = {"conversation_id": "c", "user_id": "u", "role": "user", "content": text}
    path = jsonl(tmp_path / "a.jsonl", record)
    if kind != "jsonl":
        query = f"copy (from read_json('{path}', maximum_object_size=100000000)) to '{tmp_path}/a.{kind}'"
        con.execute(query)
    read(con, tmp_path / f"a.{kind}", limits=Limits(max_row_bytes=32 * 2**20))
    assert turns(con, "c") == [("user", text)]


def test_a_row_that_is_too_long_is_told(con, tmp_path):
    (tmp_path / "a.csv").write_text(f"conversation_id,role,content\n1,user,{SECRET * 3000}\n")
    message = refused(con, tmp_path / "a.csv", limits=Limits(max_row_bytes=10_000))
    assert "a row is longer than 10,000 bytes" in message and "max_row_bytes in settings.sql" in message


def test_a_database_that_cannot_be_written_is_not_blamed_on_the_input(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", chat())
    duckdb.connect(str(tmp_path / "w.db")).close()
    with (
        duckdb.connect(str(tmp_path / "w.db"), read_only=True) as con,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        read(con, path)


def test_an_input_is_not_changed(con, tmp_path):
    path = tmp_path / "a.json"
    shutil.copy(SAMPLES / "claude_export.json", path)
    before = path.read_bytes(), sorted(tmp_path.iterdir())
    read(con, path)
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=3), extra=TEXT)
def test_any_text_survives_unchanged(tmp_path, texts, extra):
    """NUL, emoji, right-to-left marks, line separators: through JSONL and Parquet, as text and in lists."""
    spoken = [{"role": "user", "content": text} for text in [*texts, "."]]
    record = {"conversation_id": "c", "user_id": "u", "messages": spoken, "plan": extra}
    path = jsonl(tmp_path / "a.jsonl", record)
    with duckdb.connect() as con:
        read(con, path)
        expected = [("c", "u", None, spoken, {"plan": extra})]
        assert rows(con) == expected
        query = "select conversation_id, user_id, messages, metadata['plan'] as plan from clio.source"
        con.execute(f"copy ({query}) to '{tmp_path / 'a.parquet'}'")
        read(con, tmp_path / "a.parquet")
        assert rows(con) == expected
