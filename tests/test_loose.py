"""Answers of models that write JSON loosely: what they say is read, and nothing else."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_server import KEY, SLOPPY, Server

import clio_sql
from clio_sql.analysis import catalog
from clio_sql.calls.loose import values

QUESTIONS = """{
    'request': 'What is wanted?', 'task': 'What is done?',
    'urgency': {'question': 'How urgent?', 'kind': 'category', 'choices': ['low', 'high', 'very high']},
    'concern': {'question': 'How harmful?', 'kind': 'score', 'choices': null::varchar[]}}"""
CHATS = 60


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


def asked(server, monkeypatch) -> list[tuple[dict, str]]:
    """(facets, status) of each of the chats."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    questions = QUESTIONS.replace("'request': 'What is wanted?', 'task': 'What is done?'", ", ".join(
        f"'{name}': {{'question': '{text}', 'kind': 'text', 'choices': null::varchar[]}}"
        for name, text in (("request", "What is wanted?"), ("task", "What is done?"))
    )).replace("{\n    'request'", "map {\n    'request'", 1)  # fmt: skip
    with clio_sql.connect(provider="anthropic", base_url=server.url, max_usd=100) as con:
        rows = con.execute(
            f"select unnest([clio_extract_raw('User: chat ' || i, cast(to_json({questions}) as varchar))], "
            f"recursive := true) from range({CHATS}) as t(i)"
        ).fetchall()
    return [(value or {}, status) for value, status, _ in rows]


@pytest.mark.parametrize("style", SLOPPY)
def test_every_style_is_read(server, monkeypatch, style):
    server.when = None
    good = asked(server, monkeypatch)
    server.when = lambda request: style
    loose = asked(server, monkeypatch)
    assert [status for _, status in good] == ["ok"] * CHATS
    same = [
        found.get(facet, "").casefold() == wanted.casefold()
        for (found, _), (right, _) in zip(loose, good, strict=True)
        for facet, wanted in right.items()
    ]
    assert sum(same) / len(same) >= 0.97


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_mixed_styles_are_read_and_the_rest_is_no_answer(server, monkeypatch, share):
    server.when = None
    good = asked(server, monkeypatch)
    chance = random.Random(7)
    server.when = lambda request: chance.choice([*SLOPPY, "not_json"]) if chance.random() < share else None
    loose = asked(server, monkeypatch)
    facets = [
        (found.get(facet), wanted)
        for (found, status), (right, _) in zip(loose, good, strict=True)
        for facet, wanted in right.items()
        if status == "ok"
    ]
    assert all(found is None or found.casefold() == wanted.casefold() for found, wanted in facets), "a wrong answer"
    assert sum(found is not None for found, _ in facets) >= 0.97 * len(facets)
    assert {status for _, status in loose} <= {"ok", "malformed"}


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


def test_a_facet_without_a_usable_answer_is_invalid_and_costs_no_other(server, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    server.when = lambda request: "wrong_enum"
    (relation,) = [each for each in catalog.load() if each.name == "facet_values"]
    with clio_sql.connect(provider="anthropic", base_url=server.url) as con:
        con.execute("create table screened_transcripts as select 'c1' as conversation_id, 'User: hi' as transcript")
        con.execute(
            "create table facets as select unnest([{facet: 'request', kind: 'text'}, "
            "{facet: 'urgency', kind: 'category'}], recursive := true)"
        )
        con.execute("""create table questions as select to_json(map {
            'request': {'question': 'What is wanted?', 'kind': 'text', 'choices': null::varchar[]},
            'urgency': {'question': 'How urgent?', 'kind': 'category', 'choices': ['low', 'high']}
            })::varchar as questions""")
        query = f"select facet, status, value is null from ({relation.sql}) order by facet"
        assert con.execute(query).fetchall() == [("request", "ok", False), ("urgency", "invalid", True)]


def test_of_several_objects_the_fullest_counts_and_equals_that_differ_are_no_answer(server, monkeypatch):
    server.when, (good, *_) = None, asked(server, monkeypatch)
    full = json.dumps({facet: int(said) if said.isdigit() else said for facet, said in good[0].items()})
    for text, status in (
        (f'They wrote {{"urgency": "low"}}. {full}', "ok"),
        (f"{full} and again {full}", "ok"),
        (f"{full} or {full.replace('asked', 'wanted')}", "malformed"),
    ):
        monkeypatch.setattr(server, "raw", lambda request, text=text: text)
        assert {found for _, found in asked(server, monkeypatch)} == {status}
        assert status != "ok" or asked(server, monkeypatch)[0][0] == good[0]
