"""Several analyses on one warehouse: what is equal is shared, what is published is apart, and nobody stays in one."""

from __future__ import annotations

import os
from pathlib import Path

import chats
import duckdb
import numpy as np
import paid
import pytest
from conftest import ROOT, cli
from messages_server import KEY, Server
from test_forget import COUNT, OTHER, USER, WORDS, quiet, rows

from clio_sql.cli.shell import open_out
from clio_sql.errors import ClioError, InputError, SqlError, StateError, UsageError
from clio_sql.published import copies
from clio_sql.run import record
from clio_sql.run.analyse import analyse
from clio_sql.run.forget import forget
from clio_sql.run.trace import trace
from clio_sql.vectors import embedding
from clio_sql.warehouse import places

TABLES = ("facet_values", "embeddings")


def run(source: Path, out: Path, analysis: Path, name: str | None = None, **more):
    return analyse(str(source), out, quiet(), analysis=analysis, name=name, **more)


def one(out: Path, query: str):
    ((value,),) = chats.warehouse(out, query)
    return value


def content(out: Path, table: str) -> list[tuple]:
    """How many rows, and a hash of them all."""
    return chats.warehouse(out, f"select count(*), sum(md5_number_lower(t::varchar)) from {table} as t")


@pytest.fixture
def embedded(monkeypatch) -> list[str]:
    """The texts that go through the embedding model, which remembers nothing of earlier tests."""
    found, texts = embedding.embedder(embedding.default_model()), []
    compute = found._compute

    def noted(given: list[str], *more):
        texts.extend(given)
        return compute(given, *more)

    monkeypatch.setattr(found, "_memory", type(found._memory)())
    monkeypatch.setattr(found, "_compute", noted)
    return texts


def values(out: Path, schema: str) -> set[str]:
    """The texts that `embeddings` has vectors of."""
    return {text for (text,) in chats.warehouse(
        out, f"select distinct value from {schema}.facet_values where facet = 'request' and value is not null"
    )}  # fmt: skip


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """a.jsonl, two analyses of other thresholds, and one warehouse with both: `product` and the one without a name."""
    folder = tmp_path_factory.mktemp("local")
    chats.write(folder / "a.jsonl", rows())
    paid.folder(folder / "plain")
    paid.folder(folder / "strict", min_users=6, top_clusters=2)
    run(folder / "a.jsonl", folder / "out", folder / "plain")
    run(folder / "a.jsonl", folder / "out", folder / "strict", "product")
    return folder


@pytest.fixture
def out(local, tmp_path) -> Path:
    for path in (local / "out").rglob("*.*"):
        to = tmp_path / "out" / path.relative_to(local / "out")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())
    return tmp_path / "out"


# --- apart


def test_each_publishes_to_a_folder_of_its_own(local):
    out = local / "out"
    for folder, users in ((out, 5), (out / "product", 6)):
        there = {path.name for path in folder.iterdir()}
        assert there >= {"published.duckdb", "report.html", "builds"}
        with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as con:
            assert con.execute("select min_users from about").fetchall() == [(users,)]
    assert not (out / "product" / "warehouse.duckdb").exists()
    assert [(each.build, each.name, each.changed) for each in record.listed(out)] == [(1, None, []), (2, "product", [])]
    assert [each.build for each in record.listed(out / "product")] == [2]
    assert copies.copies(out) == [1] and copies.copies(out / "product") == [2]


def test_the_command_line_takes_the_folder_of_an_analysis(local, out):
    named = out / "product"
    done = cli("run", local / "a.jsonl", "--into", out, "--analysis", local / "strict", "--name", "product")
    assert done.returncode == 0 and str(named / "report.html") in done.stderr, done.stderr
    for command in (("tree", named), ("report", named), ("builds", named), ("diff", named)):
        assert (done := cli(*command)).returncode == 0, done.stderr
    done = cli("sql", named, "-c", "select min_users from settings")
    assert done.stdout.split() == ["min_users", "6"], done.stderr
    assert "product" in cli("builds", out).stdout


@pytest.mark.parametrize("name", ["state", "builds", "parquet", "Product", "a-b", "../a", "a/b", "", "1st", "x" * 41])
def test_names_that_can_be_none(name, local, tmp_path):
    with pytest.raises(UsageError, match="cannot name an analysis"):
        run(local / "a.jsonl", tmp_path / "out", local / "plain", name)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_analysis(local, out, tmp_path):
    (out / "empty").mkdir()
    with pytest.raises(InputError, match="no analysis of that name; it has: product"):
        open_out(out / "empty", published=False)
    with pytest.raises(InputError, match=r"there is no warehouse\.duckdb"):
        places.located(out / "builds")
    (out / "empty" / "warehouse.duckdb").touch()
    with pytest.raises(StateError, match="of its own"):
        run(local / "a.jsonl", out, local / "plain", "empty")
    with pytest.raises(InputError):  # an input that is none leaves no folder behind
        run(chats.write(tmp_path / "none.jsonl", []), out, local / "plain", "fresh")
    assert not (out / "fresh").exists()


def test_a_warehouse_of_before_there_were_names(local, out):
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("alter table clio_state.builds drop column name")
    assert [each.name for each in record.listed(out)] == [None, None]


def test_a_killed_run_is_settled_by_the_next_of_its_name(local, out):
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("update clio_state.builds set result = 'running' where build = 2")
    (out / "product" / "builds" / "2.duckdb").unlink()
    run(local / "a.jsonl", out, local / "plain")
    assert [each.result for each in record.listed(out)] == ["published", "running", "published"]
    run(local / "a.jsonl", out, local / "strict", "product")
    assert [each.result for each in record.listed(out / "product")] == ["published", "published"]
    assert 2 in copies.copies(out / "product")  # it had published just before


# --- shared


def test_what_is_equal_is_taken_over_and_what_is_there_is_left_as_it_is(local, out, embedded):
    before = chats.published(out), chats.published(out / "product"), content(out, "clio.assignments")
    run(local / "a.jsonl", out, local / "strict", "more")
    there = chats.published(out), chats.published(out / "product"), content(out, "clio.assignments")
    assert there == before
    told = chats.published(out / "more")
    assert [row[:-2] for row in told["clusters"]] == [row[:-2] for row in before[1]["clusters"]]  # see paid.tables
    assert told["cluster_facets"] == before[1]["cluster_facets"]
    for table in TABLES:
        assert content(out, f"clio_more.{table}") == content(out, f"clio_product.{table}"), table
    assert len(values(out, "clio_more")) > 30 and not values(out, "clio_more") & set(embedded)


def test_only_the_difference_is_taken_in(local, out, tmp_path):
    other = [*rows()[: COUNT // 2], *(chats.chat(n, f"u{n % 40}", f"Please fix a python loop {n}") for n in (900, 901))]
    told = run(chats.write(tmp_path / "b.jsonl", other), out, local / "plain", "half")
    assert told.conversations == (2, 0, 0)  # new, changed, vanished
    assert one(out, "select count(distinct conversation_id) from clio_half.facet_values") == COUNT // 2 + 2
    assert one(out, "select count(*) from clio_state.processed where relation = 'clio_half.facet_values'") == 122
    assert one(out, "select count(*) from clio.conversations") == len(rows())  # what only others hold stays


def test_the_second_of_two_paid_analyses_extracts_nothing(tmp_path, monkeypatch, embedded):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    source, out = paid.written(tmp_path / "a.jsonl", 240), tmp_path / "out"
    first, second = paid.folder(tmp_path / "a"), paid.folder(tmp_path / "b", conversations_per_cluster=30)
    third = paid.folder(tmp_path / "c", {"a task of the assistant in at most": "a job of the assistant in"})
    with Server() as server:
        runtime = {"provider": "anthropic", "base_url": server.url}
        with paid.asked(server) as asked:
            run(source, out, first, runtime=runtime)
        assert asked["extract"] == 240
        texts = values(out, "clio")
        assert len(texts) > 20 and texts <= set(embedded)
        for analysis, name in ((second, "wide"), (third, "other")):
            embedding.embedder(embedding.default_model())._memory.clear()
            embedded.clear()
            with paid.asked(server) as asked:
                run(source, out, analysis, name, runtime=runtime)
            assert not asked["extract"], name
            assert values(out, f"clio_{name}") == texts and not texts & set(embedded), name
    made = "select count(distinct fingerprint) from clio_state.relations where relation in "
    assert one(out, f"{made} ('embeddings', 'clio_other.embeddings')") == 2  # its table was not taken over
    assert one(out, "select count(*) from clio_state.calls where function = 'extract'") == 240


# --- erasure


def words_of(out: Path) -> set[str]:
    """The secrets of one person that stand in a table of any analysis."""
    found = "".join(text for _, text in paid.every_value(out / "warehouse.duckdb"))
    return {secret for secret in (USER, *WORDS) if secret in found}


def test_forget_erases_from_all_analyses(local, out):
    assert words_of(out) == {USER, *WORDS}
    before = [os.stat(folder / "published.duckdb").st_mtime_ns for folder in (out, out / "product")]
    told = forget(out, [USER], quiet(), analysis=[local / "plain", local / "strict"])
    assert told.erased.conversations == 5 and not told.withdrawn
    assert words_of(out) == set()
    for schema in ("clio", "clio_product"):
        assert one(out, f"select count(*) from {schema}.conversations") == COUNT
    after = [os.stat(folder / "published.duckdb").st_mtime_ns for folder in (out, out / "product")]
    assert all(one > other for one, other in zip(after, before, strict=True))
    assert chats.warehouse(out, "from clio_state.to_rebuild") == []
    run(local / "a.jsonl", out, local / "plain", "more")  # nor does a new analysis take them in
    assert words_of(out) == set()


def test_an_analysis_whose_sql_is_not_given_is_withdrawn(local, out):
    told = forget(out, [USER], quiet(), analysis=local / "strict")
    assert told.withdrawn == [str(out)] and any("its SQL was not given" in line for line in told.lines())
    assert not (out / "published.duckdb").exists() and not (out / "report.html").exists()
    assert (out / "product" / "published.duckdb").exists()
    assert words_of(out) == set()
    assert one(out, "select count(*) from duckdb_tables() where schema_name = 'clio'") == 0
    run(local / "a.jsonl", out, local / "plain")
    assert words_of(out) == set() and (out / "published.duckdb").exists()


def test_other_sql_than_that_of_any_run_is_refused(local, out, tmp_path):
    for analysis in (None, paid.folder(tmp_path / "new", min_users=7), [local / "plain", tmp_path / "new"]):
        with pytest.raises(SqlError, match="built from different SQL"):
            forget(out, [USER], quiet(), analysis=analysis)
    with pytest.raises(UsageError, match="from all analyses"):
        forget(out / "product", [USER], quiet(), analysis=local / "strict")
    assert words_of(out) == {USER, *WORDS}


def test_an_erasure_ends_when_all_analyses_are_made_anew(local, out, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("clio_sql.run.forget.perform", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(BaseException):  # noqa: B017
            forget(out, [USER], quiet(), analysis=[local / "plain", local / "strict"])
    run(local / "a.jsonl", out, local / "plain")
    open_ = "select count(*) from clio_state.erasures where ended_at is null"
    assert one(out, open_) == 1 and one(out, "from clio_state.to_rebuild") == "clio_product"
    run(local / "a.jsonl", out, local / "strict", "product")
    assert one(out, open_) == 0 and words_of(out) == set()


def test_where_a_check_fails_no_analysis_that_counts_them_stays_published(local, out, monkeypatch):
    from clio_sql.errors import CheckError

    def failing(*_, **__):
        raise CheckError("a test")

    monkeypatch.setattr("clio_sql.builder.check", failing)
    with pytest.raises(CheckError):
        forget(out, [USER], quiet(), analysis=[local / "plain", local / "strict"])
    assert not (out / "published.duckdb").exists() and not (out / "product" / "published.duckdb").exists()


def test_a_conversation_that_vanished_from_one_input_stays_in_the_other_analysis(local, out, tmp_path):
    fewer = chats.write(tmp_path / "b.jsonl", [row for row in rows() if row["user_id"].strip() != OTHER])
    count = "select count(*) from {}.{} where user_id = '" + OTHER + "'"
    rows_before = one(out, count.format("clio", "assignments"))
    run(fewer, out, local / "strict", "product")
    assert one(out, count.format("clio_product", "assignments")) == 0
    assert one(out, count.format("clio", "assignments")) == rows_before > 0


# --- modes


def test_both_modes_in_one_warehouse_but_not_in_one_folder(local, out, tmp_path):
    least = {
        "min_users": 1,
        "min_conversations": 1,
        "max_user_share": 1.0,
    }  # so that every cell is one that may be told
    safety = paid.folder(tmp_path / "safety", mode="'safety'", round_to=1, **least)
    with pytest.raises(StateError, match="of the other mode"):
        run(local / "a.jsonl", out, safety, "product")
    run(local / "a.jsonl", out, safety, "watch")
    assert (out / "watch" / "safety.duckdb").stat().st_mode & 0o077 == 0
    assert not (out / "watch" / "published.duckdb").exists() and not (out / "safety.duckdb").exists()
    cluster = one(out, "select cluster_id from clio_watch.memberships order by all limit 1")
    assert list(trace(out / "watch", cluster, limit=1))
    assert chats.warehouse(out, "select name, conversations from clio_state.traces") == [("watch", 1)]
    for folder in (out, out / "product"):  # an analysis of insight is as it was: nobody reads its conversations
        with pytest.raises(ClioError, match="its mode is insight"):
            list(trace(folder, cluster))
    with pytest.raises(StateError, match="of the other mode"):
        run(local / "a.jsonl", out, local / "plain", "watch")


def test_every_noise_draw_is_of_one_analysis(tmp_path):
    """Two analyses in turn draw no noise anew for figures that did not change."""
    pytest.importorskip("opendp")
    source, out = chats.write(tmp_path / "a.jsonl", chats.chats(240)), tmp_path / "out"
    noisy = paid.folder(tmp_path / "noisy", epsilon=2.0)
    for name in ("one", "two", "one", "two"):
        run(source, out, noisy, name)
    assert one(out, "select count(*) from clio_state.noise_draws") == 2
    assert one(out, "select epsilon_spent from clio_one.noise_budget") == 4.0  # of one warehouse, all of it


# --- own relations in an analysis folder


def own(folder: Path, name: str, old: str, new: str) -> None:
    """A packaged relation with some text replaced by another."""
    sql = (ROOT / "sql" / "models" / f"{name}.sql").read_text()
    assert sql.count(old) == 1
    (folder / f"{name}.sql").write_text(sql.replace(old, new))


def test_own_vectors_are_not_what_the_embedding_model_gives(local, embedded, tmp_path):
    """Own SQL may put vectors of another model, or of other texts, into `embeddings`."""
    folder = paid.folder(tmp_path / "own")
    own(folder, "embeddings", "clio_embed(value)", "clio_embed('x ' || value)")
    run(local / "a.jsonl", tmp_path / "out", folder)
    model = embedding.embedder(embedding.default_model())
    named = [text for text in embedded if f"x {text}" in embedded]
    assert named  # naming compares answers with words
    assert np.allclose(model.encode(named), model._compute(named, lambda more: None), atol=1e-3)


def test_own_answers_need_not_be_incremental_and_a_name_of_the_builders_is_free(local, tmp_path):
    folder = paid.folder(tmp_path / "own")
    own(folder, "facet_values", "-- incremental: key=conversation_id", "-- of")
    told = "-- One row: what we count.\n-- kind: table\n-- grain: one row\n"
    (folder / "work.sql").write_text(f"{told}select count(distinct conversation_id) as conversations from embeddings")
    (folder / "worked.sql").write_text(f"{told}select conversations from work")
    told = run(local / "a.jsonl", tmp_path / "out", folder)
    assert told.conversations == (0, 0, 0)
    assert one(tmp_path / "out", "select conversations from clio.worked") == one(
        tmp_path / "out", "select count(distinct conversation_id) from clio.embeddings"
    )
