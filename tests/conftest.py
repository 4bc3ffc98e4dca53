"""Shared by all tests: the demo, analysed once a session, and where the real data sets are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parent.parent
# Names depend on the secret of a warehouse: with one for all, tables can be compared, and a test is the same each time.
os.environ["CLIO_SALT"] = "0123456789abcdef" * 4


def cli(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `clio-sql` as a process of its own; text of both outputs is captured."""
    command = [sys.executable, "-m", "clio_sql.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **options)


@pytest.fixture(scope="session")
def demo_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `clio-sql demo` wrote. Read it; do not change it."""
    out = tmp_path_factory.mktemp("demo")
    done = cli("demo", "--into", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def demo_again(demo_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second run over the same rows, in this process and a fresh folder. Read it; do not change it."""
    from warehouse import analyse

    out = tmp_path_factory.mktemp("again")
    analyse(demo_out / "demo.parquet", out)
    return out


@pytest.fixture(scope="session")
def chats(demo_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 conversations of the demo on its four commonest topics, as a file of their own."""
    path = tmp_path_factory.mktemp("chats") / "chats.parquet"
    demo = f"'{demo_out / 'demo.parquet'}'"
    topics = f"(select label from {demo} group by label order by count(*) desc, label limit 4)"
    duckdb.sql(
        f"copy (select * exclude (label) from {demo} where label in {topics} "
        f"order by md5(conversation_id) limit 160) to '{path}'"
    )
    return path


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data sets; skips where there is none."""
    folder = Path(os.environ.get("CLIO_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "sgd_dev.parquet").exists():
        pytest.skip("no test data: set CLIO_TEST_DATA")
    return folder
