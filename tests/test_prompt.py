"""`clio-sql sql`: statements from -c, standard input and a prompt on a terminal of their own."""

from __future__ import annotations

import csv
import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import cli
from published_file import make

from clio_sql.cli import results
from clio_sql.cli.shell import open_out, words
from clio_sql.errors.printable import printable

ESC, RTL = "\x1b]0;pwned\x07\x1b[31m", "‮evil"


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """A published file of one cluster with hostile names, and a warehouse that says the same."""
    folder = tmp_path_factory.mktemp("out")
    with duckdb.connect(str(folder / "published.duckdb")) as con:
        make(con, "clusters", "held_back", "about")
        con.execute("insert into about default values")
        con.execute("insert into clusters (facet, name, share) values ('request', ?, 1.5)", [ESC + RTL])
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("create schema clio; create table clio.clusters as select 'request' as facet, 7 as users")
        con.execute("comment on table clio.clusters is 'One row a cluster.'")
    return folder


def answer(*arguments, **options) -> list[list[str]]:
    done = cli("sql", *arguments, **options)
    assert done.returncode == 0, done.stderr
    return list(csv.reader(io.StringIO(done.stdout)))


def test_a_command_is_csv_on_a_pipe(out):
    query = """select users, null as nothing, true as yes, clio_words('It works') as words, 'a "b"\n,c' as text
        from clusters; select 2 as two"""
    assert answer(out, "-c", query) == [
        ["users", "nothing", "yes", "words", "text"],
        ["7", "", "true", '["it", "works"]', 'a "b"\n,c'],
        ["two"],
        ["2"],
    ]


def test_statements_from_standard_input_on_the_published_file(out):
    assert answer(out, "--published", input="select facet from clusters;\nselect ';' as a") == [
        ["facet"], ["request"], ["a"], [";"],
    ]  # fmt: skip
    assert answer(out, input="") == []


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ("selec 1", 4, 'syntax error at or near "selec"'),
        ("select 1; from nowhere", 4, "nowhere"),
        ("create table t as select 1", 4, "open read-only"),
        ("select clio_fit([[1.0]], 0)", 1, "clio_fit: k = 0"),
        ("select clio_centroids('m')", 7, "model 'm' is not known"),
        ("select 'Zebulon'::integer", 4, "failed on a value of a row"),
    ],
)
def test_errors_have_their_exit_code_and_quote_no_value(out, query, code, told):
    done = cli("sql", out, "-c", query)
    assert done.returncode == code and told in done.stderr, done.stderr
    assert "Zebulon" not in done.stderr and "Traceback" not in done.stderr and "LINE" not in done.stderr


def test_a_folder_without_a_run_is_told(tmp_path, out):
    for arguments in ((tmp_path,), (tmp_path, "--published")):
        done = cli("sql", *arguments, "-c", "select 1")
        assert done.returncode == 3 and "there is no" in done.stderr
    assert not list(tmp_path.iterdir())


def test_all_rows_are_written_and_a_reader_that_leaves_is_no_error(out):
    assert len(answer(out, "-c", "from range(10000)")) == 10_001
    command = f"{sys.executable} -m clio_sql.cli sql {out} -c 'from range(10000000)' | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout == "range\n" and done.stderr == ""


@pytest.mark.parametrize("published", [False, True])
def test_nothing_steers_the_terminal_on_a_pipe_or_a_screen(out, published):
    query = (
        "select name, chr(0) || 'nul' as \"a\x1b[1m\" from clusters" if published else f"select '{ESC}{RTL}' as name"
    )
    options = ["--published"] if published else []
    piped = cli("sql", out, *options, "-c", query).stdout
    assert "\\x1b]0;pwned\\x07" in piped and "\\u202eevil" in piped
    assert not any(ord(char) < 32 and char != "\n" for char in piped) and "‮" not in piped
    drawn = screen(out, *options, "-c", query, TERM="dumb")
    assert "\\x1b]0;pwned\\x07" in drawn and "\x1b" not in drawn and "‮" not in drawn and "\0" not in drawn


def test_a_value_that_is_very_long_is_cut_on_a_screen_alone(out):
    query = "select repeat('x', 10000) as name"
    assert screen(out, "-c", query, TERM="dumb").count("x") == results.LONGEST - 1
    assert answer(out, "-c", query)[1] == ["x" * 10_000]


def test_words_of_all_scripts_and_emoji_stay():
    text = "日本語 עברית हिन्दी naïve 👨‍👩‍👧 \t\n"
    assert printable(text) == text
    assert printable("a\r\x9b\x7f\u2028b") == "a\\r\\x9b\\x7f\\u2028b"


def screen(out: Path, *arguments: str, **environment: str) -> str:
    """What the command writes to a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "clio_sql.cli", "sql", str(out), *arguments]
    process = subprocess.Popen(command, stdout=theirs, env={**os.environ, "COLUMNS": "80", **environment})
    os.close(theirs)
    text = read_until(ours, None)
    process.wait()
    os.close(ours)
    return text


def read_until(terminal: int, wanted: str | None, seconds: float = 60) -> str:
    """What is written until `wanted` is among it, or the end."""
    text, end = "", time.monotonic() + seconds
    while wanted is None or wanted not in text:
        assert time.monotonic() < end, f"{wanted!r} did not come: {text[-2000:]!r}"
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                part = os.read(terminal, 65_536)
            except OSError:  # the other end is closed
                part = b""
            if not part:
                assert wanted is None, f"{wanted!r} did not come: {text[-2000:]!r}"
                break
            text += part.decode(errors="replace")
    return text


def test_the_prompt_keeps_going_after_an_error_and_ctrl_c(out, tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(XDG_STATE_HOME=str(tmp_path), TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1")
        os.execv(sys.executable, [sys.executable, "-m", "clio_sql.cli", "sql", str(out)])
    try:
        read_until(terminal, "warehouse>")

        def says(text: str, wanted: str) -> None:
            os.write(terminal, text.encode())
            read_until(terminal, wanted)

        says("select 40 +\r", "....")  # no ; yet
        says("2 as answer;\r", "42")
        says("from nowhere;\r", "clio-sql: Catalog Error")
        says(".tables\r", "One row a cluster.")
        os.write(terminal, b"select sum(a.range * b.range) from range(10000000) a, range(10000000) b;\r")
        time.sleep(2)
        says("\x03", "stopped.")
        says("select user\t", "users")  # completed from the columns
        says("\x03", "warehouse>")
        says("select 'still' || ' here' as a;\r", "still here")
        os.write(terminal, b".quit\r")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(terminal)
    history = tmp_path / "clio-sql" / "history"
    assert "2 as answer;" in history.read_text() and history.stat().st_mode & 0o077 == 0


def test_tables_columns_and_functions_are_completed(out):
    with open_out(out, published=False) as con:
        assert {"clusters", "users", "clio_embed", "date_trunc", "select"} <= set(words(con))


def test_ctrl_c_ends_a_command_with_130(out):
    command = [sys.executable, "-m", "clio_sql.cli", "sql", str(out), "-c"]
    query = "select 1; select sum(a.range * b.range) from range(10000000) a, range(10000000) b"
    process = subprocess.Popen([*command, query], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "1\n"
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "clio-sql: stopped.\n" and process.returncode == 130
