"""Shared by all tests: the demo, analysed once a session, and where the real data sets are."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import duckdb
import pytest
import shared
from shared import once

from clio_sql.cli import commands
from clio_sql.demo import write

ROOT = Path(__file__).parent.parent
# Names depend on the secret of a warehouse: with one for all, tables can be compared, and a test is the same each time.
os.environ["CLIO_SALT"] = "0123456789abcdef" * 4
# So do the last digits of vectors on what the processor multiplies in: every one has this.
os.environ["CLIO_PRECISION"] = "float32"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that starts the workers
        shared.begin()


# The longest files first, so that no worker ends with one of them alone; `--no-loadscope-reorder` keeps this order.
LONG = (
    "test_paid_run.py", "test_privacy.py", "test_attacks.py", "test_forget.py", "test_names.py", "test_refresh.py",
    "test_cli.py", "test_pipeline.py", "test_published_figures.py", "test_interrupt.py", "test_corrections.py",
    "test_findings.py", "test_data.py", "test_taxonomies.py", "test_proxies.py", "test_segments.py", "test_checks.py",
    "test_readme.py", "test_relations.py", "test_secrets.py", "test_canaries.py", "test_table.py", "test_safety.py",
    "test_noise.py", "test_twice.py",
)  # fmt: skip


def slow() -> dict[str, str]:
    """Test -> what the default run has of its kind: `slow.csv`, in which a test without parameters is all of them."""
    with open(Path(__file__).with_name("slow.csv"), encoding="utf-8", newline="") as file:
        return dict(list(csv.reader(file))[1:])


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    listed = slow()
    for item in items:
        name = f"{item.path.name}::{item.nodeid.split('::', 1)[1]}"
        if name in listed or name.split("[")[0] in listed:
            item.add_marker(pytest.mark.slow)
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))  # stable: else as they were


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared.end()


def cli(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `clio-sql` as a process of its own; text of both outputs is captured."""
    command = [sys.executable, "-m", "clio_sql.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **options)


def here(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same in this process, for what does not depend on being one of its own: a start takes two seconds."""
    stdin, out, error = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(3))
    command = ["clio-sql", *map(str, arguments)]
    with (
        mock.patch.multiple(sys, argv=command, stdin=stdin),
        mock.patch.object(commands, "hush"),  # it is for the whole process
        redirect_stdout(out),
        redirect_stderr(error),
        pytest.raises(SystemExit) as left,
    ):
        commands.main()
    said = []
    for stream in (out, error):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(command, int(left.value.code or 0), *said)


def _demo(out: Path) -> None:
    done = cli("demo", "--into", out)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def demo_out() -> Path:
    """The folder that `clio-sql demo` wrote. Read it; do not change it."""
    return once("demo", _demo)


@pytest.fixture(scope="session")
def demo_again(demo_out: Path) -> Path:
    """A second run over the same rows, in this process and a fresh folder. Read it; do not change it."""
    from warehouse import analyse

    return once("again", lambda out: analyse(demo_out / "demo.parquet", out))


@pytest.fixture(scope="session")
def chats() -> Path:
    """160 conversations of the demo on its four commonest topics, as a file of their own."""
    return once("chats", _chats) / "chats.parquet"


def _chats(folder: Path) -> None:
    write(folder / "demo.parquet")
    demo = f"'{folder / 'demo.parquet'}'"
    topics = f"(select label from {demo} group by label order by count(*) desc, label limit 4)"
    duckdb.sql(
        f"copy (select * exclude (label) from {demo} where label in {topics} "
        f"order by md5(conversation_id) limit 160) to '{folder / 'chats.parquet'}'"
    )


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data sets; skips where there is none."""
    folder = Path(os.environ.get("CLIO_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "sgd_dev.parquet").exists():
        pytest.skip("no test data: set CLIO_TEST_DATA")
    return folder
