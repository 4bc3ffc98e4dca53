"""A disk that is full, memory that is used up, a process that is killed: told as what they are, and nothing is lost."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import cli
from warehouse import read

from clio_sql.cli.failures import tell
from clio_sql.errors import ClioError, SqlError, StateError, is_disk_full, unwritten
from clio_sql.errors.explained import explained

FULL = 'Could not write file "/somewhere/warehouse.duckdb.wal": No space left on device'


@pytest.mark.parametrize(
    ("error", "kind", "code", "told"),
    [
        (duckdb.TransactionException(f"Failed to commit: {FULL}"), StateError, 7, "disk full"),
        (duckdb.IOException(f"IO Error: {FULL}"), StateError, 7, "disk full"),
        (duckdb.FatalException(FULL), StateError, 7, "disk full"),
        (duckdb.OutOfMemoryException("failed to offload … 'max_temp_directory_size'"), StateError, 7, "disk full"),
        (duckdb.OutOfMemoryException("could not allocate block of size 256.0 KiB"), ClioError, 1, "memory"),
        (duckdb.IOException("IO Error: Zebulon"), StateError, 7, "cannot be read or written (IOException)"),
        (duckdb.TransactionException("Conflict on Zebulon"), StateError, 7, "cannot be read or written"),
        (duckdb.ConversionException("Could not convert 'Zebulon'"), SqlError, 4, "failed on a value of a row"),
    ],
)  # fmt: skip
def test_an_error_of_duckdb_says_what_it_is(error, kind, code, told):
    found = explained(error, "embeddings")
    assert type(found) is kind and found.exit_code == code
    assert told in str(found) and str(found).startswith("embeddings: ") and "Zebulon" not in str(found)


def test_an_error_of_the_system_says_what_it_is(capsys):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/report.html")
    assert "disk full" in str(unwritten("report.html", full, "Move it.")) and is_disk_full(full)
    refused = OSError(errno.EACCES, os.strerror(errno.EACCES), "/somewhere/report.html")
    assert str(unwritten("report.html", refused, "Move it.")).endswith("(Permission denied). Move it.")
    assert tell(full) == 7 and "disk full" in capsys.readouterr().err
    assert tell(MemoryError()) == 1 and "memory" in capsys.readouterr().err


@pytest.fixture
def disk(tmp_path) -> Iterator[Callable[[int], Path]]:
    """A small disk of its own: called with its size in KB, also to make it larger. Skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def sized(kilobytes: int) -> Path:
        options = f"size={kilobytes}k,mode=0700" if not os.path.ismount(folder) else f"remount,size={kilobytes}k"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        return folder

    if shutil.which("mount") is None:
        pytest.skip("no mount here")
    yield sized
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


def answer(out: Path) -> list[tuple]:
    return read(out, "select name, conversations, users from clusters order by all", "published.duckdb")


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [600, 4_000, 7_500, 9_200, 14_000])
def test_a_disk_that_is_full_is_told_and_the_same_command_goes_on(disk, demo_out, kilobytes):
    out = disk(kilobytes) / "out"
    command = ("run", demo_out / "demo.parquet", "--into", out, "--breakdown", "plan")
    done = cli(*command)
    assert done.returncode == 7 and "disk full" in done.stderr, done.stderr
    disk(100_000)
    done = cli(*command)
    assert done.returncode == 0 and answer(out) == answer(demo_out), done.stderr
    assert {path.name for path in out.iterdir()} == {"warehouse.duckdb", "published.duckdb", "report.html", "builds"}


@pytest.mark.slow
@pytest.mark.parametrize("free", [100, 3_000, 12_000])
def test_a_disk_that_is_full_while_users_are_erased(disk, demo_out, free):
    out = shutil.copytree(demo_out, disk(100_000) / "out")
    (user,) = read(out, "select any_value(user_id) from conversations")[0]
    used = shutil.disk_usage(out).used // 1024
    disk(used + free)
    done = cli("forget", out, "--user", user)
    assert done.returncode == 7 and "disk full" in done.stderr, done.stderr
    disk(200_000)
    done = cli("forget", out, "--user", user)
    assert done.returncode == 0, done.stderr
    assert read(out, f"select count(*) from conversations where user_id = '{user}'") == [(0,)]
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [2.0, 5.0, 8.0, 11.0])
def test_a_run_that_is_killed_goes_on(demo_out, tmp_path, seconds):
    command = ["run", demo_out / "demo.parquet", "--into", tmp_path / "out", "--breakdown", "plan"]
    process = subprocess.Popen([sys.executable, "-m", "clio_sql.cli", *map(str, command)], stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = cli(*command)
    assert done.returncode == 0 and answer(tmp_path / "out") == answer(demo_out), done.stderr


def test_memory_that_is_used_up_is_told_as_that(demo_out, tmp_path):
    environment = {**os.environ, "CLIO_MEMORY_LIMIT": "1MB"}
    done = cli("run", demo_out / "demo.parquet", "--into", tmp_path / "out", env=environment)
    assert done.returncode == 1 and "memory" in done.stderr and "CLIO_MEMORY_LIMIT=" in done.stderr, done.stderr
