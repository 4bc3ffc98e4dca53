"""The sample: nested, seeded, weighted by answers, and fair to strata, on real DuckDB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pytest
from figures import WHOLE
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from clio_sql.analysis import catalog

SQL = {relation.name: relation.sql for relation in catalog.load()}
# answers and day of each conversation; None: no time
ROWS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, 1, 1, 1, 2, 3])), min_size=30, max_size=60)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def give(con: duckdb.DuckDBPyConnection, rows: list[tuple[int, int | None]]) -> None:
    con.execute("create or replace table given (id integer, answers integer, day integer)")
    con.executemany("insert into given values (?, ?, ?)", [(number, *row) for number, row in enumerate(rows)])
    con.execute("""
        create or replace table conversations as select
            concat('c', id) as conversation_id, make_timestamp(2026, 3, day, 9, 0, 0) as created_at,
            list_transform(range(answers + 1), lambda i: {
                'role': case when i = 0 then 'user' else 'assistant' end, 'content': 'x'}) as messages
        from given""")


def sample(
    con: duckdb.DuckDBPyConnection, size: int | None, by: str = "conversation", strata: str | None = None, seed: int = 0
) -> list[str]:
    con.execute(
        "create or replace table settings as select * replace (? as sample_conversations, ? as sample_by, "
        f"? as sample_strata, ? as seed) from ({SQL['settings']})",
        [size, by, strata, seed],
    )
    return [row[0] for row in con.execute(f"from ({SQL['sampled_conversations']}) order by all").fetchall()]


@configure(max_examples=60, deadline=None)
@given(
    ROWS, st.integers(1, 20), st.integers(1, 70), st.sampled_from(["conversation", "message"]),
    st.sampled_from([None, "day"]), st.integers(0, 3),
)  # fmt: skip
def test_a_bigger_sample_contains_the_smaller(con, rows, one, other, by, strata, seed):
    give(con, rows)
    small, big = (sample(con, size, by, strata, seed) for size in sorted((one, other)))
    assert len(small) == min(one, other, len(rows)) and len(big) == min(max(one, other), len(rows))
    assert set(small) <= set(big)
    assert len(sample(con, None, by, strata, seed)) == len(rows)


@configure(max_examples=30, deadline=None)
@given(ROWS, st.integers(10, 30))
def test_each_day_has_its_share(con, rows, size):
    """Of a stratum with n of N conversations a sample of s holds s·n/N, up to one of each stratum's turns."""
    give(con, rows)
    taken = sample(con, size, strata="day")
    for day in {day for _, day in rows}:
        there = [f"c{number}" for number, row in enumerate(rows) if row[1] == day]
        due = min(size, len(rows)) * len(there) / len(rows)
        assert abs(len(set(taken) & set(there)) - due) <= 2.5, day


def test_long_conversations_are_drawn_as_often_as_answers_would_draw_them(con):
    """One of two kinds, nine answers or one: drawing one answer at random finds the long ones nine times of ten."""
    give(con, [(9, None), (1, None)])
    drawn = [sample(con, 1, "message", seed=seed)[0] for seed in range(150)]
    share, error = drawn.count("c0") / 150, math.sqrt(0.9 * 0.1 / 150)
    assert abs(share - 0.9) < 4 * error
    even = [sample(con, 1, "conversation", seed=seed)[0] for seed in range(150)]
    assert abs(even.count("c0") / 150 - 0.5) < 4 * math.sqrt(0.25 / 150)


def test_what_is_not_sampled_is_not_shown_to_a_model_and_told_as_left_out(con):
    give(con, [(1, 1)] * 5)
    con.execute(
        "create or replace table source as "
        "select *, 'u' as user_id, 1 as parts, false as names_nobody from conversations"
    )
    con.execute("create or replace table counted_users as select 'u' as user_id")
    sample(con, 2)
    con.execute(f"create or replace table sampled_conversations as {SQL['sampled_conversations']}")
    con.execute(f"create or replace view segments as {WHOLE}")
    con.execute("create or replace table tool_calls (conversation_id varchar, tool varchar)")
    con.execute("create or replace table cut_turns (conversation_id varchar, position integer, text varchar)")
    for macro in ("steps/clio_shortened.sql", "macros/clio_transcript.sql"):
        con.execute((files("clio_sql.sql") / macro).read_text("utf-8"))
    assert con.execute(f"select count(*) from ({SQL['transcripts']})").fetchone() == (2,)
    assert con.execute(f"from ({SQL['left_out']})").fetchall() == [("no place in the sample", 3)]
