"""The worked example of an analysis folder in sql/README.md, run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

README = (ROOT / "sql" / "README.md").read_text("utf-8")
SECTION = re.search(r"^## An analysis in git\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]
BLOCKS = re.findall(r"^```console\n(.*?)^```", SECTION, re.M | re.S)


def examples(block: str) -> list[tuple[str, str]]:
    """(command, what it prints)."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1].rstrip("\n")) for part in parts]


def shell(command: str, folder: Path) -> str:
    """What a command prints on both outputs, as a terminal shows it."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout.rstrip("\n")


def test_init_check_and_plan_print_what_stands_there(tmp_path):
    from clio_sql.demo import write

    (tmp_path / "out").mkdir()
    write(tmp_path / "out" / "demo.parquet")
    for command, said in examples(BLOCKS[0]):
        assert shell(command, tmp_path) == said, command


@pytest.mark.slow
def test_run_and_diff_print_what_stands_there(tmp_path, demo_out):
    """Names may differ where another processor embeds; all else is told line by line."""
    shutil.copytree(demo_out, tmp_path / "out")
    for command, _ in examples(BLOCKS[0])[:4]:
        shell(command, tmp_path)
    for command, said in examples(BLOCKS[1]):
        came = shell(command, tmp_path)
        expected = [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\b[0-9a-f]{16}\b", "*", line) for line in said.splitlines()]
        printed = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\b[0-9a-f]{16}\b", "*", came).splitlines()
        whole = [line for line in expected if line != "…" and "level" not in line and "%" not in line]
        assert [line for line in whole if line not in printed] == [], came
