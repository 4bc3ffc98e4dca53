"""Nobody learns from the order of phrases who wrote which: see `clio_blurred` and `cluster_terms`.

In each of many clusters 50 accounts of an attacker write all of eight candidates, one person writes one of them, and
100 write something else. Who knows all but that one guesses it from the first phrase.
"""

from __future__ import annotations

from itertools import pairwise

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_relations import RELATIONS, packaged

import clio_sql

CANDIDATES = ["asthma", "diabetes", "epilepsy", "lupus", "migraine", "psoriasis", "sciatica", "vertigo"]
TARGETS = 400
WORLD = f"""
    create table gated_clusters as
    select 'request' as facet, target::varchar as cluster_id, true as passes from range({TARGETS}) as t(target);

    create table facets as select distinct facet, 'text' as kind from gated_clusters;

    create table assignments as
    select facet, cluster_id, concat_ws('/', cluster_id, number) as conversation_id, conversation_id as user_id
    from gated_clusters cross join range(151) as t(number);

    create table facet_values as
    select
        facet, conversation_id,
        case
            when conversation_id like '%/50' then {CANDIDATES}[cluster_id::integer % 8 + 1]
            when split_part(conversation_id, '/', 2)::integer < 50 then array_to_string({CANDIDATES}, ', ')
            else 'something else'
        end as value
    from assignments;

    create table independent_texts as select facet, conversation_id, true as independent from assignments;

    create table vocabulary as
    select unnest({CANDIDATES}) as word, word as lemma, false as stop, false as task, false as vague,
        null::varchar as part
    union all
    select unnest(['something', 'else']) as word, word as lemma, false as stop, true as task, false as vague,
        null::varchar as part;

    create table supported_words as select facet, cluster_id, lemma from gated_clusters cross join vocabulary;

    create table margins as select 'a secret' as salt, 0 as word_margin, 0 as cell_margin
"""


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as con:
        con.execute("create schema clio; set schema = 'clio'")
        con.execute(WORLD)
        yield con


def guessed(con: duckdb.DuckDBPyConnection, band: int) -> int:
    """Targets whose candidate has the largest share of its cluster, by which phrases are ordered among others."""
    packaged(con, "settings", term_band=band)
    for relation in ("phrase_texts", "phrases", "cluster_terms"):
        con.execute(f"create or replace table {relation} as {RELATIONS[relation].sql}")
    first = """
        select cluster_id::integer, arg_max(term, (share, term)) from cluster_terms where term <> 'something else'
        group by all"""
    return sum(term == CANDIDATES[target % 8] for target, term in con.execute(first).fetchall())


def test_with_exact_numbers_the_first_phrase_is_that_of_the_one_who_is_not_the_attacker(con):
    assert guessed(con, 1) == TARGETS


def test_in_bands_it_is_little_more_often_than_by_guessing(con):
    band = 20
    assert guessed(con, band) <= TARGETS * (1 / 8 + 1 / band) + 3 * (TARGETS * 0.18 * 0.82) ** 0.5


@given(users=st.integers(1, 500), band=st.integers(1, 60), identity=st.text(max_size=5))
def test_one_user_more_moves_a_number_once_in_a_band(con, users, band, identity):
    query = "select clio_blurred('salt', ?, n, ?) from range(?, ?) as t(n)"
    found = [n for (n,) in con.execute(query, [identity, band, users, users + band + 1]).fetchall()]
    assert sum(a != b for a, b in pairwise(found)) <= 1 or users < band
    assert found == sorted(found) and all(abs(n - users - place) <= band / 2 or n == 1 for place, n in enumerate(found))
    assert band > 1 or found == [*range(users, users + 2)]
