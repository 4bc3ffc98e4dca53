"""Erasure: who is forgotten is in no table, no call and no byte, and does not come in again."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chats
import duckdb
import paid
import pytest
from messages_server import KEY, Server
from rich.console import Console
from test_privacy import decoded, uncompressed

import clio_sql
from clio_sql import sources
from clio_sql.builder.progress import Steps
from clio_sql.cli import summary
from clio_sql.errors import CheckError, InputError, ProviderError, SqlError, UsageError
from clio_sql.run.analyse import analyse
from clio_sql.run.forget import forget, given
from clio_sql.vectors.embedding import _packaged_weights, embedder
from clio_sql.warehouse import erase, state

USER, OTHER = "quagmire-7741", "u3"
WORDS = ("brunkelwitz", "snarfoldine")  # written by that user alone
IDS = [f"quux-{n}" for n in range(9)]
COUNT = 240


FILES = ["builds", "published.duckdb", "report.html", "warehouse.duckdb"]


def quiet() -> Steps:
    return Steps(Console(file=io.StringIO()))


def rows(count: int = COUNT) -> list[dict]:
    """Ordinary conversations, and five of one person whose words nobody else uses."""
    theirs = [
        chats.chat(
            n, f" {USER}\n", f"Please cook a lentil {WORDS[0]} soup for {WORDS[1]} number {n}", conversation_id=IDS[n]
        )
        for n in range(5)
    ]
    return chats.chats(count) + theirs


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """The input, and a run over it. Copy it before it is changed."""
    folder = tmp_path_factory.mktemp("local")
    analysis = paid.folder(folder / "analysis")
    analyse(str(chats.write(folder / "a.jsonl", rows())), folder / "out", quiet(), analysis=analysis)
    return folder


@pytest.fixture
def out(local, tmp_path) -> Path:
    return copied(local / "out", tmp_path / "out")


def copied(folder: Path, to: Path) -> Path:
    return shutil.copytree(folder, to)


def traces(out: Path, tmp_path: Path) -> set[str]:
    """Which secrets are anywhere in the folder: decoded, in the bytes as they are, and in those of a plain copy."""
    secrets = {USER, *WORDS, *IDS}
    found = set()
    for path in filter(Path.is_file, out.rglob("*")):
        data = path.read_bytes().lower()
        text = ""
        if path.suffix == ".duckdb":
            text = decoded(path)
            data += uncompressed(path, plain := tmp_path / f"plain-{path.name}")
            plain.unlink()
        found |= {secret for secret in secrets if secret in text or secret.encode() in data}
    return found


def forget_here(out: Path, local: Path, *ids: str):
    return forget(out, ids or (USER,), quiet(), analysis=local / "analysis")


def again(local: Path, out: Path, file: str = "a.jsonl") -> None:
    analyse(str(local / file), out, quiet(), analysis=local / "analysis")


def test_nothing_of_a_forgotten_person_is_left_or_comes_back(local, out, tmp_path):
    assert traces(out, tmp_path) >= {USER, *WORDS, *IDS[:5]}  # the search finds them where they are
    fitted = chats.warehouse(out, "from clio.cluster_models")
    told = forget_here(out, local)
    assert chats.warehouse(out, "from clio.cluster_models") == fitted  # one erasure does not change all clusters
    assert told.erased.conversations == 5 and told.erased.rows > 30
    assert traces(out, tmp_path) == set()
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert chats.warehouse(out, "select count(*) from clio.conversations") == [(COUNT,)]
    assert chats.warehouse(out, "select count(*) from clio_state.erasures where ended_at is null") == [(0,)]
    assert not any(USER in line or word in line for line in told.lines() for word in WORDS)

    before = chats.published(out)
    again(local, out)  # a source that still holds them does not bring them back
    assert traces(out, tmp_path) == set()
    assert chats.published(out) == before


def test_a_value_that_only_a_forgotten_person_had_is_not_kept_in_a_figure(tmp_path):
    """The figure of a breakdown stays as it was published, and its values with it."""
    asked = [row | {"team": WORDS[0] if row["user_id"] == "u7" else "red"} for row in chats.chats(120, users=30)]
    path, out = chats.write(tmp_path / "a.jsonl", asked), tmp_path / "out"
    analyse(str(path), out, quiet(), breakdowns=["team"])
    assert WORDS[0] in traces(out, tmp_path)
    forget(out, ["u7"], quiet())
    assert traces(out, tmp_path) == set()


def test_the_bytes_are_there_until_the_file_is_copied(out, tmp_path, local, monkeypatch):
    monkeypatch.setattr(erase, "copy_anew", lambda con, path: con.close())
    forget_here(out, local)
    assert USER not in decoded(out / "warehouse.duckdb")
    assert WORDS[0].encode() in (out / "warehouse.duckdb").read_bytes()  # so the search of bytes sees something
    monkeypatch.undo()
    again(local, out)  # any later run ends what was begun
    assert traces(out, tmp_path) == set()


def test_what_is_left_is_what_a_whole_build_makes_of_it(local, out):
    """Erasing gives what building everything anew from the rows that are left gives, with the same centroids."""
    forget_here(out, local)
    before = chats.published(out)
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("delete from clio_state.relations where relation <> 'cluster_models'")
        con.execute("delete from clio_state.processed where relation = 'facet_values'")
    again(local, out)
    after = chats.published(out)
    for name in before:
        places = (lambda row: row[:-2]) if name == "clusters" else (lambda row: row)  # see paid.tables
        assert [places(row) for row in after[name]] == [places(row) for row in before[name]], name


def test_tables_of_others_are_found_by_their_columns(local, out, tmp_path):
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute(f"create table clio_state.bases as select 'c1' as cluster_id, ['u1', '{USER}'] as users")
        con.execute("create table clio_state.seen as select 'quux-0' as conversation_id union all select 'c1'")
        con.execute("create table clio_state.links as select ['c1', 'quux-2'] as conversation_ids")
        con.execute(f"create table clio.of_another_analysis as select '{WORDS[0]}' as word")
        con.execute("create view clio.over_it as from clio.of_another_analysis")
    forget_here(out, local)
    assert traces(out, tmp_path) == set()
    assert chats.warehouse(out, "select users from clio_state.bases") == [(["u1"],)]
    assert chats.warehouse(out, "from clio_state.seen") == [("c1",)]
    assert chats.warehouse(out, "from clio_state.links") == [(["c1"],)]


def test_rows_of_others_with_the_same_conversation_id_stay(tmp_path, local):
    shared = [*rows(), chats.chat(0, "u1", "Please fix a python loop quickly", conversation_id=IDS[0])]
    path = chats.write(tmp_path / "shared.jsonl", shared)
    analyse(str(path), tmp_path / "out", quiet(), analysis=local / "analysis")
    forget_here(tmp_path / "out", local)
    query = "select user_id from clio.conversations where conversation_id like 'quux-0%'"  # of two users it is two ids
    assert chats.warehouse(tmp_path / "out", query) == [("u1",)]
    query = "select distinct value from clio.facet_values where conversation_id like 'quux-0%' and facet = 'request'"
    assert WORDS[0] not in str(chats.warehouse(tmp_path / "out", query))


def test_an_unknown_person_is_noted(local, out, tmp_path):
    before = (out / "published.duckdb").read_bytes()
    told = forget_here(out, local, "never-seen")
    assert [*told.lines()] == ["Nothing here belongs to the 1 given user ids. They are noted: no run will read them."]
    assert (out / "published.duckdb").read_bytes() == before
    path = chats.write(tmp_path / "b.jsonl", [*rows(), chats.chat(5000, "never-seen", "Please fix a python loop")])
    analyse(str(path), out, quiet(), analysis=local / "analysis")
    assert chats.warehouse(out, "select count(*) from clio.source where user_id = 'never-seen'") == [(0,)]
    assert "never-seen" not in decoded(out / "warehouse.duckdb")


def test_the_plan_of_a_next_run_leaves_them_out(local, out, server):
    from clio_sql.run.plan import plan

    forget_here(out, local)
    asked = {"analysis": local / "analysis", "runtime": {"provider": "anthropic", "base_url": server.url}}
    with_them, without = (plan(str(local / "a.jsonl"), into, **asked)[0].plan.calls for into in (None, out))
    assert with_them == without + 5


def test_several_people_by_a_file(local, out, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text(f"\ufeff{USER}\n\n  {OTHER} \n{USER}\n", encoding="utf-8")
    assert given((), ids) == [USER, OTHER]
    with pytest.raises(UsageError, match="no user id was given"):
        given((), None)
    with pytest.raises(InputError, match="cannot be read"):
        given((), tmp_path / "none.txt")
    forget_here(out, local, *given((), ids))
    query = f"select count(*) from clio.assignments where user_id in ('{OTHER}', '{USER}')"
    assert chats.warehouse(out, query) == [(0,)]


@pytest.mark.slow
def test_everybody(local, out):
    people = {row["user_id"].strip() for row in rows()}
    forget_here(out, local, *people)
    assert chats.warehouse(out, "select count(*) from clio.conversations") == [(0,)]
    assert chats.published(out)["clusters"] == []


def test_other_sql_than_that_of_the_run_is_refused(out, local, tmp_path):
    with pytest.raises(SqlError, match="built from different SQL"):
        forget(out, (USER,), quiet())
    assert USER in decoded(out / "warehouse.duckdb")
    with pytest.raises(InputError, match=r"there is no warehouse\.duckdb"):
        forget(tmp_path, (USER,), quiet())


def test_where_a_check_fails_nothing_stays_published(out, local, monkeypatch):
    def failing(*_, **__):
        raise CheckError("a test")

    monkeypatch.setattr("clio_sql.builder.check", failing)
    (out / "report.html").write_text("old")
    (out / "parquet").mkdir()
    duckdb.sql(
        f"copy (select 'old') to '{out / 'parquet' / 'clusters.parquet'}' (kv_metadata {{clio_sql: 'published'}})"
    )
    with pytest.raises(CheckError):
        forget_here(out, local)
    assert [path.name for path in out.rglob("*.*") if path.parent.name != "builds"] == ["warehouse.duckdb"]
    monkeypatch.undo()
    told = forget_here(out, local)  # the same command finishes
    assert told.erased.rows == 0 and (out / "published.duckdb").exists()


def test_a_conversation_that_vanished_from_the_source_is_erased(out, local, tmp_path):
    chats.write(local / "b.jsonl", rows()[: COUNT + 2])
    again(local, out, "b.jsonl")
    assert traces(out, tmp_path) == {USER, *WORDS, *IDS[:2]}
    query = "select users, conversations, ended_at is not null from clio_state.erasures"
    assert chats.warehouse(out, query) == [(0, 3, True)]


def test_where_an_embedding_model_lies_is_not_told_but_found_again(local, tmp_path):
    model, out = tmp_path / "jane-doe" / "model", tmp_path / "out"
    shutil.copytree(_packaged_weights(), model)
    runtime = {"embedding_model": str(model)}
    analyse(str(local / "a.jsonl"), out, quiet(), analysis=local / "analysis", runtime=runtime)
    forget(out, [USER], quiet(), analysis=local / "analysis")
    with duckdb.connect(str(out / "published.duckdb"), read_only=True) as con:
        (told,) = con.execute("select embedding_model from about").fetchone()
    assert told.startswith("folder@") and told in (out / "report.html").read_text()
    assert USER not in traces(out, tmp_path)
    for path in (out / "published.duckdb", out / "report.html", *(out / "builds").iterdir()):
        assert b"jane-doe" not in path.read_bytes(), path
    assert chats.warehouse(out, "select count(distinct value_hash) > 1 from clio.embeddings") == [(True,)]


def test_somebody_elses_parquet_is_not_removed(out, local):
    """Such as the input itself."""
    (out / "parquet").mkdir()
    duckdb.sql(f"copy (select 1 as mine) to '{out / 'parquet' / 'chats.parquet'}'")
    assert forget_here(out, local).removed == []
    assert (out / "parquet" / "chats.parquet").exists()


def test_an_analysis_whose_model_cannot_be_loaded_is_withdrawn(out, local, tmp_path):
    """It cannot be made anew, and still counts them."""
    model = shutil.copytree(_packaged_weights(), tmp_path / "model")
    asked = {"analysis": local / "analysis", "name": "product", "runtime": {"embedding_model": str(model)}}
    analyse(str(local / "a.jsonl"), out, quiet(), **asked)
    assert (out / "product" / "published.duckdb").exists()
    model.rename(tmp_path / "elsewhere")
    loaded = embedder(str(model))
    loaded._model = loaded._encoder = loaded._dimension = None  # as in another process
    with pytest.raises(ProviderError, match="cannot be loaded"):
        forget_here(out, local)
    assert not (out / "product" / "published.duckdb").exists() and (out / "published.duckdb").exists()


@pytest.mark.parametrize("given", ["45", "45.0", " 45.00 "])
def test_an_id_of_decimals_is_the_one_without(local, tmp_path, given):
    source, out = tmp_path / "a.parquet", tmp_path / "out"
    duckdb.sql(
        "copy (select * replace (if(contains(user_id, 'quagmire'), 45, hash(user_id) % 40)::double as user_id) "
        f"from '{local / 'a.jsonl'}') to '{source}'"
    )
    asked = {"analysis": local / "analysis"}
    analyse(str(source), out, quiet(), **asked)
    assert forget(out, [given], quiet(), **asked).erased.conversations == 5
    analyse(str(source), out, quiet(), **asked)
    assert traces(out, tmp_path) == set()
    assert chats.warehouse(out, "select count(*) from clio.conversations where user_id like '45%'") == [(0,)]


KILLED = """
import os, sys
from pathlib import Path
from {package} import {module}
before = {module}.{function}
def die(*arguments, **named):
    {call}
    os.kill(os.getpid(), 9)
{module}.{function} = die
from clio_sql.run.forget import forget
from clio_sql.builder.progress import Steps
forget(Path(sys.argv[1]), [sys.argv[2]], Steps(), analysis=Path(sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("module", "function", "finishes_first", "begun"),
    [
        ("builder", "run", False, True),  # deleted, not built
        pytest.param("builder", "check", True, True, marks=pytest.mark.slow),  # built, not published
        pytest.param("erase", "is_due", True, False, marks=pytest.mark.slow),  # nothing is deleted yet
        ("erase", "_copy", True, True),  # copied, not renamed
        pytest.param("erase", "_calls", True, False, marks=pytest.mark.slow),  # within the transaction
    ],
)
def test_killed_at_any_moment_it_is_finished_by_the_same_command(
    out, local, tmp_path, module, function, finishes_first, begun
):
    call = "before(*arguments, **named)" if finishes_first else ""
    package = "clio_sql" if module == "builder" else "clio_sql.warehouse"
    code = KILLED.format(package=package, module=module, function=function, call=call)
    command = [sys.executable, "-c", code, str(out), USER, str(local / "analysis")]
    assert subprocess.run(command, timeout=300, stderr=subprocess.DEVNULL).returncode == -9
    assert traces(out, tmp_path) >= set(WORDS)  # it was killed before it was done
    told = list(forget_here(out, local).lines())
    assert any(line.startswith("Finished an erasure that had been stopped") for line in told) == begun
    assert traces(out, tmp_path) == set()
    assert sorted(path.name for path in out.iterdir()) == FILES


# --- where answers cost money


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    with Server() as running:
        yield running


def paid_rows() -> list[dict]:
    text = f"Please tell me {WORDS[0]} {WORDS[1]} way of cooking"
    return paid.rows(COUNT) + [chats.chat(n, USER, f"{text} {n}", conversation_id=IDS[n]) for n in range(9)]


def test_calls_that_saw_their_texts_are_erased_and_nothing_is_paid(server, tmp_path, monkeypatch):
    path, analysis, out = tmp_path / "a.jsonl", paid.folder(tmp_path / "analysis"), tmp_path / "out"
    paid.run(chats.write(path, paid_rows()), out, server, analysis)
    texts = {secret: sorted(key for (key,) in chats.warehouse(out, f"""
        select distinct key from clio_state.call_inputs, clio_state.salt
        where input_hash in (
            select sha256(salt || value) from clio.facet_values where value like '%{secret}%'
            union all select sha256(salt || transcript) from clio.transcripts where transcript like '%{secret}%'
        )""")) for secret in WORDS}  # fmt: skip
    seen = texts[WORDS[0]]
    functions = dict(chats.warehouse(out, f"select function, count(*) from clio_state.calls where key in {tuple(seen)} "
                                          "group by all"))  # fmt: skip
    assert functions["extract"] == 9 and functions["name"] >= 1  # extraction and naming saw them
    before = {name for (name,) in chats.warehouse(out, "select name from clio.hierarchy where level = 0")}
    stored = chats.warehouse(out, "select count(*) from clio_state.calls")[0][0]
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with paid.asked(server) as asked:
        told = forget(out, [USER], quiet(), analysis=analysis)
    assert not asked  # nobody was asked, and no key was needed
    assert told.erased.calls >= len(seen) and told.erased.usd > 0 and told.unpaid.calls > 0 and told.unpaid.usd > 0
    assert chats.warehouse(out, "select count(*) from clio_state.calls") == [(stored - told.erased.calls,)]
    assert chats.warehouse(out, f"select count(*) from clio_state.calls where key in {tuple(seen)}") == [(0,)]
    assert chats.warehouse(out, f"select count(*) from clio_state.call_inputs where key in {tuple(seen)}") == [(0,)]
    assert traces(out, tmp_path) == set()
    shown = {name for (name,) in chats.warehouse(out, "select name from clio.hierarchy where level = 0")}
    assert shown <= before  # what was named without them is still shown, the rest is held back
    query = "select count(*) from clio.facet_values where status <> 'ok'"
    assert chats.warehouse(out, query) == [(0,)]  # answers of others are not touched

    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with paid.asked(server) as asked:
        paid.run(path, out, server, analysis)
    assert asked["audit"] >= 1 and not asked["extract"]  # the next run asks what was erased, and no more
    assert traces(out, tmp_path) == set()
    assert not chats.warehouse(out, "select 1 from clio_state.relations where not complete")


def test_whom_an_earlier_version_forgot_as_decimals_stays_out(tmp_path):
    path = tmp_path / "a.jsonl"
    chats.write(path, [chats.chat(n, str(user), "How do I cook soup?") for n, user in enumerate((45, 46))])
    with clio_sql.connect() as con:
        state.salted(con)
        con.execute(f"insert into clio_state.forgotten select {state.user_hash('$1')}, now()::timestamp", ["45.0"])
        sources.read(con, path)
        assert con.execute("select user_id from clio.source").fetchall() == [("46",)]


def test_calls_of_vanished_conversations_are_erased_by_the_next_run(server, tmp_path):
    path, analysis, out = tmp_path / "a.jsonl", paid.folder(tmp_path / "analysis"), tmp_path / "out"
    paid.run(chats.write(path, paid_rows()), out, server, analysis)
    told = paid.run(chats.write(path, paid.rows(COUNT)), out, server, analysis)
    (said,) = (line for line in summary.lines(told) if line.startswith("erased"))
    calls, usd = told.erased.calls, told.erased.usd
    assert said == f"erased with the conversations that vanished: {calls} stored calls, which had cost ${usd:.2f}"
    assert calls >= 5
    assert traces(out, tmp_path) == set()
    query = "select count(*) from clio_state.conversation_inputs where conversation_id like 'quux-%'"
    assert chats.warehouse(out, query) == [(0,)]


def test_the_command(out, local):
    command = [
        sys.executable,
        "-m",
        "clio_sql.cli",
        "forget",
        str(out),
        "--users",
        "-",
        "--analysis",
        str(local / "analysis"),
    ]
    done = subprocess.run(command, input=f"{USER}\n", capture_output=True, text=True, timeout=300, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert "Erased: 5 conversations" in done.stderr and USER not in done.stdout + done.stderr
