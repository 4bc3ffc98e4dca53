"""Every shape of log: its sample against the rows that are right, the macros that read it, and times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clio_sql.errors import InputError
from clio_sql.sources import read
from clio_sql.sources.adapters import FORMATS, MACROS, described, make_macros

SAMPLES = Path(__file__).parent / "samples"
GOLDEN = Path(__file__).parent / "golden" / "sources"
SHARED = ROOT.parent / "shared" / "inputs"
MARKER = "SECRET|REJECTED|base64|AAAA"
UNNAMED = ("chatgpt", "claude_code", "codex")  # whose files name no user


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")  # UTC is told whatever the session says
        make_macros(connection)
        yield connection


def one(con, expression, *given):
    """The value of an expression over `a`, `b`, … as columns: macros are used on columns, not on constants."""
    columns = ", ".join(f"?::varchar as {name}" for name, _ in zip("abc", given, strict=False))
    return con.execute(f"select {expression} from (select {columns}) where random() < 2", list(given)).fetchall()[0][0]


def source(con):
    query = "select conversation_id, user_id, created_at::varchar, messages, numbers from clio.source"
    rows = con.execute(f"{query} order by created_at, conversation_id, messages::varchar").fetchall()
    return [[*row[:3], [[m["role"], m["content"]] for m in row[3] or []], row[4]] for row in rows]


# Formats


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_sample_is_read_as_it_should_be(con, path):
    """Each row: conversation, user, time in UTC, messages, numbers."""
    (sample,) = SAMPLES.glob(f"{path.stem}.*")
    assert read(con, sample, user="somebody" if path.stem in UNNAMED else None).format == path.stem
    assert source(con) == json.loads(path.read_text("utf-8"))


# file -> format, rows, conversations, users, conversations with a time, with messages
INPUTS = {
    "prompt_response.jsonl": ("exchanges", 60, 60, 20, 60, 60),
    "langfuse_traces.jsonl.gz": ("langfuse", 120, 60, 20, 60, 60),
    "langfuse_observations.jsonl.gz": ("langfuse", 120, 60, 20, 60, 60),
    "otel_flat.jsonl": ("otel_spans", 60, 60, 20, 60, 60),
    "otel_otlp.json.gz": ("otel_otlp", 60, 60, 20, 60, 60),
    "litellm_spendlogs.csv": ("litellm", 120, 60, 20, 60, 60),
    "litellm_messages_empty_some.csv": ("litellm", 60, 60, 20, 60, 54),
    "helicone_requests.jsonl": ("helicone", 60, 60, 20, 60, 60),
    "langsmith_runs.jsonl.gz": ("langsmith", 60, 60, 20, 60, 60),
    "bedrock_converse.jsonl": ("canonical", 60, 60, 20, 0, 60),
    "camel.jsonl": ("openai", 60, 60, 20, 60, 60),
    "messages_content_parts.jsonl": ("messages", 60, 60, 20, 60, 60),
    "langchain_list.jsonl": ("canonical", 60, 60, 20, 0, 60),
    "sharegpt_role_content.jsonl": ("sharegpt", 60, 60, 20, 0, 60),
    "openai_batch_output.jsonl": ("batch", 60, 60, 0, 60, 60),
    "anthropic_batch_results.jsonl": ("batch", 60, 60, 0, 0, 60),
}
ONLY_ANSWERS = ("openai_batch_output.jsonl", "anthropic_batch_results.jsonl")


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_of_the_shapes_that_tools_write(con, name):
    if not (SHARED / name).exists():
        pytest.skip("the folder of inputs is not here")
    format, *counts = INPUTS[name]
    found = read(con, SHARED / name, user=None if counts[2] else "somebody")
    assert found.format == format
    timed, spoken = con.execute("select count(created_at), count_if(len(messages) > 0) from clio.source").fetchone()
    assert [found.rows, found.conversations, found.users, timed, spoken] == [*counts[:2], counts[2] or 1, *counts[3:]]
    said = con.execute("select distinct unnest(messages, recursive := true) from clio.source").fetchall()
    asked = {text for role, text in said if role == "user"}
    assert asked <= turns() and bool(asked) == (name not in ONLY_ANSWERS)
    counted = f"count_if(regexp_matches(messages::varchar, '{MARKER}')), count_if(messages[-1].role = 'user')"
    assert con.execute(f"select {counted} from clio.source").fetchone() == (0, 0)


def turns():
    """What users ask in all of these files."""
    asked = [json.loads(line)["prompt"] for line in (SHARED / "prompt_response.jsonl").read_text().splitlines()]
    return {*asked, "Thanks, can you make it shorter?"}


ASKED, ANSWERED = {"role": "user", "content": "Name a fruit"}, {"role": "assistant", "content": "A pear."}
CHOICE = {"choices": [{"index": 0, "message": ANSWERED}]}
BEDROCK = {"timestamp": "2026-03-02T09:00:00Z", "requestId": "b", "operation": "InvokeModel", "modelId": "m"}
OTLP = {
    "user.id": "u", "session.id": "c",
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Name a fruit"}]}]),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "A pear."}]}]),
}  # fmt: skip
ATTRIBUTES = [{"key": key, "value": {"stringValue": value}} for key, value in OTLP.items()]
VARIANTS = {
    "langfuse": [
        {"id": "t", "timestamp": "2026-03-02T09:00:00Z", "release": None,
         "input": {"question": "Name a fruit"}, "output": {"text": "A pear."}},
        {"id": "o", "traceId": "t", "type": "GENERATION", "startTime": "2026-03-02T09:00:00Z",
         "input": [ASKED], "output": CHOICE},
        {"id": "o", "traceId": "t", "type": "SPAN", "startTime": "2026-03-02T09:00:00Z",
         "input": json.dumps({"messages": [ASKED]}), "output": "A pear."},
    ],
    "otel_otlp": [{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t",
        "startTimeUnixNano": "1772442000000000000", "attributes": ATTRIBUTES}]}]}]}],
    "otel_spans": [{"trace_id": "t", "span_id": "s", "start_time": "2026-03-02T09:00:00Z",
        "attributes": json.dumps(OTLP)}],
    "langsmith": [{"id": "r", "run_type": "llm", "start_time": 1772442000000, "inputs": {"messages": [ASKED]},
        "outputs": CHOICE}],
    "helicone": [{"request_id": "h", "request_created_at": "2026-03-02 09:00:00+00",
        "request_body": json.dumps({"messages": [ASKED]}), "response_body": json.dumps(CHOICE)}],
    "bedrock": [
        {**BEDROCK, "input": {"inputBodyJson": {"inputText": "Name a fruit"}},
         "output": {"outputBodyJson": {"results": [{"outputText": "A pear."}]}}},
        {**BEDROCK, "input": {"inputBodyJson": {"prompt": "Name a fruit"}},
         "output": {"outputBodyJson": {"generation": "A pear."}}},
    ],
    "requests": [
        {"created": 1772442000, "request": {"messages": [ASKED]}, "response": CHOICE},
        {"timestamp": 1772442000, "modelId": "m", "messages": [{"role": "user",
         "content": [{"text": "Name a fruit"}]}], "output": {"message": {"role": "assistant",
         "content": [{"text": "A pear."}]}}},
        {"startTime": "2026-03-02T09:00:00Z", "messages": json.dumps([ASKED]), "output": "A pear."},
        {"time": "2026-03-02 04:00 EST", "messages": [ASKED], "response": {"role": "assistant",
         "content": [{"type": "thinking", "thinking": "no"}, {"type": "text", "text": "A pear."}]}},
    ],
    "exchanges": [
        {"Created At": "2026-03-02 04:00 EST", "Question": "Name a fruit", "Answer": "A pear."},
        {"ts": "1772442000", "prompt": [ASKED], "completion": [ANSWERED]},
        {"date": "2026-03-02T09:00:00z", "input": {"messages": [ASKED]}, "output": {"messages": [ASKED, ANSWERED]}},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("format", "row"),
    [(format, row) for format, rows in VARIANTS.items() for row in rows],
    ids=lambda value: str(value)[:9],
)
def test_a_format_in_other_words(con, tmp_path, format, row):
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    assert read(con, tmp_path / "a.jsonl", privacy_unit="conversation").format == format
    assert [each[2:4] for each in source(con)] == [
        ["2026-03-02 09:00:00", [["user", "Name a fruit"], ["assistant", "A pear."]]]
    ]


PARTS = {
    "contents": [
        {"role": "user", "parts": [{"text": "Name a fruit"}]},
        {"role": "model", "parts": [{"text": "A pear."}]},
    ]
}
CANDIDATE = {"candidates": [{"content": {"role": "model", "parts": [{"text": "A pear."}]}}]}
TWICE = json.dumps(json.dumps([ASKED]))
LEAF = {"conversationId": "c", "createdAt": "2026-03-02T09:00:00Z", "sender": "GPT"}
TREE = [
    {
        **LEAF,
        "messageId": "1",
        "parentMessageId": "0",
        "isCreatedByUser": True,
        "text": "Name a fruit",
        "children": [
            {
                **LEAF,
                "messageId": "2",
                "parentMessageId": "1",
                "isCreatedByUser": False,
                "text": "REJECTED",
                "children": [],
            },
            {
                **LEAF,
                "messageId": "3",
                "parentMessageId": "1",
                "isCreatedByUser": False,
                "text": "A pear.",
                "children": [],
            },
        ],
    }
]


def rows_of(first: dict, second: dict, **more) -> list[dict]:
    """Two messages, one a row, with what says who wrote each."""
    return [{"session_id": "c", "user_id": "u", **more, **each} for each in (first, second)]


def otlp(attributes: dict, events: list = ()) -> list[dict]:
    written = [
        {"key": key, "value": {"stringValue": value}} for key, value in {"session.id": "c", **attributes}.items()
    ]
    listed = [
        {"name": name, "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in told.items()]}
        for name, told in events
    ]
    return [{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": written, "events": listed}]}]}]}]


NUMBERED = {
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.text": "Name a fruit",
    "llm.input_messages.1.message.role": "assistant",  # a call of a tool, without a text
    "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.content": "found",
    "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "A pear.",
}  # fmt: skip
EVENTS = [
    [
        ("gen_ai.user.message", {"gen_ai.system": "x", "content": "Name a fruit"}),
        ("gen_ai.choice", {"gen_ai.system": "x", "message": json.dumps(ANSWERED)}),
    ],
    [
        ("gen_ai.user.message", {"gen_ai.event.content": json.dumps(ASKED)}),
        ("gen_ai.choice", {"gen_ai.event.content": json.dumps({"message": {"content": "A pear."}})}),
    ],
]
RESPONSE = {"id": "r1", "output": [{"type": "message", "role": "assistant", "content": [{"text": "A pear."}]}]}
# The format, and the rows of one conversation in which a user asks for a fruit.
SHAPES = [
    # lists within an object
    ("openai", {"data": [{"id": "c", "user": "u", "messages": [ASKED, ANSWERED]}], "total": 1}),
    ("openai", {"conversations": [{"id": "c", "user": "u", "messages": [ASKED, ANSWERED]}]}),
    ("openai", {"user_id": "u", "conversations": [{"id": "c", "messages": [ASKED, ANSWERED]}]}),
    ("langfuse", {"data": [{"id": "t", "release": None, "userId": "u", "input": [ASKED], "output": ANSWERED}]}),
    ("librechat", {"recursive": True, "messages": TREE}),
    ("librechat", {"recursive": False, "messages": [TREE[0], *TREE[0]["children"]]}),
    # Gemini
    ("openai", [{"user": "u", **PARTS}]),
    ("requests", [{"user": "u", "contents": [{"parts": [{"text": "Name a fruit"}]}], "response": CANDIDATE}]),
    ("requests", [{"user": "u", "request": {"contents": PARTS["contents"][:1]}, "response": CANDIDATE}]),
    # who wrote a message, in other words
    ("messages", rows_of({"author": "user", "text": "Name a fruit"}, {"author": "assistant", "text": "A pear."})),
    ("messages", rows_of({"sender": "user", "message": "Name a fruit"}, {"sender": "bot", "message": "A pear."})),
    ("messages", rows_of({"author": {"role": "user"}, "text": "Name a fruit"},
                         {"author": {"role": "assistant"}, "text": "A pear."})),
    ("messages", rows_of({"type": "human", "content": "Name a fruit"}, {"type": "ai", "content": "A pear."})),
    ("messages", rows_of({"message": {"type": "human", "data": {"content": "Name a fruit"}}},
                         {"message": {"type": "ai", "data": {"content": "A pear."}}})),
    ("openai", [{"user": "u", "messages": [{"author": "user", "text": "Name a fruit"},
                                           {"author": "assistant", "message": "A pear."}]}]),
    ("openai", [{"user": "u", "messages": [{"speaker": "customer", "text": "Name a fruit"},
                                           {"speaker": "agent", "text": "A pear."}]}]),
    # a log of requests
    ("openai_responses", [{"request": {"input": "Name a fruit", "user": "u", "conversation": "c"},
                           "response": RESPONSE}]),
    ("openai_responses", [RESPONSE | {"input": "Name a fruit", "user": None, "previous_response_id": None,
                                      "safety_identifier": "u"}]),
    ("exchanges", [{"query": "Name a fruit", "answer": "A pear.", "from_end_user_id": "u"}]),
    ("batch", [{"recordId": "c", "modelInput": {"messages": [ASKED], "metadata": {"user_id": "u"}},
                "modelOutput": {"role": "assistant", "content": [{"type": "text", "text": "A pear."}]}}]),
    ("litellm", [{"request_id": "c", "call_type": "x", "startTime": None, "user": "default_user_id", "end_user": "u",
                  "messages": TWICE, "response": json.dumps(CHOICE)}]),
    # OpenTelemetry
    ("otel_otlp", otlp(NUMBERED | {"user.id": "u"})),
    *(("otel_otlp", otlp({"user.id": "u", "gen_ai.system": "x"}, events)) for events in EVENTS),
]  # fmt: skip


@pytest.mark.parametrize(("format", "rows"), SHAPES)
def test_one_conversation_in_every_shape(con, tmp_path, format, rows):
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = read(con, tmp_path / "a.json", user="u" if format == "librechat" else None)
    assert (found.format, found.conversations, found.users) == (format, 1, 1)
    query = "select user_id, list_filter(messages, lambda m: m.role != 'tool') from clio.source"
    assert con.execute(query).fetchall() == [("u", [ASKED, ANSWERED])]


def test_a_table_in_which_json_was_written_as_text_twice(con, tmp_path):
    con.execute(f"copy (select 'c' as id, 'u' as user, $${TWICE}$$ as messages) to '{tmp_path / 'a.parquet'}'")
    read(con, tmp_path / "a.parquet")
    assert [row[3] for row in source(con)] == [[["user", "Name a fruit"]]]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (rows_of({"from": "ann@example.org", "text": "hi"}, {"from": "bob@example.org", "text": "yo"}),
         "from never says that a user or an assistant wrote a message. Map the column that does (--role-column NAME)"),
        ([{"id": 1, "user": "u", "history": [ASKED]}], "Give --messages-column history."),
        ([{"data": [{"role": "user", "content": "hi"}]}], "messages: it lacks conversation_id. Give --id-column NAME."),
        (otlp({"user.id": "u", "http.method": "GET"}), "none of its conversations has a message with text"),
    ],
)  # fmt: skip
def test_a_shape_that_is_refused_says_what_to_type_and_quotes_nothing(con, tmp_path, rows, told):
    (tmp_path / "a.json").write_text(json.dumps(rows))
    with pytest.raises(InputError) as caught:
        read(con, tmp_path / "a.json")
    assert told in str(caught.value) and "example.org" not in str(caught.value)


def test_exchanges_of_one_session_are_one_conversation(con, tmp_path):
    (tmp_path / "a.csv").write_text("session_id,user_id,time,prompt,response\ns,u,1772442000,a,b\ns,u,1772442060,c,d\n")
    read(con, tmp_path / "a.csv")
    said = [["user", "a"], ["assistant", "b"], ["user", "c"], ["assistant", "d"]]
    assert source(con) == [["s", "u", "2026-03-02 09:00:00", said, {}]]


def test_the_readme_tells_the_formats_as_their_headers_do():
    assert described() in (ROOT / "clio_sql" / "README.md").read_text("utf-8")
    assert set(MACROS) == {path.stem for path in (ROOT / "sql" / "sources" / "macros").glob("*.sql")}
    assert set(FORMATS) == {path.stem for path in (ROOT / "sql" / "sources").glob("*.sql")}


def test_columns_have_the_names_that_the_options_say(con, tmp_path):
    row = {"wrote": "hi", "said": "hello", "who": {"account": {"id": 7}}, "a.b": "c1", "At": "2026-03-02T09Z"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    columns = {"prompt": "wrote", "response": "said", "user_id": "who.account.id", "conversation_id": "a.b"}
    assert read(con, tmp_path / "a.jsonl", columns={**columns, "created_at": "at"}).format == "exchanges"
    assert source(con) == [["c1", "7", "2026-03-02 09:00:00", [["user", "hi"], ["assistant", "hello"]], {}]]


def test_a_key_within_text_and_within_a_struct_is_a_column(con, tmp_path):
    spoken = '"[{""role"":""user"",""content"":""hi""}]"'
    (tmp_path / "a.csv").write_text(f'id,meta,messages\n1,"{{""user"": ""u""}}",{spoken}\n')
    read(con, tmp_path / "a.csv", columns={"user_id": "meta.user"})
    assert source(con)[0][:2] == ["1", "u"]
    query = 'select 1 as id, {\'user\': \'v\'} as meta, \'[{"role":"user","content":"hi"}]\' as messages'
    con.execute(f"copy ({query}) to '{tmp_path / 'a.parquet'}'")
    read(con, tmp_path / "a.parquet", columns={"user_id": "META.user"})
    assert source(con)[0][:2] == ["1", "v"]


def test_numbers_travel_typed(con, tmp_path):
    query = """select 1 as id, 'u' as user_id, '[{"role":"user","content":"hi"}]' as messages, 'pro' as plan,
        true as flag, 0.5::decimal(9, 2) as cost, 12::utinyint as tokens, 'nan'::double as latency, '7' as rating"""
    con.execute(f"copy ({query}) to '{tmp_path / 'a.parquet'}'")
    read(con, tmp_path / "a.parquet")
    assert source(con)[0][4] == {"cost": 0.5, "tokens": 12.0, "rating": 7.0}


def test_an_instruction_stands_before_what_it_is_about(con, tmp_path):
    rows = [{"instruction": "Translate", "input": "bonjour", "output": "hello", "user_id": "u", "id": 1}]
    rows += [{"instruction": "Name a fruit", "input": "", "output": "A pear.", "user_id": "u", "id": 2}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    read(con, tmp_path / "a.jsonl")
    assert [row[3] for row in source(con)] == [
        [["user", "Translate"], ["user", "bonjour"], ["assistant", "hello"]],
        [["user", "Name a fruit"], ["assistant", "A pear."]],
    ]


# Content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        ('{"a": 1}', '{"a": 1}'),
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}], "a"),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}, {"type": "input_audio"}], "a\nb"),
        (["a", "b", "data:audio/wav;base64,AA"], "a\nb"),
        ([{"type": "refusal", "refusal": "No."}], "No."),
        ([{"type": "text", "content": "a"}, {"type": "reasoning", "content": "b"}], "a"),
        ([{"type": "thinking", "thinking": "a", "text": "b"}, {"type": "redacted_thinking", "data": "c"}], ""),
        ([{"text": "a", "thought": True}, {"text": "b"}, {"inlineData": {"data": "AA"}}], "b"),
        ({"content_type": "multimodal_text", "parts": [{"asset_pointer": "x"}, "a"]}, "a"),
        ([{"type": "text", "text": {"value": "a", "annotations": []}}], "a"),
        ('[{"type": "text", "text": "a"}, {"type": "image", "source": {"data": "AA"}}]', "a"),
        ("see data:image/png;base64,AAAA= here", "see  here"),
        (None, None),
        ([], ""),
    ],
)
def test_the_text_of_content(con, content, text):
    assert one(con, "clio_text(clio_parsed(a::json))", json.dumps(content)) == text
    message = json.dumps([{"role": "user", "content": content}])
    assert one(con, "clio_messages(a::json, null)[1].content", message) == text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "assistant", "content": "<think>no</think>\nyes"}, [("assistant", "yes")]),
        ({"role": "ai", "content": '<details type="reasoning" done="true">no</details>\nyes'}, [("assistant", "yes")]),
        ({"role": "user", "content": "what is <think>?"}, [("user", "what is <think>?")]),
        ({"role": "developer", "content": "a"}, [("system", "a")]),
        ({"type": "human", "content": "a"}, [("user", "a")]),
        ({"from": "gpt", "value": "a"}, [("assistant", "a")]),
        ({"id": ["x", "AIMessage"], "kwargs": {"content": "a"}}, [("assistant", "a")]),
        ({"author": {"role": "user"}, "content": {"parts": ["a"]}}, [("user", "a")]),
        ({"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}, [("tool_call", "f")]),
        ({"role": "assistant", "content": "", "function_call": {"name": "f"}}, [("tool_call", "f")]),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, [("tool_call", "f")]),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "no"}]}, []),
        (
            {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "r"}]}]},
            [("tool", "r")],
        ),
        (
            {"role": "ai", "content": [{"text": "a"}, {"toolUse": {"name": "f"}}]},
            [("assistant", "a"), ("tool_call", "f")],
        ),
        (
            {"role": "assistant", "parts": [{"type": "text", "text": "a"}, {"type": "tool-look", "output": {"x": 1}}]},
            [("assistant", "a"), ("tool_call", "look")],
        ),
    ],
)  # fmt: skip
def test_a_message_of_any_shape(con, message, expected):
    read = one(con, "clio_messages(a::json, 'user')", json.dumps([message]))
    assert [(m["role"], m["content"]) for m in read] == expected


def test_the_answer_is_appended_unless_it_is_there(con):
    said, answer = [("user", "a"), ("assistant", "b")], [("assistant", "c")]

    def joined(first, second):
        lists = [json.dumps([{"role": role, "content": text} for role, text in each]) for each in (first, second)]
        found = one(con, "clio_joined(clio_messages(a::json, null), clio_answer(b::json))", *lists)
        return [(m["role"], m["content"]) for m in found]

    assert joined(said, answer) == said + answer
    assert joined(said + answer, answer) == joined(said, said + answer) == joined(said + answer, []) == said + answer


# Times

ZONES = {"EST": -5, "EDT": -4, "PST": -8, "CET": 1, "CEST": 2, "GMT": 0, "UTC": 0, "Z": 0, "z": 0}


def spellings(at: datetime, minutes: int, zone: str, name: str) -> list[str]:
    """The moment as logs write it, elsewhere."""
    there = at.astimezone(timezone(timedelta(minutes=minutes)))
    offset = there.strftime("%z")
    clock = there.strftime("%Y-%m-%d %H:%M:%S")
    by_name = at.astimezone(timezone(timedelta(hours=ZONES[zone])))
    city = at.astimezone(ZoneInfo(name))
    epoch = int(at.timestamp())
    return [
        there.isoformat(), there.isoformat(" "), clock + offset, f"{clock} {offset}",
        f"{clock}.000000000{offset}", format_datetime(there), there.strftime("%d %b %Y %H:%M:%S %z"),
        there.strftime("%a %b %d %Y %H:%M:%S GMT%z (Somewhere Time)"), there.strftime("%Y-%m-%d %I:%M:%S %p ") + offset,
        there.strftime("%Y/%m/%d %H:%M:%S ") + offset, there.strftime("%d/%b/%Y:%H:%M:%S %z"),
        by_name.strftime("%Y-%m-%d %H:%M:%S ") + zone, by_name.strftime("%Y-%m-%dT%H:%M:%S") + zone,
        city.strftime(f"%Y-%m-%dT%H:%M:%S%z[{name}]"), city.strftime("%B %d, %Y at %I:%M:%S %p %z"),
        f"{epoch}", f"{epoch}.0", f"{epoch}000", f"{epoch}000000", f"{epoch}000000000",
        json.dumps({"$date": there.isoformat()}), json.dumps({"$date": {"$numberLong": f"{epoch}000"}}),
        at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d%H%M%S"), at.strftime("%a %b %d %H:%M:%S UTC %Y"),
    ]  # fmt: skip


MOMENTS = st.datetimes(datetime(1980, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
CITIES = st.sampled_from(["America/New_York", "Europe/Paris", "Asia/Kolkata", "Australia/Sydney", "UTC"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOMENTS, st.integers(-56, 56).map(lambda quarters: quarters * 15), st.sampled_from(sorted(ZONES)), CITIES)
def test_a_moment_is_one_moment_however_it_is_written(con, at, minutes, zone, name):
    written = spellings(at, minutes, zone, name)
    found = con.execute("select text, clio_time(text) from (select unnest(?) as text)", [written]).fetchall()
    assert {text: time for text, time in found if time != at.replace(tzinfo=None)} == {}


@pytest.mark.parametrize(
    "text",
    ["yesterday", "", "infinity", "epoch", "now", "3/4/2026", "2026-03-02 09:00 IST", "2026-03-02 09:00 BST", "12",
     "0.25", "2026-03-02 09:00:00 Foo/Bar", "2026-03-02T09:00:00+99:00", "2026-02-30", "2026-13-01 00:00:00", "null",
     "2026", "2026-03-02 25:00", "09:00:00", "1e300", "99999999999999999999999999"],
)  # fmt: skip
def test_what_tells_no_moment_for_certain_is_none(con, text):
    assert one(con, "clio_time(a)", text) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20260301", "2026-03-01 00:00:00"),
        ("2026-03-01", "2026-03-01 00:00:00"),
        ("2026-03-01 02:30:00 PM", "2026-03-01 14:30:00"),
        ("2026-07-01 09:00 America/New_York", "2026-07-01 13:00:00"),
        ("2026-07-01 09:00 PST", "2026-07-01 17:00:00"),  # as it says, though it is summer there
        ("2026-03-02T09:00:00,123Z", "2026-03-02 09:00:00.123"),
        ("2026-03-02 9:00", "2026-03-02 09:00:00"),
        ("March 2, 2026", "2026-03-02 00:00:00"),
        ("1772442000.5", "2026-03-02 09:00:00.5"),
        ("1.772442e9", "2026-03-02 09:00:00"),
    ],
)
def test_times_of_other_spellings(con, text, time):
    assert one(con, "clio_time(a)::varchar", text) == time


def test_the_hours_that_texts_tell(con):
    if not (SHARED / "times2.jsonl").exists():
        pytest.skip("the folder of inputs is not here")
    read(con, SHARED / "times2.jsonl")
    query = "select strftime(created_at, '%H:%M'), messages[1].content from clio.source"
    told = [(time, text.split("right: ")[1].strip()) for time, text in con.execute(query).fetchall()]
    assert len(told) == 19 and [pair for pair in told if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    ("dates", "read_as"),
    [
        (["03.04.2026 09:00", "25.04.2026"], ["2026-04-03 09:00:00", "2026-04-25 00:00:00"]),
        (["3/4/2026, 9:00:05 PM", "12/31/2026"], ["2026-03-04 21:00:05", "2026-12-31 00:00:00"]),
        (["3-4-2026 09:00 +0100", "31-12-2026"], ["2026-04-03 08:00:00", "2026-12-31 00:00:00"]),
        (["03.04.2026 09:00", "05.06.2026"], [None, None]),  # nothing says which is the day
        (["31/12/2026", "12/31/2026"], [None, None]),
    ],
)
def test_the_dates_of_a_column_say_which_number_is_the_day(con, tmp_path, dates, read_as):
    rows = [{"id": n, "user": "u", "date": date, "messages": [ASKED]} for n, date in enumerate(dates)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = read(con, tmp_path / "a.json")
    times = con.execute("select created_at::varchar from clio.source order by conversation_id").fetchall()
    assert [time for (time,) in times] == read_as and found.untimed == read_as.count(None)


SAYS = {"messages": [ASKED, ANSWERED]}
NESTED = {
    "a user within metadata": SAYS | {"model": "m", "metadata": {"user_id": "u", "session_id": "c"}},
    "a user that is an object": SAYS | {"user": {"name": "n", "id": "u"}, "sessionId": "c"},
    "dotted columns": {"user.id": "u", "session.id": "c", "input.messages": [ASKED], "output.text": "A pear."},
    "a request within": {"request": {"user": "u", "messages": [ASKED]}, "thread_id": "c", "response": CHOICE},
}


@pytest.mark.parametrize("name", NESTED)
def test_user_and_conversation_are_found_where_they_stand(con, tmp_path, name):
    """Without any option."""
    (tmp_path / "log.jsonl").write_text(json.dumps(NESTED[name]))
    read(con, tmp_path / "log.jsonl")
    query = "select conversation_id, user_id, list_transform(messages, lambda m: m.content) from clio.source"
    assert con.execute(query).fetchall() == [("c", "u", ["Name a fruit", "A pear."])]
