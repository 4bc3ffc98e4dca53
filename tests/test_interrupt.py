"""A run that is stopped: by Ctrl-C, by SIGTERM, by kill -9; and the run after it."""

from __future__ import annotations

import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chats import chats, published, warehouse, write
from conftest import cli

ROWS = 1_400  # more than are answered before progress is told
FILES = ["builds", "published.duckdb", "report.html", "warehouse.duckdb"]


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """In the processor's fastest precision: the runs here are compared with each other alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CLIO_PRECISION", "auto")
        yield


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    rows = chats(ROWS)
    for number, row in enumerate(rows):  # no two texts are equal, so that each is embedded
        row["messages"][0]["content"] += f" in {number} minutes"
    return write(tmp_path_factory.mktemp("input") / "a.jsonl", rows)


@pytest.fixture(scope="module")
def whole(file) -> dict[str, list[tuple]]:
    """What a run publishes that nothing stops."""
    out = file.parent / "whole"
    done = cli("run", file, "--into", out)
    assert done.returncode == 0, done.stderr
    return published(out)


class Terminal:
    """A run whose standard error is a terminal of its own."""

    def __init__(self, file: Path, out: Path) -> None:
        self.ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "clio_sql.cli", "run", str(file), "--into", str(out)]
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment)
        os.close(theirs)
        self.text = ""

    def wait_for(self, what: str, seconds: float = 120) -> None:
        """Read until the text is on the screen."""
        deadline = time.monotonic() + seconds
        while what not in self.text:
            assert self._read(0.1) and time.monotonic() < deadline, self.screen()

    def end(self, seconds: float) -> int:
        """Read until the process has ended; its exit code. Fails if that takes longer."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.screen()
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def screen(self) -> str:
        """What was written, without what moves the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).replace("\r", "\n")

    def _read(self, seconds: float) -> bool:
        """Read what there is; False at the end."""
        ready, _, _ = select.select([self.ours], [], [], seconds)
        if ready:
            try:
                self.text += os.read(self.ours, 65_536).decode(errors="replace")
            except OSError:
                return False
        return bool(ready) or self.process.poll() is None


@pytest.fixture
def terminal(file, tmp_path) -> Iterator[Terminal]:
    started = Terminal(file, tmp_path / "out")
    yield started
    started.process.kill()
    started.process.wait()
    os.close(started.ours)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "1,024 of 1,400 rows"),  # while texts are embedded
        (signal.SIGTERM, "facet_values"),  # while the model is loaded, which nothing can stop
    ],
)
def test_a_signal_while_texts_are_embedded(terminal, file, whole, tmp_path, number, moment):
    terminal.wait_for("facet_values")  # concern is told from the vector of a request, which is kept for `embeddings`
    terminal.wait_for(moment)
    terminal.process.send_signal(number)
    assert terminal.end(6) == 130  # five seconds, and one to leave Python
    assert terminal.screen().count("clio-sql: ") == 1
    assert "clio-sql: stopped; what was finished is kept. Run the same command again" in terminal.screen()
    assert "Traceback" not in terminal.text and "nanobind" not in terminal.text
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")  # the cursor is back
    complete = warehouse(tmp_path / "out", "select relation from clio_state.relations where complete")
    assert ("conversations",) in complete and ("facet_values",) not in complete

    done = cli("run", file, "--into", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert published(tmp_path / "out") == whole
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES


def test_a_second_signal_ends_at_once(terminal):
    terminal.wait_for("facet_values")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("stopping after the current part", 2)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end(1) == 130
    assert "Traceback" not in terminal.text


def test_a_signal_before_there_is_work():
    process = subprocess.Popen(
        [sys.executable, "-m", "clio_sql.cli", "run", "nothing.parquet"], stderr=subprocess.PIPE, text=True
    )
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode in (130, 3, -signal.SIGINT)  # stopped, or it had ended before


def test_a_run_after_runs_that_were_killed_publishes_the_same(file, whole, tmp_path):
    moments = [random.uniform(0.5, 12.0) for _ in range(2)]
    for moment in moments:
        command = [sys.executable, "-m", "clio_sql.cli", "run", str(file), "--into", str(tmp_path / "out")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.kill()
        process.wait()
    done = cli("run", file, "--into", tmp_path / "out")
    assert done.returncode == 0, (moments, done.stderr)
    assert published(tmp_path / "out") == whole, moments
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
