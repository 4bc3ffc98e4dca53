"""The provider `openai`: the official SDK against the strict stand-in for Chat Completions, as vLLM and as OpenAI."""

from __future__ import annotations

import re
import subprocess
import sys

import duckdb
import paid
import pytest
from messages_server import Refused, Server
from typer.testing import CliRunner

from clio_sql.calls import Calls, servers
from clio_sql.calls.servers import chat_body, message_of, own, parse_body
from clio_sql.cli.commands import app
from clio_sql.cli.tables import print_plan
from clio_sql.errors import ProviderError, UsageError
from clio_sql.providers import Extract, Question
from clio_sql.providers.prompted import Prompted
from clio_sql.run.plan import Step
from clio_sql.runtime import base_url_of, runtime
from clio_sql.warehouse.state import migrate

MODEL = "small-instruct"
ASKED = [Extract(f"a question about gardens, number {n}", {"request": Question("What is asked?")}) for n in range(8)]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("CLIO_PRICES", raising=False)
    with Server() as running:
        yield running


@pytest.fixture
def model(server):
    con = duckdb.connect()
    migrate(con)
    made = Prompted(Calls(con.cursor, provider="openai", base_url=server.url), MODEL, MODEL)
    yield made
    made.close()
    con.close()


def statuses(answers):
    return [answer.status for answer in answers]


def test_a_server_of_ones_own_needs_no_key_and_costs_nothing(server, model):
    answers = model.extract(ASKED)
    assert statuses(answers) == ["ok"] * 8 and "gardens" in answers[0].value["request"]
    columns = "model, provider, min(tokens_in), min(cache_read_tokens), sum(cost_usd)"
    query = f"select {columns} from clio_state.calls group by all"
    ((model_name, provider, tokens_in, cached, usd),) = model.calls.store.cursor().sql(query).fetchall()
    assert (model_name, provider, usd) == (MODEL, "openai", 0.0) and tokens_in > cached > 0
    model.extract(ASKED)
    assert server.requests == 8  # the second time they were stored


def test_openai_itself_gets_what_its_models_take(server, model, monkeypatch):
    server.openai = True
    monkeypatch.setattr(servers, "own", lambda url: False)
    with pytest.raises(ProviderError, match="OPENAI_API_KEY"):
        model.calls.server.require_key()
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    assert statuses(model.extract(ASKED[:1])) == ["ok"]
    server.openai = False  # as vLLM would: what OpenAI gets is not what a server of one's own gets
    with pytest.raises(ProviderError, match=r"400.*Unsupported parameter"):
        model.extract(ASKED[1:2])


@pytest.mark.parametrize(
    ("fault", "status"),
    [("refuse", "refused"), ("truncate", "truncated"), ("not_json", "ok"), ("no_usage", "ok"), ("503", "ok"),
     ("429:0", "ok"), ("thinks_aloud", "ok")],
)  # fmt: skip
def test_every_answer_gets_its_status(server, model, fault, status):
    server.faults.append(fault)
    assert statuses(model.extract(ASKED[:1])) == [status]


def test_an_account_without_credit_is_not_waited_for(server, model, monkeypatch):
    def spent(request):
        raise Refused(429, "You exceeded your current quota", code="insufficient_quota")

    monkeypatch.setattr(server, "message", lambda request, fault="": spent(request))
    with pytest.raises(ProviderError, match="no quota or credit left"):
        model.extract(ASKED)


@pytest.mark.parametrize(
    "reply", [b"{}", b"[]", b"null", b"x", b'{"choices": []}', b'{"choices": [{"message": null}]}',
              b'{"choices": [{"finish_reason": 3, "message": {"content": [1]}}], "usage": {"prompt_tokens": "x"}}'],
)  # fmt: skip
def test_a_reply_of_any_shape_is_read(reply):
    read = message_of(parse_body(reply))
    assert read.stop_reason is None and read.usage.cache_read_input_tokens == 0


def test_what_is_ones_own():
    assert own("http://gpu:8000/v1") and own("https://localhost/v1") and not own("https://api.openai.com/v1")
    body = {"model": "m", "max_tokens": 9, "system": [], "messages": [], "output_config": {"format": {"schema": {}}}}
    assert {"temperature", "max_tokens"} <= set(chat_body(body, True)) and "temperature" not in chat_body(body, False)


def test_base_urls(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert base_url_of("http://gpu:8000/", "openai") == "http://gpu:8000/v1"
    assert base_url_of("https://x.example/v1beta/openai/", "openai") == "https://x.example/v1beta/openai"
    assert base_url_of(None, "openai") == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://other:1")
    assert base_url_of(None, "openai") == "http://other:1/v1"


def test_wrong_settings_are_told_before_anything_is_read(monkeypatch):
    for name in ("CLIO_MODEL", "CLIO_PRICES", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no default model; name one with --model"):
        runtime(provider="openai")
    with pytest.raises(UsageError, match="--batch is for provider anthropic"):
        runtime(provider="openai", model=MODEL, batch=True)
    assert runtime(provider="openai", model=MODEL).naming_model == MODEL
    with pytest.raises(ProviderError, match=f"CLIO_PRICES='{MODEL}=INPUT/OUTPUT'"):
        con = duckdb.connect()
        Prompted(Calls(con.cursor, provider="openai", base_url="https://api.example/v1"), MODEL, MODEL)


def test_a_plan_tells_minutes_at_the_rate_of_earlier_calls(model, capsys):
    assert model.calls.plan(model.requests("extract", ASKED)).seconds is None
    model.extract(ASKED[:2])
    made = model.calls.plan(model.requests("extract", ASKED))
    ((latency,),) = model.calls.store.cursor().sql("select avg(latency_s) from clio_state.calls").fetchall()
    assert (made.calls, made.stored) == (8, 2) and made.seconds == pytest.approx(latency)  # six at once
    print_plan([Step("extract", True, made._replace(seconds=90.0)), Step("name", False, made)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][-1] == "minutes" and lines[1][-1] == "1.5" and lines[2][:2] == ["~name", "8"]
    assert lines[3][:3] == ["total", "16", "4"] and lines[3][-1] == "1.5"


def test_a_model_that_never_answers_in_json_ends_the_run_which_says_so(server, tmp_path):
    path, out = paid.written(tmp_path / "chats.jsonl", 30), tmp_path / "out"
    server.when = lambda request: "not_json"
    options = ["--into", str(out), "--provider", "openai", "--base-url", server.url, "--model", MODEL]
    done = subprocess.run(
        [sys.executable, "-m", "clio_sql.cli", "run", str(path), *options], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 5 and "nothing asked for" not in done.stdout + done.stderr
    assert re.search(r"extract: of 30 calls \d+ malformed; at most 5% may fail", done.stderr), done.stderr
    assert not (out / "published.duckdb").exists() and server.requests <= 4 * 32  # calls in flight and their repairs


@pytest.mark.slow
def test_a_whole_run_and_then_a_plan(server, tmp_path):
    path, out = paid.written(tmp_path / "chats.jsonl", 60), tmp_path / "out"
    analysis = paid.folder(tmp_path / "sql")
    options = ["--provider", "openai", "--base-url", server.url, "--model", MODEL, "--analysis", str(analysis)]
    fresh = CliRunner().invoke(app, ["plan", str(path), *options])
    assert fresh.exit_code == 0 and "minutes" in fresh.output and " 0.00" not in fresh.output
    paid.run(path, out, server, analysis, provider="openai", model=MODEL)
    published = duckdb.connect(str(out / "published.duckdb"), read_only=True)
    ((provider,),) = published.sql("select provider from about").fetchall()
    assert provider == "openai"
    more = paid.written(tmp_path / "more.jsonl", 600)
    planned = CliRunner().invoke(app, ["plan", str(more), "--into", str(out), *options])
    extract = next(line for line in planned.output.splitlines() if line.startswith("extract"))
    assert extract.split()[1:3] == ["600", "60"] and extract.split()[-1] != "-"
