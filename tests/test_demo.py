"""The demo data holds what it says: topics, languages, people and every planted hazard."""

import weakref
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from clio_sql import demo
from clio_sql.cli import commands
from clio_sql.cli.commands import app
from clio_sql.errors import UsageError


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.parquet"
    demo.write(path)
    return path


def rows(path: Path, query: str) -> list[tuple]:
    """The answer to a query over `chats`; `first` is what the user wrote first, `said` all they wrote."""
    chats = f"""
        select *, messages[1].content as first, list_transform(messages, lambda m: m.content) as texts,
            list_filter(messages, lambda m: m.role = 'user').list_transform(lambda m: m.content) as said
        from read_parquet('{path}')
    """
    with duckdb.connect() as con:
        return con.execute(f"with chats as ({chats}) {query}").fetchall()


def language(reply: str) -> str:
    """The language of a conversation, by the assistant's first reply, which is one of a few."""
    for code in demo.LANGUAGES[1:]:
        if reply in demo.MATERIAL["languages"][code]["reply"]:
            return code
    return "en"


def test_columns(path):
    assert rows(path, "select count(*) from chats") == [(1500,)]
    with duckdb.connect() as con:
        described = con.execute(f"describe from read_parquet('{path}')").fetchall()
    assert {name: kind for name, kind, *_ in described} == {
        "conversation_id": "VARCHAR",
        "user_id": "VARCHAR",
        "created_at": "TIMESTAMP",
        "messages": 'STRUCT("role" VARCHAR, "content" VARCHAR)[]',
        "plan": "VARCHAR",
        "label": "VARCHAR",
        "cost_usd": "DOUBLE",
        "rating": "INTEGER",
        "tools_used": 'STRUCT("name" VARCHAR, ok BOOLEAN)[]',
    }


def test_ids_are_unique_and_plans_known(path):
    assert rows(path, "select count(distinct conversation_id), count(plan), count(label) from chats") == [
        (1500, 1500, 1500)
    ]
    assert {plan for (plan,) in rows(path, "select distinct plan from chats")} == {"free", "pro", "team"}


def test_time_spans_ninety_days(path):
    [(days,)] = rows(path, "select date_diff('hour', min(created_at), max(created_at)) / 24 from chats")
    assert 88 < days <= 90


def test_half_of_one_topic_falls_into_the_last_whole_week(path):
    query = f"""
        select avg((created_at >= '2026-05-18' and created_at < '2026-05-25')::integer) from chats
        where label {{}} '{demo.SPIKE_TOPIC}'"""
    [(spike,)], [(others,)] = rows(path, query.format("=")), rows(path, query.format("<>"))
    assert 0.4 < spike < 0.65 and others < 0.15


def test_ratings_and_costs_are_numbers_that_depend_on_the_topic(path):
    figures = "avg(rating), min(cost_usd), max(rating), count(rating)"
    query = f"select label = '{demo.POOR_TOPIC}', {figures} from chats group by 1 order by 1"
    others, poor = rows(path, query)
    assert poor[1] < others[1] - 0.8 and min(others[2], poor[2]) > 0 and others[3] == poor[3] == 5
    assert 800 < others[4] + poor[4] < 1000


def test_topics_are_skewed_and_none_is_tiny(path):
    found = rows(path, "select label, count(*), count(distinct user_id) from chats group by label")
    ordinary = {label: (count, users) for label, count, users in found if label in demo.TOPICS}
    sizes = [count for count, _ in ordinary.values()]
    assert len(ordinary) == 12 and len(set(demo.TOPICS.values())) == 4
    assert min(sizes) >= 45 and 3 <= max(sizes) / min(sizes) <= 6
    assert min(users for _, users in ordinary.values()) >= 25


def test_four_fifths_english_and_four_more_languages(path):
    found = Counter(language(reply) for (reply,) in rows(path, "select texts[2] from chats"))
    assert 0.75 < found["en"] / 1500 < 0.85
    assert set(found) == set(demo.LANGUAGES) and min(found.values()) >= 45


def test_few_first_turns_are_equal(path):
    [(duplicates,)] = rows(path, "select 1 - count(distinct first) / count(*) from chats")
    assert duplicates < 0.05


def test_first_turns_are_short_and_long(path):
    [(short, middle, long)] = rows(
        path,
        """
        select quantile_cont(words, 0.01), quantile_cont(words, 0.5), max(words)
        from (select len(string_split(first, ' ')) as words from chats)
        """,
    )
    assert short <= 7 and 14 <= middle <= 24 and long >= 35


def test_nothing_is_left_unfilled(path):
    found = rows(path, "from (select unnest(texts) as t from chats) where t is null or t = '' or t ~ '[{}]|  '")
    assert found == []


def test_messages_alternate_over_one_to_twelve_turns(path):
    lengths = [n for (n,) in rows(path, "select distinct len(messages) from chats")]
    assert min(lengths) == 2 and max(lengths) == 24
    wrong = rows(
        path,
        """
        select 1 from chats
        where list_transform(messages, lambda m, i: m.role = if(i % 2 = 1, 'user', 'assistant'))
            .list_contains(false)
        """,
    )
    assert wrong == []


def test_forty_chats_go_on_with_another_topic_and_nothing_else_differs(path, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "TWO_REQUESTS", 0)
    demo.write(tmp_path / "one.parquet")
    found = rows(
        path,
        f"""
        select chats.messages[1:len(one.messages)] = one.messages, len(chats.messages) - len(one.messages) as more,
            count(*)
        from chats inner join '{tmp_path}/one.parquet' as one using (conversation_id, label)
        group by all order by more""",
    )
    assert found == [(True, 0, 1500 - 40), (True, 2, 40)]


def test_few_people_write_much(path):
    counts = [n for (n,) in rows(path, "select count(*) as n from chats group by user_id order by n desc")]
    assert 420 <= len(counts) <= 580
    assert sum(counts[: len(counts) // 10]) > 0.35 * 1500  # the busiest tenth
    assert sum(n == 1 for n in counts) > 0.3 * len(counts)


def test_a_person_keeps_plan_and_language(path):
    found = rows(path, "select user_id, plan, texts[2] from chats where user_id is not null order by user_id")
    plans, languages = {}, {}
    for user, plan, reply in found:
        assert plans.setdefault(user, plan) == plan
        assert languages.setdefault(user, language(reply)) == language(reply)


def test_some_user_ids_are_null(path):
    [(share,)] = rows(path, "select 1 - count(user_id) / count(*) from chats")
    assert 0.01 < share < 0.03


@pytest.mark.parametrize("seed", [0, 3])
def test_each_planted_fact_is_in_one_conversation(tmp_path, seed):
    demo.write(tmp_path / "demo.parquet", seed=seed)
    chats = rows(tmp_path / "demo.parquet", "select label, said, texts from chats")
    facts = demo.planted_facts(seed)
    assert Counter(fact.kind for fact in facts) == dict.fromkeys(demo.FACT_SENTENCES, 8)
    owners = set()
    for fact in facts:
        found = [i for i, (_, _, texts) in enumerate(chats) if any(fact.text in text for text in texts)]
        assert len(found) == 1, fact
        label, said, _ = chats[found[0]]
        assert label in demo.TOPICS
        assert sum(text.count(fact.sentence) for text in said) == 1
        owners.update(found)
    assert len(owners) == len({fact.text for fact in facts}) == 40


def test_facts_differ_by_seed():
    assert demo.planted_facts(1) == demo.planted_facts(1)
    assert not {fact.text for fact in demo.planted_facts(1)} & {fact.text for fact in demo.planted_facts(2)}


def test_one_user_writes_sixty_alike(path):
    word = demo.HEAVY_WORD
    found = rows(path, f"select user_id, label, first from chats where array_to_string(texts, ' ') ilike '%{word}%'")
    assert {(user, label) for user, label, _ in found} == {(demo.HEAVY_USER, demo.HEAVY_TOPIC)}
    assert len(found) == 60 and all(word in first.lower() for *_, first in found)
    assert rows(path, f"select count(*) from chats where user_id = '{demo.HEAVY_USER}'") == [(60,)]
    common = set.intersection(*(set(first.lower().split()) for *_, first in found))
    assert len(common) >= 7  # near-identical


def test_four_people_share_the_rare_topic(path):
    word = demo.RARE_WORD
    found = rows(path, f"select user_id, label, first from chats where array_to_string(texts, ' ') ilike '%{word}%'")
    assert {label for _, label, _ in found} == {demo.RARE_TOPIC}
    assert {user for user, *_ in found} == set(demo.RARE_USERS) and len(demo.RARE_USERS) == 4
    assert len(found) == 30 and all(word in first.lower() for *_, first in found)


def test_same_seed_same_rows_other_seed_others(path, tmp_path):
    demo.write(tmp_path / "again.parquet")
    demo.write(tmp_path / "other.parquet", seed=1)
    assert pq.read_table(tmp_path / "again.parquet").equals(pq.read_table(path))
    firsts = [rows(p, "select first from chats") for p in (path, tmp_path / "other.parquet")]
    assert len(set(firsts[0]) & set(firsts[1])) < 0.05 * 1500


def test_larger_sizes_stream(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "BATCH", 2_000)
    batch, alive = demo._batch, []

    def watched(*arguments):
        assert sum(table() is not None for table in alive) <= 1, "earlier batches are still held"
        table = batch(*arguments)
        alive.append(weakref.ref(table))
        return table

    monkeypatch.setattr(demo, "_batch", watched)
    path = tmp_path / "demo.parquet"
    demo.write(path, conversations=9_000)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [2_000] * 4 + [1_000]
    [(heavy, rare, ids, firsts)] = rows(
        path,
        f"""
        select count_if(label = '{demo.HEAVY_TOPIC}'), count_if(label = '{demo.RARE_TOPIC}'),
            count(distinct conversation_id), count(distinct first)
        from chats
        """,
    )
    assert (heavy, rare, ids) == (60, 30, 9_000)
    assert firsts > 0.95 * 9_000
    [(said,)] = rows(path, "select string_agg(array_to_string(said, ' '), ' ') from chats")
    assert all(said.count(fact.text) == 1 for fact in demo.planted_facts())


def test_the_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "demo.parquet"
    path.write_text("what was there before")
    batch = demo._batch

    def broken(start, *arguments):
        if start:
            raise OSError("no space left")
        assert path.read_text() == "what was there before"
        return batch(start, *arguments)

    monkeypatch.setattr(demo, "BATCH", 500)
    monkeypatch.setattr(demo, "_batch", broken)
    with pytest.raises(OSError, match="no space"):
        demo.write(path, conversations=1_000)
    assert path.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_small_demo_says_that_it_is_too_small(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "_analyse", lambda *arguments, **settings: None)
    commands.demo(tmp_path, conversations=300)
    assert "300 conversations are too few for the demo" in capsys.readouterr().err
    commands.demo(tmp_path, conversations=1500)
    assert capsys.readouterr().err == ""


def test_too_few_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"299 conversations leave no room .* allowed: 300 or more"):
        demo.write(tmp_path / "demo.parquet", conversations=299)
    demo.write(tmp_path / "demo.parquet", conversations=300)
    [(said,)] = rows(tmp_path / "demo.parquet", "select string_agg(array_to_string(said, ' '), ' ') from chats")
    assert all(fact.text in said for fact in demo.planted_facts())


def test_the_command_writes_as_many_as_asked_and_stops(tmp_path):
    asked = ["demo", "--into", str(tmp_path), "--conversations", "400", "--seed", "3", "--only-write"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0 and [file.name for file in tmp_path.iterdir()] == ["demo.parquet"]
    demo.write(tmp_path / "same.parquet", 400, seed=3)
    assert pq.read_table(tmp_path / "demo.parquet") == pq.read_table(tmp_path / "same.parquet")
