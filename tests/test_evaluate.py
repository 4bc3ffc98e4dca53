"""`clio-sql evaluate`: a small world whose figures are known, and the demo, counted again with scikit-learn."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, v_measure_score
from typer.testing import CliRunner

from clio_sql.cli.commands import app
from clio_sql.errors import InputError
from clio_sql.run import scores
from clio_sql.run.evaluate import evaluate
from clio_sql.run.scores import adjusted_rand, v_measure
from clio_sql.warehouse import state


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """Three base clusters, two of them published under one parent: 8 conversations of 4 users, one without a user."""
    folder = tmp_path_factory.mktemp("made")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        state.migrate(con)
        con.execute("""
            create schema clio; use clio;
            create table memberships as
            select *, 'request' as facet, level, if(level = 0, base, 'p') as cluster_id
            from (values ('c1', 'u1', 'a'), ('c2', 'u2', 'a'), ('c3', 'u1', 'a'), ('c4', 'u3', 'b'), ('c5', null, 'b'))
                t(conversation_id, user_id, base), (values (0), (1)) levels(level);
            create table suppressed as from (values ('c6', 'u2', 'request', 'x', 'too_few_users', true),
                ('c7', 'u4', 'request', null, 'no_answer', true), ('c8', 'u4', 'request', 'x', 'too_few_users', true)
            ) t(conversation_id, user_id, facet, cluster_id, reason, independent);
            create table hierarchy as from (values ('request', 0, 'a', 'p', 'Book a flight', '', ['a']),
                ('request', 0, 'b', 'p', 'Bake bread', '', ['b']), ('request', 1, 'p', null, 'All', '', ['a', 'b'])
            ) t(facet, level, cluster_id, parent_id, name, description, base_cluster_ids);
            create table facet_values as select 'c' || n as conversation_id, 'language' as facet,
                if(n = 4, null, 'English') as value from range(1, 9) t(n)""")
    return folder


@pytest.fixture(autouse=True)
def a_language_of_one_user_counts(monkeypatch):
    monkeypatch.setattr(scores, "LEAST", 1)


LABELS = "c1 air_travel, c2 air_travel, c3 baking, c4 baking, c5 air_travel, c6 baking, c7 baking, c8 air_travel"


def labelled(path: Path, text: str = LABELS, columns: str = "conversation_id,topic") -> str:
    path.write_text("\n".join([columns, *(line.replace(" ", ",") for line in text.split(", "))]), "utf-8")
    return str(path)


def values(found) -> dict[tuple, float]:
    return {(figure.measure, figure.level, figure.language): figure.value for figure in found.figures}


def test_figures_of_a_small_world(out, tmp_path):
    [found] = evaluate(labelled(tmp_path / "labels.csv"), out, "topic", replicates=50)
    assert (found.facet, found.conversations, found.users, found.topics) == ("request", 8, 4, 2)
    assert (found.base_clusters, found.published, found.elsewhere) == (3, 2, 0)
    figures = values(found)
    assert figures["base_purity", None, None] == (2 + 1 + 1) / 8  # c7 is in no cluster
    assert figures["held_back", None, None] == 3 / 8
    assert figures["reconstructed", None, None] == 3 / 8  # by name: c1, c2, c4
    assert figures["reconstructed_of_published", None, None] == 3 / 5
    assert figures["reconstructed", None, "English"] == 2 / 7
    truth, base = [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]
    assert figures["adjusted_rand_index", 0, None] == pytest.approx(adjusted_rand_score(truth, base))
    assert figures["v_measure", 0, None] == pytest.approx(v_measure_score(truth, base))
    assert figures["adjusted_rand_index", 1, None] == 0
    assert figures["names_repeated", 0, None] == figures["names_alike", 0, None] == 0
    assert 0 < figures["siblings_alike", 0, None] < 0.9
    assert all(-0.5 <= figure.low <= figure.high <= 1 for figure in found.figures if figure.low is not None)


def test_a_column_of_languages_comes_before_the_facet(out, tmp_path):
    text = "c1 baking French, c2 air_travel French"
    [found] = evaluate(
        labelled(tmp_path / "labels.csv", text, "conversation_id,topic,language"), out, "topic", replicates=0
    )
    assert values(found)["reconstructed", None, "French"] == 0.5
    assert {figure.low for figure in found.figures} == {None}


def test_a_language_of_few_users_is_not_told_apart(out, tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "LEAST", 5)
    [found] = evaluate(labelled(tmp_path / "labels.csv"), out, "topic", replicates=5)
    assert {figure.language for figure in found.figures} == {None}


def test_the_same_seed_draws_the_same_users(out, tmp_path):
    path = labelled(tmp_path / "labels.csv")
    once, again, other = (evaluate(path, out, "topic", replicates=20, seed=seed)[0] for seed in (1, 1, 2))
    assert once == again and once.figures != other.figures


def test_a_conversation_with_two_labels_and_one_elsewhere(out, tmp_path):
    [found] = evaluate(labelled(tmp_path / "labels.csv", f"{LABELS}, c1 baking, d1 baking"), out, "topic", replicates=0)
    assert (found.conversations, found.elsewhere) == (7, 1)


@pytest.mark.parametrize(
    ("text", "columns", "label", "options", "error"),
    [
        (LABELS, "conversation_id,topic", "topics", {}, "has no column 'topics'. The nearest is topic. Change --label"),
        (LABELS, "id,topic", "topic", {}, "no column has conversation ids, by which rows are matched .*--id-column"),
        (LABELS, "conversation_id,topic", "topic", {"id_column": "thread"}, "no column 'thread'.*Change --id-column"),
        ("d1 a, d2 b", "conversation_id,topic", "topic", {}, "none of its 2 conversation ids is in .*the run read"),
        ("c1 a, c1 b", "conversation_id,topic", "topic", {}, "no conversation id has one value in 'topic'"),
        (
            ", ".join(f"c{n} t{n}" for n in range(1001)), "conversation_id,topic", "topic", {},
            "1,001 different values, so it names no topics",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(out, tmp_path, text, columns, label, options, error):
    with pytest.raises(InputError, match=error):
        evaluate(labelled(tmp_path / "labels.csv", text, columns), out, label, **options)


def test_a_folder_without_a_run(tmp_path):
    path = labelled(tmp_path / "labels.csv")
    with pytest.raises(InputError, match=r"there is no warehouse.duckdb in it"):
        evaluate(path, tmp_path, "topic")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        state.migrate(con)
    with pytest.raises(InputError, match=r"no run has published a cluster here.*clio-sql run INPUT --into"):
        evaluate(path, tmp_path, "topic")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=60))
def test_scores_are_scikit_learns(pairs):
    clusters, labels = np.array(pairs).T
    table = np.zeros((5, 4))
    np.add.at(table, (clusters, labels), 1)
    assert adjusted_rand(table) == pytest.approx(adjusted_rand_score(labels, clusters), abs=1e-9)
    assert v_measure(table) == pytest.approx(v_measure_score(labels, clusters), abs=1e-9)


def test_the_demo_counted_again(demo_out):
    given = [str(demo_out / "demo.parquet"), "--label", "label", "--into", str(demo_out), "--replicates", "100"]
    done = CliRunner().invoke(app, ["evaluate", *given, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    figures = {(figure["measure"], figure["level"], figure["language"]): figure for figure in found["figures"]}
    with duckdb.connect(str(demo_out / "warehouse.duckdb"), read_only=True) as con:
        chats = f"(select conversation_id, label from '{demo_out / 'demo.parquet'}')"
        base = con.execute(
            f"select cluster_id, label from clio.assignments join {chats} using (conversation_id)"
        ).fetchall()
        top = con.execute(
            f"select cluster_id, label from clio.memberships join {chats} using (conversation_id) where level = 2"
        ).fetchall()
    counted = Counter(base)
    purest = sum(max(n for (of, _), n in counted.items() if of == cluster) for cluster in {of for of, _ in counted})
    assert (
        figures["base_purity", None, None]["value"] == pytest.approx(purest / 1500) and found["conversations"] == 1500
    )
    assert figures["held_back", None, None]["value"] == pytest.approx(1 - len(top) / 1500)
    clusters, labels = zip(*top, strict=True)
    assert figures["adjusted_rand_index", 2, None]["value"] == pytest.approx(adjusted_rand_score(labels, clusters))
    interval = figures["reconstructed", None, None]
    assert interval["low"] < interval["value"] < interval["high"] < interval["low"] + 0.2
    plain = CliRunner().invoke(app, ["evaluate", *given])
    assert plain.stdout.startswith("request by label: 1,500 conversations of ") and "base purity" in plain.stdout


def test_arguments_out_of_range(out, tmp_path):
    done = CliRunner().invoke(app, ["evaluate", labelled(tmp_path / "l.csv"), "--label", "topic", "--replicates", "-1"])
    assert done.exit_code == 2
