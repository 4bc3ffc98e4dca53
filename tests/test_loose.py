"""Answers of models that write JSON loosely: what they say is read, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_server import KEY, SLOPPY, Server
from sloppy import CHATS, NOTHING_SAID, SHARES, asked, measured
from stand_ins import fill

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.calls.loose import values

README = (Path(__file__).parent / "README.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.mark.parametrize(
    ("style", "share"), [*((style, 1.0) for style in (*SLOPPY, *NOTHING_SAID)), *(("mixed", share) for share in SHARES)]
)
def test_every_style_is_read_and_never_as_something_else(server, style, share):
    row = measured(server, style, share)
    assert row.wrong == 0
    assert row.ok >= 0.97 if style not in NOTHING_SAID else (row.ok, row.again) == (0, CHATS)
    assert row.line() in README, "run tests/sloppy.py"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": "cut', "not JSON"),
        ("", "not JSON"),
        ("It is about dinner.", "not JSON"),
        ("<think>I wonder", "not JSON"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{'a': 1, 'a': 2}", "twice"),
        ('so: {"a": 1, "a": 2}', "twice"),
    ],
)
def test_what_is_no_answer_is_none(text, why):
    with pytest.raises(ValueError, match=why):
        list(values(text))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_around_an_object_leaves_it_as_it_is(before, after):
    good = {"request": "A table, please: {now}", "concern": 2}
    text = f"{before.replace('{', '').replace('<', '')}{json.dumps(good)}{after}"
    assert good in list(values(text))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text())
def test_no_text_is_another_error(text):
    try:
        list(values(text))
    except ValueError as error:
        assert str(error) in ("the answer is not JSON", "a field is given twice")


def test_a_facet_without_a_usable_answer_is_invalid_and_costs_no_other(server):
    server.when = lambda request: "wrong_enum"
    (relation,) = [each for each in catalog.load() if each.name == "facet_values"]
    with clio_sql.connect(provider="anthropic", base_url=server.url) as con:
        con.execute("""create table asked_transcripts as select 'c1' as conversation_id, 'User: hi' as transcript,
            null::map(varchar, struct(value varchar, status varchar, error varchar, answered_by varchar)) as known""")
        con.execute("create table build_info as select 'anthropic' as provider")
        con.execute(
            "create table facets as select unnest([{facet: 'request', kind: 'text', question: 'q'}, "
            "{facet: 'urgency', kind: 'category', question: 'q'}], recursive := true)"
        )
        con.execute("""create table questions as select to_json(map {
            'request': {'question': 'What is wanted?', 'kind': 'text', 'choices': null::varchar[]},
            'urgency': {'question': 'How urgent?', 'kind': 'category', 'choices': ['low', 'high']}
            })::varchar as questions""")
        fill(con, relation.inputs)
        query = f"select facet, status, value is null from ({relation.sql}) order by facet"
        assert con.execute(query).fetchall() == [("request", "ok", False), ("urgency", "invalid", True)]


def test_of_several_objects_the_fullest_counts_and_equals_that_differ_are_no_answer(server, monkeypatch):
    server.when, (good, *_) = None, asked(server)
    full = json.dumps({facet: int(said) if said.isdigit() else said for facet, said in good[0].items()})
    for text, status in (
        (f'They wrote {{"urgency": "low"}}. {full}', "ok"),
        (f"{full} and again {full}", "ok"),
        (f"{full} or {full.replace('asked', 'wanted')}", "malformed"),
    ):
        monkeypatch.setattr(server, "raw", lambda request, text=text: text)
        assert {found for _, found in asked(server)} == {status}
        assert status != "ok" or asked(server)[0][0] == good[0]
