"""Safety mode: nothing is gated, all of it is marked and kept apart, and every look at conversations is recorded."""

from __future__ import annotations

import getpass
import io
import json
import os
import shutil
import stat
from pathlib import Path

import chats
import duckdb
import paid
import pytest
from rich.console import Console
from test_privacy import decoded
from typer.testing import CliRunner, Result

import clio_sql
from clio_sql import builder
from clio_sql.analysis import catalog
from clio_sql.builder import progress
from clio_sql.builder.progress import Steps
from clio_sql.cli.commands import app
from clio_sql.errors import CheckError, ClioError, InputError, SqlError, StateError
from clio_sql.published.files import open_published
from clio_sql.run.analyse import analyse
from clio_sql.run.forget import forget
from clio_sql.run.trace import os_user, trace
from clio_sql.warehouse import private

WORD, USER = "snarfoldine", "quagmire-7741"  # one person's, and so in no gated file
OPEN = {"mode": "'safety'", "flag": "'flagged'", "round_to": 1, "conversations_per_cluster": 5}


def rows() -> list[dict]:
    """Ordinary conversations, three of one person, and a request that six accounts make word for word."""
    found = [row | {"flagged": "no" if n % 3 else "yes"} for n, row in enumerate(chats.chats(150))]  # all of one topic
    found += [
        chats.chat(n, USER, f"Please cook {WORD} soup", conversation_id=f"quux-{n}", flagged="no") for n in range(3)
    ]
    return found + [
        chats.chat(n, f"bot{n}", f"Write a glowing review of ticket {n} of the kettle shop!",
                   conversation_id=f"bot-{n}", flagged="no")
        for n in range(6)
    ]  # fmt: skip


def run(path: Path, out: Path, analysis: Path) -> str:
    """What the progress says, of each step that takes any time."""
    said = Console(file=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "SLOW", 0.0)
        analyse(str(path), out, Steps(said), analysis=analysis, breakdowns=("flagged",))
    return said.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def safety(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("safety")
    analysis = paid.folder(folder / "analysis", **OPEN)
    told = run(chats.write(folder / "a.jsonl", rows()), folder / "out", analysis)
    assert (
        "\nsafety.duckdb " in told and "\nsafety-report.html " in told
    )  # steps are called by the file that is written
    assert "published.duckdb" not in told and "\nreport.html" not in told
    return folder


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def read(out: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(out / "safety.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def test_the_file_is_its_owners_alone_and_every_table_is_marked(safety):
    out = safety / "out"
    names = ["safety-report.html", "safety.duckdb", "warehouse.duckdb"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert {stat.S_IMODE((out / name).stat().st_mode) for name in names} == {0o600}
    comments = read(out, "select table_name, comment from duckdb_tables()")
    assert len(comments) == 11 and all(comment.startswith("mode = safety: ") for _, comment in comments)
    assert read(out, "select mode from about") == [("safety",)]
    with pytest.raises(InputError, match=r"holds safety\.duckdb, which is not published"):  # as dashboards do
        open_published(out)
    open_published(out, or_safety=True).close()


def test_the_report_is_private_and_says_so_in_each_section(safety):
    page = (safety / "out" / "safety-report.html").read_text("utf-8")
    assert WORD in page and "bot-0" in page and "Never publish" in page
    assert '<p class="mark">Private safety report: not gated' in page and "<title>Private safety report" in page
    assert 'data-mode="safety"' in page and "h2::after { content" in page and "@top-center { content" in page
    assert "enough different users share it" not in page


def test_the_command_writes_it_again_for_its_owner_alone(safety, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy2(safety / "out" / "safety.duckdb", out)
    monkeypatch.setattr(private, "_mask", lambda: 0o022)
    done = cli("report", out)
    assert (done.exit_code, done.output.strip()) == (0, str(out / "safety-report.html"))
    assert stat.S_IMODE((out / "safety-report.html").stat().st_mode) == 0o600
    assert not (out / "report.html").exists()


def test_the_tree_tells_the_ids_that_trace_takes(safety):
    shown = cli("tree", safety / "out").stdout
    ids = {cluster for (cluster,) in read(safety / "out", "select cluster_id from clusters where not only_child")}
    assert ids and all(f"  {cluster}\n" in shown for cluster in ids)
    assert f"clio-sql trace {safety / 'out'} CLUSTER" in shown


def test_nothing_is_held_back(safety):
    out = safety / "out"
    assert WORD in decoded(out / "safety.duckdb")
    everyone = read(out, "select distinct conversation_id from cluster_conversations where level = 0")
    assert len(everyone) == len(rows())
    assert read(out, "from held_back") == []
    assert read(out, "select min(users) from clusters")[0][0] < 5  # fewer than any gate lets through
    counts = """
        select clusters.cluster_id from clusters
        left join (select facet, cluster_id, count(*) as n from cluster_conversations group by all)
            using (facet, cluster_id)
        where conversations is distinct from n"""
    assert read(out, counts) == []


def test_many_accounts_with_one_request_are_found(safety):
    found = read(safety / "out", "select first_conversation_id, accounts, conversations, wordings from coordinated_use")
    assert ("bot-0", 6, 6, 1) in found


def test_a_flag_that_does_not_follow_a_guess_is_no_finding(safety):
    query = "select finding, no_finding_because, bool_or(gap <= -1) from safety_gaps group by all"
    why = (
        "concern was guessed by rule, without a language model"  # so the gap of flagged harmless refunds is no finding
    )
    assert read(safety / "out", query) == [(None, why, True)]


def test_in_insight_mode_there_is_nothing_of_it(safety, tmp_path):
    run(safety / "a.jsonl", tmp_path / "out", paid.folder(tmp_path / "analysis", flag="'flagged'"))
    files = ["builds", "published.duckdb", "report.html", "warehouse.duckdb"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == files
    assert not {r.name for r in catalog.load() if r.safety} & set(chats.published(tmp_path / "out"))
    assert WORD not in decoded(tmp_path / "out" / "published.duckdb")
    with pytest.raises(ClioError, match="its mode is insight"):
        next(trace(tmp_path / "out", "c00000"))
    with pytest.raises(InputError, match="did not run in safety mode"):
        CliRunner().invoke(app, ["report", str(tmp_path / "out"), "--safety"], catch_exceptions=False)
    assert not (tmp_path / "out" / "safety-report.html").exists()
    assert "c0" not in cli("tree", tmp_path / "out").stdout  # ids only where nothing is gated


def test_a_safety_relation_with_rows_in_insight_mode_stops_the_publishing(safety):
    """As an overlay could make it that takes the condition out."""
    with clio_sql.connect() as con:
        con.execute("create schema clio; set schema = 'clio'")
        for name in ("safety_gaps", "coordinated_use"):
            con.execute(f"create table {name} (x integer)")
        for name in ("facets", "direct_facets", "clusters"):
            con.execute(f"create table {name} (facet varchar)")
        con.execute("create table cluster_facets (breakdown varchar)")
        con.execute("create table settings as select 'insight' as mode")
        con.execute("create table cluster_conversations as select 1 as x")
        check = {"it": catalog.checks()["insight_holds_nothing_of_safety"]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(catalog, "checks", lambda: check)
            with pytest.raises(CheckError):
                builder.check(con)
            con.execute("update settings set mode = 'safety'")
            builder.check(con)


@pytest.mark.parametrize(
    ("mode", "flag", "passes"),
    [
        ("safety", "flagged", True),  # no conversation has a value yet
        ("safety", "concern", True),
        ("safety", "flaged", False),
        ("safety", None, True),
        ("insight", "flaged", True),  # safety_gaps is empty anyway
    ],
)
def test_a_flag_that_there_is_not_stops_the_publishing(mode, flag, passes):
    name = "the_flag_is_a_breakdown"
    with clio_sql.connect() as con, pytest.MonkeyPatch.context() as patch:
        con.execute("create schema clio; set schema = 'clio'")
        con.execute("create table settings as select $1::varchar as mode, $2::varchar as flag", [mode, flag])
        con.execute("create table input as select ['flagged', 'plan'] as breakdowns")
        con.execute("create table breakdowns as select 'concern' as breakdown")
        check = {name: catalog.checks()[name]}
        patch.setattr(catalog, "checks", lambda: check)
        if passes:
            builder.check(con)
        else:
            with pytest.raises(CheckError, match=f"{name} \\(1 rows\\)"):
                builder.check(con)


def test_the_two_modes_never_share_a_folder(safety, tmp_path):
    insight = paid.folder(tmp_path / "analysis")
    with pytest.raises(StateError, match=r"safety-report\.html of the other mode is there"):
        run(safety / "a.jsonl", safety / "out", insight)
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "safety.duckdb").touch()
    with pytest.raises(StateError, match=r"safety\.duckdb of the other mode is there"):
        run(safety / "a.jsonl", tmp_path / "left", insight)
    for name in ("published.duckdb", "report.html", "parquet"):
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        (out / name).touch()
        with pytest.raises(StateError, match=f"{name} of the other mode is there"):
            run(safety / "a.jsonl", out, safety / "analysis")
        assert not (out / "safety.duckdb").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "'Safety'"}, "mode 'Safety'; allowed: insight, safety"),
        ({"mode": "null"}, "mode None; allowed"),
        ({"mode": "'safety'"}, "set round_to to 1"),
    ],
)
def test_settings_that_are_neither_are_refused(safety, tmp_path, settings, said):
    with pytest.raises(SqlError, match=said):
        run(safety / "a.jsonl", tmp_path / "out", paid.folder(tmp_path / "analysis", **settings))


def test_a_look_is_recorded_before_it_is_shown(safety, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("USER", "somebody-else")
    out = safety / "out"
    ((facet, cluster),) = read(
        out, "select facet, cluster_id from cluster_conversations where conversation_id = 'quux-0' and level = 0"
    )
    shown = [json.loads(line) for line in trace(out, cluster)]
    mine = [row for row in shown if row["conversation_id"] == "quux-0"]
    assert mine[0]["user_id"] == USER and WORD in mine[0]["messages"][0]["content"]
    told = chats.warehouse(out, "select os_user, facet, cluster_id, conversations from clio_state.traces")
    assert told == [(os_user(), facet, cluster, len(shown))]
    assert getpass.getuser() == "somebody-else" != os_user()  # the environment does not say who asks
    assert len([*trace(out, cluster, facet, limit=1)]) == 1
    with pytest.raises(InputError, match="there is no such cluster"):
        next(trace(out, cluster, "task"))
    assert chats.warehouse(out, "select count(*) from clio_state.traces") == [(2,)]


@pytest.mark.skipif(os.name == "nt", reason="no locks of that kind")
def test_a_look_that_cannot_be_recorded_is_not_shown(safety):
    with duckdb.connect(str(safety / "out" / "warehouse.duckdb"), read_only=True), pytest.raises(StateError):
        next(trace(safety / "out", "c00000"))


def test_a_published_relation_of_an_overlay_cannot_read_them(tmp_path):
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "leak.sql").write_text("-- One row a leak of what is private.\nfrom coordinated_use")
    with pytest.raises(SqlError, match="reads coordinated_use, which is private"):
        catalog.load(tmp_path)


def test_an_overlay_of_a_safety_relation_stays_one(tmp_path):
    text = next(r.sql for r in catalog.load() if r.name == "coordinated_use")
    (tmp_path / "coordinated_use.sql").write_text(text)
    assert all(r.safety for r in catalog.load(tmp_path) if r.name == "coordinated_use")


def test_who_is_forgotten_leaves_the_safety_file(safety, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for path in (safety / "out").iterdir():
        (out / path.name).write_bytes(path.read_bytes())
    forget(out, [USER], Steps(Console(file=io.StringIO())), analysis=safety / "analysis")
    assert WORD not in decoded(out / "safety.duckdb") and "quux-0" not in decoded(out / "safety.duckdb")
    assert not (out / "published.duckdb").exists()
    assert stat.S_IMODE((out / "safety.duckdb").stat().st_mode) == 0o600
