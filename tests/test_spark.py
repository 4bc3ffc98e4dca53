"""Spark: a run on a cluster of two executors, and the sample that Spark writes out of a lake, as the manual has it.

    python -m pytest -m slow -n 0 tests/test_spark.py

Needs Java 17 (Debian: openjdk-17-jre-headless). Spark lives in environments of its own, which the first run makes. Each
test starts and ends its own Spark.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import paid
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import cli
from messages_server import KEY as SERVER_KEY
from messages_server import Server
from test_hostile import FOLDERS, HEAD, SHARED, WITH
from test_readme import python_example
from venvs import venv
from warehouse import read, tables

from clio_sql import demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

SPARK = ["pyspark==4.0.5"]
CLUSTER = "local-cluster[2,1,2048]"  # two executors, each a process of its own
LOCAL = ("spark.ui.enabled=false", "spark.driver.host=127.0.0.1", "spark.driver.bindAddress=127.0.0.1",
         "spark.driver.memory=1g", "spark.executor.memory=1g")  # fmt: skip

KEY = "sk-ant-test-of-nobody"  # of a provider that is not asked
SALT = "0123456789abcdef" * 4  # ids and margins of two folders are equal only under one

LAKE = """
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.sql.warehouse.dir", "warehouse").config("spark.sql.shuffle.partitions", 4).getOrCreate()
)
spark.sql("create database lake")
spark.read.parquet("lake.parquet").write.saveAsTable("lake.chats")
"""


def test_a_sample_that_spark_wrote_is_read(pytestconfig, tmp_path):
    """One row a message: conversations come whole, and about as many as wanted."""
    duckdb.sql(
        f"""
        copy (
            select 'c' || i // 2 as conversation_id, 'u' || i // 2 % 200 as user_id, i % 2 as turn,
                if(i % 2 = 0, 'user', 'assistant') as role, 'How do I bake bread, recipe ' || i // 2 || '?' as content,
                timestamp '2026-03-01 02:00:00' + to_minutes(i) as created_at
            from range(4000) as t(i)
        ) to '{tmp_path}/lake.parquet'
        """
    )
    sample = python_example("clio_sql/README.md", "From a lake, with Spark").replace("2_000_000", "600")
    (tmp_path / "sample.py").write_text(f"{LAKE}\n{sample}")
    python = venv(pytestconfig, "spark", SPARK) / "python"
    done = subprocess.run([python, "sample.py"], cwd=tmp_path, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-2000:]

    found = duckdb.sql(f"from '{tmp_path}/sample/*.parquet'").fetchall()
    conversations = {row[0] for row in found}
    assert 500 < len(conversations) < 700 and len(found) == 2 * len(conversations)
    done = cli("run", tmp_path / "sample", "--into", tmp_path / "out", "--provider", "local")
    assert done.returncode == 0, done.stderr
    assert f"{len(conversations)} conversations" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def python(pytestconfig) -> Path:
    """A Python that has clio-sql as this one does, and Spark."""
    if find_spec("pyspark"):
        return Path(sys.executable)
    return venv(pytestconfig, "spark-top", SPARK, on_top=True) / "python"


def begun(
    python: Path, *arguments: object, conf: tuple[str, ...] = (), does: str = "spark", **env: str
) -> subprocess.Popen[str]:
    """`clio-sql spark`, or another command, on a cluster that it starts and ends."""
    settings = [part for each in (*LOCAL, *conf) for part in ("--conf", each)]
    command = [python, "-m", "clio_sql.cli", does, *arguments, "--master", CLUSTER, *settings]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(list(map(str, command)), env={**os.environ, **env}, **pipes)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=2400)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def on_spark(python: Path, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """As `begun`, to its end."""
    return ended(begun(python, *arguments, **options))


def succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@contextmanager
def standalone(python: Path, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """A master and two workers of one core each on loopback: the master's URL, and the workers' processes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    master, deploy = f"spark://127.0.0.1:{port}", "org.apache.spark.deploy"
    at = ("--host", "127.0.0.1", "--webui-port", "0")
    commands = [(f"{deploy}.master.Master", *at, "--port", str(port))]
    commands += [
        (f"{deploy}.worker.Worker", *at, "--cores", "1", "--memory", "2g", "--work-dir", str(folder / "work"), master)
    ] * 2
    env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    log, processes = folder / "cluster.log", []
    try:
        for command in commands:
            with log.open("a") as output:
                run = [str(spark_home(python) / "bin" / "spark-class"), *command]
                processes.append(subprocess.Popen(run, env=env, stdout=output, stderr=output))
        wait_for(processes[0], lambda: log.read_text("utf-8").count("Successfully registered with master") == 2)
        yield master, [process.pid for process in processes[1:]]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(60)


def spark_home(python: Path) -> Path:
    where = "import pyspark; print(pyspark.__path__[0])"
    return Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())


def test_spark_submit_on_a_standalone_cluster_publishes_what_one_machine_does(python, demo_out, tmp_path):
    """The manual's script, on a master with two workers. They are not told the keys that the driver has."""
    out = tmp_path / "out"
    script = python_example("clio_sql/README.md", "On a cluster")
    for before, now in (
        ('"lake.chats"', f'"{demo_out}/demo.parquet"'),
        ('"/shared/out"', f'"{out}"'),
        ('breakdowns=["plan"]', f'breakdowns=["plan"], measures={list(demo.MEASURES)}'),
    ):
        assert before in script
        script = script.replace(before, now)
    (tmp_path / "analyse.py").write_text(script, "utf-8")
    with standalone(python, tmp_path) as (master, workers):
        settings = [part for each in LOCAL for part in ("--conf", each)]
        command = [spark_home(python) / "bin" / "spark-submit", "--master", master, *settings, tmp_path / "analyse.py"]
        env = {**os.environ, "PYSPARK_PYTHON": str(python), "ANTHROPIC_API_KEY": KEY}
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(list(map(str, command)), env=env, **pipes)
        wait_for(process, lambda: (out / "lake" / "source").exists())
        told = [Path(f"/proc/{each}/environ").read_bytes() for worker in workers for each in executors(worker)]
        succeeded(ended(process))
    assert len(told) == 2 and not any(KEY.encode() in each for each in told)
    assert tables(out) == tables(demo_out)


def test_a_cluster_publishes_what_one_machine_does(python, demo_out, tmp_path):
    """Also a second time, when nothing is new. Spark's logs hold no text, no user and no key of a provider."""
    out, events = tmp_path / "out", tmp_path / "events"
    events.mkdir()
    asked = [demo_out / "demo.parquet", "--into", out, "--breakdown", "plan"]
    asked += [part for measure in demo.MEASURES for part in ("--measure", measure)]
    conf = ("spark.eventLog.enabled=true", f"spark.eventLog.dir=file://{events}", "spark.eventLog.compress=false")
    done = succeeded(on_spark(python, *asked, conf=conf, ANTHROPIC_API_KEY=KEY))
    one = tables(demo_out)
    assert {name for name, rows in tables(out).items() if rows != one[name]} == set()
    assert len(one["clusters"]) > 20

    logged = done.stderr + "".join(path.read_text("utf-8") for path in events.rglob("*") if path.is_file())
    texts = duckdb.sql(f"select distinct messages[1].content from '{demo_out}/demo.parquet' order by all limit 500")
    assert KEY not in logged
    assert "clio_key" in logged and [text for (text,) in texts.fetchall() if len(text) > 20 and text in logged] == []
    users = duckdb.sql(f"select distinct user_id from '{demo_out}/demo.parquet' where user_id is not null").fetchall()
    assert len(users) > 100 and [user for (user,) in users if user in logged] == []

    succeeded(on_spark(python, *asked))
    assert tables(out) == one
    local = cli("run", demo_out / "demo.parquet", "--into", out)
    assert local.returncode == 7 and "was written by clio-sql spark" in local.stderr


@pytest.mark.parametrize("name", ["sgd_dev", "banking77"])
def test_real_data_is_published_as_on_one_machine(name, python, data, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIO_SALT", SALT)
    chats, one, out = data / f"{name}.parquet", tmp_path / "one", tmp_path / "out"
    succeeded(cli("run", chats, "--into", one))
    succeeded(on_spark(python, chats, "--into", out))
    there, here = tables(out), tables(one)
    assert {name for name, rows in there.items() if rows != here[name]} == set() and len(here["clusters"]) > 20


FIRST = "hash(conversation_id) % 5 > 0"
LATER = "hash(conversation_id) % 20 <> 7"  # what is there later: some are new, some are gone
LONGER = "hash(conversation_id) % 11 = 3"  # and some went on


def test_a_second_run_does_what_is_new_and_erases_what_is_gone(python, demo_out, tmp_path, monkeypatch):
    """As one machine does: ids, names and figures. What is erased is in no byte of any file."""
    monkeypatch.setenv("CLIO_SALT", SALT)
    chats, one, out = tmp_path / "chats.parquet", tmp_path / "one", tmp_path / "out"
    conf = ("spark.sql.parquet.compression.codec=uncompressed",)
    demo_file = f"'{demo_out}/demo.parquet'"

    def runs(of: str) -> tuple[str, str]:
        duckdb.sql(f"copy ({of}) to '{chats}'")
        here = succeeded(cli("run", chats, "--into", one, "--breakdown", "plan"))
        there = succeeded(on_spark(python, chats, "--into", out, "--breakdown", "plan", conf=conf))
        assert tables(out) == tables(one)
        return here.stderr, there.stderr

    runs(f"from {demo_file} where {FIRST}")
    text, gone_id = duckdb.sql(f"""
        select messages[1].content as text, any_value(conversation_id) from {demo_file}
        group by text having bool_and({FIRST} and not {LATER}) order by len(text) desc limit 1""").fetchall()[0]
    assert found_in(out, gone_id) and found_in(out / "lake", text)

    more = "list_append(messages, {'role': 'user', 'content': 'And in French?'})"
    longer = f"select * replace (if({LONGER}, {more}, messages) as messages) from {demo_file} where {LATER}"
    same = f"select conversation_id from {demo_file} where {FIRST} and {LATER} and not {LONGER} order by all limit 1"
    mark(out, duckdb.sql(same).fetchall()[0][0])
    here, there = runs(longer)
    (line,) = [line for line in here.splitlines() if " vanished" in line]
    assert line in there
    assert not found_in(out, gone_id) and not found_in(out, text)

    marked = f"select count(*) from '{out}/lake/embeddings/*/*.parquet' where value_hash = 'marked'"
    assert duckdb.sql(marked).fetchall() == [(1,)]  # what did not change was not made again

    user = duckdb.sql(f"select mode(user_id) from '{chats}'").fetchall()[0][0]
    texts = f"select distinct messages[1].content from '{chats}' where user_id = '{user}'"
    theirs = [text for (text,) in duckdb.sql(texts).fetchall()]
    assert found_in(out, user) and theirs
    there = succeeded(on_spark(python, out, "--user", user, does="forget", conf=conf)).stderr
    (line,) = [line for line in succeeded(cli("forget", one, "--user", user)).stderr.splitlines() if "Erased" in line]
    assert line.split(",")[0] in there  # how many conversations; rows are those of a warehouse, which has others here
    assert tables(out) == tables(one) and not found_in(out, user)
    assert [text for text in theirs if found_in(out / "lake", text) and not found_in(one, text)] == []
    runs(longer)  # which has that user again
    assert not found_in(out, user)


def found_in(folder: Path, text: str) -> bool:
    """Whether any byte of any file has it, or a column of a table: DuckDB compresses texts."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if any(text.encode() in path.read_bytes() for path in files):
        return True
    for path in files:
        if path.suffix != ".duckdb":
            continue
        with duckdb.connect(str(path), read_only=True) as con:
            names = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, name in names:
                query = f'select 1 from "{schema}"."{name}" as rows where contains(cast(rows as varchar), $1) limit 1'
                if con.execute(query, [text]).fetchall():
                    return True
    return False


def mark(out: Path, conversation: str) -> None:
    """Mark the embedding of a conversation in the lake."""
    for path in (out / "lake" / "embeddings").glob("*/*.parquet"):
        rows = pq.read_table(path)
        ids, hashes = rows["conversation_id"].to_pylist(), rows["value_hash"].to_pylist()
        marked = ["marked" if id == conversation else hash for id, hash in zip(ids, hashes, strict=True)]
        place = rows.column_names.index("value_hash")
        pq.write_table(rows.set_column(place, "value_hash", pa.array(marked, pa.string())), path, compression="none")
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)


# What is killed


def executors(driver: int) -> list[int]:
    """The processes of Spark's executors that this driver started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_one = b"CoarseGrainedExecutorBackend" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if is_one and driver in _above(int(folder.name)):
            found.append(int(folder.name))
    return found


def _above(process: int) -> Iterator[int]:
    while process > 1:
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        yield process


def wait_for(process: subprocess.Popen[str], is_there: Callable[[], bool]) -> None:
    until = time.monotonic() + 900
    while not is_there():
        assert process.poll() is None and time.monotonic() < until, process.communicate()[1][-3000:]
        time.sleep(0.1)


def test_an_executor_is_killed_while_texts_are_embedded(python, demo_out, tmp_path):
    out = tmp_path / "out"
    asked = [demo_out / "demo.parquet", "--into", out, "--breakdown", "plan"]
    process = begun(python, *asked, *(part for measure in demo.MEASURES for part in ("--measure", measure)))
    wait_for(process, lambda: any((out / "lake" / "embeddings").glob("*/_temporary/*/_temporary/*")))
    there = executors(process.pid)
    assert len(there) == 2
    os.kill(there[0], signal.SIGKILL)
    assert not any((out / "lake" / "embeddings").glob("*/_SUCCESS"))  # in the middle
    succeeded(ended(process))
    assert tables(out) == tables(demo_out)


def test_the_driver_is_killed_and_the_next_run_goes_on(python, demo_out, tmp_path):
    """What is whole is not made again; what was being made is."""
    out = tmp_path / "out"
    asked = [demo_out / "demo.parquet", "--into", out, "--breakdown", "plan"]
    asked += [part for measure in demo.MEASURES for part in ("--measure", measure)]
    process = begun(python, *asked)
    wait_for(process, lambda: any((out / "lake" / "placements").glob("*/_temporary")))
    process.kill()
    process.communicate()
    files = {path: path.stat() for path in (out / "lake" / "embeddings").glob("*/*.parquet")}
    assert files and not (out / "published.duckdb").exists()
    succeeded(on_spark(python, *asked))
    assert {path: path.stat().st_mtime_ns for path in files} == {path: at.st_mtime_ns for path, at in files.items()}
    assert tables(out) == tables(demo_out)


READ = """
import json, sys
from pathlib import Path
import clio_sql
from clio_sql.register import engine_of
from clio_sql.spark import source
from clio_sql.spark.lake import Lake
from clio_sql.spark.analyse import _settings
from clio_sql.spark.session import session
from clio_sql.spark.stages import Stages

file, out, conf = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
con = clio_sql.connect(out / "warehouse.duckdb")
con.execute("create schema clio; set schema = 'clio'")
with session("local[2]", conf) as spark, _settings(spark):
    stages = Stages(spark, con, engine_of(con), Lake(con, out / "lake", "clio"), {}, 5, "1GB")
    rows = spark.read.parquet(f"file://{file}")
    asked = {"format": None, "columns": {}, "breakdowns": (), "measures": (), "since": None, "until": None}
    print(source.read(stages, rows, "chats", **asked)[0].merged)
    con.execute("create table main.read as from clio.source; drop view clio.source; detach lake")
con.close()
"""


def test_what_is_one_conversation_is_as_on_one_machine(python, tmp_path):
    """Logs that repeat a conversation as it grows, under one id or several; users in other spellings, and none."""
    _write(tmp_path / "chats.parquet")
    (tmp_path / "read.py").write_text(READ)
    command = [python, tmp_path / "read.py", tmp_path / "chats.parquet", tmp_path, json.dumps(LOCAL)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-3000:]
    assert cli("run", tmp_path / "chats.parquet", "--into", tmp_path / "one").returncode == 0
    columns = "conversation_id, user_id, created_at, messages, parts, names_nobody"
    here = read(tmp_path / "one", f"select {columns} from source order by all")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute(f"select {columns} from main.read order by all").fetchall() == here
    assert done.stdout.split()[-1] == str(720 - len(here)) and 200 < len(here) < 600


def _write(path: Path) -> None:
    rows = []
    for number in range(180):
        user = (f"u{number % 40}", f" U{number % 40}@example.com", None, "anonymous")[number % 4]
        turns = [
            {"role": role, "content": f"{text} {number % 90} {step}"}
            for step in range(3)
            for role, text in (("user", "How do I bake bread"), ("assistant", "Like this"))
        ]
        for logged in range(4):  # as it grows: under an id of its own each time, or under one; the last is a repetition
            at = datetime(2026, 3, 2) + timedelta(minutes=10 * number + logged)
            name = f"c{number}" if number % 3 else f"c{number}-{logged}"
            rows.append(
                {"conversation_id": name if number % 30 else f"c{number % 60}", "user_id": user, "created_at": at,
                 "messages": turns[: 2 * min(logged + 1, 3)]}
            )  # fmt: skip
    message = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
    types = {
        "conversation_id": pa.string(),
        "user_id": pa.string(),
        "created_at": pa.timestamp("us"),
        "messages": message,
    }
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(types)), path)


def test_a_worker_without_clio_sql_is_told_in_one_sentence(pytestconfig, python, demo_out, tmp_path):
    bare = venv(pytestconfig, "spark", SPARK) / "python"
    done = on_spark(python, demo_out / "demo.parquet", "--into", tmp_path / "out", PYSPARK_PYTHON=str(bare))
    assert done.returncode == 7, done.stderr[-3000:]
    assert "a worker of Spark has Python 3." in done.stderr and "clio-sql not at all" in done.stderr
    assert "Run on every worker: pip install 'clio-sql[offline]==" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "warehouse.duckdb").exists()


# What costs money


def test_a_provider_is_asked_by_the_driver_as_on_one_machine(python, tmp_path, monkeypatch):
    """Each prompt once, without a user; what a killed run paid for is not asked again; what is forgotten is gone."""
    monkeypatch.setenv("CLIO_SALT", SALT)
    chats, one, out = tmp_path / "chats.parquet", tmp_path / "one", tmp_path / "out"
    written = paid.written(tmp_path / "chats.jsonl", 300)
    columns = "conversation_id, 'person-' || user_id || 'x' as user_id, created_at::timestamp as created_at, messages"
    duckdb.sql(f"copy (select {columns} from read_json('{written}')) to '{chats}'")
    analysis = paid.folder(tmp_path / "analysis")
    with Server() as here, Server() as there:
        assert paid.cli(chats, one, here, analysis).returncode == 0
        asked: list[object] = [chats, "--into", out, "--analysis", analysis]
        answered = [*asked, "--provider", "anthropic", "--base-url", there.url, "--concurrency", 4]
        env = {"ANTHROPIC_API_KEY": SERVER_KEY}

        there.latency = 0.2
        process = begun(python, *answered, **env)
        wait_for(process, lambda: len(there.received) > 100)
        process.kill()
        process.communicate()
        before = set(map(json.dumps, there.received[:-4]))  # but for those in flight
        there.latency, begun_again = 0.0, len(there.received)
        succeeded(on_spark(python, *answered, **env))
        again = set(map(json.dumps, there.received[begun_again:]))
        assert not before & again and len(there.received) - len(here.received) <= 4
        assert set(map(json.dumps, there.received)) == set(map(json.dumps, here.received))
        assert not any("person-" in json.dumps(body) for body in there.received)
        assert paid.tables(out) == paid.tables(one) and len(paid.tables(out)["clusters"]) > 8
        assert not (out / "lake" / "_asked").exists() and not (out / "lake" / "facet_values").exists()

        count = len(there.received)
        succeeded(on_spark(python, *answered, **env))
        assert len(there.received) == count and paid.tables(out) == paid.tables(one)

        user = duckdb.sql(f"select mode(user_id) from '{chats}'").fetchall()[0][0]
        succeeded(on_spark(python, out, "--user", user, "--analysis", analysis, does="forget"))
        assert paid.cli(chats, one, here, analysis).returncode == 0
        succeeded(cli("forget", one, "--user", user, "--analysis", analysis))
        assert paid.tables(out) == paid.tables(one) and not found_in(out, user)
        query = "select count(*) from clio_state.calls where function = 'extract'"
        assert paid.state(out, query) == paid.state(one, query) != [(300,)]


INHERITED = """
import json, os, sys
from clio_sql.spark.session import session

names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY")
with session("local[1]", json.loads(sys.argv[1])) as spark:
    there = spark.sparkContext.parallelize([1], 1).mapPartitions(lambda _: iter(os.environ)).collect()
    print(sorted({*names} & {*there}), sorted({*names} & {*os.environ}))
"""


def test_workers_on_the_drivers_machine_inherit_no_key(python, tmp_path):
    (tmp_path / "inherited.py").write_text(INHERITED, "utf-8")
    command = [python, str(tmp_path / "inherited.py"), json.dumps(LOCAL)]
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY")
    env = {**os.environ, **dict.fromkeys(names, KEY)}
    done = succeeded(subprocess.run(command, env=env, capture_output=True, text=True, timeout=300))
    assert done.stdout.strip() == f"[] {[*names]}"


REFUSED = """
import json, sys
from pathlib import Path
import clio_sql.spark
from clio_sql.errors import SqlError
from clio_sql.spark.session import session

chats, out, conf = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
with session("local[1]", conf) as spark:
    for folder in sys.argv[4:]:
        try:
            clio_sql.spark.run(spark, chats, out, folder)
        except SqlError as error:
            print(folder, str(error).splitlines()[0], sep=": ")
"""


def test_every_hostile_folder_is_refused_before_spark_does_anything(python, demo_out, tmp_path):
    """Also with a header that lets it run on workers."""
    head = f"{HEAD}-- by: conversation_id\n"
    for name, sql in (FOLDERS | WITH).items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "evil.sql").write_text(head + sql, "utf-8")
    folders = sorted(each for each in [*tmp_path.glob("*/"), *SHARED.glob("*/")])
    (tmp_path / "refused.py").write_text(REFUSED)
    command = [
        python,
        tmp_path / "refused.py",
        demo_out / "demo.parquet",
        tmp_path / "out",
        json.dumps(LOCAL),
        *folders,
    ]
    done = subprocess.run(list(map(str, command)), cwd=tmp_path, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == list(map(str, folders))
    assert len(folders) > 15 and not (tmp_path / "out").exists()


HOSTILE = """-- One row per content of a file.
-- kind: table
-- grain: content
-- by: conversation_id
select content::varchar as content from conversations, lateral query('select content from read_text(''/etc/passwd'')')
"""


def test_what_is_refused(python, demo_out, tmp_path):
    """Safety mode, and SQL that reads a file; on a worker it could not (test_worker)."""
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "own.sql").write_text(HOSTILE, "utf-8")
    folder = tmp_path / "sql"
    assert cli("init", folder).returncode == 0
    settings = folder / "settings.sql"
    text = settings.read_text("utf-8").replace("'insight'::varchar as mode", "'safety'::varchar as mode")
    settings.write_text(text.replace("5::integer as round_to", "1::integer as round_to"), "utf-8")
    for analysis, code, said in (
        (folder, 2, "safety mode does not run on Spark"),
        (tmp_path / "hostile", 4, "own.sql, line 5: query(…) returns rows that are not a relation"),
    ):
        arguments = [demo_out / "demo.parquet", "--into", tmp_path / "out", "--analysis", analysis]
        done = on_spark(python, *arguments, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == code and said in done.stderr, done.stderr[-2000:]
        assert KEY not in done.stderr + done.stdout
    assert not (tmp_path / "out").exists()
