"""Packs of ready questions come into facets.sql whole or not at all, and a facet is tried on a few conversations."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import chats
import duckdb
import paid
import pytest
from conftest import ROOT, cli, here
from messages_server import KEY, Server
from shared import once
from test_findings import told

from clio_sql.analysis import catalog, check, init, packs
from clio_sql.errors import SqlError, UsageError

COLUMNS = "facet, question, kind, choices, clustered, criteria"
NAMES = ["autonomy", "outcome", "safety", "work"]


def rows(sql: str) -> list[tuple]:
    return duckdb.sql(f"select {COLUMNS} from ({sql.strip().rstrip(';')}) order by facet").fetchall()


def facets_of(folder: Path) -> list[tuple]:
    return rows((folder / "facets.sql").read_text())


def packaged() -> list[tuple]:
    return rows(next(relation.sql for relation in catalog.load() if relation.name == "facets"))


# --- packs


def test_every_pack_asks_with_choices_and_says_what_it_is_for():
    """A question without choices would publish any word, and a text or a score cannot be gated as a breakdown."""
    assert packs.there() == NAMES
    readme = (ROOT / "sql" / "README.md").read_text()
    seen = [row[0] for row in packaged()]
    for name in NAMES:
        text = packs.sql_of(name)
        assert text.startswith(f"-- One row per question of the pack {name}: ")
        for facet, question, kind, choices, clustered, _ in rows(text):
            assert kind == "category" and len(choices) >= 3 and len(set(choices)) == len(choices) and not clustered
            assert question.endswith(("?", ".")) and facet not in seen
            assert all(len(choice) <= 80 for choice in choices), "more is cut from an answer"
            assert facet.startswith("safety_") == (name == "safety")
            assert f"`{facet}`" in readme
            seen.append(facet)
    assert (
        len(next(row for row in rows(packs.sql_of("work")) if row[0] == "occupation")[3]) == 23 + 1
    )  # SOC's, and none


def test_packs_are_merged_row_by_row(tmp_path):
    done = here("init", tmp_path / "ours", "--pack", "outcome", "--pack", "work", "--pack", "outcome")
    assert done.returncode == 0, done.stderr
    names = ["conversations.sql", "facets.sql", "settings.sql"]
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == names
    wanted = sorted([*packaged(), *rows(packs.sql_of("outcome")), *rows(packs.sql_of("work"))])
    assert facets_of(tmp_path / "ours") == wanted
    assert check.findings(tmp_path / "ours") == []
    text = (tmp_path / "ours" / "facets.sql").read_text()
    assert text.count("-- pack outcome: ") == 1 and "arXiv 2403.12388" in text, "the sources come along"


def test_a_pack_comes_into_a_folder_that_is_there(tmp_path):
    init.init(tmp_path / "ours", "uses")
    os.chmod(tmp_path / "ours" / "facets.sql", 0o640)
    before = {path.name: path.read_text() for path in (tmp_path / "ours").iterdir()}
    done = here("init", tmp_path / "ours", "--pack", "autonomy")
    assert done.returncode == 0 and done.stdout == f"{tmp_path / 'ours' / 'facets.sql'}\n", done.stderr
    after = {path.name: path.read_text() for path in (tmp_path / "ours").iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"facets.sql"}
    assert facets_of(tmp_path / "ours") == sorted([*rows(before["facets.sql"]), *rows(packs.sql_of("autonomy"))])
    assert os.stat(tmp_path / "ours" / "facets.sql").st_mode & 0o777 == 0o640


def test_a_pack_that_is_not_there_or_there_already(tmp_path):
    done = here("init", tmp_path / "ours", "--pack", "mood")
    assert done.returncode == 2
    assert (
        done.stderr
        == "clio-sql: --pack 'mood'; allowed: autonomy, outcome, safety, work. Give one of them; it may be repeated.\n"
    )
    assert not (tmp_path / "ours").exists()
    with pytest.raises(UsageError):  # all or none
        init.init(tmp_path / "ours", None, ["outcome", "mood"])
    assert list(tmp_path.iterdir()) == []

    init.init(tmp_path / "ours")
    file = tmp_path / "ours" / "facets.sql"
    row = "        ('solved', 'Is it done?', 'category', ['yes', 'no'], false, ''),\n        ('language'"
    file.write_text(file.read_text().replace("        ('language'", row))
    before = file.read_text()
    done = here("init", tmp_path / "ours", "--pack", "work", "--pack", "outcome")
    assert done.returncode == 4 and "has 'solved' already, as pack outcome has. Nothing was written" in done.stderr
    assert file.read_text() == before and [path.name for path in file.parent.glob(".*")] == []


OTHER_SHAPES = {
    "another end": ("as facets(facet,", "as asked(facet,", "does not end with rows and 'as facets(…)'"),
    "a comment behind the last row": ("false, '')\n) as", "false, '')    -- the last\n) as", "does not end with rows"),
    "no SQL": ("values", "value", "cannot be read as facets"),
}


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_a_file_of_another_shape_is_left_alone(tmp_path, name):
    old, new, part = OTHER_SHAPES[name]
    init.init(tmp_path / "ours")
    file = tmp_path / "ours" / "facets.sql"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    before = file.read_text()
    with pytest.raises(SqlError, match="Nothing was written") as caught:
        init.init(tmp_path / "ours", None, ["outcome"])
    assert part in str(caught.value) and file.read_text() == before


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "notes.txt").write_text("mine")
    done = here("init", tmp_path / "ours", "--pack", "outcome")
    assert done.returncode == 7 and "is not empty (notes.txt). Nothing was written" in done.stderr


# --- the pack safety


def test_the_pack_safety_is_for_safety_mode(tmp_path):
    assert here("init", tmp_path / "ours", "--pack", "safety").returncode == 0
    settings = (tmp_path / "ours" / "settings.sql").read_text()
    assert duckdb.sql(f"select mode, round_to from ({settings})").fetchall() == [("safety", 1)]
    assert check.findings(tmp_path / "ours") == []

    init.init(tmp_path / "insight")
    before = (tmp_path / "insight" / "facets.sql").read_text()
    done = here("init", tmp_path / "insight", "--pack", "safety")
    assert (
        done.returncode == 4 and "mode is insight, and the answers to pack safety count in safety mode" in done.stderr
    )
    assert (tmp_path / "insight" / "facets.sql").read_text() == before


def breakdowns(mode: str | None) -> list[tuple]:
    """What `breakdowns` says of two answers, one of them to a question of safety."""
    with duckdb.connect() as con:
        con.execute(
            "create table facets as select * from (values ('safety_hazard', 'category', false), "
            "('solved', 'category', false)) as facets(facet, kind, clustered)"
        )
        con.execute("create table facet_values as select 'c1' as conversation_id, facet, 'hate' as value from facets")
        con.execute("create table settings as select ?::varchar as mode", [mode])
        con.execute("create table direct_facets (conversation_id varchar, facet varchar, value varchar)")
        con.execute("create table input as select []::varchar[] as breakdowns")
        con.execute("create table tool_calls (conversation_id varchar, turn bigint, tool varchar, ok boolean)")
        con.execute(
            "create table segments (conversation_id varchar, whole_id varchar, segment integer, is_part boolean, "
            "messages struct(role varchar, content varchar)[])"
        )
        con.execute("create table tool_names (tool varchar, breakdown varchar, is_named boolean)")
        con.execute("create table taxonomy_answers (conversation_id varchar, facet varchar, name varchar)")
        sql = next(relation.sql for relation in catalog.load() if relation.name == "breakdowns")
        return con.execute(f"select breakdown from ({sql}) order by all").fetchall()


def test_answers_about_safety_are_a_breakdown_in_safety_mode_alone():
    assert breakdowns("safety") == [("safety_hazard",), ("solved",)]
    assert breakdowns("insight") == breakdowns(None) == [("solved",)]


def _safety(out: Path) -> None:
    """A run in insight mode that asks questions of the packs outcome and safety, answered by a stand-in."""
    paid.written(out / "chats.jsonl", 120)
    sql = paid.folder(out / "sql", {"'request'": "'request'"})
    for name in ("outcome", "safety"):
        text = packs.added((sql / "facets.sql").read_text(), [name], "facets.sql")
        (sql / "facets.sql").write_text(text)
    os.environ["ANTHROPIC_API_KEY"] = KEY
    with Server() as server:
        paid.run(out / "chats.jsonl", out / "out", server, sql)


@pytest.fixture(scope="module")
def asked() -> Path:
    return once("packs", _safety)


def test_nothing_of_safety_is_in_what_insight_publishes(asked):
    """Copied by hand into an analysis in insight mode: asked and answered, but published nowhere."""
    answered = chats.warehouse(asked / "out", "select distinct facet from clio.facet_values where value is not null")
    assert {("safety_hazard",), ("solved",)} <= set(answered)
    with duckdb.connect(str(asked / "out" / "published.duckdb"), read_only=True) as con:
        found = {row[0] for row in con.execute("select distinct breakdown from cluster_facets").fetchall()}
        assert "solved" in found and not [each for each in found if each.startswith("safety_")]
        facets = con.execute("select distinct facet from clusters").fetchall()
    assert facets == [("request",)]


def test_the_check_finds_what_a_folder_would_leak(asked, tmp_path):
    """A breakdowns.sql of the folder that lets the answers through stops the run."""
    shutil.copytree(asked, tmp_path / "all", dirs_exist_ok=True)
    text = (ROOT / "sql" / "models" / "breakdowns.sql").read_text()
    open_ = text.replace("mode is not distinct from 'safety' or not starts_with(facet, 'safety_')", "true")
    assert open_ != text
    (tmp_path / "all" / "sql" / "breakdowns.sql").write_text(open_)
    with Server() as server:
        arguments = (tmp_path / "all" / "chats.jsonl", tmp_path / "all" / "out", server, tmp_path / "all" / "sql")
        done = subprocess.run(
            paid.command(*arguments), env=paid.environment(), capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 6 and "insight_holds_nothing_of_safety" in done.stderr, done.stderr


# --- try


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("try") / "sql"
    init.init(folder, None, ["outcome", "work"])
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return chats.write(tmp_path_factory.mktemp("file") / "chats.jsonl", numbered())


def numbered() -> list[dict]:
    """Conversations that all differ, so that each is a call of its own."""
    rows = chats.chats(90)
    for number, row in enumerate(rows):
        row["messages"][1]["content"] = f"Here is how, in {number} steps."
    return rows


def solved(body: dict) -> str | None:
    """What the stand-in says of a conversation: by what it is about, and nothing usable of one topic."""
    if paid.task(body) != "extract":
        return None
    text = paid.given(body)
    return json.dumps(
        {"solved": "no" if "python" in text else "yes" if "refund" in text or "kettle" in text else "partly"}
    )


def tried(server: Server, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    options = ("--provider", "anthropic", "--base-url", server.url)
    return cli("try", *arguments, *options, env=paid.environment(**more))


def test_a_facet_is_tried_on_the_same_thirty_and_its_cost_is_that_of_the_calls(file, outcome):
    with Server() as server:
        server.raw = solved
        done = tried(server, "solved", file, "--analysis", outcome, "--json")
        assert done.returncode == 0, done.stderr
        first = [paid.given(body) for body in server.received]
        assert len(first) == 30
        questions = [body["output_config"]["format"]["schema"]["properties"] for body in server.received]
        assert {tuple(each) for each in questions} == {("solved",)}, "one facet alone is asked"
        found = json.loads(done.stdout)
        assert (found["conversations"], found["answered"], found["calls"], found["missing"]) == (30, 30, 30, [])
        counts = {each["answer"]: each["conversations"] for each in found["answers"]}
        said = [json.loads(solved(body))["solved"] for body in server.received]
        assert counts == {answer: said.count(answer) for answer in set(said)} and found["different_answers"] == len(
            counts
        )
        assert found["tokens_in"] > 0 and found["tokens_out"] > 0 and found["usd"] > 0

        again = tried(server, "solved", file, "--analysis", outcome, "--conversations", "7")
        assert sorted(paid.given(body) for body in server.received[30:])
        assert {paid.given(body) for body in server.received[30:]} < set(first), "fewer are a part of more"
        assert again.stdout.startswith("solved: 7 conversations, 7 answered (100%), ")
        assert "cost: 7 calls, " in again.stdout and "$0.00" in again.stdout


def test_what_cannot_be_used_is_no_answer(file, outcome):
    with Server() as server:
        server.when = lambda body: "refuse" if "python" in paid.given(body) else None
        server.raw = solved
        done = tried(server, "solved", file, "--analysis", outcome, "--json")
        refused = sum("python" in paid.given(body) for body in server.received)
    found = json.loads(done.stdout)
    assert found["missing"] == [{"status": "refused", "conversations": refused}] and refused
    assert found["answered"] == 30 - refused


def test_the_budget_holds(file, outcome):
    with Server() as server:
        done = tried(server, "solved", file, "--analysis", outcome, "--max-usd", "0")
        assert (done.returncode, server.received) == (5, [])
        assert "the budget of $0 is used up; 30 calls are still to be made" in done.stderr


def test_answers_are_kept_in_a_warehouse_that_holds_the_conversations(file, outcome, tmp_path):
    assert cli("run", file, "--into", tmp_path / "out").returncode == 0
    extra = chats.write(
        tmp_path / "more.jsonl", [*numbered(), *(chats.chat(n, "u1", f"Cook {n} eels") for n in range(200, 260))]
    )
    with Server() as server:
        server.raw = solved
        done = tried(server, "solved", file, "--analysis", outcome, "--into", tmp_path / "out")
        assert done.returncode == 0 and "; 30 kept in the warehouse" in done.stdout, done.stderr
        done = tried(server, "solved", file, "--analysis", outcome, "--into", tmp_path / "out", "--json")
        assert json.loads(done.stdout)["calls"] == 0 and len(server.received) == 30, "no answer is paid for twice"
        # those of strangers to the warehouse are not kept: an erasure could not find them
        done = tried(server, "solved", extra, "--analysis", outcome, "--into", tmp_path / "out", "--json")
        strangers = sum("eels" in paid.given(body) for body in server.received[30:])
        assert json.loads(done.stdout)["kept"] == len(server.received) - 30 - strangers and strangers
    stored = "select count(*) from clio_state.calls"
    before = chats.warehouse(tmp_path / "out", stored)[0][0]
    user = chats.warehouse(
        tmp_path / "out",
        "select user_id from clio.conversations inner join clio_state.conversation_inputs using (conversation_id) "
        "order by 1 limit 1",
    )[0][0]
    assert cli("forget", tmp_path / "out", "--user", user).returncode == 0
    assert chats.warehouse(tmp_path / "out", stored)[0][0] < before, "the calls of an erased user go with them"


def test_a_warehouse_that_is_open_elsewhere_is_said_before_anything_is_paid(file, outcome, tmp_path):
    (tmp_path / "out").mkdir()
    hold = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(tmp_path / "out" / "warehouse.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other, Server() as server:
        other.stdout.readline()
        done = tried(server, "solved", file, "--analysis", outcome, "--into", tmp_path / "out")
        assert done.returncode == 7 and "cannot be opened for writing" in done.stderr and server.received == []
        other.communicate()


def test_without_a_language_model_it_says_what_it_cannot_answer(file, outcome, tmp_path):
    done = here("try", "occupation", file, "--analysis", outcome)
    assert done.returncode == 0 and "cost: 0 calls, 0 tokens, $0" in done.stdout
    assert "guessed by rule" in done.stderr and "no answer: unsure" in done.stdout
    shutil.copytree(outcome, tmp_path / "sql")
    text = (tmp_path / "sql" / "facets.sql").read_text()
    own = "('mood', 'How does the user feel?', 'text', [], false, ''),\n        ('language'"
    (tmp_path / "sql" / "facets.sql").write_text(text.replace("('language'", own))
    done = here("try", "mood", file, "--analysis", tmp_path / "sql")
    assert (
        done.returncode == 2
        and "'mood': is a question of its own, which the local provider cannot answer" in done.stderr
    )
    (tmp_path / "sql" / "facets.sql").write_text(text.replace("('language'", own.replace("'text'", "'category'")))
    done = here("try", "mood", file, "--analysis", tmp_path / "sql")
    assert done.returncode == 4 and "a category without choices, which the local provider cannot answer" in done.stderr


def test_a_facet_that_is_not_there_or_is_placed(file, tmp_path):
    init.init(tmp_path / "sql", "uses")
    done = here("try", "solved", file, "--analysis", tmp_path / "sql")
    assert done.returncode == 2 and done.stdout == ""
    assert (
        "FACET 'solved': facets.sql has no such facet; there is: 'concern', 'language', 'request', 'task', 'use'"
        in done.stderr
    )
    done = here("try", "use", file, "--analysis", tmp_path / "sql")
    assert done.returncode == 2 and "nothing is asked for it. Try 'request'" in done.stderr
    assert here("try", "request", tmp_path / "nothing.jsonl").returncode == 3


def on_terminal(*arguments: object) -> str:
    """What the command prints on a terminal."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "clio_sql.cli", *map(str, arguments)]
    with subprocess.Popen(command, stdout=other, stderr=subprocess.DEVNULL) as process:
        os.close(other)
        shown = b""
        while True:
            try:
                part = os.read(main, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(main)
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n")


def test_what_users_wrote_is_shown_on_a_terminal_alone(tmp_path):
    written = [chats.chat(n, f"u{n}", f"Please polish letter {n} since {chats.SECRET}") for n in range(40)]
    file = chats.write(tmp_path / "chats.jsonl", written)
    piped, figures = here("try", "task", file), here("try", "task", file, "--json")
    for done in (piped, figures):
        assert done.returncode == 0 and "Zebulon" not in done.stdout + done.stderr and "polish" not in done.stdout
    assert "Ten answers to look at are private, and shown on a terminal only." in piped.stderr
    assert "\x1b" not in piped.stdout
    shown = on_terminal("try", "task", file)
    assert shown.startswith("Private: ") and "Zebulon" in shown and shown.count("of: Please polish letter") == 10
    assert [path.name for path in tmp_path.iterdir()] == ["chats.jsonl"], "nothing is written"


def test_a_folder_with_packs_passes_the_check(tmp_path):
    text = next(relation.sql for relation in catalog.load() if relation.name == "facets")
    assert told(tmp_path, {"facets.sql": packs.added(text, NAMES, "facets.sql")}) == []
