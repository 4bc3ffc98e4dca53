"""The door for paid work, through the real SDK against the strict server, on real DuckDB."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from messages_server import KEY, Server

from clio_sql.calls import Calls, batches, dispatch
from clio_sql.calls.messages import Call
from clio_sql.calls.money import Throttle
from clio_sql.calls.prices import FREE, PRICES, Usage, cost, price_of, worst
from clio_sql.calls.servers import own
from clio_sql.errors import ProviderError, StateError, Stopped
from clio_sql.providers import Extract, Question
from clio_sql.providers.prompted import Prompted, fence
from clio_sql.providers.prompted.answers import audit
from clio_sql.warehouse.state import migrate

MODEL = "claude-haiku-5-5"
SECRET = "zanzibar-quokka"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setattr(dispatch, "GRACE_S", 1.0)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture(params=["memory", "file"])
def con(request, tmp_path):
    path = ":memory:" if request.param == "memory" else str(tmp_path / "warehouse.duckdb")
    connection = duckdb.connect(path)
    migrate(connection)
    yield connection
    connection.close()


@pytest.fixture
def door(con, server):
    """Makes doors to the server, closed at the end; the last argument wins over the defaults."""
    made = []

    def make(**arguments):
        made.append(Calls(con.cursor, **{"base_url": server.url, **arguments}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def calls(n, prefix="topic", **body):
    """n audits, each of another text."""
    schema, check = audit()
    return [_call(f"{prefix} {i}", schema, check, body) for i in range(n)]


def _call(text, schema, check, body):
    request = {
        "model": MODEL,
        "max_tokens": 100,
        "system": [{"type": "text", "text": "Rate it."}],
        "messages": [{"role": "user", "content": fence(text, text)}],
        "thinking": {"type": "disabled"},
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    return Call("audit", {**request, **body}, check, (text,), "1")


def statuses(replies):
    return Counter(reply.status for reply in replies)


def rows(con, columns):
    return con.execute(f"select {columns} from clio_state.calls order by key").fetchall()


# --- the store


def test_a_hit_costs_nothing_and_survives_the_door(con, server, door):
    first = door().answer(calls(5))
    second = door(max_usd=0).answer(calls(5))
    assert statuses(first) == {"ok": 5} and server.requests == 5
    assert [reply.value for reply in second] == [reply.value for reply in first]


def test_replies_come_in_the_order_of_the_calls(server, door):
    server.when = lambda request: "slow:0.2" if "topic 0\n" in request["messages"][0]["content"] else None
    server.raw = lambda request: json.dumps({"reason": request["messages"][0]["content"][-30:], "rating": 5})
    asked = calls(4)
    got = [reply.value["reason"] for reply in door().answer(asked)]
    expected = [" ".join(call.body["messages"][0]["content"][-30:].split()) for call in asked]
    assert got == expected


def test_equal_prompts_in_one_batch_are_one_call(con, server, door):
    replies = door().answer(calls(2) * 10)
    assert server.requests == 2 and len(replies) == 20
    assert con.execute("select count(*) from clio_state.calls").fetchone() == (2,)


def test_equal_prompts_of_several_threads_are_one_call(server, door):
    server.latency = 0.2
    one, results = door(), []
    threads = [threading.Thread(target=lambda: results.append(one.answer(calls(8)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.requests == 8 and [statuses(result) for result in results] == [{"ok": 8}] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"model": "claude-haiku-4-5"},
        {"max_tokens": 101},
        {"system": [{"type": "text", "text": "Rate it well."}]},
        {"thinking": {"type": "adaptive"}},
    ],
)
def test_whatever_changes_in_a_request_is_another_call(server, door, change):
    one = door()
    one.answer(calls(1))
    one.answer(calls(1, **change))
    assert server.requests == 2


def test_schema_version_function_and_base_url_are_in_the_key(server, door):
    one = calls(1)[0]
    changed = [
        Call("audit", {**one.body, "output_config": {}}, one.check, one.inputs, one.version),
        Call("audit", one.body, one.check, one.inputs, "2"),
        Call("name", one.body, one.check, one.inputs, one.version),
    ]
    keys = {call.key("anthropic", "http://a") for call in [one, *changed]} | {one.key("anthropic", "http://b")}
    assert len(keys) == 5 and all(len(key) == 64 for key in keys)


def test_a_key_stays_the_same_between_releases():
    # Should this fail, every warehouse pays for everything once more: it must be on purpose.
    assert calls(1)[0].key("anthropic", "http://a")[:16] == "c7b5bb3fa415d8cd"


def test_inputs_are_found_again_by_their_salted_hash(con, door):
    door().answer(calls(3))
    query = """
        select count(*) from clio_state.call_inputs, clio_state.salt
        where input_hash = sha256(salt || 'topic 1') and key in (select key from clio_state.calls)
    """
    assert con.execute(query).fetchone() == (1,)
    assert con.execute("select count(*) from clio_state.call_inputs").fetchone() == (3,)


def test_what_a_call_cost_is_stored(con, door):
    one = door()
    one.answer(calls(2))
    query = "select sum(cost_usd), min(tokens_in), min(tokens_out), min(attempts) from clio_state.calls"
    usd, entered, left, attempts = con.execute(query).fetchone()
    assert usd == pytest.approx(one.purse.spent) and usd > 0 and entered > 0 and left > 0 and attempts == 1
    assert one.purse.reserved == pytest.approx(0)
    assert con.execute("select calls, usd from clio_state.spend").fetchall() == [(2, pytest.approx(usd))]


# --- failures


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("refuse", "refused"),
        ("truncate", "truncated"),
        ("not_json", "malformed"),
        ("wrong_enum", "malformed"),
        ("missing_field", "malformed"),
        ("empty", "malformed"),
        ("non_english", "malformed"),
    ],
)
def test_a_bad_answer_is_a_status_and_the_next_run_asks_again(con, server, door, fault, status):
    server.faults.append(fault)
    one = door(retry_failed=True)
    [bad] = one.answer(calls(1))
    assert (bad.value, bad.status) == (None, status) and bad.error
    assert rows(con, "status, answer") == [(status, None)]
    assert one.answer(calls(1))[0].status == status and server.requests == 1  # not again in the same run
    one.begin()
    assert one.answer(calls(1))[0].status == "ok" and server.requests == 2
    assert rows(con, "status, attempts") == [("ok", 2)]
    assert con.execute("select count(*) from clio_state.call_errors").fetchone() == (0,)


def test_a_refusal_is_asked_again_only_on_request(server, door):
    server.faults.append("refuse")
    door().answer(calls(1))
    assert door().answer(calls(1))[0].status == "refused" and server.requests == 1
    assert door(retry_failed=True).answer(calls(1))[0].status == "ok" and server.requests == 2


@pytest.mark.parametrize("fault", ["fenced", "thinking", "no_usage", "extra_field"])
def test_an_odd_but_good_answer_is_taken(server, door, fault):
    server.faults.append(fault)
    assert door().answer(calls(1))[0].value["rating"] == 5


def test_a_reply_that_does_not_say_what_it_used_counts_at_its_worst(server, door):
    server.faults.append("no_usage")
    one = door()
    one.answer(calls(1))
    assert one.purse.spent == pytest.approx(one.worst(calls(1)[0]))


def test_what_is_paid_for_in_vain_stays_counted(con, server, door):
    server.faults.extend(["not_json"])
    one = door()
    one.answer(calls(1))
    [(first,)] = rows(con, "cost_usd")
    one.begin()
    one.answer(calls(1))
    [(both,)] = rows(con, "cost_usd")
    assert first > 0 and both == pytest.approx(first + one.purse.spent)


# --- repairs


def repairable(n):
    """Calls whose answer is shown to the model where it cannot be read."""
    return [replace(call, complaint="No: $error. Again.") for call in calls(n)]


def first_only(fault):
    """That fault for first calls alone: their repair is answered."""
    return lambda request: fault if len(request["messages"]) == 1 else None


@pytest.mark.parametrize("batch", [False, True])
def test_an_answer_that_cannot_be_read_is_shown_to_the_model_once(con, server, door, quick, batch):
    server.when = first_only("not_json")
    one, asked = door(batch=batch), repairable(2)
    assert one.fill(asked) == {"ok": 2} and statuses(one.answer(asked)) == {"ok": 2}
    shown = [body["messages"] for body in server.received if len(body["messages"]) > 1]
    assert [len(messages) for messages in shown] == [3, 3] and server.requests == (2 if batch else 4)
    assert "it is about a restaurant" in shown[0][1]["content"]
    assert shown[0][2]["content"] == "No: the answer is not JSON. Again."
    query = "select count(*), count(repairs), count(answer), sum(cost_usd) from clio_state.calls"
    ((stored, repairs, answers, usd),) = con.execute(query).fetchall()
    assert (stored, repairs, answers) == (4, 2, 2)  # what could not be read is kept no longer
    assert one.purse.spent == pytest.approx(usd) and one.purse.reserved == pytest.approx(0)
    assert con.execute("select count(*) from clio_state.call_inputs").fetchone() == (4,)  # so that both can be erased
    assert con.execute("from clio_state.call_errors").fetchall() == []
    server.received.clear()
    assert statuses(door(max_usd=0).answer(asked)) == {"ok": 2} and not server.received


def test_a_repair_in_vain_is_a_failure_and_the_next_run_asks_both_again(con, server, door):
    server.when = lambda request: "not_json"
    one = door()
    for _ in range(2):  # the second time in the same run
        assert statuses(one.answer(repairable(1))) == {"malformed": 1} and server.requests == 2
    assert con.execute("select sum(calls) from clio_state.call_errors").fetchone() == (2,)
    one.begin()
    server.when = first_only("not_json")
    assert statuses(one.answer(repairable(1))) == {"ok": 1} and server.requests == 4
    query = "select status, attempts from clio_state.calls order by repairs nulls first"
    assert con.execute(query).fetchall() == [("malformed", 2), ("ok", 2)]


@pytest.mark.parametrize("end", ["budget", "stop", "down"])
def test_what_ends_between_an_answer_and_its_repair_pays_for_neither_twice(con, server, door, monkeypatch, end):
    monkeypatch.setattr(dispatch, "_backoff", lambda *_: 0.01)
    stop, [asked] = threading.Event(), repairable(1)
    one = door(stop=stop)

    def fault(request):
        if end == "stop":
            stop.set()
        return "not_json" if len(request["messages"]) == 1 else "drop"

    server.when = fault
    if end == "budget":
        one.purse.max_usd = one.worst(asked)
    if end == "stop":
        with pytest.raises(Stopped):
            one.answer([asked])
    else:
        assert one.answer([asked])[0].status == {"budget": "over_budget", "down": "failed"}[end]
    before = server.requests
    assert before == (1 + 1 + dispatch.RETRIES if end == "down" else 1)
    server.when = first_only("not_json")
    assert statuses(door().answer([asked])) == {"ok": 1} and server.requests == before + 1
    assert con.execute("select count(*), sum(tokens_in > 0) from clio_state.calls").fetchone() == (2, 2)


def test_a_server_that_refuses_a_repair_does_not_end_the_run(server, door):
    """As where the prompt, with the answer in it, is too long for a small model."""
    server.when = lambda request: "not_json" if len(request["messages"]) == 1 else "400"
    assert statuses(door().answer(repairable(2) + calls(1, "other"))) == {"failed": 2, "malformed": 1}


def test_a_plan_counts_repairs_at_the_share_so_far(server, door):
    one, asked = door(), repairable(20)
    assert one.plan(asked).repairs == 0
    plain = one.plan(asked)
    server.when = lambda request: "not_json" if len(request["messages"]) == 1 and "topic 1" in str(request) else None
    one.answer(asked[:10])  # topic 1, of ten
    made, rest = one.plan(asked), door().plan([replace(call, complaint="") for call in asked])
    assert (made.calls, made.stored, made.repairs) == (21, 10, 1)
    assert rest.usd < made.usd < 1.3 * rest.usd and rest.tokens_in < made.tokens_in and plain.calls == 20


# --- retries and limits


@pytest.mark.parametrize("fault", ["500", "503", "drop"])
def test_a_passing_fault_is_tried_again(con, server, door, fault):
    server.faults.append(fault)
    assert door().answer(calls(1))[0].status == "ok" and server.requests == 2
    assert rows(con, "attempts") == [(2,)]


def test_a_lasting_fault_is_a_failure_with_its_status(con, server, door, monkeypatch):
    monkeypatch.setattr(dispatch, "_backoff", lambda *_: 0.01)
    server.share = {"500": 1.0}
    [bad] = door().answer(calls(1))
    assert bad.status == "failed" and "500" in bad.error and server.requests == 1 + dispatch.RETRIES
    assert rows(con, "status, cost_usd, attempts") == [("failed", 0.0, 5)]


def test_a_reply_that_takes_too_long_is_a_failure(server, door, monkeypatch):
    monkeypatch.setattr(dispatch, "_backoff", lambda *_: 0.01)
    monkeypatch.setattr(dispatch, "RETRIES", 1)
    server.latency = 2.0
    assert door(timeout_s=0.2).answer(calls(1))[0].error == "no answer in time, 2 times"


def test_limits_never_spend_the_retry_budget(server, door):
    server.faults.extend(["429:0"] * (3 * dispatch.RETRIES))
    assert door().answer(calls(1))[0].status == "ok"


def test_retry_after_is_obeyed(server, door):
    server.faults.append("429:1")
    assert door().answer(calls(1))[0].status == "ok"
    assert server.times[1] - server.times[0] >= 1.0


def test_a_storm_of_limits_loses_nothing(server, door):
    server.share = {"429:0": 0.3, "529": 0.1}
    server.latency = 0.01
    one = door(concurrency=16)
    assert statuses(one.answer(calls(150))) == {"ok": 150}
    assert one.purse.reserved == pytest.approx(0)


def test_a_server_that_takes_little_is_not_hammered(server, door):
    server.per_second, server.latency = 40, 0.02
    assert statuses(door(concurrency=64).answer(calls(150))) == {"ok": 150}
    assert server.statuses[429] < 150


def test_concurrency_is_used_and_bounded(server, door):
    server.latency = 0.2
    door(concurrency=12).answer(calls(60))
    assert server.most_in_flight == 12


def test_the_throttle_halves_once_a_second_and_grows_back():
    throttle = Throttle(64)
    for _ in range(5):
        throttle.limited(10.0, 1.0)
    assert throttle.limit == 32 and throttle.closed_until == 0.0
    for _ in range(100):
        throttle.answered()
    assert throttle.limit == 64
    for _ in range(8):
        throttle.limited(20.0, 3.0)
    assert throttle.closed_until == 23.0


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "413"])
def test_a_wrong_request_ends_the_run_with_the_servers_message(server, door, status):
    server.share = {status: 1.0}
    server.latency = 0.05
    with pytest.raises(ProviderError, match=f"{status} .*this request is not valid"):
        door(concurrency=4).answer(calls(200))
    assert server.requests <= 4


def test_what_was_in_flight_when_the_run_ended_is_stored(con, server, door):
    server.faults.extend([None, "slow:0.3", "slow:0.3", "401"])
    server.latency = 0.1
    with pytest.raises(ProviderError):
        door(concurrency=3).answer(calls(100))
    assert con.execute("select count(*) from clio_state.calls").fetchone() == (3,)


# --- money


def test_the_budget_counts_what_is_in_flight(server, door):
    server.latency = 0.1
    one = door(concurrency=50)
    one.purse.max_usd = 10.5 * one.worst(calls(1)[0])
    replies = one.answer(calls(400))
    done = statuses(replies)
    assert server.most_in_flight <= 10
    assert done["over_budget"] and done["ok"] > 10  # cheap answers left money for more
    assert one.purse.spent <= one.purse.max_usd and one.purse.reserved == pytest.approx(0)
    assert all(reply.value is None for reply in replies if reply.status == "over_budget")


def test_over_budget_is_not_stored_and_more_money_goes_on(con, server, door):
    assert statuses(door(max_usd=0).answer(calls(3))) == {"over_budget": 3}
    assert rows(con, "key") == [] and server.requests == 0
    assert statuses(door().answer(calls(3))) == {"ok": 3}


def test_prices():
    haiku = PRICES[MODEL]
    assert cost(haiku, Usage(1_000_000 // 10, 1000)) == pytest.approx(0.01 + 0.0005)
    assert cost(haiku, Usage(100_001, 0)) == pytest.approx(100_001 * 0.5e-6)
    assert cost(haiku, Usage(0, 0, cache_read=1000)) == pytest.approx(1e-5)
    assert cost(haiku, Usage(200_000, 0, cache_read=1000)) == pytest.approx(0.1 + 5e-5)
    assert cost(PRICES["claude-sonnet-5-5"], Usage(10, 10), batch=True) == pytest.approx(6e-5)
    assert worst(haiku, 3000, 100) >= cost(haiku, Usage(0, 100, cache_write=1300))
    assert price_of("claude-haiku-4-5-20251001", False) == PRICES["claude-haiku-4-5"]


def test_a_model_without_a_price_is_free_here_and_an_error_elsewhere(monkeypatch):
    assert price_of("llama", own("http://127.0.0.1:11434")) == FREE
    with pytest.raises(ProviderError, match="'llama' has no known price"):
        price_of("llama", own("https://proxy.example"))
    monkeypatch.setenv("CLIO_PRICES", "llama=1/2; x=.5/0")
    assert price_of("llama", own("https://proxy.example")).output == 2
    monkeypatch.setenv("CLIO_PRICES", "llama:1")
    with pytest.raises(ProviderError, match="model=INPUT/OUTPUT"):
        price_of("llama", own("https://proxy.example"))


def test_a_plan_counts_what_is_stored_and_what_is_equal(server, door):
    one = door()
    one.answer(calls(2))
    plan = one.plan(calls(5) * 2)
    assert (plan.calls, plan.stored) == (5, 2) and plan.usd > 0 and server.requests == 2
    assert door(batch=True).plan(calls(5)).usd == pytest.approx(plan.usd / 2)


def test_a_step_with_too_many_failures_stops_and_says_which(server, door):
    server.share = {"not_json": 0.2, "refuse": 0.2}
    server.latency = 0.02
    with pytest.raises(ProviderError, match=r"audit: of 400 calls \d+ malformed; at most 5% may fail"):
        door(concurrency=8).fill(calls(400), max_error_ratio=0.05)
    assert server.requests < 250
    server.share = {"refuse": 0.2}
    assert door().fill(calls(50, "other"), max_error_ratio=0.05) == {"ok": 40, "refused": 10}


# --- stopping


@pytest.mark.parametrize("latency", [0.3, 0.01])
def test_stop_starts_nothing_more_and_keeps_what_is_in_flight(con, server, door, latency, monkeypatch):
    monkeypatch.setattr("clio_sql.calls.TICK_S", 1.0)  # it is each start that looks, not the waiting thread
    stop = threading.Event()
    server.latency = latency

    def stop_at_the_sixth(request):
        if len(server.times) == 6:
            stop.set()

    server.when = stop_at_the_sixth
    with pytest.raises(Stopped, match="Run again to go on"):
        door(concurrency=4, stop=stop).answer(calls(1000))
    assert 6 <= server.requests <= 9 and rows(con, "status") == [("ok",)] * server.requests
    with pytest.raises(Stopped):
        door(stop=stop).answer(calls(1, "new"))


def test_stop_does_not_wait_for_a_hanging_call(server, door):
    stop = threading.Event()
    server.latency = 60
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        door(stop=stop).answer(calls(2))
    assert time.monotonic() - began < 5


def test_stop_ends_a_wait_that_the_server_asked_for(server, door):
    stop = threading.Event()
    server.faults.append("429:60")
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        door(stop=stop).answer(calls(1))
    assert time.monotonic() - began < 3


def test_progress_is_shown(server, door):
    seen = []
    server.latency = 0.15
    door(progress=seen.append, concurrency=2).answer(calls(6))
    assert [one.done for one in seen] == sorted(one.done for one in seen) and len(seen) > 2
    assert (seen[-1].function, seen[-1].done, seen[-1].total) == ("audit", 6, 6)


def test_a_read_only_database_serves_what_it_has_and_pays_for_nothing(server, tmp_path):
    path = str(tmp_path / "w.duckdb")
    con = duckdb.connect(path)
    migrate(con)
    one = Calls(con.cursor, base_url=server.url)
    one.answer(calls(2))
    one.close()
    con.close()
    con = duckdb.connect(path, read_only=True)
    one = Calls(con.cursor, base_url=server.url)
    assert statuses(one.answer(calls(2))) == {"ok": 2}
    with pytest.raises(StateError, match="read-only"):
        one.answer(calls(3))
    assert server.requests == 2
    one.close()
    con.close()


def test_a_closed_database_pays_for_nothing(server, tmp_path):
    con = duckdb.connect(str(tmp_path / "w.duckdb"))
    migrate(con)
    one = Calls(con.cursor, base_url=server.url)
    con.close()
    with pytest.raises(StateError, match="closed"):
        one.answer(calls(1))
    assert server.requests == 0


KILLED = """
    import sys, duckdb
    from clio_sql.calls import Calls
    from clio_sql.warehouse.state import migrate
    from test_calls import calls
    con = duckdb.connect(sys.argv[1])
    migrate(con)
    Calls(con.cursor, base_url=sys.argv[2], concurrency=16).answer(calls(300))
"""


def test_kill_9_pays_at_most_for_what_was_in_flight_again(server, tmp_path):
    path = str(tmp_path / "w.duckdb")
    server.latency = 0.1
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    killed = 0
    for share in (0.25, 0.5, 0.75):
        command = [sys.executable, "-c", textwrap.dedent(KILLED), path, server.url]
        process = subprocess.Popen(command, env=environment)
        before = server.requests
        while server.requests < max(before + 1, 300 * share) and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    con = duckdb.connect(path)
    one = Calls(con.cursor, base_url=server.url, concurrency=16)
    assert statuses(one.answer(calls(300))) == {"ok": 300}
    assert 300 < server.requests <= 300 + killed * 16
    assert rows(con, "status") == [("ok",)] * 300
    one.close()
    con.close()


# --- privacy


def test_no_key_prompt_or_transcript_in_file_logs_or_errors(server, tmp_path, capfd, caplog, monkeypatch):
    import logging

    logging.getLogger("anthropic").setLevel(logging.DEBUG)  # as ANTHROPIC_LOG=debug does
    path = tmp_path / "w.duckdb"
    con = duckdb.connect(str(path), config={"storage_compatibility_version": "latest"})
    con.execute("set force_compression = 'uncompressed'")
    migrate(con)
    one = Calls(con.cursor, base_url=server.url)
    server.raw = lambda _: json.dumps({"request": "The user asked about an animal."})
    server.faults.extend([None, "500", None, "not_json"])
    asked = [Extract(f"{SECRET} {i}", {"request": Question("What?")}) for i in range(6)]
    answers = Prompted(one).extract(asked)
    server.when = lambda request: "400"
    server.message = lambda request, fault: (_ for _ in ()).throw(_refusal(request))
    with pytest.raises(ProviderError) as caught:
        Prompted(one).extract([Extract(f"{SECRET} again", {"request": Question("What?")})])
    one.close()
    con.execute("checkpoint")
    con.close()
    shown = repr(answers) + str(caught.value) + caplog.text + "".join(capfd.readouterr())
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"about an animal" in files  # the search does find what is stored
    for word in (SECRET, KEY, "Answer each question", "zanzibar"):
        assert word not in shown and word.encode() not in files


def _refusal(request):
    from messages_server import Refused

    return Refused(400, f"bad prompt: {request['messages'][0]['content']}")


def test_a_missing_key_is_one_sentence_before_any_work(con, server, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    door = Calls(con.cursor, base_url=server.url)
    for send in (door.answer, door.fill, door.send):
        with pytest.raises(ProviderError, match="set the environment variable ANTHROPIC_API_KEY"):
            send(calls(1))
    assert server.requests == 0 and not server.batches
    assert door.plan(calls(3)).calls == 3  # an estimate needs none


def test_what_is_stored_needs_no_key(con, server, door, monkeypatch):
    paid = door().answer(calls(3))
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    stored = Calls(con.cursor, base_url=server.url).answer(calls(3))
    assert [reply.value for reply in stored] == [reply.value for reply in paid]


def test_a_wrong_key_is_not_shown(server, door, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-wrong-1234")
    with pytest.raises(ProviderError, match="401") as caught:
        door().answer(calls(1))
    assert "sk-wrong" not in str(caught.value)


# --- batches


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(batches, "POLL_S", (0.02, 0.05))


def test_a_batch_answers_a_step_at_half_price(con, server, door, quick):
    one = door(batch=True)
    assert one.fill(calls(20)) == {"ok": 20}
    assert server.requests == 0 and len(server.batches) == 1
    single = door()
    single.answer(calls(20, "other"))
    assert one.purse.spent == pytest.approx(single.purse.spent / 2, rel=0.02)
    assert one.purse.reserved == pytest.approx(0)
    one.answer(calls(20))
    assert server.requests == 20 and len(server.batches) == 1  # `single` asked, and `one` had it all


def test_batch_results_are_matched_by_key_in_any_order(server, door, quick):
    server.raw = lambda request: json.dumps({"reason": request["messages"][0]["content"][-30:], "rating": 5})
    asked, one = calls(10), door(batch=True)
    one.fill(asked)
    got = [reply.value["reason"] for reply in one.answer(asked)]
    assert got == [" ".join(call.body["messages"][0]["content"][-30:].split()) for call in asked]


def test_batches_are_split_at_the_limits(server, door, quick, monkeypatch):
    monkeypatch.setattr(batches, "MAX_REQUESTS", 8)
    assert door(batch=True).fill(calls(20)) == {"ok": 20}
    assert sorted(len(batch["requests"]) for batch in server.batches.values()) == [4, 8, 8]
    monkeypatch.setattr(batches, "MAX_BYTES", 1500)
    door(batch=True).fill(calls(4, "big"))
    assert len(server.batches) > 4


def test_expired_errored_and_canceled_ones_are_sent_singly(con, server, door, quick):
    server.faults.extend(["expired", "errored", "canceled", "refuse", "not_json"])
    one = door(batch=True)
    assert one.fill(calls(10)) == {"ok": 8, "refused": 1, "malformed": 1}
    assert server.requests == 3 and one.purse.reserved == pytest.approx(0)
    assert con.execute("select count(batch_id) from clio_state.calls").fetchone() == (7,)


def test_a_stopped_batch_is_taken_by_the_next_run(con, server, door, quick):
    server.batch_s = 1.0
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped, match="1 batches go on"):
        door(batch=True, stop=stop).fill(calls(10))
    assert door(batch=True).fill(calls(12)) == {"ok": 12}  # two are new
    assert [len(batch["requests"]) for batch in server.batches.values()] == [10, 2]
    assert con.execute("select count(*) from clio_state.batches where done").fetchone() == (2,)


def test_results_that_were_half_stored_are_not_counted_twice(con, server, door, quick, monkeypatch):
    monkeypatch.setattr(batches, "KEEP", 3)
    one, kept = door(batch=True), []

    def fail(finished):
        if len(kept) == 2:
            raise StateError("the disk is full")
        kept.append(Calls.keep(one, finished))

    one.keep = fail
    with pytest.raises(StateError):
        one.fill(calls(10))
    two = door(batch=True)
    assert two.fill(calls(10)) == {"ok": 10} and len(server.batches) == 1
    assert con.execute("select sum(attempts) from clio_state.calls").fetchone() == (10,)


def test_a_batch_of_prompts_that_changed_is_still_accounted_for(con, server, door, quick):
    server.batch_s = 0.5
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Stopped):
        door(batch=True, stop=stop).fill(calls(4))
    door(batch=True).fill(calls(3))
    query = "select status, count(*), min(cost_usd) > 0 from clio_state.calls group by all order by all"
    assert con.execute(query).fetchall() == [("failed", 1, True), ("ok", 3, True)]


def test_a_batch_that_the_server_forgot_is_sent_again(server, door, quick):
    server.batch_s = 0.4
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Stopped):
        door(batch=True, stop=stop).fill(calls(4))
    server.batches.clear()
    assert door(batch=True).fill(calls(4)) == {"ok": 4}


def test_a_batch_keeps_to_the_budget(server, door, quick):
    one = door(batch=True)
    one.purse.max_usd = 5.5 * one.worst(calls(1)[0], batch=True)
    done = one.fill(calls(200))
    assert done["over_budget"] and done["ok"] > 5 and server.requests == 0
    assert one.purse.spent <= one.purse.max_usd
