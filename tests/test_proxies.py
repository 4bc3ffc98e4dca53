"""Cheap extraction: a model answers of a sample, and a regression of the rest where it agrees with held-out answers."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import chats
import duckdb
import paid
import pytest
from conftest import here
from messages_server import KEY, Server
from paid import asked, state
from test_findings import PACKAGED, told
from test_relations import RELATIONS

import clio_sql
from clio_sql.errors import SqlError
from clio_sql.run.plan import plan

COUNT, SAMPLE = 360, 120


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)


def analysis(path: Path, **settings: Any) -> Path:
    """The questions that are planted, and small thresholds."""
    made = paid.folder(path, **{"extract_sample": SAMPLE, "text_by": "'rule'", "naming_sees": "'terms'"} | settings)
    (made / "facets.sql").write_text(paid.PLANTED)
    return made


# --- the functions


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as opened:
        yield opened


def test_a_regression_gives_the_answers_that_it_learned(con):
    found = con.execute("""
        with given as (
            from (values ([1, 0], 'b'), ([0.9, 0.1], 'b'), ([0, 1], 'a'), ([0.1, 0.9], 'a')) as t(v, answer)
        ),
        learned as (select clio_learn(list(v), list(answer)) as learned from given)
        select answer, clio_predict(v, learned).answer, clio_predict(v, learned).probability, learned.answers
        from given cross join learned""").fetchall()
    assert all(answer == predicted and 0.5 < sure < 1 for answer, predicted, sure, _ in found) and len(found) == 4
    assert found[0][3] == ["a", "b"]


def test_three_answers_and_a_tie_have_probabilities_that_add_up_to_one(con):
    ((first, second, tie),) = con.execute("""
        with learned as (select clio_learn([[1, 0, 0], [0, 1, 0], [0, 0, 1]], ['a', 'b', 'c']) as learned)
        select clio_predict([1, 0, 0], learned), clio_predict([0, 1, 0], learned), clio_predict([0, 0, 0], learned)
        from learned""").fetchall()
    assert (first["answer"], second["answer"]) == ("a", "b") and tie["probability"] == pytest.approx(1 / 3, abs=1e-3)


WRONG = {
    "one answer": ("clio_learn([[1], [2]], ['a', 'a'])", "2 vectors and 2 answers, 1 of them different"),
    "an answer too few": ("clio_learn([[1], [2]], ['a'])", "2 vectors and 1 answers"),
    "a NULL among them": ("clio_learn([[1], [2], [3]], ['a', 'b', null])", "none NULL, and at least two"),
    "another length": ("clio_predict([1, 2], clio_learn([[1], [2]], ['a', 'b']))", "2 numbers was given to a model"),
    "an unknown model": ("clio_predict([1], {model: 'm0', answers: ['a']})", "is not known in this database"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_learned_is_told(con, name):
    call, part = WRONG[name]
    with pytest.raises(duckdb.InvalidInputException, match=re.escape(part)):
        con.execute(f"select {call}").fetchall()


def test_null_gives_null_without_an_error(con):
    assert con.execute("select clio_learn(null, ['a'])").fetchall() == [(None,)]
    assert con.execute("select clio_extract_by_rule(null, {a: 'q'})").fetchall() == [(None,)]
    assert con.execute("select clio_predict(null, clio_learn([[1], [2]], ['a', 'b'])).answer").fetchall() == [(None,)]


def test_the_interval_is_wilsons(con):
    # R: prop.test(90, 100, correct = FALSE)$conf.int, with 1.96 in the place of 1.959964
    (found,) = con.execute("select clio_wilson(90, 100) as w, clio_wilson(0, 5).low, clio_wilson(5, 5).high").fetchall()
    assert found[0] == pytest.approx({"low": 0.82563, "high": 0.94477}, abs=1e-5) and found[1:] == (0, 1)
    assert con.execute("select clio_wilson(0, 0)").fetchall() == [(None,)]


# --- the relation `proxies` alone: vectors, answers and users are given


def measured(
    con: duckdb.DuckDBPyConnection,
    answers: list[tuple[str, str, list[float]]],
    last: list[dict[str, Any]] = (),
    refit: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """The row of facet `f` after (user, answer, vector) of each conversation; last: rows of the build before."""
    con.execute("set schema = 'main'; drop schema if exists alone cascade; create schema alone; set schema = 'alone'")
    con.execute(f"create table settings as {PACKAGED['settings']}")
    for name, value in settings.items():
        con.execute(f"update settings set {name} = ?", [value])
    con.execute("update settings set extract_sample = coalesce(extract_sample, 100)")
    con.execute("create table build_info as select 'e' as embedding_model, ? as refit", [refit])
    con.execute("create table asked_facets as select 'f' as facet, 'sample' as asked, 'h' as question_hash")
    con.execute("create table given (conversation_id varchar, user_id varchar, answer varchar, embedding float[])")
    con.executemany("insert into given values (?, ?, ?, ?)", [[f"{n:05}", *each] for n, each in enumerate(answers)])
    con.execute("create table segments as select conversation_id, user_id from given")
    con.execute("""create table sample_values as
        select conversation_id, 'f' as facet, answer as value from given""")
    con.execute("create table proxy_vectors as select conversation_id, embedding from given")
    con.execute(f"create table proxy_answers as {RELATIONS['proxy_answers'].sql}")
    types = RELATIONS["proxies"].types
    con.execute(f"create table last_proxies ({', '.join(f'{name} {type_}' for name, type_ in types.items())})")
    for row in last:
        names = list(row)
        con.execute(
            f"insert into last_proxies ({', '.join(names)}) values ({', '.join('?' for _ in names)})", [*row.values()]
        )
    found = con.execute(f"from ({RELATIONS['proxies'].sql}) where facet = 'f'")
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def world(users: int = 40, each: int = 5, wrong: float = 0.0, rare: float = 0.5) -> list[tuple[str, str, list[float]]]:
    """Answers that a vector tells, but for a share that is wrong; rare: share of the answer 'no'."""
    drawn = random.Random(3)
    found = []
    for user in range(users):
        for _ in range(each):
            no = drawn.random() < rare
            vector = [drawn.gauss(-1 if no else 1, 0.1), drawn.gauss(0, 0.1)]
            said = no != (drawn.random() < wrong)
            found.append((f"u{user}", "no" if said else "yes", vector))
    return found


def test_what_is_held_out_is_measured_and_a_good_regression_answers(con):
    row = measured(con, world())
    assert (row["agreement"], row["others_agreement"], row["call"]) == (1, 1, None)
    assert (row["answers"], row["users"], row["learned"]["answers"]) == (200, 40, ["no", "yes"])
    assert 0.98 < row["low"] < 1 == row["high"]


def test_agreement_below_the_threshold_lets_the_model_go_on(con):
    answers = world(wrong=0.15)
    row = measured(con, answers)
    wrong = sum((vector[0] < 0) != (answer == "no") for _, answer, vector in answers)
    assert row["agreement"] == pytest.approx(1 - wrong / 200) and row["call"] == 1
    assert measured(con, answers, proxy_agreement=0.8)["call"] is None


def test_too_few_answers_to_be_sure_let_the_model_go_on(con):
    row = measured(con, world(users=10, each=2), min_users=3)
    assert row["agreement"] == 1 and 0.8 < row["low"] < 0.85 and row["call"] == 1


def test_a_regression_that_misses_what_is_rare_does_not_answer(con):
    """An answer to 93% is right in 93% of cases, and hides all others."""
    drawn = random.Random(1)
    answers = [(user, answer, [drawn.gauss(0, 1), drawn.gauss(0, 1)]) for user, answer, _ in world(rare=0.07)]
    row = measured(con, answers)
    assert row["agreement"] > 0.9 and row["others_agreement"] < 0.5 and row["call"] == 1


def test_all_of_a_users_conversations_are_held_out_together(con):
    """Each user has a vector and an answer of their own: whoever learned from the same user would know it."""
    drawn = random.Random(2)
    own = {f"u{user}": ([drawn.gauss(0, 1) for _ in range(30)], drawn.choice(["yes", "no"])) for user in range(40)}
    answers = [(user, answer, vector) for user, (vector, answer) in own.items() for _ in range(5)]
    assert measured(con, answers)["agreement"] < 0.75
    alone = [(f"{user}-{number}", answer, vector) for number, (user, answer, vector) in enumerate(answers)]
    assert measured(con, alone)["agreement"] > 0.95


def test_a_doubtful_answer_does_not_agree(con):
    drawn = random.Random(4)
    answers = [(f"u{n % 40}", drawn.choice("abc"), [0.0, 0.0]) for n in range(300)]
    row = measured(con, answers)
    assert row["agreement"] == 0 and row["call"] == 1  # a third each, at best: not one answer is given


def test_an_answer_of_few_users_is_tested_and_not_learned(con):
    answers = world() + [("u1", "maybe", [0.0, 5.0])] * 10
    row = measured(con, answers)
    assert row["learned"]["answers"] == ["no", "yes"] and row["agreement"] == pytest.approx(200 / 210)
    assert measured(con, answers, min_users=1)["learned"]["answers"] == ["maybe", "no", "yes"]


def test_without_two_answers_there_is_nothing_to_learn(con):
    row = measured(con, world(rare=0))
    assert row["learned"] is None and row["call"] == 1 and row["agreement"] == 0


# --- from build to build


def earlier(row: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    return [row | changed]


def test_a_published_agreement_moves_only_with_enough_users_and_answers(con):
    first = measured(con, world(users=40))
    wrong = [("u1", "yes" if answer == "no" else "no", vector) for _, answer, vector in world(users=1, each=70)]
    for more, moves in (
        ([], False),
        (wrong[:5], False),  # a user more: few answers
        (wrong, False),  # many answers of one user
        (world(users=49, wrong=0.5)[200:], False),  # nine users more
        (world(users=60, wrong=0.5)[200:], True),
    ):
        renamed = [(f"n{user}" if len(more) > 70 or len(more) == 45 else user, *rest) for user, *rest in more]
        row = measured(con, world(users=40) + renamed, earlier(first))
        assert (row["agreement"] != first["agreement"], row["answers"] == 200) == (moves, not moves), len(more)
        assert (row["learned"] != first["learned"]) == moves


def test_another_question_or_model_is_measured_at_once(con):
    first = measured(con, world())
    for changed in ({"question_hash": "before"}, {"embedding_model": "before"}):
        assert measured(con, world(wrong=0.2), earlier(first, **changed))["agreement"] < 0.9


def test_what_the_model_answers_it_goes_on_answering(con):
    first = measured(con, world())
    kept = measured(con, world(), earlier(first, call=3))
    assert kept["call"] == 3 and kept["agreement"] == 1  # else what was paid for would be thrown away
    assert measured(con, world(), earlier(first, call=3), refit=True)["call"] is None


def test_a_regression_that_fails_later_leaves_other_calls_as_they_are(con):
    first = measured(con, world())
    others = [first | {"facet": "other", "call": 4}]
    assert measured(con, world(), [*others, *earlier(first)], proxy_agreement=1)["call"] is None
    row = measured(con, world(wrong=0.2), [*others, *earlier(first, answers=50, users=10)])
    assert row["agreement"] < 0.9 and row["call"] == 5  # a call of its own: the others are not asked again


# --- whole runs through the command line


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> SimpleNamespace:
    """A run with answers of which 97% are right, a second one, and one over more conversations."""
    folder = tmp_path_factory.mktemp("ran")
    found = SimpleNamespace(folder=folder, out=folder / "out", analysis=analysis(folder / "analysis"))
    rows = paid.rows(COUNT + 40)
    found.path, more = chats.write(folder / "a.jsonl", rows[:COUNT]), chats.write(folder / "b.jsonl", rows)
    found.right = {row["conversation_id"]: paid.right(row["messages"][0]["content"]) for row in rows}
    query = "select conversation_id, facet, value, status, answered_by from clio.facet_values order by all"
    with Server() as server, pytest.MonkeyPatch.context() as patched:
        patched.setenv("ANTHROPIC_API_KEY", KEY)
        server.raw = paid.planted(0.97)
        runtime = {"provider": "anthropic", "base_url": server.url}
        found.planned = plan(str(found.path), None, analysis=found.analysis, runtime=runtime)
        with asked(server) as found.calls:
            done = paid.cli(found.path, found.out, server, found.analysis)
            assert done.returncode == 0, done.stderr
        found.bodies = list(server.received)
        found.values, found.published = state(found.out, query), chats.published(found.out)
        found.planned_again = plan(str(found.path), found.out, analysis=found.analysis, runtime=runtime)
        with asked(server) as found.again:
            paid.run(found.path, found.out, server, found.analysis)
        found.published_again = chats.published(found.out)
        with asked(server) as found.grown:
            paid.run(more, found.out, server, found.analysis)
        found.values_grown = state(found.out, query)
    return found


def answered(values: list[tuple]) -> dict[tuple[str, str], int]:
    """(facet, answered_by) -> how many."""
    found: dict[tuple[str, str], int] = {}
    for _, facet, _, _, by in values:
        found[facet, by] = found.get((facet, by), 0) + 1
    return found


def test_a_model_is_asked_about_the_sample_alone(ran):
    assert ran.calls["extract"] == SAMPLE
    asked_of = [body for body in ran.bodies if paid.task(body) == "extract"]
    keys = {frozenset(body["output_config"]["format"]["schema"]["properties"]) for body in asked_of}
    assert keys == {frozenset({"hobby", "outdoors", "effort"})}  # what the user wants is said by rule


def test_who_answered_is_told_of_each_answer(ran):
    found = answered(ran.values)
    assert found["request", "rule"] == COUNT
    for facet in ("hobby", "outdoors", "effort"):
        assert found[facet, "model"] == SAMPLE
        assert found[facet, "proxy"] + found.get((facet, None), 0) == COUNT - SAMPLE
    assert {status for *_, status, by in ran.values if by is None} <= {"unsure"}
    assert all((value is None) == (by is None) for _, _, value, _, by in ran.values)


def test_a_regression_is_as_right_as_the_model_that_it_learned_from(ran):
    of_proxy = [row for row in ran.values if row[4] == "proxy"]
    right = sum(ran.right[row[0]][row[1]] == row[2] for row in of_proxy) / len(of_proxy)
    assert len(of_proxy) > 3 * (COUNT - SAMPLE) * 0.95 and right > 0.95


def test_about_tells_agreement_and_interval_rounded(ran):
    with duckdb.connect(str(ran.out / "published.duckdb"), read_only=True) as con:
        told_ = con.execute("select text_by, extract_sample, proxies, proxies_unused from about").fetchall()
    ((text_by, sample, used, unused),) = told_
    assert (text_by, sample, unused) == ("rule", SAMPLE, None)
    parts = [re.fullmatch(r"(\w+) (0\.\d\d|1\.00) \((\d\.\d\d) to (\d\.\d\d)\)", part) for part in used.split(", ")]
    assert [part[1] for part in parts] == ["effort", "hobby", "outdoors"]
    agreed = dict(state(ran.out, "select facet, agreement from clio.proxies"))
    for part in parts:
        assert float(part[2]) == pytest.approx(agreed[part[1]], abs=0.0051)
        assert float(part[3]) < float(part[2]) <= float(part[4])


def test_about_tells_no_agreement_of_a_few_users_or_answers(ran, tmp_path):
    copy = shutil.copyfile(ran.out / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(copy)) as con:
        con.execute("set schema = 'clio'")
        con.execute("update proxies set users = 4 where facet = 'effort'")
        con.execute("update proxies set answers = 7, call = 1 where facet = 'hobby'")
        used, unused = con.execute(f"select proxies, proxies_unused from ({RELATIONS['about'].sql})").fetchone()
    assert used.startswith("outdoors ") and ", " not in used and unused is None


def test_answers_of_a_regression_are_a_breakdown(ran):
    shown = {(row[2], row[3]) for row in ran.published["cluster_facets"]}
    assert {("outdoors", "yes"), ("outdoors", "no")} <= shown


def test_a_second_run_pays_nothing_and_changes_nothing(ran):
    assert ran.again == {} and ran.published_again == ran.published


def test_newer_conversations_displace_nothing_that_is_paid(ran):
    def asked_of(values: list[tuple]) -> set[str]:
        return {row[0] for row in values if row[1] == "hobby" and row[4] == "model"}

    before, now = asked_of(ran.values), asked_of(ran.values_grown)
    assert before <= now and len(now - before) == ran.grown["extract"]
    assert 0 < ran.grown["extract"] < 40 and answered(ran.values_grown)["request", "rule"] == COUNT + 40


def test_plan_tells_the_calls_before_they_are_made(ran):
    steps = {(step.name, step.if_unmet): step.plan for step in ran.planned}
    assert steps["sample", False].calls == SAMPLE and ("texts", False) not in steps
    assert steps["rest", True].calls == COUNT - SAMPLE  # if no regression is good enough
    again = {(step.name, step.if_unmet): step.plan for step in ran.planned_again}
    assert again["sample", False].stored == SAMPLE and again["rest", True].stored == 0


def test_plan_tells_both_amounts(ran, tmp_path):
    done = here("plan", ran.path, "--analysis", ran.analysis, "--provider", "anthropic")
    assert done.returncode == 0, done.stderr
    total = float(re.search(r"(?m)^total .* ([\d.]+)$", done.stdout)[1])
    more, both = re.search(r"240 calls more for US\$ ([\d.]+): ([\d.]+) in total", done.stdout).groups()
    assert float(more) > 0 and float(both) == pytest.approx(total + float(more), abs=0.011)


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> SimpleNamespace:
    """A run whose answers are half drawn, with what the user wants said by the model."""
    folder = tmp_path_factory.mktemp("failed")
    found = SimpleNamespace(out=folder / "out")
    path, own = paid.written(folder / "a.jsonl", 200), analysis(folder / "own", extract_sample=80, text_by="'model'")
    with Server() as server, pytest.MonkeyPatch.context() as patched:
        patched.setenv("ANTHROPIC_API_KEY", KEY)
        server.raw = paid.planted(0.5)
        with asked(server) as found.calls:
            paid.run(path, found.out, server, own)
        with asked(server) as found.again:
            paid.run(path, found.out, server, own)
        runtime = {"provider": "anthropic", "base_url": server.url}
        found.planned = plan(str(path), found.out, analysis=own, runtime=runtime)
    return found


def test_where_no_regression_is_good_enough_the_model_answers_of_all(failed):
    query = "select conversation_id, facet, value, status, answered_by from clio.facet_values"
    assert answered(state(failed.out, query)) == {
        (facet, "model"): 200 for facet in ("request", "hobby", "outdoors", "effort")
    }
    # a call of what they want, one of the sample, and one of the rest
    assert failed.calls["extract"] == 200 + 80 + 120
    used, unused = about(failed.out)
    assert used is None and [part.split()[0] for part in unused.split("), ")] == ["effort", "hobby", "outdoors"]


def about(out: Path) -> tuple[str | None, str | None]:
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        ((used, unused),) = con.execute("select proxies, proxies_unused from about").fetchall()
    return used, unused


def test_what_the_model_went_on_with_is_paid_once_and_planned_as_stored(failed):
    assert failed.again == {}
    assert {step.name: (step.plan.calls, step.plan.stored) for step in failed.planned[:3]} == {
        "texts": (200, 200), "sample": (80, 80), "rest": (120, 120),
    }  # fmt: skip
    assert not any(step.if_unmet for step in failed.planned)


def test_the_provider_local_answers_all_by_rule(tmp_path):
    path, own = paid.written(tmp_path / "a.jsonl", 60), analysis(tmp_path / "own", extract_sample=20)
    done = here("run", path, "--into", tmp_path / "out", "--analysis", own)
    assert done.returncode == 0, done.stderr
    query = "select distinct answered_by from clio.facet_values where value is not null"
    assert state(tmp_path / "out", query) == [("rule",)] and about(tmp_path / "out") == (None, None)


# --- what is wrong is told


def test_a_sample_larger_than_the_data_is_told_before_anything_is_paid(tmp_path):
    path, own = paid.written(tmp_path / "a.jsonl", 30), analysis(tmp_path / "own", extract_sample=31)
    with Server() as server, asked(server) as calls:
        done = paid.cli(path, tmp_path / "out", server, own)
    assert done.returncode == 4 and calls == {}
    assert (
        "settings.sql: extract_sample is 31, and 30 conversations are analysed; allowed: 1 to 30, or null, which asks "
        "about all of them. Change the value." in done.stderr
    )


SETTINGS = {
    "a sample of none": ({"extract_sample": 0}, "extract_sample is 0; allowed: null (all), or 1 or more."),
    "an agreement above 1": ({"proxy_agreement": 90}, "proxy_agreement is 90"),
    "nobody": ({"text_by": "'nobody'"}, "text_by 'nobody'; allowed: model, rule."),
    "safety": (
        {"mode": "'safety'", "round_to": 1},
        "mode 'safety' asks about every conversation, since a regression misses what is rare; set extract_sample to",
    ),
    "users' own words to the naming model": (
        {"naming_sees": "'texts'"},
        "text_by 'rule' keeps what users wrote, and naming_sees 'texts' shows it to the model that names; set",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_settings_do_not_allow_is_told(tmp_path, name):
    changed, part = SETTINGS[name]
    found = told(analysis(tmp_path / "own", **changed), {})
    assert any(part in each for each in found), found


def test_a_regression_needs_a_text_to_go_by(tmp_path):
    own = analysis(tmp_path / "own", extract_sample=20)
    (own / "facets.sql").write_text(re.sub(r"\n\s*\('request'.*", "", paid.PLANTED))
    with Server() as server, pytest.raises(SqlError, match="extract_sample needs a facet of kind text"):
        paid.run(paid.written(tmp_path / "a.jsonl", 30), tmp_path / "out", server, own)
