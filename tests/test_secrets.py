"""No error, warning, log or progress line quotes a cell: a secret stands in each place that one could be made of."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import anthropic
import chats
import duckdb
import messages_server
import pytest
import secret_files
from conftest import ROOT, cli
from secret_files import SECRETS, told

import clio_sql
from clio_sql.analysis import contracts
from clio_sql.calls.messages import Call
from clio_sql.calls.servers import trouble
from clio_sql.cli.commands import app
from clio_sql.cli.failures import tell
from clio_sql.errors import ClioError
from clio_sql.errors.explained import explained
from clio_sql.published import files
from clio_sql.register import FUNCTIONS, _body
from clio_sql.sql_text import syntax
from clio_sql.sql_text.quoting import identifier
from clio_sql.warehouse import lock

SECRET = "Zebulon Quxley, HIV since 2019 ("
OURS = f"Python exception occurred while executing the UDF: ClioError: {SECRET}"
FAULTS = [
    *(f"cell::{kind}" for kind in ("int", "date", "json", "uuid", "time", "interval", "int[]", "enum('a')")),
    *("regexp_matches('a', cell)", "strptime(cell, '%Y')", "json_extract(cell, '$.a')", "from_base64(cell)"),
    *("clio_cluster([1.0], cell)", "clio_centroids(cell)"),
    *(
        "clio_extract('x', map {cell: {'kind': 'text'}})",
        "clio_extract('x', {'tone': {'question': 'q', 'kind': cell}})",
    ),
    "clio_extract('x', map {cell: {'question': 'q', 'kind': cell}})",
]


def leaked(text: str, secret: str = SECRET) -> list[str]:
    return told(secret, text)


# --- SQL of an analysis


@pytest.fixture(scope="module")
def con():
    with clio_sql.connect() as con:
        yield con


@pytest.mark.parametrize("cell", [SECRET, OURS], ids=["a text", "a text that reads like an error of ours"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_error_quotes_a_cell(con, fault, cell):
    con.execute("create or replace temp table cells as select ? as cell", [cell])
    with pytest.raises(duckdb.Error) as found:
        con.execute(f"select {fault} from cells").fetchall()
    assert not leaked(str(explained(found.value, "a step")))


CELLS = """
    create or replace temp table cells as select $s as cell, [$s] as list, map {$s: $s} as map, {'a': $s} as pair,
        to_json($s) as json, $s::blob as bytes, 1 as number, date '2020-01-01' as day, now() as moment
"""
ONE = ("cell", "list", "map", "pair", "json", "bytes")
FEW = (("cell",), ("cell", "cell"))
MANY = (
    *((each,) for each in ONE),
    *(("cell", each) for each in ("cell", "number", "day", "list", "moment", "json")),
    *((each, "cell") for each in ("number", "day", "list", "moment", "json", "map", "bytes")),
    *(("cell", "cell", "cell"), ("cell", "cell", "number"), ("list", "cell", "number"), ("cell", "number", "cell")),
)


@pytest.mark.parametrize("shapes", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
def test_no_function_that_a_file_may_call_quotes_its_arguments(con, shapes):
    """Each on texts that hold a secret, in every place; the slow one: and in lists, maps, JSON, and to ours."""
    con.execute(CELLS, {"s": SECRET})
    failed = 0
    ours = lock.ours() if shapes is MANY else frozenset()  # which load models
    for name in sorted(syntax.allowed() | ours):
        for shape in shapes if name.isidentifier() else ():
            try:
                con.execute(f"select {identifier(name)}({', '.join(shape)}) from cells").fetchall()
            except duckdb.Error as error:
                failed += not isinstance(error, duckdb.BinderException)
                assert not leaked(str(explained(error, "a step"))), (name, shape)
    assert failed > 20


def test_a_facet_that_is_made_of_data_is_not_quoted():
    with duckdb.connect() as own:
        own.execute(
            "create table facets as select $s as facet, null as question, $s as kind, null as choices", {"s": SECRET}
        )
        own.execute("alter table facets add column clustered boolean; alter table facets add column criteria varchar")
        own.execute("update facets set clustered = true; insert into facets from facets")
        found = "\n".join(contracts.problems(own, "facets"))
    assert found.count("facet (a text of 32 characters)") > 3 and not leaked(found)


RUNS = ("cast({} as int)", "json_extract({}, '$.a')", "regexp_matches('a', {})", "date_trunc({}, now())")


@pytest.mark.slow
@pytest.mark.parametrize("fault", RUNS)
def test_no_run_quotes_a_cell(tmp_path, fault):
    rows = chats.chats(20)
    for row in rows:
        row["messages"][0]["content"], row["user_id"], row["plan"] = SECRET, row["user_id"] + SECRET, SECRET
    path = chats.write(tmp_path / "a.jsonl", rows)
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "own.sql").write_text(
        f"-- Own.\n-- kind: table\n-- grain: own\nselect {fault.format('messages[1].content')} as own from source"
    )
    done = cli("run", path, "--into", tmp_path / "out", "--breakdown", "plan", "--analysis", tmp_path / "sql")
    assert done.returncode == 4 and "own: " in done.stderr and not leaked(done.stdout + done.stderr)


# --- inputs


def ran(*arguments: object) -> int:
    """The exit code of the command line, in this process."""
    try:
        return app([str(each) for each in arguments], prog_name="clio-sql", standalone_mode=False) or 0
    except Exception as error:
        return tell(error)


OPTIONS = ((), ("--source", "messages"), ("--messages-column", "id"), ("--max-bad-rows", "1"))


def looked_at(folder: Path, kinds: list[str], options: tuple[tuple[str, ...], ...], capfd, every: int = 1) -> None:
    codes = []
    for number, kind in enumerate(kinds):
        given = secret_files.write(folder, SECRETS[kind])
        for name in list(given)[every * number // len(kinds) :: every]:
            for option in options:
                codes.append(ran("inspect", *given[name], *option))
                error = capfd.readouterr().err
                assert not told(SECRETS[kind], error), (kind, name, option)
                assert codes[-1] in (0, 3) and "bug in clio-sql" not in error, (kind, name, option, error)
    assert codes.count(3) > len(codes) // 2


def test_no_error_of_an_input_quotes_a_cell_a_key_or_a_name(tmp_path, capfd):
    """Half of the files, each with one kind of secret."""
    looked_at(tmp_path, list(SECRETS), OPTIONS[:1], capfd, every=2 * len(SECRETS))


@pytest.mark.slow
@pytest.mark.parametrize("kind", SECRETS)
def test_no_error_of_an_input_quotes_a_cell_with_any_options(tmp_path, capfd, kind):
    looked_at(tmp_path, [kind], OPTIONS, capfd)


# --- what a model server says

PROMPTS = ("first prompt", f"{SECRET} and 900723 and 4711")
ECHOES = {
    "plain": "bad prompt: {}",
    "in capitals": "bad prompt: {upper}",
    "escaped": "bad prompt: {json}",
    "a few characters": "near {short}",
    "word by word": "invalid: {words}",
    "its numbers": "messages: invalid value 4711, 900723 at 2019",
}


@pytest.fixture(scope="module")
def server():
    with messages_server.Server() as running:
        yield running


def refusal(server: messages_server.Server, message: str) -> anthropic.APIStatusError:
    """What the SDK raises where the server refuses a request with that message."""

    def refuse(request, fault):
        raise messages_server.Refused(400, message)

    server.message = refuse
    client = anthropic.Anthropic(base_url=server.url, api_key=messages_server.KEY, max_retries=0)
    with pytest.raises(anthropic.APIStatusError) as caught, client:
        client.messages.create(model="claude-x", max_tokens=9, messages=[{"role": "user", "content": "x"}])
    return caught.value


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_repeats_a_prompt_in_any_way_is_not_quoted(echo, server, monkeypatch):
    text = PROMPTS[1]
    message = ECHOES[echo].format(
        text, upper=text.upper(), json=json.dumps(text + "é"), short=text[:7], words=", ".join(text.split())
    )
    # of a batch only the first prompt is at hand
    call = Call("extract", {"model": "claude-x", "messages": [{"content": PROMPTS[0]}]}, lambda value: value)
    monkeypatch.setitem(messages_server.ERRORS, 400, "zebulon_quxley")
    error = refusal(server, message)
    for known in (call, None):
        found = trouble(error, known).text.lower()
        assert found.startswith("400: ")
        assert not [word for word in ("zebulon", "quxley", "hiv", "2019", "900723", "4711") if word in found], found


@pytest.mark.parametrize(
    "message",
    [
        "model: claude-x",
        "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-x",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "messages.0.content: Input should be a valid string",
        "invalid x-api-key",
    ],
)
def test_what_a_server_says_in_words_of_its_protocol_is_told(message, server):
    call = Call("extract", {"model": "claude-x"}, lambda value: value)
    found = trouble(refusal(server, message), call).text
    assert found.removeprefix("400 invalid_request_error: ").replace("max_tokens: …", "max_tokens: 64000") == message


# --- what a process prints by itself

BY_ITSELF = """
    import asyncio, logging, threading, warnings
    from clio_sql.cli.failures import hush
    hush()
    def fails(): raise ValueError({secret!r})
    class Kept:
        def __del__(self): fails()
    async def forgotten(): asyncio.ensure_future(failing()); await asyncio.sleep(0)
    async def failing(): fails()
    thread = threading.Thread(target=fails); thread.start(); thread.join()
    Kept()
    asyncio.run(forgotten())
    warnings.warn({secret!r})
    logging.getLogger("library").error({secret!r})
"""


@pytest.mark.parametrize("debug", ["0", "1"])
def test_an_exception_of_a_thread_a_warning_and_a_log_line_are_told_without_their_words(debug):
    code = textwrap.dedent(BY_ITSELF).replace("{secret!r}", repr(SECRET))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"CLIO_DEBUG": debug}, cwd=ROOT
    )
    assert done.returncode == 0 and bool(leaked(done.stderr)) == (debug == "1"), done.stderr
    assert done.stderr.count("failed (ValueError)") == (2 if debug == "0" else 0)


def test_what_a_library_raises_inside_a_function_is_told_by_its_type():
    class Panic(BaseException):  # as those of Rust are
        pass

    def body(engine, *columns):
        raise Panic(SECRET)

    function = FUNCTIONS[0]._replace(body=body)
    with pytest.raises(ClioError, match="Panic inside the function") as caught:
        _body(None, function)(None)
    assert not leaked(str(caught.value))


# --- names that somebody else gave


def test_names_and_types_of_a_published_file_of_somebody_else_are_not_quoted(tmp_path):
    from published_file import write

    for code in (
        f"create view {identifier(SECRET)} as select 1 as a",
        f"alter table about alter made_by type enum ('{SECRET}')",
    ):
        path = write(tmp_path, 6, tops=2, levels=2) / "published.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("update about set made_by = $s", {"s": SECRET})
            con.execute(code)
        with pytest.raises(ClioError) as caught:
            files.open_file(path)
        assert not leaked(str(caught.value))


def test_names_in_a_warehouse_of_somebody_else_are_not_quoted(tmp_path):
    clio_sql.connect(tmp_path / "warehouse.duckdb").close()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute(f"create schema {identifier(SECRET)}; create type {identifier(SECRET)}.{identifier(SECRET)} as int")
    with pytest.raises(ClioError, match="which no run wrote") as caught:
        lock.require_plain(tmp_path / "warehouse.duckdb")
    assert not leaked(str(caught.value))


def test_an_id_that_stands_in_the_wrong_place_is_not_quoted(tmp_path, capfd):
    assert ran("forget", tmp_path, SECRET) == 2
    assert ran("trace", tmp_path, SECRET) == 3
    out, error = capfd.readouterr()
    assert "extra argument" in error and not leaked(out + error)
